/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-broker-options.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

#define CHAT_TYPE_KAFKA_TRANSPORT (chat_kafka_transport_get_type ())
G_DECLARE_FINAL_TYPE (ChatKafkaTransport, chat_kafka_transport, CHAT, KAFKA_TRANSPORT, GObject)

/** CHAT_KAFKA_RECORD_MOST: a larger payload is REJECTED, in bytes. */
#define CHAT_KAFKA_RECORD_MOST (1000 * 1000)

/**
 * chat_kafka_transport_new:
 * @options: of CHAT_BROKER_KAFKA; copied
 *
 * Apache Kafka, through librdkafka, whose queues are GSources of the main context in which this is called. All
 * features. Its producer is idempotent; a group's forward is a transaction with `transactional.id`
 * PREFIX.GROUP.SLOT; everybody reads committed records only. A subscription without a group assigns partitions itself,
 * joins no consumer group and commits nothing.
 */
ChatTransport *chat_kafka_transport_new (const ChatBrokerOptions *options);

G_END_DECLS
