/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* memmem */
/* Live connections that do not keep up, and very many of them. */
#include "api-test.h"

#include <string.h>

#define CONTROLLED "\"chat_controlled\""

static gboolean
is_readable (gpointer data)
{
  return g_socket_condition_check (g_socket_connection_get_socket (data), G_IO_IN) != 0;
}

/* A frame that came together with the request would be lost: libsoup hands on no more than the connection. */
static void
read_handshake (GSocketConnection *connection)
{
  GSocket *socket = g_socket_connection_get_socket (connection);
  g_autoptr (GString) head = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  char next;

  while (strstr (head->str, "\r\n\r\n") == NULL)
    {
      chat_test_wait_until (is_readable, connection, "the answer to the handshake");
      g_assert_cmpint (g_socket_receive (socket, &next, 1, NULL, &error), ==, 1);
      g_string_append_c (head, next);
    }
  g_assert_true (g_str_has_prefix (head->str, "HTTP/1.1 101 "));
}

/* A WebSocket whose owner subscribes, and then never looks at it. */
static GSocketConnection *
open_deaf (ApiTest *self, const char *token)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autofree char *request
      = g_strdup_printf ("GET /v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                         "Authorization: Bearer %s\r\n\r\n",
                         token);
  /* One text frame, masked with zeros. */
  const char *subscribe = "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"]}";
  g_autoptr (GString) frame = g_string_new_len ("\x81\x00\x00\x00\x00\x00", 6);
  g_autoptr (GError) error = NULL;
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GSocketConnection *connection;

  g_socket_client_connect_to_uri_async (client, chat_api_get_uri (self->api), 80, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the connection");
  connection = g_socket_client_connect_to_uri_finish (client, result, &error);
  g_assert_no_error (error);
  frame->str[1] = (char)(0x80 | strlen (subscribe));
  g_string_append (frame, subscribe);
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), request,
                                            strlen (request), NULL, NULL, NULL));
  read_handshake (connection);
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), frame->str,
                                            frame->len, NULL, NULL, NULL));
  chat_test_wait_until (is_readable, connection, "the subscription");
  return connection;
}

/* Whether it is told that it was too slow, behind all that it was sent before. */
static gboolean
is_told (gpointer data)
{
  GSocket *socket = g_socket_connection_get_socket (data);
  g_autofree char *buffer = g_malloc0 (1024 * 1024);
  gssize n;

  while ((n = g_socket_receive_with_blocking (socket, buffer, 1024 * 1024, FALSE, NULL, NULL)) > 0)
    if (memmem (buffer, (gsize)n, "\x0f\xadtoo slow", 10) != NULL) /* 4013 */
      return TRUE;
  g_assert_cmpint (n, !=, 0);
  return FALSE;
}

/* Somebody does not read: he is dropped, and nobody else notices. */
static void
test_too_slow (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autofree char *text = g_strnfill (8000, 'a');
  g_autoptr (GSocketConnection) deaf = NULL;

  api_test_channel (self, ana, "general");
  api_live_subscribe (live, 1, CONTROLLED, "");
  deaf = open_deaf (self, luis);
  for (guint i = 0; i < 1500; i++)
    {
      g_autofree char *id = g_strdup_printf ("flood-%u", i);
      g_autoptr (ChatMessage) message = role_test_message (&self->role, "eva", "general", id, text);
      g_autoptr (JsonObject) frame = NULL;

      role_test_publish (&self->role, CHAT_TOPIC_CONTROLLED, message);
      frame = api_live_expect (live, "records");
    }
  api_live_check_quiet (live);
  chat_test_wait_until (is_told, deaf, "the slow reader to be dropped");
}

/* Whether it is told so, or finds the connection gone. */
static gboolean
is_dropped (gpointer data)
{
  GSocket *socket = g_socket_connection_get_socket (data);

  return g_socket_condition_check (socket, G_IO_HUP | G_IO_ERR) != 0 || is_told (data);
}

/* Somebody asks and asks, and does not read the answers either: each repeats the op that it does not know. */
static void
test_deaf_talker (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (GSocketConnection) deaf = open_deaf (self, ana);
  GSocket *socket = g_socket_connection_get_socket (deaf);
  g_autofree char *op = g_strnfill (60000, 'x');
  g_autofree char *text = g_strdup_printf ("{\"op\":\"%s\",\"ref\":1}", op);
  g_autoptr (GString) frames = g_string_new (NULL);
  gsize sent = 0;

  for (guint i = 0; i < 250; i++)
    {
      const guint8 head[] = { 0x81, 0xfe, (guint8)(strlen (text) >> 8), (guint8)strlen (text), 0, 0, 0, 0 };

      g_string_append_len (frames, (const char *)head, sizeof head);
      g_string_append (frames, text);
    }
  while (sent < frames->len && g_socket_condition_check (socket, G_IO_HUP | G_IO_ERR) == 0)
    {
      gssize n = g_socket_send_with_blocking (socket, frames->str + sent, frames->len - sent, FALSE, NULL, NULL);

      if (n > 0)
        sent += (gsize)n;
      else
        chat_test_run_for (1);
    }
  chat_test_wait_until (is_dropped, deaf, "the one who does not read to be dropped");
}

#define CROWD 250
#define CROWD_MESSAGES 60

/* With so many readers a round of writing takes long, and what comes meanwhile shares the next: in order all the same,
 * each once, and no receipt before its record. */
static void
test_crowd (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (GPtrArray) crowd = g_ptr_array_new_with_free_func ((GDestroyNotify)api_live_free);
  guint records = 0, receipts = 0;

  api_test_channel (self, ana, "general");
  soup_session_abort (self->http);
  api_test_stop_api (self);
  self->options.limits.connections = CROWD + 10;
  api_test_start_api (self);
  for (guint i = 0; i < CROWD; i++)
    {
      ApiLive *live = api_live_open (self, ana);

      g_ptr_array_add (crowd, live);
      api_live_subscribe (live, 1, "\"chat_controlled\",\"chat_receipts\"", "");
    }
  for (guint i = 0; i < CROWD_MESSAGES; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      g_free (api_test_post (self, ana, "general", text));
    }
  while (receipts < CROWD_MESSAGES)
    {
      g_autoptr (JsonObject) frame = api_live_expect (crowd->pdata[CROWD - 1], "records");
      JsonArray *array = json_object_get_array_member (frame, "records");

      for (guint i = 0; i < json_array_get_length (array); i++)
        {
          JsonObject *record = json_array_get_object_element (array, i);

          if (json_object_has_member (record, "receipts"))
            receipts += json_object_get_size (json_object_get_object_member (record, "receipts"));
          else
            g_assert_cmpuint (g_ascii_strtoull (json_object_get_string_member (record, "data"), NULL, 10), ==,
                              records++);
          g_assert_cmpuint (receipts, <=, records);
        }
    }
  g_assert_cmpuint (records, ==, CROWD_MESSAGES);
}

#define ADD(path, function) g_test_add (path, ApiTest, NULL, api_test_set_up, function, api_test_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/api/live/too-slow", test_too_slow);
  ADD ("/api/live/deaf-talker", test_deaf_talker);
  ADD ("/api/live/crowd", test_crowd);
  return g_test_run ();
}
