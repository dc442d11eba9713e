/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "timeline-test.h"

#include "chat-test-loop.h"
#include "chat-test-message.h"

static void
items_changed_cb (GListModel *model, guint place, guint removed, guint added, World *world)
{
  world->splices++;
  world->place = place;
  world->removed = removed;
  world->added = added;
}

char *
world_id (guint number)
{
  return g_strdup_printf ("id-%u", number);
}

ChatMessage *
world_message (guint number)
{
  g_autofree char *id = world_id (number);

  return chat_test_message_new ("general", id, id, T0 + (gint64)number * 1000);
}

void
world_store (World *world, guint count)
{
  for (guint i = 0; i < count; i++)
    {
      g_autoptr (ChatMessage) message = world_message (++world->stored);

      chat_fake_history_append (world->history, message);
    }
}

void
world_start (World *world, guint stored)
{
  *world = (World){ .history = chat_fake_history_new () };
  world->timeline = chat_timeline_new ("general", "luis", CHAT_HISTORY (world->history));
  world->timeline->flood_begins = G_MAXUINT / 2;
  world->timeline->hole_patience_ms = 0;
  g_signal_connect (world->timeline, "items-changed", G_CALLBACK (items_changed_cb), world);
  world_store (world, stored);
}

void
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

void
world_settle (World *world)
{
  chat_test_wait_until (is_quiet, world, "the timeline to be quiet");
  chat_timeline_flush (world->timeline);
}

void
world_load (World *world)
{
  chat_timeline_resync (world->timeline);
  world_settle (world);
}

void
world_live (World *world, guint from, guint count)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();

  for (guint i = 0; i < count; i++)
    g_ptr_array_add (batch, world_message (from + i));
  chat_timeline_add_live (world->timeline, batch);
}

void
world_receipt (World *world, guint number, gint64 seq)
{
  g_autoptr (ChatMessage) message = chat_message_new (CHAT_KIND_RECEIPT);
  g_autofree char *id = world_id (number);

  chat_message_add_receipt (message, id, seq);
  chat_timeline_add_receipts (world->timeline, message);
}

guint
world_length (World *world)
{
  return g_list_model_get_n_items (G_LIST_MODEL (world->timeline));
}

ChatMessageItem *
world_item (World *world, guint place)
{
  ChatMessageItem *item = g_list_model_get_item (G_LIST_MODEL (world->timeline), place);

  g_assert_nonnull (item);
  g_object_unref (item); /* the model has it */
  return item;
}

void
world_check_rows (World *world, guint from, guint to)
{
  g_assert_cmpuint (world_length (world), ==, to - from + 1);
  for (guint i = 0; i < world_length (world); i++)
    {
      g_autofree char *id = world_id (from + i);

      g_assert_cmpstr (chat_message_get_id (chat_message_item_get_message (world_item (world, i))), ==, id);
    }
}

static void
changed_cb (ChatMessageItem *item, World *world)
{
  world->changes++;
}

void
world_count_changes (World *world, ChatMessageItem *item)
{
  g_signal_connect (item, "changed", G_CALLBACK (changed_cb), world);
}
