/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
/* The live connection: what it brings, in which order, to whom, and what it does with what it can't use. */
#include "api-test.h"

#include <string.h>

#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-uuid.h"

#define CONTROLLED "\"chat_controlled\""
#define PRIVATE "\"chat_private\""
#define RECEIPTS "\"chat_receipts\""
#define WARNINGS "\"chat_warnings\""

/* Posts "1", "2" … and waits until they are stored. */
static void
post_some (ApiTest *self, const char *token, const char *channel, guint from, guint to)
{
  for (guint i = from; i <= to; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      g_free (api_test_post (self, token, channel, text));
    }
}

static void
post_stored (ApiTest *self, const char *token, const char *channel, guint from, guint to)
{
  post_some (self, token, channel, from, to);
  api_test_wait_head (self, token, channel, to);
}

static char *
join_seqs (int from, int to)
{
  GString *text = g_string_new (NULL);

  for (int i = from; i <= to; i++)
    g_string_append_printf (text, "%s%d=%d", i > from ? " " : "", i, i);
  return g_string_free (text, FALSE);
}

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

/* What the broker has lost is not passed over: who resumes has it from the store, where another process put it. */
static void
test_gap (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = NULL;
  g_autoptr (ApiLive) again = NULL;
  g_autoptr (ChatMessage) missed = role_test_message (&self->role, "luis", "general", "missed", "2");
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  g_autoptr (GArray) results = NULL;

  api_test_channel (self, ana, "general");
  live = api_live_open (self, ana);
  api_live_subscribe (live, 1, CONTROLLED, "");
  g_free (api_test_post (self, ana, "general", "1"));
  api_live_check (live, 1, "chat_controlled", "data", "1");
  api_test_wait_head (self, ana, "general", 1);
  chat_loopback_transport_set_reachable (self->role.loopback, FALSE);
  role_test_publish (&self->role, CHAT_TOPIC_CONTROLLED, missed);
  chat_loopback_broker_trim (self->role.broker, CHAT_TOPIC_CONTROLLED, 0, 2);
  g_ptr_array_add (batch, g_steal_pointer (&missed));
  results = chat_test_call (chat_message_store_append, chat_store_get_messages (self->role.sqlite), NULL, batch);
  g_assert_nonnull (results);
  chat_loopback_transport_set_reachable (self->role.loopback, TRUE);
  api_live_check_closed (live, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "resume");
  again = api_live_open (self, ana);
  api_live_subscribe (again, 1, CONTROLLED, "\"after\":{\"general\":1}");
  g_free (api_test_post (self, ana, "general", "3"));
  api_live_check (again, 1, "chat_controlled", "data", "2 3");
}

static void
test_heads (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autoptr (JsonObject) answer = NULL;
  JsonObject *heads;

  api_test_channel (self, ana, "general");
  api_test_channel (self, ana, "otro");
  post_stored (self, ana, "general", 1, 3);
  api_live_send (live, "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[" CONTROLLED "]}");
  answer = api_live_expect (live, "subscribed");
  heads = json_object_get_object_member (answer, "heads");
  g_assert_cmpuint (json_object_get_size (heads), ==, 2);
  g_assert_cmpint (json_object_get_int_member (heads, "general"), ==, 3);
  g_assert_cmpint (json_object_get_int_member (heads, "otro"), ==, 0);
  api_live_check_quiet (live);
}

/* More than one page of history, then what comes. */
static void
test_replay (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autofree char *all = join_seqs (8, 450);

  api_test_channel (self, ana, "general");
  post_stored (self, ana, "general", 1, 450);
  api_live_subscribe (live, 1, CONTROLLED, "\"channels\":[\"general\"],\"after\":{\"general\":7}");
  api_live_check (live, 1, "chat_controlled", "data=seq", all);
  g_free (api_test_post (self, ana, "general", "451"));
  api_live_check (live, 1, "chat_controlled", "data", "451");

  /* At the end, and beyond it, there is nothing to replay. */
  api_test_wait_head (self, ana, "general", 451);
  api_live_subscribe (live, 2, CONTROLLED, "\"after\":{\"general\":1000}");
  api_live_check_quiet (live);
}

/* Whoever resumes again and again while records go by has every one of them once. */
static void
test_replay_while_live (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *all = NULL;
  guint posted = 0;
  GString *expected = g_string_new (NULL);

  api_test_channel (self, ana, "general");
  for (guint round = 0; round < 20; round++)
    {
      g_autoptr (ApiLive) live = api_live_open (self, ana);

      post_some (self, ana, "general", posted + 1, posted + 7);
      posted += 7;
      for (guint i = posted - 6; i <= posted; i++)
        g_string_append_printf (expected, "%s%u", expected->len > 0 ? " " : "", i);
      /* Some of it is stored by now, some is not. */
      api_live_subscribe (live, 1, CONTROLLED, "\"channels\":[\"general\"],\"after\":{\"general\":0}");
      g_free (api_test_post (self, ana, "general", "x"));
      posted++;
      g_string_append (expected, " x");
      api_live_check (live, 1, "chat_controlled", "data", expected->str);
      api_live_check_quiet (live);
    }
  g_string_free (expected, TRUE);
}

/* The archiver stands still: what it has not stored comes from the tail, once, and is known again when it is stored. */
static void
test_replay_unstored (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) before = api_live_open (self, ana);
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autoptr (ApiLive) later = api_live_open (self, ana);

  api_test_channel (self, ana, "general");
  post_stored (self, ana, "general", 1, 3);
  api_test_stop_archiver (self);
  post_some (self, ana, "general", 4, 6);
  api_live_subscribe (before, 1, CONTROLLED, "");
  api_live_check (before, 1, "chat_controlled", "data=seq", "4=0 5=0 6=0");
  api_live_subscribe (live, 1, CONTROLLED, "\"after\":{\"general\":1}");
  api_live_check (live, 1, "chat_controlled", "data=seq", "2=2 3=3 4=0 5=0 6=0");
  api_test_start_archiver (self);
  api_test_wait_head (self, ana, "general", 6);
  api_live_check_quiet (live);
  api_live_subscribe (later, 1, CONTROLLED, "\"after\":{\"general\":4}");
  api_live_check (later, 1, "chat_controlled", "data=seq", "5=5 6=6");
  g_free (api_test_post (self, ana, "general", "7"));
  api_live_check (later, 1, "chat_controlled", "data", "7");
  api_live_check (live, 1, "chat_controlled", "data", "7");
}

/* The archiver's part, without a receipt: as if it were still on its way. */
static void
store_quietly (ApiTest *self, GPtrArray *messages)
{
  g_autoptr (GArray) results
      = chat_test_call (chat_message_store_append, chat_store_get_messages (self->role.sqlite), NULL, messages);

  g_assert_nonnull (results);
}

/* The store is ahead of the receipts: what waits in the tail is in the page as well. */
static void
test_replay_ahead_of_receipts (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autoptr (ApiLive) later = api_live_open (self, ana);
  g_autoptr (GPtrArray) delivered = NULL;

  api_test_channel (self, ana, "general");
  api_live_subscribe (live, 1, CONTROLLED, "");
  api_test_stop_archiver (self);
  post_some (self, ana, "general", 1, 3);
  api_live_check (live, 1, "chat_controlled", "data", "1 2 3");
  delivered = role_test_list (&self->role, CHAT_TOPIC_CONTROLLED);
  g_ptr_array_set_size (delivered, 2);
  store_quietly (self, delivered);
  api_live_subscribe (later, 1, CONTROLLED, "\"after\":{\"general\":0}");
  api_live_check (later, 1, "chat_controlled", "data=seq", "1=1 2=2 3=0");
  api_test_start_archiver (self);
  api_test_wait_head (self, ana, "general", 3);
  api_live_check_quiet (later);
  api_live_check_quiet (live);
}

/* The store is even ahead of the broker's own delivery: who has had the row does not get the copy, who has not does. */
static void
test_replay_ahead_of_broker (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) before = api_live_open (self, ana);
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);

  api_test_channel (self, ana, "general");
  post_stored (self, ana, "general", 1, 1);
  api_live_subscribe (before, 1, CONTROLLED, "");
  g_ptr_array_add (rows, role_test_message (&self->role, "luis", "general", "early", "2"));
  store_quietly (self, rows);
  api_live_subscribe (live, 1, CONTROLLED, "\"after\":{\"general\":0}");
  api_live_check (live, 1, "chat_controlled", "data=seq", "1=1 2=2");
  role_test_publish (&self->role, CHAT_TOPIC_CONTROLLED, rows->pdata[0]);
  api_live_check (before, 1, "chat_controlled", "data", "2");
  g_free (api_test_post (self, ana, "general", "3"));
  api_live_check (live, 1, "chat_controlled", "data", "3");
  api_live_check (before, 1, "chat_controlled", "data", "3");
}

/* What the broker did not deliver to this process is fetched when its receipt comes, in front of that receipt. */
static void
test_missed (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autoptr (ChatMessage) receipt = chat_message_new (CHAT_KIND_RECEIPT);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);

  api_test_channel (self, ana, "general");
  post_stored (self, ana, "general", 1, 2);
  api_live_subscribe (live, 1, CONTROLLED "," RECEIPTS, "\"channels\":[\"general\"]");
  for (guint i = 3; i <= 5; i++)
    {
      g_autofree char *id = g_strdup_printf ("missed-%u", i);
      g_autofree char *text = g_strdup_printf ("%u", i);

      g_ptr_array_add (rows, role_test_message (&self->role, "luis", "general", id, text));
      chat_message_add_receipt (receipt, id, i);
    }
  store_quietly (self, rows);
  chat_message_set_id (receipt, "r");
  chat_message_set_channel (receipt, "general");
  role_test_publish (&self->role, CHAT_TOPIC_RECEIPTS, receipt);
  api_live_check (live, 1, "chat_controlled", "data=seq", "3=3 4=4 5=5");
  api_live_check (live, 1, "chat_receipts", "id", "r");
  /* The broker's own copy, if it comes after all, is no news. */
  role_test_publish (&self->role, CHAT_TOPIC_CONTROLLED, rows->pdata[1]);
  api_live_check_quiet (live);
}

static void
test_duplicates (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = api_live_open (self, ana);

  api_test_channel (self, ana, "general");
  api_live_subscribe (live, 1, CONTROLLED, "");
  chat_loopback_transport_duplicate (self->role.loopback, 1000);
  post_some (self, ana, "general", 1, 5);
  api_live_check (live, 1, "chat_controlled", "data", "1 2 3 4 5");
  api_test_wait_head (self, ana, "general", 5);
  api_live_check_quiet (live);
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
  ADD ("/api/live/gap", test_gap);
  ADD ("/api/live/handshake", test_handshake);
  ADD ("/api/live/live", test_live);
  ADD ("/api/live/subscriptions", test_subscriptions);
  ADD ("/api/live/receipts", test_receipts);
  ADD ("/api/live/heads", test_heads);
  ADD ("/api/live/replay", test_replay);
  ADD ("/api/live/replay-while-live", test_replay_while_live);
  ADD ("/api/live/replay-unstored", test_replay_unstored);
  ADD ("/api/live/replay-ahead-of-receipts", test_replay_ahead_of_receipts);
  ADD ("/api/live/replay-ahead-of-broker", test_replay_ahead_of_broker);
  ADD ("/api/live/missed", test_missed);
  ADD ("/api/live/duplicates", test_duplicates);
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
  ADD ("/api/live/too-slow", test_too_slow);
  ADD ("/api/live/deaf-talker", test_deaf_talker);
  ADD ("/api/live/crowd", test_crowd);
  return g_test_run ();
}
