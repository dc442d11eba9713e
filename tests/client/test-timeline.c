/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the window may rely on in a timeline's rows and pages, one thing each. What becomes of a message:
 * test-timeline-changes.c; what must hold whatever happens: test-timeline-random.c. */
#include "chat-test-call.h"
#include "chat-test-loop.h"
#include "chat-test-message.h"
#include "client/chat-client-error.h"
#include "timeline-test.h"

/* (transfer full): FROM … TO as a cache keeps them. */
static GPtrArray *
cached (guint from, guint to)
{
  GPtrArray *messages = chat_test_messages_new ();

  for (guint i = from; i <= to; i++)
    {
      ChatMessage *message = world_message (i);

      chat_message_set_seq (message, i);
      g_ptr_array_add (messages, message);
    }
  return messages;
}

static gboolean
flag (World *world, const char *property)
{
  gboolean value;

  g_object_get (world->timeline, property, &value, NULL);
  return value;
}

static guint
unseen_of (World *world)
{
  guint unseen;

  g_object_get (world->timeline, "unseen", &unseen, NULL);
  return unseen;
}

/* A view must not jump: what came live is one splice at the end, an older page is one at 0. */
static void
test_splices (void)
{
  World world;

  world_start (&world, 200);
  world_load (&world);
  g_assert_cmpuint (world.splices, ==, 1);
  world_check_rows (&world, 141, 200);

  world_live (&world, 201, 5);
  world_live (&world, 206, 2);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (world.splices, ==, 2);
  g_assert_cmpuint (world.place, ==, 60);
  g_assert_cmpuint (world.removed, ==, 0);
  g_assert_cmpuint (world.added, ==, 7);

  chat_timeline_set_following (world.timeline, FALSE);
  chat_timeline_load_older (world.timeline);
  g_assert_true (flag (&world, "loading-older"));
  world_settle (&world);
  g_assert_false (flag (&world, "loading-older"));
  g_assert_cmpuint (world.splices, ==, 3);
  g_assert_cmpuint (world.place, ==, 0);
  g_assert_cmpuint (world.removed, ==, 0);
  g_assert_cmpuint (world.added, ==, 80);
  world_check_rows (&world, 61, 207);
  g_assert_false (flag (&world, "at-oldest"));
  chat_timeline_load_older (world.timeline);
  world_settle (&world);
  g_assert_true (flag (&world, "at-oldest"));
  world_check_rows (&world, 1, 207);
  /* there is nothing more to ask for */
  world.splices = chat_fake_history_get_calls (world.history);
  chat_timeline_load_older (world.timeline);
  g_assert_cmpuint (chat_fake_history_get_calls (world.history), ==, world.splices);
  world_end (&world);
}

/* Who follows has a window that slides; who scrolls up has one that grows, to a point, and finds the way back. */
static void
test_window (void)
{
  World world;

  world_start (&world, 3000);
  world_load (&world);
  world_live (&world, 3001, 700);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (world_length (&world), <=, CHAT_TIMELINE_FOLLOWING_ROWS);
  g_assert_true (flag (&world, "at-newest"));
  for (guint i = 1; i <= 700; i++)
    world_receipt (&world, 3000 + i, 3000 + i);
  world_store (&world, 700);

  chat_timeline_set_following (world.timeline, FALSE);
  while (flag (&world, "at-newest"))
    {
      chat_timeline_load_older (world.timeline);
      world_settle (&world);
      g_assert_cmpuint (world_length (&world), <=, CHAT_TIMELINE_MOST_ROWS);
    }
  g_assert_cmpuint (world_length (&world), ==, CHAT_TIMELINE_MOST_KEEP);

  /* what comes meanwhile is counted, and not in the window */
  world_live (&world, 3701, 10);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (world_length (&world), ==, CHAT_TIMELINE_MOST_KEEP);
  g_assert_cmpuint (unseen_of (&world), ==, 10);
  chat_timeline_set_following (world.timeline, TRUE);
  g_assert_false (flag (&world, "following"));

  while (!flag (&world, "at-newest"))
    {
      chat_timeline_load_newer (world.timeline);
      world_settle (&world);
    }
  world_check_rows (&world, 3710 - world_length (&world) + 1, 3710);
  chat_timeline_set_following (world.timeline, TRUE);
  g_assert_cmpuint (unseen_of (&world), ==, 0);
  world_end (&world);
}

static void
test_jump (void)
{
  World world;

  world_start (&world, 3000);
  world_load (&world);
  chat_timeline_set_following (world.timeline, FALSE);
  while (flag (&world, "at-newest"))
    {
      chat_timeline_load_older (world.timeline);
      world_settle (&world);
    }
  world_live (&world, 3001, 3);
  world_store (&world, 3);
  chat_timeline_jump_to_newest (world.timeline);
  g_assert_true (flag (&world, "at-newest"));
  g_assert_true (flag (&world, "following"));
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (world_item (&world, world_length (&world) - 1))),
                   ==, "id-3003");
  world_settle (&world);
  world_check_rows (&world, 3003 - world_length (&world) + 1, 3003);
  world_end (&world);
}

/* What a row says of the one above it. */
static void
test_context (void)
{
  static const struct
  {
    const char *author;
    gint64 time;
    gboolean starts_day, continues;
  } rows[] = {
    { "ana", T0, TRUE, FALSE },
    { "ana", T0 + MINUTE_MS, FALSE, TRUE },
    { "ana", T0 + 7 * MINUTE_MS, FALSE, FALSE },
    { "eva", T0 + 8 * MINUTE_MS, FALSE, FALSE },
    { "eva", T0 + 26 * 60 * MINUTE_MS, TRUE, FALSE },
    { "eva", T0 + 26 * 60 * MINUTE_MS + 1, FALSE, TRUE },
  };
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  World world;

  world_start (&world, 0);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *id = world_id (i);
      ChatMessage *message = chat_test_message_new ("general", id, id, rows[i].time);

      chat_message_set_author (message, rows[i].author);
      g_ptr_array_add (batch, message);
    }
  chat_timeline_add_live (world.timeline, batch);
  chat_timeline_flush (world.timeline);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_cmpint (chat_message_item_get_starts_day (world_item (&world, i)), ==, rows[i].starts_day);
      g_assert_cmpint (chat_message_item_get_continues (world_item (&world, i)), ==, rows[i].continues);
    }
  world_end (&world);
}

/* The line stands above the first that was not read, and stays there. */
static void
test_unread (void)
{
  World world;

  world_start (&world, 100);
  chat_timeline_set_read (world.timeline, 95);
  world_load (&world);
  g_assert_cmpuint (chat_message_item_get_unread_above (world_item (&world, 55)), ==, 5);
  g_assert_false (chat_message_item_get_continues (world_item (&world, 55)));
  world_live (&world, 101, 2);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (chat_message_item_get_unread_above (world_item (&world, 55)), ==, 5);

  world_count_changes (&world, world_item (&world, 55));
  chat_timeline_set_read (world.timeline, 102);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (world.changes, ==, 1);
  for (guint i = 0; i < 60; i++)
    g_assert_cmpuint (chat_message_item_get_unread_above (world_item (&world, i)), ==, 0);

  /* more than a page of it: the line comes with its message */
  chat_timeline_set_read (world.timeline, 10);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (chat_message_item_get_unread_above (world_item (&world, 0)), ==, 0);
  chat_timeline_set_following (world.timeline, FALSE);
  chat_timeline_load_older (world.timeline);
  world_settle (&world);
  g_assert_cmpuint (chat_message_item_get_unread_above (world_item (&world, 10)), ==, 92);
  world_end (&world);
}

/* A warning stands under its message, wherever that is, once. */
static void
test_warning (void)
{
  char *words[] = { (char *)"x", NULL };
  const ChatWarning warning
      = { (char *)"w", (char *)"id-90", (char *)"general", (char *)"es/insults", words, 1, 3, T0 };
  World world;

  world_start (&world, 100);
  chat_timeline_add_warning (world.timeline, &warning);
  world_load (&world);
  g_assert_cmpuint (world_length (&world), ==, 61);
  g_assert_cmpint (chat_message_item_get_kind (world_item (&world, 50)), ==, CHAT_ITEM_WARNING);
  g_assert_null (chat_message_item_get_message (world_item (&world, 50)));
  g_assert_cmpstr (chat_message_item_get_warning (world_item (&world, 50))->rule, ==, "es/insults");
  chat_timeline_add_warning (world.timeline, &warning);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (world_length (&world), ==, 61);
  world_end (&world);
}

/* The cache is there at once, and the history has the last word. */
static void
test_cached (void)
{
  g_autoptr (GPtrArray) messages = cached (51, 90);
  World world;

  world_start (&world, 100);
  chat_message_set_data (g_ptr_array_index (messages, 19), "as it was");
  chat_timeline_add_cached (world.timeline, messages);
  world_check_rows (&world, 51, 90);
  world_count_changes (&world, world_item (&world, 19));
  world_load (&world);
  world_check_rows (&world, 41, 100);
  g_assert_cmpuint (world.changes, ==, 1);
  g_assert_cmpstr (chat_message_get_data (chat_message_item_get_message (world_item (&world, 29))), ==, "id-70");
  world_end (&world);
}

/* A service that began anew: what the cache knows never was. */
static void
test_another_store (void)
{
  g_autoptr (GPtrArray) messages = cached (51, 90);
  World world;

  world_start (&world, 0);
  chat_timeline_add_cached (world.timeline, messages);
  world_store (&world, 5);
  world_load (&world);
  world_check_rows (&world, 1, 5);
  g_assert_true (flag (&world, "at-oldest"));
  world_end (&world);
}

/* A cache of long ago: what lies between is not worth fetching. */
static void
test_old_cache (void)
{
  g_autoptr (GPtrArray) messages = cached (1, 40);
  World world;

  world_start (&world, 2000);
  chat_timeline_add_cached (world.timeline, messages);
  world_load (&world);
  world_check_rows (&world, 1941, 2000);
  g_assert_false (flag (&world, "at-oldest"));
  world_end (&world);
}

/* After a break what was missed is fetched, however much. */
static void
test_break (void)
{
  World world;

  world_start (&world, 100);
  world_load (&world);
  world_store (&world, 250);
  world_live (&world, 351, 2);
  world_load (&world);
  world_check_rows (&world, 41, 352);
  /* who reads further up keeps his place */
  chat_timeline_set_following (world.timeline, FALSE);
  world_store (&world, 2);
  world_store (&world, 3000);
  world_load (&world);
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (world_item (&world, 0))), ==, "id-41");
  g_assert_cmpuint (world_length (&world), <=, CHAT_TIMELINE_MOST_ROWS);
  g_assert_false (flag (&world, "at-newest"));
  world_check_rows (&world, 41, 41 + world_length (&world) - 1);
  world_end (&world);
}

/* A page that does not come says why, and is asked for again. */
static void
test_error (void)
{
  g_autofree char *error = NULL;
  World world;

  world_start (&world, 200);
  world.timeline->backoff = (ChatBackoff){ 1, 1, 0 };
  chat_fake_history_fail (world.history, 1);
  chat_timeline_resync (world.timeline);
  world_settle (&world);
  g_object_get (world.timeline, "error", &error, NULL);
  g_assert_cmpstr (error, ==, "The history was told to fail");
  g_clear_pointer (&error, g_free);
  chat_test_run_for (10);
  world_settle (&world);
  world_check_rows (&world, 141, 200);
  g_object_get (world.timeline, "error", &error, NULL);
  g_assert_null (error);

  /* an older one by the view alone */
  chat_timeline_set_following (world.timeline, FALSE);
  chat_fake_history_fail (world.history, 1);
  chat_timeline_load_older (world.timeline);
  world_settle (&world);
  chat_test_run_for (10);
  world_check_rows (&world, 141, 200);
  g_object_get (world.timeline, "error", &error, NULL);
  g_assert_nonnull (error);
  chat_timeline_load_older (world.timeline);
  world_settle (&world);
  world_check_rows (&world, 61, 200);
  world_end (&world);
}

/* A flood: a tail of rows, ten times a second, and all of the window when it is over. */

static gboolean
is_calm (gpointer data)
{
  return !((World *)data)->timeline->flooding;
}

static void
test_flood (void)
{
  World world;
  gint64 began;
  guint splices;

  world_start (&world, 100);
  world.timeline->flood_begins = CHAT_TIMELINE_FLOOD_BEGINS;
  world_load (&world);
  splices = world.splices;
  began = g_get_monotonic_time ();
  for (guint i = 0; g_get_monotonic_time () - began < G_USEC_PER_SEC / 2; i++)
    {
      world_live (&world, 101 + i * 50, 50);
      chat_test_run_for (2);
      g_assert_cmpuint (chat_message_window_get_length (world.timeline->window), <=, CHAT_TIMELINE_FOLLOWING_ROWS);
    }
  g_assert_cmpuint (world_length (&world), ==, 60);
  g_assert_cmpuint (world.splices - splices, <=, 2 * 8);
  g_assert_cmpuint (chat_fake_history_get_calls (world.history), ==, 1);
  chat_test_wait_until (is_calm, &world, "the flood to be over");
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (world_length (&world), >=, CHAT_TIMELINE_FOLLOWING_KEEP);
  world_end (&world);
}

/* 20,000 messages a second must leave most of a core to others. CPU time of this thread; half of what is allowed for
 * decoding and merging together. */
static void
test_cost (void)
{
  World world;
  gint64 best = G_MAXINT64;

  world_start (&world, 0);
  world.timeline->flood_begins = CHAT_TIMELINE_FLOOD_BEGINS;
  for (guint run = 0; run < 5; run++)
    {
      g_autoptr (GPtrArray) batch = chat_test_messages_new ();
      gint64 began;

      for (guint i = 0; i < 20000; i++)
        g_ptr_array_add (batch, world_message (run * 20000 + i));
      began = g_get_monotonic_time ();
      for (guint i = 0; i < 20000; i += 200)
        {
          GPtrArray part = { batch->pdata + i, 200 };

          chat_timeline_add_live (world.timeline, &part);
        }
      best = MIN (best, g_get_monotonic_time () - began);
    }
  g_test_message ("merging one message took %.2f µs", (double)best / 20000);
  if (g_getenv ("ASAN_OPTIONS") == NULL)
    g_assert_cmpint (best / 20000, <, 5);
  world_end (&world);
}

static void
test_find (void)
{
  World world;
  guint place = 0;

  world_start (&world, 100);
  world_load (&world);
  g_assert_nonnull (chat_timeline_find (world.timeline, "id-50", &place));
  g_assert_cmpuint (place, ==, 9);
  g_assert_null (chat_timeline_find (world.timeline, "id-40", &place));
  g_assert_cmpint (chat_timeline_get_newest_seq (world.timeline), ==, 100);
  world_end (&world);
}

/* Going somewhere */

static ChatMessageItem *
went (World *world, GAsyncResult **result, GError **error)
{
  g_autoptr (GAsyncResult) ended = chat_test_await (result, "the place");

  *result = NULL;
  return chat_timeline_go_to_finish (world->timeline, ended, error);
}

static void
test_go_to (void)
{
  g_autoptr (ChatMessageItem) far = NULL, same = NULL, none = NULL, newest = NULL;
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;
  guint calls, place;
  World world;

  world_start (&world, 1000);
  world_load (&world);
  chat_timeline_go_to_time_async (world.timeline, T0 + 300 * 1000 - 1, NULL, chat_test_result_cb, &result);
  far = went (&world, &result, &error);
  g_assert_no_error (error);
  g_assert_true (far == chat_timeline_find (world.timeline, "id-300", &place));
  g_assert_cmpuint (place, >, 20);
  g_assert_true (chat_timeline_get_away (world.timeline));
  world_live (&world, 1001, 1);
  g_assert_cmpuint (world.timeline->unseen, ==, 1);
  /* what is there is not asked for */
  calls = chat_fake_history_get_calls (world.history);
  chat_timeline_go_to_message_async (world.timeline, "id-310", NULL, chat_test_result_cb, &result);
  same = went (&world, &result, &error);
  g_assert_nonnull (same);
  g_assert_cmpuint (chat_fake_history_get_calls (world.history), ==, calls);
  /* what is not anywhere changes nothing */
  chat_timeline_go_to_message_async (world.timeline, "id-9999", NULL, chat_test_result_cb, &result);
  none = went (&world, &result, &error);
  g_assert_null (none);
  g_assert_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED);
  g_assert_nonnull (chat_timeline_find (world.timeline, "id-310", NULL));

  chat_timeline_jump_to_newest (world.timeline);
  world_settle (&world);
  g_assert_false (chat_timeline_get_away (world.timeline));
  g_assert_nonnull (chat_timeline_find (world.timeline, "id-1001", NULL));
  g_clear_error (&error);
  chat_timeline_go_to_time_async (world.timeline, T0 + 999999 * 1000, NULL, chat_test_result_cb, &result);
  newest = went (&world, &result, &error);
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (newest)), ==, "id-1001");
  world_end (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/timeline/splices", test_splices);
  g_test_add_func ("/timeline/window", test_window);
  g_test_add_func ("/timeline/jump", test_jump);
  g_test_add_func ("/timeline/context", test_context);
  g_test_add_func ("/timeline/unread", test_unread);
  g_test_add_func ("/timeline/warning", test_warning);
  g_test_add_func ("/timeline/cached", test_cached);
  g_test_add_func ("/timeline/another-store", test_another_store);
  g_test_add_func ("/timeline/old-cache", test_old_cache);
  g_test_add_func ("/timeline/break", test_break);
  g_test_add_func ("/timeline/error", test_error);
  g_test_add_func ("/timeline/flood", test_flood);
  g_test_add_func ("/timeline/cost", test_cost);
  g_test_add_func ("/timeline/find", test_find);
  g_test_add_func ("/timeline/go-to", test_go_to);
  return g_test_run ();
}
