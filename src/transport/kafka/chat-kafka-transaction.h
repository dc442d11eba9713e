/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/kafka/chat-kafka-consumer.h"

G_BEGIN_DECLS

/** ChatKafkaForward: the task data of chat_kafka_transaction_run(). */
typedef struct
{
  GPtrArray *outputs; /* (element-type ChatRecord) */
  GPtrArray *places;  /* (element-type ChatKafkaPlace): of the partitions that inputs are from: what is acknowledged so
                       * far (`acked`), and is to be (`next`). Where another state is found to hold, `acked` says so. */
} ChatKafkaForward;

ChatKafkaForward *chat_kafka_forward_new (GPtrArray *outputs, GPtrArray *places);
void chat_kafka_forward_free (ChatKafkaForward *self);

/* What a member's worker does with its transactional producer. All of it blocks. */

/** chat_kafka_transaction_begin: makes the producer, if there is none; with that the broker ends whatever another
 * process with the same transactional id had begun. @error: OFFLINE, DENIED. */
gboolean chat_kafka_transaction_begin (ChatKafkaConsumer *consumer, GError **error);

/** chat_kafka_transaction_run: a job: outputs and acknowledgement as one transaction. Answers with TRUE; ABORTED,
 * where all that is not acknowledged has to come again; or what is wrong with an output (REJECTED, DENIED) or with the
 * broker (OFFLINE), where the same forward may be tried again. */
void chat_kafka_transaction_run (GTask *task, gpointer consumer, gpointer forward, GCancellable *cancellable);

/** chat_kafka_transaction_end: drops the producer. */
void chat_kafka_transaction_end (ChatKafkaConsumer *consumer);

G_END_DECLS
