/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-sidebar.h"

#include <glib/gi18n.h>

#include "app/chat-feed-popover.h"
#include "app/chat-workspace-host.h"

struct _ChatSidebar
{
  GtkWidget parent_instance;

  /* Template */
  GtkWidget *box;
  AdwHeaderBar *header;
  GtkMenuButton *menu_button;
  GtkMenuButton *new_button;
  GtkMenuButton *workspace_button;
  GMenuModel *main_menu;
  GMenuModel *new_menu;
  AdwWindowTitle *title;
  GtkEditable *filter;
  ChatSidebarList *list;
  GtkWidget *foot;
  GtkWidget *foot_icon;
  GtkLabel *foot_label;
  ChatFeedPopover *popover;

  /* Owned */
  GSettings *settings;
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
  TOLD,
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

static void
update_foot (ChatSidebar *self)
{
  ChatWorkspaceState state = CHAT_WORKSPACE_OFFLINE;
  g_autofree char *storage_error = NULL;
  g_autofree char *status = NULL;

  if (self->workspace == NULL)
    return;
  state = chat_workspace_get_state (self->workspace);
  g_object_get (self->workspace, "status", &status, "storage-error", &storage_error, NULL);
  if (storage_error != NULL)
    {
      g_autofree char *plain = g_steal_pointer (&status);

      status = g_strdup_printf (_ ("%s · nothing is kept on this computer"), plain);
    }
  for (guint i = 0; i < G_N_ELEMENTS (state_classes); i++)
    gtk_widget_remove_css_class (self->foot_icon, state_classes[i]);
  gtk_widget_add_css_class (self->foot_icon,
                            state == CHAT_WORKSPACE_LIVE && chat_workspace_get_delayed (self->workspace)
                                ? "warning"
                                : state_classes[state]);
  gtk_label_set_text (self->foot_label, status);
  gtk_widget_set_tooltip_text (self->foot, status);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->foot), GTK_ACCESSIBLE_PROPERTY_LABEL, status, -1);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "sidebar.reconnect",
                                 state == CHAT_WORKSPACE_CONNECTING || chat_workspace_get_stands_in (self->workspace));
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

/* A popover is made when somebody wants it: most starts do without. */
static void
create_menu_cb (GtkMenuButton *button, gpointer data)
{
  ChatSidebar *self = data;

  if (gtk_menu_button_get_menu_model (button) == NULL)
    gtk_menu_button_set_menu_model (button, button == self->menu_button ? self->main_menu : self->new_menu);
}

static void
append_workspace (GMenu *menu, const char *key, const char *user)
{
  g_autofree char *label = chat_workspace_host_dup_title (key, user);
  g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);

  g_menu_item_set_action_and_target (item, "app.open-workspace", "(ss)", key, user);
  g_menu_append_item (menu, item);
}

static void
create_workspaces_cb (GtkMenuButton *button, gpointer data)
{
  ChatSidebar *self = data;
  g_autoptr (GMenu) menu = g_menu_new ();
  g_autoptr (GMenu) known = g_menu_new ();
  g_autoptr (GMenu) more = g_menu_new ();
  g_autoptr (GVariantIter) workspaces = NULL;
  const char *key, *user;

  g_settings_get (self->settings, "workspaces", "a(ss)", &workspaces);
  while (g_variant_iter_next (workspaces, "(&s&s)", &key, &user))
    append_workspace (known, key, user);
  g_menu_append (more, _ ("_Connect to a server…"), "win.connect");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (known));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (more));
  gtk_menu_button_set_menu_model (button, G_MENU_MODEL (menu));
}

static void
chosen_cb (ChatSidebar *self, ChatChannel *channel)
{
  gtk_editable_set_text (self->filter, "");
  g_signal_emit (self, signals[CHANNEL_CHOSEN], 0, channel);
}

static void
shown_cb (ChatSidebar *self, ChatChannel *channel)
{
  g_signal_emit (self, signals[CHANNEL_SHOWN], 0, channel);
}

static void
told_cb (ChatSidebar *self, const char *sentence)
{
  g_signal_emit (self, signals[TOLD], 0, sentence);
}

static void
filter_changed_cb (ChatSidebar *self)
{
  chat_sidebar_list_set_filter (self->list, gtk_editable_get_text (self->filter));
}

static void
filter_entered_cb (ChatSidebar *self)
{
  ChatChannel *channel = chat_sidebar_list_get_best (self->list);

  if (channel == NULL)
    gtk_widget_error_bell (GTK_WIDGET (self->filter));
  else
    chosen_cb (self, channel);
}

static void
filter_stopped_cb (ChatSidebar *self)
{
  gtk_editable_set_text (self->filter, "");
  gtk_widget_grab_focus (GTK_WIDGET (self->list));
}

static gboolean
filter_key_cb (GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, ChatSidebar *self)
{
  if (key != GDK_KEY_Down && key != GDK_KEY_KP_Down)
    return GDK_EVENT_PROPAGATE;
  gtk_widget_grab_focus (GTK_WIDGET (self->list));
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
    gtk_widget_unparent (GTK_WIDGET (self->popover));
  self->popover = NULL;
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_object (&self->workspace_signals);
  g_clear_object (&self->workspace);
  g_clear_object (&self->settings);
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
  signals[TOLD]
      = g_signal_new ("told", CHAT_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  g_type_ensure (CHAT_TYPE_FEED_POPOVER);
  g_type_ensure (CHAT_TYPE_SIDEBAR_LIST);
  gtk_widget_class_install_action (widget_class, "sidebar.reconnect", NULL, reconnect_cb);
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, box);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, header);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, menu_button);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, new_button);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, workspace_button);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, main_menu);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, new_menu);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, filter);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, title);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, list);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, foot);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, foot_icon);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, foot_label);
  gtk_widget_class_bind_template_child (widget_class, ChatSidebar, popover);
}

static void
chat_sidebar_init (ChatSidebar *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (filter_key_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->filter), keys);
  gtk_widget_set_parent (GTK_WIDGET (self->popover), self->foot);
  gtk_menu_button_set_create_popup_func (self->menu_button, create_menu_cb, self, NULL);
  gtk_menu_button_set_create_popup_func (self->new_button, create_menu_cb, self, NULL);
  gtk_menu_button_set_create_popup_func (self->workspace_button, create_workspaces_cb, self, NULL);
  g_signal_connect_object (self->foot, "clicked", G_CALLBACK (gtk_popover_popup), self->popover, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->list, "channel-chosen", G_CALLBACK (chosen_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->list, "channel-shown", G_CALLBACK (shown_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->list, "told", G_CALLBACK (told_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->filter, "search-changed", G_CALLBACK (filter_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->filter, "activate", G_CALLBACK (filter_entered_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->filter, "stop-search", G_CALLBACK (filter_stopped_cb), self, G_CONNECT_SWAPPED);
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
  chat_sidebar_list_set_workspace (self->list, workspace);
  chat_feed_popover_set_workspace (self->popover, workspace);
  update_title (self);
  update_foot (self);
}

void
chat_sidebar_group_header (ChatSidebar *self, GtkSizeGroup *group)
{
  gtk_size_group_add_widget (group, GTK_WIDGET (self->header));
}

void
chat_sidebar_select (ChatSidebar *self, ChatChannel *channel)
{
  chat_sidebar_list_select (self->list, channel);
}

void
chat_sidebar_bind_settings (ChatSidebar *self, GSettings *settings)
{
  g_set_object (&self->settings, settings);
  chat_sidebar_list_bind_settings (self->list, settings);
}

ChatSidebarList *
chat_sidebar_get_list (ChatSidebar *self)
{
  return self->list;
}

void
chat_sidebar_find (ChatSidebar *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->filter));
}
