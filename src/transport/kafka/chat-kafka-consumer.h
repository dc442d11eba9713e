/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-worker.h"
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

/**
 * ChatKafkaConsumer:
 *
 * The context of a subscription's worker: a consumer of librdkafka, and for a member of a group its transactional
 * producer. Its jobs block. The main context reads the two queues, from the end of the opening job on until it closes
 * the worker.
 */
typedef struct
{
  ChatBrokerOptions *options;
  char **topics;
  char *group;                /* (nullable): with the prefix */
  char *transactional_id;     /* (nullable): of a member */
  rd_kafka_t *handle;         /* (nullable): before the first opening job */
  rd_kafka_queue_t *control;  /* errors, logs, rebalances */
  rd_kafka_queue_t *messages; /* of all partitions */
  gboolean assigned;

  GHashTable *known;                /* a set of topics that are there */
  rd_kafka_t *producer;             /* (nullable): before the first, and after one that can't go on */
  gboolean uncertain;               /* how the last commit ended is not known */
  rd_kafka_resp_err_t output_error; /* the first output of a transaction that was refused */
  char *output_topic;               /* its topic; nullable */
} ChatKafkaConsumer;

ChatKafkaConsumer *chat_kafka_consumer_new (const ChatBrokerOptions *options, const char *const *topics,
                                            const char *group, const char *transactional_id);
/** chat_kafka_consumer_free: leaves the group. Blocks. */
void chat_kafka_consumer_free (ChatKafkaConsumer *self);

/* Jobs. A reader's: task data: ChatWish: answers with the places where it begins; it begins there at once. */
void chat_kafka_consumer_open_reader (GTask *task, gpointer consumer, gpointer wish, GCancellable *cancellable);
/* Task data: ChatWish: answers with places, and changes nothing. */
void chat_kafka_consumer_find (GTask *task, gpointer consumer, gpointer wish, GCancellable *cancellable);
/* Task data: places (GPtrArray): reads these from `next` on, and no others. A reader's only. */
void chat_kafka_consumer_assign (GTask *task, gpointer consumer, gpointer places, GCancellable *cancellable);
/* No task data: answers with a place for each partition that there is. */
void chat_kafka_consumer_look (GTask *task, gpointer consumer, gpointer nothing, GCancellable *cancellable);

/* A member's: joins the group. */
void chat_kafka_consumer_open_member (GTask *task, gpointer consumer, gpointer nothing, GCancellable *cancellable);
/* Task data: places: what a rebalance gives it: looks up what is acknowledged, and begins there, or goes on. */
void chat_kafka_consumer_take_over (GTask *task, gpointer consumer, gpointer places, GCancellable *cancellable);
/* No task data: gives all partitions back. */
void chat_kafka_consumer_give_back (GTask *task, gpointer consumer, gpointer nothing, GCancellable *cancellable);
/* Task data: places: goes back to `next` in each. */
void chat_kafka_consumer_rewind (GTask *task, gpointer consumer, gpointer places, GCancellable *cancellable);

/** chat_kafka_consumer_list: (transfer full): @places for librdkafka, at `next`. */
rd_kafka_topic_partition_list_t *chat_kafka_consumer_list (ChatKafkaConsumer *self, GPtrArray *places);

G_END_DECLS
