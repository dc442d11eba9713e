/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-loopback-broker.h"

G_BEGIN_DECLS

#define CHAT_TYPE_LOOPBACK_SUBSCRIPTION (chat_loopback_subscription_get_type ())
G_DECLARE_FINAL_TYPE (ChatLoopbackSubscription, chat_loopback_subscription, CHAT, LOOPBACK_SUBSCRIPTION,
                      ChatSubscription)

/** chat_loopback_subscription_new: not started; NULL with LOST where @start names what never was. @duplicates: (owned
 * by the transport, which @transport keeps): how many records are still to be delivered twice. */
ChatLoopbackSubscription *chat_loopback_subscription_new (ChatLoopbackBroker *broker, ChatTransport *transport,
                                                          guint *duplicates, const char *const *topics,
                                                          const char *const *channels, const ChatStart *start,
                                                          GError **error);

gboolean chat_loopback_subscription_seek (ChatLoopbackSubscription *self, const ChatStart *start, GError **error);
gboolean chat_loopback_subscription_has_group (ChatLoopbackSubscription *self);

/** chat_loopback_subscription_acknowledge: FALSE with ABORTED where @inputs are not what comes next. */
gboolean chat_loopback_subscription_acknowledge (ChatLoopbackSubscription *self, GPtrArray *inputs, GError **error);
/** chat_loopback_subscription_rewind: to what the group acknowledged. */
void chat_loopback_subscription_rewind (ChatLoopbackSubscription *self);
/** chat_loopback_subscription_skip: what was missed while offline becomes a gap. */
void chat_loopback_subscription_skip (ChatLoopbackSubscription *self);
/** chat_loopback_subscription_set_flowing: FALSE: takes nothing from the broker. */
void chat_loopback_subscription_set_flowing (ChatLoopbackSubscription *self, gboolean flowing);
/** chat_loopback_subscription_end: closes it from the broker's side. */
void chat_loopback_subscription_end (ChatLoopbackSubscription *self, const GError *error);

G_END_DECLS
