/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client can do wrong below JSON: it is answered or cut off, and nobody else notices. */
#include "api-test.h"

#include <string.h>
#include <sys/socket.h>

/* A plain connection: what comes on it is collected while the main loop runs. */
typedef struct
{
  GSocketConnection *connection;
  GString *received;
  gboolean ended; /* by the other side */
} Plain;

static Plain *
plain_new (ApiTest *self)
{
  Plain *plain = g_new0 (Plain, 1);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  g_socket_client_connect_to_uri_async (client, chat_api_get_uri (self->api), 80, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the connection");
  plain->connection = g_socket_client_connect_to_uri_finish (client, result, &error);
  g_assert_no_error (error);
  plain->received = g_string_new (NULL);
  return plain;
}

static void
plain_free (Plain *self)
{
  g_object_unref (self->connection);
  g_string_free (self->received, TRUE);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Plain, plain_free)

static void
plain_read (Plain *self)
{
  GSocket *socket = g_socket_connection_get_socket (self->connection);
  char buffer[65536];
  g_autoptr (GError) error = NULL;
  gssize n;

  while ((n = g_socket_receive_with_blocking (socket, buffer, sizeof buffer, FALSE, NULL, &error)) > 0)
    g_string_append_len (self->received, buffer, n);
  if (n == 0 || !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    self->ended = TRUE;
}

/* Returns: FALSE where the other side has hung up */
static gboolean
plain_send (Plain *self, const char *text, gsize length)
{
  GSocket *socket = g_socket_connection_get_socket (self->connection);

  while (length > 0 && !self->ended)
    {
      gssize n = g_socket_send_with_blocking (socket, text, length, FALSE, NULL, NULL);

      if (n > 0)
        {
          text += n;
          length -= (gsize)n;
          continue;
        }
      chat_test_run_for (1);
      plain_read (self);
    }
  return !self->ended;
}

static gboolean
has_ended (gpointer data)
{
  plain_read (data);
  return ((Plain *)data)->ended;
}

static gboolean
has_answer (gpointer data)
{
  Plain *self = data;
  const char *head_end, *length;

  plain_read (self);
  head_end = strstr (self->received->str, "\r\n\r\n");
  length = strstr (self->received->str, "Content-Length: ");
  return self->ended
         || (head_end != NULL && length != NULL
             && self->received->len >= (gsize)(head_end + 4 - self->received->str) + atoi (length + 16));
}

/* Sends @text; the answer must begin with @status and have @has. */
static void
expect (Plain *self, const char *text, const char *status, const char *has)
{
  g_string_truncate (self->received, 0);
  g_assert_true (plain_send (self, text, strlen (text)));
  chat_test_wait_until (has_answer, self, status);
  if (!g_str_has_prefix (self->received->str + strlen ("HTTP/1.1 "), status)
      || strstr (self->received->str, has) == NULL)
    g_error ("%s: expected %s and %s, got %s", text, status, has, self->received->str);
}

#define HEALTH "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST_SESSION "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

static void
test_requests (ApiTest *self, gconstpointer data)
{
  static const struct
  {
    const char *text, *status, *has;
  } cases[] = {
    { HEALTH, "200", "\"ok\"" },
    { "GET  HTTP/1.1\r\nHost: x\r\n\r\n", "400", "/request-invalid" },
    { "GET /healthz HTTP/1.1\r\n\r\n", "400", "/request-invalid" },
    { "GET /healthz HTTP/1.0\r\n\r\n", "200", "\"ok\"" },
    { "BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "405", "Allow: GET, HEAD" },
    { "GET /v1/channels/%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400", "/request-invalid" },
    { "GET /v1/channels/\xc3\x28 HTTP/1.1\r\nHost: x\r\n\r\n", "4", "" },
    { POST_SESSION "\r\n", "411", "/length-required" },
    { POST_SESSION "Content-Length: 0\r\n\r\n", "400", "/json-invalid" },
    { POST_SESSION "Content-Length: 14\r\n\r\n{\"user\":\"ana\"}", "201", "\"token\"" },
    { POST_SESSION "Transfer-Encoding: chunked\r\n\r\n6\r\n{\"user\r\n8\r\n\":\"eva\"}\r\n0\r\n\r\n", "201",
      "\"token\"" },
    { POST_SESSION "Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n", "413", "/too-large" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Plain) plain = plain_new (self);

      expect (plain, cases[i].text, cases[i].status, cases[i].has);
    }
}

/* Several requests on one connection, and two at once. */
static void
test_keep_alive (ApiTest *self, gconstpointer data)
{
  g_autoptr (Plain) plain = plain_new (self);

  for (guint i = 0; i < 3; i++)
    expect (plain, HEALTH, "200", "\"ok\"");
  expect (plain, HEALTH HEALTH, "200", "\"ok\"");
  g_assert_false (plain->ended);
}

/* Up to a point a body that is too large is read, so that its sender sees the answer. */
static void
test_large_bodies (ApiTest *self, gconstpointer data)
{
  g_autoptr (Plain) sized = plain_new (self), chunked = plain_new (self), endless = plain_new (self);
  g_autofree char *body = g_strnfill (200000, ' ');
  g_autofree char *with_length = g_strdup_printf (POST_SESSION "Content-Length: 200000\r\n\r\n%s", body);
  g_autofree char *chunk = g_strdup_printf ("30d40\r\n%s\r\n", body);
  g_autofree char *in_chunks
      = g_strconcat (POST_SESSION "Transfer-Encoding: chunked\r\n\r\n", chunk, "0\r\n\r\n", NULL);
  guint sent = 0;

  expect (sized, with_length, "413", "/too-large");
  expect (sized, HEALTH, "200", "\"ok\"");
  expect (chunked, in_chunks, "413", "/too-large");
  g_assert_true (plain_send (endless, POST_SESSION "Transfer-Encoding: chunked\r\n\r\n",
                             strlen (POST_SESSION "Transfer-Encoding: chunked\r\n\r\n")));
  while (sent < 1000 && plain_send (endless, chunk, strlen (chunk)))
    sent++;
  g_assert_cmpuint (sent, <, 100); /* of 200 kB */
}

/* Whoever dawdles is cut off, whatever he dawdles with. */
static void
test_slow (ApiTest *self, gconstpointer data)
{
  g_autoptr (Plain) silent = plain_new (self), head = plain_new (self), body = plain_new (self);
  g_autoptr (Plain) second = plain_new (self), idle = plain_new (self);
  gint64 start = g_get_monotonic_time ();
  guint drops = 0;

  plain_send (head, "GET /healthz HTTP/1.1\r\nHost:", 28);
  plain_send (body, POST_SESSION "Content-Length: 999\r\n\r\n", strlen (POST_SESSION "Content-Length: 999\r\n\r\n"));
  expect (second, HEALTH, "200", "\"ok\"");
  plain_send (second, "GET /healthz HTTP/1.1\r\nHo", 25);
  expect (idle, HEALTH, "200", "\"ok\"");
  /* Drop by drop is no way round it: the time is for the whole. */
  while (!has_ended (body) && drops < 100)
    {
      plain_send (body, " ", 1);
      chat_test_run_for (50);
      drops++;
    }
  chat_test_wait_until (has_ended, silent, "the end of who says nothing");
  chat_test_wait_until (has_ended, head, "the end of half a head");
  chat_test_wait_until (has_ended, second, "the end of half a second head");
  g_assert_true (body->ended);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 1900 * G_TIME_SPAN_MILLISECOND);
  /* Between requests there is more time. */
  g_assert_false (has_ended (idle));
  chat_test_wait_until (has_ended, idle, "the end of who is idle");
  api_test_expect (self, "GET", "/healthz", NULL, NULL, 200, NULL);
}

/* There is only so much room, and who holds a live connection keeps his. Who leaves makes some, whether libsoup notices
 * or not. */
static void
test_room (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  ApiLive *lives[5];

  soup_session_abort (self->http);
  api_test_stop_api (self);
  self->options.limits.connections = G_N_ELEMENTS (lives);
  api_test_start_api (self);
  for (guint round = 0; round < 3; round++)
    {
      g_autoptr (Plain) late = NULL;

      for (guint i = 0; i < G_N_ELEMENTS (lives); i++)
        {
          lives[i] = api_live_open (self, ana);
          g_assert_nonnull (lives[i]->connection);
        }
      late = plain_new (self);
      plain_send (late, HEALTH, strlen (HEALTH));
      chat_test_wait_until (has_ended, late, "the one too many to be sent away");
      g_assert_cmpuint (late->received->len, ==, 0);
      for (guint i = 0; i < G_N_ELEMENTS (lives); i++)
        api_live_free (lives[i]);
      chat_test_run_for (100);
    }
}

/* Whoever only waits makes room for whoever comes, the longest first. */
static void
test_idle_make_room (ApiTest *self, gconstpointer data)
{
  Plain *plains[40];
  guint ended = 0;

  api_test_stop_api (self);
  self->options.limits.connections = 10;
  api_test_start_api (self);
  for (guint i = 0; i < G_N_ELEMENTS (plains); i++)
    {
      plains[i] = plain_new (self);
      if (i % 2 == 0)
        expect (plains[i], HEALTH, "200", "\"ok\"");
      else
        plain_send (plains[i], "GET /he", 7);
    }
  api_test_expect (self, "GET", "/healthz", NULL, NULL, 200, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (plains); i++)
    ended += has_ended (plains[i]);
  g_assert_cmpuint (ended, >=, G_N_ELEMENTS (plains) - 10);
  g_assert_true (plains[0]->ended);
  g_assert_false (plains[G_N_ELEMENTS (plains) - 1]->ended);
  for (guint i = 0; i < G_N_ELEMENTS (plains); i++)
    plain_free (plains[i]);
}

/* One address has a share of its own, but for proxies. */
static void
test_room_of_address (ApiTest *self, gconstpointer data)
{
  const char *const proxies[] = { "127.0.0.1", NULL };

  api_test_stop_api (self);
  self->options.limits.connections_per_address = 3;
  for (guint trusted = 0; trusted < 2; trusted++)
    {
      Plain *plains[4];

      self->options.limits.proxies = trusted ? proxies : NULL;
      api_test_start_api (self);
      for (guint i = 0; i < G_N_ELEMENTS (plains); i++)
        {
          plains[i] = plain_new (self);
          if (i < 3 || trusted)
            expect (plains[i], HEALTH, "200", "\"ok\"");
          else
            {
              plain_send (plains[i], HEALTH, strlen (HEALTH));
              chat_test_wait_until (has_ended, plains[i], "the one too many to be sent away");
              g_assert_cmpuint (plains[i]->received->len, ==, 0);
            }
        }
      plain_free (plains[0]);
      plains[0] = NULL;
      chat_test_run_for (100);
      plains[0] = plain_new (self);
      expect (plains[0], HEALTH, "200", "\"ok\"");
      for (guint i = 0; i < G_N_ELEMENTS (plains); i++)
        plain_free (plains[i]);
      api_test_stop_api (self);
    }
}

/* Half of the head that libsoup takes at most is already refused, in words. */
static void
test_large_head (ApiTest *self, gconstpointer data)
{
  g_autoptr (Plain) plain = plain_new (self), line = plain_new (self), endless = plain_new (self);
  g_autofree char *value = g_strnfill (17000, 'x');
  g_autofree char *with_header = g_strdup_printf ("GET /healthz HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n", value);
  g_autofree char *with_line = g_strdup_printf ("GET /healthz?%s HTTP/1.1\r\nHost: x\r\n\r\n", value);
  guint sent = 0;

  expect (plain, with_header, "431", "/head-too-large");
  expect (plain, HEALTH, "200", "\"ok\"");
  expect (line, with_line, "431", "/head-too-large");
  plain_send (endless, "GET /healthz HTTP/1.1\r\nCookie: ", 31);
  while (sent < 1000 && plain_send (endless, value, 17000))
    sent++;
  g_assert_cmpuint (sent, <, 400); /* what the sockets between hold, not what the service keeps */
}

#define SLOW_ANSWERS 10
#define SLOW_BYTES (200 * 8000) /* and more of each */

static gboolean
has_ended_or_all (gpointer data)
{
  return has_ended (data) || ((Plain *)data)->received->len >= SLOW_ANSWERS * SLOW_BYTES;
}

static void
fill_channel (ApiTest *self, const char *token)
{
  g_autofree char *text = g_strnfill (8000, 'x');

  api_test_channel (self, token, "general");
  for (guint i = 0; i < 200; i++)
    g_free (api_test_post (self, token, "general", text));
  api_test_wait_head (self, token, "general", 200);
}

/* Whoever takes his answers drop by drop is cut off. */
static void
test_slow_reader (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *request = g_strdup_printf (
      "GET /v1/channels/general/messages?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", ana);
  g_autoptr (Plain) slow = NULL;

  fill_channel (self, ana);
  soup_session_abort (self->http);
  api_test_stop_api (self);
  self->options.limits.read_ms = 1000;
  api_test_start_api (self);
  slow = plain_new (self);
  for (guint i = 0; i < SLOW_ANSWERS; i++)
    g_assert_true (plain_send (slow, request, strlen (request)));
  for (guint i = 0; i < 60; i++)
    {
      char drop[16];

      g_socket_receive_with_blocking (g_socket_connection_get_socket (slow->connection), drop, sizeof drop, FALSE, NULL,
                                      NULL);
      chat_test_run_for (50);
    }
  /* What was in the sockets still comes, but no more. */
  chat_test_wait_until (has_ended_or_all, slow, "the end");
  g_assert_cmpuint (slow->received->len, <, SLOW_ANSWERS * SLOW_BYTES);
}

/* What the store leaves unanswered is answered for it. */
static void
test_unanswered (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  gint64 start;

  api_test_stop_api (self);
  self->options.answer_ms = 300;
  api_test_start_api (self);
  api_test_channel (self, ana, "general");
  start = g_get_monotonic_time ();
  chat_loopback_transport_set_stalled (self->role.loopback, TRUE);
  api_test_expect (self, "POST", "/v1/channels/general/messages", ana, "{\"data\":\"hola\"}", 503, "timeout");
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 300 * G_TIME_SPAN_MILLISECOND);
  chat_loopback_transport_set_stalled (self->role.loopback, FALSE);
  api_test_expect (self, "GET", "/v1/channels/general", ana, NULL, 200, NULL);
}

/* A client that is gone before it is answered takes nothing with it. */
static void
test_gone (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *request = NULL;

  api_test_channel (self, ana, "general");
  request = g_strdup_printf ("POST /v1/channels/general/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                             "Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"data\":\"hola\"}",
                             ana);
  chat_loopback_transport_set_stalled (self->role.loopback, TRUE);
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (Plain) plain = plain_new (self);

      plain_send (plain, request, strlen (request));
      chat_test_run_for (10);
    }
  chat_loopback_transport_set_stalled (self->role.loopback, FALSE);
  api_test_wait_head (self, ana, "general", 10);
}

/* What takes long here is not held against the client. */
static void
test_long_answer (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *request = NULL;
  g_autoptr (Plain) plain = NULL;

  api_test_channel (self, ana, "general");
  api_test_stop_api (self);
  self->options.limits.request_ms = 1000;
  api_test_start_api (self);
  request = g_strdup_printf ("POST /v1/channels/general/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                             "Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"data\":\"hola\"}",
                             ana);
  plain = plain_new (self);
  chat_loopback_transport_set_stalled (self->role.loopback, TRUE);
  g_assert_true (plain_send (plain, request, strlen (request)));
  chat_test_run_for (2200);
  g_assert_false (has_ended (plain));
  chat_loopback_transport_set_stalled (self->role.loopback, FALSE);
  expect (plain, "", "202", "accepted");
}

/* A message in ever more fragments does not become ever larger. */
static void
test_fragments (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (Plain) plain = plain_new (self);
  g_autofree char *handshake
      = g_strdup_printf ("GET /v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                         "Authorization: Bearer %s\r\n\r\n",
                         ana);
  g_autofree char *fragment = g_strnfill (8 + 60000, ' ');
  guint sent = 0;

  g_assert_true (plain_send (plain, handshake, strlen (handshake)));
  while (strstr (plain->received->str, "\r\n\r\n") == NULL)
    {
      chat_test_run_for (1);
      plain_read (plain);
    }
  /* 60,000 bytes, masked with zeros; text, then continuations, none of them the last. */
  memcpy (fragment, "\x01\xfe\xea\x60\0\0\0\0", 8);
  while (sent < 1000 && plain_send (plain, fragment, 8 + 60000))
    {
      fragment[0] = 0;
      sent++;
    }
  g_assert_cmpuint (sent, <, 200);
  chat_test_wait_until (has_ended, plain, "the end");
}

#define ADD(path, function) g_test_add (path, ApiTest, NULL, api_test_set_up, function, api_test_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/api/limits/requests", test_requests);
  ADD ("/api/limits/keep-alive", test_keep_alive);
  ADD ("/api/limits/large-bodies", test_large_bodies);
  ADD ("/api/limits/slow", test_slow);
  ADD ("/api/limits/room", test_room);
  ADD ("/api/limits/idle-make-room", test_idle_make_room);
  ADD ("/api/limits/room-of-address", test_room_of_address);
  ADD ("/api/limits/large-head", test_large_head);
  ADD ("/api/limits/slow-reader", test_slow_reader);
  ADD ("/api/limits/unanswered", test_unanswered);
  ADD ("/api/limits/gone", test_gone);
  ADD ("/api/limits/long-answer", test_long_answer);
  ADD ("/api/limits/fragments", test_fragments);
  return g_test_run ();
}
