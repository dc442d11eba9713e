/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-publisher.h"

#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "server/api/chat-api-error.h"
#include "server/api/chat-api-recents.h"
#include "server/store/chat-store.h"

#define RECENTS_MAX 32768

struct _ChatApiPublisher
{
  GObject parent_instance;

  /* Owned */
  ChatTransport *transport;
  ChatMessageStore *messages;
  ChatApiDirectory *directory;
  ChatBlockList *blocks;
  ChatApiRecents *recents;
  GHashTable *lanes; /* user key → GQueue of GTask: the posts of one author, the first of which waits for the store */

  /* Borrowed */
  ChatSigner *signer;
};

G_DEFINE_FINAL_TYPE (ChatApiPublisher, chat_api_publisher, G_TYPE_OBJECT)

/* One message on its way. */
typedef struct
{
  char *user_key;
  ChatMessage *message;
  gboolean known_new; /* the store was asked */
} Post;

/* What a post is answered with. */
typedef struct
{
  char *id;
  gint64 timestamp;
} Receipt;

static void
post_free (gpointer data)
{
  Post *post = data;

  g_free (post->user_key);
  g_clear_pointer (&post->message, chat_message_unref);
  g_free (post);
}

static void
receipt_free (gpointer data)
{
  Receipt *receipt = data;

  g_free (receipt->id);
  g_free (receipt);
}

static void
accept (GTask *task, const char *id, gint64 timestamp)
{
  Receipt *receipt = g_new0 (Receipt, 1);

  receipt->id = g_strdup (id);
  receipt->timestamp = timestamp;
  g_task_return_pointer (task, receipt, receipt_free);
}

static void
return_conflict (GTask *task, const char *id)
{
  g_task_return_new_error (task, CHAT_API_ERROR, CHAT_API_ERROR_ID_CONFLICT,
                           "The id %s belongs to another message: a new message needs an id of its own", id);
}

/*
 * Making the message
 */

/* Members that only the service writes. */
static const char *const reserved[] = { "moderation", "seq", "bot", "user", "receipts", "reason", NULL };

static gboolean
check_own_member (JsonObject *record, const char *member, const char *own, GError **error)
{
  const char *given = own;

  if (!chat_json_get_string (record, member, FALSE, &given, error))
    return FALSE;
  if (g_str_equal (given, own))
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"%s\" is \"%s\", but here it is \"%s\": leave it out",
               member, given, own);
  return FALSE;
}

static gboolean
set_id (JsonObject *record, GError **error)
{
  const char *given = NULL;
  g_autofree char *id = NULL;

  if (!chat_json_get_string (record, "id", FALSE, &given, error))
    return FALSE;
  if (given != NULL && !chat_uuid_is_valid (given))
    {
      g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"id\" is \"%s\", which is not a UUID", given);
      return FALSE;
    }
  id = given != NULL ? g_ascii_strdown (given, -1) : chat_uuid_v7 ();
  json_object_set_string_member (record, "id", id);
  return TRUE;
}

static gboolean
check_kind (const ChatMessage *message, GError **error)
{
  ChatMessageKind kind = chat_message_get_kind (message);

  if (kind == CHAT_KIND_MESSAGE || kind == CHAT_KIND_NOTICE)
    return TRUE;
  g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"kind\" must be \"message\" or \"notice\" here");
  return FALSE;
}

static ChatMessage *
make_message (const ChatSessionInfo *session, const char *channel, JsonObject *record, GError **error)
{
  g_autofree char *now = chat_time_format (chat_time_now ());
  g_autofree char *name = NULL;
  g_autoptr (ChatMessage) message = NULL;

  if (channel == NULL && !chat_json_get_string (record, "channel", TRUE, &channel, error))
    return NULL;
  name = g_strdup (channel); /* it may be the record's own, which is about to be set */
  if (!chat_channel_name_check (name, error) || !check_own_member (record, "channel", name, error)
      || !check_own_member (record, "author", session->user, error) || !set_id (record, error))
    return NULL;
  for (guint i = 0; reserved[i] != NULL; i++)
    json_object_remove_member (record, reserved[i]);
  json_object_set_string_member (record, "author", session->user);
  json_object_set_string_member (record, "timestamp", now);
  json_object_set_string_member (record, "channel", name);
  message = chat_message_decode_object (record, error);
  if (message == NULL || !check_kind (message, error))
    return NULL;
  chat_message_set_bot (message, session->bot);
  return g_steal_pointer (&message);
}

/*
 * Publishing it
 */

static void
published_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApiPublisher *self = g_task_get_source_object (task);
  const Post *post = g_task_get_task_data (task);
  const char *id = chat_message_get_id (post->message);
  g_autoptr (GError) error = NULL;
  ChatApiRecent *recent = chat_api_recents_find (self->recents, id);
  g_autoptr (GPtrArray) waiters = g_steal_pointer (&recent->waiters);
  gint64 timestamp = recent->timestamp;

  if (chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error))
    recent->accepted = TRUE;
  else
    chat_api_recents_remove (self->recents, id); /* so that it can be sent again */
  if (waiters == NULL)
    waiters = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_insert (waiters, 0, g_object_ref (task));
  for (guint i = 0; i < waiters->len; i++)
    if (error == NULL)
      accept (waiters->pdata[i], id, timestamp);
    else
      g_task_return_error (waiters->pdata[i], g_error_copy (error));
}

static void
publish (ChatApiPublisher *self, GTask *task)
{
  const Post *post = g_task_get_task_data (task);
  const char *channel = chat_message_get_channel (post->message);
  g_autofree char *signature = chat_signer_sign (self->signer, post->message);
  g_autoptr (GBytes) bytes = chat_message_encode (post->message);
  g_autoptr (ChatRecord) record = NULL;

  if (g_bytes_get_size (bytes) > CHAT_RECORD_MAX_BYTES)
    {
      g_task_return_new_error (task, CHAT_API_ERROR, CHAT_API_ERROR_TOO_LARGE,
                               "The message has %" G_GSIZE_FORMAT " bytes as JSON, more than the %d allowed",
                               g_bytes_get_size (bytes), CHAT_RECORD_MAX_BYTES);
      return;
    }
  chat_api_recents_add (self->recents, post->message);
  record = chat_record_new (CHAT_TOPIC_CHAT, channel, bytes);
  chat_record_set_header (record, CHAT_SIGNATURE_HEADER, signature);
  chat_transport_publish_async (self->transport, record, NULL, published_cb, g_object_ref (task));
}

/*
 * Is it a repeat?
 */

static void
wait_for_first (ChatApiRecent *recent, GTask *task)
{
  if (recent->waiters == NULL)
    recent->waiters = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (recent->waiters, g_object_ref (task));
}

static void
answer_repeat (ChatApiRecent *recent, GTask *task)
{
  const Post *post = g_task_get_task_data (task);

  if (!chat_api_recent_is_same (recent, post->message))
    return_conflict (task, recent->id);
  else if (recent->accepted)
    accept (task, recent->id, recent->timestamp);
  else
    wait_for_first (recent, task);
}

/* Whether the text of a stored message is @text but for what moderation has masked: an asterisk for each character of
 * its spans. */
static gboolean
is_masked_text (const ChatMessage *stored, const char *text)
{
  const ChatModerationNote *note = chat_message_get_moderation (stored);
  const char *masked = chat_message_get_data (stored);
  g_autoptr (GString) restored = g_string_new (NULL);
  const char *original = text;

  if (note == NULL || note->spans == NULL || masked == NULL || text == NULL)
    return FALSE;
  for (guint place = 0, span = 0; *masked != '\0' && *original != '\0'; place++)
    {
      while (span < note->spans->len
             && place >= g_array_index (note->spans, ChatSpan, span).start
                             + g_array_index (note->spans, ChatSpan, span).length)
        span++;
      if (span < note->spans->len && place >= g_array_index (note->spans, ChatSpan, span).start)
        g_string_append_unichar (restored, g_utf8_get_char (original));
      else
        g_string_append_unichar (restored, g_utf8_get_char (masked));
      masked = g_utf8_next_char (masked);
      original = g_utf8_next_char (original);
    }
  return *masked == '\0' && *original == '\0' && g_str_equal (restored->str, text);
}

static gboolean
is_same_as_stored (const ChatMessage *stored, const ChatMessage *message)
{
  g_autoptr (ChatMessage) copy = NULL;

  if (chat_message_equal_content (stored, message))
    return TRUE;
  if (!is_masked_text (stored, chat_message_get_data (message)))
    return FALSE;
  copy = chat_message_copy (stored);
  chat_message_set_data (copy, chat_message_get_data (message));
  return chat_message_equal_content (copy, message);
}

/*
 * One after the other
 */

static gboolean step (ChatApiPublisher *self, GTask *task);

/* The first of its lane goes on; those behind it follow until one has to wait again. */
static void
resume_lane (ChatApiPublisher *self, const char *user_key)
{
  GQueue *lane = g_hash_table_lookup (self->lanes, user_key);
  GTask *task;

  while ((task = g_queue_peek_head (lane)) != NULL)
    {
      if (!step (self, task))
        return;
      g_object_unref (g_queue_pop_head (lane));
    }
  g_hash_table_remove (self->lanes, user_key);
}

/* The first of a lane has failed or been answered while it waited. */
static void
leave_lane (ChatApiPublisher *self, GTask *task)
{
  const Post *post = g_task_get_task_data (task);
  GQueue *lane = g_hash_table_lookup (self->lanes, post->user_key);
  g_autofree char *user_key = g_strdup (post->user_key);

  g_object_unref (g_queue_pop_head (lane));
  resume_lane (self, user_key);
}

static void
found_channel_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApiPublisher *self = g_task_get_source_object (task);
  const Post *post = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (ChatApiChannel) channel = chat_api_directory_lookup_finish (CHAT_API_DIRECTORY (source), result, &error);

  if (channel != NULL)
    {
      resume_lane (self, post->user_key);
      return;
    }
  g_task_return_error (task, error);
  leave_lane (self, task);
}

static void
found_message_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApiPublisher *self = g_task_get_source_object (task);
  Post *post = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (ChatMessage) stored = chat_message_store_get_finish (CHAT_MESSAGE_STORE (source), result, &error);

  if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    {
      g_error_free (error);
      post->known_new = TRUE;
      resume_lane (self, post->user_key);
      return;
    }
  if (stored == NULL)
    g_task_return_error (task, error);
  else if (is_same_as_stored (stored, post->message))
    accept (task, chat_message_get_id (stored), chat_message_get_timestamp (stored));
  else
    return_conflict (task, chat_message_get_id (stored));
  leave_lane (self, task);
}

/* Does what can be done for @task without waiting. FALSE where it waits for the store; its callback goes on with the
 * lane. */
static gboolean
step (ChatApiPublisher *self, GTask *task)
{
  const Post *post = g_task_get_task_data (task);
  const char *id = chat_message_get_id (post->message);
  const ChatBlock *block = chat_block_list_find (self->blocks, post->user_key, chat_time_now ());
  ChatApiChannel *channel = chat_api_directory_find (self->directory, chat_message_get_channel (post->message));
  ChatApiRecent *recent = chat_api_recents_find (self->recents, id);
  GError *error = NULL;

  if (block != NULL)
    g_task_return_error (task, chat_api_error_new_blocked (block, "post"));
  else if (channel == NULL)
    {
      chat_api_directory_lookup_async (self->directory, chat_message_get_channel (post->message), NULL, NULL,
                                       found_channel_cb, g_object_ref (task));
      return FALSE;
    }
  else if (!chat_api_directory_check (channel, post->user_key, &error))
    g_task_return_error (task, error);
  else if (recent != NULL)
    answer_repeat (recent, task);
  else if (!post->known_new && !chat_api_recents_covers (self->recents, id, chat_time_now ()))
    {
      chat_message_store_get_async (self->messages, id, NULL, found_message_cb, g_object_ref (task));
      return FALSE;
    }
  else
    publish (self, task);
  return TRUE;
}

static void
lane_free (gpointer data)
{
  g_queue_free_full (data, g_object_unref);
}

static void
enter (ChatApiPublisher *self, GTask *task)
{
  const Post *post = g_task_get_task_data (task);
  GQueue *lane = g_hash_table_lookup (self->lanes, post->user_key);

  if (lane == NULL)
    {
      if (step (self, task))
        return;
      lane = g_queue_new ();
      g_hash_table_insert (self->lanes, g_strdup (post->user_key), lane);
    }
  g_queue_push_tail (lane, g_object_ref (task));
}

static void
chat_api_publisher_dispose (GObject *object)
{
  ChatApiPublisher *self = CHAT_API_PUBLISHER (object);

  g_clear_pointer (&self->lanes, g_hash_table_unref);
  g_clear_pointer (&self->recents, chat_api_recents_free);
  g_clear_object (&self->blocks);
  g_clear_object (&self->directory);
  g_clear_object (&self->messages);
  g_clear_object (&self->transport);
  G_OBJECT_CLASS (chat_api_publisher_parent_class)->dispose (object);
}

static void
chat_api_publisher_class_init (ChatApiPublisherClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = chat_api_publisher_dispose;
}

static void
chat_api_publisher_init (ChatApiPublisher *self)
{
  self->recents = chat_api_recents_new (RECENTS_MAX, chat_time_now ());
  self->lanes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, lane_free);
}

ChatApiPublisher *
chat_api_publisher_new (ChatTransport *transport, ChatMessageStore *messages, ChatApiDirectory *directory,
                        ChatBlockList *blocks, ChatSigner *signer)
{
  ChatApiPublisher *self = g_object_new (CHAT_TYPE_API_PUBLISHER, NULL);

  self->transport = g_object_ref (transport);
  self->messages = g_object_ref (messages);
  self->directory = g_object_ref (directory);
  self->blocks = g_object_ref (blocks);
  self->signer = signer;
  return self;
}

void
chat_api_publisher_post_async (ChatApiPublisher *self, const ChatSessionInfo *session, const char *channel,
                               JsonObject *record, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  ChatMessage *message;
  GError *error = NULL;
  Post *post;

  g_task_set_source_tag (task, chat_api_publisher_post_async);
  g_task_set_check_cancellable (task, FALSE);
  if (g_cancellable_set_error_if_cancelled (cancellable, &error)
      || (message = make_message (session, channel, record, &error)) == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  post = g_new0 (Post, 1);
  post->user_key = g_strdup (session->user_key);
  post->message = message;
  g_task_set_task_data (task, post, post_free);
  enter (self, task);
}

gboolean
chat_api_publisher_post_finish (ChatApiPublisher *self, GAsyncResult *result, char **id, gint64 *timestamp,
                                GError **error)
{
  Receipt *receipt;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  receipt = g_task_propagate_pointer (G_TASK (result), error);
  if (receipt == NULL)
    return FALSE;
  *id = g_steal_pointer (&receipt->id);
  *timestamp = receipt->timestamp;
  receipt_free (receipt);
  return TRUE;
}
