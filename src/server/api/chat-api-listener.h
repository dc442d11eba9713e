/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/** ChatApiLimits: what SoupServer itself has no bounds for. Times in milliseconds, held to the second. */
typedef struct
{
  guint connections;             /* most at once, WebSockets included: at the limit those that wait longest give way */
  guint connections_per_address; /* most at once of one address (chat-api-address.h); 0: no limit of its own */
  const char *const *proxies;    /* (array zero-terminated=1) (nullable): addresses that this limit is not for */
  gsize head_bytes;              /* of one request: its line and its headers */
  gsize body_bytes;              /* of one request, as Content-Length or in chunks */
  guint request_ms;              /* from a connection's start, or a request's first line, to the end of the body */
  guint idle_ms;                 /* between requests; and how long a write may make no progress */
  guint read_ms;                 /* for 64 KiB of an answer to go out, or the rest of it */
} ChatApiLimits;

/**
 * ChatApiListener:
 *
 * The listening socket of a SoupServer, and limits on what comes in by it: a client that opens connections and sends
 * nothing, half a head, a body drop by drop, or a body without end, or that takes its answer drop by drop, is cut off
 * and costs no more than a socket meanwhile. When all connections are taken, the one that has waited longest for a
 * request makes room, so that idle ones keep nobody out. It must be freed before the server is.
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

/** chat_api_listener_check_request: FALSE with CHAT_API_ERROR_HEAD_TOO_LARGE or CHAT_API_ERROR_TOO_LARGE where the head
 * or the body of @message is over the limit; such a body has been thrown away. */
gboolean chat_api_listener_check_request (SoupServerMessage *message, GError **error);

/** chat_api_listener_release: the connection of @message becomes something else (a WebSocket): it still counts, but has
 * no deadlines any more; @idle_ms: how long it may be silent. To be called before the connection is stolen. */
void chat_api_listener_release (SoupServerMessage *message, guint idle_ms);

/** ChatApiListenerCounters: connections: open now; the rest since the start: refused for want of room, cut at a
 * deadline, idle ones that gave way to others. */
typedef struct
{
  guint connections;
  guint64 accepted, refused, late, displaced;
} ChatApiListenerCounters;

/** chat_api_listener_get_counters: (transfer none): what they are now. */
const ChatApiListenerCounters *chat_api_listener_get_counters (ChatApiListener *self);

G_END_DECLS
