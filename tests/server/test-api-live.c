/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The live connection: what it brings, to whom, and what it does with what it can't use. Where one resumes and what is
 * missed: test-api-live-replay.c; those who do not keep up: test-api-live-slow.c. */
#include "api-test.h"

#include "core/chat-uuid.h"

#define CONTROLLED "\"chat_controlled\""
#define PRIVATE "\"chat_private\""
#define RECEIPTS "\"chat_receipts\""
#define WARNINGS "\"chat_warnings\""

static void
expect_problem (ApiLive *live, const char *frame, int ref, guint status, const char *name)
{
  g_autoptr (JsonObject) answer = NULL;
  JsonObject *problem;

  api_live_send (live, frame);
  answer = api_live_expect (live, "problem");
  problem = json_object_get_object_member (answer, "problem");
  g_assert_cmpint (json_object_get_int_member (answer, "ref"), ==, ref);
  g_assert_cmpint (json_object_get_int_member (problem, "status"), ==, status);
  g_assert_true (g_str_has_suffix (json_object_get_string_member (problem, "type"), name));
}

static void
test_handshake (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autoptr (ApiLive) nobody = api_live_open (self, NULL);
  g_autoptr (ApiLive) wrong = api_live_open (self, "wrong");

  g_assert_nonnull (live->connection);
  api_live_check_quiet (live);
  g_assert_cmpuint (nobody->status, ==, 401);
  g_assert_cmpuint (wrong->status, ==, 401);
  api_test_expect (self, "GET", "/v1/live", ana, NULL, 426, "upgrade-required");
}

static void
test_live (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autoptr (ApiLive) one = api_live_open (self, ana);
  g_autoptr (ApiLive) two = api_live_open (self, luis);

  api_test_channel (self, ana, "general");
  api_test_channel (self, ana, "otro");
  api_live_subscribe (one, 1, CONTROLLED, "\"channels\":[\"general\"]");
  api_live_subscribe (two, 7, CONTROLLED, "");
  g_free (api_test_post (self, ana, "general", "hola"));
  g_free (api_test_post (self, ana, "otro", "mierda"));
  g_free (api_test_post (self, ana, "general", "adi\xc3\xb3s"));
  api_live_check (one, 1, "chat_controlled", "data", "hola adi\xc3\xb3s");
  api_live_check (two, 7, "chat_controlled", "data", "hola ****** adi\xc3\xb3s");
  api_live_check_quiet (one);
}

/* Subscriptions of one connection do not know of each other. */
static void
test_subscriptions (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autoptr (JsonObject) ended = NULL;

  api_test_channel (self, ana, "general");
  api_live_subscribe (live, 1, CONTROLLED, "");
  api_live_subscribe (live, 2, CONTROLLED, "\"channels\":[\"general\"]");
  g_free (api_test_post (self, ana, "general", "a"));
  api_live_check (live, 1, "chat_controlled", "data", "a");
  api_live_check (live, 2, "chat_controlled", "data", "a");
  api_live_send (live, "{\"op\":\"unsubscribe\",\"ref\":1}");
  ended = api_live_expect (live, "unsubscribed");
  g_assert_cmpint (json_object_get_int_member (ended, "ref"), ==, 1);
  g_free (api_test_post (self, ana, "general", "b"));
  api_live_check (live, 2, "chat_controlled", "data", "b");
  expect_problem (live, "{\"op\":\"subscribe\",\"ref\":2,\"topics\":[\"chat_controlled\"]}", 2, 409, "/ref-in-use");
  api_live_subscribe (live, 1, CONTROLLED, "");
}

static void
test_receipts (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autofree char *id = NULL;
  g_autoptr (JsonObject) frame = NULL;
  JsonObject *receipt;

  api_test_channel (self, ana, "general");
  api_live_subscribe (live, 1, CONTROLLED "," RECEIPTS, "");
  id = api_test_post (self, ana, "general", "hola");
  api_live_check (live, 1, "chat_controlled", "data", "hola");
  frame = api_live_expect (live, "records");
  g_assert_cmpstr (json_object_get_string_member (frame, "topic"), ==, "chat_receipts");
  receipt = json_array_get_object_element (json_object_get_array_member (frame, "records"), 0);
  g_assert_cmpstr (json_object_get_string_member (receipt, "channel"), ==, "general");
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (receipt, "receipts"), id), ==, 1);
}

static void
test_private (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *eva = api_test_log_in (self, "eva");
  g_autoptr (ApiLive) one = api_live_open (self, ana);
  g_autoptr (ApiLive) two = api_live_open (self, luis);
  g_autoptr (ApiLive) three = api_live_open (self, eva);
  g_autoptr (JsonObject) made = NULL;
  g_autofree char *subscribe = NULL;
  const char *name;

  api_test_channel (self, ana, "general");
  api_live_subscribe (one, 1, CONTROLLED "," PRIVATE "," RECEIPTS, "");
  api_live_subscribe (two, 1, PRIVATE, "");
  api_live_subscribe (three, 1, CONTROLLED "," PRIVATE "," RECEIPTS, "");
  /* It comes into being after they have subscribed. */
  made = api_test_call (self, "POST", "/v1/channels", ana, "{\"with\":[\"luis\"]}");
  name = json_object_get_string_member (made, "name");
  g_free (api_test_post (self, ana, name, "secreto"));
  g_free (api_test_post (self, ana, "general", "a todos"));
  api_live_check (one, 1, "chat_private", "data", "secreto");
  api_live_check (two, 1, "chat_private", "data", "secreto");
  api_live_check (three, 1, "chat_controlled", "data", "a todos");
  api_live_check_quiet (two);
  subscribe = g_strdup_printf ("{\"op\":\"subscribe\",\"ref\":2,\"topics\":[" PRIVATE "],\"channels\":[\"%s\"]}", name);
  api_test_wait_head (self, ana, name, 1);
  {
    g_autoptr (JsonObject) receipt = api_live_expect (three, "records");

    g_assert_cmpstr (json_object_get_string_member (receipt, "topic"), ==, "chat_receipts");
  }
  expect_problem (three, subscribe, 2, 404, "/channel-unknown");
}

/* What other producers put on the topics: a new channel is shown at once; what came by the wrong topic, to nobody. */
static void
test_foreign (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autoptr (JsonObject) made = NULL;
  g_autoptr (ChatMessage) fresh = role_test_message (&self->role, "mq", "averias", "f1", "nuevo");
  g_autoptr (ChatMessage) leak = NULL;
  const char *name;

  api_live_subscribe (live, 1, CONTROLLED "," PRIVATE, "");
  role_test_publish (&self->role, CHAT_TOPIC_CONTROLLED, fresh);
  api_live_check (live, 1, "chat_controlled", "data", "nuevo");

  made = api_test_call (self, "POST", "/v1/channels", ana, "{\"with\":[\"luis\"]}");
  name = json_object_get_string_member (made, "name");
  api_test_stop_archiver (self);
  api_test_stop_api (self);
  api_test_start_api (self); /* which now knows the conversation from the store only */
  {
    g_autoptr (ApiLive) after = api_live_open (self, ana);
    g_autofree char *subscribe = g_strdup_printf ("\"channels\":[\"%s\"]", name);

    leak = role_test_message (&self->role, "mq", name, "f3", "filtrado");
    role_test_publish (&self->role, CHAT_TOPIC_CONTROLLED, leak);
    chat_test_run_pending ();
    api_live_subscribe (after, 1, CONTROLLED "," PRIVATE, subscribe);
    g_free (api_test_post (self, luis, name, "de verdad"));
    api_live_check (after, 1, "chat_private", "data", "de verdad");
    api_live_check_quiet (after);
  }
}

static JsonObject *
next_warning (ApiLive *live)
{
  g_autoptr (JsonObject) frame = api_live_expect (live, "records");
  JsonArray *records = json_object_get_array_member (frame, "records");

  g_assert_cmpstr (json_object_get_string_member (frame, "topic"), ==, "chat_warnings");
  g_assert_cmpuint (json_array_get_length (records), ==, 1);
  return json_object_ref (json_array_get_object_element (records, 0));
}

static void
test_warnings (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autoptr (ApiLive) one = api_live_open (self, ana);
  g_autoptr (ApiLive) two = api_live_open (self, luis);
  g_autoptr (JsonObject) warning = NULL;
  JsonObject *note;
  JsonArray *spans;

  api_test_channel (self, ana, "general");
  api_live_subscribe (one, 1, WARNINGS, "");
  api_live_subscribe (two, 1, WARNINGS, "");
  for (int i = 1; i <= 3; i++)
    {
      g_autofree char *id = api_test_post (self, ana, "general", "\xc2\xa1vaya mierda!");
      g_autoptr (JsonObject) next = next_warning (one);

      g_assert_cmpstr (json_object_get_string_member (next, "kind"), ==, "warning");
      g_assert_cmpstr (json_object_get_string_member (next, "target"), ==, id);
      note = json_object_get_object_member (next, "moderation");
      g_assert_cmpint (json_object_get_int_member (note, "strike"), ==, i);
      if (i == 1)
        warning = g_steal_pointer (&next);
    }
  note = json_object_get_object_member (warning, "moderation");
  g_assert_cmpstr (json_object_get_string_member (note, "rule"), ==, "es/insults");
  g_assert_cmpint (json_object_get_int_member (note, "limit"), ==, 3);
  spans = json_array_get_array_element (json_object_get_array_member (note, "spans"), 0);
  g_assert_cmpint (json_array_get_int_element (spans, 0), ==, 6);
  g_assert_cmpint (json_array_get_int_element (spans, 1), ==, 6);
  g_assert_cmpstr (json_object_get_string_member (warning, "channel"), ==, "general");
  g_assert_cmpstr (json_array_get_string_element (json_object_get_array_member (warning, "words"), 0), ==, "mierda");
  {
    g_autoptr (JsonObject) block = next_warning (one);

    g_assert_cmpstr (json_object_get_string_member (block, "kind"), ==, "block");
  }
  api_live_check_quiet (two);
}

/* Where the site says so, whoever is blocked reads no more, from the block on and not by coming again. */
static void
test_blocked_reader (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autoptr (ApiLive) live = NULL, again = NULL, other = NULL;

  api_test_channel (self, ana, "general");
  api_test_stop_api (self);
  self->options.blocked_may_read = FALSE;
  api_test_start_api (self);
  live = api_live_open (self, ana);
  other = api_live_open (self, luis);
  api_live_subscribe (live, 1, CONTROLLED, "");
  for (int i = 1; i <= 3; i++)
    g_free (api_test_post (self, ana, "general", "mierda"));
  api_live_check_closed (live, 1001, "block");

  api_test_wait_head (self, luis, "general", 3);
  again = api_live_open (self, ana);
  api_live_subscribe (again, 1, CONTROLLED, "\"after\":{\"general\":0}");
  g_free (api_test_post (self, luis, "general", "hola"));
  api_live_check_quiet (again);
  api_live_subscribe (other, 1, CONTROLLED, "\"after\":{\"general\":3}");
  api_live_check (other, 1, "chat_controlled", "data", "hola");
}

static void
test_publish (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autofree char *id = chat_uuid_v7 ();
  g_autofree char *frame
      = g_strdup_printf ("{\"op\":\"publish\",\"ref\":5,\"record\":{\"id\":\"%s\",\"channel\":\"general\","
                         "\"data\":\"hola\"}}",
                         id);
  g_autofree char *other
      = g_strdup_printf ("{\"op\":\"publish\",\"ref\":6,\"record\":{\"id\":\"%s\",\"channel\":\"general\","
                         "\"data\":\"otra\"}}",
                         id);

  api_test_channel (self, ana, "general");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (JsonObject) accepted = NULL;

      api_live_send (live, frame);
      accepted = api_live_expect (live, "accepted");
      g_assert_cmpint (json_object_get_int_member (accepted, "ref"), ==, 5);
      g_assert_cmpstr (json_object_get_string_member (accepted, "id"), ==, id);
      g_assert_true (json_object_has_member (accepted, "timestamp"));
    }
  expect_problem (live, other, 6, 409, "/id-conflict");
  expect_problem (live, "{\"op\":\"publish\",\"ref\":1}", 1, 422, "/member-invalid");
  expect_problem (live, "{\"op\":\"publish\",\"ref\":1,\"record\":7}", 1, 422, "/member-invalid");
  expect_problem (live, "{\"op\":\"publish\",\"ref\":1,\"record\":{\"data\":\"x\"}}", 1, 422, "/member-invalid");
  expect_problem (live, "{\"op\":\"publish\",\"ref\":1,\"record\":{\"channel\":\"nada\",\"data\":\"x\"}}", 1, 404,
                  "/channel-unknown");
  api_test_wait_head (self, ana, "general", 1);
}

/* Ids that the api must ask the store about do not let later ones of the same author overtake them. */
static void
test_publish_order (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autoptr (ApiLive) reader = api_live_open (self, ana);
  g_autoptr (GString) expected = g_string_new (NULL);

  api_test_channel (self, ana, "general");
  api_live_subscribe (reader, 1, CONTROLLED, "");
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *id = i % 3 == 0 ? g_uuid_string_random () : chat_uuid_v7 ();
      g_autofree char *frame
          = g_strdup_printf ("{\"op\":\"publish\",\"ref\":%u,\"record\":{\"id\":\"%s\",\"channel\":\"general\","
                             "\"data\":\"%u\"}}",
                             i, id, i);

      api_live_send (live, frame);
      g_string_append_printf (expected, "%s%u", i > 0 ? " " : "", i);
    }
  api_live_check (reader, 1, "chat_controlled", "data", expected->str);
}

static void
test_wrong_frames (ApiTest *self, gconstpointer data)
{
  static const char *const recoverable[] = {
    "{\"op\":\"nothing\",\"ref\":1}",
    "{\"op\":\"subscribe\",\"ref\":1}",
    "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[]}",
    "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat\"]}",
    "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[7]}",
    "{\"op\":\"subscribe\",\"ref\":1,\"topics\":\"chat_controlled\"}",
    "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"channels\":\"general\"}",
    "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"channels\":[7]}",
    "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"channels\":[\"A B\"]}",
    "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"after\":[1]}",
    "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"after\":{\"general\":-1}}",
    "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"after\":{\"general\":\"1\"}}",
    "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"channels\":[],\"after\":{\"general\":1}}",
  };
  static const char *const fatal[] = { "x",
                                       "",
                                       "[]",
                                       "{\"ref\":1}",
                                       "{\"op\":\"ping\"}",
                                       "{\"op\":\"ping\",\"ref\":\"1\"}",
                                       "{\"op\":7,\"ref\":1}",
                                       "{\"op\":\"ping\",\"ref\":1}{}" };
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autofree char *large = g_strnfill (128 * 1024 + 1, ' ');

  for (guint i = 0; i < G_N_ELEMENTS (recoverable); i++)
    expect_problem (live, recoverable[i], 1, 422, "/member-invalid");
  expect_problem (live, "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"chat_controlled\"],\"channels\":[\"nada\"]}", 1,
                  404, "/channel-unknown");
  api_live_check_quiet (live);
  for (guint i = 0; i < G_N_ELEMENTS (fatal); i++)
    {
      g_autoptr (ApiLive) other = api_live_open (self, ana);

      api_live_send (other, fatal[i]);
      api_live_check_closed (other, 1008, "");
    }
  {
    g_autoptr (ApiLive) binary = api_live_open (self, ana);

    soup_websocket_connection_send_binary (binary->connection, "{}", 2);
    api_live_check_closed (binary, 1008, "text");
  }
  /* The close frame (1009) can get lost: what of the large one was not read resets the connection. */
  api_live_send (live, large);
  chat_test_wait_until (api_live_is_closed, live, "the close");
  g_assert_true (live->code == 1009 || live->code == 0);
}

static void
test_too_many (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);

  for (int i = 1; i <= 64; i++)
    api_live_subscribe (live, i, WARNINGS, "");
  expect_problem (live, "{\"op\":\"subscribe\",\"ref\":65,\"topics\":[\"chat_warnings\"]}", 65, 429, "/too-many");

  api_test_channel (self, ana, "general");
  chat_loopback_transport_set_stalled (self->role.loopback, TRUE);
  for (guint i = 0; i < 256; i++)
    api_live_send (live, "{\"op\":\"publish\",\"ref\":1,\"record\":{\"channel\":\"general\",\"data\":\"x\"}}");
  expect_problem (live, "{\"op\":\"publish\",\"ref\":2,\"record\":{\"channel\":\"general\",\"data\":\"x\"}}", 2, 429,
                  "/too-many");
  chat_loopback_transport_set_stalled (self->role.loopback, FALSE);
  for (guint i = 0; i < 256; i++)
    json_object_unref (api_live_expect (live, "accepted"));
}

static void
test_session_ends (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autoptr (ApiLive) one = api_live_open (self, ana);
  g_autoptr (ApiLive) two = api_live_open (self, luis);

  api_live_check_quiet (one);
  api_test_expect (self, "DELETE", "/v1/sessions/current", ana, NULL, 204, NULL);
  api_live_check_closed (one, 1008, "session");
  api_live_check_quiet (two);
}

static void
test_stop (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);

  api_live_check_quiet (live);
  api_test_stop_api (self);
  api_live_check_closed (live, 1001, "stopping");
  api_test_start_api (self);
}

#define ADD(path, function) g_test_add (path, ApiTest, NULL, api_test_set_up, function, api_test_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/api/live/handshake", test_handshake);
  ADD ("/api/live/live", test_live);
  ADD ("/api/live/subscriptions", test_subscriptions);
  ADD ("/api/live/receipts", test_receipts);
  ADD ("/api/live/private", test_private);
  ADD ("/api/live/foreign", test_foreign);
  ADD ("/api/live/warnings", test_warnings);
  ADD ("/api/live/blocked-reader", test_blocked_reader);
  ADD ("/api/live/publish", test_publish);
  ADD ("/api/live/publish-order", test_publish_order);
  ADD ("/api/live/wrong-frames", test_wrong_frames);
  ADD ("/api/live/too-many", test_too_many);
  ADD ("/api/live/session-ends", test_session_ends);
  ADD ("/api/live/stop", test_stop);
  return g_test_run ();
}
