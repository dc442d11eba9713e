/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/kafka/chat-kafka-handle.h"

G_BEGIN_DECLS

/** ChatKafkaSource: a queue of librdkafka that wakes the main loop. */
typedef struct _ChatKafkaSource ChatKafkaSource;

/**
 * chat_kafka_source_new:
 * @queue: borrowed until the source is freed
 * @drain: takes out what is there, as far as it wants; TRUE: there may be more, ask again in the next iteration.
 * Whoever returns FALSE before the queue is empty is not woken for the rest.
 *
 * Attached to the thread-default main context.
 */
ChatKafkaSource *chat_kafka_source_new (rd_kafka_queue_t *queue, gboolean (*drain) (gpointer data), gpointer data);
/** chat_kafka_source_free: may be called inside @drain. The queue is not touched after this returns. */
void chat_kafka_source_free (ChatKafkaSource *self);

G_END_DECLS
