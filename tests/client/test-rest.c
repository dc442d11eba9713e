/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the service, or what answers in its place, becomes for the client. */
#include "chat-fake-service.h"
#include "chat-test-loop.h"
#include "chat-test-message.h"
#include "client/chat-rest.h"
#include "core/chat-time.h"

#define PROBLEM(name, detail)                                                                                          \
  "{\"type\":\"https://tertulia.chat/problems/" name "\",\"title\":\"Title\",\"detail\":\"" detail "\"}"

typedef struct
{
  ChatFakeService *service;
  SoupSession *session;
  ChatRest *rest;
} World;

static void
world_start (World *world)
{
  world->service = chat_fake_service_new ();
  world->session = soup_session_new ();
  world->rest = chat_rest_new (world->session, chat_fake_service_get_uri (world->service));
}

static void
world_end (World *world)
{
  g_assert_finalize_object (world->rest);
  soup_session_abort (world->session);
  chat_fake_service_free (world->service);
  chat_test_run_pending ();
  g_object_unref (world->session);
}

static JsonObject *
call (World *world, const char *method, const char *path, JsonObject *body, JsonObject **problem, GError **error)
{
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  chat_rest_call_async (world->rest, method, path, body, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "an answer");
  return chat_rest_call_finish (world->rest, result, problem, error);
}

static void
check_error (World *world, guint status, const char *type, const char *body, ChatClientError code, const char *says)
{
  const ChatFakeAnswer answer = { status, type, body };
  g_autoptr (GError) error = NULL;

  chat_fake_service_answer (world->service, &answer);
  g_assert_null (call (world, "GET", "v1/x", NULL, NULL, &error));
  g_assert_error (error, CHAT_CLIENT_ERROR, (gint)code);
  if (strstr (error->message, says) == NULL)
    g_error ("“%s” does not say “%s”", error->message, says);
}

static void
test_problems (void)
{
  const char *type = "application/problem+json";
  World world;

  world_start (&world);
  check_error (&world, 409, type, PROBLEM ("name-taken", "ana is here already"), CHAT_CLIENT_ERROR_NAME_TAKEN,
               "ana is here already");
  check_error (&world, 422, type, PROBLEM ("name-invalid", "no"), CHAT_CLIENT_ERROR_NAME_INVALID, "no");
  check_error (&world, 403, type, PROBLEM ("blocked", "since noon"), CHAT_CLIENT_ERROR_BLOCKED, "since noon");
  check_error (&world, 401, type, PROBLEM ("token", "ended"), CHAT_CLIENT_ERROR_TOKEN, "ended");
  check_error (&world, 404, type, PROBLEM ("no-channel", "no such channel"), CHAT_CLIENT_ERROR_REFUSED, "channel");
  check_error (&world, 418, type, "{\"title\":\"A teapot\"}", CHAT_CLIENT_ERROR_REFUSED, "A teapot");
  check_error (&world, 429, type, PROBLEM ("too-many", "slower"), CHAT_CLIENT_ERROR_SERVICE, "slower");
  check_error (&world, 503, type, PROBLEM ("broker", "no broker"), CHAT_CLIENT_ERROR_SERVICE, "no broker");
  check_error (&world, 500, "text/plain", "oops", CHAT_CLIENT_ERROR_SERVICE, "500");
  world_end (&world);
}

/* Another program, a proxy, a captive portal. */
static void
test_foreign (void)
{
  World world;

  world_start (&world);
  check_error (&world, 404, "text/html", "<html>", CHAT_CLIENT_ERROR_PROTOCOL, "is not a Tertulia service");
  check_error (&world, 200, "text/html", "<html>", CHAT_CLIENT_ERROR_PROTOCOL, "is not a Tertulia service");
  check_error (&world, 200, NULL, "[]", CHAT_CLIENT_ERROR_PROTOCOL, "is not a Tertulia service");
  check_error (&world, 200, NULL, "{\"a\":", CHAT_CLIENT_ERROR_PROTOCOL, "is not a Tertulia service");
  check_error (&world, 502, "text/html", "<html>", CHAT_CLIENT_ERROR_SERVICE, "502");
  world_end (&world);
}

static void
test_offline (void)
{
  g_autoptr (GError) error = NULL;
  World world;

  world_start (&world);
  chat_rest_set_uri (world.rest, "http://127.0.0.1:1/");
  g_assert_cmpstr (chat_rest_get_uri (world.rest), ==, "http://127.0.0.1:1");
  g_assert_null (call (&world, "GET", "v1/x", NULL, NULL, &error));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_OFFLINE);
  g_assert_nonnull (strstr (error->message, "127.0.0.1:1"));
  g_clear_error (&error);
  chat_rest_set_uri (world.rest, "no address");
  g_assert_null (call (&world, "GET", "v1/x", NULL, NULL, &error));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PROTOCOL);
  world_end (&world);
}

static void
test_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *awaited = NULL;
  World world;

  world_start (&world);
  chat_fake_service_hold (world.service, TRUE);
  chat_rest_call_async (world.rest, "GET", "v1/x", NULL, cancellable, chat_test_result_cb, &awaited);
  chat_test_wait_count (chat_fake_service_get_count (world.service), 1, "the question");
  g_cancellable_cancel (cancellable);
  result = chat_test_await (&awaited, "the answer");
  g_assert_null (chat_rest_call_finish (world.rest, result, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&result);
  world_end (&world);
}

/* What a problem brings besides its words; and 204, which brings nothing. */
static void
test_extras (void)
{
  const ChatFakeAnswer taken = { 409, "application/problem+json",
                                 "{\"type\":\"https://tertulia.chat/problems/name-taken\",\"lease_ms\":700}" };
  const ChatFakeAnswer nothing = { 204, NULL, NULL };
  g_autoptr (JsonObject) body = json_object_new (), problem = NULL, answer = NULL;
  g_autoptr (GError) error = NULL;
  World world;

  world_start (&world);
  json_object_set_string_member (body, "user", "ana");
  chat_fake_service_answer (world.service, &taken);
  g_assert_null (call (&world, "POST", "v1/sessions", body, &problem, &error));
  g_assert_cmpint (json_object_get_int_member (problem, "lease_ms"), ==, 700);
  g_assert_cmpstr (g_ptr_array_index (chat_fake_service_get_asked (world.service), 0), ==,
                   "POST /v1/sessions\n{\"user\":\"ana\"}");
  g_clear_error (&error);
  chat_fake_service_answer (world.service, &nothing);
  answer = call (&world, "DELETE", "v1/sessions/current", NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (json_object_get_size (answer), ==, 0);
  world_end (&world);
}

/* The history: a record that can't be read does not take the page with it. */

static ChatHistoryPage *
fetch (World *world, const ChatHistoryQuery *query, GError **error)
{
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  chat_history_fetch_async (CHAT_HISTORY (world->rest), "general", query, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "a page");
  return chat_history_fetch_finish (CHAT_HISTORY (world->rest), result, error);
}

static void
test_history (void)
{
  const ChatFakeAnswer page
      = { 200, NULL,
          "{\"messages\":[{\"id\":\"01a1fd91-9eca-701a-8b81-7bf581cd192d\",\"channel\":\"general\",\"author\":\"ana\","
          "\"data\":\"hola\",\"timestamp\":\"2021-10-10T10:10:10.000Z\",\"seq\":7},{\"kind\":9},3],"
          "\"head\":9,\"first\":1,\"more_before\":true,\"more_after\":false}" };
  const ChatFakeAnswer no_page = { 200, NULL, "{\"messages\":{},\"head\":9}" };
  const ChatHistoryQuery queries[] = {
    { .before = 8, .around_time = CHAT_TIME_UNKNOWN, .limit = 10 },
    { .after = 6, .around_time = CHAT_TIME_UNKNOWN, .limit = 10 },
    { .around = 7, .around_time = CHAT_TIME_UNKNOWN, .limit = 10 },
    { .around_time = 1600000000000, .limit = 10 },
    { .around_time = CHAT_TIME_UNKNOWN },
  };
  static const char *const paths[] = { "limit=10&before=8", "limit=10&after=6", "limit=10&around=7",
                                       "limit=10&around=2020-09-13T12:26:40.000Z", "limit=50" };
  g_autoptr (GError) error = NULL;
  World world;

  world_start (&world);
  chat_fake_service_answer (world.service, &page);
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      g_autoptr (ChatHistoryPage) got = fetch (&world, &queries[i], &error);
      g_autofree char *asked = g_strdup_printf ("GET /v1/channels/general/messages?%s\n", paths[i]);

      g_assert_no_error (error);
      g_assert_cmpuint (got->messages->len, ==, 1);
      g_assert_cmpint (got->head, ==, 9);
      g_assert_true (got->more_before);
      g_assert_cmpstr (g_ptr_array_index (chat_fake_service_get_asked (world.service), i), ==, asked);
    }
  chat_fake_service_answer (world.service, &no_page);
  g_assert_null (fetch (&world, &queries[0], &error));
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PROTOCOL);
  world_end (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rest/problems", test_problems);
  g_test_add_func ("/rest/foreign", test_foreign);
  g_test_add_func ("/rest/offline", test_offline);
  g_test_add_func ("/rest/cancelled", test_cancelled);
  g_test_add_func ("/rest/extras", test_extras);
  g_test_add_func ("/rest/history", test_history);
  return g_test_run ();
}
