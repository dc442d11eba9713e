/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-publisher.h"

#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "moderation/chat-skeleton.h"
#include "server/api/chat-api-error.h"
#include "server/api/chat-api-post.h"
#include "server/api/chat-api-recents.h"
#include "server/api/chat-api-repeat.h"

#define RECENTS_MAX 32768
#define KEYS_MAX 4096

struct _ChatApiPublisher
{
  GObject parent_instance;

  /* Owned */
  ChatTransport *transport;
  ChatStore *store;
  ChatApiDirectory *directory;
  ChatBlockList *blocks;
  ChatApiRecents *recents;
  ChatApiOutbox *outbox; /* (nullable) */
  GHashTable *keys;      /* author → user key, of messages that were learned */
  GHashTable *lanes; /* user key → GQueue of GTask: the posts of one author, the first of which waits for the store */

  /* Borrowed */
  ChatSigner *signer;

  guint64 accepted;
  gboolean alone; /* nobody else publishes what users send */
};

G_DEFINE_FINAL_TYPE (ChatApiPublisher, chat_api_publisher, G_TYPE_OBJECT)

void
chat_api_receipt_free (ChatApiReceipt *self)
{
  g_free (self->id);
  g_free (self);
}

static void
accept (GTask *task, const char *id, gint64 timestamp, gboolean unchanged)
{
  ChatApiReceipt *receipt = g_new0 (ChatApiReceipt, 1);

  receipt->id = g_strdup (id);
  receipt->timestamp = timestamp;
  receipt->unchanged = unchanged;
  g_task_return_pointer (task, receipt, (GDestroyNotify)chat_api_receipt_free);
}

static GError *
new_conflict (const char *id)
{
  return g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_ID_CONFLICT,
                      "The id %s belongs to another message: a new message needs an id of its own", id);
}

static void
return_conflict (GTask *task, const char *id)
{
  g_task_return_error (task, new_conflict (id));
}

static char *
dup_digest (const ChatMessage *message)
{
  guint8 digest[CHAT_MESSAGE_DIGEST_BYTES];
  GString *text = g_string_sized_new (2 * sizeof digest);

  chat_message_digest (message, digest);
  for (guint i = 0; i < sizeof digest; i++)
    g_string_append_printf (text, "%02x", digest[i]);
  return g_string_free (text, FALSE);
}

/*
 * Publishing it
 */

/* @error: (nullable): why it was not. */
static void
end_publish (GTask *task, const GError *error)
{
  ChatApiPublisher *self = g_task_get_source_object (task);
  const ChatApiPost *post = g_task_get_task_data (task);
  const char *id = chat_message_get_id (post->message);
  ChatApiRecent *recent = chat_api_recents_find (self->recents, id);
  g_autoptr (GPtrArray) waiters = g_steal_pointer (&recent->waiters);
  gint64 timestamp = recent->timestamp;

  if (error == NULL)
    {
      recent->accepted = TRUE;
      self->accepted++;
    }
  else
    chat_api_recents_remove (self->recents, id); /* so that it can be sent again */
  if (waiters == NULL)
    waiters = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_insert (waiters, 0, g_object_ref (task));
  for (guint i = 0; i < waiters->len; i++)
    if (error == NULL)
      accept (waiters->pdata[i], id, timestamp, FALSE);
    else
      g_task_return_error (waiters->pdata[i], g_error_copy (error));
}

static void
published_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error);
  end_publish (task, error);
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApiPublisher *self = g_task_get_source_object (task);
  const ChatApiPost *post = g_task_get_task_data (task);
  const char *id = chat_message_get_id (post->message);
  ChatOutboxResult outcome = { CHAT_OUTBOX_ADDED, 0 };
  g_autoptr (GError) error = NULL;

  chat_api_outbox_add_finish (CHAT_API_OUTBOX (source), result, &outcome, &error);
  if (outcome.outcome == CHAT_OUTBOX_CONFLICT)
    error = new_conflict (id);
  else if (outcome.outcome == CHAT_OUTBOX_REPEATED) /* another process had it */
    chat_api_recents_find (self->recents, id)->timestamp = outcome.time;
  end_publish (task, error);
}

static void
write_down (ChatApiPublisher *self, GTask *task, char *signature, GBytes *bytes)
{
  const ChatApiPost *post = g_task_get_task_data (task);
  ChatOutboxEntry *entry = g_new0 (ChatOutboxEntry, 1);
  gsize size;
  const char *json = g_bytes_get_data (bytes, &size);

  *entry = (ChatOutboxEntry){ .id = g_strdup (chat_message_get_id (post->message)),
                              .digest = dup_digest (post->message),
                              .channel = g_strdup (chat_message_get_channel (post->message)),
                              .signature = g_strdup (signature),
                              .record = g_strndup (json, size),
                              .time = chat_message_get_timestamp (post->message) };
  chat_api_outbox_add_async (self->outbox, entry, NULL, written_cb, g_object_ref (task));
}

static void
publish (ChatApiPublisher *self, GTask *task)
{
  const ChatApiPost *post = g_task_get_task_data (task);
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
  chat_api_recents_remove (self->recents, chat_message_get_id (post->message)); /* that was learned */
  chat_api_recents_add (self->recents, post->message, post->user_key);
  if (self->outbox != NULL)
    {
      write_down (self, task, signature, bytes);
      return;
    }
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
  const ChatApiPost *post = g_task_get_task_data (task);

  if (!chat_api_recent_is_same (recent, post->message))
    return_conflict (task, recent->id);
  else if (recent->accepted)
    accept (task, recent->id, recent->timestamp, FALSE);
  else
    wait_for_first (recent, task);
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
  const ChatApiPost *post = g_task_get_task_data (task);
  GQueue *lane = g_hash_table_lookup (self->lanes, post->user_key);
  g_autofree char *user_key = g_strdup (post->user_key);

  g_object_unref (g_queue_pop_head (lane));
  resume_lane (self, user_key);
}

/* Takes @error. */
static void
fail_in_lane (ChatApiPublisher *self, GTask *task, GError *error)
{
  g_task_return_error (task, error);
  leave_lane (self, task);
}

/*
 * The steps before it is published. What one has found out it does not ask again: after a wait all are gone through
 * once more, because what was true before it may not be now.
 */

typedef enum
{
  STEP_NEXT,
  STEP_WAITS, /* for the store, whose callback goes on with the lane */
  STEP_ENDED, /* the task has returned */
} Step;

static Step
check_block (ChatApiPublisher *self, GTask *task, ChatApiPost *post)
{
  const ChatBlock *block = chat_block_list_find (self->blocks, post->user_key, chat_time_now ());

  if (block == NULL)
    return STEP_NEXT;
  g_task_return_error (task, chat_api_error_new_blocked (block, "post"));
  return STEP_ENDED;
}

static void
found_target_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApiPublisher *self = g_task_get_source_object (task);
  ChatApiPost *post = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (ChatMessage) stored = chat_message_store_get_finish (CHAT_MESSAGE_STORE (source), result, &error);

  if (stored == NULL && !g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    {
      fail_in_lane (self, task, error);
      return;
    }
  g_clear_error (&error);
  chat_api_post_set_target (post, stored);
  resume_lane (self, post->user_key);
}

static Step
ask_for_target (ChatApiPublisher *self, GTask *task, ChatApiPost *post)
{
  chat_message_store_get_async (chat_store_get_messages (self->store), post->about, NULL, found_target_cb,
                                g_object_ref (task));
  return STEP_WAITS;
}

/* What is on its way to the store is known here already. */
static void
add_recent (ChatApiPublisher *self, ChatApiPost *post)
{
  ChatApiTarget *target = &post->target;
  const ChatApiRecent *recent = chat_api_recents_find (self->recents, post->about);
  const char *reaction = NULL;

  if (target->channel == NULL && recent != NULL)
    {
      target->fitting = recent->kind == CHAT_KIND_MESSAGE || recent->kind == CHAT_KIND_NOTICE;
      target->channel = g_strdup (recent->channel);
      target->author = g_strdup (recent->author);
      target->user_key = g_strdup (recent->user_key);
    }
  target->known |= recent != NULL;
  target->deleted |= chat_api_recents_has_deleted (self->recents, post->about);
  if (post->emoji != NULL)
    reaction = chat_api_recents_find_reaction (self->recents, post->user_key, post->about, post->emoji);
  if (reaction != NULL)
    {
      g_free (target->reaction);
      target->reaction = g_strdup (reaction);
    }
  if (target->reaction != NULL && chat_api_recents_has_deleted (self->recents, target->reaction))
    g_clear_pointer (&target->reaction, g_free);
}

/* A change is made where its target is. */
static Step
find_place (ChatApiPublisher *self, GTask *task, ChatApiPost *post)
{
  if (!chat_api_post_is_change (post))
    return STEP_NEXT;
  if (!post->target.known)
    return ask_for_target (self, task, post);
  add_recent (self, post);
  if (post->target.channel == NULL)
    {
      g_task_return_error (task, chat_api_post_error_no_message (post->about));
      return STEP_ENDED;
    }
  chat_message_set_channel (post->message, post->target.channel);
  if (post->kind == CHAT_API_POST_UNREACT && post->target.reaction != NULL)
    chat_message_set_target (post->message, post->target.reaction);
  return STEP_NEXT;
}

static void
found_channel_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApiPublisher *self = g_task_get_source_object (task);
  const ChatApiPost *post = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (ChatApiChannel) channel = chat_api_directory_lookup_finish (CHAT_API_DIRECTORY (source), result, &error);

  if (channel != NULL)
    resume_lane (self, post->user_key);
  else
    fail_in_lane (self, task, error);
}

/* Nobody learns that a conversation of others, or a message in it, is there. */
static Step
enter_channel (ChatApiPublisher *self, GTask *task, ChatApiPost *post)
{
  const char *name = chat_message_get_channel (post->message);
  ChatApiChannel *channel = chat_api_directory_find (self->directory, name);
  GError *error = NULL;

  if (channel == NULL)
    {
      chat_api_directory_lookup_async (self->directory, name, NULL, NULL, found_channel_cb, g_object_ref (task));
      return STEP_WAITS;
    }
  if (chat_api_directory_check (channel, post->user_key, &error))
    return STEP_NEXT;
  if (chat_api_post_is_change (post))
    {
      g_clear_error (&error);
      error = chat_api_post_error_no_message (post->about);
    }
  g_task_return_error (task, error);
  return STEP_ENDED;
}

static void
found_message_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApiPublisher *self = g_task_get_source_object (task);
  ChatApiPost *post = g_task_get_task_data (task);
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
  else if (chat_api_repeat_is_of (stored, post->message))
    accept (task, chat_message_get_id (stored), chat_message_get_timestamp (stored), FALSE);
  else
    return_conflict (task, chat_message_get_id (stored));
  leave_lane (self, task);
}

static Step
find_first (ChatApiPublisher *self, GTask *task, ChatApiPost *post)
{
  const char *id = chat_message_get_id (post->message);
  ChatApiRecent *recent = chat_api_recents_find (self->recents, id);

  if (recent != NULL && !recent->learned)
    {
      answer_repeat (recent, task);
      return STEP_ENDED;
    }
  /* What another process took a moment ago may not be known here yet: then it is published again, as the same record,
   * of which the first counts. */
  if (post->known_new || (recent == NULL && chat_api_recents_covers (self->recents, id, chat_time_now ())))
    return STEP_NEXT;
  chat_message_store_get_async (chat_store_get_messages (self->store), id, NULL, found_message_cb, g_object_ref (task));
  return STEP_WAITS;
}

static Step
check_target (ChatApiPublisher *self, GTask *task, ChatApiPost *post)
{
  gboolean unchanged = FALSE;
  GError *error = NULL;

  if (post->about != NULL)
    add_recent (self, post);
  if (post->about != NULL && !post->target.known)
    return ask_for_target (self, task, post);
  if (!chat_api_post_check_target (post, &unchanged, &error))
    g_task_return_error (task, error);
  else if (unchanged)
    accept (task, chat_message_get_id (post->message), chat_message_get_timestamp (post->message), TRUE);
  return error != NULL || unchanged ? STEP_ENDED : STEP_NEXT;
}

static void
audited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApiPublisher *self = g_task_get_source_object (task);
  ChatApiPost *post = g_task_get_task_data (task);
  GError *error = NULL;

  if (!chat_moderation_store_add_audit_finish (CHAT_MODERATION_STORE (source), result, &error))
    {
      fail_in_lane (self, task, error);
      return;
    }
  post->audited = TRUE;
  resume_lane (self, post->user_key);
}

/* What a moderator does to another's message is written down first: it is never done without that. */
static Step
audit (ChatApiPublisher *self, GTask *task, ChatApiPost *post)
{
  const ChatAuditEntry entry = {
    .time = chat_message_get_timestamp (post->message),
    .actor = (char *)chat_message_get_author (post->message),
    .action = (char *)(post->kind == CHAT_API_POST_EDIT ? "edit" : "delete"),
    .user_key = post->target.user_key,
    .record_id = post->about,
    .detail = (char *)chat_message_get_channel (post->message),
  };

  if (post->audited || !chat_message_get_moderator (post->message))
    return STEP_NEXT;
  chat_moderation_store_add_audit_async (chat_store_get_moderation (self->store), &entry, NULL, audited_cb,
                                         g_object_ref (task));
  return STEP_WAITS;
}

/* Does what can be done for @task without waiting; FALSE where it waits. */
static gboolean
step (ChatApiPublisher *self, GTask *task)
{
  static Step (*const steps[]) (ChatApiPublisher *, GTask *, ChatApiPost *)
      = { check_block, find_place, enter_channel, find_first, check_target, audit };
  ChatApiPost *post = g_task_get_task_data (task);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      Step outcome = steps[i](self, task, post);

      if (outcome != STEP_NEXT)
        return outcome == STEP_ENDED;
    }
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
  const ChatApiPost *post = g_task_get_task_data (task);
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
  g_clear_pointer (&self->keys, g_hash_table_unref);
  g_clear_pointer (&self->recents, chat_api_recents_free);
  g_clear_object (&self->outbox);
  g_clear_object (&self->blocks);
  g_clear_object (&self->directory);
  g_clear_object (&self->store);
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
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

ChatApiPublisher *
chat_api_publisher_new (ChatTransport *transport, ChatStore *store, ChatApiDirectory *directory, ChatBlockList *blocks,
                        ChatSigner *signer, ChatApiOutbox *outbox, gboolean alone)
{
  ChatApiPublisher *self = g_object_new (CHAT_TYPE_API_PUBLISHER, NULL);

  self->transport = g_object_ref (transport);
  self->store = g_object_ref (store);
  self->directory = g_object_ref (directory);
  self->blocks = g_object_ref (blocks);
  self->signer = signer;
  self->outbox = outbox != NULL ? g_object_ref (outbox) : NULL;
  self->alone = alone;
  return self;
}

/* Takes @post, which is NULL where @error says why. */
static void
begin (ChatApiPublisher *self, ChatApiPost *post, GError *error, GCancellable *cancellable,
       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, begin);
  g_task_set_check_cancellable (task, FALSE);
  if (post == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_task_set_task_data (task, post, (GDestroyNotify)chat_api_post_free);
  if (g_cancellable_set_error_if_cancelled (cancellable, &error))
    g_task_return_error (task, error);
  else
    enter (self, task);
}

void
chat_api_publisher_post_async (ChatApiPublisher *self, const ChatSessionInfo *session, const char *channel,
                               JsonObject *record, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  GError *error = NULL;
  ChatApiPost *post = chat_api_post_new_message (session, channel, record, &error);

  begin (self, post, error, cancellable, callback, user_data);
}

void
chat_api_publisher_edit_async (ChatApiPublisher *self, const ChatSessionInfo *session, const char *target,
                               JsonObject *record, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  GError *error = NULL;
  ChatApiPost *post = chat_api_post_new_edit (session, target, record, &error);

  begin (self, post, error, cancellable, callback, user_data);
}

void
chat_api_publisher_change_async (ChatApiPublisher *self, const ChatSessionInfo *session, ChatApiPostKind kind,
                                 const char *id, const char *target, const char *emoji, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data)
{
  GError *error = NULL;
  ChatApiPost *post = chat_api_post_new_change (session, kind, id, target, emoji, &error);

  begin (self, post, error, cancellable, callback, user_data);
}

void
chat_api_publisher_announce_async (ChatApiPublisher *self, const ChatSessionInfo *session, ChatMessageKind kind,
                                   const char *channel, const char *data, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data)
{
  begin (self, chat_api_post_new_announcement (session, kind, channel, data), NULL, cancellable, callback, user_data);
}

ChatApiReceipt *
chat_api_publisher_post_finish (ChatApiPublisher *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Working one out takes as long as decoding a record. */
static const char *
find_key (ChatApiPublisher *self, const char *author)
{
  char *key = g_hash_table_lookup (self->keys, author);

  if (key != NULL)
    return key;
  if (g_hash_table_size (self->keys) >= KEYS_MAX)
    g_hash_table_remove_all (self->keys);
  key = chat_skeleton (author);
  g_hash_table_insert (self->keys, g_strdup (author), key);
  return key;
}

void
chat_api_publisher_learn (ChatApiPublisher *self, const ChatMessage *message)
{
  const char *author = chat_message_get_author (message);
  ChatMessageKind kind = chat_message_get_kind (message);
  ChatApiRecent *recent;

  if (self->alone || author == NULL || (kind != CHAT_KIND_MESSAGE && kind != CHAT_KIND_NOTICE)
      || chat_api_recents_find (self->recents, chat_message_get_id (message)) != NULL)
    return;
  recent = chat_api_recents_add (self->recents, message, find_key (self, author));
  recent->accepted = TRUE;
  recent->learned = TRUE;
}

guint64
chat_api_publisher_get_accepted (ChatApiPublisher *self)
{
  return self->accepted;
}
