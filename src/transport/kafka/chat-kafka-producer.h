/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-worker.h"
#include "transport/kafka/chat-kafka-places.h"

G_BEGIN_DECLS

/**
 * ChatKafkaProducer:
 *
 * The context of a transport's worker: its idempotent producer, which is also asked about the cluster. The jobs block.
 * The main context publishes with `handle` and reads `events`, from the end of the opening job on until it closes the
 * worker.
 */
typedef struct
{
  ChatBrokerOptions *options;
  rd_kafka_t *handle; /* (nullable): before the opening job */
  rd_kafka_queue_t *events;
  gint certificate_error; /* atomic: as ChatKafkaCallbacks has it */
} ChatKafkaProducer;

ChatKafkaProducer *chat_kafka_producer_new (const ChatBrokerOptions *options);
void chat_kafka_producer_free (ChatKafkaProducer *self);

/* Jobs. Makes the handle, which begins to connect: TRUE or DENIED. */
void chat_kafka_producer_open (GTask *task, gpointer producer, gpointer nothing, GCancellable *cancellable);
/* Whether the cluster answers: TRUE or OFFLINE. */
void chat_kafka_producer_probe (GTask *task, gpointer producer, gpointer nothing, GCancellable *cancellable);
/* Task data: a topic (char *): how many partitions it has, declared where the options say so. */
void chat_kafka_producer_ensure (GTask *task, gpointer producer, gpointer topic, GCancellable *cancellable);
/* Task data: ChatWish: where it begins: places. */
void chat_kafka_producer_find (GTask *task, gpointer producer, gpointer wish, GCancellable *cancellable);
/* Task data: ChatWish: all partitions of its topics, with their extents. */
void chat_kafka_producer_look (GTask *task, gpointer producer, gpointer wish, GCancellable *cancellable);
/* Task data: ChatWish: whether its group leaves one of its topics out: see chat_kafka_group_leaves_out(). */
void chat_kafka_producer_check_group (GTask *task, gpointer producer, gpointer wish, GCancellable *cancellable);
/* The topics (char **). */
void chat_kafka_producer_list (GTask *task, gpointer producer, gpointer nothing, GCancellable *cancellable);

G_END_DECLS
