/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define CHAT_TYPE_LIVE_SOCKET (chat_live_socket_get_type ())
G_DECLARE_FINAL_TYPE (ChatLiveSocket, chat_live_socket, CHAT, LIVE_SOCKET, GObject)

/**
 * ChatLiveSocket:
 *
 * One connection to /v1/live, from its handshake to its end; another one is another object. It notices a peer that is
 * gone without a word: after @silence_ms without a frame it asks, after as long again it gives up.
 *
 * Signals: `opened`; `frame (GBytes *text)`; `closed (gboolean refused, char *reason)`: once, and nothing after it:
 * @refused: the service will not have this token (401 or 403); @reason: a sentence for people.
 */
ChatLiveSocket *chat_live_socket_new (SoupSession *session, const char *uri, const char *token, guint silence_ms);
void chat_live_socket_open (ChatLiveSocket *self);
/** chat_live_socket_send: after `opened`: one text frame. */
void chat_live_socket_send (ChatLiveSocket *self, const char *text);
/** chat_live_socket_close: says goodbye, without waiting for it; `closed` is not emitted. */
void chat_live_socket_close (ChatLiveSocket *self);

G_END_DECLS
