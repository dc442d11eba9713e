/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/rabbitmq/chat-rabbitmq-reader.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/chat-time.h"
#include "transport/chat-transport-error.h"
#include "transport/rabbitmq/chat-rabbitmq-error.h"

/* How much is on its way to a reader, and how often it says what it has read. */
#define WINDOW 1000
#define ACK_EVERY 100
/* What a queue of its own holds at most for a reader that does not read. */
#define QUEUE_MOST 10000
/* A stream is asked for a second, of its broker's clock: what comes too early is left out here. */
#define TIME_MARGIN_S 2
#define SHARD "0"

typedef enum
{
  BEGIN_FIRST,
  BEGIN_TIME,
  BEGIN_OFFSET,
} Begin;

/* One topic. */
typedef struct
{
  ChatRabbitmqReader *reader;
  /* Owned */
  char *topic;
  ChatRabbitmqPlace *place;     /* nullable: not located yet */
  ChatRabbitmqChannel *channel; /* nullable */
  GQueue tags;                  /* of what waits to be delivered (GSIZE_TO_POINTER) */

  Begin begin;
  gint64 next;     /* stream: the offset that comes next, as far as is known */
  gint64 position; /* stream: after what has been delivered */
  gint64 time_ms;  /* BEGIN_TIME: what is older and lies before `live_from` is left out */
  gint64 live_from;
  gint64 count; /* queue: how many have come */
  guint stale;  /* how many wait to be delivered that came before a break: their tags are void */
  guint64 received, acked;
  gboolean resumes;              /* the first record is expected at `next` */
  ChatRabbitmqChannel *overflow; /* nullable: where the broker tells of what it drops */
} Feed;

struct _ChatRabbitmqReader
{
  ChatRabbitmqSubscription parent_instance;

  /* Owned */
  ChatWish *wish;
  GPtrArray *feeds;     /* Feed */
  GHashTable *channels; /* nullable: a set of keys */
  GTask *seek;          /* nullable */
  ChatWish *seek_wish;  /* nullable */
  guint waiting;        /* feeds that are not in place yet */
  gboolean bare;        /* its own queue may not tell what it drops */
  gboolean placed;      /* it has been in place: from now on it resumes */
};

G_DEFINE_FINAL_TYPE (ChatRabbitmqReader, chat_rabbitmq_reader, CHAT_TYPE_RABBITMQ_SUBSCRIPTION)

static void
feed_close (Feed *feed)
{
  if (feed->channel != NULL)
    chat_rabbitmq_channel_close (feed->channel, NULL, NULL);
  if (feed->overflow != NULL)
    chat_rabbitmq_channel_close (feed->overflow, NULL, NULL);
  feed->channel = feed->overflow = NULL;
  feed->stale += g_queue_get_length (&feed->tags);
  g_queue_clear (&feed->tags);
  feed->received = feed->acked = 0;
}

static void
close_feeds (ChatRabbitmqReader *self)
{
  for (guint i = 0; i < self->feeds->len; i++)
    feed_close (g_ptr_array_index (self->feeds, i));
}

static void
feed_free (Feed *feed)
{
  g_free (feed->topic);
  chat_rabbitmq_place_free (feed->place);
  g_queue_clear (&feed->tags);
  g_free (feed);
}

static Feed *
find_feed (ChatRabbitmqReader *self, const char *topic)
{
  for (guint i = 0; i < self->feeds->len; i++)
    {
      Feed *feed = g_ptr_array_index (self->feeds, i);

      if (self->feeds->len == 1 || g_str_equal (feed->topic, topic))
        return feed;
    }
  return NULL;
}

/* What has been delivered, or is not wanted, makes room for more. */
static void
feed_acknowledge (Feed *feed, guint64 tag, gboolean at_once)
{
  if (feed->channel == NULL || tag <= feed->acked || (!at_once && tag - feed->acked < ACK_EVERY))
    return;
  feed->acked = tag;
  chat_rabbitmq_channel_ack (feed->channel, tag, TRUE);
}

/* Where to begin */

static gboolean
start_at_position (Feed *feed, const ChatPosition *position, GError **error)
{
  gint64 next = chat_position_get (position, feed->topic, SHARD);

  if (next < 0)
    next = feed->place->end;
  if (next > feed->place->end)
    {
      g_autofree char *end = g_strdup_printf ("%" G_GINT64_FORMAT, feed->place->end);
      g_autofree char *asked = g_strdup_printf ("%" G_GINT64_FORMAT, next);

      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST,
                   _ ("“%s” ends at %s: the position %s is of another broker"), feed->place->stream, end, asked);
      return FALSE;
    }
  feed->begin = BEGIN_OFFSET;
  feed->next = next;
  feed->resumes = TRUE;
  return TRUE;
}

static gboolean
feed_start (Feed *feed, const ChatStart *start, GError **error)
{
  if (feed->place->stream == NULL && start->kind != CHAT_START_LIVE)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, _ ("“%s” has no stream here: it can only be read live"),
                   feed->topic);
      return FALSE;
    }
  feed->resumes = FALSE;
  feed->live_from = feed->stale = 0;
  if (start->kind == CHAT_START_EARLIEST || start->kind == CHAT_START_TIME)
    {
      feed->begin = start->kind == CHAT_START_TIME && start->time_ms / 1000 > TIME_MARGIN_S ? BEGIN_TIME : BEGIN_FIRST;
      feed->next = 0;
      feed->time_ms = start->kind == CHAT_START_TIME ? start->time_ms : 0;
      feed->live_from = feed->place->end;
    }
  else if (start->kind == CHAT_START_POSITION)
    {
      if (!start_at_position (feed, start->position, error))
        return FALSE;
    }
  else
    {
      feed->begin = BEGIN_OFFSET;
      feed->next = feed->place->end;
    }
  feed->position = feed->next;
  return TRUE;
}

/* After a break: a stream from where it stood, and what a queue missed is a gap. */
static void
feed_resume (Feed *feed)
{
  ChatRabbitmqSubscription *subscription = CHAT_RABBITMQ_SUBSCRIPTION (feed->reader);

  if (feed->place->stream == NULL)
    {
      chat_rabbitmq_subscription_push_gap (subscription, feed->topic, feed->count, feed->count + 1);
      return;
    }
  if (feed->begin != BEGIN_OFFSET)
    return;
  if (feed->next > feed->place->end)
    {
      /* another stream of that name, from its beginning */
      chat_rabbitmq_subscription_push_gap (subscription, feed->topic, feed->next, feed->next + 1);
      feed->begin = BEGIN_FIRST;
      feed->next = feed->position = 0;
      feed->live_from = feed->time_ms = 0;
      return;
    }
  feed->resumes = TRUE;
}

/* Records */

static gboolean
is_wanted (Feed *feed, const ChatRabbitmqDelivery *delivery, gint64 offset)
{
  GHashTable *channels = feed->reader->channels;

  if (feed->begin == BEGIN_TIME || feed->time_ms > 0)
    {
      gint64 time_ms = chat_rabbitmq_codec_get_time (delivery->properties);

      if (offset < feed->live_from && time_ms != CHAT_TIME_UNKNOWN && time_ms < feed->time_ms)
        return FALSE;
      feed->time_ms = 0; /* what comes later is wanted, whatever its clock says */
    }
  if (channels == NULL)
    return TRUE;
  else
    {
      g_autofree char *key = chat_rabbitmq_dup_text (delivery->key);

      return g_hash_table_contains (channels, key);
    }
}

/* Returns FALSE for what came before. */
static gboolean
feed_advance (Feed *feed, gint64 offset)
{
  if (feed->place->stream == NULL)
    {
      feed->count++;
      return TRUE;
    }
  if (offset < feed->next)
    return FALSE;
  if (feed->resumes && offset > feed->next)
    chat_rabbitmq_subscription_push_gap (CHAT_RABBITMQ_SUBSCRIPTION (feed->reader), feed->topic, feed->next, offset);
  feed->resumes = FALSE;
  feed->begin = BEGIN_OFFSET;
  feed->next = offset + 1;
  return TRUE;
}

static void
delivered_cb (gpointer data, const ChatRabbitmqDelivery *delivery)
{
  Feed *feed = data;
  gint64 offset = feed->place->stream != NULL ? chat_rabbitmq_codec_get_offset (delivery->properties) : -1;

  feed->received = delivery->tag;
  if (feed_advance (feed, offset) && is_wanted (feed, delivery, offset))
    {
      g_queue_push_tail (&feed->tags, GSIZE_TO_POINTER (delivery->tag));
      chat_rabbitmq_subscription_push (CHAT_RABBITMQ_SUBSCRIPTION (feed->reader),
                                       chat_rabbitmq_codec_decode (feed->topic, delivery, 0, offset));
    }
  else if (g_queue_is_empty (&feed->tags) && feed->stale == 0)
    {
      feed->position = feed->next;
      feed_acknowledge (feed, feed->received, FALSE);
    }
}

/* The queue was full: what it held of the oldest is gone, and the first of that is told. */
static void
overflow_cb (gpointer data, const ChatRabbitmqDelivery *delivery)
{
  Feed *feed = data;

  chat_rabbitmq_subscription_push_gap (CHAT_RABBITMQ_SUBSCRIPTION (feed->reader), feed->topic, feed->count,
                                       feed->count + 1);
  chat_rabbitmq_channel_ack (feed->overflow, delivery->tag, TRUE);
}

/* The channels */

static void
cancelled_cb (gpointer data)
{
  Feed *feed = data;
  g_autoptr (GError) error
      = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                     _ ("“%s” is not to be read now: what it was read from is gone or has moved"), feed->topic);

  chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (feed->reader), error);
}

/* Credentials may be good for a queue of the broker's naming, and for nothing else. */
static void
lose (Feed *feed, const GError *error)
{
  ChatRabbitmqReader *self = feed->reader;
  g_autoptr (GError) again = NULL;

  if (feed->place->stream == NULL && !self->bare && chat_rabbitmq_is_denied (error))
    {
      self->bare = TRUE;
      again = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, error->message);
    }
  chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (self), again != NULL ? again : error);
}

static void
closed_cb (gpointer data, const GError *error)
{
  Feed *feed = data;

  feed->channel = NULL;
  lose (feed, error);
}

static void
overflow_closed_cb (gpointer data, const GError *error)
{
  Feed *feed = data;

  feed->overflow = NULL;
  lose (feed, error);
}

static const ChatRabbitmqChannelFuncs feed_funcs = {
  .delivered = delivered_cb,
  .cancelled = cancelled_cb,
  .closed = closed_cb,
};

static const ChatRabbitmqChannelFuncs overflow_funcs = {
  .delivered = overflow_cb,
  .closed = overflow_closed_cb,
};

static void
consuming_cb (gpointer decoded, gpointer data)
{
  Feed *feed = data;
  ChatRabbitmqReader *self = feed->reader;
  g_autoptr (GTask) seek = NULL;

  if (--self->waiting > 0)
    return;
  self->placed = TRUE;
  seek = g_steal_pointer (&self->seek);
  g_clear_pointer (&self->seek_wish, chat_wish_free);
  chat_rabbitmq_subscription_in_place (CHAT_RABBITMQ_SUBSCRIPTION (self));
  if (seek != NULL)
    g_task_return_boolean (seek, TRUE);
}

static void
consume (Feed *feed, ChatRabbitmqChannel *channel, const char *queue, gboolean exclusive, amqp_table_t arguments,
         ChatRabbitmqReply reply)
{
  amqp_basic_qos_t qos = { .prefetch_count = WINDOW };
  amqp_basic_consume_t method = { .queue = amqp_cstring_bytes (queue), .exclusive = exclusive, .arguments = arguments };

  chat_rabbitmq_channel_call (channel, AMQP_BASIC_QOS_METHOD, &qos, AMQP_BASIC_QOS_OK_METHOD, NULL, NULL);
  chat_rabbitmq_channel_call (channel, AMQP_BASIC_CONSUME_METHOD, &method, AMQP_BASIC_CONSUME_OK_METHOD, reply, feed);
}

static void
consume_stream (Feed *feed)
{
  amqp_table_entry_t entry = { .key = amqp_cstring_bytes ("x-stream-offset") };

  switch (feed->begin)
    {
    case BEGIN_TIME:
      entry.value.kind = AMQP_FIELD_KIND_TIMESTAMP;
      entry.value.value.u64 = (guint64)(feed->time_ms / 1000 - TIME_MARGIN_S);
      break;
    case BEGIN_OFFSET:
      entry.value.kind = AMQP_FIELD_KIND_I64;
      entry.value.value.i64 = feed->next;
      break;
    case BEGIN_FIRST:
    default:
      entry.value.kind = AMQP_FIELD_KIND_UTF8;
      entry.value.value.bytes = amqp_cstring_bytes ("first");
      break;
    }
  consume (feed, feed->channel, feed->place->stream, FALSE, (amqp_table_t){ 1, &entry }, consuming_cb);
}

/* A queue that goes with the connection. @name: "": of the broker's choice. */
static void
declare_own_queue (ChatRabbitmqChannel *channel, const char *name, amqp_table_t arguments)
{
  amqp_queue_declare_t declare
      = { .queue = amqp_cstring_bytes (name), .exclusive = 1, .auto_delete = 1, .arguments = arguments };

  chat_rabbitmq_channel_call (channel, AMQP_QUEUE_DECLARE_METHOD, &declare, AMQP_QUEUE_DECLARE_OK_METHOD, NULL, NULL);
}

static void
bind_own_queue (Feed *feed, const char *key)
{
  amqp_queue_bind_t bind = { .queue = amqp_cstring_bytes (""),
                             .exchange = amqp_cstring_bytes (feed->place->exchange),
                             .routing_key = amqp_cstring_bytes (key) };

  chat_rabbitmq_channel_call (feed->channel, AMQP_QUEUE_BIND_METHOD, &bind, AMQP_QUEUE_BIND_OK_METHOD, NULL, NULL);
}

/* In a topic exchange `*` and `#` are patterns: then all comes, and is looked at here. */
static gboolean
binds_each (Feed *feed)
{
  GHashTableIter iter;
  gpointer key;

  if (feed->reader->channels == NULL)
    return FALSE;
  g_hash_table_iter_init (&iter, feed->reader->channels);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (strpbrk (key, "*#") != NULL || strlen (key) > 255)
      return FALSE;
  return TRUE;
}

/* What its queue drops goes to a second one, which holds one message: enough to know of it. */
static void
consume_own_queue (Feed *feed)
{
  const ChatRabbitmqSite *site = chat_rabbitmq_subscription_get_site (CHAT_RABBITMQ_SUBSCRIPTION (feed->reader));
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *dropped = g_strconcat ("tertulia.dropped.", id, NULL);
  amqp_table_entry_t entries[3] = { { .key = amqp_cstring_bytes ("x-max-length") },
                                    { .key = amqp_cstring_bytes ("x-dead-letter-exchange") },
                                    { .key = amqp_cstring_bytes ("x-dead-letter-routing-key") } };
  amqp_table_entry_t single = { .key = amqp_cstring_bytes ("x-max-length") };
  GHashTableIter iter;
  gpointer key;

  if (!feed->reader->bare)
    feed->overflow = chat_rabbitmq_channel_new (site->consuming, &overflow_funcs, feed);
  single.value.kind = AMQP_FIELD_KIND_I64;
  single.value.value.i64 = 1;
  if (feed->overflow != NULL)
    {
      declare_own_queue (feed->overflow, dropped, (amqp_table_t){ 1, &single });
      consume (feed, feed->overflow, dropped, TRUE, amqp_empty_table, NULL);
    }

  entries[0].value.kind = AMQP_FIELD_KIND_I64;
  entries[0].value.value.i64 = QUEUE_MOST;
  entries[1].value.kind = entries[2].value.kind = AMQP_FIELD_KIND_UTF8;
  entries[1].value.value.bytes = amqp_cstring_bytes ("");
  entries[2].value.value.bytes = amqp_cstring_bytes (dropped);
  declare_own_queue (feed->channel, "",
                     (amqp_table_t){ feed->overflow != NULL ? (int)G_N_ELEMENTS (entries) : 1, entries });
  if (binds_each (feed))
    {
      g_hash_table_iter_init (&iter, feed->reader->channels);
      while (g_hash_table_iter_next (&iter, &key, NULL))
        bind_own_queue (feed, key);
    }
  else
    {
      bind_own_queue (feed, CHAT_RABBITMQ_EVERY_KEY);
    }
  consume (feed, feed->channel, "", TRUE, amqp_empty_table, consuming_cb);
}

static void
open_feeds (ChatRabbitmqReader *self)
{
  ChatRabbitmqSubscription *subscription = CHAT_RABBITMQ_SUBSCRIPTION (self);
  const ChatRabbitmqSite *site = chat_rabbitmq_subscription_get_site (subscription);

  self->waiting = self->feeds->len;
  for (guint i = 0; i < self->feeds->len; i++)
    {
      Feed *feed = g_ptr_array_index (self->feeds, i);

      feed->channel = chat_rabbitmq_channel_new (site->consuming, &feed_funcs, feed);
      if (feed->channel == NULL)
        {
          g_autoptr (GError) error = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL,
                                                          _ ("The broker allows no more channels"));

          chat_rabbitmq_subscription_repair (subscription, error);
          return;
        }
      if (feed->place->stream != NULL)
        consume_stream (feed);
      else
        consume_own_queue (feed);
    }
}

static void
take_places (ChatRabbitmqReader *self, GPtrArray *places)
{
  for (guint i = 0; i < self->feeds->len; i++)
    {
      Feed *feed = g_ptr_array_index (self->feeds, i);

      chat_rabbitmq_place_free (feed->place);
      feed->place = g_ptr_array_steal_index (places, 0);
    }
}

static gboolean
start_feeds (ChatRabbitmqReader *self, const ChatStart *start, GError **error)
{
  for (guint i = 0; i < self->feeds->len; i++)
    if (!feed_start (g_ptr_array_index (self->feeds, i), start, error))
      return FALSE;
  return TRUE;
}

static void
located_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatRabbitmqReader) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) places = chat_rabbitmq_admin_locate_finish (CHAT_RABBITMQ_ADMIN (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (places == NULL)
    {
      chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (self), error);
      return;
    }
  take_places (self, places);
  if (self->placed)
    {
      for (guint i = 0; i < self->feeds->len; i++)
        feed_resume (g_ptr_array_index (self->feeds, i));
    }
  else if (!start_feeds (self, &self->wish->start, &error))
    {
      chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (self), error);
      return;
    }
  open_feeds (self);
}

/* Seeking */

static void
fail_seek (ChatRabbitmqReader *self, const GError *error)
{
  g_autoptr (GTask) seek = g_steal_pointer (&self->seek);

  g_clear_pointer (&self->seek_wish, chat_wish_free);
  if (seek != NULL)
    g_task_return_error (seek, g_error_copy (error));
}

static gboolean
check_seek (ChatRabbitmqReader *self, GPtrArray *places, GError **error)
{
  for (guint i = 0; i < self->feeds->len; i++)
    {
      Feed *feed = g_ptr_array_index (self->feeds, i);
      Feed tried = { .topic = feed->topic, .place = g_ptr_array_index (places, i) };

      if (!feed_start (&tried, &self->seek_wish->start, error))
        return FALSE;
    }
  return TRUE;
}

static void
sought_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatRabbitmqReader) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) places = chat_rabbitmq_admin_locate_finish (CHAT_RABBITMQ_ADMIN (source), result, &error);

  if (self->seek == NULL)
    return;
  if (places == NULL || !check_seek (self, places, &error))
    {
      fail_seek (self, error);
      return;
    }
  chat_subscription_hold (CHAT_SUBSCRIPTION (self), self->seek);
  chat_rabbitmq_subscription_drop (CHAT_RABBITMQ_SUBSCRIPTION (self), NULL, NULL);
  close_feeds (self);
  take_places (self, places);
  start_feeds (self, &self->seek_wish->start, NULL);
  open_feeds (self);
}

void
chat_rabbitmq_reader_seek (ChatRabbitmqReader *self, const ChatStart *start, GTask *task)
{
  ChatRabbitmqSubscription *subscription = CHAT_RABBITMQ_SUBSCRIPTION (self);

  g_return_if_fail (CHAT_IS_RABBITMQ_READER (self));

  if (self->seek != NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING,
                               _ ("Another seek of this subscription is on its way"));
      return;
    }
  if (!chat_rabbitmq_subscription_is_in_place (subscription))
    {
      g_task_return_new_error (task, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                               _ ("There is no connection to the broker"));
      return;
    }
  self->seek = g_object_ref (task);
  self->seek_wish = chat_wish_new ((const char *const *)self->wish->topics, NULL, start);
  chat_rabbitmq_admin_locate_async (chat_rabbitmq_subscription_get_site (subscription)->admin,
                                    (const char *const *)self->wish->topics,
                                    chat_rabbitmq_subscription_get_cancellable (subscription), sought_cb,
                                    g_object_ref (self));
}

/* Overrides */

static void
chat_rabbitmq_reader_attach (ChatRabbitmqSubscription *subscription, const ChatRabbitmqSite *site)
{
  ChatRabbitmqReader *self = CHAT_RABBITMQ_READER (subscription);

  chat_rabbitmq_admin_locate_async (site->admin, (const char *const *)self->wish->topics,
                                    chat_rabbitmq_subscription_get_cancellable (subscription), located_cb,
                                    g_object_ref (self));
}

static void
chat_rabbitmq_reader_detach (ChatRabbitmqSubscription *subscription)
{
  ChatRabbitmqReader *self = CHAT_RABBITMQ_READER (subscription);
  g_autoptr (GError) error = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                                  _ ("The connection to the broker broke"));

  close_feeds (self);
  self->waiting = 0;
  fail_seek (self, error);
}

static void
chat_rabbitmq_reader_delivering (ChatSubscription *subscription, GPtrArray *batch)
{
  ChatRabbitmqReader *self = CHAT_RABBITMQ_READER (subscription);

  for (guint i = 0; i < batch->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (batch, i);
      Feed *feed = find_feed (self, chat_record_get_topic (record));
      guint64 tag;

      /* what came before a break has no tag any more */
      feed->position = MAX (feed->position, chat_record_get_offset (record) + 1);
      if (feed->stale > 0)
        {
          feed->stale--;
          continue;
        }
      tag = GPOINTER_TO_SIZE (g_queue_pop_head (&feed->tags));
      if (!g_queue_is_empty (&feed->tags))
        {
          feed_acknowledge (feed, tag, FALSE);
          continue;
        }
      feed->position = MAX (feed->position, feed->next);
      feed_acknowledge (feed, feed->received, FALSE);
    }
}

static void
chat_rabbitmq_reader_get_lag (ChatSubscription *subscription, gint64 *records, gint64 *milliseconds)
{
  ChatRabbitmqReader *self = CHAT_RABBITMQ_READER (subscription);
  guint waiting = chat_rabbitmq_subscription_get_waiting (CHAT_RABBITMQ_SUBSCRIPTION (self), milliseconds);

  *records = waiting;
  /* more may wait than the window lets in */
  for (guint i = 0; i < self->feeds->len; i++)
    {
      Feed *feed = g_ptr_array_index (self->feeds, i);

      if (feed->channel == NULL || feed->received - feed->acked >= WINDOW)
        *records = -1;
    }
}

static ChatPosition *
chat_rabbitmq_reader_dup_position (ChatSubscription *subscription)
{
  ChatRabbitmqReader *self = CHAT_RABBITMQ_READER (subscription);
  ChatPosition *position = chat_position_new ();

  for (guint i = 0; i < self->feeds->len; i++)
    {
      Feed *feed = g_ptr_array_index (self->feeds, i);

      if (feed->place != NULL && feed->place->stream != NULL)
        chat_position_set (position, feed->topic, SHARD, feed->position);
    }
  return position;
}

static void
chat_rabbitmq_reader_close_async (ChatSubscription *subscription, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (subscription, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_rabbitmq_reader_close_async);
  chat_rabbitmq_subscription_detach (CHAT_RABBITMQ_SUBSCRIPTION (subscription));
  g_signal_emit_by_name (subscription, "gone");
  g_task_return_boolean (task, TRUE);
}

static gboolean
chat_rabbitmq_reader_close_finish (ChatSubscription *subscription, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, subscription), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
chat_rabbitmq_reader_finalize (GObject *object)
{
  ChatRabbitmqReader *self = CHAT_RABBITMQ_READER (object);

  chat_wish_free (self->wish);
  g_ptr_array_unref (self->feeds);
  g_clear_pointer (&self->channels, g_hash_table_unref);
  G_OBJECT_CLASS (chat_rabbitmq_reader_parent_class)->finalize (object);
}

static void
chat_rabbitmq_reader_class_init (ChatRabbitmqReaderClass *klass)
{
  ChatSubscriptionClass *subscription_class = CHAT_SUBSCRIPTION_CLASS (klass);
  ChatRabbitmqSubscriptionClass *rabbitmq_class = CHAT_RABBITMQ_SUBSCRIPTION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = chat_rabbitmq_reader_finalize;
  subscription_class->delivering = chat_rabbitmq_reader_delivering;
  subscription_class->get_lag = chat_rabbitmq_reader_get_lag;
  subscription_class->dup_position = chat_rabbitmq_reader_dup_position;
  subscription_class->close_async = chat_rabbitmq_reader_close_async;
  subscription_class->close_finish = chat_rabbitmq_reader_close_finish;
  rabbitmq_class->attach = chat_rabbitmq_reader_attach;
  rabbitmq_class->detach = chat_rabbitmq_reader_detach;
}

static void
chat_rabbitmq_reader_init (ChatRabbitmqReader *self)
{
  self->feeds = g_ptr_array_new_with_free_func ((GDestroyNotify)feed_free);
}

ChatRabbitmqReader *
chat_rabbitmq_reader_new (const char *const *topics, const char *const *channels, const ChatStart *start)
{
  ChatRabbitmqReader *self = g_object_new (CHAT_TYPE_RABBITMQ_READER, NULL);

  self->wish = chat_wish_new (topics, channels, start);
  for (guint i = 0; topics[i] != NULL; i++)
    {
      Feed *feed = g_new0 (Feed, 1);

      feed->reader = self;
      feed->topic = g_strdup (topics[i]);
      g_ptr_array_add (self->feeds, feed);
    }
  if (channels == NULL)
    return self;
  self->channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; channels[i] != NULL; i++)
    g_hash_table_add (self->channels, g_strdup (channels[i]));
  return self;
}
