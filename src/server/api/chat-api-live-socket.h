/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define CHAT_TYPE_API_LIVE_SOCKET (chat_api_live_socket_get_type ())
G_DECLARE_FINAL_TYPE (ChatApiLiveSocket, chat_api_live_socket, CHAT, API_LIVE_SOCKET, GObject)

/**
 * ChatApiLiveSocket:
 *
 * One WebSocket, with a queue of its own in front of libsoup's: what waits there is shared with the other sockets, so a
 * slow reader costs references, and it is bounded.
 *
 * Signals: `frame (GBytes *text)`; `drained ()`: what was sent has gone to the socket; `closed ()`: for good, once.
 *
 * @stream: of the handshake; @uri: for libsoup; @backlog: most bytes of live records and answers that wait
 */
ChatApiLiveSocket *chat_api_live_socket_new (GIOStream *stream, GUri *uri, gsize backlog);

/** chat_api_live_socket_send: @text: (transfer full): one frame, an answer; who does not read them is dropped like a
 * slow reader. */
void chat_api_live_socket_send (ChatApiLiveSocket *self, char *text);

/**
 * chat_api_live_socket_send_records:
 * @body: the frame behind its `ref` (chat_api_live_frame_new()); referenced
 * @live: whether the reader must keep up with it: past the backlog it is dropped (4013). What is replayed waits for
 *   `drained` instead
 */
void chat_api_live_socket_send_records (ChatApiLiveSocket *self, gint64 ref, GBytes *body, gboolean live);

/** chat_api_live_socket_send_feed: a frame of a topic that the feed has of itself. @op: a literal; @body: the frame
 * behind its `ref`; referenced. The reader must keep up with it. */
void chat_api_live_socket_send_feed (ChatApiLiveSocket *self, const char *op, gint64 ref, GBytes *body);

/** chat_api_live_socket_is_drained: whether nothing waits. */
gboolean chat_api_live_socket_is_drained (ChatApiLiveSocket *self);

/** chat_api_live_socket_get_backlog: bytes of live records and answers that wait. */
gsize chat_api_live_socket_get_backlog (ChatApiLiveSocket *self);
/** chat_api_live_socket_was_too_slow: whether it was closed because that became too much. */
gboolean chat_api_live_socket_was_too_slow (ChatApiLiveSocket *self);

/** chat_api_live_socket_close: @code: RFC 6455 §7.4; @reason: for people; cut at 123 bytes. What waits is
 * dropped. */
void chat_api_live_socket_close (ChatApiLiveSocket *self, gushort code, const char *reason);

G_END_DECLS
