/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Feeds that come and go in mid-flood, at random: a real server, its WebSocket behind a proxy that breaks, and a broker
 * that is a loopback, filled from what the server's own broker has, sooner or later. The verdict comes from the test's
 * ledger and from the store: each message once, in the order of its seq, in the rows and in the counters, and
 * nobody is told of one twice. One world for everybody; TERTULIA_TEST_SEED=NUMBER for another, and a full run has more.
 */
#include "chat-fake-service.h"
#include "chat-loopback-transport.h"
#include "chat-test-call.h"
#include "chat-test-proxy.h"
#include "chat-test-server.h"
#include "client/chat-workspace-private.h"
#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-uuid.h"
#include "transport/websocket/chat-websocket-transport.h"

#include <stdlib.h>
#include <string.h>

#define STEPS 160
#define MOST_A_STEP 12
#define N_CHANNELS 2
#define ROWS_MOST 500 /* a timeline keeps no more */

static const char *const names[N_CHANNELS] = { "general", "soporte" };
static const ChatFakeAnswer offers
    = { 200, NULL, "{\"feeds\":[{\"kind\":\"kafka\",\"addresses\":[\"kafka1:9092\"],\"prefix\":\"\"}]}" };

typedef struct
{
  GRand *random;
  ChatTestServer *server;
  ChatTestProxy *proxy;
  ChatFakeService *feeds; /* says what the server would of its broker */
  char *directory;
  SoupSession *http;
  ChatTransport *luis, *bridge;
  ChatSubscription *bridged;
  ChatLoopbackBroker *broker;
  GHashTable *appended; /* ids (set): of what it has */
  gulong hook;
  ChatTransport *last; /* the broker's, as ana has it */
  ChatWorkspace *ana;
  GHashTable *told; /* ids (set): of what she was told */
  guint told_twice;
  guint said[N_CHANNELS]; /* the ledger: texts 0 … said - 1 */
  guint confirmed;
} World;

/* Whoever talks to the server without a window */

static char *
sign_in_plainly (World *world, const char *user)
{
  g_autoptr (ChatRest) rest = chat_rest_new (world->http, chat_test_server_get_uri (world->server));
  g_autoptr (JsonObject) body = json_object_new ();
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) error = NULL;

  json_object_set_string_member (body, "user", user);
  answer = chat_test_call_out (chat_rest_call, rest, NULL, &error, SOUP_METHOD_POST, "v1/sessions", body);
  g_assert_no_error (error);
  return g_strdup (json_object_get_string_member (answer, "token"));
}

static void
make_channel (World *world, const char *token, const char *name)
{
  g_autoptr (ChatRest) rest = chat_rest_new (world->http, chat_test_server_get_uri (world->server));
  g_autoptr (JsonObject) body = json_object_new ();
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) error = NULL;

  json_object_set_string_member (body, "name", name);
  chat_rest_set_token (rest, token);
  answer = chat_test_call_out (chat_rest_call, rest, NULL, &error, SOUP_METHOD_POST, "v1/channels", body);
  g_assert_no_error (error);
}

static ChatTransport *
connect_plainly (World *world, const char *user)
{
  g_autofree char *token = sign_in_plainly (world, user);
  ChatTransport *transport
      = chat_websocket_transport_new (world->http, chat_test_server_get_uri (world->server), token);
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_transport_connect, transport, &error);
  g_assert_no_error (error);
  return transport;
}

/* The bridge: what the server's broker has, as a record of Kafka's would be: without a seq. A broker has a record
 * before anybody gets it from the service, so it is also taken from what comes to ana, right before she sees it. */

static void
append (World *world, ChatRecord *record)
{
  GBytes *bytes = chat_record_get_bytes (record);
  g_autoptr (JsonObject) object
      = chat_json_parse_object (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 8, NULL);
  g_autofree char *json = NULL;
  g_autoptr (GBytes) plain = NULL;
  g_autoptr (ChatRecord) published = NULL;

  if (!g_hash_table_add (world->appended, g_strdup (json_object_get_string_member (object, "id"))))
    return;
  json_object_remove_member (object, "seq");
  json = chat_json_to_string (object);
  plain = g_bytes_new (json, strlen (json));
  published = chat_record_new (CHAT_TOPIC_CONTROLLED, chat_record_get_key (record), plain);
  chat_loopback_broker_append (world->broker, published);
}

static void
bridge_cb (World *world, GPtrArray *batch)
{
  for (guint i = 0; i < batch->len; i++)
    append (world, g_ptr_array_index (batch, i));
}

static gboolean
hook_cb (GSignalInvocationHint *hint, guint n_values, const GValue *values, gpointer data)
{
  World *world = data;
  ChatFeed *feed = g_value_get_object (&values[0]);
  GPtrArray *batch = g_value_get_boxed (&values[1]);

  for (guint i = 0; world->ana != NULL && feed == world->ana->feed && i < batch->len; i++)
    if (g_str_equal (chat_record_get_topic (g_ptr_array_index (batch, i)), CHAT_TOPIC_CONTROLLED))
      append (world, g_ptr_array_index (batch, i));
  return TRUE;
}

static void
open_bridge (World *world)
{
  static const char *const topics[] = { CHAT_TOPIC_CONTROLLED, NULL };
  static const ChatStart start = CHAT_START_LIVE_INIT;
  g_autoptr (GError) error = NULL;

  world->bridge = connect_plainly (world, "puente");
  world->bridged = chat_test_call (chat_transport_subscribe, world->bridge, &error, topics, NULL, &start);
  g_assert_no_error (error);
  g_signal_connect_swapped (world->bridged, "records", G_CALLBACK (bridge_cb), world);
}

static void
said_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error);
  g_assert_no_error (error);
  ((World *)user_data)->confirmed++;
}

static void
say (World *world, guint channel)
{
  g_autofree char *id = chat_uuid_v7 ();
  g_autofree char *json = g_strdup_printf ("{\"id\":\"%s\",\"channel\":\"%s\",\"data\":\"%u\"}", id, names[channel],
                                           world->said[channel]++);
  g_autoptr (GBytes) bytes = g_bytes_new (json, strlen (json));
  g_autoptr (ChatRecord) record = chat_record_new (CHAT_TOPIC_CHAT, names[channel], bytes);

  chat_transport_publish_async (world->luis, record, NULL, said_cb, world);
}

/* Ana, at her desktop */

static ChatTransport *
make_feed (SoupSession *session, const char *uri, const char *token, gpointer data)
{
  return chat_websocket_transport_new (session, uri, token);
}

static ChatTransport *
make_broker (const ChatBrokerOptions *options, gpointer data)
{
  World *world = data;

  g_clear_object (&world->last);
  world->last = chat_loopback_transport_new (world->broker);
  return g_object_ref (world->last);
}

/* The server has no broker that it could offer. */
static void
queued_cb (SoupSession *session, SoupMessage *message, World *world)
{
  g_autoptr (GUri) uri = NULL;

  if (!g_str_has_suffix (g_uri_get_path (soup_message_get_uri (message)), "/v1/feeds"))
    return;
  uri = g_uri_parse_relative (soup_message_get_uri (message), chat_fake_service_get_uri (world->feeds),
                              G_URI_FLAGS_NONE, NULL);
  soup_message_set_uri (message, uri);
}

static void
noteworthy_cb (World *world, ChatChannel *channel, ChatMessage *message, gboolean mention)
{
  if (!g_hash_table_add (world->told, g_strdup (chat_message_get_id (message))))
    world->told_twice++;
}

static gboolean
is_live (gpointer data)
{
  return chat_workspace_get_state (data) == CHAT_WORKSPACE_LIVE && chat_workspace_find_channel (data, names[0]) != NULL
         && chat_workspace_find_channel (data, names[1]) != NULL;
}

static void
open_ana (World *world)
{
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u/", chat_test_proxy_get_port (world->proxy));
  g_autoptr (GError) error = NULL;
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  world->ana = chat_workspace_new (uri, "ana", world->directory, make_feed, world);
  world->ana->patience_ms = 60;
  world->ana->overlap_ms = 40;
  chat_workspace_set_broker_factory (world->ana, make_broker, world);
  g_signal_connect (world->ana->http, "request-queued", G_CALLBACK (queued_cb), world);
  g_signal_connect_swapped (world->ana, "noteworthy", G_CALLBACK (noteworthy_cb), world);
  chat_test_call (chat_workspace_open, world->ana, &error, names[0]);
  g_assert_no_error (error);
  chat_workspace_sign_in_async (world->ana, NULL, NULL, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the sign-in");
  g_assert_true (chat_workspace_sign_in_finish (world->ana, result, NULL, &error));
  chat_test_wait_until (is_live, world->ana, "the workspace to be live");
  for (guint i = 0; i < N_CHANNELS; i++)
    {
      chat_test_call (chat_workspace_join, world->ana, &error, names[i], TRUE);
      g_assert_no_error (error);
      chat_channel_get_timeline (chat_workspace_find_channel (world->ana, names[i]));
    }
}

static void
world_start (World *world, guint32 seed)
{
  g_autoptr (GUri) uri = NULL;
  g_autofree char *token = NULL;

  *world = (World){ .random = g_rand_new_with_seed (seed),
                    .server = chat_test_server_new (NULL),
                    .feeds = chat_fake_service_new (),
                    .http = soup_session_new (),
                    .broker = chat_loopback_broker_new (1),
                    .told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
                    .directory = g_dir_make_tmp ("tertulia-feeds-XXXXXX", NULL) };
  world->appended = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_type_class_unref (g_type_class_ref (CHAT_TYPE_FEED));
  world->hook = g_signal_add_emission_hook (g_signal_lookup ("records", CHAT_TYPE_FEED), 0, hook_cb, world, NULL);
  chat_test_server_start (world->server);
  uri = g_uri_parse (chat_test_server_get_uri (world->server), G_URI_FLAGS_NONE, NULL);
  world->proxy = chat_test_proxy_new ((guint16)g_uri_get_port (uri));
  chat_fake_service_answer (world->feeds, &offers);
  token = sign_in_plainly (world, "jefe");
  make_channel (world, token, names[1]);
  world->luis = connect_plainly (world, "luis");
  open_bridge (world);
  open_ana (world);
}

static void
world_end (World *world)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", world->directory);
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_workspace_close, world->ana, &error, FALSE);
  g_assert_no_error (error);
  chat_test_run_pending ();
  g_assert_finalize_object (world->ana);
  g_clear_object (&world->last);
  g_signal_handlers_disconnect_by_data (world->bridged, world);
  g_object_unref (world->bridged);
  chat_test_call (chat_transport_close, world->bridge, NULL);
  chat_test_call (chat_transport_close, world->luis, NULL);
  g_object_unref (world->bridge);
  g_object_unref (world->luis);
  g_signal_remove_emission_hook (g_signal_lookup ("records", CHAT_TYPE_FEED), world->hook);
  g_hash_table_unref (world->appended);
  g_object_unref (world->broker);
  chat_test_proxy_free (world->proxy);
  chat_fake_service_free (world->feeds);
  chat_test_server_free (world->server);
  g_object_unref (world->http);
  g_hash_table_unref (world->told);
  g_rand_free (world->random);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_free (world->directory);
}

/* What happens to her */

static void
set_broker_reachable (World *world, gboolean reachable)
{
  if (world->last != NULL)
    chat_loopback_transport_set_reachable (CHAT_LOOPBACK_TRANSPORT (world->last), reachable);
}

static void
befall (World *world)
{
  static const ChatFeedChoice choices[] = { CHAT_FEED_AUTOMATIC, CHAT_FEED_KAFKA, CHAT_FEED_WEBSOCKET };

  switch (g_rand_int_range (world->random, 0, 14))
    {
    case 0:
    case 1:
      chat_workspace_set_feed_choice (world->ana, choices[g_rand_int_range (world->random, 0, G_N_ELEMENTS (choices))]);
      break;
    case 2:
      set_broker_reachable (world, FALSE);
      break;
    case 3:
    case 4:
      set_broker_reachable (world, TRUE);
      break;
    case 5:
      if (world->last != NULL)
        chat_loopback_transport_set_stalled (CHAT_LOOPBACK_TRANSPORT (world->last), g_rand_boolean (world->random));
      break;
    case 6:
      if (world->last != NULL)
        chat_loopback_transport_end_subscriptions (CHAT_LOOPBACK_TRANSPORT (world->last), CHAT_TRANSPORT_ERROR_LOST);
      break;
    case 7:
      chat_test_proxy_set_reachable (world->proxy, FALSE);
      break;
    case 8:
    case 9:
      chat_test_proxy_set_reachable (world->proxy, TRUE);
      chat_workspace_reconnect_now (world->ana);
      break;
    case 10:
      chat_test_proxy_set_silent (world->proxy, TRUE);
      break;
    case 11:
      chat_test_proxy_set_silent (world->proxy, FALSE);
      break;
    default:
      break;
    }
}

static void
mend (World *world)
{
  chat_test_proxy_set_silent (world->proxy, FALSE);
  chat_test_proxy_set_reachable (world->proxy, TRUE);
  if (world->last != NULL)
    chat_loopback_transport_set_stalled (CHAT_LOOPBACK_TRANSPORT (world->last), FALSE);
  set_broker_reachable (world, TRUE);
  chat_workspace_set_feed_choice (world->ana, CHAT_FEED_AUTOMATIC);
  chat_workspace_reconnect_now (world->ana);
}

/* The verdict */

/* (transfer full) (element-type utf8): the ids that the store has, by seq. */
static GPtrArray *
read_store (World *world, const char *channel)
{
  g_autofree char *token = sign_in_plainly (world, g_str_equal (channel, names[0]) ? "juez" : "jueza");
  g_autoptr (ChatRest) rest = chat_rest_new (world->http, chat_test_server_get_uri (world->server));
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  gint64 after = 0;

  chat_rest_set_token (rest, token);
  for (gboolean more = TRUE; more;)
    {
      g_autofree char *path
          = g_strdup_printf ("v1/channels/%s/messages?after=%" G_GINT64_FORMAT "&limit=200", channel, MAX (after, 1));
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) page
          = chat_test_call_out (chat_rest_call, rest, NULL, &error, SOUP_METHOD_GET, path, NULL);
      JsonArray *messages;

      g_assert_no_error (error);
      messages = json_object_get_array_member (page, "messages");
      for (guint i = 0; i < json_array_get_length (messages); i++)
        {
          JsonObject *message = json_array_get_object_element (messages, i);

          after = json_object_get_int_member (message, "seq");
          if (g_strcmp0 (json_object_get_string_member_with_default (message, "author", NULL), "luis") == 0)
            g_ptr_array_add (ids, g_strdup (json_object_get_string_member (message, "id")));
        }
      more = json_array_get_length (messages) > 0;
    }
  return ids;
}

static gboolean
is_whole (gpointer data)
{
  World *world = data;

  if (!is_live (world->ana) || world->ana->public != CHAT_PUBLIC_BROKER || !chat_feed_is_placed (world->ana->feed))
    return FALSE;
  for (guint i = 0; i < N_CHANNELS; i++)
    {
      GListModel *rows = G_LIST_MODEL (chat_channel_peek_timeline (chat_workspace_find_channel (world->ana, names[i])));

      if (g_list_model_get_n_items (rows) < world->said[i])
        return FALSE;
      for (guint row = 0; row < g_list_model_get_n_items (rows); row++)
        {
          g_autoptr (ChatMessageItem) item = g_list_model_get_item (rows, row);

          if (chat_message_item_get_seq (item) == 0)
            return FALSE;
        }
    }
  return TRUE;
}

static void
check_channel (World *world, guint place)
{
  ChatChannel *channel = chat_workspace_find_channel (world->ana, names[place]);
  GListModel *rows = G_LIST_MODEL (chat_channel_peek_timeline (channel));
  g_autoptr (GPtrArray) ids = read_store (world, names[place]);

  g_assert_cmpuint (ids->len, ==, world->said[place]);
  g_assert_cmpuint (g_list_model_get_n_items (rows), ==, ids->len);
  for (guint row = 0; row < ids->len; row++)
    {
      g_autoptr (ChatMessageItem) item = g_list_model_get_item (rows, row);
      ChatMessage *message = chat_message_item_get_message (item);

      g_assert_cmpstr (chat_message_get_id (message), ==, g_ptr_array_index (ids, row));
      g_assert_cmpuint (strtoul (chat_message_get_data (message), NULL, 10), ==, row);
    }
  g_assert_cmpuint (chat_channel_get_unread (channel), ==, ids->len);
}

static gboolean
is_confirmed (gpointer data)
{
  World *world = data;

  return world->confirmed == world->said[0] + world->said[1];
}

static gboolean
has_settled_counts (gpointer data)
{
  World *world = data;

  for (guint i = 0; i < N_CHANNELS; i++)
    if (chat_channel_get_unread (chat_workspace_find_channel (world->ana, names[i])) != world->said[i])
      return FALSE;
  return world->ana->syncing == 0;
}

/* What somebody does who waits in front of it. */
static gboolean
press_reconnect_cb (gpointer user_data)
{
  chat_workspace_reconnect_now (user_data);
  return G_SOURCE_CONTINUE;
}

static void
live_through (guint32 seed)
{
  World world;
  guint presses;

  g_test_message ("seed %u", seed);
  world_start (&world, seed);
  for (guint step = 0; step < STEPS; step++)
    {
      guint most = (guint)g_rand_int_range (world.random, 0, MOST_A_STEP);

      befall (&world);
      for (guint i = 0; i < most; i++)
        {
          guint channel = (guint)g_rand_int_range (world.random, 0, N_CHANNELS);

          if (world.said[channel] < ROWS_MOST)
            say (&world, channel);
        }
      chat_test_run_for ((guint)g_rand_int_range (world.random, 0, 25));
    }
  chat_test_wait_until (is_confirmed, &world, "every message to be accepted");
  mend (&world);
  presses = g_timeout_add (500, press_reconnect_cb, world.ana);
  chat_test_wait_until (is_whole, &world, "every message, with its seq");
  chat_test_wait_until (has_settled_counts, &world, "the right counts");
  g_source_remove (presses);
  for (guint i = 0; i < N_CHANNELS; i++)
    check_channel (&world, i);
  g_assert_cmpuint (world.told_twice, ==, 0);
  world_end (&world);
}

static void
test_random (void)
{
  const char *seed = g_getenv ("TERTULIA_TEST_SEED");

  live_through (seed != NULL ? (guint32)strtoul (seed, NULL, 10) : 1);
  for (guint32 other = 2; seed == NULL && g_getenv ("TERTULIA_TEST_FULL") != NULL && other < 12; other++)
    live_through (other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/feed-switching/random", test_random);
  return g_test_run ();
}
