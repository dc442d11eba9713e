/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-subscription.h"
#include "transport/websocket/chat-live-frame.h"

G_BEGIN_DECLS

#define CHAT_TYPE_WEBSOCKET_SUBSCRIPTION (chat_websocket_subscription_get_type ())
G_DECLARE_FINAL_TYPE (ChatWebsocketSubscription, chat_websocket_subscription, CHAT, WEBSOCKET_SUBSCRIPTION,
                      ChatSubscription)

/**
 * ChatWebsocketSubscription:
 *
 * A reader of the live feed. It knows up to which seq each channel is known to it, and which records came since whose
 * seq it was not told, so that after a break it asks for exactly what it has not had, and passes over what it has.
 *
 * Signals, for its transport: `drained`: it was too full to take more, and can again; `gone`: its owner closed it or
 * let go of it.
 */
ChatWebsocketSubscription *chat_websocket_subscription_new (const char *const *topics, const char *const *channels,
                                                            const ChatStart *start);

gint64 chat_websocket_subscription_get_ref (ChatWebsocketSubscription *self);
/** chat_websocket_subscription_dup_request: (transfer full): the frame that asks the service for it; @ref names it from
 * here on. */
char *chat_websocket_subscription_dup_request (ChatWebsocketSubscription *self, gint64 ref);

/** chat_websocket_subscription_take_heads: it is in place. FALSE with CHAT_TRANSPORT_ERROR_LOST where it was to start
 * behind the end of a channel. @heads: (nullable): channel → seq (gint64 *) */
gboolean chat_websocket_subscription_take_heads (ChatWebsocketSubscription *self, GHashTable *heads, GError **error);
void chat_websocket_subscription_take_records (ChatWebsocketSubscription *self, ChatLiveFrame *frame);
/** chat_websocket_subscription_take_feed: @bytes: a frame of a topic that the feed has of itself. */
void chat_websocket_subscription_take_feed (ChatWebsocketSubscription *self, const char *topic, GBytes *bytes);

/** chat_websocket_subscription_is_full: so much waits for its reader that no more should be fetched. */
gboolean chat_websocket_subscription_is_full (ChatWebsocketSubscription *self);

G_END_DECLS
