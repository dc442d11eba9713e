/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-live-channel.h"
#include "server/api/chat-api-live-feeds.h"
#include "server/api/chat-api-live-socket.h"
#include "server/api/chat-api-publisher.h"
#include "server/store/chat-store.h"
#include "server/store/chat-user-store.h"

G_BEGIN_DECLS

#define CHAT_TYPE_API_LIVE_CLIENT (chat_api_live_client_get_type ())
G_DECLARE_FINAL_TYPE (ChatApiLiveClient, chat_api_live_client, CHAT, API_LIVE_CLIENT, GObject)

typedef struct _ChatApiLiveHub ChatApiLiveHub;

/**
 * ChatApiLiveClient:
 *
 * What one connection asks for: its session, its subscriptions, its publishes. Signal `closed ()`: for good, once.
 */
ChatApiLiveClient *chat_api_live_client_new (ChatApiLiveHub *hub, ChatApiLiveSocket *socket,
                                             const ChatSessionInfo *session, const char *address);

const ChatSessionInfo *chat_api_live_client_get_session (ChatApiLiveClient *self);
/** chat_api_live_client_get_backlog: bytes of what waits for it. */
gsize chat_api_live_client_get_backlog (ChatApiLiveClient *self);
/** chat_api_live_client_was_too_slow: whether it was dropped for that. */
gboolean chat_api_live_client_was_too_slow (ChatApiLiveClient *self);
void chat_api_live_client_close (ChatApiLiveClient *self, gushort code, const char *reason);

/** chat_api_live_client_offer: a channel that has come into being: subscriptions to all channels take it up. */
void chat_api_live_client_offer (ChatApiLiveClient *self, ChatApiLiveChannel *channel);

/** chat_api_live_client_wants_warnings: whether a subscription has chat_warnings. */
gboolean chat_api_live_client_wants_warnings (ChatApiLiveClient *self);
/** chat_api_live_client_send_warnings: @bodies: (element-type GBytes): of frames, to the subscriptions that want them.
 */
void chat_api_live_client_send_warnings (ChatApiLiveClient *self, GPtrArray *bodies);

/** chat_api_live_client_tell: @body: behind the `ref`, to the subscriptions that have @feed. */
void chat_api_live_client_tell (ChatApiLiveClient *self, const ChatApiLiveFeed *feed, GBytes *body);

G_END_DECLS
