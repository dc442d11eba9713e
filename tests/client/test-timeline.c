/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the window may rely on in a timeline, one thing each. What must hold whatever happens: test-timeline-random.c.
 */
#include "chat-fake-history.h"
#include "chat-test-call.h"
#include "chat-test-loop.h"
#include "chat-test-message.h"
#include "client/chat-client-error.h"
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

/* What later records make of a message */

static void
count_change_cb (guint *count)
{
  (*count)++;
}

/* (transfer full) */
static ChatMessage *
change_of (ChatMessageKind kind, const char *id, guint target, const char *author, const char *data)
{
  ChatMessage *message = chat_message_new (kind);
  g_autofree char *about = id_of (target);

  chat_message_set_id (message, id);
  chat_message_set_channel (message, "general");
  chat_message_set_author (message, author);
  chat_message_set_target (message, about);
  chat_message_set_data (message, data);
  chat_message_set_timestamp (message, T0 + 5 * MINUTE_MS);
  return message;
}

static void
live_change (World *world, ChatMessageKind kind, const char *id, guint target, const char *author, const char *data)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();

  g_ptr_array_add (batch, change_of (kind, id, target, author, data));
  chat_timeline_add_live (world->timeline, batch);
  chat_timeline_flush (world->timeline);
}

static const char *
text_of (World *world, guint number)
{
  g_autofree char *id = id_of (number);

  return chat_message_item_get_text (chat_timeline_find (world->timeline, id, NULL));
}

/* (transfer full): "👍 ana luis*" */
static char *
reactions_of (World *world, guint number)
{
  g_autofree char *id = id_of (number);
  GPtrArray *groups = chat_message_item_get_reactions (chat_timeline_find (world->timeline, id, NULL));
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < groups->len; i++)
    {
      ChatReactionGroup *group = g_ptr_array_index (groups, i);
      g_autofree char *users = g_strjoinv (" ", group->users);

      g_string_append_printf (text, "%s%s %s%s", i > 0 ? ", " : "", group->emoji, users, group->mine ? "*" : "");
    }
  return g_string_free (text, FALSE);
}

static void
test_changed (void)
{
  g_autofree char *reactions = NULL, *less = NULL;
  g_autoptr (ChatMessage) removal = NULL;
  ChatMessageItem *item;
  World world;

  world_start (&world, 3);
  load (&world);
  item = chat_timeline_find (world.timeline, "id-2", NULL);
  g_signal_connect_swapped (item, "changed", G_CALLBACK (count_change_cb), &world.changes);
  live_change (&world, CHAT_KIND_EDIT, "e1", 2, "ana", "dos");
  g_assert_cmpstr (text_of (&world, 2), ==, "dos");
  g_assert_cmpuint (world.changes, ==, 1);
  g_assert_cmpint (chat_message_item_get_edited (item), ==, T0 + 5 * MINUTE_MS);
  g_assert_cmpuint (length_of (&world), ==, 3);
  /* twice is once; and nobody changes what another one said */
  live_change (&world, CHAT_KIND_EDIT, "e1", 2, "ana", "dos");
  live_change (&world, CHAT_KIND_EDIT, "e2", 2, "eva", "tres");
  live_change (&world, CHAT_KIND_DELETE, "d0", 2, "eva", NULL);
  g_assert_cmpstr (text_of (&world, 2), ==, "dos");
  g_assert_cmpuint (world.changes, ==, 1);

  live_change (&world, CHAT_KIND_REACTION, "r1", 2, "ana", "👍");
  live_change (&world, CHAT_KIND_REACTION, "r2", 2, "luis", "👍");
  live_change (&world, CHAT_KIND_REACTION, "r3", 2, "luis", "🎉");
  live_change (&world, CHAT_KIND_REACTION, "r4", 2, "luis", "🎉");
  reactions = reactions_of (&world, 2);
  g_assert_cmpstr (reactions, ==, "👍 ana luis*, 🎉 luis*");
  removal = change_of (CHAT_KIND_DELETE, "d1", 0, "luis", NULL);
  chat_message_set_target (removal, "r2");
  {
    g_autoptr (GPtrArray) batch = chat_test_messages_new ();

    g_ptr_array_add (batch, chat_message_ref (removal));
    chat_timeline_add_live (world.timeline, batch);
    chat_timeline_flush (world.timeline);
  }
  less = reactions_of (&world, 2);
  g_assert_cmpstr (less, ==, "👍 ana, 🎉 luis*");

  live_change (&world, CHAT_KIND_DELETE, "d2", 2, "ana", NULL);
  g_assert_null (text_of (&world, 2));
  g_assert_null (chat_message_item_get_deleted_by (item));
  g_assert_cmpuint (chat_message_item_get_reactions (item)->len, ==, 0);
  g_assert_cmpuint (length_of (&world), ==, 3);
  world_end (&world);
}

/* One's own are shown at once, and taken back where they are refused. */
static void
test_optimistic (void)
{
  g_autoptr (ChatMessage) edit = change_of (CHAT_KIND_EDIT, "e1", 1, "luis", "uno");
  g_autoptr (ChatMessage) reaction = change_of (CHAT_KIND_REACTION, "r1", 1, "luis", "👍");
  g_autofree char *shown = NULL, *taken_back = NULL, *seen = NULL;
  World world;

  world_start (&world, 1);
  load (&world);
  chat_timeline_add_pending (world.timeline, edit, CHAT_DELIVERY_NONE);
  chat_timeline_add_pending (world.timeline, reaction, CHAT_DELIVERY_NONE);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (length_of (&world), ==, 1);
  /* a moderator may: whether luis is one, the service knows */
  g_assert_cmpstr (text_of (&world, 1), ==, "uno");
  shown = reactions_of (&world, 1);
  g_assert_cmpstr (shown, ==, "👍 luis*");
  chat_timeline_remove_pending (world.timeline, "e1");
  g_assert_cmpstr (text_of (&world, 1), ==, "id-1");
  chat_timeline_remove_pending (world.timeline, "r1");
  taken_back = reactions_of (&world, 1);
  g_assert_cmpstr (taken_back, ==, "");
  /* one that was seen stands, whatever its request says */
  chat_timeline_add_pending (world.timeline, reaction, CHAT_DELIVERY_NONE);
  live_change (&world, CHAT_KIND_REACTION, "r1", 1, "luis", "👍");
  seen = reactions_of (&world, 1);
  g_assert_cmpstr (seen, ==, "👍 luis*");
  world_end (&world);
}

/* A page that was asked for before a change does not undo it; and one from after it has it already. */
static void
test_changed_in_pages (void)
{
  g_autoptr (ChatMessage) edit = change_of (CHAT_KIND_EDIT, "e1", 2, "ana", "dos");
  World world;

  world_start (&world, 3);
  chat_fake_history_hold (world.history, TRUE);
  chat_timeline_resync (world.timeline);
  live_change (&world, CHAT_KIND_EDIT, "e1", 2, "ana", "dos");
  chat_fake_history_release (world.history);
  chat_fake_history_hold (world.history, FALSE);
  settle (&world);
  g_assert_cmpstr (text_of (&world, 2), ==, "dos");
  g_assert_cmpint (chat_fake_history_append (world.history, edit), ==, 4);
  load (&world);
  g_assert_cmpstr (text_of (&world, 2), ==, "dos");
  g_assert_cmpuint (length_of (&world), ==, 3);
  g_assert_cmpint (chat_timeline_get_newest_seq (world.timeline), ==, 4);
  world_end (&world);
}

/* What a page has in its state is of its moment: what was seen before that is in it, and an older page knows less. */
static void
test_moments (void)
{
  g_autoptr (GPtrArray) newer = chat_test_messages_new (), older = chat_test_messages_new ();
  g_autoptr (ChatMessage) told = chat_message_new (CHAT_KIND_RECEIPT);
  ChatMessageState *state = chat_message_state_new ();
  World world;

  world_start (&world, 0);
  load (&world);
  live_change (&world, CHAT_KIND_EDIT, "e1", 1, "ana", "uno");
  chat_message_add_receipt (told, "e1", 5);
  chat_timeline_add_receipts (world.timeline, told);
  for (guint i = 0; i < 2; i++)
    {
      ChatMessage *message = message_of (1);

      chat_message_set_seq (message, 1);
      g_ptr_array_add (i == 0 ? newer : older, message);
    }
  state->edited = T0 + 9 * MINUTE_MS;
  state->seq = 8;
  chat_message_set_data (g_ptr_array_index (newer, 0), "dos");
  chat_message_take_state (g_ptr_array_index (newer, 0), state);
  chat_timeline_merge_page (world.timeline, newer, 1, 1);
  chat_timeline_flush (world.timeline);
  g_assert_cmpstr (text_of (&world, 1), ==, "dos");
  chat_timeline_merge_page (world.timeline, older, 1, 1);
  g_assert_cmpstr (text_of (&world, 1), ==, "dos");
  world_end (&world);
}

/* Records that are no rows leave no holes, whether they or their receipts come first. */
static void
test_no_rows (void)
{
  g_autoptr (ChatMessage) receipt_of_both = chat_message_new (CHAT_KIND_RECEIPT);
  guint calls;
  World world;

  world_start (&world, 3);
  load (&world);
  calls = chat_fake_history_get_calls (world.history);
  live_change (&world, CHAT_KIND_REACTION, "r1", 2, "ana", "👍");
  chat_message_add_receipt (receipt_of_both, "r1", 4);
  chat_message_add_receipt (receipt_of_both, "r2", 5);
  chat_timeline_add_receipts (world.timeline, receipt_of_both);
  live_change (&world, CHAT_KIND_REACTION, "r2", 2, "ana", "🎉");
  live (&world, 6, 1);
  receipt (&world, 6, 6);
  g_assert_cmpint (chat_timeline_get_newest_seq (world.timeline), ==, 6);
  settle (&world);
  g_assert_cmpuint (chat_fake_history_get_calls (world.history), ==, calls);
  g_assert_cmpuint (length_of (&world), ==, 4);
  world_end (&world);
}

/* A page of hardly anything but reactions fills no screen: older ones follow by themselves. */
static void
test_only_reactions (void)
{
  World world;

  world_start (&world, 100);
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *id = g_strdup_printf ("r%u", i), *who = g_strdup_printf ("u%u", i);
      g_autoptr (ChatMessage) reaction = change_of (CHAT_KIND_REACTION, id, 100, who, "👍");

      chat_fake_history_append (world.history, reaction);
    }
  load (&world);
  g_assert_cmpuint (length_of (&world), >=, 30);
  world_end (&world);
}

/* Replies */

static void
test_quoted (void)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  ChatMessageItem *near, *far;
  World world;

  world_start (&world, 200);
  load (&world);
  for (guint i = 0; i < 2; i++)
    {
      ChatMessage *reply = message_of (300 + i);

      chat_message_set_reply_to (reply, i == 0 ? "id-199" : "id-3");
      g_ptr_array_add (batch, reply);
    }
  chat_timeline_add_live (world.timeline, batch);
  chat_timeline_flush (world.timeline);
  near = chat_timeline_find (world.timeline, "id-300", NULL);
  far = chat_timeline_find (world.timeline, "id-301", NULL);
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_quoted (near)), ==, "id-199");
  g_assert_null (chat_message_item_get_quoted (far));
  g_signal_connect_swapped (far, "changed", G_CALLBACK (count_change_cb), &world.changes);
  chat_test_wait_for_count (&world.changes, 1);
  g_assert_cmpstr (chat_message_get_data (chat_message_item_get_quoted (far)), ==, "id-3");
  g_assert_cmpuint (chat_fake_history_get_gets (world.history), ==, 1);
  /* a quotation reads as what it quotes */
  live_change (&world, CHAT_KIND_EDIT, "e1", 199, "ana", "otro");
  g_assert_cmpstr (chat_message_get_data (chat_message_item_get_quoted (near)), ==, "otro");
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
  load (&world);
  chat_timeline_go_to_time_async (world.timeline, T0 + 300 * 1000 - 1, NULL, chat_test_result_cb, &result);
  far = went (&world, &result, &error);
  g_assert_no_error (error);
  g_assert_true (far == chat_timeline_find (world.timeline, "id-300", &place));
  g_assert_cmpuint (place, >, 20);
  g_assert_true (chat_timeline_get_away (world.timeline));
  live (&world, 1001, 1);
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
  settle (&world);
  g_assert_false (chat_timeline_get_away (world.timeline));
  g_assert_nonnull (chat_timeline_find (world.timeline, "id-1001", NULL));
  g_clear_error (&error);
  chat_timeline_go_to_time_async (world.timeline, T0 + 999999 * 1000, NULL, chat_test_result_cb, &result);
  newest = went (&world, &result, &error);
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (newest)), ==, "id-1001");
  world_end (&world);
}

static void
test_last_own (void)
{
  g_autoptr (ChatMessage) own = message_of (5);
  g_autoptr (ChatMessage) gone = NULL;
  World world;

  world_start (&world, 3);
  load (&world);
  g_assert_null (chat_timeline_find_last_own (world.timeline));
  chat_message_set_author (own, "luis");
  chat_timeline_add_pending (world.timeline, own, CHAT_DELIVERY_QUEUED);
  chat_timeline_flush (world.timeline);
  g_assert_true (chat_timeline_find_last_own (world.timeline) == chat_timeline_find (world.timeline, "id-5", NULL));
  gone = change_of (CHAT_KIND_DELETE, "d1", 5, "luis", NULL);
  chat_timeline_add_pending (world.timeline, gone, CHAT_DELIVERY_NONE);
  g_assert_null (chat_timeline_find_last_own (world.timeline));
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
  g_test_add_func ("/timeline/changed", test_changed);
  g_test_add_func ("/timeline/optimistic", test_optimistic);
  g_test_add_func ("/timeline/changed-in-pages", test_changed_in_pages);
  g_test_add_func ("/timeline/moments", test_moments);
  g_test_add_func ("/timeline/no-rows", test_no_rows);
  g_test_add_func ("/timeline/only-reactions", test_only_reactions);
  g_test_add_func ("/timeline/quoted", test_quoted);
  g_test_add_func ("/timeline/go-to", test_go_to);
  g_test_add_func ("/timeline/last-own", test_last_own);
  return g_test_run ();
}
