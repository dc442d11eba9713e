/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-record.h"
#include "transport/kafka/chat-kafka-handle.h"

G_BEGIN_DECLS

/** chat_kafka_record_check: whether Kafka can carry @record; else REJECTED. */
gboolean chat_kafka_record_check (const ChatBrokerOptions *options, const ChatRecord *record, GError **error);

/** chat_kafka_record_produce: puts @record into the producer's queue; never blocks.
 * @opaque: for its delivery report */
rd_kafka_resp_err_t chat_kafka_record_produce (rd_kafka_t *handle, const ChatBrokerOptions *options,
                                               const ChatRecord *record, gpointer opaque);

/** chat_kafka_record_new: (transfer full): @message as a record of @topic; its payload is copied, for it lies in a
 * buffer of a megabyte that a record kept for long would hold. A key or header that is no UTF-8 is left out. */
ChatRecord *chat_kafka_record_new (const char *topic, const rd_kafka_message_t *message);

/** chat_kafka_record_dup_key: (transfer full) (nullable) */
char *chat_kafka_record_dup_key (const rd_kafka_message_t *message);

G_END_DECLS
