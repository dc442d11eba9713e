/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a live connection goes on: what the store has and what the broker brings, each once and in order, no hole. */
#include "api-test.h"

#define CONTROLLED "\"chat_controlled\""
#define RECEIPTS "\"chat_receipts\""

/* Posts "1", "2" … */
static void
post_some (ApiTest *self, const char *token, const char *channel, guint from, guint to)
{
  for (guint i = from; i <= to; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      g_free (api_test_post (self, token, channel, text));
    }
}

/* The same, and waits until they are stored. */
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

#define ADD(path, function) g_test_add (path, ApiTest, NULL, api_test_set_up, function, api_test_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/api/live/gap", test_gap);
  ADD ("/api/live/heads", test_heads);
  ADD ("/api/live/replay", test_replay);
  ADD ("/api/live/replay-while-live", test_replay_while_live);
  ADD ("/api/live/replay-unstored", test_replay_unstored);
  ADD ("/api/live/replay-ahead-of-receipts", test_replay_ahead_of_receipts);
  ADD ("/api/live/replay-ahead-of-broker", test_replay_ahead_of_broker);
  ADD ("/api/live/missed", test_missed);
  ADD ("/api/live/duplicates", test_duplicates);
  return g_test_run ();
}
