/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/archiver/chat-archiver.h"

#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "server/store/chat-store.h"
#include "transport/chat-refusal.h"

/* One batch on its way: in a reference-counted box. */
typedef struct
{
  GPtrArray *messages; /* (element-type ChatMessage): what is appended */
  GPtrArray *rejected; /* (element-type ChatRecord): what could not be read … */
  GPtrArray *reasons;  /* (element-type utf8): … and why */
  GArray *results;     /* (element-type ChatAppendResult): of the messages */
  guint passing;
} Batch;

struct _ChatArchiver
{
  ChatForwarder parent_instance;

  /* Owned */
  ChatMessageStore *messages;
  Batch *batch; /* the last that was appended, until it is forwarded */
  ChatArchiverCounters counters;
};

G_DEFINE_FINAL_TYPE (ChatArchiver, chat_archiver, CHAT_TYPE_FORWARDER)

enum
{
  REJECTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
batch_clear (gpointer data)
{
  Batch *self = data;

  g_ptr_array_unref (self->messages);
  g_ptr_array_unref (self->rejected);
  g_ptr_array_unref (self->reasons);
  g_clear_pointer (&self->results, g_array_unref);
}

static void
batch_unref (gpointer data)
{
  g_rc_box_release_full (data, batch_clear);
}

/* NULL where a message can be appended as it is. */
static const char *
find_objection (const ChatRecord *record, const ChatMessage *message)
{
  if (chat_message_kind_is_of_service (chat_message_get_kind (message)))
    return "a record of this kind is no part of a channel’s history";
  if (chat_message_get_id (message) == NULL)
    return "the member “id” is missing: this record did not come through the moderator";
  if (chat_message_get_channel (message) == NULL)
    return "the member “channel” is missing: this record did not come through the moderator";
  if (chat_message_get_timestamp (message) == CHAT_TIME_UNKNOWN)
    return "the member “timestamp” is missing: this record did not come through the moderator";
  /* what everybody may have read is no part of a conversation: its members would take it for one's of theirs */
  if (chat_channel_name_is_private (chat_message_get_channel (message))
      && !g_str_equal (chat_record_get_topic (record), CHAT_TOPIC_PRIVATE))
    return "a private conversation is on chat_private: this record did not come through the moderator";
  return NULL;
}

static void
batch_add (Batch *self, ChatRecord *record)
{
  gsize size;
  const void *data = g_bytes_get_data (chat_record_get_bytes (record), &size);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessage) message = chat_message_decode (data, size, &error);
  const char *objection = message != NULL ? find_objection (record, message) : error->message;

  if (objection != NULL)
    {
      g_ptr_array_add (self->rejected, chat_record_ref (record));
      g_ptr_array_add (self->reasons, g_strdup (objection));
    }
  else if (chat_message_get_kind (message) == CHAT_KIND_READ)
    self->passing++;
  else
    g_ptr_array_add (self->messages, g_steal_pointer (&message));
}

static Batch *
batch_new (GPtrArray *inputs)
{
  Batch *self = g_rc_box_new0 (Batch);

  self->messages = g_ptr_array_new_full (inputs->len, (GDestroyNotify)chat_message_unref);
  self->rejected = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  self->reasons = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < inputs->len; i++)
    batch_add (self, g_ptr_array_index (inputs, i));
  return self;
}

/* Outputs */

static ChatMessage *
receipt_new (const char *channel)
{
  ChatMessage *receipt = chat_message_new (CHAT_KIND_RECEIPT);
  g_autofree char *id = chat_uuid_v7 ();

  chat_message_set_id (receipt, id);
  chat_message_set_channel (receipt, channel);
  chat_message_set_timestamp (receipt, chat_time_now ());
  return receipt;
}

/* One for each channel, in the order in which the channels come in the batch. */
static void
add_receipts (const Batch *batch, GPtrArray *outputs)
{
  g_autoptr (GPtrArray) receipts = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  g_autoptr (GHashTable) by_channel = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < batch->messages->len; i++)
    {
      const ChatMessage *message = g_ptr_array_index (batch->messages, i);
      const ChatAppendResult *result = &g_array_index (batch->results, ChatAppendResult, i);
      const char *channel = chat_message_get_channel (message);
      ChatMessage *receipt = g_hash_table_lookup (by_channel, channel);

      if (result->outcome == CHAT_APPEND_CONFLICT)
        continue;
      if (receipt == NULL)
        {
          receipt = receipt_new (channel);
          g_ptr_array_add (receipts, receipt);
          g_hash_table_insert (by_channel, (gpointer)channel, receipt);
        }
      chat_message_add_receipt (receipt, chat_message_get_id (message), result->seq);
    }
  for (guint i = 0; i < receipts->len; i++)
    {
      const ChatMessage *receipt = g_ptr_array_index (receipts, i);
      g_autoptr (GBytes) bytes = chat_message_encode (receipt);
      g_ptr_array_add (outputs, chat_record_new (CHAT_TOPIC_RECEIPTS, chat_message_get_channel (receipt), bytes));
    }
}

static void
add_refusals (const Batch *batch, GPtrArray *outputs)
{
  for (guint i = 0; i < batch->messages->len; i++)
    {
      ChatRecord *refused;

      if (g_array_index (batch->results, ChatAppendResult, i).outcome != CHAT_APPEND_CONFLICT)
        continue;
      refused = chat_refusal_new_refused (g_ptr_array_index (batch->messages, i), CHAT_REFUSED_CONFLICT);
      if (refused != NULL)
        g_ptr_array_add (outputs, refused);
    }
}

/* ChatForwarder */

static void
append_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Batch *batch = g_task_get_task_data (task);
  GError *error = NULL;

  batch->results = chat_message_store_append_finish (CHAT_MESSAGE_STORE (source), result, &error);
  if (batch->results != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
chat_archiver_process_async (ChatForwarder *forwarder, GPtrArray *inputs, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  ChatArchiver *self = CHAT_ARCHIVER (forwarder);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Batch *batch = batch_new (inputs);

  g_task_set_source_tag (task, chat_archiver_process_async);
  g_task_set_task_data (task, batch, batch_unref);
  if (batch->messages->len == 0)
    {
      batch->results = g_array_new (FALSE, FALSE, sizeof (ChatAppendResult));
      g_task_return_boolean (task, TRUE);
      return;
    }
  chat_message_store_append_async (self->messages, batch->messages, cancellable, append_cb, g_steal_pointer (&task));
}

static GPtrArray *
chat_archiver_process_finish (ChatForwarder *forwarder, GAsyncResult *result, GError **error)
{
  ChatArchiver *self = CHAT_ARCHIVER (forwarder);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;

  Batch *batch = g_task_get_task_data (G_TASK (result));
  GPtrArray *outputs = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  add_receipts (batch, outputs);
  add_refusals (batch, outputs);
  for (guint i = 0; i < batch->rejected->len; i++)
    g_ptr_array_add (outputs, chat_refusal_new_rejected (g_ptr_array_index (batch->rejected, i),
                                                         g_ptr_array_index (batch->reasons, i)));
  g_clear_pointer (&self->batch, batch_unref);
  self->batch = g_rc_box_acquire (batch);
  return outputs;
}

static void
chat_archiver_forwarded (ChatForwarder *forwarder)
{
  ChatArchiver *self = CHAT_ARCHIVER (forwarder);
  Batch *batch = g_steal_pointer (&self->batch);
  guint64 *const places[] = {
    [CHAT_APPEND_STORED] = &self->counters.stored,
    [CHAT_APPEND_REPEATED] = &self->counters.repeated,
    [CHAT_APPEND_CONFLICT] = &self->counters.conflicting,
  };

  for (guint i = 0; i < batch->results->len; i++)
    ++*places[g_array_index (batch->results, ChatAppendResult, i).outcome];
  self->counters.passing += batch->passing;
  self->counters.rejected += batch->rejected->len;
  for (guint i = 0; i < batch->rejected->len; i++)
    {
      g_autofree char *position = chat_refusal_dup_position (g_ptr_array_index (batch->rejected, i));
      g_signal_emit (self, signals[REJECTED], 0, position, g_ptr_array_index (batch->reasons, i));
    }
  batch_unref (batch);
}

static gboolean
chat_archiver_is_passing (ChatForwarder *forwarder, const GError *error)
{
  return chat_store_error_is_passing (error);
}

/* GObject */

static void
chat_archiver_finalize (GObject *object)
{
  ChatArchiver *self = CHAT_ARCHIVER (object);

  g_clear_pointer (&self->batch, batch_unref);
  g_clear_object (&self->messages);
  G_OBJECT_CLASS (chat_archiver_parent_class)->finalize (object);
}

static void
chat_archiver_class_init (ChatArchiverClass *klass)
{
  ChatForwarderClass *forwarder_class = CHAT_FORWARDER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = chat_archiver_finalize;
  forwarder_class->process_async = chat_archiver_process_async;
  forwarder_class->process_finish = chat_archiver_process_finish;
  forwarder_class->forwarded = chat_archiver_forwarded;
  forwarder_class->is_passing = chat_archiver_is_passing;
  signals[REJECTED] = g_signal_new ("rejected", CHAT_TYPE_ARCHIVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                    2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
chat_archiver_init (ChatArchiver *self)
{
}

ChatArchiver *
chat_archiver_new (ChatTransport *transport, ChatMessageStore *messages)
{
  const char *const topics[] = { CHAT_TOPIC_CONTROLLED, CHAT_TOPIC_PRIVATE, NULL };

  g_return_val_if_fail (CHAT_IS_TRANSPORT (transport), NULL);
  g_return_val_if_fail (CHAT_IS_MESSAGE_STORE (messages), NULL);

  ChatArchiver *self
      = g_object_new (CHAT_TYPE_ARCHIVER, "transport", transport, "group", "archiver", "topics", topics, NULL);
  self->messages = g_object_ref (messages);
  return self;
}

const ChatArchiverCounters *
chat_archiver_get_counters (ChatArchiver *self)
{
  g_return_val_if_fail (CHAT_IS_ARCHIVER (self), NULL);
  return &self->counters;
}
