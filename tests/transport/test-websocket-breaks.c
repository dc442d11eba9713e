/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the live feed comes through a service that goes away, refuses, is silent or sends more than is read. */
#include "chat-test-loop.h"
#include "chat-test-proxy.h"
#include "websocket-test.h"

#define SILENCE_MS 200

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
      chat_test_wait_until (world_is_connecting, world.transport, "the break");
      status = chat_transport_dup_status (world.transport);
      g_assert_true (g_str_has_prefix (status, "Reconnecting"));
      g_assert_true (g_str_has_suffix (status, closes[i].says));
      world_wait_reconnected (&world, i + 1);
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
  g_assert_false (world_connect (&world, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
  g_assert_cmpint (chat_transport_get_state (world.transport), ==, CHAT_TRANSPORT_OFFLINE);
  world.refuse = 0;
  g_clear_error (&error);
  g_assert_true (world_connect (&world, &error));
  world_subscribe (&world);

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
  g_assert_true (world_connect (&world, NULL));
  world_subscribe (&world);
  /* one that answers when it is asked stays */
  chat_test_wait_for_count (&world.pings, 3);
  g_assert_cmpuint (world.connections, ==, 1);
  chat_test_proxy_set_silent (proxy, TRUE);
  chat_test_wait_until (world_is_connecting, world.transport, "the silence to be noticed");
  chat_test_proxy_set_silent (proxy, FALSE);
  world_wait_reconnected (&world, 1);
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
  while (!world_is_connecting (world.transport))
    {
      g_autofree char *record = g_strdup_printf ("{\"id\":\"%u\",\"channel\":\"general\",\"seq\":%u,\"data\":\"%s\"}",
                                                 sent, sent + 11, filling);

      g_assert_cmpuint (sent++, <, 1000);
      world_send_records (&world, "chat_controlled", record);
      chat_test_run_pending ();
    }
  before = world.connections;
  chat_test_run_for (300);
  g_assert_cmpuint (world.connections, ==, before);
  g_assert_cmpuint (world.count, ==, 0);
  chat_subscription_resume (world.subscription);
  world_wait_reconnected (&world, before);
  chat_test_run_pending ();
  g_assert_cmpint (world_after (&world, "general"), ==, 10 + world.count);
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
  for (guint sent = 0; !world_is_connecting (world.transport); sent++)
    {
      g_autofree char *record = g_strdup_printf ("{\"id\":\"%u\",\"channel\":\"general\",\"seq\":%u,\"data\":\"%s\"}",
                                                 sent, sent + 11, filling);

      g_assert_cmpuint (sent, <, 1000);
      world_send_records (&world, "chat_controlled", record);
      chat_test_run_pending ();
    }
  before = world.connections;
  g_clear_object (&world.subscription);
  chat_test_wait_count (&world.connections, before + 1, "another connection");
  chat_test_wait_until (world_is_online, world.transport, "the transport to be online");
  world_end (&world);
}

/* Letting go of one that the service has not put in place again after a break. */
static void
test_let_go_resuming (void)
{
  World world;

  world_start (&world);
  world.heads = NULL;
  soup_websocket_connection_close (world.socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
  chat_test_wait_for_count (&world.requests, 2);
  g_assert_true (world_is_connecting (world.transport));
  g_clear_object (&world.subscription);
  chat_test_wait_until (world_is_online, world.transport, "the transport to be online");
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/websocket/reasons", test_reasons);
  g_test_add_func ("/websocket/denied", test_denied);
  g_test_add_func ("/websocket/failing", test_failing);
  g_test_add_func ("/websocket/silence", test_silence);
  g_test_add_func ("/websocket/full", test_full);
  g_test_add_func ("/websocket/full-closed", test_full_closed);
  g_test_add_func ("/websocket/let-go-resuming", test_let_go_resuming);
  g_test_add_func ("/websocket/refused-resuming", test_refused_resuming);
  g_test_add_func ("/websocket/publish-break", test_publish_break);
  return g_test_run ();
}
