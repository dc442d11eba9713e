/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-live-channel.h"

#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "core/chat-timer.h"
#include "server/api/chat-api-live-frames.h"
#include "transport/chat-record.h"

#define FETCH_ROWS 500
/* Each frame to each reader is a write. Where there are so many readers that one round of writing takes long, the next
 * one waits: what comes meanwhile shares its frames, so that writing takes no more than a third of the time. */
#define LONG_ROUND_US (2 * G_TIME_SPAN_MILLISECOND)
#define REST_FACTOR 2
#define REST_MAX_MS 40

struct _ChatApiLiveChannel
{
  GObject parent_instance;

  /* Owned */
  char *name;
  char *topic;
  ChatApiChannel *access;
  ChatMessageStore *messages;
  ChatApiLiveTail *tail;
  GPtrArray *readers; /* (element-type ChatApiLiveReader), borrowed */
  GQueue receipts;    /* of Receipt, in broker order */

  gboolean fetching;
  GSource *rest; /* (nullable): while the next round waits */
};

G_DEFINE_FINAL_TYPE (ChatApiLiveChannel, chat_api_live_channel, G_TYPE_OBJECT)

enum
{
  IDLE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* A receipt whose turn has not come, or whose records are being fetched. */
typedef struct
{
  ChatMessage *message;
  GBytes *json;
  GHashTable *missing; /* (nullable): ids that the broker did not bring here */
  gint64 from, to;     /* where they are; from moves on while they are fetched */
} Receipt;

static void
receipt_free (gpointer data)
{
  Receipt *receipt = data;

  g_clear_pointer (&receipt->missing, g_hash_table_unref);
  chat_message_unref (receipt->message);
  g_bytes_unref (receipt->json);
  g_free (receipt);
}

static gboolean
is_held (ChatApiLiveChannel *self)
{
  return self->access == NULL || self->fetching || self->rest != NULL;
}

/*
 * Out
 */

/* One pass over the readers: those for whom all records are new share their frames, others get their own. */
typedef struct
{
  const char *topic;
  GPtrArray *records;
  gint64 lowest; /* seq among them; G_MAXINT64: none is known */
  GPtrArray *shared;
} Outgoing;

static GPtrArray *
make_frames (const Outgoing *outgoing, gint64 after)
{
  g_autoptr (ChatApiLiveFrames) frames = chat_api_live_frames_new (outgoing->topic);

  for (guint i = 0; i < outgoing->records->len; i++)
    {
      const ChatApiLiveRecord *record = outgoing->records->pdata[i];

      if (record->seq == 0 || record->seq > after)
        chat_api_live_frames_add_record (frames, record);
    }
  return chat_api_live_frames_finish (frames);
}

static void
send_to (ChatApiLiveReader *reader, Outgoing *outgoing)
{
  g_autoptr (GPtrArray) own = NULL;

  if (!chat_api_live_reader_takes_records (reader))
    return;
  if (chat_api_live_reader_get_seq (reader) >= outgoing->lowest)
    own = make_frames (outgoing, chat_api_live_reader_get_seq (reader));
  else if (outgoing->shared == NULL)
    outgoing->shared = make_frames (outgoing, 0);
  chat_api_live_reader_send (reader, own != NULL ? own : outgoing->shared, TRUE);
}

static void process_receipts (ChatApiLiveChannel *self);

static gboolean
rested_cb (gpointer user_data)
{
  g_autoptr (ChatApiLiveChannel) self = g_object_ref (user_data);

  chat_timer_clear (&self->rest);
  chat_api_live_channel_flush (self);
  process_receipts (self);
  return G_SOURCE_REMOVE;
}

/* A round of writing has ended that began at @began. */
static void
end_round (ChatApiLiveChannel *self, gint64 began)
{
  gint64 took = g_get_monotonic_time () - began;

  if (took > LONG_ROUND_US && self->rest == NULL)
    self->rest
        = chat_timer_new ((guint)MIN (took * REST_FACTOR / G_TIME_SPAN_MILLISECOND, REST_MAX_MS), rested_cb, self);
}

void
chat_api_live_channel_flush (ChatApiLiveChannel *self)
{
  gint64 began = g_get_monotonic_time ();
  g_autoptr (GPtrArray) records = NULL;
  Outgoing outgoing = { .topic = self->topic, .lowest = G_MAXINT64 };

  if (is_held (self))
    return;
  records = chat_api_live_tail_take (self->tail);
  for (guint i = 0; i < records->len; i++)
    if (((ChatApiLiveRecord *)records->pdata[i])->seq != 0)
      outgoing.lowest = MIN (outgoing.lowest, ((ChatApiLiveRecord *)records->pdata[i])->seq);
  outgoing.records = records;
  for (guint i = 0; records->len > 0 && i < self->readers->len; i++)
    send_to (self->readers->pdata[i], &outgoing);
  g_clear_pointer (&outgoing.shared, g_ptr_array_unref);
  end_round (self, began);
}

/*
 * Receipts
 */

static int
compare_seq (gconstpointer a, gconstpointer b, gpointer receipts)
{
  gint64 left = *(gint64 *)g_hash_table_lookup (receipts, *(const char *const *)a);
  gint64 right = *(gint64 *)g_hash_table_lookup (receipts, *(const char *const *)b);

  return left < right ? -1 : left > right;
}

/* The archiver gives seqs in broker order, so going up by seq is going along the tail. */
static void
settle (ChatApiLiveChannel *self, Receipt *receipt)
{
  GHashTable *receipts = chat_message_get_receipts (receipt->message);
  g_autofree const char **ids = NULL;
  guint n = 0;

  if (receipts == NULL || g_hash_table_size (receipts) == 0)
    return;
  ids = (const char **)g_hash_table_get_keys_as_array (receipts, &n);
  g_qsort_with_data (ids, (int)n, sizeof *ids, compare_seq, receipts);
  for (guint i = 0; i < n; i++)
    {
      gint64 seq = *(gint64 *)g_hash_table_lookup (receipts, ids[i]);

      if (chat_api_live_tail_settle (self->tail, ids[i], seq))
        continue;
      if (receipt->missing == NULL)
        {
          receipt->missing = g_hash_table_new (g_str_hash, g_str_equal);
          receipt->from = seq - 1;
        }
      g_hash_table_add (receipt->missing, (gpointer)ids[i]);
      receipt->to = seq;
    }
  chat_api_live_tail_settled (self->tail, ids[n - 1]);
}

static gboolean
somebody_lacks (ChatApiLiveChannel *self, gint64 seq)
{
  for (guint i = 0; i < self->readers->len; i++)
    if (chat_api_live_reader_takes_records (self->readers->pdata[i])
        && chat_api_live_reader_get_seq (self->readers->pdata[i]) < seq)
      return TRUE;
  return FALSE;
}

static void
insert_row (ChatApiLiveChannel *self, const Receipt *receipt, const ChatMessage *row)
{
  const char *id = chat_message_get_id (row);
  gint64 seq = chat_message_get_seq (row);
  g_autoptr (ChatMessage) message = NULL;
  g_autoptr (GBytes) json = NULL;

  if (seq > receipt->to || !g_hash_table_contains (receipt->missing, id))
    return;
  message = chat_message_copy (row);
  chat_message_set_seq (message, 0);
  json = chat_message_encode (message);
  chat_api_live_tail_insert (self->tail, id, seq, json);
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiLiveChannel) self = user_data;
  Receipt *receipt = g_queue_peek_head (&self->receipts);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessagePage) page = chat_message_store_list_finish (CHAT_MESSAGE_STORE (source), result, &error);

  self->fetching = FALSE;
  if (page == NULL)
    g_info ("%s: records that the broker did not bring could not be fetched: %s", self->name, error->message);
  for (guint i = 0; page != NULL && i < page->messages->len; i++)
    {
      insert_row (self, receipt, page->messages->pdata[i]);
      receipt->from = chat_message_get_seq (page->messages->pdata[i]);
    }
  /* Where the store does not answer, readers see the hole in the seqs and fetch for themselves. */
  if (page == NULL || !page->more_after || receipt->from >= receipt->to)
    g_clear_pointer (&receipt->missing, g_hash_table_unref);
  process_receipts (self);
}

static void
fetch (ChatApiLiveChannel *self, const Receipt *receipt)
{
  ChatPage page = { .kind = CHAT_PAGE_AFTER, .seq = receipt->from, .time_ms = CHAT_TIME_UNKNOWN, .limit = FETCH_ROWS };

  self->fetching = TRUE;
  chat_message_store_list_async (self->messages, self->name, &page, NULL, fetched_cb, g_object_ref (self));
}

static void
forward (ChatApiLiveChannel *self, const Receipt *receipt)
{
  g_autoptr (GPtrArray) bodies = NULL;

  for (guint i = 0; i < self->readers->len; i++)
    {
      if (!chat_api_live_reader_takes_receipts (self->readers->pdata[i]))
        continue;
      if (bodies == NULL)
        {
          g_autoptr (ChatApiLiveFrames) frames = chat_api_live_frames_new (CHAT_TOPIC_RECEIPTS);
          gsize length;
          const char *json = g_bytes_get_data (receipt->json, &length);

          chat_api_live_frames_add_json (frames, json, length);
          bodies = chat_api_live_frames_finish (frames);
        }
      chat_api_live_reader_send (self->readers->pdata[i], bodies, TRUE);
    }
}

static void
tell_if_idle (ChatApiLiveChannel *self)
{
  if (self->readers->len == 0 && !is_held (self) && g_queue_is_empty (&self->receipts)
      && chat_api_live_tail_count_waiting (self->tail) == 0)
    g_signal_emit (self, signals[IDLE], 0);
}

static void
process_receipts (ChatApiLiveChannel *self)
{
  Receipt *receipt;
  gint64 began;

  while (!is_held (self) && (receipt = g_queue_peek_head (&self->receipts)) != NULL)
    {
      if (receipt->missing != NULL && somebody_lacks (self, receipt->to))
        {
          fetch (self, receipt);
          return;
        }
      began = g_get_monotonic_time ();
      chat_api_live_channel_flush (self);
      forward (self, receipt);
      end_round (self, began);
      receipt_free (g_queue_pop_head (&self->receipts));
    }
  if (is_held (self))
    return;
  for (guint i = 0; i < self->readers->len; i++)
    chat_api_live_reader_wake (self->readers->pdata[i]);
  tell_if_idle (self);
}

static void
chat_api_live_channel_finalize (GObject *object)
{
  ChatApiLiveChannel *self = CHAT_API_LIVE_CHANNEL (object);

  chat_timer_clear (&self->rest);
  g_queue_clear_full (&self->receipts, receipt_free);
  g_ptr_array_unref (self->readers);
  chat_api_live_tail_free (self->tail);
  g_clear_pointer (&self->access, chat_api_channel_unref);
  g_object_unref (self->messages);
  g_free (self->topic);
  g_free (self->name);
  G_OBJECT_CLASS (chat_api_live_channel_parent_class)->finalize (object);
}

static void
chat_api_live_channel_class_init (ChatApiLiveChannelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_api_live_channel_finalize;
  signals[IDLE]
      = g_signal_new ("idle", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
chat_api_live_channel_init (ChatApiLiveChannel *self)
{
  self->tail = chat_api_live_tail_new ();
  self->readers = g_ptr_array_new ();
  g_queue_init (&self->receipts);
}

ChatApiLiveChannel *
chat_api_live_channel_new (const char *name, const char *topic, ChatApiChannel *access, ChatMessageStore *messages)
{
  ChatApiLiveChannel *self = g_object_new (CHAT_TYPE_API_LIVE_CHANNEL, NULL);

  self->name = g_strdup (name);
  self->topic = g_strdup (topic);
  self->access = access != NULL ? chat_api_channel_ref (access) : NULL;
  self->messages = g_object_ref (messages);
  return self;
}

const char *
chat_api_live_channel_get_name (ChatApiLiveChannel *self)
{
  return self->name;
}

const char *
chat_api_live_channel_get_topic (ChatApiLiveChannel *self)
{
  return self->topic;
}

ChatApiChannel *
chat_api_live_channel_get_access (ChatApiLiveChannel *self)
{
  return self->access;
}

void
chat_api_live_channel_set_access (ChatApiLiveChannel *self, ChatApiChannel *access)
{
  g_return_if_fail (self->access == NULL);

  self->access = chat_api_channel_ref (access);
  chat_api_live_channel_flush (self);
  process_receipts (self);
}

ChatApiLiveTail *
chat_api_live_channel_get_tail (ChatApiLiveChannel *self)
{
  return self->tail;
}

void
chat_api_live_channel_add_reader (ChatApiLiveChannel *self, ChatApiLiveReader *reader)
{
  g_ptr_array_add (self->readers, reader);
}

void
chat_api_live_channel_remove_reader (ChatApiLiveChannel *self, ChatApiLiveReader *reader)
{
  g_autoptr (ChatApiLiveChannel) keep = g_object_ref (self);

  g_ptr_array_remove_fast (self->readers, reader);
  tell_if_idle (self);
}

void
chat_api_live_channel_deliver (ChatApiLiveChannel *self, const char *id, GBytes *json)
{
  chat_api_live_tail_add (self->tail, id, json);
}

void
chat_api_live_channel_receive (ChatApiLiveChannel *self, ChatMessage *message, GBytes *json)
{
  g_autoptr (ChatApiLiveChannel) keep = g_object_ref (self);
  Receipt *receipt = g_new0 (Receipt, 1);

  receipt->message = chat_message_ref (message);
  receipt->json = g_bytes_ref (json);
  g_queue_push_tail (&self->receipts, receipt);
  settle (self, receipt);
  process_receipts (self);
}
