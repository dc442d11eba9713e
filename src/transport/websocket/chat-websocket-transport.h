/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "transport/chat-transport-base.h"

G_BEGIN_DECLS

/** CHAT_WEBSOCKET_SILENCE_MS: after so long without a word from the service it is asked whether it is there. */
#define CHAT_WEBSOCKET_SILENCE_MS 15000

#define CHAT_TYPE_WEBSOCKET_TRANSPORT (chat_websocket_transport_get_type ())
G_DECLARE_FINAL_TYPE (ChatWebsocketTransport, chat_websocket_transport, CHAT, WEBSOCKET_TRANSPORT, ChatTransportBase)

/**
 * chat_websocket_transport_new:
 * @session: shared with the REST client
 * @uri: the service's base, `http://…` or `https://…`; it connects to /v1/live there
 * @token: (nullable): the bearer token
 *
 * The live feed of tertulia-server (src/README.md, "the live protocol"). Features: RESUMABLE (a shard is a channel, its
 * offset the seq; where the service has not told it yet, counted on from the last one that it told).
 * chat_controlled, chat_private, chat_receipts and the caller's own chat_warnings can be subscribed to, and the topics
 * of the feed itself (CHAT_TOPIC_PRESENCE, _MARKS, _MODERATION): such a record has no key and no offset, and its bytes
 * are the JSON frame. After a break presence begins again with a frame of all who are there. A publish goes
 * to `chat` whatever its topic, and calls back when the service has accepted it. chat_transport_connect_async() while
 * it waits for its next try lets it try at once.
 *
 * A service that refuses the token (401, 403) is DENIED, also after a break: the subscriptions are closed with that
 * error, and the next connect tries again.
 */
ChatTransport *chat_websocket_transport_new (SoupSession *session, const char *uri, const char *token);

/** chat_websocket_transport_new_full: @silence_ms: instead of CHAT_WEBSOCKET_SILENCE_MS; a peer that stays silent for
 * twice to three times as long is given up. */
ChatTransport *chat_websocket_transport_new_full (SoupSession *session, const char *uri, const char *token,
                                                  guint silence_ms);

/** chat_websocket_transport_reconnect_now: drops the waiting time of a reconnect (the network came back). */
void chat_websocket_transport_reconnect_now (ChatWebsocketTransport *self);

G_END_DECLS
