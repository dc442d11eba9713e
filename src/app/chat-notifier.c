/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-notifier.h"

#include <glib/gi18n.h>

#include "app/chat-warning-card.h"
#include "client/chat-warning.h"

/* More of one channel become one that counts. */
#define MOST_OF_A_CHANNEL 4
#define LONGEST_BODY 240 /* characters */
/* It counts no more often than this, however fast they come. */
#define COUNT_MS 500

struct _ChatNotifier
{
  GObject parent_instance;

  /* Borrowed */
  GApplication *application;
  ChatWindow *window; /* weak, nullable */

  /* Owned */
  GSettings *settings;
  ChatWorkspace *workspace; /* nullable */
  GHashTable *shown;        /* channel → Shown */
};

/* What the shell shows of one channel. */
typedef struct
{
  ChatNotifier *notifier; /* borrowed */
  ChatChannel *channel;   /* borrowed: the key */
  GPtrArray *ids;         /* of notifications */
  guint messages;         /* that they stand for */
  guint told;             /* of those, in the one that counts */
  char *last;             /* nullable: the newest message's id */
  guint count_id;
} Shown;

G_DEFINE_FINAL_TYPE (ChatNotifier, chat_notifier, G_TYPE_OBJECT)

static void
shown_free (gpointer data)
{
  Shown *shown = data;

  g_clear_handle_id (&shown->count_id, g_source_remove);
  g_ptr_array_unref (shown->ids);
  g_free (shown->last);
  g_free (shown);
}

static gboolean
is_on_screen (ChatNotifier *self, ChatChannel *channel)
{
  return self->window != NULL && gtk_window_is_active (GTK_WINDOW (self->window))
         && chat_window_get_channel (self->window) == channel;
}

static gboolean
is_worth_it (ChatNotifier *self, ChatChannel *channel, gboolean mention)
{
  ChatNotify notify = chat_channel_get_notify (channel);
  g_autofree char *setting = g_settings_get_string (self->settings, "notify");

  if (chat_channel_get_muted (channel))
    return FALSE;
  if (notify == CHAT_NOTIFY_DEFAULT)
    notify = g_str_equal (setting, "all")    ? CHAT_NOTIFY_ALL
             : g_str_equal (setting, "none") ? CHAT_NOTIFY_NONE
                                             : CHAT_NOTIFY_MENTIONS;
  if (notify == CHAT_NOTIFY_NONE)
    return FALSE;
  return notify == CHAT_NOTIFY_ALL || mention || chat_channel_get_private (channel);
}

static void
withdraw_ids (ChatNotifier *self, Shown *shown)
{
  for (guint i = 0; i < shown->ids->len; i++)
    g_application_withdraw_notification (self->application, g_ptr_array_index (shown->ids, i));
  g_ptr_array_set_size (shown->ids, 0);
}

static void
withdraw (ChatNotifier *self, ChatChannel *channel)
{
  Shown *shown = g_hash_table_lookup (self->shown, channel);

  if (shown == NULL)
    return;
  withdraw_ids (self, shown);
  g_hash_table_remove (self->shown, channel);
}

static void
unread_cb (ChatNotifier *self, GParamSpec *pspec, ChatChannel *channel)
{
  if (chat_channel_get_unread (channel) > 0)
    return;
  g_signal_handlers_disconnect_by_func (channel, unread_cb, self);
  withdraw (self, channel);
}

/* (transfer none) */
static Shown *
ensure_shown (ChatNotifier *self, ChatChannel *channel)
{
  Shown *shown = g_hash_table_lookup (self->shown, channel);

  if (shown != NULL)
    return shown;
  shown = g_new0 (Shown, 1);
  shown->notifier = self;
  shown->channel = channel;
  shown->ids = g_ptr_array_new_with_free_func (g_free);
  g_hash_table_insert (self->shown, g_object_ref (channel), shown);
  g_signal_handlers_disconnect_by_func (channel, unread_cb, self);
  g_signal_connect_object (channel, "notify::unread", G_CALLBACK (unread_cb), self, G_CONNECT_SWAPPED);
  return shown;
}

static void
send (ChatNotifier *self, ChatChannel *channel, const char *id, const char *title, const char *body,
      const char *message_id)
{
  Shown *shown = ensure_shown (self, channel);
  g_autoptr (GNotification) notification = g_notification_new (title);

  g_notification_set_body (notification, body);
  g_notification_set_category (notification, "im.received");
  g_notification_set_default_action_and_target (notification, "app.open-message", "(ss)",
                                                chat_channel_get_name (channel), message_id);
  g_application_send_notification (self->application, id, notification);
  if (!g_ptr_array_find_with_equal_func (shown->ids, id, g_str_equal, NULL))
    g_ptr_array_add (shown->ids, g_strdup (id));
}

/* Translators: who writes where: the title of a notification; a channel's name comes with its # */
static char *
dup_title (ChatChannel *channel, const char *author)
{
  if (chat_channel_get_private (channel))
    return g_strdup (author);
  return g_strdup_printf (_ ("%s in #%s"), author, chat_channel_get_title (channel));
}

static char *
dup_place (ChatChannel *channel)
{
  return g_strdup_printf (chat_channel_get_private (channel) ? "%s" : "#%s", chat_channel_get_title (channel));
}

static char *
dup_body (ChatMessage *message)
{
  const char *text = chat_message_get_data (message);
  g_autofree char *start = NULL;

  if (text == NULL)
    return g_strdup ("");
  if (g_utf8_strlen (text, -1) <= LONGEST_BODY)
    return g_strdup (text);
  start = g_utf8_substring (text, 0, LONGEST_BODY);
  return g_strconcat (start, "…", NULL);
}

static void
send_count (Shown *shown)
{
  g_autofree char *title = dup_place (shown->channel);
  g_autofree char *body
      = g_strdup_printf (ngettext ("%u new message", "%u new messages", shown->messages), shown->messages);

  shown->told = shown->messages;
  send (shown->notifier, shown->channel, chat_channel_get_name (shown->channel), title, body, shown->last);
}

static gboolean
count_cb (gpointer data)
{
  Shown *shown = data;

  if (shown->told < shown->messages)
    {
      send_count (shown);
      return G_SOURCE_CONTINUE;
    }
  shown->count_id = 0;
  return G_SOURCE_REMOVE;
}

static void
noteworthy_cb (ChatNotifier *self, ChatChannel *channel, ChatMessage *message, gboolean mention)
{
  const char *author = chat_message_get_author (message), *id = chat_message_get_id (message);
  g_autofree char *title = NULL;
  g_autofree char *body = NULL;
  Shown *shown;

  if (!is_worth_it (self, channel, mention) || is_on_screen (self, channel))
    return;
  shown = ensure_shown (self, channel);
  shown->messages++;
  if (shown->messages <= MOST_OF_A_CHANNEL)
    {
      title = dup_title (channel, author == NULL ? _ ("Unknown") : author);
      body = dup_body (message);
      send (self, channel, id, title, body, id);
      return;
    }
  if (shown->messages == MOST_OF_A_CHANNEL + 1)
    withdraw_ids (self, shown);
  g_free (shown->last);
  shown->last = g_strdup (id);
  if (shown->count_id != 0)
    return;
  send_count (shown);
  shown->count_id = g_timeout_add (COUNT_MS, count_cb, shown);
}

/* The card says it where it happened; who looks elsewhere is told too. */
static void
warned_cb (ChatNotifier *self, const ChatWarning *warning, ChatWorkspace *workspace)
{
  ChatChannel *channel = warning->channel == NULL ? NULL : chat_workspace_find_channel (workspace, warning->channel);
  g_autofree char *title = NULL;
  g_autofree char *body = NULL;

  if (channel == NULL || is_on_screen (self, channel))
    return;
  title = g_strdup_printf (_ ("Warning %u of %u"), warning->strike, warning->limit);
  body = chat_warning_card_dup_text (warning);
  send (self, channel, warning->id, title, body, warning->target);
}

/* Who comes back to the window reads what is on screen. */
static void
looked_at_cb (ChatNotifier *self)
{
  ChatChannel *channel = chat_window_get_channel (self->window);

  if (channel != NULL && is_on_screen (self, channel))
    withdraw (self, channel);
}

static void
withdraw_all (ChatNotifier *self)
{
  GHashTableIter iter;
  gpointer channel, shown;

  g_hash_table_iter_init (&iter, self->shown);
  while (g_hash_table_iter_next (&iter, &channel, &shown))
    {
      g_signal_handlers_disconnect_by_func (channel, unread_cb, self);
      withdraw_ids (self, shown);
    }
  g_hash_table_remove_all (self->shown);
}

static void
dispose (GObject *object)
{
  ChatNotifier *self = CHAT_NOTIFIER (object);

  if (self->shown != NULL)
    chat_notifier_set_workspace (self, NULL);
  chat_notifier_set_window (self, NULL);
  g_clear_pointer (&self->shown, g_hash_table_unref);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (chat_notifier_parent_class)->dispose (object);
}

static void
chat_notifier_class_init (ChatNotifierClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dispose;
}

static void
chat_notifier_init (ChatNotifier *self)
{
  self->shown = g_hash_table_new_full (NULL, NULL, g_object_unref, shown_free);
}

ChatNotifier *
chat_notifier_new (GApplication *application, GSettings *settings)
{
  ChatNotifier *self = g_object_new (CHAT_TYPE_NOTIFIER, NULL);

  self->application = application;
  self->settings = g_object_ref (settings);
  return self;
}

void
chat_notifier_set_workspace (ChatNotifier *self, ChatWorkspace *workspace)
{
  if (self->workspace == workspace)
    return;
  if (self->workspace != NULL)
    {
      g_signal_handlers_disconnect_by_func (self->workspace, noteworthy_cb, self);
      g_signal_handlers_disconnect_by_func (self->workspace, warned_cb, self);
      withdraw_all (self);
    }
  g_set_object (&self->workspace, workspace);
  if (workspace == NULL)
    return;
  g_signal_connect_object (workspace, "noteworthy", G_CALLBACK (noteworthy_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (workspace, "warned", G_CALLBACK (warned_cb), self, G_CONNECT_SWAPPED);
}

void
chat_notifier_set_window (ChatNotifier *self, ChatWindow *window)
{
  if (self->window == window)
    return;
  if (self->window != NULL)
    g_signal_handlers_disconnect_by_func (self->window, looked_at_cb, self);
  g_set_weak_pointer (&self->window, window);
  if (window != NULL)
    g_signal_connect_object (window, "notify::is-active", G_CALLBACK (looked_at_cb), self, G_CONNECT_SWAPPED);
}
