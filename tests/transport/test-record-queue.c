/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-record-queue.h"

static void
push (ChatRecordQueue *queue, const char *topic, gint shard, gint64 offset, GPtrArray *taken)
{
  g_autoptr (GBytes) bytes = g_bytes_new (NULL, 0);
  g_autoptr (ChatRecord) record = chat_record_new_delivered (topic, "general", bytes, shard, offset, 0);

  chat_record_queue_push (queue, record, taken);
}

static void
push_range (ChatRecordQueue *queue, gint64 from, gint64 to, GPtrArray *taken)
{
  for (gint64 i = from; i < to; i++)
    push (queue, "chat", 0, i, taken);
}

/* @expected: such as "chat/0/1 chat/1/7" */
static void
check (GPtrArray *records, const char *expected)
{
  g_autoptr (GString) found = g_string_new (NULL);

  for (guint i = 0; i < records->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (records, i);
      g_string_append_printf (found, "%s%s/%d/%" G_GINT64_FORMAT, i > 0 ? " " : "", chat_record_get_topic (record),
                              chat_record_get_shard (record), chat_record_get_offset (record));
    }
  g_assert_cmpstr (found->str, ==, expected);
}

static void
test_order (void)
{
  g_autoptr (ChatRecordQueue) queue = chat_record_queue_new ();

  push (queue, "chat", 0, 1, NULL);
  push (queue, "chat", 1, 7, NULL);
  push (queue, "chat", 0, 2, NULL);
  g_assert_cmpuint (chat_record_queue_get_length (queue), ==, 3);
  g_autoptr (GPtrArray) first = chat_record_queue_take (queue, 2);
  g_autoptr (GPtrArray) rest = chat_record_queue_take (queue, 2);
  g_autoptr (GPtrArray) none = chat_record_queue_take (queue, 2);
  check (first, "chat/0/1 chat/1/7");
  check (rest, "chat/0/2");
  check (none, "");
}

/* 0–1 are in flight, 2–4 wait, and the shard comes again from 0 on: each is here once, in order. */
static void
test_redelivery (void)
{
  g_autoptr (ChatRecordQueue) queue = chat_record_queue_new ();

  push_range (queue, 0, 5, NULL);
  push (queue, "chat", 1, 3, NULL);
  g_autoptr (GPtrArray) taken = chat_record_queue_take (queue, 2);
  push_range (queue, 0, 6, taken);
  g_autoptr (GPtrArray) rest = chat_record_queue_take (queue, 10);
  check (rest, "chat/1/3 chat/0/2 chat/0/3 chat/0/4 chat/0/5");
}

static void
test_twice (void)
{
  g_autoptr (ChatRecordQueue) queue = chat_record_queue_new ();

  for (gint64 i = 0; i < 3; i++)
    {
      push (queue, "chat", 0, i, NULL);
      push (queue, "chat", 0, i, NULL);
    }
  g_autoptr (GPtrArray) all = chat_record_queue_take (queue, 10);
  check (all, "chat/0/0 chat/0/1 chat/0/2");
}

/* What was dropped comes again after an abort, and is no redelivery of anything that is here. */
static void
test_clear (void)
{
  g_autoptr (ChatRecordQueue) queue = chat_record_queue_new ();

  push_range (queue, 0, 3, NULL);
  chat_record_queue_clear (queue);
  push_range (queue, 0, 2, NULL);
  g_autoptr (GPtrArray) all = chat_record_queue_take (queue, 10);
  check (all, "chat/0/0 chat/0/1");
}

/* A queue of a broker without offsets: everything is taken as it comes. */
static void
test_no_offsets (void)
{
  g_autoptr (ChatRecordQueue) queue = chat_record_queue_new ();

  push (queue, "chat", 0, -1, NULL);
  push (queue, "chat", 0, -1, NULL);
  g_assert_cmpuint (chat_record_queue_get_length (queue), ==, 2);
}

static void
test_shards (void)
{
  g_autoptr (ChatRecordQueue) queue = chat_record_queue_new ();
  g_autoptr (GArray) shards = g_array_new (FALSE, FALSE, sizeof (gint));
  gint shard = 1;

  g_array_append_val (shards, shard);
  push (queue, "chat", 0, 1, NULL);
  push (queue, "chat", 1, 2, NULL);
  push (queue, "other", 1, 3, NULL);
  chat_record_queue_drop_shards (queue, "chat", shards);
  g_autoptr (GPtrArray) all = chat_record_queue_take (queue, 10);
  check (all, "chat/0/1 other/1/3");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record-queue/order", test_order);
  g_test_add_func ("/record-queue/redelivery", test_redelivery);
  g_test_add_func ("/record-queue/twice", test_twice);
  g_test_add_func ("/record-queue/clear", test_clear);
  g_test_add_func ("/record-queue/no-offsets", test_no_offsets);
  g_test_add_func ("/record-queue/shards", test_shards);
  return g_test_run ();
}
