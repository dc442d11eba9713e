/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-sidebar-list.h"

#include <glib/gi18n.h>

#include "app/chat-channel-actions.h"
#include "app/chat-fuzzy.h"
#include "app/chat-sidebar-header.h"
#include "app/chat-sidebar-row.h"

/* Under a flood a channel changes with every batch: the order follows no more often than this. */
#define REFRESH_MS 50

struct _ChatSidebarList
{
  GtkWidget parent_instance;

  /* Borrowed: children */
  GtkWidget *scroller;
  GtkListBox *list;

  /* Owned */
  GtkWidget *headers[CHAT_N_SECTIONS]; /* in the list while their section has rows */
  GSettings *settings;                 /* nullable */
  ChatWorkspace *workspace;
  GPtrArray *channels; /* as the workspace's list has them */
  GHashTable *rows;    /* channel → row (borrowed) */
  ChatChannel *open;   /* nullable */
  ChatChannelActions *actions;
  GtkWidget *menu;       /* made when it is needed */
  GtkWidget *menu_focus; /* weak: what had the focus before the menu came */
  char *filter;
  gulong items_id;
  guint refresh_id;

  guint shown[CHAT_N_SECTIONS]; /* rows that the filter finds */
  gboolean folded[CHAT_N_SECTIONS];
  gboolean by_activity;
  gboolean sort_due;
};

enum
{
  CHANNEL_CHOSEN,
  CHANNEL_SHOWN,
  TOLD,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatSidebarList, chat_sidebar_list, GTK_TYPE_WIDGET)

static ChatSidebarSection
section_of (ChatChannel *channel)
{
  if (chat_channel_get_bot (channel))
    return CHAT_SECTION_BOTS;
  if (chat_channel_get_private (channel))
    return CHAT_SECTION_CONVERSATIONS;
  return chat_channel_get_joined (channel) ? CHAT_SECTION_CHANNELS : CHAT_SECTION_OTHERS;
}

static ChatSidebarSection
section_of_row (GtkListBoxRow *row)
{
  if (CHAT_IS_SIDEBAR_HEADER (row))
    return chat_sidebar_header_get_section (CHAT_SIDEBAR_HEADER (row));
  return section_of (chat_sidebar_row_get_channel (CHAT_SIDEBAR_ROW (row)));
}

static ChatChannel *
channel_of (GtkListBoxRow *row)
{
  return CHAT_IS_SIDEBAR_ROW (row) ? chat_sidebar_row_get_channel (CHAT_SIDEBAR_ROW (row)) : NULL;
}

static gboolean
calls_for_attention (ChatChannel *channel)
{
  return chat_channel_get_unread (channel) > 0 && !chat_channel_get_muted (channel);
}

static gboolean
is_found (ChatSidebarList *self, ChatChannel *channel)
{
  return chat_fuzzy_score (self->filter, chat_channel_get_title (channel)) > 0;
}

/* Also of a folded section: what is open, and what somebody may be waiting in. */
static gboolean
is_to_be_shown (ChatSidebarList *self, GtkListBoxRow *row)
{
  ChatChannel *channel = channel_of (row);

  if (channel == NULL)
    return TRUE;
  if (!is_found (self, channel))
    return FALSE;
  return *self->filter != '\0' || !self->folded[section_of (channel)] || channel == self->open
         || calls_for_attention (channel);
}

static int
sort_cb (GtkListBoxRow *a, GtkListBoxRow *b, gpointer data)
{
  ChatChannel *channel_a = channel_of (a), *channel_b = channel_of (b);
  ChatSidebarSection section_a = section_of_row (a), section_b = section_of_row (b);

  if (section_a != section_b)
    return section_a < section_b ? -1 : 1;
  if (channel_a == NULL || channel_b == NULL)
    return (channel_a != NULL) - (channel_b != NULL);
  if (CHAT_SIDEBAR_LIST (data)->by_activity)
    {
      gint64 active_a = chat_channel_get_active (channel_a), active_b = chat_channel_get_active (channel_b);

      if (active_a != active_b)
        return active_a > active_b ? -1 : 1;
    }
  return g_utf8_collate (chat_channel_get_title (channel_a), chat_channel_get_title (channel_b));
}

/* Not by a filter of the list box: rows that it hides are there still for who hears the window. */
static void
update_shown (ChatSidebarList *self)
{
  GtkListBoxRow *row;

  for (int i = 0; i < CHAT_N_SECTIONS; i++)
    {
      gboolean there = gtk_widget_get_parent (self->headers[i]) != NULL;

      if (self->shown[i] > 0 && !there)
        gtk_list_box_insert (self->list, self->headers[i], -1);
      else if (self->shown[i] == 0 && there)
        gtk_list_box_remove (self->list, self->headers[i]);
    }

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    gtk_widget_set_visible (GTK_WIDGET (row), is_to_be_shown (self, row));
}

static void
count_and_show (ChatSidebarList *self)
{
  for (int i = 0; i < CHAT_N_SECTIONS; i++)
    self->shown[i] = 0;
  for (guint i = 0; i < self->channels->len; i++)
    {
      ChatChannel *channel = g_ptr_array_index (self->channels, i);

      if (is_found (self, channel))
        self->shown[section_of (channel)]++;
    }
  update_shown (self);
}

static void
refresh (ChatSidebarList *self)
{
  g_clear_handle_id (&self->refresh_id, g_source_remove);
  if (self->sort_due)
    gtk_list_box_invalidate_sort (self->list);
  self->sort_due = FALSE;
  count_and_show (self);
}

static gboolean
refresh_cb (gpointer data)
{
  CHAT_SIDEBAR_LIST (data)->refresh_id = 0;
  refresh (data);
  return G_SOURCE_REMOVE;
}

static void
channel_changed_cb (ChatSidebarList *self, GParamSpec *pspec, ChatChannel *channel)
{
  const char *name = pspec->name;

  if (g_str_equal (name, "title") || g_str_equal (name, "private") || g_str_equal (name, "bot")
      || g_str_equal (name, "joined") || (self->by_activity && g_str_equal (name, "active")))
    self->sort_due = TRUE;
  else if (!g_str_equal (name, "unread") && !g_str_equal (name, "muted"))
    return;
  if (self->refresh_id == 0)
    self->refresh_id = g_timeout_add (REFRESH_MS, refresh_cb, self);
}

static void
add_row (ChatSidebarList *self, ChatChannel *channel)
{
  GtkWidget *row = chat_sidebar_row_new (channel);

  g_hash_table_insert (self->rows, g_object_ref (channel), row);
  g_signal_connect_object (channel, "notify", G_CALLBACK (channel_changed_cb), self, G_CONNECT_SWAPPED);
  gtk_list_box_insert (self->list, row, -1);
}

static void
remove_row (ChatSidebarList *self, ChatChannel *channel)
{
  GtkWidget *row = g_hash_table_lookup (self->rows, channel);

  g_signal_handlers_disconnect_by_func (channel, channel_changed_cb, self);
  gtk_list_box_remove (self->list, row);
  g_hash_table_remove (self->rows, channel);
}

/* What only moved within the list is removed and added at once: its row stays. */
static void
items_changed_cb (ChatSidebarList *self, guint position, guint removed, guint added, GListModel *model)
{
  g_autoptr (GPtrArray) gone = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < removed; i++)
    g_ptr_array_add (gone, g_object_ref (g_ptr_array_index (self->channels, position + i)));
  if (removed > 0)
    g_ptr_array_remove_range (self->channels, position, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (self->channels, (gint)(position + i), g_list_model_get_item (model, position + i));
  for (guint i = 0; i < gone->len; i++)
    if (!g_ptr_array_find (self->channels, g_ptr_array_index (gone, i), NULL))
      remove_row (self, g_ptr_array_index (gone, i));
  for (guint i = 0; i < added; i++)
    {
      ChatChannel *channel = g_ptr_array_index (self->channels, position + i);

      if (!g_hash_table_contains (self->rows, channel))
        add_row (self, channel);
    }
  /* a new row is put where it belongs; what moves one is heard of by itself, and sorted for once, not for each row */
  count_and_show (self);
}

static void
show_row (ChatSidebarList *self, GtkWidget *row)
{
  GtkAdjustment *adjustment = gtk_list_box_get_adjustment (self->list);
  graphene_rect_t bounds;

  if (adjustment != NULL && gtk_widget_get_height (row) > 0
      && gtk_widget_compute_bounds (row, GTK_WIDGET (self->list), &bounds))
    gtk_adjustment_clamp_page (adjustment, bounds.origin.y, bounds.origin.y + bounds.size.height);
}

static void
toggle_section (ChatSidebarList *self, ChatSidebarSection section)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_auto (GStrv) folded = NULL;

  self->folded[section] = !self->folded[section];
  for (int i = 0; i < CHAT_N_SECTIONS; i++)
    if (self->folded[i])
      g_strv_builder_add (names, chat_sidebar_section_get_name ((ChatSidebarSection)i));
  folded = g_strv_builder_end (names);
  chat_sidebar_header_set_folded (CHAT_SIDEBAR_HEADER (self->headers[section]), self->folded[section]);
  refresh (self);
  if (self->settings != NULL)
    g_settings_set_strv (self->settings, "folded-sections", (const char *const *)folded);
}

static void
row_activated_cb (ChatSidebarList *self, GtkListBoxRow *row)
{
  ChatChannel *channel = channel_of (row);

  if (channel != NULL)
    g_signal_emit (self, signals[CHANNEL_CHOSEN], 0, channel);
  else
    toggle_section (self, section_of_row (row));
}

static void
row_selected_cb (ChatSidebarList *self, GtkListBoxRow *row)
{
  if (row != NULL && channel_of (row) != NULL)
    g_signal_emit (self, signals[CHANNEL_SHOWN], 0, channel_of (row));
}

static void
chosen_cb (ChatSidebarList *self, ChatChannel *channel)
{
  g_signal_emit (self, signals[CHANNEL_CHOSEN], 0, channel);
}

static void
told_cb (ChatSidebarList *self, const char *sentence)
{
  g_signal_emit (self, signals[TOLD], 0, sentence);
}

static void
menu_closed_cb (ChatSidebarList *self)
{
  if (self->menu_focus != NULL)
    gtk_widget_grab_focus (self->menu_focus);
}

static void
show_menu (ChatSidebarList *self, GtkListBoxRow *row, GdkRectangle *at)
{
  ChatChannel *channel = channel_of (row);

  if (channel == NULL || self->workspace == NULL)
    return;
  if (self->menu == NULL)
    {
      g_autoptr (GMenuModel) model = chat_channel_actions_dup_menu ();

      self->menu = gtk_popover_menu_new_from_model (model);
      gtk_widget_set_parent (self->menu, GTK_WIDGET (self));
      gtk_popover_set_has_arrow (GTK_POPOVER (self->menu), FALSE);
      gtk_popover_set_position (GTK_POPOVER (self->menu), GTK_POS_BOTTOM);
      gtk_widget_set_halign (self->menu, GTK_ALIGN_START);
      g_signal_connect_object (self->menu, "closed", G_CALLBACK (menu_closed_cb), self, G_CONNECT_SWAPPED);
    }
  chat_channel_actions_set_channel (self->actions, self->workspace, channel);
  g_set_weak_pointer (&self->menu_focus, gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self))));
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu), at);
  gtk_popover_popup (GTK_POPOVER (self->menu));
}

static void
pressed_cb (GtkGesture *gesture, int n, double x, double y, ChatSidebarList *self)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_y (self->list, (int)y);
  double at_x, at_y;

  if (row == NULL)
    return;
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  gtk_widget_translate_coordinates (GTK_WIDGET (self->list), GTK_WIDGET (self), x, y, &at_x, &at_y);
  show_menu (self, row, &(GdkRectangle){ (int)at_x, (int)at_y, 1, 1 });
}

static void
long_pressed_cb (GtkGesture *gesture, double x, double y, ChatSidebarList *self)
{
  pressed_cb (gesture, 1, x, y, self);
}

static gboolean
key_cb (GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, ChatSidebarList *self)
{
  GtkWidget *row = gtk_widget_get_focus_child (GTK_WIDGET (self->list));
  graphene_rect_t bounds;

  if (row == NULL)
    return GDK_EVENT_PROPAGATE;
  if ((key == GDK_KEY_Left || key == GDK_KEY_Right) && CHAT_IS_SIDEBAR_HEADER (row))
    {
      gboolean rtl = gtk_widget_get_direction (row) == GTK_TEXT_DIR_RTL;
      ChatSidebarSection section = section_of_row (GTK_LIST_BOX_ROW (row));

      if (self->folded[section] == ((key == GDK_KEY_Right) != rtl))
        toggle_section (self, section);
      return GDK_EVENT_STOP;
    }
  if (key != GDK_KEY_Menu && !(key == GDK_KEY_F10 && (state & GDK_SHIFT_MASK) != 0))
    return GDK_EVENT_PROPAGATE;
  if (gtk_widget_compute_bounds (row, GTK_WIDGET (self), &bounds))
    show_menu (self, GTK_LIST_BOX_ROW (row),
               &(GdkRectangle){ (int)bounds.origin.x + 12, (int)(bounds.origin.y + bounds.size.height) - 4, 1, 1 });
  return GDK_EVENT_STOP;
}

/* A list box goes through its rows by Tab too, and who only passes by would open, and have read, every channel. */
static gboolean
focus (GtkWidget *widget, GtkDirectionType direction)
{
  ChatSidebarList *self = CHAT_SIDEBAR_LIST (widget);
  GtkListBoxRow *row = gtk_list_box_get_selected_row (self->list);

  if (direction != GTK_DIR_TAB_FORWARD && direction != GTK_DIR_TAB_BACKWARD)
    return gtk_widget_child_focus (self->scroller, direction);
  if (gtk_widget_get_focus_child (widget) != NULL)
    return FALSE;
  if (row != NULL && gtk_widget_get_visible (GTK_WIDGET (row)))
    return gtk_widget_grab_focus (GTK_WIDGET (row));
  return gtk_widget_child_focus (self->scroller, direction);
}

static gboolean
grab_focus (GtkWidget *widget)
{
  return focus (widget, GTK_DIR_TAB_FORWARD);
}

static void
dispose (GObject *object)
{
  ChatSidebarList *self = CHAT_SIDEBAR_LIST (object);

  g_clear_handle_id (&self->refresh_id, g_source_remove);
  if (self->scroller != NULL)
    chat_sidebar_list_set_workspace (self, NULL);
  g_clear_weak_pointer (&self->menu_focus);
  g_clear_pointer (&self->menu, gtk_widget_unparent);
  for (int i = 0; i < CHAT_N_SECTIONS; i++)
    g_clear_object (&self->headers[i]);
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  g_clear_object (&self->actions);
  g_clear_object (&self->settings);
  g_clear_object (&self->open);
  G_OBJECT_CLASS (chat_sidebar_list_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  ChatSidebarList *self = CHAT_SIDEBAR_LIST (object);

  g_free (self->filter);
  g_ptr_array_unref (self->channels);
  g_hash_table_unref (self->rows);
  G_OBJECT_CLASS (chat_sidebar_list_parent_class)->finalize (object);
}

static guint
new_signal (const char *name, GType argument)
{
  return g_signal_new (name, CHAT_TYPE_SIDEBAR_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, argument);
}

static void
chat_sidebar_list_class_init (ChatSidebarListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dispose;
  G_OBJECT_CLASS (klass)->finalize = finalize;
  widget_class->focus = focus;
  widget_class->grab_focus = grab_focus;
  signals[CHANNEL_CHOSEN] = new_signal ("channel-chosen", CHAT_TYPE_CHANNEL);
  signals[CHANNEL_SHOWN] = new_signal ("channel-shown", CHAT_TYPE_CHANNEL);
  signals[TOLD] = new_signal ("told", G_TYPE_STRING);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void
create_list (ChatSidebarList *self)
{
  self->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_list_box_set_selection_mode (self->list, GTK_SELECTION_BROWSE);
  gtk_list_box_set_activate_on_single_click (self->list, TRUE);
  gtk_list_box_set_sort_func (self->list, sort_cb, self, NULL);
  gtk_widget_add_css_class (GTK_WIDGET (self->list), "navigation-sidebar");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Channels"), -1);
  g_signal_connect_object (self->list, "row-activated", G_CALLBACK (row_activated_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->list, "row-selected", G_CALLBACK (row_selected_cb), self, G_CONNECT_SWAPPED);
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), GTK_WIDGET (self->list));
  gtk_widget_set_vexpand (self->scroller, TRUE);
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
}

static void
chat_sidebar_list_init (ChatSidebarList *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();
  GtkGesture *click = gtk_gesture_click_new ();
  GtkGesture *press = gtk_gesture_long_press_new ();

  self->filter = g_strdup ("");
  self->channels = g_ptr_array_new_with_free_func (g_object_unref);
  self->rows = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  create_list (self);
  for (int i = 0; i < CHAT_N_SECTIONS; i++)
    self->headers[i] = g_object_ref_sink (chat_sidebar_header_new ((ChatSidebarSection)i));
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (key_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->list), keys);
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect (click, "pressed", G_CALLBACK (pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->list), GTK_EVENT_CONTROLLER (click));
  gtk_gesture_single_set_touch_only (GTK_GESTURE_SINGLE (press), TRUE);
  g_signal_connect (press, "pressed", G_CALLBACK (long_pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->list), GTK_EVENT_CONTROLLER (press));
  self->actions = chat_channel_actions_new (GTK_WIDGET (self));
  g_signal_connect_object (self->actions, "chosen", G_CALLBACK (chosen_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->actions, "told", G_CALLBACK (told_cb), self, G_CONNECT_SWAPPED);
}

static void
settings_changed_cb (ChatSidebarList *self)
{
  g_auto (GStrv) folded = g_settings_get_strv (self->settings, "folded-sections");
  g_autofree char *order = g_settings_get_string (self->settings, "sidebar-order");

  for (int i = 0; i < CHAT_N_SECTIONS; i++)
    {
      self->folded[i]
          = g_strv_contains ((const char *const *)folded, chat_sidebar_section_get_name ((ChatSidebarSection)i));
      chat_sidebar_header_set_folded (CHAT_SIDEBAR_HEADER (self->headers[i]), self->folded[i]);
    }
  self->by_activity = g_str_equal (order, "activity");
  self->sort_due = TRUE;
  refresh (self);
}

void
chat_sidebar_list_bind_settings (ChatSidebarList *self, GSettings *settings)
{
  g_set_object (&self->settings, settings);
  g_signal_connect_object (settings, "changed::folded-sections", G_CALLBACK (settings_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::sidebar-order", G_CALLBACK (settings_changed_cb), self,
                           G_CONNECT_SWAPPED);
  settings_changed_cb (self);
}

void
chat_sidebar_list_set_workspace (ChatSidebarList *self, ChatWorkspace *workspace)
{
  GListModel *model;

  if (self->workspace == workspace)
    return;
  if (self->workspace != NULL)
    {
      g_clear_signal_handler (&self->items_id, chat_workspace_get_channels (self->workspace));
      items_changed_cb (self, 0, self->channels->len, 0, NULL);
      g_clear_object (&self->open);
      chat_channel_actions_set_channel (self->actions, NULL, NULL);
    }
  g_set_object (&self->workspace, workspace);
  if (workspace == NULL)
    return;
  model = chat_workspace_get_channels (workspace);
  self->items_id
      = g_signal_connect_object (model, "items-changed", G_CALLBACK (items_changed_cb), self, G_CONNECT_SWAPPED);
  items_changed_cb (self, 0, 0, g_list_model_get_n_items (model), model);
}

void
chat_sidebar_list_select (ChatSidebarList *self, ChatChannel *channel)
{
  GtkWidget *row = channel == NULL ? NULL : g_hash_table_lookup (self->rows, channel);

  if (g_set_object (&self->open, channel))
    update_shown (self);
  if (row == NULL)
    return;
  gtk_list_box_select_row (self->list, GTK_LIST_BOX_ROW (row));
  show_row (self, row);
}

void
chat_sidebar_list_set_filter (ChatSidebarList *self, const char *text)
{
  g_free (self->filter);
  self->filter = g_strdup (text);
  refresh (self);
}

ChatChannel *
chat_sidebar_list_get_best (ChatSidebarList *self)
{
  ChatChannel *best = NULL;
  guint most = 0;

  for (int i = 0;; i++)
    {
      GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, i);
      ChatChannel *channel = row == NULL ? NULL : channel_of (row);
      guint score;

      if (row == NULL)
        return best;
      if (channel == NULL || !gtk_widget_get_visible (GTK_WIDGET (row)))
        continue;
      score = chat_fuzzy_score (self->filter, chat_channel_get_title (channel));
      if (score > most)
        {
          most = score;
          best = channel;
        }
    }
}

/* (transfer container) (element-type ChatChannel): as they are shown. */
static GPtrArray *
list_shown (ChatSidebarList *self)
{
  GPtrArray *shown = g_ptr_array_new ();
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    if (channel_of (row) != NULL && gtk_widget_get_visible (GTK_WIDGET (row)))
      g_ptr_array_add (shown, channel_of (row));
  return shown;
}

ChatChannel *
chat_sidebar_list_get_beside (ChatSidebarList *self, int steps, gboolean unread)
{
  g_autoptr (GPtrArray) shown = list_shown (self);
  int length = (int)shown->len, from = steps > 0 ? -1 : length;
  guint place;

  if (self->open != NULL && g_ptr_array_find (shown, self->open, &place))
    from = (int)place;
  for (int i = 1; i <= length; i++)
    {
      ChatChannel *channel = g_ptr_array_index (shown, (guint)(((from + i * steps) % length + length) % length));

      if (channel != self->open && (!unread || calls_for_attention (channel)))
        return channel;
    }
  return NULL;
}

ChatChannel *
chat_sidebar_list_get_nth (ChatSidebarList *self, guint place)
{
  g_autoptr (GPtrArray) shown = list_shown (self);

  return place < shown->len ? g_ptr_array_index (shown, place) : NULL;
}
