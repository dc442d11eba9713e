/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-channel-actions.h"

#include <glib/gi18n.h>

#include "app/chat-name-dialog.h"
#include "core/chat-time.h"

struct _ChatChannelActions
{
  GObject parent_instance;

  /* Borrowed */
  GtkWidget *owner;

  /* Owned */
  GSimpleActionGroup *group;
  GCancellable *cancellable;
  ChatWorkspace *workspace; /* nullable */
  ChatChannel *channel;     /* nullable */
};

enum
{
  CHOSEN,
  TOLD,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatChannelActions, chat_channel_actions, G_TYPE_OBJECT)

static const char *const notify_names[] = { "default", "all", "mentions", "none" };

static void
tell (ChatChannelActions *self, GError *error)
{
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_signal_emit (self, signals[TOLD], 0, error->message);
}

static void
joined_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatChannelActions) self = data;
  g_autoptr (GError) error = NULL;

  chat_workspace_join_finish (CHAT_WORKSPACE (source), result, &error);
  tell (self, error);
}

static void
join (ChatChannelActions *self, gboolean in)
{
  chat_workspace_join_async (self->workspace, chat_channel_get_name (self->channel), in, self->cancellable, joined_cb,
                             g_object_ref (self));
}

static void
open_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatChannelActions *self = data;

  g_signal_emit (self, signals[CHOSEN], 0, self->channel);
}

static void
join_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  join (data, TRUE);
}

static void
leave_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  join (data, FALSE);
}

static void
mark_read_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatChannelActions *self = data;

  chat_workspace_mark_read (self->workspace, chat_channel_get_name (self->channel));
}

static void
mute_cb (GSimpleAction *action, GVariant *value, gpointer data)
{
  chat_channel_set_muted (CHAT_CHANNEL_ACTIONS (data)->channel, g_variant_get_boolean (value));
  g_simple_action_set_state (action, value);
}

static void
notify_cb (GSimpleAction *action, GVariant *value, gpointer data)
{
  const char *name = g_variant_get_string (value, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (notify_names); i++)
    if (g_str_equal (name, notify_names[i]))
      {
        chat_channel_set_notify (CHAT_CHANNEL_ACTIONS (data)->channel, (ChatNotify)i);
        g_simple_action_set_state (action, value);
      }
}

static void
topic_set_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatChannelActions) self = data;
  g_autoptr (GError) error = NULL;

  chat_workspace_set_topic_finish (CHAT_WORKSPACE (source), result, &error);
  tell (self, error);
}

static void
topic_named_cb (ChatChannelActions *self, const char *name, const char *topic, GtkWidget *dialog)
{
  if (self->workspace != NULL)
    chat_workspace_set_topic_async (self->workspace, name, topic, self->cancellable, topic_set_cb, g_object_ref (self));
}

static void
topic_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatChannelActions *self = data;
  GtkWidget *dialog = chat_name_dialog_new (GTK_WINDOW (gtk_widget_get_root (self->owner)), CHAT_NAME_TOPIC);

  chat_name_dialog_set (CHAT_NAME_DIALOG (dialog), chat_channel_get_name (self->channel),
                        chat_channel_get_topic (self->channel));
  g_signal_connect_object (dialog, "named", G_CALLBACK (topic_named_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
copy_name_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatChannelActions *self = data;
  g_autofree char *name
      = g_strconcat (chat_channel_get_private (self->channel) ? "" : "#", chat_channel_get_title (self->channel), NULL);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (self->owner), name);
}

/* A channel's log as a file */

static void
exported_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatChannelActions) self = data;
  g_autoptr (GError) error = NULL;

  if (chat_workspace_export_finish (CHAT_WORKSPACE (source), result, &error))
    g_signal_emit (self, signals[TOLD], 0, _ ("The channel has been saved."));
  tell (self, error);
}

static void
file_chosen_cb (ChatChannelActions *self, int response, GtkFileChooser *chooser)
{
  g_autoptr (GFile) file = gtk_file_chooser_get_file (chooser);
  const char *channel = g_object_get_data (G_OBJECT (chooser), "channel");
  const char *format = g_object_get_data (G_OBJECT (chooser), "format");

  if (response == GTK_RESPONSE_ACCEPT && file != NULL && self->workspace != NULL)
    chat_workspace_export_async (self->workspace, channel, format, CHAT_TIME_UNKNOWN, CHAT_TIME_UNKNOWN, file,
                                 self->cancellable, exported_cb, g_object_ref (self));
  gtk_native_dialog_destroy (GTK_NATIVE_DIALOG (chooser));
  g_object_unref (chooser);
}

static void
export_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatChannelActions *self = data;
  const char *channel = chat_channel_get_name (self->channel);
  const char *format = g_variant_get_string (parameter, NULL);
  g_autofree char *name = g_strconcat (channel, g_str_equal (format, "jsonl") ? ".jsonl" : ".txt", NULL);
  GtkFileChooserNative *chooser
      = gtk_file_chooser_native_new (_ ("Save the channel"), GTK_WINDOW (gtk_widget_get_root (self->owner)),
                                     GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), _ ("_Cancel"));

  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (chooser), name);
  g_object_set_data_full (G_OBJECT (chooser), "format", g_strdup (format), g_free);
  g_object_set_data_full (G_OBJECT (chooser), "channel", g_strdup (channel), g_free);
  g_signal_connect_object (chooser, "response", G_CALLBACK (file_chosen_cb), self, G_CONNECT_SWAPPED);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

static void
enable (ChatChannelActions *self, const char *name, gboolean enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->group), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

static void
set_state (ChatChannelActions *self, const char *name, GVariant *state)
{
  g_simple_action_set_state (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self->group), name)), state);
}

static void
dispose (GObject *object)
{
  ChatChannelActions *self = CHAT_CHANNEL_ACTIONS (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->group);
  g_clear_object (&self->workspace);
  g_clear_object (&self->channel);
  G_OBJECT_CLASS (chat_channel_actions_parent_class)->dispose (object);
}

static void
chat_channel_actions_class_init (ChatChannelActionsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dispose;
  signals[CHOSEN] = g_signal_new ("chosen", CHAT_TYPE_CHANNEL_ACTIONS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, CHAT_TYPE_CHANNEL);
  signals[TOLD] = g_signal_new ("told", CHAT_TYPE_CHANNEL_ACTIONS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                1, G_TYPE_STRING);
}

static void
chat_channel_actions_init (ChatChannelActions *self)
{
  static const GActionEntry entries[] = {
    { "open", open_cb, NULL, NULL, NULL, { 0 } },    { "join", join_cb, NULL, NULL, NULL, { 0 } },
    { "leave", leave_cb, NULL, NULL, NULL, { 0 } },  { "mark-read", mark_read_cb, NULL, NULL, NULL, { 0 } },
    { "mute", NULL, NULL, "false", mute_cb, { 0 } }, { "notify", NULL, "s", "'default'", notify_cb, { 0 } },
    { "topic", topic_cb, NULL, NULL, NULL, { 0 } },  { "copy-name", copy_name_cb, NULL, NULL, NULL, { 0 } },
    { "export", export_cb, "s", NULL, NULL, { 0 } },
  };

  self->cancellable = g_cancellable_new ();
  self->group = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->group), entries, G_N_ELEMENTS (entries), self);
}

ChatChannelActions *
chat_channel_actions_new (GtkWidget *owner)
{
  ChatChannelActions *self = g_object_new (CHAT_TYPE_CHANNEL_ACTIONS, NULL);

  self->owner = owner;
  gtk_widget_insert_action_group (owner, "channel", G_ACTION_GROUP (self->group));
  return self;
}

void
chat_channel_actions_set_channel (ChatChannelActions *self, ChatWorkspace *workspace, ChatChannel *channel)
{
  gboolean private, joined, service;

  g_set_object (&self->workspace, workspace);
  g_set_object (&self->channel, channel);
  if (channel == NULL)
    return;
  private = chat_channel_get_private (channel);
  joined = chat_channel_get_joined (channel);
  service = chat_workspace_has_service (workspace);
  enable (self, "join", service && !private && !joined);
  enable (self, "leave", service && !private && joined);
  enable (self, "topic", service && !private);
  enable (self, "export", service);
  enable (self, "mark-read", chat_channel_get_unread (channel) > 0);
  set_state (self, "mute", g_variant_new_boolean (chat_channel_get_muted (channel)));
  set_state (self, "notify", g_variant_new_string (notify_names[chat_channel_get_notify (channel)]));
}

GMenuModel *
chat_channel_actions_dup_menu (void)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource ("/chat/tertulia/Tertulia/chat-channel-menu.ui");

  return g_object_ref (G_MENU_MODEL (gtk_builder_get_object (builder, "menu")));
}
