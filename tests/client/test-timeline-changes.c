/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of a message in a timeline: how far an own one got, edits, deletions, reactions, replies, one thing
 * each. */
#include "chat-test-loop.h"
#include "chat-test-message.h"
#include "timeline-test.h"

/* An own message is one row from the moment it is written, and never goes back a step. */

static void
check_delivery (World *world, ChatDelivery delivery, guint changes)
{
  chat_timeline_flush (world->timeline);
  g_assert_cmpuint (world_length (world), ==, 1);
  g_assert_cmpint (chat_message_item_get_delivery (world_item (world, 0)), ==, delivery);
  g_assert_cmpuint (world->changes, ==, changes);
}

static void
test_delivery (void)
{
  g_autoptr (ChatMessage) mine = world_message (1), masked = NULL;
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  ChatMessageItem *item;
  World world;

  world_start (&world, 0);
  chat_message_set_author (mine, "luis");
  masked = chat_message_copy (mine);
  chat_message_set_data (masked, "****");
  chat_timeline_add_pending (world.timeline, mine, CHAT_DELIVERY_NONE);
  chat_timeline_flush (world.timeline);
  item = world_item (&world, 0);
  g_assert_true (chat_message_item_get_own (item));
  world_count_changes (&world, item);
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
  world_receipt (&world, 1, 1);
  check_delivery (&world, CHAT_DELIVERY_STORED, 3);
  g_assert_true (item == world_item (&world, 0));
  world_end (&world);
}

static void
test_refused (void)
{
  g_autoptr (ChatMessage) mine = world_message (1);
  World world;

  world_start (&world, 0);
  chat_timeline_add_pending (world.timeline, mine, CHAT_DELIVERY_QUEUED);
  chat_timeline_set_delivery (world.timeline, "id-1", CHAT_DELIVERY_REFUSED, "You are blocked");
  chat_timeline_flush (world.timeline);
  g_assert_cmpstr (chat_message_item_get_reason (world_item (&world, 0)), ==, "You are blocked");
  chat_timeline_set_delivery (world.timeline, "id-1", CHAT_DELIVERY_QUEUED, NULL);
  check_delivery (&world, CHAT_DELIVERY_QUEUED, 0);
  /* others write above it */
  world_live (&world, 2, 1);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (world.place, ==, 0);
  chat_timeline_remove_pending (world.timeline, "id-1");
  chat_timeline_flush (world.timeline);
  world_check_rows (&world, 2, 2);
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
      g_autoptr (ChatMessage) mine = world_message (i);

      chat_timeline_add_pending (world.timeline, mine, CHAT_DELIVERY_QUEUED);
    }
  world_live (&world, 4, 1);
  world_live (&world, 1, 1);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (world_length (&world), ==, 4);
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (world_item (&world, 0))), ==, "id-4");
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (world_item (&world, 1))), ==, "id-1");
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (world_item (&world, 2))), ==, "id-2");
  world_end (&world);
}

/* (transfer full) */
static ChatMessage *
change_of (ChatMessageKind kind, const char *id, guint target, const char *author, const char *data)
{
  ChatMessage *message = chat_message_new (kind);
  g_autofree char *about = world_id (target);

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
  g_autofree char *id = world_id (number);

  return chat_message_item_get_text (chat_timeline_find (world->timeline, id, NULL));
}

/* (transfer full): "👍 ana luis*" */
static char *
reactions_of (World *world, guint number)
{
  g_autofree char *id = world_id (number);
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
  world_load (&world);
  item = chat_timeline_find (world.timeline, "id-2", NULL);
  world_count_changes (&world, item);
  live_change (&world, CHAT_KIND_EDIT, "e1", 2, "ana", "dos");
  g_assert_cmpstr (text_of (&world, 2), ==, "dos");
  g_assert_cmpuint (world.changes, ==, 1);
  g_assert_cmpint (chat_message_item_get_edited (item), ==, T0 + 5 * MINUTE_MS);
  g_assert_cmpuint (world_length (&world), ==, 3);
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
  g_assert_cmpuint (world_length (&world), ==, 3);
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
  world_load (&world);
  chat_timeline_add_pending (world.timeline, edit, CHAT_DELIVERY_NONE);
  chat_timeline_add_pending (world.timeline, reaction, CHAT_DELIVERY_NONE);
  chat_timeline_flush (world.timeline);
  g_assert_cmpuint (world_length (&world), ==, 1);
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
  world_settle (&world);
  g_assert_cmpstr (text_of (&world, 2), ==, "dos");
  g_assert_cmpint (chat_fake_history_append (world.history, edit), ==, 4);
  world_load (&world);
  g_assert_cmpstr (text_of (&world, 2), ==, "dos");
  g_assert_cmpuint (world_length (&world), ==, 3);
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
  world_load (&world);
  live_change (&world, CHAT_KIND_EDIT, "e1", 1, "ana", "uno");
  chat_message_add_receipt (told, "e1", 5);
  chat_timeline_add_receipts (world.timeline, told);
  for (guint i = 0; i < 2; i++)
    {
      ChatMessage *message = world_message (1);

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
  world_load (&world);
  calls = chat_fake_history_get_calls (world.history);
  live_change (&world, CHAT_KIND_REACTION, "r1", 2, "ana", "👍");
  chat_message_add_receipt (receipt_of_both, "r1", 4);
  chat_message_add_receipt (receipt_of_both, "r2", 5);
  chat_timeline_add_receipts (world.timeline, receipt_of_both);
  live_change (&world, CHAT_KIND_REACTION, "r2", 2, "ana", "🎉");
  world_live (&world, 6, 1);
  world_receipt (&world, 6, 6);
  g_assert_cmpint (chat_timeline_get_newest_seq (world.timeline), ==, 6);
  world_settle (&world);
  g_assert_cmpuint (chat_fake_history_get_calls (world.history), ==, calls);
  g_assert_cmpuint (world_length (&world), ==, 4);
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
  world_load (&world);
  g_assert_cmpuint (world_length (&world), >=, 30);
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
  world_load (&world);
  for (guint i = 0; i < 2; i++)
    {
      ChatMessage *reply = world_message (300 + i);

      chat_message_set_reply_to (reply, i == 0 ? "id-199" : "id-3");
      g_ptr_array_add (batch, reply);
    }
  chat_timeline_add_live (world.timeline, batch);
  chat_timeline_flush (world.timeline);
  near = chat_timeline_find (world.timeline, "id-300", NULL);
  far = chat_timeline_find (world.timeline, "id-301", NULL);
  g_assert_cmpstr (chat_message_get_id (chat_message_item_get_quoted (near)), ==, "id-199");
  g_assert_null (chat_message_item_get_quoted (far));
  world_count_changes (&world, far);
  chat_test_wait_for_count (&world.changes, 1);
  g_assert_cmpstr (chat_message_get_data (chat_message_item_get_quoted (far)), ==, "id-3");
  g_assert_cmpuint (chat_fake_history_get_gets (world.history), ==, 1);
  /* a quotation reads as what it quotes */
  live_change (&world, CHAT_KIND_EDIT, "e1", 199, "ana", "otro");
  g_assert_cmpstr (chat_message_get_data (chat_message_item_get_quoted (near)), ==, "otro");
  world_end (&world);
}

static void
test_last_own (void)
{
  g_autoptr (ChatMessage) own = world_message (5);
  g_autoptr (ChatMessage) gone = NULL;
  World world;

  world_start (&world, 3);
  world_load (&world);
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
  g_test_add_func ("/timeline/delivery", test_delivery);
  g_test_add_func ("/timeline/refused", test_refused);
  g_test_add_func ("/timeline/pending-order", test_pending_order);
  g_test_add_func ("/timeline/changed", test_changed);
  g_test_add_func ("/timeline/optimistic", test_optimistic);
  g_test_add_func ("/timeline/changed-in-pages", test_changed_in_pages);
  g_test_add_func ("/timeline/moments", test_moments);
  g_test_add_func ("/timeline/no-rows", test_no_rows);
  g_test_add_func ("/timeline/only-reactions", test_only_reactions);
  g_test_add_func ("/timeline/quoted", test_quoted);
  g_test_add_func ("/timeline/last-own", test_last_own);
  return g_test_run ();
}
