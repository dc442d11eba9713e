/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The live feed against a service that does what the test wants: breaks, garbage, refusals, silence, too much. */
#include "chat-test-loop.h"
#include "chat-test-proxy.h"
#include "core/chat-json.h"
#include "transport/websocket/chat-live-frame.h"
#include "transport/websocket/chat-websocket-transport.h"

#define SILENCE_MS 200
/* Where silence is not what is tested, a busy machine must not be taken for it. */
#define PATIENCE_MS 60000

typedef struct
{
  SoupServer *server;
  guint16 port;
  SoupSession *session;
  ChatTransport *transport;
  ChatSubscription *subscription;

  SoupWebsocketConnection *socket; /* the last one that came */
  guint connections, requests, pings, unsubscribes;
  JsonObject *request; /* the last subscribe */
  const char *heads;   /* of the answer to it; NULL: none */
  const char *refusal; /* (nullable): the problem that is the answer instead */
  const char *answer;  /* to a publish, behind the ref; NULL: none */
  char *published;     /* the last publish */
  guint refuse;        /* status of the handshake; 0: welcome */

  GPtrArray *came; /* texts of records */
  guint count;
  guint closed;
  GError *why;
} World;

/* The service */

static void
answer_frame (World *world, const char *op, gint64 ref, const char *rest)
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
    answer_frame (world, "pong", ref, "");
  else if (g_str_equal (op, "publish"))
    {
      g_free (world->published);
      world->published = g_strndup (data, length);
      if (world->answer != NULL)
        answer_frame (world, g_str_has_prefix (world->answer, ",\"problem") ? "problem" : "accepted", ref,
                      world->answer);
    }
  else if (g_str_equal (op, "subscribe"))
    {
      g_clear_pointer (&world->request, json_object_unref);
      world->request = json_object_ref (frame);
      if (world->refusal != NULL)
        answer_frame (world, "problem", ref, world->refusal);
      else if (world->heads != NULL)
        answer_frame (world, "subscribed", ref, world->heads);
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

static gboolean
try_connect (World *world, GError **error)
{
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  chat_transport_connect_async (world->transport, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the connect");
  return chat_transport_connect_finish (world->transport, result, error);
}

static void
subscribe_to (World *world, const char *const *topics)
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

static void
subscribe (World *world)
{
  static const char *const topics[] = { CHAT_TOPIC_CONTROLLED, NULL };

  subscribe_to (world, topics);
}

static void
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

static void
world_make_transport (World *world, guint16 port, guint silence_ms)
{
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u", port);

  world->transport = chat_websocket_transport_new_full (world->session, uri, "token", silence_ms);
}

static void
world_start (World *world)
{
  g_autoptr (GError) error = NULL;

  world_listen (world);
  world_make_transport (world, world->port, PATIENCE_MS);
  try_connect (world, &error);
  g_assert_no_error (error);
  subscribe (world);
}

static void
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

static void
send_records (World *world, const char *topic, const char *records)
{
  gint64 ref = 0;
  g_autofree char *rest = g_strdup_printf (",\"topic\":\"%s\",\"records\":[%s]", topic, records);

  chat_json_get_int (world->request, "ref", TRUE, &ref, NULL);
  answer_frame (world, "records", ref, rest);
}

static gboolean
is_online (gpointer data)
{
  return chat_transport_get_state (data) == CHAT_TRANSPORT_ONLINE;
}

static gboolean
is_connecting (gpointer data)
{
  return chat_transport_get_state (data) == CHAT_TRANSPORT_CONNECTING;
}

/* Waits for the break, and for one connection more than @before; not for the time in between, which grows. */
static void
wait_reconnected (World *world, guint before)
{
  if (world->connections == before)
    chat_test_wait_until (is_connecting, world->transport, "the break");
  chat_websocket_transport_reconnect_now (CHAT_WEBSOCKET_TRANSPORT (world->transport));
  chat_test_wait_count (&world->connections, before + 1, "another connection");
  chat_test_wait_until (is_online, world->transport, "the transport to be online");
}

static gint64
after_of (World *world, const char *channel)
{
  JsonObject *after = NULL;
  gint64 seq = -1;

  chat_json_get_object (world->request, "after", FALSE, &after, NULL);
  if (after != NULL)
    chat_json_get_int (after, channel, FALSE, &seq, NULL);
  return seq;
}

/* After a break it asks for what it has not had, and passes over what it has. */
static void
test_resume (void)
{
  World world;

  world_start (&world);
  g_assert_false (json_object_has_member (world.request, "after"));
  send_records (&world, "chat_controlled", "{\"id\":\"a\",\"channel\":\"general\",\"seq\":11}");
  send_records (&world, "chat_controlled",
                "{\"id\":\"b\",\"channel\":\"general\"},{\"id\":\"c\",\"channel\":\"general\"},"
                "{\"id\":\"n\",\"channel\":\"new\"}");
  send_records (&world, "chat_receipts", "{\"channel\":\"general\",\"receipts\":{\"b\":12}}");
  chat_test_wait_for_count (&world.count, 4);

  world.heads = ",\"heads\":{\"general\":14,\"new\":1}";
  soup_websocket_connection_close (world.socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
  wait_reconnected (&world, 1);
  g_assert_cmpint (after_of (&world, "general"), ==, 12);
  g_assert_cmpint (after_of (&world, "new"), ==, 0);
  send_records (&world, "chat_controlled",
                "{\"id\":\"c\",\"channel\":\"general\",\"seq\":13},{\"id\":\"d\",\"channel\":\"general\",\"seq\":14},"
                "{\"id\":\"n\",\"channel\":\"new\",\"seq\":1},{\"id\":\"o\",\"channel\":\"new\"}");
  chat_test_wait_for_count (&world.count, 6);
  chat_test_run_pending ();
  g_assert_cmpuint (world.count, ==, 6);
  g_assert_nonnull (strstr (g_ptr_array_index (world.came, 4), "\"d\""));
  g_assert_nonnull (strstr (g_ptr_array_index (world.came, 5), "\"o\""));
  world_end (&world);
}

/* A position counts on from the last seq that was told, and is right again when a receipt says otherwise. */
static void
test_position (void)
{
  World world;
  g_autoptr (ChatPosition) position = NULL;

  world_start (&world);
  send_records (&world, "chat_controlled",
                "{\"id\":\"a\",\"channel\":\"general\"},{\"id\":\"b\",\"channel\":\"general\"}");
  chat_test_wait_for_count (&world.count, 2);
  position = chat_subscription_dup_position (world.subscription);
  g_assert_cmpint (chat_position_get (position, "chat_controlled", "general"), ==, 13);
  /* "a" was there before: it has an old seq, and took no new one */
  send_records (&world, "chat_receipts", "{\"channel\":\"general\",\"receipts\":{\"a\":3,\"b\":11}}");
  send_records (&world, "chat_controlled", "{\"id\":\"c\",\"channel\":\"general\"}");
  chat_test_wait_for_count (&world.count, 3);
  chat_position_free (g_steal_pointer (&position));
  position = chat_subscription_dup_position (world.subscription);
  g_assert_cmpint (chat_position_get (position, "chat_controlled", "general"), ==, 13);
  world_end (&world);
}

/* A service that knows less than before is another one: its records are news. */
static void
test_another_service (void)
{
  World world;

  world_start (&world);
  world.heads = ",\"heads\":{\"general\":2}";
  soup_websocket_connection_close (world.socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
  wait_reconnected (&world, 1);
  send_records (&world, "chat_controlled", "{\"id\":\"a\",\"channel\":\"general\",\"seq\":3}");
  chat_test_wait_for_count (&world.count, 1);
  world_end (&world);
}

static void
check_breaks (World *world, GBytes *frame, SoupWebsocketDataType type)
{
  guint before = world->connections;

  soup_websocket_connection_send_message (world->socket, type, frame);
  wait_reconnected (world, before);
}

/* What is no frame ends the connection, and the next one goes on. */
static void
test_garbage (void)
{
  static const char *const garbage[] = { "", "no", "{", "[1]", "{\"op\":}", "{\"op\":\"records\"} {}", "\"x\"" };
  g_autofree char *deep = g_strnfill (100000, '[');
  g_autoptr (GBytes) binary = g_bytes_new_static ("\0\1", 2), nested = g_bytes_new_static (deep, 100000);
  World world;

  world_start (&world);
  for (guint i = 0; i < G_N_ELEMENTS (garbage); i++)
    {
      g_autoptr (GBytes) frame = g_bytes_new_static (garbage[i], strlen (garbage[i]));

      check_breaks (&world, frame, SOUP_WEBSOCKET_DATA_TEXT);
    }
  check_breaks (&world, nested, SOUP_WEBSOCKET_DATA_TEXT);
  check_breaks (&world, binary, SOUP_WEBSOCKET_DATA_BINARY);
  world_end (&world);
}

/* What is a frame but makes no sense is passed over. */
static void
test_nonsense (void)
{
  static const char *const nonsense[] = {
    "{}",
    "{\"op\":7,\"ref\":\"x\"}",
    "{\"op\":\"later\",\"ref\":1}",
    "{\"op\":\"records\",\"ref\":99,\"topic\":\"chat_controlled\",\"records\":[{}]}",
    "{\"op\":\"records\",\"ref\":1}",
    "{\"op\":\"records\",\"ref\":1,\"topic\":3,\"records\":{\"a\":1}}",
    "{\"op\":\"records\",\"ref\":1,\"topic\":\"chat_controlled\",\"records\":[1,null,\"x\",[],{\"seq\":\"x\",\"id\":[]}"
    "]}",
    "{\"op\":\"records\",\"ref\":1,\"topic\":\"chat_receipts\",\"records\":[{\"channel\":\"general\",\"receipts\":[]}]"
    "}",
    "{\"op\":\"subscribed\",\"ref\":1,\"heads\":7}",
    "{\"op\":\"problem\",\"ref\":77,\"problem\":\"x\"}",
    "{\"op\":\"accepted\",\"ref\":9223372036854775807}",
  };
  World world;

  world_start (&world);
  for (guint i = 0; i < G_N_ELEMENTS (nonsense); i++)
    soup_websocket_connection_send_text (world.socket, nonsense[i]);
  send_records (&world, "chat_controlled", "{\"id\":\"a\",\"channel\":\"general\",\"seq\":11}");
  chat_test_wait_for_count (&world.count, 1);
  chat_test_run_pending ();
  g_assert_cmpuint (world.connections, ==, 1);
  world_end (&world);
}

/* A frame that is larger than the protocol has it. */
static void
test_huge (void)
{
  g_autofree char *text = g_strnfill (2 * 1024 * 1024, ' ');
  g_autoptr (GBytes) huge = g_bytes_new_static (text, 2 * 1024 * 1024);
  World world;

  world_start (&world);
  check_breaks (&world, huge, SOUP_WEBSOCKET_DATA_TEXT);
  world_end (&world);
}

/* The status says why, in words. */
static void
test_reasons (void)
{
  static const struct
  {
    gushort code;
    const char *data;
    const char *says;
  } closes[] = {
    { 1001, NULL, "the service is stopping" },
    { 4013, NULL, "the service was ahead of this computer" },
    { 1008, "the session ended", "the service ended the connection: the session ended" },
    { 1011, NULL, "the service ended the connection" },
  };
  World world;

  world_start (&world);
  for (guint i = 0; i < G_N_ELEMENTS (closes); i++)
    {
      g_autofree char *status = NULL;

      soup_websocket_connection_close (world.socket, closes[i].code, closes[i].data);
      chat_test_wait_until (is_connecting, world.transport, "the break");
      status = chat_transport_dup_status (world.transport);
      g_assert_true (g_str_has_prefix (status, "Reconnecting"));
      g_assert_true (g_str_has_suffix (status, closes[i].says));
      wait_reconnected (&world, i + 1);
    }
  world_end (&world);
}

/* A token that is refused: no use to try again by itself; another connect does. */
static void
test_denied (void)
{
  g_autoptr (GError) error = NULL;
  World world;

  world_listen (&world);
  world_make_transport (&world, world.port, PATIENCE_MS);
  world.refuse = SOUP_STATUS_UNAUTHORIZED;
  g_assert_false (try_connect (&world, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
  g_assert_cmpint (chat_transport_get_state (world.transport), ==, CHAT_TRANSPORT_OFFLINE);
  world.refuse = 0;
  g_clear_error (&error);
  g_assert_true (try_connect (&world, &error));
  subscribe (&world);

  /* also after a break */
  world.refuse = SOUP_STATUS_UNAUTHORIZED;
  soup_websocket_connection_close (world.socket, 1008, "the session ended");
  chat_test_wait_for_count (&world.closed, 1);
  g_assert_error (world.why, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
  world_end (&world);
}

static gboolean
tells_failure (gpointer data)
{
  g_autofree char *status = chat_transport_dup_status (data);

  return status != NULL && strstr (status, "503") != NULL;
}

/* A service that fails is tried again. */
static void
test_failing (void)
{
  World world;
  GAsyncResult *connecting = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  world_listen (&world);
  world_make_transport (&world, world.port, PATIENCE_MS);
  world.refuse = SOUP_STATUS_SERVICE_UNAVAILABLE;
  chat_transport_connect_async (world.transport, NULL, chat_test_result_cb, &connecting);
  chat_test_wait_until (tells_failure, world.transport, "the refusal");
  g_assert_null (connecting);
  world.refuse = 0;
  result = chat_test_await (&connecting, "the connect");
  g_assert_true (chat_transport_connect_finish (world.transport, result, NULL));
  g_clear_object (&result);
  world_end (&world);
}

/* A peer that is gone without a word. */
static void
test_silence (void)
{
  ChatTestProxy *proxy;
  World world;

  world_listen (&world);
  proxy = chat_test_proxy_new (world.port);
  world_make_transport (&world, chat_test_proxy_get_port (proxy), SILENCE_MS);
  g_assert_true (try_connect (&world, NULL));
  subscribe (&world);
  /* one that answers when it is asked stays */
  chat_test_wait_for_count (&world.pings, 3);
  g_assert_cmpuint (world.connections, ==, 1);
  chat_test_proxy_set_silent (proxy, TRUE);
  chat_test_wait_until (is_connecting, world.transport, "the silence to be noticed");
  chat_test_proxy_set_silent (proxy, FALSE);
  wait_reconnected (&world, 1);
  world_end (&world);
  chat_test_proxy_free (proxy);
}

/* A reader that does not read holds up the service, not this computer's memory; then it has everything. */
static void
test_full (void)
{
  g_autofree char *filling = g_strnfill (60000, 'x');
  guint sent = 0, before;
  World world;

  world_start (&world);
  chat_subscription_pause (world.subscription);
  while (!is_connecting (world.transport))
    {
      g_autofree char *record = g_strdup_printf ("{\"id\":\"%u\",\"channel\":\"general\",\"seq\":%u,\"data\":\"%s\"}",
                                                 sent, sent + 11, filling);

      g_assert_cmpuint (sent++, <, 1000);
      send_records (&world, "chat_controlled", record);
      chat_test_run_pending ();
    }
  before = world.connections;
  chat_test_run_for (300);
  g_assert_cmpuint (world.connections, ==, before);
  g_assert_cmpuint (world.count, ==, 0);
  chat_subscription_resume (world.subscription);
  wait_reconnected (&world, before);
  chat_test_run_pending ();
  g_assert_cmpint (after_of (&world, "general"), ==, 10 + world.count);
  g_assert_cmpuint (world.count, >, 200);
  world_end (&world);
}

/* One that is let go instead of being read does not keep the others waiting. */
static void
test_full_closed (void)
{
  g_autofree char *filling = g_strnfill (60000, 'x');
  guint before;
  World world;

  world_start (&world);
  chat_subscription_pause (world.subscription);
  for (guint sent = 0; !is_connecting (world.transport); sent++)
    {
      g_autofree char *record = g_strdup_printf ("{\"id\":\"%u\",\"channel\":\"general\",\"seq\":%u,\"data\":\"%s\"}",
                                                 sent, sent + 11, filling);

      g_assert_cmpuint (sent, <, 1000);
      send_records (&world, "chat_controlled", record);
      chat_test_run_pending ();
    }
  before = world.connections;
  g_clear_object (&world.subscription);
  chat_test_wait_count (&world.connections, before + 1, "another connection");
  chat_test_wait_until (is_online, world.transport, "the transport to be online");
  world_end (&world);
}

/* Letting go */

/* Of one that the service has not put in place again after a break. */
static void
test_let_go_resuming (void)
{
  World world;

  world_start (&world);
  world.heads = NULL;
  soup_websocket_connection_close (world.socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
  chat_test_wait_for_count (&world.requests, 2);
  g_assert_true (is_connecting (world.transport));
  g_clear_object (&world.subscription);
  chat_test_wait_until (is_online, world.transport, "the transport to be online");
  chat_test_wait_for_count (&world.unsubscribes, 1);
  world_end (&world);
}

static void
close_cb (ChatSubscription *subscription, const GError *error, World *world)
{
  chat_transport_close_async (world->transport, NULL, NULL, NULL);
}

/* Who closes the transport because a subscription can't go on finds it closed. */
static void
test_refused_resuming (void)
{
  World world;

  world_start (&world);
  g_signal_connect (world.subscription, "closed", G_CALLBACK (close_cb), &world);
  world.refusal = ",\"problem\":{\"status\":410}";
  soup_websocket_connection_close (world.socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
  chat_test_wait_for_count (&world.closed, 1);
  g_assert_error (world.why, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST);
  chat_test_run_pending ();
  g_assert_cmpint (chat_transport_get_state (world.transport), ==, CHAT_TRANSPORT_OFFLINE);
  world_end (&world);
}

/* Of a subscribe that the service has not answered. */
static void
test_cancel (void)
{
  static const char *const topics[] = { CHAT_TOPIC_PRIVATE, NULL };
  static const ChatStart live = CHAT_START_LIVE_INIT;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *awaited = NULL;
  gint64 ref = 0;
  World world;

  world_start (&world);
  world.heads = NULL;
  chat_transport_subscribe_async (world.transport, topics, NULL, &live, cancellable, chat_test_result_cb, &awaited);
  chat_test_wait_for_count (&world.requests, 2);
  g_cancellable_cancel (cancellable);
  result = chat_test_await (&awaited, "the cancelled subscribe");
  g_assert_null (chat_transport_subscribe_finish (world.transport, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  /* it comes all the same */
  chat_json_get_int (world.request, "ref", TRUE, &ref, NULL);
  answer_frame (&world, "subscribed", ref, ",\"heads\":{}");
  chat_test_wait_for_count (&world.unsubscribes, 1);
  g_assert_cmpuint (world.connections, ==, 1);
  g_clear_object (&result);
  world_end (&world);
}

/* Publishing */

static gboolean
publish (World *world, const char *key, const char *text, gsize length, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, length);
  g_autoptr (ChatRecord) record = chat_record_new (CHAT_TOPIC_CHAT, key, bytes);
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  chat_transport_publish_async (world->transport, record, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the publish");
  return chat_transport_publish_finish (world->transport, result, error);
}

static void
check_refused (World *world, const char *text, gsize length, ChatTransportError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (publish (world, "general", text, length, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, (gint)code);
}

static void
test_publish (void)
{
  g_autofree char *large = g_strnfill (70000, 'x');
  World world;

  world_start (&world);
  /* the key is the channel of a record that names none */
  g_assert_true (publish (&world, "general", " { \"data\":\"x\"}", 14, NULL));
  g_assert_nonnull (strstr (world.published, "\"record\":{\"channel\":\"general\", \"data\":\"x\"}}"));
  g_assert_true (publish (&world, "general", "{}", 2, NULL));
  g_assert_nonnull (strstr (world.published, "\"record\":{\"channel\":\"general\"}}"));
  g_assert_true (publish (&world, "general", "{\"channel\":\"ops\"}", 17, NULL));
  g_assert_nonnull (strstr (world.published, "\"record\":{\"channel\":\"ops\"}}"));

  check_refused (&world, "", 0, CHAT_TRANSPORT_ERROR_REJECTED);
  check_refused (&world, "no", 2, CHAT_TRANSPORT_ERROR_REJECTED);
  check_refused (&world, "[]", 2, CHAT_TRANSPORT_ERROR_REJECTED);
  check_refused (&world, "{},\"op\":\"x\"", 11, CHAT_TRANSPORT_ERROR_REJECTED);
  check_refused (&world, large, 70000, CHAT_TRANSPORT_ERROR_REJECTED);
  world.answer = ",\"problem\":{\"status\":403,\"detail\":\"blocked\"}";
  check_refused (&world, "{}", 2, CHAT_TRANSPORT_ERROR_DENIED);
  world.answer = ",\"problem\":{\"status\":422}";
  check_refused (&world, "{}", 2, CHAT_TRANSPORT_ERROR_REJECTED);
  world.answer = ",\"problem\":{\"status\":503}";
  check_refused (&world, "{}", 2, CHAT_TRANSPORT_ERROR_FULL);
  g_assert_cmpuint (world.connections, ==, 1);
  world_end (&world);
}

static gboolean
has_come (gpointer data)
{
  return *(char **)data != NULL;
}

/* What was not confirmed when the connection broke may have arrived, or not. */
static void
test_publish_break (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("{}", 2);
  g_autoptr (ChatRecord) record = chat_record_new (CHAT_TOPIC_CHAT, "general", bytes);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *awaited = NULL;
  World world;

  world_start (&world);
  world.answer = NULL;
  chat_transport_publish_async (world.transport, record, NULL, chat_test_result_cb, &awaited);
  chat_test_wait_until (has_come, &world.published, "the publish at the service");
  g_assert_null (awaited);
  soup_websocket_connection_close (world.socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
  result = chat_test_await (&awaited, "the publish");
  g_assert_false (chat_transport_publish_finish (world.transport, result, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
  g_clear_object (&result);
  world_end (&world);
}

/* Frames with bytes turned, dropped and doubled: parsed or refused, nothing else. */
static void
test_mutations (void)
{
  static const char frame[] = "{\"op\":\"records\",\"ref\":1,\"topic\":\"chat_controlled\",\"records\":[{\"id\":\"a\","
                              "\"channel\":\"general\",\"seq\":12,\"data\":\"h\\u00f1\\n\",\"receipts\":{\"b\":3}}],"
                              "\"heads\":{\"general\":-1},\"problem\":{\"status\":4e2,\"detail\":null}}";

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_autoptr (GBytes) mutant = NULL;

      g_byte_array_append (bytes, (const guint8 *)frame, sizeof frame - 1);
      for (int turns = g_test_rand_int_range (1, 6); turns > 0; turns--)
        {
          guint at = (guint)g_test_rand_int_range (0, (gint)bytes->len - 1);

          if (g_test_rand_bit ())
            bytes->data[at] = (guint8)frame[g_test_rand_int_range (0, (gint)sizeof frame - 1)];
          else if (g_test_rand_bit ())
            g_byte_array_remove_index (bytes, at);
          else
            bytes->data[at] = (guint8)g_test_rand_int_range (0, 256);
        }
      mutant = g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
      chat_live_frame_free (chat_live_frame_parse (mutant, NULL));
    }
}

/* Topics of the feed itself come as frames, to those who asked for them. */
static void
test_own_topics (void)
{
  static const char *const topics[] = { CHAT_TOPIC_PRESENCE, CHAT_TOPIC_MARKS, NULL };
  World world;
  gint64 ref = 0;
  g_autofree char *expected = NULL;

  world_listen (&world);
  world_make_transport (&world, world.port, PATIENCE_MS);
  try_connect (&world, NULL);
  subscribe_to (&world, topics);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (world.request, "topics")), ==, 2);
  chat_json_get_int (world.request, "ref", TRUE, &ref, NULL);
  answer_frame (&world, "presence", ref + 1, ",\"all\":true,\"users\":[]");
  answer_frame (&world, "moderation", ref, ",\"what\":\"appeal\"");
  answer_frame (&world, "presence", ref, ",\"users\":[{\"user\":\"ana\",\"bot\":false,\"connected\":true}]");
  answer_frame (&world, "mark", ref, ",\"channel\":\"general\",\"seq\":17");
  chat_test_wait_count (&world.count, 2, "the frames");
  expected = g_strdup_printf ("{\"op\":\"mark\",\"ref\":%" G_GINT64_FORMAT ",\"channel\":\"general\",\"seq\":17}", ref);
  g_assert_true (strstr (world.came->pdata[0], "\"ana\"") != NULL);
  g_assert_cmpstr (world.came->pdata[1], ==, expected);
  world_end (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/websocket/resume", test_resume);
  g_test_add_func ("/websocket/position", test_position);
  g_test_add_func ("/websocket/another-service", test_another_service);
  g_test_add_func ("/websocket/garbage", test_garbage);
  g_test_add_func ("/websocket/nonsense", test_nonsense);
  g_test_add_func ("/websocket/huge", test_huge);
  g_test_add_func ("/websocket/reasons", test_reasons);
  g_test_add_func ("/websocket/denied", test_denied);
  g_test_add_func ("/websocket/failing", test_failing);
  g_test_add_func ("/websocket/silence", test_silence);
  g_test_add_func ("/websocket/full", test_full);
  g_test_add_func ("/websocket/full-closed", test_full_closed);
  g_test_add_func ("/websocket/let-go-resuming", test_let_go_resuming);
  g_test_add_func ("/websocket/refused-resuming", test_refused_resuming);
  g_test_add_func ("/websocket/cancel", test_cancel);
  g_test_add_func ("/websocket/own-topics", test_own_topics);
  g_test_add_func ("/websocket/publish", test_publish);
  g_test_add_func ("/websocket/publish-break", test_publish_break);
  g_test_add_func ("/websocket/mutations", test_mutations);
  return g_test_run ();
}
