/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-broker-options.h"
#include "transport/chat-transport-base.h"

G_BEGIN_DECLS

#define CHAT_TYPE_RABBITMQ_TRANSPORT (chat_rabbitmq_transport_get_type ())
G_DECLARE_FINAL_TYPE (ChatRabbitmqTransport, chat_rabbitmq_transport, CHAT, RABBITMQ_TRANSPORT, ChatTransportBase)

/** CHAT_RABBITMQ_RECORD_MOST: a larger payload is REJECTED, in bytes. */
#define CHAT_RABBITMQ_RECORD_MOST (1024 * 1024)

/**
 * chat_rabbitmq_transport_new:
 * @options: of CHAT_BROKER_RABBITMQ; copied
 *
 * RabbitMQ over AMQP 0-9-1, through librabbitmq, as GSources of the main context in which this is called; what blocks
 * is done on a thread. A topic is an exchange (direct for chat_warnings, else topic) whose routing key is a record's
 * key.
 *
 * A group reads quorum queues with a single active consumer, `EXCHANGE.GROUP.0` and so on. What we publish names its
 * queue (CHAT_RABBITMQ_SHARD_HEADER), which the headers exchange `EXCHANGE.GROUP.shards` goes by; what other clients do
 * goes on from there to the x-consistent-hash exchange `EXCHANGE.GROUP`, so that after a restart of the broker theirs
 * may overtake each other. Where the broker does not have that type there is one queue. They have no retention: a
 * policy that gives them one (a length, a time to live) takes messages away from the group, and nobody is told. A new
 * group begins with its first subscribe; the queues of the service's own groups are declared with their topic, so that
 * nothing is lost before they come. Its members share the queues out over the exchange `PREFIX GROUP.members`. What a
 * member was delivered is revoked when its connection breaks, and a forward in flight then is ABORTED.
 *
 * A reader reads the exchange's stream, `EXCHANGE.log` (every topic but `chat` has one), by offset; where there is
 * none, or not for these credentials, a bounded queue of its own, which can only be read live: the state says so.
 *
 * A first connect or subscribe that is refused fails. What was allowed before is tried again, with long waits, until it
 * is allowed again; meanwhile the state says what is refused.
 *
 * An exchange or queue that is deleted while it is used is declared anew, where we declare: whatever was published and
 * came back for want of it is published once more, and only then REJECTED.
 *
 * Features: GROUPS, and RESUMABLE, SEEKABLE, EARLIEST where the broker has streams (as far as is known: before the
 * first connect it says that it has).
 */
ChatTransport *chat_rabbitmq_transport_new (const ChatBrokerOptions *options);

/** CHAT_RABBITMQ_HEARTBEAT_S: a broker that is silent for twice as long is gone. */
#define CHAT_RABBITMQ_HEARTBEAT_S 10

/** chat_rabbitmq_transport_new_full: with another heartbeat, in seconds. */
ChatTransport *chat_rabbitmq_transport_new_full (const ChatBrokerOptions *options, guint heartbeat_s);

G_END_DECLS
