/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-subscription.h"
#include "transport/chat-wish.h"
#include "transport/kafka/chat-kafka-consumer.h"

G_BEGIN_DECLS

#define CHAT_TYPE_KAFKA_SUBSCRIPTION (chat_kafka_subscription_get_type ())
G_DECLARE_FINAL_TYPE (ChatKafkaSubscription, chat_kafka_subscription, CHAT, KAFKA_SUBSCRIPTION, ChatSubscription)

/**
 * ChatKafkaSubscription:
 *
 * A reader, or a member of a group, with a consumer of its own and a worker's thread for the calls of librdkafka that
 * block.
 *
 * Signals:
 * - `failed (int code, char *detail)`: an error event of its consumer, a rd_kafka_resp_err_t.
 * - `troubled`: chat_kafka_subscription_get_trouble() is another.
 */

/** chat_kafka_subscription_new: @asker: whose context is the transport's ChatKafkaProducer; @transactional_id:
 * (nullable): of a member. Nothing is asked of the broker yet. */
ChatKafkaSubscription *chat_kafka_subscription_new (const ChatBrokerOptions *options, ChatWorker *asker,
                                                    const ChatWish *wish, const char *transactional_id);
/** chat_kafka_subscription_set_asker: the transport has another one. */
void chat_kafka_subscription_set_asker (ChatKafkaSubscription *self, ChatWorker *asker);
gboolean chat_kafka_subscription_has_group (ChatKafkaSubscription *self);
/** chat_kafka_subscription_get_trouble: (nullable): what it can't read, as a sentence. */
const char *chat_kafka_subscription_get_trouble (ChatKafkaSubscription *self);
/** chat_kafka_subscription_get_transactional_id: (nullable) */
const char *chat_kafka_subscription_get_transactional_id (ChatKafkaSubscription *self);

/** chat_kafka_subscription_open_async: after OFFLINE it may be called again. The subscription is in place when it calls
 * back, and not started. */
void chat_kafka_subscription_open_async (ChatKafkaSubscription *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_kafka_subscription_open_finish (ChatKafkaSubscription *self, GAsyncResult *result, GError **error);

/** chat_kafka_subscription_seek: @task: answered with TRUE or an error. A reader's only. */
void chat_kafka_subscription_seek (ChatKafkaSubscription *self, const ChatStart *start, GTask *task);

/** chat_kafka_subscription_forward: @task: answered with TRUE or an error. A member's only. */
void chat_kafka_subscription_forward (ChatKafkaSubscription *self, GPtrArray *inputs, GPtrArray *outputs, GTask *task);

/** chat_kafka_subscription_note_end: a record has been stored: the shard ends at @end or after. */
void chat_kafka_subscription_note_end (ChatKafkaSubscription *self, const char *topic, gint shard, gint64 end);

G_END_DECLS
