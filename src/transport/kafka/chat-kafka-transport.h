/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-broker-options.h"
#include "transport/chat-transport-base.h"

G_BEGIN_DECLS

#define CHAT_TYPE_KAFKA_TRANSPORT (chat_kafka_transport_get_type ())
G_DECLARE_FINAL_TYPE (ChatKafkaTransport, chat_kafka_transport, CHAT, KAFKA_TRANSPORT, ChatTransportBase)

/** CHAT_KAFKA_RECORD_MOST: a larger payload is REJECTED, in bytes. */
#define CHAT_KAFKA_RECORD_MOST (1000 * 1000)

/**
 * chat_kafka_transport_new:
 * @options: of CHAT_BROKER_KAFKA; copied
 *
 * Apache Kafka, through librdkafka, whose queues are GSources of the main context in which this is called. All
 * features. Its producer is idempotent; everybody reads committed records only.
 *
 * - A subscription without a group assigns partitions itself, joins no consumer group and commits nothing. A topic that
 *   is deleted under it makes the state DEGRADED until it is there again.
 * - A group is the consumer group PREFIX + GROUP, rebalanced eagerly: its members stop while shards change hands, and
 *   those that a member gets again go on where they were. A forward is a transaction with `transactional.id` PREFIX +
 *   GROUP.SLOT. A member keeps what it was delivered over a break of its connection. What retention has overtaken
 * before a group read it is not told of by `gap`.
 * - A topic is looked for before the first record is published to it, and declared where the options say so. One that
 *   is there with fewer partitions than these ask for is used as it is; the state is DEGRADED, and says so.
 * - A wrong password or certificate is DENIED to the first connect. After a connection that was good it is tried again
 *   four times a minute.
 */
ChatTransport *chat_kafka_transport_new (const ChatBrokerOptions *options);

G_END_DECLS
