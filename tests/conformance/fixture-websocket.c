/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The live feed of a real tertulia-server: what is published there goes through all of its roles before it is read. */
#include "chat-test-proxy.h"
#include "chat-test-server.h"
#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-uuid.h"
#include "transport-case.h"
#include "transport/websocket/chat-websocket-transport.h"

/* Every user of a case needs a name of his own, and every channel that is written to is to be there. */
static const char *const channels[] = { "general", "random", "ops", "gener" };

typedef struct
{
  ChatTestServer *server;
  SoupSession *session;
  guint16 port;
  guint users;
  ChatTransport *witness; /* reads receipts: what is stored is what a new reader has behind it */
  ChatSubscription *seen;
  guint published, stored;
} Broker;

static JsonObject *
rest (Broker *broker, const char *path, const char *token, JsonObject *body)
{
  g_autofree char *uri = g_strconcat (chat_test_server_get_uri (broker->server), path, NULL);
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_POST, uri);
  g_autoptr (GBytes) sent = chat_json_to_bytes (body), answer = NULL;
  g_autoptr (GError) error = NULL;
  JsonObject *object;
  gsize length;
  const char *data;

  if (token != NULL)
    {
      g_autofree char *bearer = g_strconcat ("Bearer ", token, NULL);

      soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization", bearer);
    }
  soup_message_set_request_body_from_bytes (message, "application/json", sent);
  answer = soup_session_send_and_read (broker->session, message, NULL, &error);
  g_assert_no_error (error);
  data = g_bytes_get_data (answer, &length);
  object = chat_json_parse_object (data, length, 16, &error);
  g_assert_no_error (error);
  return object;
}

/* (transfer full): the token of another user */
static char *
sign_in (Broker *broker)
{
  g_autofree char *name = g_strdup_printf ("user%u", ++broker->users);
  g_autoptr (JsonObject) body = json_object_new (), answer = NULL;
  g_autoptr (GError) error = NULL;
  const char *token;

  json_object_set_string_member (body, "user", name);
  answer = rest (broker, "v1/sessions", NULL, body);
  chat_json_get_string (answer, "token", TRUE, &token, &error);
  g_assert_no_error (error);
  return g_strdup (token);
}

static void
make_channels (Broker *broker, const char *token)
{
  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    {
      g_autoptr (JsonObject) body = json_object_new (), answer = NULL;

      json_object_set_string_member (body, "name", channels[i]);
      answer = rest (broker, "v1/channels", token, body);
    }
}

static void
seen_cb (ChatSubscription *subscription, GPtrArray *batch, Broker *broker)
{
  for (guint i = 0; i < batch->len; i++)
    {
      gsize length;
      const void *data = g_bytes_get_data (chat_record_get_bytes (g_ptr_array_index (batch, i)), &length);
      g_autoptr (ChatMessage) receipt = chat_message_decode (data, length, NULL);

      broker->stored += g_hash_table_size (chat_message_get_receipts (receipt));
    }
}

static void
call_witness (Broker *broker, const char *token)
{
  static const char *const topics[] = { CHAT_TOPIC_RECEIPTS, NULL };
  static const ChatStart live = CHAT_START_LIVE_INIT;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *awaited = NULL;

  broker->witness = chat_websocket_transport_new (broker->session, chat_test_server_get_uri (broker->server), token);
  case_connect (broker->witness);
  chat_transport_subscribe_async (broker->witness, topics, NULL, &live, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the witness");
  broker->seen = chat_transport_subscribe_finish (broker->witness, result, &error);
  g_assert_no_error (error);
  chat_subscription_set_priority (broker->seen, G_PRIORITY_DEFAULT);
  g_signal_connect (broker->seen, "records", G_CALLBACK (seen_cb), broker);
}

static gpointer
websocket_broker_new (void)
{
  Broker *broker = g_new0 (Broker, 1);
  g_autoptr (GUri) uri = NULL;
  g_autofree char *token = NULL;

  broker->server = chat_test_server_new (NULL);
  chat_test_server_start (broker->server);
  uri = g_uri_parse (chat_test_server_get_uri (broker->server), G_URI_FLAGS_NONE, NULL);
  broker->port = (guint16)g_uri_get_port (uri);
  broker->session = soup_session_new ();
  token = sign_in (broker);
  make_channels (broker, token);
  call_witness (broker, token);
  return broker;
}

static void
websocket_broker_free (gpointer data)
{
  Broker *broker = data;

  g_signal_handlers_disconnect_by_data (broker->seen, broker);
  case_close (broker->witness);
  g_clear_object (&broker->seen);
  g_assert_finalize_object (broker->witness);
  chat_test_server_free (broker->server);
  soup_session_abort (broker->session);
  chat_test_run_pending ();
  g_object_unref (broker->session);
  g_free (broker);
}

static ChatTransport *
websocket_transport_new (gpointer data)
{
  Broker *broker = data;
  ChatTestProxy *proxy = chat_test_proxy_new (broker->port);
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u/", chat_test_proxy_get_port (proxy));
  g_autofree char *token = sign_in (broker);
  ChatTransport *transport = chat_websocket_transport_new (session, uri, token);

  g_object_set_data_full (G_OBJECT (transport), "proxy", proxy, (GDestroyNotify)chat_test_proxy_free);
  return transport;
}

static GBytes *
websocket_encode (const char *text, const char *key)
{
  g_autoptr (JsonObject) record = json_object_new ();
  g_autofree char *id = chat_uuid_v7 ();

  json_object_set_string_member (record, "id", id);
  json_object_set_string_member (record, "data", text);
  return chat_json_to_bytes (record);
}

static char *
websocket_decode (ChatRecord *record)
{
  gsize length;
  const void *data = g_bytes_get_data (chat_record_get_bytes (record), &length);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessage) message = chat_message_decode (data, length, &error);

  g_assert_no_error (error);
  return g_strdup (chat_message_get_data (message));
}

static void
websocket_set_reachable (gpointer broker, ChatTransport *transport, gboolean reachable)
{
  chat_test_proxy_set_reachable (g_object_get_data (G_OBJECT (transport), "proxy"), reachable);
}

static void
websocket_settle (gpointer data, guint published)
{
  Broker *broker = data;

  broker->published += published;
  chat_test_wait_count (&broker->stored, broker->published, "what was published to be stored");
}

const TransportFixture transport_fixture_websocket = {
  .name = "websocket",
  .publish_topic = CHAT_TOPIC_CHAT,
  .read_topic = CHAT_TOPIC_CONTROLLED,
  .features = CHAT_TRANSPORT_RESUMABLE,
  .shards = 1,
  .many = TRUE,
  .broker_new = websocket_broker_new,
  .broker_free = websocket_broker_free,
  .transport_new = websocket_transport_new,
  .encode = websocket_encode,
  .decode = websocket_decode,
  .set_reachable = websocket_set_reachable,
  .settle = websocket_settle,
};
