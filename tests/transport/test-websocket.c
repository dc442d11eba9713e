/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The live feed against a service that does what the test wants: where it goes on, garbage, publishing. Its breaks:
 * test-websocket-breaks.c. */
#include "chat-test-loop.h"
#include "core/chat-json.h"
#include "transport/websocket/chat-live-frame.h"
#include "websocket-test.h"

/* After a break it asks for what it has not had, and passes over what it has. */
static void
test_resume (void)
{
  World world;

  world_start (&world);
  g_assert_false (json_object_has_member (world.request, "after"));
  world_send_records (&world, "chat_controlled", "{\"id\":\"a\",\"channel\":\"general\",\"seq\":11}");
  world_send_records (&world, "chat_controlled",
                      "{\"id\":\"b\",\"channel\":\"general\"},{\"id\":\"c\",\"channel\":\"general\"},"
                      "{\"id\":\"n\",\"channel\":\"new\"}");
  world_send_records (&world, "chat_receipts", "{\"channel\":\"general\",\"receipts\":{\"b\":12}}");
  chat_test_wait_for_count (&world.count, 4);

  world.heads = ",\"heads\":{\"general\":14,\"new\":1}";
  soup_websocket_connection_close (world.socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
  world_wait_reconnected (&world, 1);
  g_assert_cmpint (world_after (&world, "general"), ==, 12);
  g_assert_cmpint (world_after (&world, "new"), ==, 0);
  world_send_records (
      &world, "chat_controlled",
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
  world_send_records (&world, "chat_controlled",
                      "{\"id\":\"a\",\"channel\":\"general\"},{\"id\":\"b\",\"channel\":\"general\"}");
  chat_test_wait_for_count (&world.count, 2);
  position = chat_subscription_dup_position (world.subscription);
  g_assert_cmpint (chat_position_get (position, "chat_controlled", "general"), ==, 13);
  /* "a" was there before: it has an old seq, and took no new one */
  world_send_records (&world, "chat_receipts", "{\"channel\":\"general\",\"receipts\":{\"a\":3,\"b\":11}}");
  world_send_records (&world, "chat_controlled", "{\"id\":\"c\",\"channel\":\"general\"}");
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
  world_wait_reconnected (&world, 1);
  world_send_records (&world, "chat_controlled", "{\"id\":\"a\",\"channel\":\"general\",\"seq\":3}");
  chat_test_wait_for_count (&world.count, 1);
  world_end (&world);
}

static void
check_breaks (World *world, GBytes *frame, SoupWebsocketDataType type)
{
  guint before = world->connections;

  soup_websocket_connection_send_message (world->socket, type, frame);
  world_wait_reconnected (world, before);
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
  world_send_records (&world, "chat_controlled", "{\"id\":\"a\",\"channel\":\"general\",\"seq\":11}");
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

/* Letting go of a subscribe that the service has not answered. */
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
  world_answer (&world, "subscribed", ref, ",\"heads\":{}");
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
  world_connect (&world, NULL);
  world_subscribe_to (&world, topics);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (world.request, "topics")), ==, 2);
  chat_json_get_int (world.request, "ref", TRUE, &ref, NULL);
  world_answer (&world, "presence", ref + 1, ",\"all\":true,\"users\":[]");
  world_answer (&world, "moderation", ref, ",\"what\":\"appeal\"");
  world_answer (&world, "presence", ref, ",\"users\":[{\"user\":\"ana\",\"bot\":false,\"connected\":true}]");
  world_answer (&world, "mark", ref, ",\"channel\":\"general\",\"seq\":17");
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
  g_test_add_func ("/websocket/cancel", test_cancel);
  g_test_add_func ("/websocket/own-topics", test_own_topics);
  g_test_add_func ("/websocket/publish", test_publish);
  g_test_add_func ("/websocket/mutations", test_mutations);
  return g_test_run ();
}
