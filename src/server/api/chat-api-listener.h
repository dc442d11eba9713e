/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/** ChatApiLimits: what SoupServer itself has no bounds for. Times in milliseconds, held to the second. */
typedef struct
{
  guint connections; /* most at once, WebSockets included; more are closed as they come */
  gsize body_bytes;  /* of one request, as Content-Length or in chunks */
  guint request_ms;  /* from a connection's start, or a request's first line, to the end of the request's body */
  guint idle_ms;     /* between requests; and how long a write may make no progress */
} ChatApiLimits;

/**
 * ChatApiListener:
 *
 * The listening socket of a SoupServer, and limits on what comes in by it: a client that opens connections and sends
 * nothing, half a head, a body drop by drop, or a body without end is cut off and costs no more than a socket
 * meanwhile. It must be freed before the server is.
 */
typedef struct _ChatApiListener ChatApiListener;

ChatApiListener *chat_api_listener_new (SoupServer *server, const ChatApiLimits *limits);
void chat_api_listener_free (ChatApiListener *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiListener, chat_api_listener_free)

/**
 * chat_api_listener_listen:
 * @address: a numeric address of this machine
 * @port: 0: any free one
 *
 * Returns: (transfer full) (nullable): the URI to reach it by, `http://ADDRESS:PORT/`; or NULL with a G_IO_ERROR whose
 * message is a sentence for whoever started the program
 */
char *chat_api_listener_listen (ChatApiListener *self, const char *address, guint port, GError **error);

/** chat_api_listener_check_body: FALSE with CHAT_API_ERROR_TOO_LARGE where the body of @message is over the limit; it
 * has then been thrown away. */
gboolean chat_api_listener_check_body (SoupServerMessage *message, GError **error);

/** chat_api_listener_release: the connection of @message becomes something else (a WebSocket): it still counts, but has
 * no deadlines any more; @idle_ms: how long it may be silent. To be called before the connection is stolen. */
void chat_api_listener_release (SoupServerMessage *message, guint idle_ms);

G_END_DECLS
