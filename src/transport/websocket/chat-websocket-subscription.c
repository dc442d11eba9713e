/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/websocket/chat-websocket-subscription.h"

#include <glib/gi18n-lib.h>

#include "core/chat-json.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "transport/chat-transport-error.h"

/* What waits for a reader that does not read. */
#define FULL_BYTES (16 * 1024 * 1024)
#define DRAINED_BYTES (FULL_BYTES / 4)
/* Records of a channel that came without their seq: so many receipts are late only where nobody stores anything. */
#define LOOSE_MOST 65536

/* One channel, which is a shard here. */
typedef struct
{
  gint64 known;      /* the last seq that the service has told: everything up to it came */
  gint64 start;      /* what the owner asked for */
  gint64 delivered;  /* the seq of the last record that the reader had, told or counted */
  GHashTable *loose; /* ids (set): records that came since, whose seq was not told */
} Shard;

struct _ChatWebsocketSubscription
{
  ChatSubscription parent_instance;

  /* Owned */
  char **topics;
  char **channels;    /* nullable */
  GHashTable *shards; /* channel → Shard */

  gint64 ref;
  gsize waiting_bytes;
  gboolean resumes;  /* with `after`, on the first request too */
  gboolean in_place; /* was, at least once */
  gboolean full;
};

G_DEFINE_FINAL_TYPE (ChatWebsocketSubscription, chat_websocket_subscription, CHAT_TYPE_SUBSCRIPTION)

enum
{
  DRAINED,
  GONE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
shard_free (Shard *shard)
{
  g_hash_table_unref (shard->loose);
  g_free (shard);
}

static Shard *
get_shard (ChatWebsocketSubscription *self, const char *channel)
{
  Shard *shard = g_hash_table_lookup (self->shards, channel);

  if (shard != NULL)
    return shard;
  /* one that the service did not list is new: it begins at 1 */
  shard = g_new0 (Shard, 1);
  shard->loose = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_insert (self->shards, g_strdup (channel), shard);
  return shard;
}

static const char *
topic_of (const char *channel)
{
  return chat_channel_name_is_private (channel) ? CHAT_TOPIC_PRIVATE : CHAT_TOPIC_CONTROLLED;
}

static gboolean
wants_topic (ChatWebsocketSubscription *self, const char *topic)
{
  return g_strv_contains ((const char *const *)self->topics, topic);
}

/* Receipts tell a reader of channels where it stands. */
static gboolean
needs_receipts (ChatWebsocketSubscription *self)
{
  return (wants_topic (self, CHAT_TOPIC_CONTROLLED) || wants_topic (self, CHAT_TOPIC_PRIVATE))
         && !wants_topic (self, CHAT_TOPIC_RECEIPTS);
}

/* Whether @record is news, and its place: told, or counted on from the last one that was. */
static gboolean
place_record (ChatWebsocketSubscription *self, Shard *shard, const ChatLiveRecord *record, gint64 *place)
{
  gboolean had = record->id != NULL && g_hash_table_contains (shard->loose, record->id);

  if (record->seq > 0)
    {
      gboolean old = record->seq <= shard->known;

      if (had)
        g_hash_table_remove (shard->loose, record->id);
      shard->known = MAX (shard->known, record->seq);
      *place = record->seq;
      return !had && !old;
    }
  if (had)
    return FALSE;
  *place = shard->known + (gint64)g_hash_table_size (shard->loose) + 1;
  if (record->id == NULL || g_hash_table_size (shard->loose) >= LOOSE_MOST)
    {
      shard->known = *place;
      g_hash_table_remove_all (shard->loose);
    }
  else
    g_hash_table_add (shard->loose, g_strdup (record->id));
  return TRUE;
}

static void
take_receipts (Shard *shard, GHashTable *receipts)
{
  GHashTableIter iter;
  gpointer id, seq;

  g_hash_table_iter_init (&iter, receipts);
  while (g_hash_table_iter_next (&iter, &id, &seq))
    {
      g_hash_table_remove (shard->loose, id);
      shard->known = MAX (shard->known, *(gint64 *)seq);
    }
}

/* (transfer full) (nullable): what the reader gets of @record. */
static ChatRecord *
take_record (ChatWebsocketSubscription *self, const char *topic, const ChatLiveRecord *record)
{
  const char *key = record->channel;
  gint64 place = -1;

  if (record->channel != NULL && g_str_equal (topic, CHAT_TOPIC_RECEIPTS))
    {
      if (record->receipts != NULL)
        take_receipts (get_shard (self, record->channel), record->receipts);
    }
  else if (record->channel != NULL && g_str_equal (topic, topic_of (record->channel)))
    {
      if (!place_record (self, get_shard (self, record->channel), record, &place))
        return NULL;
    }
  else if (g_str_equal (topic, CHAT_TOPIC_WARNINGS))
    key = record->user;
  if (!wants_topic (self, topic))
    return NULL;
  return chat_record_new_delivered (topic, key, record->bytes, 0, place, record->time_ms);
}

/* ChatSubscription */

static void
chat_websocket_subscription_delivering (ChatSubscription *subscription, GPtrArray *batch)
{
  ChatWebsocketSubscription *self = CHAT_WEBSOCKET_SUBSCRIPTION (subscription);

  for (guint i = 0; i < batch->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (batch, i);

      self->waiting_bytes -= g_bytes_get_size (chat_record_get_bytes (record));
      if (chat_record_get_offset (record) > 0)
        get_shard (self, chat_record_get_key (record))->delivered = chat_record_get_offset (record);
    }
  if (self->full && self->waiting_bytes <= DRAINED_BYTES)
    {
      self->full = FALSE;
      g_signal_emit (self, signals[DRAINED], 0);
    }
}

static ChatPosition *
chat_websocket_subscription_dup_position (ChatSubscription *subscription)
{
  ChatWebsocketSubscription *self = CHAT_WEBSOCKET_SUBSCRIPTION (subscription);
  ChatPosition *position = chat_position_new ();
  GHashTableIter iter;
  gpointer channel, shard;

  g_hash_table_iter_init (&iter, self->shards);
  while (g_hash_table_iter_next (&iter, &channel, &shard))
    if (wants_topic (self, topic_of (channel)))
      chat_position_set (position, topic_of (channel), channel, ((Shard *)shard)->delivered + 1);
  return position;
}

static void
chat_websocket_subscription_close_async (ChatSubscription *subscription, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (subscription, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_websocket_subscription_close_async);
  g_task_set_check_cancellable (task, FALSE);
  g_signal_emit (subscription, signals[GONE], 0);
  g_task_return_boolean (task, TRUE);
}

static gboolean
chat_websocket_subscription_close_finish (ChatSubscription *subscription, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, subscription), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Overrides */

static void
chat_websocket_subscription_dispose (GObject *object)
{
  if (!chat_subscription_is_closed (CHAT_SUBSCRIPTION (object)))
    g_signal_emit (object, signals[GONE], 0);
  G_OBJECT_CLASS (chat_websocket_subscription_parent_class)->dispose (object);
}

static void
chat_websocket_subscription_finalize (GObject *object)
{
  ChatWebsocketSubscription *self = CHAT_WEBSOCKET_SUBSCRIPTION (object);

  g_strfreev (self->topics);
  g_strfreev (self->channels);
  g_hash_table_unref (self->shards);
  G_OBJECT_CLASS (chat_websocket_subscription_parent_class)->finalize (object);
}

static void
chat_websocket_subscription_class_init (ChatWebsocketSubscriptionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ChatSubscriptionClass *subscription_class = CHAT_SUBSCRIPTION_CLASS (klass);

  object_class->dispose = chat_websocket_subscription_dispose;
  object_class->finalize = chat_websocket_subscription_finalize;
  subscription_class->delivering = chat_websocket_subscription_delivering;
  subscription_class->dup_position = chat_websocket_subscription_dup_position;
  subscription_class->close_async = chat_websocket_subscription_close_async;
  subscription_class->close_finish = chat_websocket_subscription_close_finish;

  signals[DRAINED] = g_signal_new ("drained", CHAT_TYPE_WEBSOCKET_SUBSCRIPTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
  signals[GONE]
      = g_signal_new ("gone", CHAT_TYPE_WEBSOCKET_SUBSCRIPTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
chat_websocket_subscription_init (ChatWebsocketSubscription *self)
{
  self->shards = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)shard_free);
}

static void
start_at_cb (const char *topic, const char *channel, gint64 next, gpointer data)
{
  Shard *shard = get_shard (data, channel);

  shard->known = shard->delivered = shard->start = MAX (next - 1, 0);
}

ChatWebsocketSubscription *
chat_websocket_subscription_new (const char *const *topics, const char *const *channels, const ChatStart *start)
{
  ChatWebsocketSubscription *self = g_object_new (CHAT_TYPE_WEBSOCKET_SUBSCRIPTION, NULL);

  self->topics = g_strdupv ((char **)topics);
  self->channels = g_strdupv ((char **)channels);
  self->resumes = start->kind == CHAT_START_POSITION;
  if (self->resumes)
    chat_position_foreach (start->position, start_at_cb, self);
  return self;
}

gint64
chat_websocket_subscription_get_ref (ChatWebsocketSubscription *self)
{
  return self->ref;
}

static void
append_strings (GString *text, const char *name, char **strings, const char *another)
{
  g_string_append_printf (text, ",\"%s\":[", name);
  for (guint i = 0; strings[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (text, ',');
      chat_json_append_string (text, strings[i]);
    }
  if (another != NULL)
    g_string_append_printf (text, ",\"%s\"", another);
  g_string_append_c (text, ']');
}

static void
append_after (ChatWebsocketSubscription *self, GString *text)
{
  GHashTableIter iter;
  gpointer channel, shard;
  const char *comma = "";

  g_string_append (text, ",\"after\":{");
  g_hash_table_iter_init (&iter, self->shards);
  while (g_hash_table_iter_next (&iter, &channel, &shard))
    {
      if (self->channels != NULL && !g_strv_contains ((const char *const *)self->channels, channel))
        continue;
      g_string_append (text, comma);
      chat_json_append_string (text, channel);
      g_string_append_c (text, ':');
      chat_json_append_int (text, ((Shard *)shard)->known);
      comma = ",";
    }
  g_string_append_c (text, '}');
}

char *
chat_websocket_subscription_dup_request (ChatWebsocketSubscription *self, gint64 ref)
{
  GString *text = g_string_new (NULL);

  self->ref = ref;
  g_string_printf (text, "{\"op\":\"subscribe\",\"ref\":%" G_GINT64_FORMAT, ref);
  append_strings (text, "topics", self->topics, needs_receipts (self) ? CHAT_TOPIC_RECEIPTS : NULL);
  if (self->channels != NULL)
    append_strings (text, "channels", self->channels, NULL);
  if (self->resumes)
    append_after (self, text);
  g_string_append_c (text, '}');
  return g_string_free (text, FALSE);
}

/* The end of a channel, where it is in place for the first time. */
static gboolean
take_first_head (ChatWebsocketSubscription *self, const char *channel, gint64 head, GError **error)
{
  gboolean named = g_hash_table_contains (self->shards, channel);
  Shard *shard = get_shard (self, channel);
  g_autofree char *end = NULL;
  g_autofree char *start = NULL;

  if (!named)
    shard->known = shard->delivered = head;
  if (shard->start <= head)
    return TRUE;
  end = g_strdup_printf ("%" G_GINT64_FORMAT, head);
  start = g_strdup_printf ("%" G_GINT64_FORMAT, shard->start);
  g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST,
               _ ("#%s ends at %s: there is no place %s to go on from"), channel, end, start);
  return FALSE;
}

/* The end of a channel, again: a service that knows less than it told before is not the one it was. */
static void
take_head (ChatWebsocketSubscription *self, const char *channel, gint64 head)
{
  Shard *shard = get_shard (self, channel);

  if (head >= shard->known)
    return;
  shard->known = shard->delivered = head;
  g_hash_table_remove_all (shard->loose);
}

gboolean
chat_websocket_subscription_take_heads (ChatWebsocketSubscription *self, GHashTable *heads, GError **error)
{
  GHashTableIter iter;
  gpointer channel, head;

  if (heads != NULL)
    {
      g_hash_table_iter_init (&iter, heads);
      while (g_hash_table_iter_next (&iter, &channel, &head))
        {
          if (self->in_place)
            take_head (self, channel, *(gint64 *)head);
          else if (!take_first_head (self, channel, *(gint64 *)head, error))
            return FALSE;
        }
    }
  self->in_place = TRUE;
  self->resumes = TRUE;
  return TRUE;
}

void
chat_websocket_subscription_take_records (ChatWebsocketSubscription *self, ChatLiveFrame *frame)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);

  if (frame->topic == NULL)
    return;
  for (guint i = 0; i < frame->records->len; i++)
    {
      ChatRecord *record = take_record (self, frame->topic, g_ptr_array_index (frame->records, i));

      if (record == NULL)
        continue;
      self->waiting_bytes += g_bytes_get_size (chat_record_get_bytes (record));
      g_ptr_array_add (batch, record);
    }
  if (self->waiting_bytes > FULL_BYTES)
    self->full = TRUE;
  if (batch->len > 0)
    chat_subscription_queue_records (CHAT_SUBSCRIPTION (self), batch);
}

void
chat_websocket_subscription_take_feed (ChatWebsocketSubscription *self, const char *topic, GBytes *bytes)
{
  g_autoptr (GPtrArray) batch = NULL;

  if (!wants_topic (self, topic))
    return;
  batch = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  g_ptr_array_add (batch, chat_record_new_delivered (topic, NULL, bytes, 0, -1, CHAT_TIME_UNKNOWN));
  self->waiting_bytes += g_bytes_get_size (bytes);
  self->full = self->full || self->waiting_bytes > FULL_BYTES;
  chat_subscription_queue_records (CHAT_SUBSCRIPTION (self), batch);
}

gboolean
chat_websocket_subscription_is_full (ChatWebsocketSubscription *self)
{
  return self->full;
}
