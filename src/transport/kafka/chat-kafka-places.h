/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-wish.h"
#include "transport/kafka/chat-kafka-handle.h"

G_BEGIN_DECLS

/** ChatKafkaPlace: one partition, for a job of the consumer's worker: what the main context knows of it on the way in,
 * where it begins on the way out. */
typedef struct
{
  char *topic;
  gint shard;
  gint64 next;    /* to be read next; -1: whatever is first */
  gint64 acked;   /* a member: what its group has acknowledged; -1: nothing yet */
  gint64 low;     /* the first that is still there */
  gint64 end;     /* after the last that can be read */
  gboolean owned; /* a member: in: it has this one; out: and nobody else has had it since */
} ChatKafkaPlace;

/** chat_kafka_places_new: (transfer full) (element-type ChatKafkaPlace) */
GPtrArray *chat_kafka_places_new (void);
ChatKafkaPlace *chat_kafka_places_add (GPtrArray *places, const char *topic, gint shard, gint64 next, gint64 acked);
/** chat_kafka_places_get: (nullable) */
ChatKafkaPlace *chat_kafka_places_get (GPtrArray *places, const char *topic, gint shard);

/** chat_kafka_places_list: (transfer full): for librdkafka, at `next`. */
rd_kafka_topic_partition_list_t *chat_kafka_places_list (GPtrArray *places, const ChatBrokerOptions *options);

/* These ask the broker, and block. Not with a consumer that has begun to fetch: Kafka answers one request of a
 * connection at a time, and a fetch waits for half a second. */

/** chat_kafka_places_find: (transfer full): all partitions of @topics, which are declared where @ensure says so; with
 * @extents also where they begin and end. NULL with REJECTED, DENIED, OFFLINE. */
GPtrArray *chat_kafka_places_find (rd_kafka_t *handle, const ChatBrokerOptions *options, const char *const *topics,
                                   gboolean ensure, gboolean extents, GError **error);
/** chat_kafka_places_find_start: (transfer full): where @wish begins; also LOST. */
GPtrArray *chat_kafka_places_find_start (rd_kafka_t *handle, const ChatBrokerOptions *options, const ChatWish *wish,
                                         GError **error);

G_END_DECLS
