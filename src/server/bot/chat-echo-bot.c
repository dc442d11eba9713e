/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/bot/chat-echo-bot.h"

#include "core/chat-lru.h"
#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "moderation/chat-skeleton.h"

#include <string.h>

#define NAME "eco"
#define CONVERSATIONS_CAPACITY 4096

/* One batch on its way. */
typedef struct
{
  GPtrArray *messages; /* (element-type ChatMessage): what may want an answer */
  guint questions;     /* to the store, that are open */
  GError *error;       /* the first */
} Batch;

typedef enum
{
  MEMBERSHIP_UNKNOWN,
  MEMBERSHIP_YES,
  MEMBERSHIP_NO,
} Membership;

struct _ChatEchoBot
{
  ChatForwarder parent_instance;

  /* Borrowed */
  ChatSigner *signer;

  /* Owned */
  ChatChannelStore *channels;
  ChatUserStore *users;
  ChatLru *conversations; /* private channel → Membership */
  char *user_key;
  char *session_id;
};

G_DEFINE_FINAL_TYPE (ChatEchoBot, chat_echo_bot, CHAT_TYPE_FORWARDER)

static void
batch_free (Batch *self)
{
  g_ptr_array_unref (self->messages);
  g_clear_error (&self->error);
  g_free (self);
}

/* What is for the bot */

/* Nearly everything on a public channel is not for the bot: that is seen without decoding it. (Some encoder may write
 * "\u0040eco"; whoever types a message does not use that one.) */
static gboolean
may_mention (GBytes *bytes)
{
  gsize size;
  const char *at = g_bytes_get_data (bytes, &size);
  const char *end = at + size;

  while ((at = memchr (at, '@', (gsize)(end - at))) != NULL)
    {
      at++;
      if ((gsize)(end - at) >= strlen (NAME) && g_ascii_strncasecmp (at, NAME, strlen (NAME)) == 0)
        return TRUE;
    }
  return FALSE;
}

/* What follows "@eco" at the beginning of @text; NULL where it is not addressed so, or nothing follows. */
static const char *
find_address (const char *text)
{
  if (*text != '@' || g_ascii_strncasecmp (text + 1, NAME, strlen (NAME)) != 0)
    return NULL;
  text += 1 + strlen (NAME);
  gunichar next = g_utf8_get_char (text);
  if (g_unichar_isalnum (next) || next == '_' || next == '-')
    return NULL; /* somebody with a longer name */
  while (*text != '\0' && (g_unichar_isspace (g_utf8_get_char (text)) || strchr (",:;", *text) != NULL))
    text = g_utf8_next_char (text);
  return *text != '\0' ? text : NULL;
}

static gboolean
is_own (ChatEchoBot *self, const char *name)
{
  g_autofree char *key = chat_skeleton (name);

  return g_str_equal (key, self->user_key);
}

static gboolean
may_want_answer (ChatEchoBot *self, const ChatMessage *message)
{
  if (chat_message_get_kind (message) != CHAT_KIND_MESSAGE || chat_message_get_bot (message)
      || chat_message_get_author (message) == NULL || chat_message_get_id (message) == NULL
      || chat_message_get_channel (message) == NULL)
    return FALSE;
  if (!chat_channel_name_is_private (chat_message_get_channel (message))
      && find_address (chat_message_get_data (message)) == NULL)
    return FALSE;
  return !is_own (self, chat_message_get_author (message));
}

static Membership
get_membership (ChatEchoBot *self, const char *channel)
{
  if (!chat_channel_name_is_private (channel))
    return MEMBERSHIP_YES;
  return (Membership)GPOINTER_TO_UINT (chat_lru_get (self->conversations, channel));
}

static Batch *
batch_new (ChatEchoBot *self, GPtrArray *inputs)
{
  Batch *batch = g_new0 (Batch, 1);

  batch->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  for (guint i = 0; i < inputs->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (inputs, i);
      GBytes *bytes = chat_record_get_bytes (record);
      if (g_str_equal (chat_record_get_topic (record), CHAT_TOPIC_CONTROLLED) && !may_mention (bytes))
        continue;
      g_autoptr (ChatMessage) message
          = chat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
      if (message != NULL && may_want_answer (self, message))
        g_ptr_array_add (batch->messages, g_steal_pointer (&message));
    }
  return batch;
}

/* Answering */

static ChatRecord *
answer_new (ChatEchoBot *self, const ChatMessage *message)
{
  const char *id = chat_message_get_id (message);
  const char *channel = chat_message_get_channel (message);
  const char *text = chat_message_get_data (message);
  g_autofree char *answer_id = chat_uuid_v5 (NAME, id, strlen (id));
  g_autoptr (ChatMessage) answer = chat_message_new (CHAT_KIND_MESSAGE);

  chat_message_set_id (answer, answer_id);
  chat_message_set_channel (answer, channel);
  chat_message_set_author (answer, NAME);
  chat_message_set_data (answer, chat_channel_name_is_private (channel) ? text : find_address (text));
  chat_message_set_timestamp (answer, chat_time_now ());
  chat_message_set_reply_to (answer, id);
  chat_message_set_bot (answer, TRUE);

  g_autoptr (GBytes) bytes = chat_message_encode (answer);
  g_autofree char *signature = chat_signer_sign (self->signer, answer);
  ChatRecord *record = chat_record_new (CHAT_TOPIC_CHAT, channel, bytes);
  chat_record_set_header (record, CHAT_SIGNATURE_HEADER, signature);
  return record;
}

static void
remember_members (ChatEchoBot *self, const ChatChannelInfo *info)
{
  Membership membership = MEMBERSHIP_NO;

  /* one without members is not made yet: its members are fixed only once it has some */
  if (info->members == NULL || info->members[0] == NULL)
    return;
  for (guint i = 0; info->members[i] != NULL; i++)
    if (is_own (self, info->members[i]))
      membership = MEMBERSHIP_YES;
  chat_lru_put (self->conversations, info->name, GUINT_TO_POINTER (membership));
}

static void
answered (GTask *task)
{
  Batch *batch = g_task_get_task_data (task);

  if (--batch->questions > 0)
    return;
  if (batch->error != NULL)
    g_task_return_error (task, g_steal_pointer (&batch->error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
channel_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Batch *batch = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatChannelInfo) info = chat_channel_store_get_finish (CHAT_CHANNEL_STORE (source), result, &error);

  if (info != NULL)
    remember_members (g_task_get_source_object (task), info);
  else if (batch->error == NULL && !g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    batch->error = g_steal_pointer (&error);
  answered (task);
}

static void
chat_echo_bot_process_async (ChatForwarder *forwarder, GPtrArray *inputs, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  ChatEchoBot *self = CHAT_ECHO_BOT (forwarder);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GHashTable) asked = g_hash_table_new (g_str_hash, g_str_equal);
  Batch *batch = batch_new (self, inputs);

  g_task_set_source_tag (task, chat_echo_bot_process_async);
  g_task_set_task_data (task, batch, (GDestroyNotify)batch_free);
  batch->questions = 1; /* this loop: no answer ends the task before every question is asked */
  for (guint i = 0; i < batch->messages->len; i++)
    {
      const char *channel = chat_message_get_channel (g_ptr_array_index (batch->messages, i));
      if (get_membership (self, channel) != MEMBERSHIP_UNKNOWN || !g_hash_table_add (asked, (gpointer)channel))
        continue;
      batch->questions++;
      chat_channel_store_get_async (self->channels, channel, NULL, cancellable, channel_cb, g_object_ref (task));
    }
  answered (task);
}

static GPtrArray *
chat_echo_bot_process_finish (ChatForwarder *forwarder, GAsyncResult *result, GError **error)
{
  ChatEchoBot *self = CHAT_ECHO_BOT (forwarder);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;

  Batch *batch = g_task_get_task_data (G_TASK (result));
  GPtrArray *outputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  for (guint i = 0; i < batch->messages->len; i++)
    {
      const ChatMessage *message = g_ptr_array_index (batch->messages, i);
      if (get_membership (self, chat_message_get_channel (message)) == MEMBERSHIP_YES)
        g_ptr_array_add (outputs, answer_new (self, message));
    }
  return outputs;
}

static gboolean
chat_echo_bot_is_passing (ChatForwarder *forwarder, const GError *error)
{
  return chat_store_error_is_passing (error);
}

/* The name */

static void
chat_echo_bot_prepare_async (ChatForwarder *forwarder, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data)
{
  ChatEchoBot *self = CHAT_ECHO_BOT (forwarder);
  gint64 now = chat_time_now ();
  ChatSessionInfo session = {
    .id = self->session_id,
    .user = (char *)NAME,
    .user_key = self->user_key,
    .token_hash = self->session_id, /* no token has a hash that looks like this */
    .bot = TRUE,
    .since = now,
    .lease = G_MAXINT64,
    .expires = G_MAXINT64,
  };

  chat_user_store_open_session_async (self->users, &session, 0, now, cancellable, callback, user_data);
}

static gboolean
chat_echo_bot_prepare_finish (ChatForwarder *forwarder, GAsyncResult *result, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (chat_user_store_open_session_finish (CHAT_ECHO_BOT (forwarder)->users, result, &local_error))
    return TRUE;
  if (g_error_matches (local_error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT))
    g_set_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT,
                 "The bot “%s” can’t start while somebody is here under its name: wait until they have left, or end "
                 "their session",
                 NAME);
  else
    g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

static void
chat_echo_bot_release_async (ChatForwarder *forwarder, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data)
{
  ChatEchoBot *self = CHAT_ECHO_BOT (forwarder);

  chat_user_store_close_session_async (self->users, self->session_id, cancellable, callback, user_data);
}

static gboolean
chat_echo_bot_release_finish (ChatForwarder *forwarder, GAsyncResult *result, GError **error)
{
  return chat_user_store_close_session_finish (CHAT_ECHO_BOT (forwarder)->users, result, error);
}

/* GObject */

static void
chat_echo_bot_finalize (GObject *object)
{
  ChatEchoBot *self = CHAT_ECHO_BOT (object);

  g_clear_pointer (&self->conversations, chat_lru_free);
  g_clear_object (&self->channels);
  g_clear_object (&self->users);
  g_free (self->user_key);
  g_free (self->session_id);
  G_OBJECT_CLASS (chat_echo_bot_parent_class)->finalize (object);
}

static void
chat_echo_bot_class_init (ChatEchoBotClass *klass)
{
  ChatForwarderClass *forwarder_class = CHAT_FORWARDER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = chat_echo_bot_finalize;
  forwarder_class->prepare_async = chat_echo_bot_prepare_async;
  forwarder_class->prepare_finish = chat_echo_bot_prepare_finish;
  forwarder_class->process_async = chat_echo_bot_process_async;
  forwarder_class->process_finish = chat_echo_bot_process_finish;
  forwarder_class->is_passing = chat_echo_bot_is_passing;
  forwarder_class->release_async = chat_echo_bot_release_async;
  forwarder_class->release_finish = chat_echo_bot_release_finish;
}

static void
chat_echo_bot_init (ChatEchoBot *self)
{
  self->conversations = chat_lru_new (CONVERSATIONS_CAPACITY, NULL);
  self->user_key = chat_skeleton (NAME);
  self->session_id = chat_uuid_v5 ("bot", NAME, strlen (NAME));
}

ChatEchoBot *
chat_echo_bot_new (ChatTransport *transport, ChatStore *store, ChatSigner *signer)
{
  const char *const topics[] = { CHAT_TOPIC_CONTROLLED, CHAT_TOPIC_PRIVATE, NULL };

  g_return_val_if_fail (CHAT_IS_TRANSPORT (transport), NULL);
  g_return_val_if_fail (CHAT_IS_STORE (store), NULL);
  g_return_val_if_fail (signer != NULL, NULL);

  ChatEchoBot *self = g_object_new (CHAT_TYPE_ECHO_BOT, "transport", transport, "group", NAME, "topics", topics, NULL);
  self->channels = g_object_ref (chat_store_get_channels (store));
  self->users = g_object_ref (chat_store_get_users (store));
  self->signer = signer;
  return self;
}
