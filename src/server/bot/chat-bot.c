/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/bot/chat-bot.h"

#include "core/chat-lru.h"
#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "moderation/chat-skeleton.h"
#include "server/bot/chat-bot-session.h"

#include <string.h>

#define CONVERSATIONS_CAPACITY 4096
#define CHANNELS_CAPACITY 1024
#define ADMITTED_CAPACITY 4096

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

/* What it said in a channel lately. */
typedef struct
{
  gint64 since; /* monotonic, µs */
  guint answers;
} Minute;

typedef struct
{
  /* Borrowed */
  ChatSigner *signer;

  /* Owned */
  ChatChannelStore *channels;
  ChatBotSession *session; /* by which the name is its own */
  ChatLru *conversations;  /* private channel → Membership */
  ChatLru *minutes;        /* public channel → Minute */
  ChatLru *admitted;       /* ids of messages whose answers count already */
  GStrv member_of;         /* nullable */
  char *user_key;

  gboolean opened; /* that session */
} ChatBotPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ChatBot, chat_bot, CHAT_TYPE_FORWARDER)

static const char *
get_name (ChatBot *self)
{
  return chat_service_get_name (CHAT_SERVICE (self));
}

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
may_mention (ChatBot *self, GBytes *bytes)
{
  const char *name = get_name (self);
  gsize size;
  const char *at = g_bytes_get_data (bytes, &size);
  const char *end = at + size;

  while ((at = memchr (at, '@', (gsize)(end - at))) != NULL)
    {
      at++;
      if ((gsize)(end - at) >= strlen (name) && g_ascii_strncasecmp (at, name, strlen (name)) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_part_of_word (gunichar c)
{
  return g_unichar_isalnum (c) || c == '_' || c == '-';
}

/* Whether "@name" is at @at, and not a longer name or an address. */
static gboolean
is_address (const char *name, const char *text, const char *at)
{
  if (g_ascii_strncasecmp (at + 1, name, strlen (name)) != 0)
    return FALSE;
  if (is_part_of_word (g_utf8_get_char (at + 1 + strlen (name))))
    return FALSE;
  return at == text || !is_part_of_word (g_utf8_get_char (g_utf8_prev_char (at)));
}

/* (transfer full) (nullable): what is said to it besides its name; NULL where it is not addressed. */
static char *
dup_told (ChatBot *self, const char *text)
{
  const char *name = get_name (self);
  const char *at = strchr (text, '@');

  while (at != NULL && !is_address (name, text, at))
    at = strchr (at + 1, '@');
  if (at == NULL || (at > text && !CHAT_BOT_GET_CLASS (self)->listens_within))
    return NULL;

  const char *rest = at + 1 + strlen (name);
  while (*rest != '\0' && (g_unichar_isspace (g_utf8_get_char (rest)) || strchr (",:;", *rest) != NULL))
    rest = g_utf8_next_char (rest);
  g_autofree char *before = g_strndup (text, (gsize)(at - text));
  return g_strconcat (before, rest, NULL);
}

static gboolean
is_own (ChatBot *self, const char *name)
{
  ChatBotPrivate *priv = chat_bot_get_instance_private (self);
  g_autofree char *key = chat_skeleton (name);

  return g_str_equal (key, priv->user_key);
}

static gboolean
may_want_answer (ChatBot *self, const ChatMessage *message)
{
  if (chat_message_get_kind (message) != CHAT_KIND_MESSAGE || chat_message_get_bot (message)
      || chat_message_get_author (message) == NULL || chat_message_get_id (message) == NULL
      || chat_message_get_channel (message) == NULL)
    return FALSE;
  if (!chat_channel_name_is_private (chat_message_get_channel (message)))
    {
      g_autofree char *told = dup_told (self, chat_message_get_data (message));
      if (told == NULL)
        return FALSE;
    }
  return !is_own (self, chat_message_get_author (message));
}

static Membership
get_membership (ChatBot *self, const char *channel)
{
  ChatBotPrivate *priv = chat_bot_get_instance_private (self);

  if (!chat_channel_name_is_private (channel))
    return MEMBERSHIP_YES;
  return (Membership)GPOINTER_TO_UINT (chat_lru_get (priv->conversations, channel));
}

static Batch *
batch_new (ChatBot *self, GPtrArray *inputs)
{
  Batch *batch = g_new0 (Batch, 1);

  batch->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  for (guint i = 0; i < inputs->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (inputs, i);
      GBytes *bytes = chat_record_get_bytes (record);
      if (g_str_equal (chat_record_get_topic (record), CHAT_TOPIC_CONTROLLED) && !may_mention (self, bytes))
        continue;
      g_autoptr (ChatMessage) message
          = chat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
      if (message != NULL && may_want_answer (self, message))
        g_ptr_array_add (batch->messages, g_steal_pointer (&message));
    }
  return batch;
}

/* Answering */

/* Whether one more answer there is not too much. A message that is gone through again counts once. */
static gboolean
admit (ChatBot *self, const ChatMessage *message)
{
  ChatBotPrivate *priv = chat_bot_get_instance_private (self);
  guint most = CHAT_BOT_GET_CLASS (self)->most_in_a_minute;
  const char *channel = chat_message_get_channel (message);
  gint64 now = g_get_monotonic_time ();
  Minute *minute;

  if (most == 0 || chat_channel_name_is_private (channel)
      || chat_lru_get (priv->admitted, chat_message_get_id (message)) != NULL)
    return TRUE;
  minute = chat_lru_get (priv->minutes, channel);
  if (minute == NULL)
    {
      minute = g_new0 (Minute, 1);
      minute->since = now;
      chat_lru_put (priv->minutes, channel, minute);
    }
  if (now - minute->since >= 60 * G_TIME_SPAN_SECOND)
    *minute = (Minute){ .since = now };
  if (minute->answers >= most)
    return FALSE;
  minute->answers++;
  chat_lru_put (priv->admitted, chat_message_get_id (message), GUINT_TO_POINTER (TRUE));
  return TRUE;
}

static char *
dup_answer (ChatBot *self, const ChatMessage *message)
{
  const char *text = chat_message_get_data (message);
  g_autofree char *told
      = chat_channel_name_is_private (chat_message_get_channel (message)) ? g_strdup (text) : dup_told (self, text);

  return CHAT_BOT_GET_CLASS (self)->answer (self, message, told);
}

/* (nullable) */
static ChatRecord *
answer_new (ChatBot *self, const ChatMessage *message)
{
  ChatBotPrivate *priv = chat_bot_get_instance_private (self);
  const char *id = chat_message_get_id (message);
  const char *channel = chat_message_get_channel (message);
  g_autofree char *text = dup_answer (self, message);

  if (text == NULL || !admit (self, message))
    return NULL;

  g_autofree char *answer_id = chat_uuid_v5 (get_name (self), id, strlen (id));
  g_autoptr (ChatMessage) answer = chat_message_new (CHAT_KIND_MESSAGE);
  chat_message_set_id (answer, answer_id);
  chat_message_set_channel (answer, channel);
  chat_message_set_author (answer, get_name (self));
  chat_message_set_data (answer, text);
  chat_message_set_timestamp (answer, chat_time_now ());
  chat_message_set_reply_to (answer, id);
  chat_message_set_bot (answer, TRUE);

  g_autoptr (GBytes) bytes = chat_message_encode (answer);
  g_autofree char *signature = chat_signer_sign (priv->signer, answer);
  ChatRecord *record = chat_record_new (CHAT_TOPIC_CHAT, channel, bytes);
  chat_record_set_header (record, CHAT_SIGNATURE_HEADER, signature);
  return record;
}

static void
remember_members (ChatBot *self, const ChatChannelInfo *info)
{
  ChatBotPrivate *priv = chat_bot_get_instance_private (self);
  Membership membership = MEMBERSHIP_NO;

  /* one without members is not made yet: its members are fixed only once it has some */
  if (info->members == NULL || info->members[0] == NULL)
    return;
  for (guint i = 0; info->members[i] != NULL; i++)
    if (is_own (self, info->members[i]))
      membership = MEMBERSHIP_YES;
  chat_lru_put (priv->conversations, info->name, GUINT_TO_POINTER (membership));
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
chat_bot_process_async (ChatForwarder *forwarder, GPtrArray *inputs, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  ChatBot *self = CHAT_BOT (forwarder);
  ChatBotPrivate *priv = chat_bot_get_instance_private (self);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GHashTable) asked = g_hash_table_new (g_str_hash, g_str_equal);
  Batch *batch = batch_new (self, inputs);

  g_task_set_source_tag (task, chat_bot_process_async);
  g_task_set_task_data (task, batch, (GDestroyNotify)batch_free);
  batch->questions = 1; /* this loop: no answer ends the task before every question is asked */
  for (guint i = 0; i < batch->messages->len; i++)
    {
      const char *channel = chat_message_get_channel (g_ptr_array_index (batch->messages, i));
      if (get_membership (self, channel) != MEMBERSHIP_UNKNOWN || !g_hash_table_add (asked, (gpointer)channel))
        continue;
      batch->questions++;
      chat_channel_store_get_async (priv->channels, channel, NULL, cancellable, channel_cb, g_object_ref (task));
    }
  answered (task);
}

static GPtrArray *
chat_bot_process_finish (ChatForwarder *forwarder, GAsyncResult *result, GError **error)
{
  ChatBot *self = CHAT_BOT (forwarder);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;

  Batch *batch = g_task_get_task_data (G_TASK (result));
  GPtrArray *outputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  for (guint i = 0; i < batch->messages->len; i++)
    {
      const ChatMessage *message = g_ptr_array_index (batch->messages, i);
      ChatRecord *answer = NULL;

      if (get_membership (self, chat_message_get_channel (message)) == MEMBERSHIP_YES)
        answer = answer_new (self, message);
      if (answer != NULL)
        g_ptr_array_add (outputs, answer);
    }
  return outputs;
}

static gboolean
chat_bot_is_passing (ChatForwarder *forwarder, const GError *error)
{
  return chat_store_error_is_passing (error);
}

/* The name, and where it is a member */

typedef struct
{
  guint next;       /* of member_of */
  gboolean joining; /* else leaving */
} Round;

static void visit_next (GTask *task);

static void
visited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (chat_channel_store_set_member_finish (CHAT_CHANNEL_STORE (source), result, &error)
      || g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    visit_next (task);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Joins or leaves one channel after the other; ends the task. */
static void
visit_next (GTask *task)
{
  ChatBot *self = g_task_get_source_object (task);
  ChatBotPrivate *priv = chat_bot_get_instance_private (self);
  Round *round = g_task_get_task_data (task);
  const char *channel = priv->member_of != NULL ? priv->member_of[round->next] : NULL;

  if (channel == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  round->next++;
  chat_channel_store_set_member_async (priv->channels, channel, get_name (self), priv->user_key, round->joining,
                                       g_task_get_cancellable (task), visited_cb, g_object_ref (task));
}

static GTask *
round_new (ChatBot *self, gboolean joining, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback,
           gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Round *round = g_new0 (Round, 1);

  round->joining = joining;
  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, round, g_free);
  return task;
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatBotPrivate *priv = chat_bot_get_instance_private (g_task_get_source_object (task));
  GError *error = NULL;

  if (!chat_bot_session_hold_finish (CHAT_BOT_SESSION (source), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  priv->opened = TRUE;
  visit_next (task);
}

static void
chat_bot_prepare_async (ChatForwarder *forwarder, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  ChatBot *self = CHAT_BOT (forwarder);
  ChatBotPrivate *priv = chat_bot_get_instance_private (self);
  GTask *task = round_new (self, TRUE, chat_bot_prepare_async, cancellable, callback, user_data);

  chat_bot_session_hold_async (priv->session, cancellable, opened_cb, task);
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatBotPrivate *priv = chat_bot_get_instance_private (g_task_get_source_object (task));
  GError *error = NULL;

  if (chat_bot_session_release_finish (CHAT_BOT_SESSION (source), result, &error) && priv->opened)
    visit_next (task);
  else if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
chat_bot_release_async (ChatForwarder *forwarder, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  ChatBot *self = CHAT_BOT (forwarder);
  ChatBotPrivate *priv = chat_bot_get_instance_private (self);
  GTask *task = round_new (self, FALSE, chat_bot_release_async, cancellable, callback, user_data);

  chat_bot_session_release_async (priv->session, cancellable, closed_cb, task);
}

static gboolean
chat_bot_finish (ChatForwarder *forwarder, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* GObject */

static void
chat_bot_finalize (GObject *object)
{
  ChatBotPrivate *priv = chat_bot_get_instance_private (CHAT_BOT (object));

  g_clear_pointer (&priv->conversations, chat_lru_free);
  g_clear_pointer (&priv->minutes, chat_lru_free);
  g_clear_pointer (&priv->admitted, chat_lru_free);
  g_clear_pointer (&priv->member_of, g_strfreev);
  g_clear_object (&priv->channels);
  g_clear_object (&priv->session);
  g_free (priv->user_key);
  G_OBJECT_CLASS (chat_bot_parent_class)->finalize (object);
}

static void
chat_bot_class_init (ChatBotClass *klass)
{
  ChatForwarderClass *forwarder_class = CHAT_FORWARDER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = chat_bot_finalize;
  forwarder_class->prepare_async = chat_bot_prepare_async;
  forwarder_class->prepare_finish = chat_bot_finish;
  forwarder_class->process_async = chat_bot_process_async;
  forwarder_class->process_finish = chat_bot_process_finish;
  forwarder_class->is_passing = chat_bot_is_passing;
  forwarder_class->release_async = chat_bot_release_async;
  forwarder_class->release_finish = chat_bot_finish;
}

static void
chat_bot_init (ChatBot *self)
{
  ChatBotPrivate *priv = chat_bot_get_instance_private (self);

  priv->conversations = chat_lru_new (CONVERSATIONS_CAPACITY, NULL);
  priv->minutes = chat_lru_new (CHANNELS_CAPACITY, g_free);
  priv->admitted = chat_lru_new (ADMITTED_CAPACITY, NULL);
}

gpointer
chat_bot_new (GType type, const char *name, const ChatBotOptions *options)
{
  const char *const topics[] = { CHAT_TOPIC_CONTROLLED, CHAT_TOPIC_PRIVATE, NULL };

  g_return_val_if_fail (g_type_is_a (type, CHAT_TYPE_BOT) && name != NULL, NULL);
  g_return_val_if_fail (options != NULL && options->signer != NULL, NULL);
  g_return_val_if_fail (CHAT_IS_TRANSPORT (options->transport) && CHAT_IS_STORE (options->store), NULL);

  ChatBot *self = g_object_new (type, "transport", options->transport, "group", name, "topics", topics, NULL);
  ChatBotPrivate *priv = chat_bot_get_instance_private (self);
  priv->channels = g_object_ref (chat_store_get_channels (options->store));
  priv->session = chat_bot_session_new (chat_store_get_users (options->store), name);
  priv->signer = options->signer;
  priv->member_of = g_strdupv ((char **)options->channels);
  priv->user_key = chat_skeleton (name);
  return self;
}
