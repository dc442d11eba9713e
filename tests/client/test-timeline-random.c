/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whatever the feed, receipts, history and the reader do, and in whatever order, the timeline ends as what was said:
 * each message once, in order, without a hole. A world that says, stores, delivers, repeats and loses at random,
 * against a list of what was said. Fails with its seed: --seed R… plays it again.
 *
 * What everybody has to pass is one world that is always the same, in which a message once stood in both windows and a
 * reaction reached only one of them; the full runs look for others.
 */
#include "chat-fake-history.h"
#include "chat-test-loop.h"
#include "client/chat-timeline-private.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"

#define DAY_MS (24 * 3600 * 1000)

typedef struct
{
  ChatFakeHistory *history;
  ChatTimeline *timeline;
  GPtrArray *said;   /* ChatMessage: in the order of the broker */
  GPtrArray *mirror; /* ChatMessageItem: the model as its splices tell */
  GArray *receipts;  /* guint: places in said, stored, not told yet */
  guint fed;         /* of said: delivered, or lost */
  guint newest;      /* of said: the newest that was delivered, and 1; 0: none */
  guint lost;        /* of said: before this one nothing is delivered again */
  guint stored;
  guint most;
  gboolean stays_up; /* the reader never comes down by himself */
  guint going;       /* calls on their way */
  gint64 clock;
  char *next; /* the id of the next message: what is about it may come before it */
} World;

static void
items_changed_cb (GListModel *model, guint place, guint removed, guint added, World *world)
{
  g_assert_cmpuint (place + removed, <=, world->mirror->len);
  if (removed > 0)
    g_ptr_array_remove_range (world->mirror, place, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (world->mirror, (gint)(place + i), g_list_model_get_item (model, place + i));
  /* at each splice the model is what it tells */
  g_assert_cmpuint (g_list_model_get_n_items (model), ==, world->mirror->len);
}

static void
world_init (World *world, guint most)
{
  world->history = chat_fake_history_new ();
  world->timeline = chat_timeline_new ("general", "ana", CHAT_HISTORY (world->history));
  world->timeline->hole_patience_ms = 0;
  world->timeline->flood_begins = G_MAXUINT / 2;
  world->timeline->backoff = (ChatBackoff){ 1, 2, 0 };
  world->said = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  world->mirror = g_ptr_array_new_with_free_func (g_object_unref);
  world->receipts = g_array_new (FALSE, FALSE, sizeof (guint));
  world->fed = world->stored = world->newest = world->lost = 0;
  world->stays_up = FALSE;
  world->going = 0;
  world->most = most;
  world->clock = 1600000000000;
  world->next = chat_uuid_v7 ();
  g_signal_connect (world->timeline, "items-changed", G_CALLBACK (items_changed_cb), world);
}

static void
world_clear (World *world)
{
  chat_fake_history_release (world->history);
  g_signal_handlers_disconnect_by_data (world->timeline, world);
  g_ptr_array_unref (world->mirror);
  g_assert_finalize_object (world->timeline);
  chat_test_run_pending ();
  g_assert_finalize_object (world->history);
  g_ptr_array_unref (world->said);
  g_array_unref (world->receipts);
  g_free (world->next);
}

static gboolean
is_shown (ChatMessage *message)
{
  return chat_timeline_is_row (message);
}

/* What happens */

static const char *
some_author (void)
{
  static const char *const authors[] = { "luis", "eva", "ana" };

  return authors[g_test_rand_int_range (0, 3)];
}

/* What a change is about: mostly something that was said lately, sometimes what is said next. */
static const char *
some_target (World *world)
{
  guint length = world->said->len, back = (guint)g_test_rand_int_range (0, g_test_rand_bit () ? 10 : 300);

  if (length == 0 || g_test_rand_int_range (0, 10) == 0)
    return world->next;
  return chat_message_get_id (g_ptr_array_index (world->said, length - 1 - MIN (back, length - 1)));
}

static ChatMessage *
make_change (World *world)
{
  static const ChatMessageKind kinds[]
      = { CHAT_KIND_EDIT, CHAT_KIND_REACTION, CHAT_KIND_REACTION, CHAT_KIND_REACTION, CHAT_KIND_DELETE };
  static const char *const emojis[] = { "👍", "🎉" };
  ChatMessageKind kind = kinds[g_test_rand_int_range (0, G_N_ELEMENTS (kinds))];
  ChatMessage *message = chat_message_new (kind);
  g_autofree char *id = chat_uuid_v7 ();

  chat_message_set_id (message, id);
  chat_message_set_channel (message, "general");
  chat_message_set_author (message, some_author ());
  chat_message_set_moderator (message, g_test_rand_int_range (0, 4) == 0);
  chat_message_set_target (message, some_target (world));
  if (kind != CHAT_KIND_DELETE)
    chat_message_set_data (message, kind == CHAT_KIND_EDIT ? id : emojis[g_test_rand_int_range (0, 2)]);
  chat_message_set_timestamp (message, ++world->clock);
  if (g_str_equal (chat_message_get_author (message), "ana") && chat_message_get_target (message) != NULL
      && g_test_rand_bit ())
    chat_timeline_add_pending (world->timeline, message, CHAT_DELIVERY_QUEUED);
  return message;
}

static void
say (World *world)
{
  guint count = (guint)g_test_rand_int_range (1, 6);

  for (guint i = 0; i < count && world->said->len < world->most; i++)
    {
      gboolean hidden = g_test_rand_int_range (0, 8) == 0;
      ChatMessage *message;
      g_autofree char *id = NULL;

      if (g_test_rand_int_range (0, 4) == 0)
        {
          g_ptr_array_add (world->said, make_change (world));
          continue;
        }
      message = chat_message_new (hidden ? CHAT_KIND_JOIN : CHAT_KIND_MESSAGE);
      id = hidden ? chat_uuid_v7 () : g_steal_pointer (&world->next);
      if (world->next == NULL)
        world->next = chat_uuid_v7 ();
      world->clock += g_test_rand_int_range (0, 50) == 0 ? DAY_MS : g_test_rand_int_range (0, 200000);
      chat_message_set_id (message, id);
      chat_message_set_channel (message, "general");
      chat_message_set_author (message, some_author ());
      chat_message_set_data (message, id);
      chat_message_set_timestamp (message, world->clock);
      if (!hidden && g_str_equal (chat_message_get_author (message), "ana") && g_test_rand_bit ())
        chat_timeline_add_pending (world->timeline, message, CHAT_DELIVERY_QUEUED);
      g_ptr_array_add (world->said, message);
    }
}

static ChatMessage *
with_seq (World *world, guint place)
{
  ChatMessage *copy = chat_message_copy (g_ptr_array_index (world->said, place));

  chat_message_set_seq (copy, place + 1);
  return copy;
}

static void
deliver (World *world)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  guint count = (guint)g_test_rand_int_range (1, 12);
  guint again = (guint)g_test_rand_int_range (0, 4);

  for (again = MIN (again, world->fed - world->lost); again > 0; again--)
    g_ptr_array_add (batch, chat_message_ref (g_ptr_array_index (world->said, world->fed - again)));
  for (guint i = 0; i < count && world->fed < world->said->len; i++, world->fed++)
    {
      if (world->fed < world->stored && g_test_rand_bit ())
        g_ptr_array_add (batch, with_seq (world, world->fed));
      else
        g_ptr_array_add (batch, chat_message_ref (g_ptr_array_index (world->said, world->fed)));
    }
  if (batch->len == 0)
    return;
  world->newest = world->fed;
  chat_timeline_add_live (world->timeline, batch);
}

static void
store (World *world)
{
  guint count = (guint)g_test_rand_int_range (1, 12);

  for (guint i = 0; i < count && world->stored < world->said->len; i++, world->stored++)
    {
      chat_fake_history_append (world->history, g_ptr_array_index (world->said, world->stored));
      g_array_append_val (world->receipts, world->stored);
    }
}

/* Some receipts, in any order, some of them once more later. */
static void
tell_receipts (World *world, gboolean all)
{
  g_autoptr (ChatMessage) receipt = chat_message_new (CHAT_KIND_RECEIPT);
  guint count = all ? world->receipts->len : (guint)g_test_rand_int_range (1, 10);

  for (guint i = 0; i < count && world->receipts->len > 0; i++)
    {
      guint pick = g_test_rand_int_range (0, 3) == 0 ? (guint)g_test_rand_int_range (0, (gint)world->receipts->len) : 0;
      guint place = g_array_index (world->receipts, guint, pick);

      chat_message_add_receipt (receipt, chat_message_get_id (g_ptr_array_index (world->said, place)), place + 1);
      if (all || g_test_rand_int_range (0, 6) > 0)
        g_array_remove_index (world->receipts, pick);
    }
  chat_timeline_add_receipts (world->timeline, receipt);
}

/* What was on its way is lost; then the feed is back. */
static void
break_feed (World *world)
{
  world->fed = world->lost = world->said->len;
  g_array_set_size (world->receipts, 0);
  chat_timeline_resync (world->timeline);
}

typedef struct
{
  World *world;
  char *id; /* nullable: to a time */
} Going;

static void
went_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Going *going = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessageItem) item = chat_timeline_go_to_finish (CHAT_TIMELINE (source), result, &error);

  going->world->going--;
  if (item != NULL && going->id != NULL)
    g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (item)), ==, going->id);
  g_assert_true (item != NULL || error != NULL);
  g_free (going->id);
  g_free (going);
}

static void
go_to (World *world)
{
  ChatMessage *message = world->said->len > 0
                             ? g_ptr_array_index (world->said, g_test_rand_int_range (0, (gint)world->said->len))
                             : NULL;
  Going *going;

  if (message == NULL)
    return;
  going = g_new0 (Going, 1);
  going->world = world;
  world->going++;
  if (g_test_rand_bit ())
    {
      chat_timeline_go_to_time_async (world->timeline, chat_message_get_timestamp (message), NULL, went_cb, going);
      return;
    }
  going->id = g_strdup (chat_message_get_id (message));
  chat_timeline_go_to_message_async (world->timeline, going->id, NULL, went_cb, going);
}

static void
look (World *world)
{
  switch (g_test_rand_int_range (world->stays_up ? 2 : 0, world->stays_up ? 10 : 7))
    {
    case 6:
      go_to (world);
      break;
    case 0:
      chat_timeline_set_following (world->timeline, TRUE);
      break;
    case 1:
      chat_timeline_jump_to_newest (world->timeline);
      break;
    case 2:
      chat_timeline_load_newer (world->timeline);
      break;
    case 3:
      chat_timeline_set_read (world->timeline, g_test_rand_int_range (0, (gint)world->stored + 1));
      break;
    default:
      chat_timeline_set_following (world->timeline, FALSE);
      chat_timeline_load_older (world->timeline);
      break;
    }
}

/* What must always hold. */
static void
check_always (World *world)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  gint64 before = 0;

  chat_timeline_flush (world->timeline);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (world->timeline)), ==, world->mirror->len);
  if (world->newest > 0 && is_shown (g_ptr_array_index (world->said, world->newest - 1)))
    g_assert_nonnull (
        chat_message_window_find (world->timeline->tail != NULL ? world->timeline->tail : world->timeline->window,
                                  chat_message_get_id (g_ptr_array_index (world->said, world->newest - 1))));
  for (guint i = 0; i < world->mirror->len; i++)
    {
      g_autoptr (ChatMessageItem) item = g_list_model_get_item (G_LIST_MODEL (world->timeline), i);
      ChatMessage *message = chat_message_item_get_message (item);
      gint64 seq = chat_message_item_get_seq (item);

      g_assert_true (item == g_ptr_array_index (world->mirror, i));
      g_assert_true (g_hash_table_add (ids, (gpointer)chat_message_get_id (message)));
      if (seq == 0)
        continue;
      g_assert_cmpint (seq, >, before);
      g_assert_cmpstr (chat_message_get_id (message), ==,
                       chat_message_get_id (g_ptr_array_index (world->said, (guint)seq - 1)));
      before = seq;
    }
}

static void
act (World *world)
{
  switch (g_test_rand_int_range (0, 16))
    {
    case 0:
    case 1:
    case 2:
      say (world);
      break;
    case 3:
    case 4:
    case 5:
      deliver (world);
      break;
    case 6:
    case 7:
      store (world);
      break;
    case 8:
    case 9:
      tell_receipts (world, FALSE);
      break;
    case 10:
      break_feed (world);
      break;
    case 11:
      chat_fake_history_hold (world->history, g_test_rand_bit ());
      break;
    case 12:
      chat_fake_history_release (world->history);
      break;
    case 13:
      chat_fake_history_fail (world->history, (guint)g_test_rand_int_range (0, 2));
      break;
    case 14:
      look (world);
      break;
    default:
      chat_test_run_pending ();
      break;
    }
}

/* The end: all is said, stored and told, and everything is answered. */

static gboolean
is_quiet (gpointer data)
{
  World *world = data;

  return world->timeline->fetch == CHAT_FETCH_NONE && world->timeline->hole_source == 0 && world->going == 0
         && world->timeline->retry_source == 0;
}

/* Nothing is missing between two rows: for when nothing is on its way. */
static void
check_no_hole (World *world)
{
  gint64 before = 0;

  check_always (world);
  for (guint i = 0; i < world->mirror->len; i++)
    {
      gint64 seq = chat_message_item_get_seq (g_ptr_array_index (world->mirror, i));

      if (seq == 0)
        continue;
      for (gint64 between = before + 1; before > 0 && between < seq; between++)
        g_assert_false (is_shown (g_ptr_array_index (world->said, between - 1)));
      before = seq;
    }
}

/* An own message whose record lies where the window never came: the workspace asks the service for it by its id. */
static void
ask_for_pending (World *world)
{
  while (world->timeline->pending->len > 0)
    {
      ChatMessageItem *item = g_ptr_array_index (world->timeline->pending, 0);
      g_autofree char *id = g_strdup (chat_message_get_id (chat_message_item_get_message (item)));

      chat_timeline_remove_pending (world->timeline, id);
    }
  for (guint i = 0; i < world->said->len; i++)
    {
      ChatMessage *message = g_ptr_array_index (world->said, i);
      g_autoptr (GPtrArray) batch = NULL;

      if (!chat_message_changes_is (message) || !g_str_equal (chat_message_get_author (message), "ana"))
        continue;
      batch = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
      g_ptr_array_add (batch, with_seq (world, i));
      chat_timeline_add_live (world->timeline, batch);
    }
  chat_test_wait_until (is_quiet, world, "the timeline to be quiet");
}

static void
go_down (World *world)
{
  for (guint pages = 0; world->timeline->tail != NULL; pages++)
    {
      g_assert_cmpuint (pages, <, 100);
      chat_timeline_load_newer (world->timeline);
      chat_test_wait_until (is_quiet, world, "a newer page");
      check_no_hole (world);
    }
  chat_timeline_set_following (world->timeline, TRUE);
}

static void
settle (World *world)
{
  chat_fake_history_hold (world->history, FALSE);
  chat_fake_history_fail (world->history, 0);
  chat_fake_history_release (world->history);
  while (world->fed < world->said->len)
    deliver (world);
  while (world->stored < world->said->len)
    store (world);
  tell_receipts (world, TRUE);
  chat_test_wait_until (is_quiet, world, "the timeline to be quiet");
  /* it finds what it missed by itself, unless nobody has ever told it that there is a history */
  if (!world->timeline->loaded)
    chat_timeline_resync (world->timeline);
  if (g_test_rand_bit ())
    chat_timeline_jump_to_newest (world->timeline);
  else
    go_down (world);
  chat_test_wait_until (is_quiet, world, "the timeline to be quiet");
  ask_for_pending (world);
  check_no_hole (world);
}

static void
check_context (World *world, guint place)
{
  ChatMessageItem *item = g_ptr_array_index (world->mirror, place);
  ChatMessageItem *above = place > 0 ? g_ptr_array_index (world->mirror, place - 1) : NULL;
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (chat_message_item_get_time (item) / 1000);
  g_autoptr (GDateTime) before
      = above != NULL ? g_date_time_new_from_unix_local (chat_message_item_get_time (above) / 1000) : NULL;
  gboolean new_day = above == NULL || g_date_time_get_day_of_year (time) != g_date_time_get_day_of_year (before);
  gboolean same_author = above != NULL
                         && g_str_equal (chat_message_get_author (chat_message_item_get_message (item)),
                                         chat_message_get_author (chat_message_item_get_message (above)))
                         && chat_message_item_get_time (item) - chat_message_item_get_time (above) <= 5 * 60 * 1000;

  g_assert_cmpint (chat_message_item_get_starts_day (item), ==, new_day);
  g_assert_cmpint (chat_message_item_get_continues (item), ==,
                   same_author && !new_day && chat_message_item_get_unread_above (item) == 0);
}

/* A row reads as the store has it. */
static void
check_state (World *world, ChatMessageItem *item)
{
  ChatMessage *stored
      = chat_fake_history_find (world->history, chat_message_get_id (chat_message_item_get_message (item)));
  const ChatMessageState *state = chat_message_get_state (stored);
  gint64 edited = state != NULL ? state->edited : CHAT_TIME_UNKNOWN;
  gint64 deleted = state != NULL ? state->deleted : CHAT_TIME_UNKNOWN;
  GPtrArray *groups = chat_message_item_get_reactions (item);
  guint shown = 0;

  g_assert_cmpint (chat_message_item_get_edited (item), ==, edited);
  g_assert_cmpint (chat_message_item_get_deleted (item), ==, deleted);
  g_assert_cmpstr (chat_message_item_get_text (item), ==,
                   deleted != CHAT_TIME_UNKNOWN ? NULL : chat_message_get_data (stored));
  g_assert_cmpstr (chat_message_item_get_deleted_by (item), ==, state != NULL ? state->deleted_by : NULL);
  for (guint i = 0; i < groups->len; i++)
    shown += g_strv_length (((ChatReactionGroup *)g_ptr_array_index (groups, i))->users);
  g_assert_cmpuint (shown, ==, state != NULL ? state->reactions->len : 0);
  for (guint i = 0; state != NULL && i < state->reactions->len; i++)
    {
      ChatReaction *reaction = g_ptr_array_index (state->reactions, i);
      gboolean found = FALSE;

      for (guint j = 0; j < groups->len && !found; j++)
        {
          ChatReactionGroup *group = g_ptr_array_index (groups, j);

          found = g_str_equal (group->emoji, reaction->emoji)
                  && g_strv_contains ((const char *const *)group->users, reaction->author);
        }
      g_assert_true (found);
    }
}

/* The model ends as what was said ends; @whole: it is all of it. */
static void
check_end (World *world, gboolean whole)
{
  guint place = world->mirror->len;

  for (guint i = world->said->len; i > 0 && place > 0; i--)
    {
      ChatMessage *said = g_ptr_array_index (world->said, i - 1);
      ChatMessageItem *item;

      if (!is_shown (said))
        continue;
      item = g_ptr_array_index (world->mirror, --place);
      g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (item)), ==, chat_message_get_id (said));
      g_assert_cmpint (chat_message_item_get_seq (item), ==, i);
      g_assert_cmpint (chat_message_item_get_delivery (item), ==,
                       g_str_equal (chat_message_get_author (said), "ana") ? CHAT_DELIVERY_STORED : CHAT_DELIVERY_NONE);
      check_context (world, place);
      check_state (world, item);
      if (whole && place == 0)
        {
          for (guint rest = i - 1; rest > 0; rest--)
            g_assert_false (is_shown (g_ptr_array_index (world->said, rest - 1)));
          return;
        }
    }
  g_assert_cmpuint (place, ==, 0);
}

static gboolean
has_at_oldest (World *world)
{
  gboolean at_oldest;

  g_object_get (world->timeline, "at-oldest", &at_oldest, NULL);
  return at_oldest;
}

static void
test_small (void)
{
  for (guint run = 0; run < 150; run++)
    {
      World world;

      world_init (&world, 300);
      for (guint i = 0; i < 200; i++)
        {
          act (&world);
          check_always (&world);
        }
      settle (&world);
      for (guint pages = 0; !has_at_oldest (&world); pages++)
        {
          g_assert_cmpuint (pages, <, 20);
          chat_timeline_load_older (world.timeline);
          chat_test_wait_until (is_quiet, &world, "an older page");
        }
      check_always (&world);
      check_end (&world, TRUE);
      world_clear (&world);
    }
}

/* So many that the window lets go of its ends. */
static void
run_large (gboolean stays_up)
{
  guint detached = 0;

  for (guint run = 0; run < 4; run++)
    {
      World world;

      world_init (&world, 6000);
      world.stays_up = stays_up;
      for (guint i = 0; i < 6000; i++)
        {
          act (&world);
          if (i % 50 == 0)
            check_always (&world);
          detached += world.timeline->tail != NULL;
          g_assert_cmpuint (chat_message_window_get_length (world.timeline->window), <=,
                            world.timeline->following ? CHAT_TIMELINE_FOLLOWING_ROWS : CHAT_TIMELINE_MOST_ROWS);
        }
      settle (&world);
      check_end (&world, FALSE);
      g_assert_cmpuint (world.mirror->len, >=, 60);
      world_clear (&world);
    }
  if (stays_up)
    g_assert_cmpuint (detached, >, 300);
}

static void
test_large (void)
{
  run_large (FALSE);
}

static void
test_scrolled_up (void)
{
  run_large (TRUE);
}

int
main (int argc, char **argv)
{
  char seed[] = "--seed=R02Sb73e274353942eb5fe681bc3cbdf7ce9";
  char *usual[] = { argv[0], seed, NULL };
  char **arguments = usual;
  int n = 2;

  if (argc == 1 && g_getenv ("TERTULIA_TEST_FULL") == NULL)
    g_test_init (&n, &arguments, NULL);
  else
    g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/timeline/random/small", test_small);
  g_test_add_func ("/timeline/random/large", test_large);
  g_test_add_func ("/timeline/random/scrolled-up", test_scrolled_up);
  return g_test_run ();
}
