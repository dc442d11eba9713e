/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/chat-time.h"
#include "transport/chat-transport-error.h"
#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-reader-private.h"

/* How often a reader says what it has read. */
#define ACK_EVERY 100
/* What a queue of its own holds at most for a reader that does not read. */
#define QUEUE_MOST 10000
/* A stream is asked for a second, of its broker's clock: what comes too early is left out here. */
#define TIME_MARGIN_S 2

ChatRabbitmqFeed *
chat_rabbitmq_feed_new (ChatRabbitmqReader *reader, const char *topic)
{
  ChatRabbitmqFeed *feed = g_new0 (ChatRabbitmqFeed, 1);

  feed->reader = reader;
  feed->topic = g_strdup (topic);
  return feed;
}

void
chat_rabbitmq_feed_free (ChatRabbitmqFeed *feed)
{
  g_free (feed->topic);
  chat_rabbitmq_place_free (feed->place);
  g_clear_pointer (&feed->last, g_bytes_unref);
  g_queue_clear (&feed->tags);
  g_free (feed);
}

void
chat_rabbitmq_feed_close (ChatRabbitmqFeed *feed)
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
acknowledge (ChatRabbitmqFeed *feed, guint64 tag, gboolean at_once)
{
  if (feed->channel == NULL || tag <= feed->acked || (!at_once && tag - feed->acked < ACK_EVERY))
    return;
  feed->acked = tag;
  chat_rabbitmq_channel_ack (feed->channel, tag, TRUE);
}

void
chat_rabbitmq_feed_delivering (ChatRabbitmqFeed *feed, ChatRecord *record)
{
  guint64 tag = 0;

  feed->position = MAX (feed->position, chat_record_get_offset (record) + 1);
  /* what came before a break has no tag any more */
  if (feed->stale > 0)
    feed->stale--;
  else
    tag = GPOINTER_TO_SIZE (g_queue_pop_head (&feed->tags));
  if (feed->stale > 0 || !g_queue_is_empty (&feed->tags))
    {
      acknowledge (feed, tag, FALSE);
      return;
    }
  /* nothing waits any more: all that came since is not wanted */
  feed->position = MAX (feed->position, feed->next);
  acknowledge (feed, feed->received, FALSE);
}

/* Where to begin */

static gboolean
start_at_position (ChatRabbitmqFeed *feed, const ChatPosition *position, GError **error)
{
  gint64 next = chat_position_get (position, feed->topic, CHAT_RABBITMQ_FEED_SHARD);

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
  feed->begin = CHAT_RABBITMQ_BEGIN_OFFSET;
  feed->next = next;
  feed->resumes = TRUE;
  return TRUE;
}

gboolean
chat_rabbitmq_feed_start (ChatRabbitmqFeed *feed, const ChatStart *start, GError **error)
{
  if (feed->place->stream == NULL && start->kind != CHAT_START_LIVE)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, _ ("“%s” has no stream here: it can only be read live"),
                   feed->topic);
      return FALSE;
    }
  feed->resumes = FALSE;
  g_clear_pointer (&feed->last, g_bytes_unref);
  feed->live_from = feed->stale = 0;
  if (start->kind == CHAT_START_EARLIEST || start->kind == CHAT_START_TIME)
    {
      feed->begin = start->kind == CHAT_START_TIME && start->time_ms / 1000 > TIME_MARGIN_S ? CHAT_RABBITMQ_BEGIN_TIME
                                                                                            : CHAT_RABBITMQ_BEGIN_FIRST;
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
      feed->begin = CHAT_RABBITMQ_BEGIN_OFFSET;
      feed->next = feed->place->end;
    }
  feed->position = feed->next;
  return TRUE;
}

gboolean
chat_rabbitmq_feed_is_ahead (ChatRabbitmqFeed *feed, const ChatStart *start)
{
  gint64 next = feed->next;

  if (feed->place->stream == NULL)
    return FALSE;
  if (start != NULL)
    next = start->kind == CHAT_START_POSITION
               ? chat_position_get (start->position, feed->topic, CHAT_RABBITMQ_FEED_SHARD)
               : 0;
  else if (feed->begin != CHAT_RABBITMQ_BEGIN_OFFSET)
    return FALSE;
  return next > feed->place->end;
}

/* It is another stream of that name, which is read from its beginning. */
static void
begin_another (ChatRabbitmqFeed *feed)
{
  chat_rabbitmq_subscription_push_gap (CHAT_RABBITMQ_SUBSCRIPTION (feed->reader), feed->topic, feed->next,
                                       feed->next + 1);
  feed->begin = CHAT_RABBITMQ_BEGIN_FIRST;
  feed->next = feed->position = 0;
  feed->live_from = feed->time_ms = 0;
  g_clear_pointer (&feed->last, g_bytes_unref);
}

void
chat_rabbitmq_feed_resume (ChatRabbitmqFeed *feed)
{
  feed->missed = feed->place->stream == NULL;
  if (feed->missed || feed->begin != CHAT_RABBITMQ_BEGIN_OFFSET)
    return;
  if (chat_rabbitmq_feed_is_ahead (feed, NULL))
    begin_another (feed);
  else
    feed->resumes = TRUE;
}

/* Records */

static gboolean
is_wanted (ChatRabbitmqFeed *feed, const ChatRabbitmqDelivery *delivery, gint64 offset)
{
  GHashTable *channels = feed->reader->channels;

  if (feed->begin == CHAT_RABBITMQ_BEGIN_TIME || feed->time_ms > 0)
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

/* Whether @delivery is what came last before the break. A stream that was deleted and made again may have grown past
 * that meanwhile. */
static gboolean
prove (ChatRabbitmqFeed *feed, const ChatRabbitmqDelivery *delivery, gint64 offset)
{
  if (!feed->proving || offset < feed->next - 1)
    return TRUE;
  feed->proving = FALSE;
  return offset >= feed->next
         || (feed->last_time_ms == chat_rabbitmq_codec_get_time (delivery->properties)
             && g_bytes_equal (feed->last, delivery->body));
}

/* What it was read from is looked up anew. */
static void
look_again (ChatRabbitmqFeed *feed)
{
  g_autoptr (GError) error
      = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                     _ ("“%s” is not to be read now: what it was read from is gone or has moved"), feed->topic);

  chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (feed->reader), error);
}

/* Returns FALSE for what came before. */
static gboolean
feed_advance (ChatRabbitmqFeed *feed, const ChatRabbitmqDelivery *delivery, gint64 offset)
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
  feed->begin = CHAT_RABBITMQ_BEGIN_OFFSET;
  feed->next = offset + 1;
  g_clear_pointer (&feed->last, g_bytes_unref);
  feed->last = g_bytes_ref (delivery->body);
  feed->last_time_ms = chat_rabbitmq_codec_get_time (delivery->properties);
  return TRUE;
}

static void
delivered_cb (gpointer data, const ChatRabbitmqDelivery *delivery)
{
  ChatRabbitmqFeed *feed = data;
  gint64 offset = feed->place->stream != NULL ? chat_rabbitmq_codec_get_offset (delivery->properties) : -1;

  if (!prove (feed, delivery, offset))
    {
      begin_another (feed);
      look_again (feed);
      return;
    }
  feed->received = delivery->tag;
  if (feed_advance (feed, delivery, offset) && is_wanted (feed, delivery, offset))
    {
      g_queue_push_tail (&feed->tags, GSIZE_TO_POINTER (delivery->tag));
      chat_rabbitmq_subscription_push (CHAT_RABBITMQ_SUBSCRIPTION (feed->reader),
                                       chat_rabbitmq_codec_decode (feed->topic, delivery, 0, offset));
    }
  else if (g_queue_is_empty (&feed->tags) && feed->stale == 0)
    {
      feed->position = feed->next;
      acknowledge (feed, feed->received, FALSE);
    }
}

/* The queue was full: what it held of the oldest is gone, and the first of that is told. */
static void
overflow_cb (gpointer data, const ChatRabbitmqDelivery *delivery)
{
  ChatRabbitmqFeed *feed = data;

  chat_rabbitmq_subscription_push_gap (CHAT_RABBITMQ_SUBSCRIPTION (feed->reader), feed->topic, feed->count,
                                       feed->count + 1);
  chat_rabbitmq_channel_ack (feed->overflow, delivery->tag, TRUE);
}

/* The channels */

static void
cancelled_cb (gpointer data)
{
  look_again (data);
}

/* Credentials may be good for a queue of the broker's naming, and for nothing else. */
static void
lose (ChatRabbitmqFeed *feed, const GError *error)
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
  ChatRabbitmqFeed *feed = data;

  feed->channel = NULL;
  lose (feed, error);
}

static void
overflow_closed_cb (gpointer data, const GError *error)
{
  ChatRabbitmqFeed *feed = data;

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
  ChatRabbitmqFeed *feed = data;

  /* told once the queue is there: what is looked up elsewhere from then on has nothing missing before it */
  if (feed->missed)
    chat_rabbitmq_subscription_push_gap (CHAT_RABBITMQ_SUBSCRIPTION (feed->reader), feed->topic, feed->count,
                                         feed->count + 1);
  feed->missed = FALSE;
  chat_rabbitmq_reader_feed_in_place (feed->reader);
}

static void
consume (ChatRabbitmqFeed *feed, ChatRabbitmqChannel *channel, const char *queue, gboolean exclusive,
         amqp_table_t arguments, ChatRabbitmqReply reply)
{
  amqp_basic_qos_t qos = { .prefetch_count = CHAT_RABBITMQ_FEED_WINDOW };
  amqp_basic_consume_t method = { .queue = amqp_cstring_bytes (queue), .exclusive = exclusive, .arguments = arguments };

  chat_rabbitmq_channel_call (channel, AMQP_BASIC_QOS_METHOD, &qos, AMQP_BASIC_QOS_OK_METHOD, NULL, NULL);
  chat_rabbitmq_channel_call (channel, AMQP_BASIC_CONSUME_METHOD, &method, AMQP_BASIC_CONSUME_OK_METHOD, reply, feed);
}

static void
consume_stream (ChatRabbitmqFeed *feed)
{
  amqp_table_entry_t entry = { .key = amqp_cstring_bytes ("x-stream-offset") };

  feed->proving = FALSE;
  switch (feed->begin)
    {
    case CHAT_RABBITMQ_BEGIN_TIME:
      entry.value.kind = AMQP_FIELD_KIND_TIMESTAMP;
      entry.value.value.u64 = (guint64)(feed->time_ms / 1000 - TIME_MARGIN_S);
      break;
    case CHAT_RABBITMQ_BEGIN_OFFSET:
      entry.value.kind = AMQP_FIELD_KIND_I64;
      /* and what came last once more, to see that it is the same stream */
      feed->proving = feed->resumes && feed->last != NULL;
      entry.value.value.i64 = feed->next - (feed->proving ? 1 : 0);
      break;
    case CHAT_RABBITMQ_BEGIN_FIRST:
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
bind_own_queue (ChatRabbitmqFeed *feed, const char *key)
{
  amqp_queue_bind_t bind = { .queue = amqp_cstring_bytes (""),
                             .exchange = amqp_cstring_bytes (feed->place->exchange),
                             .routing_key = amqp_cstring_bytes (key) };

  chat_rabbitmq_channel_call (feed->channel, AMQP_QUEUE_BIND_METHOD, &bind, AMQP_QUEUE_BIND_OK_METHOD, NULL, NULL);
}

/* In a topic exchange `*` and `#` are patterns: then all comes, and is looked at here. */
static gboolean
binds_each (ChatRabbitmqFeed *feed)
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
consume_own_queue (ChatRabbitmqFeed *feed)
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

gboolean
chat_rabbitmq_feed_open (ChatRabbitmqFeed *feed)
{
  const ChatRabbitmqSite *site = chat_rabbitmq_subscription_get_site (CHAT_RABBITMQ_SUBSCRIPTION (feed->reader));

  feed->channel = chat_rabbitmq_channel_new (site->consuming, &feed_funcs, feed);
  if (feed->channel == NULL)
    return FALSE;
  if (feed->place->stream != NULL)
    consume_stream (feed);
  else
    consume_own_queue (feed);
  return TRUE;
}
