/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the window may rely on in a timeline, one thing each. What must hold whatever happens: test-timeline-random.c.
 */
#include "chat-fake-history.h"
#include "chat-test-loop.h"
#include "chat-test-message.h"
#include "client/chat-timeline-private.h"

#define T0 G_GINT64_CONSTANT (1600000000000) /* 2020-09-13 12:26:40 UTC */
#define MINUTE_MS (60 * 1000)

typedef struct
{
  ChatFakeHistory *history;
  ChatTimeline *timeline;
  guint stored;                         /* in the history */
  guint splices, place, removed, added; /* the last one */
  guint changes;                        /* of items */
} World;

static void
items_changed_cb (GListModel *model, guint place, guint removed, guint added, World *world)
{
  world->splices++;
  world->place = place;
  world->removed = removed;
  world->added = added;
}

static char *
id_of (guint number)
{
  return g_strdup_printf ("id-%u", number);
}

static ChatMessage *
message_of (guint number)
{
  g_autofree char *id = id_of (number);

  return chat_test_message_new ("general", id, id, T0 + (gint64)number * 1000);
}

static void
store (World *world, guint count)
{
  for (guint i = 0; i < count; i++)
    {
      g_autoptr (ChatMessage) message = message_of (++world->stored);

      chat_fake_history_append (world->history, message);
    }
}

static void
world_start (World *world, guint stored)
{
  *world = (World){ .history = chat_fake_history_new () };
  world->timeline = chat_timeline_new ("general", "luis", CHAT_HISTORY (world->history));
  world->timeline->flood_begins = G_MAXUINT / 2;
  world->timeline->hole_patience_ms = 0;
  g_signal_connect (world->timeline, "items-changed", G_CALLBACK (items_changed_cb), world);
  store (world, stored);
}

static void
world_end (World *world)
{
  g_signal_handlers_disconnect_by_data (world->timeline, world);
  g_assert_finalize_object (world->timeline);
  chat_test_run_pending ();
  g_assert_finalize_object (world->history);
}

static gboolean
is_quiet (gpointer data)
{
  World *world = data;

  return world->timeline->fetch == CHAT_FETCH_NONE && world->timeline->hole_source == 0;
}

static void
settle (World *world)
{
  chat_test_wait_until (is_quiet, world, "the timeline to be quiet");
  chat_timeline_flush (world->timeline);
}

static void
load (World *world)
{
  chat_timeline_resync (world->timeline);
  settle (world);
}

static void
live (World *world, guint from, guint count)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();

  for (guint i = 0; i < count; i++)
    g_ptr_array_add (batch, message_of (from + i));
  chat_timeline_add_live (world->timeline, batch);
}

static void
receipt (World *world, guint number, gint64 seq)
{
  g_autoptr (ChatMessage) message = chat_message_new (CHAT_KIND_RECEIPT);
  g_autofree char *id = id_of (number);

  chat_message_add_receipt (message, id, seq);
  chat_timeline_add_receipts (world->timeline, message);
}

/* (transfer full): FROM … TO as a cache keeps them. */
static GPtrArray *
cached (guint from, guint to)
{
  GPtrArray *messages = chat_test_messages_new ();

  for (guint i = from; i <= to; i++)
    {
      ChatMessage *message = message_of (i);

      chat_message_set_seq (message, i);
      g_ptr_array_add (messages, message);
    }
  return messages;
}

static guint
length_of (World *world)
{
  return g_list_model_get_n_items (G_LIST_MODEL (world->timeline));
}

static ChatMessageItem *
item_at (World *world, guint place)
{
  ChatMessageItem *item = g_list_model_get_item (G_LIST_MODEL (world->timeline), place);

  g_assert_nonnull (item);
  g_object_unref (item); /* the model has it */
  return item;
}

/* The rows are FROM … TO, each once, in order. */
static void
check_rows (World *world, guint from, guint to)
{
  g_assert_cmpuint (length_of (world), ==, to - from + 1);
  for (guint i = 0; i < length_of (world); i++)
    {
      g_autofree char *id = id_of (from + i);

      g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (item_at (world, i))), ==, id);
    }
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
  load (&world);
  g_assert_cmpuint (world.splices, ==, 1);
  check_rows (&world, 141, 200);

  live (&world, 201, 5);
  live (&world, 206, 2);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (world.splices, ==, 2);
  g_assert_cmpuint (world.place, ==, 60);
  g_assert_cmpuint (world.removed, ==, 0);
  g_assert_cmpuint (world.added, ==, 7);

  chat_timeline_set_following (world.timeline, FALSE);
  chat_timeline_load_older (world.timeline);
  g_assert_true (flag (&world, "loading-older"));
  settle (&world);
  g_assert_false (flag (&world, "loading-older"));
  g_assert_cmpuint (world.splices, ==, 3);
  g_assert_cmpuint (world.place, ==, 0);
  g_assert_cmpuint (world.removed, ==, 0);
  g_assert_cmpuint (world.added, ==, 80);
  check_rows (&world, 61, 207);
  g_assert_false (flag (&world, "at-oldest"));
  chat_timeline_load_older (world.timeline);
  settle (&world);
  g_assert_true (flag (&world, "at-oldest"));
  check_rows (&world, 1, 207);
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
  load (&world);
  live (&world, 3001, 700);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (length_of (&world), <=, CHAT_TIMELINE_FOLLOWING_ROWS);
  g_assert_true (flag (&world, "at-newest"));
  for (guint i = 1; i <= 700; i++)
    receipt (&world, 3000 + i, 3000 + i);
  store (&world, 700);

  chat_timeline_set_following (world.timeline, FALSE);
  while (flag (&world, "at-newest"))
    {
      chat_timeline_load_older (world.timeline);
      settle (&world);
      g_assert_cmpuint (length_of (&world), <=, CHAT_TIMELINE_MOST_ROWS);
    }
  g_assert_cmpuint (length_of (&world), ==, CHAT_TIMELINE_MOST_KEEP);

  /* what comes meanwhile is counted, and not in the window */
  live (&world, 3701, 10);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (length_of (&world), ==, CHAT_TIMELINE_MOST_KEEP);
  g_assert_cmpuint (unseen_of (&world), ==, 10);
  chat_timeline_set_following (world.timeline, TRUE);
  g_assert_false (flag (&world, "following"));

  while (!flag (&world, "at-newest"))
    {
      chat_timeline_load_newer (world.timeline);
      settle (&world);
    }
  check_rows (&world, 3710 - length_of (&world) + 1, 3710);
  chat_timeline_set_following (world.timeline, TRUE);
  g_assert_cmpuint (unseen_of (&world), ==, 0);
  world_end (&world);
}

static void
test_jump (void)
{
  World world;

  world_start (&world, 3000);
  load (&world);
  chat_timeline_set_following (world.timeline, FALSE);
  while (flag (&world, "at-newest"))
    {
      chat_timeline_load_older (world.timeline);
      settle (&world);
    }
  live (&world, 3001, 3);
  store (&world, 3);
  chat_timeline_jump_to_newest (world.timeline);
  g_assert_true (flag (&world, "at-newest"));
  g_assert_true (flag (&world, "following"));
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (item_at (&world, length_of (&world) - 1))), ==,
                   "id-3003");
  settle (&world);
  check_rows (&world, 3003 - length_of (&world) + 1, 3003);
  world_end (&world);
}

/* An own message is one row from the moment it is written, and never goes back a step. */

static void
changed_cb (ChatMessageItem *item, World *world)
{
  world->changes++;
}

static void
check_delivery (World *world, ChatDelivery delivery, guint changes)
{
  chat_timeline_flush (world->timeline);
  g_assert_cmpuint (length_of (world), ==, 1);
  g_assert_cmpint (chat_message_item_get_delivery (item_at (world, 0)), ==, delivery);
  g_assert_cmpuint (world->changes, ==, changes);
}

static void
test_delivery (void)
{
  g_autoptr (ChatMessage) mine = message_of (1), masked = NULL;
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  ChatMessageItem *item;
  World world;

  world_start (&world, 0);
  chat_message_set_author (mine, "luis");
  masked = chat_message_copy (mine);
  chat_message_set_data (masked, "****");
  chat_timeline_add_pending (world.timeline, mine, CHAT_DELIVERY_NONE);
  chat_timeline_flush (world.timeline);
  item = item_at (&world, 0);
  g_assert_true (chat_message_item_get_own (item));
  g_signal_connect (item, "changed", G_CALLBACK (changed_cb), &world);
  check_delivery (&world, CHAT_DELIVERY_NONE, 0);

  chat_timeline_set_delivery (world.timeline, "id-1", CHAT_DELIVERY_QUEUED, NULL);
  check_delivery (&world, CHAT_DELIVERY_QUEUED, 1);
  g_ptr_array_add (batch, chat_message_ref (masked));
  chat_timeline_add_live (world.timeline, batch);
  check_delivery (&world, CHAT_DELIVERY_MODERATED, 2);
  g_assert_cmpstr (chat_message_get_data (chat_message_item_get_message (item)), ==, "****");
  /* the answer to the post is late */
  chat_timeline_set_delivery (world.timeline, "id-1", CHAT_DELIVERY_ACCEPTED, NULL);
  chat_timeline_set_delivery (world.timeline, "id-1", CHAT_DELIVERY_FAILED, "no");
  check_delivery (&world, CHAT_DELIVERY_MODERATED, 2);
  receipt (&world, 1, 1);
  check_delivery (&world, CHAT_DELIVERY_STORED, 3);
  g_assert_true (item == item_at (&world, 0));
  world_end (&world);
}

static void
test_refused (void)
{
  g_autoptr (ChatMessage) mine = message_of (1);
  World world;

  world_start (&world, 0);
  chat_timeline_add_pending (world.timeline, mine, CHAT_DELIVERY_QUEUED);
  chat_timeline_set_delivery (world.timeline, "id-1", CHAT_DELIVERY_REFUSED, "You are blocked");
  chat_timeline_flush (world.timeline);
  g_assert_cmpstr (chat_message_item_get_reason (item_at (&world, 0)), ==, "You are blocked");
  chat_timeline_set_delivery (world.timeline, "id-1", CHAT_DELIVERY_QUEUED, NULL);
  check_delivery (&world, CHAT_DELIVERY_QUEUED, 0);
  /* others write above it */
  live (&world, 2, 1);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (world.place, ==, 0);
  chat_timeline_remove_pending (world.timeline, "id-1");
  chat_timeline_flush (world.timeline);
  check_rows (&world, 2, 2);
  world_end (&world);
}

/* One of many own messages: the ones that others have seen go up, in the order of the feed. */
static void
test_pending_order (void)
{
  World world;

  world_start (&world, 0);
  for (guint i = 1; i <= 3; i++)
    {
      g_autoptr (ChatMessage) mine = message_of (i);

      chat_timeline_add_pending (world.timeline, mine, CHAT_DELIVERY_QUEUED);
    }
  live (&world, 4, 1);
  live (&world, 1, 1);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (length_of (&world), ==, 4);
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (item_at (&world, 0))), ==, "id-4");
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (item_at (&world, 1))), ==, "id-1");
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (item_at (&world, 2))), ==, "id-2");
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
      g_autofree char *id = id_of (i);
      ChatMessage *message = chat_test_message_new ("general", id, id, rows[i].time);

      chat_message_set_author (message, rows[i].author);
      g_ptr_array_add (batch, message);
    }
  chat_timeline_add_live (world.timeline, batch);
  chat_timeline_flush (world.timeline);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_cmpint (chat_message_item_get_starts_day (item_at (&world, i)), ==, rows[i].starts_day);
      g_assert_cmpint (chat_message_item_get_continues (item_at (&world, i)), ==, rows[i].continues);
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
  load (&world);
  g_assert_cmpuint (chat_message_item_get_unread_above (item_at (&world, 55)), ==, 5);
  g_assert_false (chat_message_item_get_continues (item_at (&world, 55)));
  live (&world, 101, 2);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (chat_message_item_get_unread_above (item_at (&world, 55)), ==, 5);

  g_signal_connect (item_at (&world, 55), "changed", G_CALLBACK (changed_cb), &world);
  chat_timeline_set_read (world.timeline, 102);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (world.changes, ==, 1);
  for (guint i = 0; i < 60; i++)
    g_assert_cmpuint (chat_message_item_get_unread_above (item_at (&world, i)), ==, 0);

  /* more than a page of it: the line comes with its message */
  chat_timeline_set_read (world.timeline, 10);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (chat_message_item_get_unread_above (item_at (&world, 0)), ==, 0);
  chat_timeline_set_following (world.timeline, FALSE);
  chat_timeline_load_older (world.timeline);
  settle (&world);
  g_assert_cmpuint (chat_message_item_get_unread_above (item_at (&world, 10)), ==, 92);
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
  load (&world);
  g_assert_cmpuint (length_of (&world), ==, 61);
  g_assert_cmpint (chat_message_item_get_kind (item_at (&world, 50)), ==, CHAT_ITEM_WARNING);
  g_assert_null (chat_message_item_get_message (item_at (&world, 50)));
  g_assert_cmpstr (chat_message_item_get_warning (item_at (&world, 50))->rule, ==, "es/insults");
  chat_timeline_add_warning (world.timeline, &warning);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (length_of (&world), ==, 61);
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
  check_rows (&world, 51, 90);
  g_signal_connect (item_at (&world, 19), "changed", G_CALLBACK (changed_cb), &world);
  load (&world);
  check_rows (&world, 41, 100);
  g_assert_cmpuint (world.changes, ==, 1);
  g_assert_cmpstr (chat_message_get_data (chat_message_item_get_message (item_at (&world, 29))), ==, "id-70");
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
  store (&world, 5);
  load (&world);
  check_rows (&world, 1, 5);
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
  load (&world);
  check_rows (&world, 1941, 2000);
  g_assert_false (flag (&world, "at-oldest"));
  world_end (&world);
}

/* After a break what was missed is fetched, however much. */
static void
test_break (void)
{
  World world;

  world_start (&world, 100);
  load (&world);
  store (&world, 250);
  live (&world, 351, 2);
  load (&world);
  check_rows (&world, 41, 352);
  /* who reads further up keeps his place */
  chat_timeline_set_following (world.timeline, FALSE);
  store (&world, 2);
  store (&world, 3000);
  load (&world);
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (item_at (&world, 0))), ==, "id-41");
  g_assert_cmpuint (length_of (&world), <=, CHAT_TIMELINE_MOST_ROWS);
  g_assert_false (flag (&world, "at-newest"));
  check_rows (&world, 41, 41 + length_of (&world) - 1);
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
  settle (&world);
  g_object_get (world.timeline, "error", &error, NULL);
  g_assert_cmpstr (error, ==, "The history was told to fail");
  g_clear_pointer (&error, g_free);
  chat_test_run_for (10);
  settle (&world);
  check_rows (&world, 141, 200);
  g_object_get (world.timeline, "error", &error, NULL);
  g_assert_null (error);

  /* an older one by the view alone */
  chat_timeline_set_following (world.timeline, FALSE);
  chat_fake_history_fail (world.history, 1);
  chat_timeline_load_older (world.timeline);
  settle (&world);
  chat_test_run_for (10);
  check_rows (&world, 141, 200);
  g_object_get (world.timeline, "error", &error, NULL);
  g_assert_nonnull (error);
  chat_timeline_load_older (world.timeline);
  settle (&world);
  check_rows (&world, 61, 200);
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
  load (&world);
  splices = world.splices;
  began = g_get_monotonic_time ();
  for (guint i = 0; g_get_monotonic_time () - began < G_USEC_PER_SEC / 2; i++)
    {
      live (&world, 101 + i * 50, 50);
      chat_test_run_for (2);
      g_assert_cmpuint (chat_message_window_get_length (world.timeline->window), <=, CHAT_TIMELINE_FOLLOWING_ROWS);
    }
  g_assert_cmpuint (length_of (&world), ==, 60);
  g_assert_cmpuint (world.splices - splices, <=, 2 * 8);
  g_assert_cmpuint (chat_fake_history_get_calls (world.history), ==, 1);
  chat_test_wait_until (is_calm, &world, "the flood to be over");
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (length_of (&world), >=, CHAT_TIMELINE_FOLLOWING_KEEP);
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
        g_ptr_array_add (batch, message_of (run * 20000 + i));
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
  load (&world);
  g_assert_nonnull (chat_timeline_find (world.timeline, "id-50", &place));
  g_assert_cmpuint (place, ==, 9);
  g_assert_null (chat_timeline_find (world.timeline, "id-40", &place));
  g_assert_cmpint (chat_timeline_get_newest_seq (world.timeline), ==, 100);
  world_end (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/timeline/splices", test_splices);
  g_test_add_func ("/timeline/window", test_window);
  g_test_add_func ("/timeline/jump", test_jump);
  g_test_add_func ("/timeline/delivery", test_delivery);
  g_test_add_func ("/timeline/refused", test_refused);
  g_test_add_func ("/timeline/pending-order", test_pending_order);
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
  return g_test_run ();
}
