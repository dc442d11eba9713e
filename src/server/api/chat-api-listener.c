/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-listener.h"

#include <sys/socket.h>

#include "server/api/chat-api-request.h"

/* A client that sends too much is let finish, so that it reads the answer; up to this many times the limit. */
#define OVERFLOW_FACTOR 16
#define BACKLOG 1024
#define SWEEP_SECONDS 1
/* With no room left it looks at once, but not for each that knocks. */
#define CROWDED_SWEEP_US (50 * G_TIME_SPAN_MILLISECOND)

/* One accepted connection. It hangs on its GSocket, which libsoup hands out with every message. */
typedef struct
{
  GSocket *socket;
  gint64 deadline; /* monotonic, us; 0: none now */
  gboolean idle;   /* between two requests */
} Connection;

struct _ChatApiListener
{
  ChatApiLimits limits;

  /* Borrowed */
  SoupServer *server;

  /* Owned */
  GPtrArray *connections;
  guint sweep_id;
  gint64 swept; /* monotonic, us */
};

static G_DEFINE_QUARK (chat - api - connection, connection);
static G_DEFINE_QUARK (chat - api - body, body);

/* What has come of a body; hangs on its message. */
typedef struct
{
  gsize limit;
  gsize received;
  gboolean too_large;
} Body;

static void
connection_free (gpointer data)
{
  Connection *connection = data;

  g_object_set_qdata (G_OBJECT (connection->socket), connection_quark (), NULL);
  g_object_unref (connection->socket);
  g_free (connection);
}

static Connection *
connection_of (SoupServerMessage *message)
{
  GSocket *socket = soup_server_message_get_socket (message);

  return socket != NULL ? g_object_get_qdata (G_OBJECT (socket), connection_quark ()) : NULL;
}

static void
cut (GSocket *socket)
{
  g_socket_shutdown (socket, TRUE, TRUE, NULL);
}

static gboolean
is_at_end (GSocket *socket)
{
  char next;

  return recv (g_socket_get_fd (socket), &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Looks at all connections, instead of having a timer for each request. When a client closes a connection between two
 * requests, libsoup 3.2 stops looking at it but leaves it open (and leaks its object): it is closed here. */
static void
sweep (ChatApiListener *self)
{
  gint64 now = g_get_monotonic_time ();

  self->swept = now;
  for (guint i = 0; i < self->connections->len;)
    {
      Connection *connection = self->connections->pdata[i];

      if (connection->idle && is_at_end (connection->socket))
        g_socket_close (connection->socket, NULL);
      if (g_socket_is_closed (connection->socket))
        {
          g_ptr_array_remove_index_fast (self->connections, i);
          continue;
        }
      if (connection->deadline != 0 && now > connection->deadline)
        {
          connection->deadline = 0;
          cut (connection->socket);
        }
      i++;
    }
}

static gboolean
sweep_cb (gpointer user_data)
{
  sweep (user_data);
  return G_SOURCE_CONTINUE;
}

static gint64
deadline_in (guint milliseconds)
{
  return g_get_monotonic_time () + milliseconds * G_TIME_SPAN_MILLISECOND;
}

static Connection *
adopt (ChatApiListener *self, GSocket *socket)
{
  Connection *connection;

  if (self->connections->len >= self->limits.connections && g_get_monotonic_time () - self->swept > CROWDED_SWEEP_US)
    sweep (self);
  if (self->connections->len >= self->limits.connections)
    {
      cut (socket);
      return NULL;
    }
  connection = g_new0 (Connection, 1);
  connection->socket = g_object_ref (socket);
  g_object_set_qdata (G_OBJECT (socket), connection_quark (), connection);
  g_ptr_array_add (self->connections, connection);
  g_socket_set_timeout (socket, MAX (self->limits.idle_ms / 1000, 1));
  return connection;
}

/* For the first request of a connection this comes when it is accepted, for others with the request's first line. */
static void
started_cb (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  ChatApiListener *self = user_data;
  GSocket *socket = soup_server_message_get_socket (message);
  Connection *connection = connection_of (message);

  if (connection == NULL && socket != NULL)
    connection = adopt (self, socket);
  if (connection == NULL)
    return;
  connection->idle = FALSE;
  connection->deadline = deadline_in (self->limits.request_ms);
}

static void
read_cb (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  Connection *connection = connection_of (message);

  if (connection != NULL)
    connection->deadline = 0;
}

static void
finished_cb (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  ChatApiListener *self = user_data;
  Connection *connection = connection_of (message);

  if (connection == NULL)
    return;
  connection->idle = TRUE;
  connection->deadline = deadline_in (self->limits.idle_ms);
}

static void
throw_body_away (SoupServerMessage *message, Body *body)
{
  SoupMessageBody *accumulated = soup_server_message_get_request_body (message);

  body->too_large = TRUE;
  soup_message_body_set_accumulate (accumulated, FALSE);
  soup_message_body_truncate (accumulated);
}

static void
got_chunk_cb (SoupServerMessage *message, GBytes *chunk, gpointer user_data)
{
  Body *body = user_data;
  GSocket *socket = soup_server_message_get_socket (message);

  body->received += g_bytes_get_size (chunk);
  if (body->received <= body->limit)
    return;
  if (!body->too_large)
    throw_body_away (message, body);
  if (body->received > body->limit * OVERFLOW_FACTOR && socket != NULL)
    cut (socket);
}

/* The head of a request has come. */
static void
early_cb (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  ChatApiListener *self = user_data;
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  SoupEncoding encoding = soup_message_headers_get_encoding (headers);
  Body *body;

  if (encoding == SOUP_ENCODING_NONE
      || (encoding == SOUP_ENCODING_CONTENT_LENGTH && soup_message_headers_get_content_length (headers) == 0))
    return;
  body = g_new0 (Body, 1);
  body->limit = self->limits.body_bytes;
  g_object_set_qdata_full (G_OBJECT (message), body_quark (), body, g_free);
  g_signal_connect (message, "got-chunk", G_CALLBACK (got_chunk_cb), body);
  if (encoding != SOUP_ENCODING_CONTENT_LENGTH
      || (gsize)soup_message_headers_get_content_length (headers) <= body->limit)
    return;
  throw_body_away (message, body);
  /* It asks before it sends: with a status set there is no "100 Continue". */
  if (soup_message_headers_get_expectations (headers) & SOUP_EXPECTATION_CONTINUE)
    {
      g_autoptr (GError) error = NULL;

      chat_api_listener_check_body (message, &error);
      chat_api_request_set_problem (message, error, NULL);
    }
}

ChatApiListener *
chat_api_listener_new (SoupServer *server, const ChatApiLimits *limits)
{
  ChatApiListener *self = g_new0 (ChatApiListener, 1);

  self->limits = *limits;
  self->server = server;
  self->connections = g_ptr_array_new_with_free_func (connection_free);
  self->sweep_id = g_timeout_add_seconds (SWEEP_SECONDS, sweep_cb, self);
  soup_server_add_early_handler (server, NULL, early_cb, self, NULL);
  g_signal_connect (server, "request-started", G_CALLBACK (started_cb), self);
  g_signal_connect (server, "request-read", G_CALLBACK (read_cb), self);
  g_signal_connect (server, "request-finished", G_CALLBACK (finished_cb), self);
  return self;
}

void
chat_api_listener_free (ChatApiListener *self)
{
  g_signal_handlers_disconnect_by_data (self->server, self);
  soup_server_remove_handler (self->server, NULL); /* the early one, and with it whatever answers there */
  g_source_remove (self->sweep_id);
  g_ptr_array_unref (self->connections);
  g_free (self);
}

static GSocket *
bind_socket (const char *address, guint port, GError **error)
{
  g_autoptr (GSocketAddress) where = g_inet_socket_address_new_from_string (address, port);
  g_autoptr (GSocket) socket = NULL;

  if (where == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "\"%s\" is not a numeric address: write it like 127.0.0.1, ::1 or 0.0.0.0", address);
      return NULL;
    }
  socket = g_socket_new (g_socket_address_get_family (where), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);
  if (socket == NULL)
    return NULL;
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_bind (socket, where, TRUE, error) || !g_socket_listen (socket, error))
    return NULL;
  return g_steal_pointer (&socket);
}

char *
chat_api_listener_listen (ChatApiListener *self, const char *address, guint port, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GSocket) socket = bind_socket (address, port, &reason);
  g_autoptr (GSocketAddress) local = NULL;

  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                   "Port %u of %s is taken by another program: end that one, or choose another port (server.port; 0 "
                   "takes any free one)",
                   port, address);
      return NULL;
    }
  if (socket == NULL || (local = g_socket_get_local_address (socket, &reason)) == NULL
      || !soup_server_listen_socket (self->server, socket, 0, &reason))
    {
      g_set_error (error, G_IO_ERROR, (int)reason->code, "Can't listen on %s, port %u: %s", address, port,
                   reason->message);
      return NULL;
    }
  return g_strdup_printf (g_socket_get_family (socket) == G_SOCKET_FAMILY_IPV6 ? "http://[%s]:%u/" : "http://%s:%u/",
                          address, g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local)));
}

gboolean
chat_api_listener_check_body (SoupServerMessage *message, GError **error)
{
  const Body *body = g_object_get_qdata (G_OBJECT (message), body_quark ());

  if (body == NULL || !body->too_large)
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_TOO_LARGE,
               "The body is over the limit of %" G_GSIZE_FORMAT " bytes", body->limit);
  return FALSE;
}

void
chat_api_listener_release (SoupServerMessage *message, guint idle_ms)
{
  Connection *connection = connection_of (message);

  if (connection == NULL)
    return;
  connection->deadline = 0;
  g_socket_set_timeout (connection->socket, idle_ms / 1000);
}
