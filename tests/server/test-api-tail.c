/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of a channel, where history and the live feed meet. */
#include <string.h>

#include "server/api/chat-api-live-tail.h"

static gboolean
add (ChatApiLiveTail *tail, const char *id)
{
  g_autofree char *text = g_strdup_printf ("{\"id\":\"%s\"}", id);
  g_autoptr (GBytes) json = g_bytes_new (text, strlen (text));

  return chat_api_live_tail_add (tail, id, json);
}

static gboolean
insert (ChatApiLiveTail *tail, const char *id, gint64 seq)
{
  g_autoptr (GBytes) json = g_bytes_new_static ("{}", 2);

  return chat_api_live_tail_insert (tail, id, seq, json);
}

static char *
join (GPtrArray *records)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < records->len; i++)
    {
      const ChatApiLiveRecord *record = records->pdata[i];

      g_assert_nonnull (record->json);
      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", record->id);
      if (record->seq != 0)
        g_string_append_printf (text, "=%d", (int)record->seq);
    }
  g_ptr_array_unref (records);
  return g_string_free (text, FALSE);
}

static void
assert_takes (ChatApiLiveTail *tail, const char *expected)
{
  g_autofree char *taken = join (chat_api_live_tail_take (tail));

  g_assert_cmpstr (taken, ==, expected);
}

static void
assert_after (ChatApiLiveTail *tail, gint64 seq, const char *expected)
{
  g_autofree char *listed = join (chat_api_live_tail_list_after (tail, seq));

  g_assert_cmpstr (listed, ==, expected);
}

static void
test_order (void)
{
  g_autoptr (ChatApiLiveTail) tail = chat_api_live_tail_new ();

  g_assert_true (add (tail, "a"));
  g_assert_true (add (tail, "b"));
  g_assert_false (add (tail, "a"));
  assert_takes (tail, "a b");
  assert_takes (tail, "");
  g_assert_true (add (tail, "c"));
  /* Who joins now gets what was taken; what was not comes to him with the others. */
  assert_after (tail, 0, "a b");
  assert_takes (tail, "c");
  g_assert_cmpuint (chat_api_live_tail_count_waiting (tail), ==, 3);
}

static void
test_settle (void)
{
  g_autoptr (ChatApiLiveTail) tail = chat_api_live_tail_new ();

  add (tail, "a");
  add (tail, "b");
  add (tail, "c");
  assert_takes (tail, "a b c");
  g_assert_true (chat_api_live_tail_settle (tail, "a", 7));
  g_assert_true (chat_api_live_tail_settle (tail, "b", 8));
  chat_api_live_tail_settled (tail, "b");
  g_assert_cmpuint (chat_api_live_tail_count_waiting (tail), ==, 1);
  g_assert_cmpint (chat_api_live_tail_get_newest (tail), ==, 8);
  assert_after (tail, 6, "a=7 b=8 c");
  assert_after (tail, 7, "b=8 c");
  assert_after (tail, 8, "c");
  g_assert_true (chat_api_live_tail_settle (tail, "b", 8)); /* told twice */
  g_assert_cmpuint (chat_api_live_tail_count_waiting (tail), ==, 1);
}

/* A record that was refused by the archiver gets no receipt; those behind it do. */
static void
test_never_stored (void)
{
  g_autoptr (ChatApiLiveTail) tail = chat_api_live_tail_new ();

  add (tail, "a");
  add (tail, "refused");
  add (tail, "b");
  assert_takes (tail, "a refused b");
  chat_api_live_tail_settle (tail, "a", 1);
  chat_api_live_tail_settle (tail, "b", 2);
  chat_api_live_tail_settled (tail, "b");
  g_assert_cmpuint (chat_api_live_tail_count_waiting (tail), ==, 0);
  assert_after (tail, 0, "a=1 b=2");
}

static void
test_unseen (void)
{
  g_autoptr (ChatApiLiveTail) tail = chat_api_live_tail_new ();

  /* The store has it, and the broker's copy is still to come. */
  g_assert_false (chat_api_live_tail_settle (tail, "a", 1));
  g_assert_false (chat_api_live_tail_is_seen (tail, "a"));
  g_assert_cmpuint (chat_api_live_tail_count_waiting (tail), ==, 0);
  assert_after (tail, 0, "");
  g_assert_true (add (tail, "a"));
  g_assert_true (chat_api_live_tail_is_seen (tail, "a"));
  assert_takes (tail, "a=1");
  g_assert_cmpuint (chat_api_live_tail_count_waiting (tail), ==, 0);
}

static void
test_insert (void)
{
  g_autoptr (ChatApiLiveTail) tail = chat_api_live_tail_new ();

  add (tail, "a");
  assert_takes (tail, "a");
  chat_api_live_tail_settle (tail, "a", 1);
  g_assert_false (chat_api_live_tail_settle (tail, "b", 2));
  g_assert_false (chat_api_live_tail_settle (tail, "c", 3));
  add (tail, "d");
  /* Rows from the store go behind what was taken and in front of what was not, in their own order. */
  g_assert_true (insert (tail, "b", 2));
  g_assert_true (insert (tail, "c", 3));
  g_assert_false (insert (tail, "b", 2));
  g_assert_false (insert (tail, "a", 1));
  assert_takes (tail, "b=2 c=3 d");
  g_assert_false (add (tail, "c")); /* the broker's copy comes after all */
  assert_takes (tail, "");
  g_assert_true (chat_api_live_tail_settle (tail, "d", 4));
  assert_after (tail, 1, "b=2 c=3 d=4");
}

static void
test_insert_alone (void)
{
  g_autoptr (ChatApiLiveTail) tail = chat_api_live_tail_new ();

  g_assert_false (chat_api_live_tail_settle (tail, "a", 1));
  g_assert_false (chat_api_live_tail_settle (tail, "b", 2));
  g_assert_true (insert (tail, "a", 1));
  g_assert_true (insert (tail, "b", 2));
  assert_takes (tail, "a=1 b=2");
}

/* What is stored goes first, and the tail says up to where only the store has it. */
static void
test_lets_go (void)
{
  g_autoptr (ChatApiLiveTail) tail = chat_api_live_tail_new ();

  for (guint i = 1; i <= 1000; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      add (tail, id);
      g_ptr_array_unref (chat_api_live_tail_take (tail));
      chat_api_live_tail_settle (tail, id, i);
      chat_api_live_tail_settled (tail, id);
    }
  g_assert_cmpint (chat_api_live_tail_get_complete (tail), >, 800);
  g_assert_cmpint (chat_api_live_tail_get_complete (tail), <, 1000);
  assert_after (tail, 999, "1000=1000");
  /* A receipt that comes again for what was let go is no news. */
  g_assert_true (chat_api_live_tail_settle (tail, "1", 1));
  g_assert_false (chat_api_live_tail_is_seen (tail, "1"));
}

/* While the archiver stands still, the tail has a bound, and says that it lost something until a receipt tells what. */
static void
test_overflow (void)
{
  g_autoptr (ChatApiLiveTail) tail = chat_api_live_tail_new ();

  for (guint i = 1; i <= 5000; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      add (tail, id);
      g_ptr_array_unref (chat_api_live_tail_take (tail));
    }
  g_assert_cmpuint (chat_api_live_tail_count_waiting (tail), <, 3000);
  g_assert_cmpint (chat_api_live_tail_get_complete (tail), ==, G_MAXINT64);
  for (guint i = 1; i <= 5000; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      chat_api_live_tail_settle (tail, id, i);
      chat_api_live_tail_settled (tail, id);
    }
  g_assert_cmpint (chat_api_live_tail_get_complete (tail), <, 5000);
  g_assert_cmpuint (chat_api_live_tail_count_waiting (tail), ==, 0);
}

/* What was not taken is never let go. */
static void
test_keeps_untaken (void)
{
  g_autoptr (ChatApiLiveTail) tail = chat_api_live_tail_new ();
  g_autoptr (GPtrArray) taken = NULL;

  for (guint i = 1; i <= 5000; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      add (tail, id);
      chat_api_live_tail_settle (tail, id, i);
    }
  taken = chat_api_live_tail_take (tail);
  g_assert_cmpuint (taken->len, ==, 5000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/api/tail/order", test_order);
  g_test_add_func ("/api/tail/settle", test_settle);
  g_test_add_func ("/api/tail/never-stored", test_never_stored);
  g_test_add_func ("/api/tail/unseen", test_unseen);
  g_test_add_func ("/api/tail/insert", test_insert);
  g_test_add_func ("/api/tail/insert-alone", test_insert_alone);
  g_test_add_func ("/api/tail/lets-go", test_lets_go);
  g_test_add_func ("/api/tail/overflow", test_overflow);
  g_test_add_func ("/api/tail/keeps-untaken", test_keeps_untaken);
  return g_test_run ();
}
