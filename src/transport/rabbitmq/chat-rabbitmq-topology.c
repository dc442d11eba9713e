/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/rabbitmq/chat-rabbitmq-topology.h"

#include <glib/gi18n-lib.h>

#include "transport/chat-record.h"
#include "transport/rabbitmq/chat-rabbitmq-codec.h"
#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-login.h"

/* A quorum has to agree on what is declared. */
#define ANSWER_S 20
/* How much of a stream's last chunk is read at once to find its end. */
#define PROBE_MESSAGES 2000
/* Retention takes whole segments away: about this many make a stream. */
#define SEGMENTS 8
#define SEGMENT_LEAST (1024 * 1024)
#define SEGMENT_MOST (500 * 1000 * 1000)
#define SEGMENT_BY_AGE (16 * 1024 * 1024)

struct _ChatRabbitmqTopology
{
  /* Owned */
  ChatBrokerOptions *options;
  amqp_connection_state_t state; /* nullable */
  char *address;
  GHashTable *streams; /* topic → StreamUse */

  amqp_channel_t channel;
  gboolean no_hash;    /* the broker has no x-consistent-hash */
  gboolean no_streams; /* nor streams, or not for us */
};

/* What was good once: that it is not any more is a trouble, and no reason to do without. */
typedef enum
{
  STREAM_FOUND = 1,
  STREAM_READ,
} StreamUse;

/* The groups of the service: their queues are there before anything is published. */
static const struct
{
  const char *topic, *group;
} known_groups[] = {
  { CHAT_TOPIC_CHAT, "moderator" },
  { CHAT_TOPIC_CONTROLLED, "archiver" },
  { CHAT_TOPIC_PRIVATE, "archiver" },
};

void
chat_rabbitmq_place_free (ChatRabbitmqPlace *place)
{
  if (place == NULL)
    return;
  g_free (place->topic);
  g_free (place->exchange);
  g_free (place->stream);
  g_free (place);
}

gboolean
chat_rabbitmq_topology_is_direct (const char *topic)
{
  return g_str_equal (topic, CHAT_TOPIC_WARNINGS);
}

char *
chat_rabbitmq_topology_dup_roll (const ChatBrokerOptions *options, const char *group)
{
  return g_strconcat (options->prefix, group, ".members", NULL);
}

/* The connection */

static void
disconnect (ChatRabbitmqTopology *self)
{
  g_clear_pointer (&self->state, amqp_destroy_connection);
}

static gboolean
take_reply (ChatRabbitmqTopology *self, amqp_rpc_reply_t reply, GError **error)
{
  GError *why;

  if (reply.reply_type == AMQP_RESPONSE_NORMAL)
    return TRUE;
  why = chat_rabbitmq_error_new_reply (reply);
  /* of a stream, 506: this node has not caught up yet, or has lost the others */
  if (g_error_matches (why, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL))
    why->code = CHAT_TRANSPORT_ERROR_OFFLINE;
  g_propagate_error (error, why);
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD)
    {
      amqp_channel_close_ok_t ok = { 0 };

      if (amqp_send_method (self->state, self->channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok) == AMQP_STATUS_OK
          && amqp_channel_open (self->state, self->channel) != NULL)
        return FALSE;
    }
  disconnect (self);
  return FALSE;
}

static gboolean
take_last_reply (ChatRabbitmqTopology *self, GError **error)
{
  return take_reply (self, amqp_get_rpc_reply (self->state), error);
}

static gboolean
connect_now (ChatRabbitmqTopology *self, GError **error)
{
  const struct timeval patience = { ANSWER_S, 0 };

  if (self->state != NULL && amqp_get_sockfd (self->state) >= 0)
    {
      /* a connection that lay idle may be gone without our knowing */
      amqp_basic_qos (self->state, self->channel, 0, PROBE_MESSAGES, 0);
      if (take_last_reply (self, NULL))
        return TRUE;
      disconnect (self);
    }
  self->state = chat_rabbitmq_login (self->options, self->address, "tertulia-topology", 0, error);
  if (self->state == NULL)
    return FALSE;
  amqp_set_rpc_timeout (self->state, &patience);
  self->channel = 1;
  amqp_channel_open (self->state, self->channel);
  return take_last_reply (self, error);
}

/* Declaring. A value is borrowed. */

static void
add_argument (amqp_table_t *table, const char *name, guint8 kind)
{
  amqp_table_entry_t *entry = &table->entries[table->num_entries++];

  *entry = (amqp_table_entry_t){ .key = amqp_cstring_bytes (name) };
  entry->value.kind = kind;
}

static void
add_text (amqp_table_t *table, const char *name, const char *value)
{
  add_argument (table, name, AMQP_FIELD_KIND_UTF8);
  table->entries[table->num_entries - 1].value.value.bytes = amqp_cstring_bytes (value);
}

static void
add_integer (amqp_table_t *table, const char *name, gint64 value)
{
  add_argument (table, name, AMQP_FIELD_KIND_I64);
  table->entries[table->num_entries - 1].value.value.i64 = value;
}

static gboolean
exchange_exists (ChatRabbitmqTopology *self, const char *name, GError **error)
{
  amqp_exchange_declare (self->state, self->channel, amqp_cstring_bytes (name), amqp_cstring_bytes ("topic"), 1, 0, 0,
                         0, amqp_empty_table);
  return take_last_reply (self, error);
}

/* Where it is there already, of another type perhaps, somebody wanted it so. */
static gboolean
declare_exchange (ChatRabbitmqTopology *self, const char *name, const char *type, amqp_table_t arguments,
                  GError **error)
{
  g_autoptr (GError) why = NULL;

  amqp_exchange_declare (self->state, self->channel, amqp_cstring_bytes (name), amqp_cstring_bytes (type), 0, 1, 0, 0,
                         arguments);
  if (take_last_reply (self, &why))
    return TRUE;
  if (self->state != NULL && exchange_exists (self, name, NULL))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

static gboolean
queue_exists (ChatRabbitmqTopology *self, const char *name, GError **error)
{
  amqp_queue_declare (self->state, self->channel, amqp_cstring_bytes (name), 1, 0, 0, 0, amqp_empty_table);
  return take_last_reply (self, error);
}

static gboolean
declare_queue (ChatRabbitmqTopology *self, const char *name, amqp_table_t arguments, GError **error)
{
  g_autoptr (GError) why = NULL;

  amqp_queue_declare (self->state, self->channel, amqp_cstring_bytes (name), 0, 1, 0, 0, arguments);
  if (take_last_reply (self, &why))
    return TRUE;
  if (self->state != NULL && queue_exists (self, name, NULL))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

static gboolean
bind_queue_full (ChatRabbitmqTopology *self, const char *queue, const char *exchange, const char *key,
                 amqp_table_t arguments, GError **error)
{
  amqp_queue_bind (self->state, self->channel, amqp_cstring_bytes (queue), amqp_cstring_bytes (exchange),
                   amqp_cstring_bytes (key), arguments);
  return take_last_reply (self, error);
}

static gboolean
bind_queue (ChatRabbitmqTopology *self, const char *queue, const char *exchange, const char *key, GError **error)
{
  return bind_queue_full (self, queue, exchange, key, amqp_empty_table, error);
}

/* Streams */

/* Whether it is the stream that the options name: what else of the service there is has its own. */
static gboolean
is_named_stream (ChatRabbitmqTopology *self, const char *topic)
{
  static const char *const others[]
      = { CHAT_TOPIC_PRIVATE, CHAT_TOPIC_WARNINGS, CHAT_TOPIC_RECEIPTS, CHAT_TOPIC_REJECTED, CHAT_TOPIC_CONTROL, NULL };

  return self->options->stream != NULL && !g_strv_contains (others, topic);
}

static char *
dup_stream_name (ChatRabbitmqTopology *self, const char *topic)
{
  g_autofree char *exchange = chat_broker_options_dup_name (self->options, topic);

  return is_named_stream (self, topic) ? g_strdup (self->options->stream) : g_strconcat (exchange, ".log", NULL);
}

static gboolean
wants_stream (ChatRabbitmqTopology *self, const char *topic)
{
  return !g_str_equal (topic, CHAT_TOPIC_CHAT) || is_named_stream (self, topic);
}

static gboolean
declare_stream (ChatRabbitmqTopology *self, const char *stream, GError **error)
{
  const ChatBrokerOptions *options = self->options;
  amqp_table_entry_t entries[8];
  amqp_table_t arguments = { 0, entries };
  g_autofree char *age = NULL;

  add_text (&arguments, "x-queue-type", "stream");
  if (options->replication > 0)
    add_integer (&arguments, "x-initial-cluster-size", options->replication);
  if (options->retention_ms > 0)
    {
      age = g_strdup_printf ("%" G_GINT64_FORMAT "s", MAX (options->retention_ms / 1000, 1));
      add_text (&arguments, "x-max-age", age);
    }
  if (options->retention_bytes > 0)
    add_integer (&arguments, "x-max-length-bytes", options->retention_bytes);
  if (options->retention_bytes > 0)
    add_integer (&arguments, "x-stream-max-segment-size-bytes",
                 CLAMP (options->retention_bytes / SEGMENTS, SEGMENT_LEAST, SEGMENT_MOST));
  else if (options->retention_ms > 0)
    add_integer (&arguments, "x-stream-max-segment-size-bytes", SEGMENT_BY_AGE);
  return declare_queue (self, stream, arguments, error);
}

static gboolean
was_stream (ChatRabbitmqTopology *self, const char *topic, StreamUse use)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->streams, topic)) >= use;
}

static void
note_stream (ChatRabbitmqTopology *self, const char *topic, StreamUse use)
{
  if (!was_stream (self, topic, use))
    g_hash_table_insert (self->streams, g_strdup (topic), GUINT_TO_POINTER (use));
}

/* What becomes of a topic whose stream could not be had: whether it has one all the same. */
static gboolean
miss_stream (ChatRabbitmqTopology *self, const char *topic, GError *why, GError **error)
{
  gboolean denied = chat_rabbitmq_is_denied (why);

  if (denied && was_stream (self, topic, STREAM_FOUND))
    return TRUE;
  if (g_error_matches (why, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE)
      || g_error_matches (why, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL)
      || (self->options->declare && was_stream (self, topic, STREAM_FOUND)))
    g_propagate_error (error, g_error_copy (why));
  else if (self->options->declare)
    self->no_streams = TRUE;
  return FALSE;
}

/* Whether there is a stream, in the end; that it can't be had is no error. */
static gboolean
ensure_stream (ChatRabbitmqTopology *self, const char *topic, const char *exchange, GError **error)
{
  g_autofree char *stream = dup_stream_name (self, topic);
  g_autoptr (GError) why = NULL;
  gboolean there;

  if (!wants_stream (self, topic) || self->no_streams)
    return FALSE;
  if (self->options->declare)
    there = declare_stream (self, stream, &why) && bind_queue (self, stream, exchange, CHAT_RABBITMQ_EVERY_KEY, &why);
  else
    there = queue_exists (self, stream, &why);
  if (!there)
    return miss_stream (self, topic, why, error);
  note_stream (self, topic, STREAM_FOUND);
  return TRUE;
}

/* Groups */

static gboolean
declare_group_queue (ChatRabbitmqTopology *self, const char *name, GError **error)
{
  amqp_table_entry_t entries[4];
  amqp_table_t arguments = { 0, entries };

  add_text (&arguments, "x-queue-type", "quorum");
  add_argument (&arguments, "x-single-active-consumer", AMQP_FIELD_KIND_BOOLEAN);
  entries[1].value.value.boolean = 1;
  if (self->options->replication > 0)
    add_integer (&arguments, "x-quorum-initial-group-size", self->options->replication);
  return declare_queue (self, name, arguments, error);
}

/* The broker closes the connection where it does not know the type: then K = 1. */
static gboolean
declare_hash (ChatRabbitmqTopology *self, const char *name, GError **error)
{
  g_autoptr (GError) why = NULL;

  if (self->no_hash)
    return TRUE;
  if (declare_exchange (self, name, "x-consistent-hash", amqp_empty_table, &why))
    return TRUE;
  if (!g_error_matches (why, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED))
    {
      g_propagate_error (error, g_steal_pointer (&why));
      return FALSE;
    }
  self->no_hash = TRUE;
  return self->state != NULL || connect_now (self, error);
}

/* What names its shard goes to its queue; what does not, of other clients, to the hash. */
static gboolean
declare_shards (ChatRabbitmqTopology *self, const char *name, const char *hash, GError **error)
{
  amqp_table_entry_t entries[1];
  amqp_table_t arguments = { 0, entries };

  add_text (&arguments, "alternate-exchange", hash);
  return declare_exchange (self, name, "headers", arguments, error);
}

static gboolean
bind_shard (ChatRabbitmqTopology *self, const char *queue, const char *exchange, guint shard, GError **error)
{
  g_autofree char *number = g_strdup_printf ("%u", shard);
  amqp_table_entry_t entries[2];
  amqp_table_t arguments = { 0, entries };

  add_text (&arguments, "x-match", "all");
  add_text (&arguments, CHAT_RABBITMQ_SHARD_HEADER, number);
  return bind_queue_full (self, queue, exchange, "", arguments, error);
}

static char *
dup_queue_name (ChatRabbitmqTopology *self, const char *topic, const char *group, guint shard)
{
  g_autofree char *exchange = chat_broker_options_dup_name (self->options, topic);

  return g_strdup_printf ("%s.%s.%u", exchange, group, shard);
}

/* From the queues towards the exchange: what reaches the hash finds the queues there. */
static GPtrArray *
declare_group (ChatRabbitmqTopology *self, const char *topic, const char *group, GError **error)
{
  g_autofree char *exchange = chat_broker_options_dup_name (self->options, topic);
  g_autofree char *hash = g_strdup_printf ("%s.%s", exchange, group);
  g_autofree char *numbers = g_strconcat (hash, ".shards", NULL);
  g_autoptr (GPtrArray) queues = g_ptr_array_new_with_free_func (g_free);
  guint shards = chat_broker_options_get_shards (self->options, topic);

  if (shards > 1 && !declare_hash (self, hash, error))
    return NULL;
  if (self->no_hash)
    shards = 1;
  if (shards > 1 && !declare_shards (self, numbers, hash, error))
    return NULL;
  for (guint i = 0; i < shards; i++)
    {
      char *queue = dup_queue_name (self, topic, group, i);

      g_ptr_array_add (queues, queue);
      if (!declare_group_queue (self, queue, error)
          || !bind_queue (self, queue, shards > 1 ? hash : exchange, shards > 1 ? "1" : CHAT_RABBITMQ_EVERY_KEY, error)
          || (shards > 1 && !bind_shard (self, queue, numbers, i, error)))
        return NULL;
    }
  if (shards == 1)
    return g_steal_pointer (&queues);
  amqp_exchange_bind (self->state, self->channel, amqp_cstring_bytes (numbers), amqp_cstring_bytes (exchange),
                      amqp_cstring_bytes (CHAT_RABBITMQ_EVERY_KEY), amqp_empty_table);
  if (!take_last_reply (self, error))
    return NULL;
  /* from a time without the plugin */
  amqp_queue_unbind (self->state, self->channel, amqp_cstring_bytes (g_ptr_array_index (queues, 0)),
                     amqp_cstring_bytes (exchange), amqp_cstring_bytes (CHAT_RABBITMQ_EVERY_KEY), amqp_empty_table);
  return take_last_reply (self, error) ? g_steal_pointer (&queues) : NULL;
}

static GPtrArray *
find_group (ChatRabbitmqTopology *self, const char *topic, const char *group, GError **error)
{
  g_autoptr (GPtrArray) queues = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) why = NULL;

  for (guint i = 0; why == NULL; i++)
    {
      g_autofree char *queue = dup_queue_name (self, topic, group, i);

      if (queue_exists (self, queue, &why))
        g_ptr_array_add (queues, g_steal_pointer (&queue));
    }
  if (queues->len > 0 && !g_error_matches (why, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE))
    return g_steal_pointer (&queues);
  g_propagate_error (error, g_steal_pointer (&why));
  return NULL;
}

/* Declares all that belongs to @topic, or looks whether it is there. */
static gboolean
ensure_topic (ChatRabbitmqTopology *self, const char *topic, gboolean *has_stream, GError **error)
{
  g_autofree char *exchange = chat_broker_options_dup_name (self->options, topic);
  g_autoptr (GError) why = NULL;

  if (!self->options->declare)
    {
      if (!exchange_exists (self, exchange, error))
        return FALSE;
    }
  else
    {
      if (!declare_exchange (self, exchange, chat_rabbitmq_topology_is_direct (topic) ? "direct" : "topic",
                             amqp_empty_table, error))
        return FALSE;
      for (guint i = 0; i < G_N_ELEMENTS (known_groups); i++)
        if (g_str_equal (topic, known_groups[i].topic))
          {
            g_autoptr (GPtrArray) queues = declare_group (self, topic, known_groups[i].group, error);

            if (queues == NULL)
              return FALSE;
          }
    }
  *has_stream = ensure_stream (self, topic, exchange, &why);
  if (why == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

/* The end of a stream */

static void
consume (ChatRabbitmqTopology *self, const char *stream, const char *tag)
{
  amqp_table_entry_t entries[1];
  amqp_table_t arguments = { 0, entries };

  add_text (&arguments, "x-stream-offset", tag);
  amqp_basic_consume (self->state, self->channel, amqp_cstring_bytes (stream), amqp_cstring_bytes (tag), 0, 0, 0,
                      arguments);
}

/* What has come so far: how much, and where it ends. */
static guint
drain (ChatRabbitmqTopology *self, guint64 *last_tag, gint64 *end)
{
  const struct timeval at_once = { 0, 0 };
  amqp_frame_t frame;
  guint count = 0;

  while (amqp_simple_wait_frame_noblock (self->state, &frame, &at_once) == AMQP_STATUS_OK)
    {
      if (frame.channel != self->channel)
        continue;
      if (frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_DELIVER_METHOD)
        {
          *last_tag = ((amqp_basic_deliver_t *)frame.payload.method.decoded)->delivery_tag;
          count++;
        }
      else if (frame.frame_type == AMQP_FRAME_HEADER)
        {
          gint64 offset = chat_rabbitmq_codec_get_offset (frame.payload.properties.decoded);

          *end = MAX (*end, offset + 1);
        }
    }
  amqp_maybe_release_buffers (self->state);
  return count;
}

/*
 * AMQP 0-9-1 can't be asked where a stream ends. A consumer that begins with the last chunk is told of it by a message
 * that the stream's process sends to the channel's when it attaches; a second consumer that attaches makes the two talk
 * once more, so when a third call is answered after that, the first one's deliveries have come.
 */
static gboolean
find_end (ChatRabbitmqTopology *self, const char *stream, gint64 *end, GError **error)
{
  guint64 tag = 0;
  guint came;

  *end = 0;
  amqp_basic_qos (self->state, self->channel, 0, PROBE_MESSAGES, 0);
  if (!take_last_reply (self, error))
    return FALSE;
  consume (self, stream, "last");
  if (!take_last_reply (self, error))
    return FALSE;
  consume (self, stream, "next");
  if (!take_last_reply (self, error))
    return FALSE;
  do
    {
      amqp_basic_qos (self->state, self->channel, 0, PROBE_MESSAGES, 0);
      if (!take_last_reply (self, error))
        return FALSE;
      came = drain (self, &tag, end);
      if (came > 0)
        amqp_basic_ack (self->state, self->channel, tag, 1);
    }
  while (came >= PROBE_MESSAGES / 2);

  /* the consumers go with their channel */
  if (!take_reply (self, amqp_channel_close (self->state, self->channel, AMQP_REPLY_SUCCESS), error))
    return FALSE;
  amqp_maybe_release_buffers (self->state);
  amqp_channel_open (self->state, self->channel);
  return take_last_reply (self, error);
}

/* Public */

ChatRabbitmqTopology *
chat_rabbitmq_topology_new (const ChatBrokerOptions *options)
{
  ChatRabbitmqTopology *self = g_new0 (ChatRabbitmqTopology, 1);

  self->options = chat_broker_options_copy (options);
  self->address = g_strdup (options->addresses[0]);
  self->streams = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
chat_rabbitmq_topology_free (ChatRabbitmqTopology *self)
{
  g_return_if_fail (self != NULL);

  if (self->state != NULL)
    {
      amqp_connection_close_t close = { .reply_code = AMQP_REPLY_SUCCESS };

      amqp_send_method (self->state, 0, AMQP_CONNECTION_CLOSE_METHOD, &close);
      disconnect (self);
    }
  chat_broker_options_free (self->options);
  g_hash_table_unref (self->streams);
  g_free (self->address);
  g_free (self);
}

void
chat_rabbitmq_topology_use (ChatRabbitmqTopology *self, const char *address)
{
  g_return_if_fail (self != NULL);

  disconnect (self);
  self->no_hash = self->no_streams = FALSE;
  g_free (self->address);
  self->address = g_strdup (address);
}

gboolean
chat_rabbitmq_topology_ensure (ChatRabbitmqTopology *self, const char *topic, gboolean *has_stream, GError **error)
{
  gboolean found = FALSE;

  g_return_val_if_fail (self != NULL, FALSE);

  if (!connect_now (self, error) || !ensure_topic (self, topic, &found, error))
    return FALSE;
  if (has_stream != NULL)
    *has_stream = found;
  return TRUE;
}

ChatRabbitmqPlace *
chat_rabbitmq_topology_locate (ChatRabbitmqTopology *self, const char *topic, GError **error)
{
  ChatRabbitmqPlace *place;
  gboolean has_stream = FALSE;
  gint64 end = 0;
  g_autofree char *stream = NULL;
  g_autoptr (GError) why = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  if (!chat_rabbitmq_topology_ensure (self, topic, &has_stream, error))
    return NULL;
  stream = dup_stream_name (self, topic);
  if (has_stream && !find_end (self, stream, &end, &why))
    {
      if (g_error_matches (why, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE)
          || was_stream (self, topic, STREAM_READ))
        {
          g_propagate_error (error, g_steal_pointer (&why));
          return NULL;
        }
      has_stream = FALSE; /* it is there, and not for us to read */
    }
  if (has_stream)
    note_stream (self, topic, STREAM_READ);
  place = g_new0 (ChatRabbitmqPlace, 1);
  place->topic = g_strdup (topic);
  place->exchange = chat_broker_options_dup_name (self->options, topic);
  place->stream = has_stream ? g_steal_pointer (&stream) : NULL;
  place->end = end;
  return place;
}

GPtrArray *
chat_rabbitmq_topology_ensure_group (ChatRabbitmqTopology *self, const char *topic, const char *group, GError **error)
{
  g_autofree char *roll = NULL;
  gboolean has_stream;

  g_return_val_if_fail (self != NULL, NULL);

  if (!connect_now (self, error))
    return NULL;
  if (!self->options->declare)
    return find_group (self, topic, group, error);
  roll = chat_rabbitmq_topology_dup_roll (self->options, group);
  if (!ensure_topic (self, topic, &has_stream, error)
      || !declare_exchange (self, roll, "fanout", amqp_empty_table, error))
    return NULL;
  return declare_group (self, topic, group, error);
}

gint64
chat_rabbitmq_topology_count (ChatRabbitmqTopology *self, GPtrArray *queues, GError **error)
{
  gint64 count = 0;

  g_return_val_if_fail (self != NULL, -1);

  if (!connect_now (self, error))
    return -1;
  for (guint i = 0; i < queues->len; i++)
    {
      amqp_queue_declare_ok_t *ok
          = amqp_queue_declare (self->state, self->channel, amqp_cstring_bytes (g_ptr_array_index (queues, i)), 1, 0, 0,
                                0, amqp_empty_table);

      if (!take_last_reply (self, error))
        return -1;
      count += ok->message_count;
    }
  return count;
}
