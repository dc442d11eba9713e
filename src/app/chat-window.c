/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-window-private.h"

#include <glib/gi18n.h>

#include "app/chat-broker-dialog.h"
#include "app/chat-connect-dialog.h"
#include "app/chat-people-pane.h"

#define MOST_RECENT 20

enum
{
  PROP_SHOW_PEOPLE = 1,
  N_PROPS
};

enum
{
  CONNECT_TO,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatWindow, chat_window, ADW_TYPE_APPLICATION_WINDOW)

static void
tell_active (ChatWindow *self)
{
  ChatChannel *channel = chat_conversation_get_channel (self->conversation);

  if (self->workspace != NULL)
    chat_workspace_set_active (self->workspace, channel == NULL ? NULL : chat_channel_get_name (channel),
                               gtk_window_is_active (GTK_WINDOW (self)));
}

static void
remember_recent (ChatWindow *self, ChatChannel *channel)
{
  const char *name = chat_channel_get_name (channel);
  guint place;

  if (g_ptr_array_find_with_equal_func (self->recent, name, g_str_equal, &place))
    g_ptr_array_remove_index (self->recent, place);
  g_ptr_array_insert (self->recent, 0, g_strdup (name));
  if (self->recent->len > MOST_RECENT)
    g_ptr_array_set_size (self->recent, MOST_RECENT);
}

void
chat_window_open_channel (ChatWindow *self, ChatChannel *channel)
{
  g_autofree char *title = NULL;

  g_clear_pointer (&self->wanted, g_free);
  if (chat_conversation_get_channel (self->conversation) == channel)
    return;
  chat_conversation_set_channel (self->conversation, channel);
  g_settings_set_string (self->settings, "last-channel", chat_channel_get_name (channel));
  remember_recent (self, channel);
  title = g_strdup_printf ("%s – Tertulia", chat_channel_get_title (channel));
  gtk_window_set_title (GTK_WINDOW (self), title);
  chat_sidebar_select (self->sidebar, channel);
  tell_active (self);
}

void
chat_window_choose_channel (ChatWindow *self, ChatChannel *channel)
{
  chat_window_open_channel (self, channel);
  adw_leaflet_set_visible_child_name (self->leaflet, "conversation");
  chat_conversation_focus (self->conversation);
}

static ChatChannel *
find_first_public (ChatWorkspace *workspace)
{
  GListModel *channels = chat_workspace_get_channels (workspace);

  for (guint i = 0; i < g_list_model_get_n_items (channels); i++)
    {
      g_autoptr (ChatChannel) channel = g_list_model_get_item (channels, i);

      if (!chat_channel_get_private (channel))
        return channel; /* the list keeps it */
    }
  return NULL;
}

/* The row of the open channel, which may be another after each change of the list. FALSE: none is open, or it is gone.
 */
static gboolean
select_open (ChatWindow *self)
{
  ChatChannel *open = chat_conversation_get_channel (self->conversation);

  if (open == NULL || chat_workspace_find_channel (self->workspace, chat_channel_get_name (open)) != open)
    return FALSE;
  chat_sidebar_select (self->sidebar, open);
  return TRUE;
}

/* Where no channel is open, the one that is wanted, else the first public one. */
static void
open_first (ChatWindow *self)
{
  ChatChannel *wanted = NULL;

  if (select_open (self))
    return;
  chat_conversation_set_channel (self->conversation, NULL);
  if (self->wanted != NULL && *self->wanted != '\0')
    wanted = chat_workspace_find_channel (self->workspace, self->wanted);
  if (wanted == NULL)
    wanted = find_first_public (self->workspace);
  if (wanted == NULL)
    return;
  chat_window_open_channel (self, wanted);
  if (self->join_first && !chat_channel_get_joined (wanted))
    chat_workspace_join_async (self->workspace, chat_channel_get_name (wanted), TRUE, NULL, NULL, NULL);
  self->join_first = FALSE;
  chat_conversation_focus (self->conversation);
}

static gboolean
open_first_cb (gpointer data)
{
  ChatWindow *self = data;

  self->open_first_id = 0;
  if (self->workspace != NULL)
    open_first (self);
  return G_SOURCE_REMOVE;
}

/* Channels come one by one: which is the first, and whether the wanted one is among them, shows when all are there. */
static void
channels_changed_cb (ChatWindow *self)
{
  if (!select_open (self) && self->open_first_id == 0)
    self->open_first_id = g_idle_add_full (G_PRIORITY_HIGH_IDLE, open_first_cb, self, NULL);
}

static void
show_sidebar_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  adw_leaflet_set_visible_child_name (CHAT_WINDOW (widget)->leaflet, "sidebar");
}

static void
connect_to_cb (ChatWindow *self, const char *uri, const char *user, const char *password, gboolean account,
               const char *invitation)
{
  g_free (self->uri);
  self->uri = g_strdup (uri);
  g_free (self->user);
  self->user = g_strdup (user);
  g_signal_emit (self, signals[CONNECT_TO], 0, uri, user, password, account, invitation);
}

static void
connect_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ChatWindow *self = CHAT_WINDOW (widget);

  chat_window_ask_connection (self, self->uri, self->user == NULL ? g_get_user_name () : self->user, NULL, 0);
}

static void
connect_broker_to_cb (ChatWindow *self, const char *key, const char *user, const char *password)
{
  g_signal_emit (self, signals[CONNECT_TO], 0, key, user, password, FALSE, NULL);
}

static void
connect_broker_cb (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ChatWindow *self = CHAT_WINDOW (widget);

  chat_window_ask_broker (self, NULL, self->user == NULL ? g_get_user_name () : self->user, NULL);
}

/* The people's pane is made when somebody wants to see it. With it the window's buttons move to its head. */
static void
people_shown_cb (ChatWindow *self)
{
  gboolean shown = adw_flap_get_reveal_flap (self->flap);

  if (shown && adw_bin_get_child (self->people_bin) == NULL)
    {
      GtkWidget *pane = chat_people_pane_new ();

      adw_bin_set_child (self->people_bin, pane);
      chat_people_pane_set_workspace (CHAT_PEOPLE_PANE (pane), self->workspace);
      chat_people_pane_group_header (CHAT_PEOPLE_PANE (pane), self->headers);
    }
  chat_conversation_set_end_buttons (self->conversation, !shown || adw_flap_get_folded (self->flap));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SHOW_PEOPLE]);
}

static void
ensure_welcome (ChatWindow *self)
{
  if (self->welcome != NULL)
    return;
  self->welcome = CHAT_WELCOME_PAGE (chat_welcome_page_new ());
  adw_bin_set_child (self->welcome_bin, GTK_WIDGET (self->welcome));
}

static void
set_workspace (ChatWindow *self, ChatWorkspace *workspace)
{
  if (self->workspace == workspace)
    return;
  if (self->workspace != NULL)
    {
      g_clear_signal_handler (&self->channels_id, chat_workspace_get_channels (self->workspace));
      g_signal_handlers_disconnect_by_func (self->workspace, chat_window_update_actions, self);
    }
  chat_conversation_set_workspace (self->conversation, workspace);
  chat_sidebar_set_workspace (self->sidebar, workspace);
  g_set_object (&self->workspace, workspace);
  if (adw_bin_get_child (self->people_bin) != NULL)
    chat_people_pane_set_workspace (CHAT_PEOPLE_PANE (adw_bin_get_child (self->people_bin)), workspace);
  g_ptr_array_set_size (self->recent, 0);
  chat_window_update_actions (self);
  if (workspace == NULL)
    return;
  self->channels_id = g_signal_connect_object (chat_workspace_get_channels (workspace), "items-changed",
                                               G_CALLBACK (channels_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (workspace, "notify::password-mode", G_CALLBACK (chat_window_update_actions), self,
                           G_CONNECT_SWAPPED);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_SHOW_PEOPLE)
    /* asked for before the template is there, too */
    g_value_set_boolean (value,
                         CHAT_WINDOW (object)->flap != NULL && adw_flap_get_reveal_flap (CHAT_WINDOW (object)->flap));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_SHOW_PEOPLE)
    adw_flap_set_reveal_flap (CHAT_WINDOW (object)->flap, g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
dispose (GObject *object)
{
  ChatWindow *self = CHAT_WINDOW (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->open_first_id, g_source_remove);
  if (self->workspace != NULL)
    g_clear_signal_handler (&self->channels_id, chat_workspace_get_channels (self->workspace));
  g_clear_object (&self->workspace);
  g_clear_object (&self->settings);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->headers);
  g_clear_pointer (&self->recent, g_ptr_array_unref);
  g_clear_pointer (&self->wanted, g_free);
  g_clear_pointer (&self->uri, g_free);
  g_clear_pointer (&self->user, g_free);
  G_OBJECT_CLASS (chat_window_parent_class)->dispose (object);
}

static void
chat_window_class_init (ChatWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->get_property = get_property;
  G_OBJECT_CLASS (klass)->set_property = set_property;
  G_OBJECT_CLASS (klass)->dispose = dispose;
  properties[PROP_SHOW_PEOPLE]
      = g_param_spec_boolean ("show-people", NULL, NULL, FALSE,
                              G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, properties);
  signals[CONNECT_TO]
      = g_signal_new ("connect-to", CHAT_TYPE_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 5,
                      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_BOOLEAN, G_TYPE_STRING);
  g_type_ensure (CHAT_TYPE_SIDEBAR);
  g_type_ensure (CHAT_TYPE_CONVERSATION);
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-window.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, ChatWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, ChatWindow, welcome_bin);
  gtk_widget_class_bind_template_child (widget_class, ChatWindow, leaflet);
  gtk_widget_class_bind_template_child (widget_class, ChatWindow, sidebar);
  gtk_widget_class_bind_template_child (widget_class, ChatWindow, flap);
  gtk_widget_class_bind_template_child (widget_class, ChatWindow, people_bin);
  gtk_widget_class_bind_template_child (widget_class, ChatWindow, conversation);
  gtk_widget_class_install_action (widget_class, "win.show-sidebar", NULL, show_sidebar_cb);
  gtk_widget_class_install_action (widget_class, "win.connect", NULL, connect_cb);
  gtk_widget_class_install_action (widget_class, "win.connect-broker", NULL, connect_broker_cb);
  gtk_widget_class_install_property_action (widget_class, "win.show-people", "show-people");
  chat_window_install_actions (widget_class);
}

static void
chat_window_init (ChatWindow *self)
{
  self->cancellable = g_cancellable_new ();
  self->recent = g_ptr_array_new_with_free_func (g_free);
  gtk_widget_init_template (GTK_WIDGET (self));
  self->headers = gtk_size_group_new (GTK_SIZE_GROUP_VERTICAL);
  chat_sidebar_group_header (self->sidebar, self->headers);
  chat_conversation_group_header (self->conversation, self->headers);
  g_object_bind_property (self->leaflet, "folded", self->sidebar, "folded", G_BINDING_SYNC_CREATE);
  g_object_bind_property (self->leaflet, "folded", self->conversation, "folded", G_BINDING_SYNC_CREATE);
  g_signal_connect_object (self->sidebar, "channel-chosen", G_CALLBACK (chat_window_choose_channel), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->sidebar, "channel-shown", G_CALLBACK (chat_window_open_channel), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->conversation, "open", G_CALLBACK (chat_window_open_message), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->sidebar, "told", G_CALLBACK (chat_window_tell), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->flap, "notify::reveal-flap", G_CALLBACK (people_shown_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->flap, "notify::folded", G_CALLBACK (people_shown_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect (self, "notify::is-active", G_CALLBACK (tell_active), NULL);
  chat_window_update_actions (self);
}

ChatWindow *
chat_window_new (GtkApplication *application, GSettings *settings)
{
  ChatWindow *self = g_object_new (CHAT_TYPE_WINDOW, "application", application, NULL);

  self->settings = g_object_ref (settings);
  chat_conversation_bind_settings (self->conversation, settings);
  chat_sidebar_bind_settings (self->sidebar, settings);
  g_settings_bind (settings, "show-people", self, "show-people", G_SETTINGS_BIND_DEFAULT);
  gtk_window_set_default_size (GTK_WINDOW (self), g_settings_get_int (settings, "window-width"),
                               g_settings_get_int (settings, "window-height"));
  if (g_settings_get_boolean (settings, "window-maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
  return self;
}

void
chat_window_set_broker_factory (ChatWindow *self, ChatBrokerFactory factory)
{
  self->broker_factory = factory;
}

void
chat_window_show_welcome (ChatWindow *self, const char *error)
{
  set_workspace (self, NULL);
  ensure_welcome (self);
  chat_welcome_page_set_busy (self->welcome, NULL);
  chat_welcome_page_set_error (self->welcome, error);
  gtk_stack_set_visible_child_name (self->stack, "welcome");
  gtk_window_set_title (GTK_WINDOW (self), "Tertulia");
}

void
chat_window_show_busy (ChatWindow *self, const char *text)
{
  ensure_welcome (self);
  chat_welcome_page_set_busy (self->welcome, text);
  gtk_stack_set_visible_child_name (self->stack, "welcome");
}

void
chat_window_show_workspace (ChatWindow *self, ChatWorkspace *workspace, const char *channel, gboolean first)
{
  g_return_if_fail (CHAT_IS_WORKSPACE (workspace));

  set_workspace (self, workspace);
  self->join_first = first;
  g_free (self->wanted);
  self->wanted = g_strdup (channel);
  open_first (self);
  gtk_stack_set_visible_child_name (self->stack, "main");
  adw_leaflet_set_visible_child_name (self->leaflet, "conversation");
}

void
chat_window_ask_connection (ChatWindow *self, const char *uri, const char *user, const char *error, ChatConnectAsk ask)
{
  GtkWidget *dialog = chat_connect_dialog_new (GTK_WINDOW (self), uri, user, error, ask);

  /* nothing goes on behind it */
  if (self->workspace == NULL)
    chat_window_show_welcome (self, NULL);
  g_signal_connect_object (dialog, "connect-to", G_CALLBACK (connect_to_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

void
chat_window_ask_broker (ChatWindow *self, const char *key, const char *user, const char *error)
{
  GtkWidget *dialog = chat_broker_dialog_new (GTK_WINDOW (self), key, user, error, self->broker_factory);

  if (self->workspace == NULL)
    chat_window_show_welcome (self, NULL);
  g_signal_connect_object (dialog, "connect-to", G_CALLBACK (connect_broker_to_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

void
chat_window_tell (ChatWindow *self, const char *text)
{
  AdwToast *toast = adw_toast_new ("");
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_toast_set_title (toast, escaped);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

void
chat_window_open_message (ChatWindow *self, const char *channel, const char *message_id)
{
  ChatChannel *found = self->workspace == NULL ? NULL : chat_workspace_find_channel (self->workspace, channel);

  if (found == NULL)
    return;
  chat_window_choose_channel (self, found);
  if (message_id != NULL)
    chat_conversation_go_to_message (self->conversation, message_id);
}

void
chat_window_keep (ChatWindow *self)
{
  int width, height;

  chat_conversation_keep_draft (self->conversation);
  gtk_window_get_default_size (GTK_WINDOW (self), &width, &height);
  g_settings_set_int (self->settings, "window-width", width);
  g_settings_set_int (self->settings, "window-height", height);
  g_settings_set_boolean (self->settings, "window-maximized", gtk_window_is_maximized (GTK_WINDOW (self)));
}

ChatChannel *
chat_window_get_channel (ChatWindow *self)
{
  return chat_conversation_get_channel (self->conversation);
}
