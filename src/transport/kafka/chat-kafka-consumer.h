/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-worker.h"
#include "transport/kafka/chat-kafka-places.h"

G_BEGIN_DECLS

/** ChatKafkaFailure: an error that librdkafka tells of among the messages, and yet not as one of them: that a topic is
 * gone, which only @detail names. */
typedef struct
{
  rd_kafka_resp_err_t code;
  char *detail;
} ChatKafkaFailure;

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
  GPtrArray *failures;        /* ChatKafkaFailure: came while messages were taken out */
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
/* Task data: places (GPtrArray): reads these from `next` on, and no others. A reader's only. */
void chat_kafka_consumer_assign (GTask *task, gpointer consumer, gpointer places, GCancellable *cancellable);

/* A member's: joins the group. */
void chat_kafka_consumer_open_member (GTask *task, gpointer consumer, gpointer nothing, GCancellable *cancellable);
/* No task data: joins it anew, so that all shards are given out again. */
void chat_kafka_consumer_join_again (GTask *task, gpointer consumer, gpointer nothing, GCancellable *cancellable);
/* Task data: places: what a rebalance gives it: looks up what is acknowledged, and begins there, or goes on. */
void chat_kafka_consumer_take_over (GTask *task, gpointer consumer, gpointer places, GCancellable *cancellable);
/* No task data: gives all partitions back. */
void chat_kafka_consumer_give_back (GTask *task, gpointer consumer, gpointer nothing, GCancellable *cancellable);
/* Task data: places: goes back to `next` in each. */
void chat_kafka_consumer_rewind (GTask *task, gpointer consumer, gpointer places, GCancellable *cancellable);

G_END_DECLS
