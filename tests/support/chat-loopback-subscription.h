/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-loopback-broker.h"

G_BEGIN_DECLS

#define CHAT_TYPE_LOOPBACK_SUBSCRIPTION (chat_loopback_subscription_get_type ())
G_DECLARE_FINAL_TYPE (ChatLoopbackSubscription, chat_loopback_subscription, CHAT, LOOPBACK_SUBSCRIPTION,
                      ChatLocalSubscription)

/** chat_loopback_subscription_new: not started; NULL with LOST where @start names what never was. @duplicates: (owned
 * by the transport, which @transport keeps): how many records are still to be delivered twice. */
ChatLoopbackSubscription *chat_loopback_subscription_new (ChatLoopbackBroker *broker, ChatTransport *transport,
                                                          guint *duplicates, const char *const *topics,
                                                          const char *const *channels, const ChatStart *start,
                                                          GError **error);

const char *const *chat_loopback_subscription_get_topics (ChatLoopbackSubscription *self);

/** chat_loopback_subscription_set_flowing: FALSE, as at first: takes nothing from the broker. */
void chat_loopback_subscription_set_flowing (ChatLoopbackSubscription *self, gboolean flowing);

G_END_DECLS
