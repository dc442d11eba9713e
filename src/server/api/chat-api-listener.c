/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-listener.h"

#include <string.h>
#include <sys/socket.h>

#include "core/chat-timer.h"
#include "core/chat-json.h"
#include "server/api/chat-api-address.h"
#include "server/api/chat-api-request.h"

/* A client that sends too much is let finish, so that it reads the answer; up to this many times the limit. */
#define OVERFLOW_FACTOR 16
#define BACKLOG 1024
#define SWEEP_SECONDS 1
/* With no room left it looks at once, but not for each that knocks. */
#define CROWDED_SWEEP_US (50 * G_TIME_SPAN_MILLISECOND)

/* So much of an answer, or all of it, must go out in the time that a client has to read. */
#define READ_BYTES (64 * 1024)

typedef enum
{
  ARRIVING, /* a request is on its way, or has not begun */
  ANSWERED, /* it is there, and is being answered */
  IDLE,     /* between two requests */
  RELEASED, /* no HTTP any more */
  LEAVING,  /* cut off; it no longer counts */
} State;

/* One accepted connection. It hangs on its GSocket, which libsoup hands out with every message. */
typedef struct
{
  ChatApiListener *listener;
  GSocket *socket;
  char *address; /* under which it is counted; NULL: a proxy */
  State state;
  gboolean abandoned; /* libsoup does not look at it any more */
  gint64 deadline;    /* monotonic, us; 0: none now */
  gsize sent;         /* of the answer, since the deadline was last put off */
  GList waiting;      /* in the listener's queue while it waits for a request */
} Connection;

struct _ChatApiListener
{
  ChatApiLimits limits;

  /* Borrowed */
  SoupServer *server;

  /* Owned */
  GPtrArray *connections;
  GHashTable *addresses; /* address → how many connections, as a pointer */
  GQueue waiting;        /* of Connection: who waits for a request, the longest first */
  GStrv proxies;
  char *refusal;
  GSource *sweep;
  gint64 swept; /* monotonic, us */
  ChatApiListenerCounters counters;
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

/*
 * Connections
 */

static void
count_address (ChatApiListener *self, const char *address, int change)
{
  guint count;

  if (address == NULL)
    return;
  count = GPOINTER_TO_UINT (g_hash_table_lookup (self->addresses, address)) + (guint)change;
  if (count > 0)
    g_hash_table_insert (self->addresses, g_strdup (address), GUINT_TO_POINTER (count));
  else
    g_hash_table_remove (self->addresses, address);
}

/* The one place where a connection's state changes: what is counted and who waits follow from it. */
static void
set_state (Connection *connection, State state, gint64 deadline)
{
  ChatApiListener *self = connection->listener;
  gboolean waited = connection->state == ARRIVING || connection->state == IDLE;
  gboolean waits = state == ARRIVING || state == IDLE;

  if (connection->state == LEAVING)
    return;
  if (waited)
    g_queue_unlink (&self->waiting, &connection->waiting);
  if (waits)
    g_queue_push_tail_link (&self->waiting, &connection->waiting);
  if (state == LEAVING)
    {
      connection->abandoned = connection->state == IDLE;
      self->counters.connections--;
      count_address (self, connection->address, -1);
    }
  connection->state = state;
  connection->deadline = deadline;
}

static void
connection_free (gpointer data)
{
  Connection *connection = data;

  set_state (connection, LEAVING, 0);
  g_object_set_qdata (G_OBJECT (connection->socket), connection_quark (), NULL);
  g_object_unref (connection->socket);
  g_free (connection->address);
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

/* When a connection ends between two requests, libsoup 3.2 stops looking at it but leaves it open (and leaks its
 * object): it is closed here. */
static gboolean
is_over (Connection *connection)
{
  if ((connection->state == IDLE || connection->abandoned) && is_at_end (connection->socket))
    g_socket_close (connection->socket, NULL);
  return g_socket_is_closed (connection->socket);
}

/* Looks at all connections, instead of having a timer for each request. */
static void
sweep (ChatApiListener *self)
{
  gint64 now = g_get_monotonic_time ();

  self->swept = now;
  for (guint i = 0; i < self->connections->len;)
    {
      Connection *connection = self->connections->pdata[i];

      if (is_over (connection))
        {
          g_ptr_array_remove_index_fast (self->connections, i);
          continue;
        }
      if (connection->deadline != 0 && now > connection->deadline)
        {
          self->counters.late++;
          set_state (connection, LEAVING, 0);
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

static gboolean
is_full (ChatApiListener *self)
{
  return self->counters.connections >= self->limits.connections;
}

static gboolean
has_its_share (ChatApiListener *self, const char *address)
{
  return address != NULL && self->limits.connections_per_address != 0
         && GPOINTER_TO_UINT (g_hash_table_lookup (self->addresses, address)) >= self->limits.connections_per_address;
}

static gboolean
make_room (ChatApiListener *self, const char *address)
{
  Connection *longest;

  /* There may be some that are over already. */
  if ((is_full (self) || has_its_share (self, address)) && g_get_monotonic_time () - self->swept > CROWDED_SWEEP_US)
    sweep (self);
  if (has_its_share (self, address))
    return FALSE;
  if (!is_full (self))
    return TRUE;
  longest = g_queue_peek_head (&self->waiting);
  if (longest == NULL)
    return FALSE;
  self->counters.displaced++;
  set_state (longest, LEAVING, 0);
  cut (longest->socket);
  return TRUE;
}

static char *
dup_address (ChatApiListener *self, GSocket *socket)
{
  g_autoptr (GSocketAddress) peer = g_socket_get_remote_address (socket, NULL);

  if (peer == NULL)
    return g_strdup ("local"); /* gone already */
  return chat_api_address_is_proxy (peer, (const char *const *)self->proxies) ? NULL : chat_api_address_to_key (peer);
}

static Connection *
adopt (ChatApiListener *self, GSocket *socket)
{
  g_autofree char *address = dup_address (self, socket);
  Connection *connection;

  if (!make_room (self, address))
    {
      self->counters.refused++;
      cut (socket);
      return NULL;
    }
  connection = g_new0 (Connection, 1);
  connection->listener = self;
  connection->socket = g_object_ref (socket);
  connection->address = g_steal_pointer (&address);
  connection->waiting.data = connection;
  connection->state = RELEASED; /* no more than that it is in no queue */
  count_address (self, connection->address, 1);
  self->counters.connections++;
  self->counters.accepted++;
  g_object_set_qdata (G_OBJECT (socket), connection_quark (), connection);
  g_ptr_array_add (self->connections, connection);
  g_socket_set_timeout (socket, MAX (self->limits.idle_ms / 1000, 1));
  return connection;
}

/*
 * Answers: who takes one drop by drop has a deadline too
 */

static void
expect_reading (Connection *connection)
{
  connection->sent = 0;
  set_state (connection, ANSWERED, deadline_in (connection->listener->limits.read_ms));
}

static void
wrote_headers_cb (SoupServerMessage *message, gpointer user_data)
{
  Connection *connection = connection_of (message);

  if (connection != NULL && connection->state == ANSWERED)
    expect_reading (connection);
}

static void
wrote_body_data_cb (SoupServerMessage *message, guint bytes, gpointer user_data)
{
  Connection *connection = connection_of (message);

  if (connection == NULL || connection->state != ANSWERED)
    return;
  connection->sent += bytes;
  if (connection->sent >= READ_BYTES)
    expect_reading (connection);
}

/*
 * What libsoup tells of every request
 */

/* What libsoup itself refuses never comes to a handler, and it alone knows the status (400, 417, 501, 505). */
static char *
make_refusal (void)
{
  g_autoptr (GError) error = g_error_new (
      CHAT_API_ERROR, CHAT_API_ERROR_REQUEST,
      "The line or a header of the request can't be read: percent-encode the path, and send HTTP/1.1 with a Host");
  guint status;
  g_autoptr (JsonObject) problem = chat_api_problem_new (error, NULL, &status);

  json_object_remove_member (problem, "status");
  return chat_json_to_string (problem);
}

/* The answer to that lies ready until the head of the request is there. */
static void
prepare_refusal (ChatApiListener *self, SoupServerMessage *message)
{
  soup_server_message_set_response (message, "application/problem+json", SOUP_MEMORY_COPY, self->refusal,
                                    strlen (self->refusal));
}

static void
drop_refusal (SoupServerMessage *message)
{
  soup_message_headers_remove (soup_server_message_get_response_headers (message), "Content-Type");
  soup_message_body_truncate (soup_server_message_get_response_body (message));
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
  set_state (connection, ARRIVING, deadline_in (self->limits.request_ms));
  prepare_refusal (self, message);
  g_signal_connect (message, "wrote-headers", G_CALLBACK (wrote_headers_cb), NULL);
  g_signal_connect (message, "wrote-body-data", G_CALLBACK (wrote_body_data_cb), NULL);
}

static void
read_cb (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  Connection *connection = connection_of (message);

  if (connection != NULL)
    set_state (connection, ANSWERED, 0);
}

static void
finished_cb (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  ChatApiListener *self = user_data;
  Connection *connection = connection_of (message);

  if (connection != NULL)
    set_state (connection, IDLE, deadline_in (self->limits.idle_ms));
}

/*
 * Heads and bodies
 */

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

  drop_refusal (message);
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

      chat_api_listener_check_request (message, &error);
      chat_api_request_set_problem (message, error, NULL);
    }
}

ChatApiListener *
chat_api_listener_new (SoupServer *server, const ChatApiLimits *limits)
{
  ChatApiListener *self = g_new0 (ChatApiListener, 1);

  self->limits = *limits;
  self->proxies = g_strdupv ((char **)limits->proxies);
  self->limits.proxies = NULL;
  self->refusal = make_refusal ();
  self->server = server;
  self->addresses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&self->waiting);
  self->connections = g_ptr_array_new_with_free_func (connection_free);
  self->sweep = chat_timer_new (SWEEP_SECONDS * 1000, sweep_cb, self);
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
  chat_timer_clear (&self->sweep);
  g_ptr_array_unref (self->connections);
  g_hash_table_unref (self->addresses);
  g_strfreev (self->proxies);
  g_free (self->refusal);
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

static gsize
measure_head (SoupServerMessage *message)
{
  GUri *uri = soup_server_message_get_uri (message);
  const char *query = g_uri_get_query (uri);
  gsize bytes = strlen (soup_server_message_get_method (message)) + strlen (g_uri_get_path (uri))
                + strlen ("  HTTP/1.1\r\n\r\n");
  SoupMessageHeadersIter iter;
  const char *name, *value;

  if (query != NULL)
    bytes += strlen ("?") + strlen (query);
  soup_message_headers_iter_init (&iter, soup_server_message_get_request_headers (message));
  while (soup_message_headers_iter_next (&iter, &name, &value))
    bytes += strlen (name) + strlen (value) + strlen (": \r\n");
  return bytes;
}

/* libsoup itself hangs up at 64 KiB. */
static gboolean
check_head (SoupServerMessage *message, GError **error)
{
  const Connection *connection = connection_of (message);

  if (connection == NULL || measure_head (message) <= connection->listener->limits.head_bytes)
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_HEAD_TOO_LARGE,
               "The request's line and headers are over the limit of %" G_GSIZE_FORMAT " bytes",
               connection->listener->limits.head_bytes);
  return FALSE;
}

gboolean
chat_api_listener_check_request (SoupServerMessage *message, GError **error)
{
  const Body *body = g_object_get_qdata (G_OBJECT (message), body_quark ());

  if (!check_head (message, error))
    return FALSE;
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
  set_state (connection, RELEASED, 0);
  g_socket_set_timeout (connection->socket, idle_ms / 1000);
}

const ChatApiListenerCounters *
chat_api_listener_get_counters (ChatApiListener *self)
{
  return &self->counters;
}
