/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "websocket-test.h"

#include "chat-test-loop.h"
#include "core/chat-json.h"

/* The service */

void
world_answer (World *world, const char *op, gint64 ref, const char *rest)
{
  g_autofree char *text = g_strdup_printf ("{\"op\":\"%s\",\"ref\":%" G_GINT64_FORMAT "%s}", op, ref, rest);

  soup_websocket_connection_send_text (world->socket, text);
}

static void
frame_cb (SoupWebsocketConnection *socket, SoupWebsocketDataType type, GBytes *bytes, World *world)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) frame = chat_json_parse_object (data, length, 64, &error);
  const char *op = NULL;
  gint64 ref = 0;

  g_assert_no_error (error);
  chat_json_get_string (frame, "op", TRUE, &op, NULL);
  chat_json_get_int (frame, "ref", TRUE, &ref, NULL);
  world->pings += g_str_equal (op, "ping");
  if (g_str_equal (op, "ping"))
    world_answer (world, "pong", ref, "");
  else if (g_str_equal (op, "publish"))
    {
      g_free (world->published);
      world->published = g_strndup (data, length);
      if (world->answer != NULL)
        world_answer (world, g_str_has_prefix (world->answer, ",\"problem") ? "problem" : "accepted", ref,
                      world->answer);
    }
  else if (g_str_equal (op, "subscribe"))
    {
      g_clear_pointer (&world->request, json_object_unref);
      world->request = json_object_ref (frame);
      if (world->refusal != NULL)
        world_answer (world, "problem", ref, world->refusal);
      else if (world->heads != NULL)
        world_answer (world, "subscribed", ref, world->heads);
      world->requests++;
    }
  else if (g_str_equal (op, "unsubscribe"))
    world->unsubscribes++;
}

static void
websocket_cb (SoupServer *server, SoupServerMessage *message, const char *path, SoupWebsocketConnection *socket,
              gpointer data)
{
  World *world = data;

  g_set_object (&world->socket, socket);
  g_signal_connect (socket, "message", G_CALLBACK (frame_cb), world);
  world->connections++;
}

static void
handshake_cb (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  World *world = data;

  g_assert_cmpstr (soup_message_headers_get_one (soup_server_message_get_request_headers (message), "Authorization"),
                   ==, "Bearer token");
  if (world->refuse != 0)
    soup_server_message_set_status (message, world->refuse, NULL);
}

/* The client */

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, World *world)
{
  for (guint i = 0; i < batch->len; i++)
    {
      gsize length;
      const char *data = g_bytes_get_data (chat_record_get_bytes (g_ptr_array_index (batch, i)), &length);

      g_ptr_array_add (world->came, g_strndup (data, length));
    }
  world->count = world->came->len;
}

static void
closed_cb (ChatSubscription *subscription, const GError *error, World *world)
{
  world->closed++;
  if (error != NULL)
    world->why = g_error_copy (error);
}

gboolean
world_connect (World *world, GError **error)
{
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  chat_transport_connect_async (world->transport, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the connect");
  return chat_transport_connect_finish (world->transport, result, error);
}

void
world_subscribe_to (World *world, const char *const *topics)
{
  static const ChatStart live = CHAT_START_LIVE_INIT;
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  chat_transport_subscribe_async (world->transport, topics, NULL, &live, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the subscription");
  world->subscription = chat_transport_subscribe_finish (world->transport, result, &error);
  g_assert_no_error (error);
  g_signal_connect (world->subscription, "records", G_CALLBACK (records_cb), world);
  g_signal_connect (world->subscription, "closed", G_CALLBACK (closed_cb), world);
}

void
world_subscribe (World *world)
{
  static const char *const topics[] = { CHAT_TOPIC_CONTROLLED, NULL };

  world_subscribe_to (world, topics);
}

void
world_listen (World *world)
{
  g_autoptr (GError) error = NULL;
  GSList *uris;

  *world = (World){ .heads = ",\"heads\":{\"general\":10}", .answer = ",\"id\":\"x\"" };
  world->came = g_ptr_array_new_with_free_func (g_free);
  world->server = soup_server_new (NULL, NULL);
  soup_server_add_early_handler (world->server, "/v1/live", handshake_cb, world, NULL);
  soup_server_add_websocket_handler (world->server, "/v1/live", NULL, NULL, websocket_cb, world, NULL);
  soup_server_listen_local (world->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (world->server);
  world->port = (guint16)g_uri_get_port (uris->data);
  g_slist_free_full (uris, (GDestroyNotify)g_uri_unref);
  world->session = soup_session_new ();
}

void
world_make_transport (World *world, guint16 port, guint silence_ms)
{
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u", port);

  world->transport = chat_websocket_transport_new_full (world->session, uri, "token", silence_ms);
}

void
world_start (World *world)
{
  g_autoptr (GError) error = NULL;

  world_listen (world);
  world_make_transport (world, world->port, PATIENCE_MS);
  world_connect (world, &error);
  g_assert_no_error (error);
  world_subscribe (world);
}

void
world_end (World *world)
{
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  chat_transport_close_async (world->transport, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the close");
  chat_transport_close_finish (world->transport, result, NULL);
  g_clear_object (&result);
  g_clear_object (&world->subscription);
  chat_test_run_pending ();
  g_assert_finalize_object (world->transport);
  g_clear_object (&world->socket);
  soup_session_abort (world->session);
  soup_server_disconnect (world->server);
  chat_test_run_pending ();
  g_object_unref (world->session);
  g_object_unref (world->server);
  g_clear_pointer (&world->request, json_object_unref);
  g_ptr_array_unref (world->came);
  g_free (world->published);
  g_clear_error (&world->why);
}

void
world_send_records (World *world, const char *topic, const char *records)
{
  gint64 ref = 0;
  g_autofree char *rest = g_strdup_printf (",\"topic\":\"%s\",\"records\":[%s]", topic, records);

  chat_json_get_int (world->request, "ref", TRUE, &ref, NULL);
  world_answer (world, "records", ref, rest);
}

gboolean
world_is_online (gpointer data)
{
  return chat_transport_get_state (data) == CHAT_TRANSPORT_ONLINE;
}

gboolean
world_is_connecting (gpointer data)
{
  return chat_transport_get_state (data) == CHAT_TRANSPORT_CONNECTING;
}

void
world_wait_reconnected (World *world, guint before)
{
  if (world->connections == before)
    chat_test_wait_until (world_is_connecting, world->transport, "the break");
  chat_websocket_transport_reconnect_now (CHAT_WEBSOCKET_TRANSPORT (world->transport));
  chat_test_wait_count (&world->connections, before + 1, "another connection");
  chat_test_wait_until (world_is_online, world->transport, "the transport to be online");
}

gint64
world_after (World *world, const char *channel)
{
  JsonObject *after = NULL;
  gint64 seq = -1;

  chat_json_get_object (world->request, "after", FALSE, &after, NULL);
  if (after != NULL)
    chat_json_get_int (after, channel, FALSE, &seq, NULL);
  return seq;
}
