/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-sidebar.h"

#include <glib/gi18n.h>

#include "app/chat-sidebar-row.h"

struct _ChatSidebar
{
  GtkWidget parent_instance;

  /* Template */
  GtkWidget *box;
  AdwHeaderBar *header;
  GtkWidget *menu_button;
  AdwWindowTitle *title;
  GtkListBox *list;
  GtkWidget *foot;
  GtkWidget *foot_icon;
  GtkLabel *foot_label;
  GtkLabel *details;
  GtkWidget *popover;

  /* Owned */
  ChatWorkspace *workspace;
  GSignalGroup *workspace_signals;
};

enum
{
  PROP_FOLDED = 1,
  N_PROPS
};

enum
{
  CHANNEL_CHOSEN,
  CHANNEL_SHOWN,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatSidebar, chat_sidebar, GTK_TYPE_WIDGET)

/* The class of the foot's dot for each state. */
static const char *const state_classes[] = {
  [CHAT_WORKSPACE_OFFLINE] = "error",
  [CHAT_WORKSPACE_CONNECTING] = "warning",
  [CHAT_WORKSPACE_LIVE] = "success",
  [CHAT_WORKSPACE_CATCHING_UP] = "accent",
};

/* (transfer full): all that the foot leaves out. */
static char *
dup_details (ChatSidebar *self, const char *status, const char *storage_error)
{
  GString *text = g_string_new (status);
  const char *uri = chat_workspace_get_uri (self->workspace);
  guint queued = 0;

  g_object_get (self->workspace, "queued", &queued, NULL);
  g_string_append (text, "\n");
  if (uri != NULL)
    g_string_append_printf (text, _ ("\nServer: %s"), uri);
  g_string_append_printf (text, _ ("\nYou are: %s\n"), chat_workspace_get_user (self->workspace));
  g_string_append_printf (text, ngettext ("%u message waits to be sent", "%u messages wait to be sent", queued),
                          queued);
  if (storage_error != NULL)
    g_string_append_printf (text, "\n\n%s", storage_error);
  return g_string_free (text, FALSE);
}

static void
update_foot (ChatSidebar *self)
{
  ChatWorkspaceState state = CHAT_WORKSPACE_OFFLINE;
  g_autofree char *storage_error = NULL;
  g_autofree char *details = NULL;
  g_autofree char *status = NULL;

  if (self->workspace == NULL)
    return;
  state = chat_workspace_get_state (self->workspace);
  g_object_get (self->workspace, "status", &status, "storage-error", &storage_error, NULL);
  details = dup_details (self, status, storage_error);
  if (storage_error != NULL)
    {
      g_autofree char *plain = g_steal_pointer (&status);

      status = g_strdup_printf (_ ("%s · nothing is kept on this computer"), plain);
    }
  for (guint i = 0; i < G_N_ELEMENTS (state_classes); i++)
    gtk_widget_remove_css_class (self->foot_icon, state_classes[i]);
  gtk_widget_add_css_class (self->foot_icon, state_classes[state]);
  gtk_label_set_text (self->foot_label, status);
  gtk_widget_set_tooltip_text (self->foot, status);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->foot), GTK_ACCESSIBLE_PROPERTY_LABEL, status, -1);
  gtk_label_set_text (self->details, details);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "sidebar.reconnect", state == CHAT_WORKSPACE_CONNECTING);
}

static void
reconnect_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ChatSidebar *self = CHAT_SIDEBAR (widget);

  if (self->workspace != NULL)
    chat_workspace_reconnect_now (self->workspace);
}

static void
update_title (ChatSidebar *self)
{
  g_autofree char *name = NULL;

  if (self->workspace == NULL)
    return;
  g_object_get (self->workspace, "name", &name, NULL);
  adw_window_title_set_title (self->title, name == NULL || *name == '\0' ? "Tertulia" : name);
  adw_window_title_set_subtitle (self->title, chat_workspace_get_user (self->workspace));
}

/* Which section a row belongs to: channels, people, bots: their order is the list's. */
static const char *
section_of (ChatChannel *channel)
{
  if (chat_channel_get_bot (channel))
    return _ ("Bots");
  return chat_channel_get_private (channel) ? _ ("Conversations") : _ ("Channels");
}

static void
update_header_cb (GtkListBoxRow *row, GtkListBoxRow *before, gpointer data)
{
  const char *section = section_of (chat_sidebar_row_get_channel (CHAT_SIDEBAR_ROW (row)));
  GtkWidget *label;

  if (before != NULL && g_str_equal (section, section_of (chat_sidebar_row_get_channel (CHAT_SIDEBAR_ROW (before)))))
    {
      gtk_list_box_row_set_header (row, NULL);
      return;
    }
  label = gtk_label_new (section);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "section-label");
  gtk_list_box_row_set_header (row, label);
}

static GtkWidget *
create_row_cb (gpointer item, gpointer data)
{
  /* who is a bot may be known only later */
  g_signal_connect_object (item, "notify::bot", G_CALLBACK (gtk_list_box_invalidate_headers), data, G_CONNECT_SWAPPED);
  return chat_sidebar_row_new (item);
}

static void
row_activated_cb (ChatSidebar *self, GtkListBoxRow *row)
{
  g_signal_emit (self, signals[CHANNEL_CHOSEN], 0, chat_sidebar_row_get_channel (CHAT_SIDEBAR_ROW (row)));
}

static void
row_selected_cb (ChatSidebar *self, GtkListBoxRow *row)
{
  if (row != NULL)
    g_signal_emit (self, signals[CHANNEL_SHOWN], 0, chat_sidebar_row_get_channel (CHAT_SIDEBAR_ROW (row)));
}

/* A list box goes through its rows by Tab too, and who only passes by would open, and have read, every channel. */
static gboolean
list_key_cb (GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, ChatSidebar *self)
{
  gboolean back = key == GDK_KEY_ISO_Left_Tab || (state & GDK_SHIFT_MASK) != 0;

  if (key != GDK_KEY_Tab && key != GDK_KEY_KP_Tab && key != GDK_KEY_ISO_Left_Tab)
    return GDK_EVENT_PROPAGATE;
  gtk_window_set_focus_visible (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), TRUE);
  gtk_widget_grab_focus (back ? self->menu_button : self->foot);
  return GDK_EVENT_STOP;
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_FOLDED)
    g_value_set_boolean (value, adw_header_bar_get_show_end_title_buttons (CHAT_SIDEBAR (object)->header));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_FOLDED)
    adw_header_bar_set_show_end_title_buttons (CHAT_SIDEBAR (object)->header, g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
dispose (GObject *object)
{
  ChatSidebar *self = CHAT_SIDEBAR (object);

  if (self->popover != NULL)
    gtk_widget_unparent (self->popover);
  self->popover = NULL;
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->workspace_signals);
  g_clear_object (&self->workspace);
  G_OBJECT_CLASS (chat_sidebar_parent_class)->dispose (object);
}

static void
chat_sidebar_class_init (ChatSidebarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->get_property = get_property;
  G_OBJECT_CLASS (klass)->set_property = set_property;
  G_OBJECT_CLASS (klass)->dispose = dispose;
  properties[PROP_FOLDED]
      = g_param_spec_boolean ("folded", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, properties);
  signals[CHANNEL_CHOSEN] = g_signal_new ("channel-chosen", CHAT_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 1, CHAT_TYPE_CHANNEL);
  signals[CHANNEL_SHOWN] = g_signal_new ("channel-shown", CHAT_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, CHAT_TYPE_CHANNEL);
  gtk_widget_class_install_action (widget_class, "sidebar.reconnect", NULL, reconnect_cb);
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, box);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, header);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, menu_button);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, title);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, list);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, foot);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, foot_icon);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, foot_label);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, details);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, popover);
}

static void
chat_sidebar_init (ChatSidebar *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (list_key_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->list), keys);
  gtk_widget_set_parent (self->popover, self->foot);
  g_signal_connect_object (self->foot, "clicked", G_CALLBACK (gtk_popover_popup), self->popover, G_CONNECT_SWAPPED);
  gtk_list_box_set_header_func (self->list, update_header_cb, NULL, NULL);
  g_signal_connect_object (self->list, "row-activated", G_CALLBACK (row_activated_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->list, "row-selected", G_CALLBACK (row_selected_cb), self, G_CONNECT_SWAPPED);
  self->workspace_signals = g_signal_group_new (CHAT_TYPE_WORKSPACE);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::status", G_CALLBACK (update_foot), self);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::state", G_CALLBACK (update_foot), self);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::queued", G_CALLBACK (update_foot), self);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::storage-error", G_CALLBACK (update_foot), self);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::name", G_CALLBACK (update_title), self);
  g_signal_group_connect_swapped (self->workspace_signals, "notify::user", G_CALLBACK (update_title), self);
}

GtkWidget *
chat_sidebar_new (void)
{
  return g_object_new (CHAT_TYPE_SIDEBAR, NULL);
}

void
chat_sidebar_set_workspace (ChatSidebar *self, ChatWorkspace *workspace)
{
  g_return_if_fail (CHAT_IS_SIDEBAR (self));

  if (!g_set_object (&self->workspace, workspace))
    return;
  g_signal_group_set_target (self->workspace_signals, workspace);
  gtk_list_box_bind_model (self->list, workspace == NULL ? NULL : chat_workspace_get_channels (workspace),
                           create_row_cb, self->list, NULL);
  update_title (self);
  update_foot (self);
}

void
chat_sidebar_select (ChatSidebar *self, ChatChannel *channel)
{
  for (int i = 0;; i++)
    {
      GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->list, i);

      if (row == NULL)
        return;
      if (chat_sidebar_row_get_channel (CHAT_SIDEBAR_ROW (row)) == channel)
        {
          gtk_list_box_select_row (self->list, row);
          return;
        }
    }
}
