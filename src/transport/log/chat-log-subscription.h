/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-transport.h"
#include "transport/log/chat-log-hub.h"

G_BEGIN_DECLS

#define CHAT_TYPE_LOG_SUBSCRIPTION (chat_log_subscription_get_type ())
G_DECLARE_FINAL_TYPE (ChatLogSubscription, chat_log_subscription, CHAT, LOG_SUBSCRIPTION, ChatLocalSubscription)

/**
 * chat_log_subscription_new:
 * @transport: whose @hub it is: kept
 * @start: LIVE, EARLIEST, POSITION, or GROUP with a group that @hub has in each of the topics
 *
 * Returns: (transfer full): not started; NULL with LOST
 */
ChatLogSubscription *chat_log_subscription_new (ChatTransport *transport, ChatLogHub *hub, const char *const *topics,
                                                const char *const *channels, const ChatStart *start, GError **error);

/** chat_log_subscription_get_topics: (transfer none) */
const char *const *chat_log_subscription_get_topics (ChatLogSubscription *self);

G_END_DECLS
