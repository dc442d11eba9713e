/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "transport/chat-transport.h"

G_BEGIN_DECLS

#define CHAT_TYPE_WEBSOCKET_TRANSPORT (chat_websocket_transport_get_type ())
G_DECLARE_FINAL_TYPE (ChatWebsocketTransport, chat_websocket_transport, CHAT, WEBSOCKET_TRANSPORT, GObject)

/**
 * chat_websocket_transport_new:
 * @session: shared with the REST client
 * @uri: the service's base, `http://…` or `https://…`; it connects to /v1/live there
 * @token: (nullable): the bearer token; chat_websocket_transport_set_token() changes it for the next connection
 *
 * The live feed of tertulia-server (src/README.md, "the live protocol"). Features: RESUMABLE (a shard is a channel, its
 * offset the next seq). chat_controlled, chat_private, chat_receipts and the caller's own chat_warnings can be
 * subscribed to; a publish goes to `chat` whatever its topic, and calls back when the service has accepted it.
 */
ChatTransport *chat_websocket_transport_new (SoupSession *session, const char *uri, const char *token);
void chat_websocket_transport_set_token (ChatWebsocketTransport *self, const char *token);

/** chat_websocket_transport_reconnect_now: drops the waiting time of a reconnect (the network came back). */
void chat_websocket_transport_reconnect_now (ChatWebsocketTransport *self);

G_END_DECLS
