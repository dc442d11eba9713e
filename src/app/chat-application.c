/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-application.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

#include "app/chat-connect-dialog.h"
#include "app/chat-link.h"
#include "app/chat-notifier.h"
#include "app/chat-preferences.h"
#include "app/chat-shortcuts.h"
#include "app/chat-window.h"
#include "app/chat-workspace-host.h"
#include "client/chat-broker-address.h"
#include "core/chat-names.h"
#if CHAT_HAVE_KAFKA
#include "transport/kafka/chat-kafka-transport.h"
#endif
#if CHAT_HAVE_RABBITMQ
#include "transport/rabbitmq/chat-rabbitmq-transport.h"
#endif
#include "transport/websocket/chat-websocket-transport.h"

#define LONGEST_WAIT_FOR_PAINT_MS 500

struct _ChatApplication
{
  AdwApplication parent_instance;

  /* Owned */
  GSettings *settings;
  ChatWorkspaceHost *host;
  ChatNotifier *notifier;
  char *pending[2]; /* nullable: the channel and message to go to once a workspace is shown */
  ChatLink *link;   /* nullable: what a person is asked about now */
  char *profile;
  char *connect_uri;
  char *connect_user;

  /* Borrowed */
  ChatWindow *window;
  GtkWidget *preferences; /* weak */

  guint terminate_ids[2];
  guint go_on_id;
  gulong painted_id;
  gboolean closing;
};

G_DEFINE_FINAL_TYPE (ChatApplication, chat_application, ADW_TYPE_APPLICATION)

static ChatTransport *
create_feed (SoupSession *session, const char *uri, const char *token, gpointer data)
{
  return chat_websocket_transport_new (session, uri, token);
}

/* (nullable): NULL: this program was built without it. */
static ChatTransport *
create_broker (const ChatBrokerOptions *options, gpointer data)
{
#if CHAT_HAVE_KAFKA
  if (options->kind == CHAT_BROKER_KAFKA)
    return chat_kafka_transport_new (options);
#endif
#if CHAT_HAVE_RABBITMQ
  if (options->kind == CHAT_BROKER_RABBITMQ)
    return chat_rabbitmq_transport_new (options);
#endif
  return NULL;
}

/* A name to begin with: the login's, less what no name may have. */
static char *
suggest_user (void)
{
  const char *login = g_get_user_name ();

  if (login != NULL && chat_user_name_check (login, NULL))
    return g_strdup (login);
  return g_strdup ("me");
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatApplication) self = data;

  chat_workspace_host_close_finish (CHAT_WORKSPACE_HOST (source), result, NULL);
  if (self->window != NULL)
    gtk_window_destroy (GTK_WINDOW (self->window));
  g_application_release (G_APPLICATION (self));
  g_application_quit (G_APPLICATION (self));
}

/* What is half done is put on disk before the process goes; the window is gone from the screen at once. */
static void
close_down (ChatApplication *self, ChatWorkspaceLeave leave)
{
  if (self->closing)
    return;
  self->closing = TRUE;
  /* nobody could use the session any more, and the name would be taken until its lease ends */
  if (leave == CHAT_LEAVE_OPEN && !chat_workspace_host_remembers (self->host))
    leave = CHAT_LEAVE_SIGN_OUT;
  g_application_hold (G_APPLICATION (self));
  if (self->window != NULL)
    {
      chat_window_keep (self->window);
      gtk_widget_set_visible (GTK_WIDGET (self->window), FALSE);
    }
  chat_notifier_set_workspace (self->notifier, NULL);
  chat_workspace_host_close_async (self->host, leave, NULL, closed_cb, g_object_ref (self));
}

static gboolean
close_request_cb (ChatApplication *self)
{
  close_down (self, CHAT_LEAVE_OPEN);
  return GDK_EVENT_STOP;
}

static gboolean
terminate_cb (gpointer data)
{
  close_down (data, CHAT_LEAVE_OPEN);
  return G_SOURCE_CONTINUE;
}

static gboolean
go_on_cb (gpointer data)
{
  ChatApplication *self = data;

  self->go_on_id = 0;
  chat_workspace_host_go_on (self->host);
  return G_SOURCE_REMOVE;
}

static void
painted_cb (GdkFrameClock *clock, ChatApplication *self)
{
  g_clear_signal_handler (&self->painted_id, clock);
  g_clear_handle_id (&self->go_on_id, g_source_remove);
  self->go_on_id = g_idle_add (go_on_cb, self);
}

/* After the first frame; a window that is not painted (its screen is locked, say) is waited for no longer. */
static void
go_on_when_painted (ChatApplication *self)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (GTK_WIDGET (self->window));

  if (self->go_on_id != 0)
    return;
  self->go_on_id = g_timeout_add (LONGEST_WAIT_FOR_PAINT_MS, go_on_cb, self);
  if (self->painted_id == 0)
    self->painted_id = g_signal_connect_object (clock, "after-paint", G_CALLBACK (painted_cb), self, 0);
}

/* While the first signing in lasts: what it waits for, so that a wrong address is seen as one. */
static void
status_cb (ChatApplication *self, GParamSpec *pspec, ChatWorkspace *workspace)
{
  if (workspace == chat_workspace_host_get_workspace (self->host))
    chat_window_show_busy (self->window, chat_workspace_get_status (workspace));
}

/* @channel: (nullable), @message_id: (nullable) */
static void
set_pending (ChatApplication *self, const char *channel, const char *message_id)
{
  g_free (self->pending[0]);
  g_free (self->pending[1]);
  self->pending[0] = g_strdup (channel);
  self->pending[1] = g_strdup (message_id);
}

static void
show_workspace (ChatApplication *self, ChatWorkspace *workspace, gboolean first)
{
  g_autofree char *last = g_settings_get_string (self->settings, "last-channel");
  const char *channel = self->pending[0] != NULL ? self->pending[0] : last;

  chat_window_show_workspace (self->window, workspace, channel, first);
  if (self->pending[1] != NULL)
    chat_window_open_message (self->window, self->pending[0], self->pending[1]);
  set_pending (self, NULL, NULL);
}

static void
opened_cb (ChatApplication *self, ChatWorkspace *workspace, gboolean first)
{
  chat_notifier_set_workspace (self->notifier, workspace);
  if (first)
    g_signal_connect_object (workspace, "notify::status", G_CALLBACK (status_cb), self, G_CONNECT_SWAPPED);
  else
    show_workspace (self, workspace, FALSE);
  gtk_window_present (GTK_WINDOW (self->window));
  go_on_when_painted (self);
}

static void
signed_in_cb (ChatApplication *self, ChatWorkspace *workspace, gboolean first)
{
  if (!first)
    return;
  g_signal_handlers_disconnect_by_func (workspace, status_cb, self);
  show_workspace (self, workspace, TRUE);
  /* So that there is somebody to talk to. */
  if (chat_workspace_has_service (workspace))
    chat_workspace_start_conversation_async (workspace, "eco", NULL, NULL, NULL);
}

static void
needs_name_cb (ChatApplication *self, const char *uri, const char *user, const char *reason, gboolean password)
{
  gtk_window_present (GTK_WINDOW (self->window));
  if (chat_broker_address_is_key (uri))
    {
      chat_window_ask_broker (self->window, uri, user, reason);
      return;
    }
  chat_window_ask_connection (self->window, uri, user, reason,
                              (uri == NULL ? CHAT_CONNECT_HERE : 0) | (password ? CHAT_CONNECT_PASSWORD : 0));
}

static void
failed_cb (ChatApplication *self, const char *reason)
{
  chat_window_show_welcome (self->window, reason);
  gtk_window_present (GTK_WINDOW (self->window));
}

static void
told_cb (ChatApplication *self, const char *sentence)
{
  chat_window_tell (self->window, sentence);
}

static void
show_connecting (ChatApplication *self, const char *uri)
{
  g_autofree char *text = uri == NULL ? g_strdup (_ ("Starting…")) : g_strdup_printf (_ ("Connecting to %s…"), uri);

  chat_window_keep (self->window);
  chat_notifier_set_workspace (self->notifier, NULL);
  chat_window_show_welcome (self->window, NULL);
  chat_window_show_busy (self->window, text);
}

static void
connect_to_cb (ChatApplication *self, const char *uri, const char *user, const char *password, gboolean account,
               const char *invitation)
{
  g_autoptr (ChatLink) link = g_steal_pointer (&self->link);

  set_pending (self, link != NULL && g_strcmp0 (link->uri, uri) == 0 ? link->channel : NULL, NULL);
  g_autofree char *title
      = chat_broker_address_is_key (uri) ? chat_workspace_host_dup_title (uri, user) : g_strdup (uri);

  show_connecting (self, title);
  chat_workspace_host_open (self->host, uri, user, password, account, invitation);
}

static void
ensure_window (ChatApplication *self)
{
  if (self->window != NULL)
    return;
  self->window = chat_window_new (GTK_APPLICATION (self), self->settings);
  chat_window_set_broker_factory (self->window, create_broker);
  g_object_add_weak_pointer (G_OBJECT (self->window), (gpointer *)&self->window);
  g_signal_connect_object (self->window, "close-request", G_CALLBACK (close_request_cb), self, G_CONNECT_SWAPPED);
  chat_notifier_set_window (self->notifier, self->window);
  g_signal_connect_object (self->window, "connect-to", G_CALLBACK (connect_to_cb), self, G_CONNECT_SWAPPED);
}

static void
activate (GApplication *application)
{
  ChatApplication *self = CHAT_APPLICATION (application);

  if (self->window != NULL || self->closing)
    {
      if (self->window != NULL && !self->closing)
        gtk_window_present (GTK_WINDOW (self->window));
      return;
    }
  /* The disk is read while the window is made. */
  if (self->connect_uri != NULL)
    {
      g_autofree char *user = self->connect_user == NULL ? suggest_user () : g_strdup (self->connect_user);

      ensure_window (self);
      connect_to_cb (self, self->connect_uri, user, NULL, FALSE, NULL);
      return;
    }
  if (chat_workspace_host_open_last (self->host))
    {
      ensure_window (self);
      return;
    }
  ensure_window (self);
  chat_window_show_welcome (self->window, NULL);
  gtk_window_present (GTK_WINDOW (self->window));
}

static void
start_here_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatApplication *self = data;
  g_autofree char *user = self->connect_user == NULL ? suggest_user () : g_strdup (self->connect_user);

  connect_to_cb (self, NULL, user, NULL, FALSE, NULL);
}

static void
close_preferences (ChatApplication *self)
{
  if (self->preferences != NULL)
    gtk_window_destroy (GTK_WINDOW (self->preferences));
}

static void
left_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatApplication) self = data;

  chat_workspace_host_close_finish (CHAT_WORKSPACE_HOST (source), result, NULL);
}

static void
leave_workspace (ChatApplication *self)
{
  close_preferences (self);
  chat_window_keep (self->window);
  chat_notifier_set_workspace (self->notifier, NULL);
  chat_window_show_welcome (self->window, NULL);
  chat_workspace_host_close_async (self->host, CHAT_LEAVE_FORGET, NULL, left_cb, g_object_ref (self));
}

static void
leave_workspace_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  leave_workspace (data);
}

static void
open_workspace_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatApplication *self = data;
  g_autofree char *title = NULL;
  const char *key, *user;

  g_variant_get (parameter, "(&s&s)", &key, &user);
  close_preferences (self);
  if (chat_workspace_host_is_open (self->host, key, user))
    return;
  title = chat_workspace_host_dup_title (key, user);
  show_connecting (self, title);
  chat_workspace_host_open_known (self->host, key, user);
}

static void
forget_workspace_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatApplication *self = data;
  const char *key, *user;

  g_variant_get (parameter, "(&s&s)", &key, &user);
  if (chat_workspace_host_is_open (self->host, key, user))
    leave_workspace (self);
  chat_workspace_host_forget (self->host, key, user);
}

/* From a notification: also one that outlived the process that sent it. */
static void
open_message_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatApplication *self = data;
  const char *channel, *id;

  g_variant_get (parameter, "(&s&s)", &channel, &id);
  g_application_activate (G_APPLICATION (self));
  if (self->window == NULL)
    return;
  if (chat_workspace_host_get_workspace (self->host) != NULL && chat_window_get_channel (self->window) != NULL)
    {
      chat_window_open_message (self->window, channel, id);
      return;
    }
  set_pending (self, channel, id);
}

static gboolean
is_shown (ChatApplication *self, const char *uri)
{
  ChatWorkspace *workspace = chat_workspace_host_get_workspace (self->host);

  return workspace != NULL && chat_window_get_channel (self->window) != NULL
         && g_strcmp0 (chat_workspace_get_uri (workspace), uri) == 0;
}

static void
go_to_channel (ChatApplication *self, const char *channel)
{
  if (chat_workspace_find_channel (chat_workspace_host_get_workspace (self->host), channel) == NULL)
    {
      g_autofree char *sentence = g_strdup_printf (_ ("There is no channel “%s” here."), channel);

      chat_window_tell (self->window, sentence);
      return;
    }
  chat_window_open_message (self->window, channel, NULL);
}

/* A link only fills the dialog in: whoever wrote it does not decide to which server this one connects. */
static void
follow_link (ChatApplication *self, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatLink) link = chat_link_parse (text, &error);
  g_autofree char *user = NULL;

  gtk_window_present (GTK_WINDOW (self->window));
  if (link == NULL)
    {
      chat_window_tell (self->window, error->message);
      return;
    }
  if (is_shown (self, link->uri))
    {
      if (link->channel != NULL)
        go_to_channel (self, link->channel);
      return;
    }
  user = link->user == NULL ? suggest_user () : g_strdup (link->user);
  chat_window_ask_connection (self->window, link->uri, user, NULL, 0);
  g_clear_pointer (&self->link, chat_link_free);
  self->link = g_steal_pointer (&link);
}

/* What opens a link may be another process, or the bus. */
static void
open_link (GApplication *application, GFile **files, int n_files, const char *hint)
{
  ChatApplication *self = CHAT_APPLICATION (application);
  g_autofree char *text = g_file_get_uri (files[0]);

  g_application_activate (application);
  if (self->window != NULL && !self->closing)
    follow_link (self, text);
}

static void
preferences_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatApplication *self = data;

  if (self->window == NULL)
    return;
  if (self->preferences == NULL)
    g_set_weak_pointer (&self->preferences, chat_preferences_new (GTK_WINDOW (self->window), self->settings));
  gtk_window_present (GTK_WINDOW (self->preferences));
}

static void
about_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatApplication *self = data;

  if (self->window == NULL)
    return;
  adw_show_about_window (GTK_WINDOW (self->window), "application-name", "Tertulia", "application-icon",
                         CHAT_APPLICATION_ID, "version", CHAT_VERSION, "developer-name", _ ("The Tertulia founders"),
                         "license-type", GTK_LICENSE_GPL_3_0, "website", "https://tertulia.chat/", "comments",
                         _ ("Chat on the brokers your site already runs"),
                         /* Translators: your names, one a line */
                         "translator-credits", _ ("translator-credits"), NULL);
}

static void
quit_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  close_down (data, CHAT_LEAVE_OPEN);
}

static void
exit_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  close_down (data, CHAT_LEAVE_SIGN_OUT);
}

static char *
dup_data_directory (ChatApplication *self)
{
  if (self->profile == NULL)
    return g_build_filename (g_get_user_data_dir (), CHAT_USER_DIRECTORY, NULL);
  return g_build_filename (g_get_user_data_dir (), CHAT_USER_DIRECTORY, "profiles", self->profile, NULL);
}

static void
update_scheme (ChatApplication *self)
{
  g_autofree char *scheme = g_settings_get_string (self->settings, "color-scheme");
  AdwColorScheme wanted = ADW_COLOR_SCHEME_DEFAULT;

  if (g_str_equal (scheme, "light"))
    wanted = ADW_COLOR_SCHEME_FORCE_LIGHT;
  else if (g_str_equal (scheme, "dark"))
    wanted = ADW_COLOR_SCHEME_FORCE_DARK;
  adw_style_manager_set_color_scheme (adw_application_get_style_manager (ADW_APPLICATION (self)), wanted);
}

static void
create_host (ChatApplication *self)
{
  g_autofree char *directory = dup_data_directory (self);
  g_autofree char *path = self->profile == NULL ? g_strdup (CHAT_SETTINGS_PATH)
                                                : g_strdup_printf (CHAT_SETTINGS_PATH "profiles/%s/", self->profile);

  self->settings = g_settings_new_with_path (CHAT_SETTINGS_SCHEMA, path);
  g_signal_connect_object (self->settings, "changed::color-scheme", G_CALLBACK (update_scheme), self,
                           G_CONNECT_SWAPPED);
  update_scheme (self);
  self->notifier = chat_notifier_new (G_APPLICATION (self), self->settings);
  self->host = chat_workspace_host_new (self->settings, directory, create_feed, create_broker);
  g_signal_connect_object (self->host, "opened", G_CALLBACK (opened_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->host, "signed-in", G_CALLBACK (signed_in_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->host, "needs-name", G_CALLBACK (needs_name_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->host, "failed", G_CALLBACK (failed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->host, "told", G_CALLBACK (told_cb), self, G_CONNECT_SWAPPED);
}

static void
startup (GApplication *application)
{
  static const GActionEntry entries[] = {
    { "start-here", start_here_cb, NULL, NULL, NULL, { 0 } },
    { "leave-workspace", leave_workspace_cb, NULL, NULL, NULL, { 0 } },
    { "open-workspace", open_workspace_cb, "(ss)", NULL, NULL, { 0 } },
    { "forget-workspace", forget_workspace_cb, "(ss)", NULL, NULL, { 0 } },
    { "open-message", open_message_cb, "(ss)", NULL, NULL, { 0 } },
    { "preferences", preferences_cb, NULL, NULL, NULL, { 0 } },
    { "exit", exit_cb, NULL, NULL, NULL, { 0 } },
    { "about", about_cb, NULL, NULL, NULL, { 0 } },
    { "quit", quit_cb, NULL, NULL, NULL, { 0 } },
  };
  ChatApplication *self = CHAT_APPLICATION (application);

  G_APPLICATION_CLASS (chat_application_parent_class)->startup (application);
  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  chat_shortcuts_install (GTK_APPLICATION (self));
  gtk_window_set_default_icon_name (CHAT_APPLICATION_ID);
  self->terminate_ids[0] = g_unix_signal_add (SIGTERM, terminate_cb, self);
  self->terminate_ids[1] = g_unix_signal_add (SIGINT, terminate_cb, self);
  create_host (self);
}

static int
complain (const char *option, const char *message)
{
  g_printerr ("tertulia: %s: %s\n", option, message);
  return 2;
}

static int
handle_local_options (GApplication *application, GVariantDict *options)
{
  ChatApplication *self = CHAT_APPLICATION (application);
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;

  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("tertulia %s\n", CHAT_VERSION);
      return 0;
    }
  g_variant_dict_lookup (options, "profile", "s", &self->profile);
  g_variant_dict_lookup (options, "user", "s", &self->connect_user);
  if (self->profile != NULL && !chat_channel_name_check (self->profile, &error))
    return complain ("--profile", error->message);
  if (self->connect_user != NULL && !chat_user_name_check (self->connect_user, &error))
    return complain ("--user", error->message);
  if (g_variant_dict_lookup (options, "connect", "s", &uri))
    {
      self->connect_uri = chat_connect_dialog_complete_uri (uri, &error);
      if (self->connect_uri == NULL)
        return complain ("--connect", error->message);
    }
  /* A profile is a program of its own: it must not wake the window of another. */
  if (self->profile != NULL)
    g_application_set_flags (application, g_application_get_flags (application) | G_APPLICATION_NON_UNIQUE);
  return -1;
}

static void
dispose (GObject *object)
{
  ChatApplication *self = CHAT_APPLICATION (object);

  for (guint i = 0; i < G_N_ELEMENTS (self->terminate_ids); i++)
    g_clear_handle_id (&self->terminate_ids[i], g_source_remove);
  g_clear_handle_id (&self->go_on_id, g_source_remove);
  g_clear_weak_pointer ((gpointer *)&self->window);
  g_clear_weak_pointer (&self->preferences);
  g_clear_object (&self->notifier);
  g_clear_pointer (&self->pending[0], g_free);
  g_clear_pointer (&self->pending[1], g_free);
  g_clear_pointer (&self->link, chat_link_free);
  g_clear_object (&self->host);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->profile, g_free);
  g_clear_pointer (&self->connect_uri, g_free);
  g_clear_pointer (&self->connect_user, g_free);
  G_OBJECT_CLASS (chat_application_parent_class)->dispose (object);
}

static void
chat_application_class_init (ChatApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dispose;
  application_class->startup = startup;
  application_class->activate = activate;
  application_class->open = open_link;
  application_class->handle_local_options = handle_local_options;
}

static void
chat_application_init (ChatApplication *self)
{
  static const GOptionEntry entries[] = {
    { "profile", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("Use settings and data of its own"), N_ ("NAME") },
    { "connect", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("Connect to this server"), N_ ("ADDRESS") },
    { "user", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("The name to sign in with"), N_ ("NAME") },
    { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Print the version and exit"), NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };

  g_application_add_main_option_entries (G_APPLICATION (self), entries);
}

ChatApplication *
chat_application_new (void)
{
  return g_object_new (CHAT_TYPE_APPLICATION, "application-id", CHAT_APPLICATION_ID, "flags",
                       G_APPLICATION_HANDLES_OPEN, "resource-base-path", "/chat/tertulia/Tertulia", NULL);
}
