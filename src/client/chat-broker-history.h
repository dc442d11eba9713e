/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-broker-site.h"
#include "client/chat-cache.h"
#include "client/chat-history.h"

G_BEGIN_DECLS

#define CHAT_TYPE_BROKER_HISTORY (chat_broker_history_get_type ())
G_DECLARE_FINAL_TYPE (ChatBrokerHistory, chat_broker_history, CHAT, BROKER_HISTORY, GObject)

/**
 * ChatBrokerHistory: (implements ChatHistory)
 *
 * The history of a broker's channels: its own log (a Kafka topic, a RabbitMQ stream), read in bounded pieces; several
 * partitions are merged by time, then in the order of their offsets. Where the broker keeps nothing, what @cache has
 * kept of what came live.
 */
ChatBrokerHistory *chat_broker_history_new (ChatBrokerSite *site, ChatCache *cache);

G_END_DECLS
