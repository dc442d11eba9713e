/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/archiver/chat-archiver.h"

#include "core/chat-time.h"
#include "role-test.h"
#include "transport/chat-refusal.h"

static ChatArchiver *
archiver_new (RoleTest *test)
{
  return chat_archiver_new (test->transport, chat_store_get_messages (test->store));
}

static ChatArchiver *
archiver_start (RoleTest *test)
{
  ChatArchiver *archiver = archiver_new (test);

  role_test_start (test, archiver);
  return archiver;
}

static void
put (RoleTest *test, const char *topic, const char *channel, const char *id, const char *text)
{
  g_autoptr (ChatMessage) message = role_test_message (test, "ana", channel, id, text);

  role_test_publish (test, topic, message);
}

static void
put_range (RoleTest *test, const char *channel, guint from, guint to)
{
  for (guint i = from; i < to; i++)
    {
      g_autofree char *id = g_strdup_printf ("%s-%u", channel, i);
      put (test, CHAT_TOPIC_CONTROLLED, channel, id, "hola");
    }
}

static ChatMessagePage *
list (RoleTest *test, const char *channel)
{
  const ChatPage page = { CHAT_PAGE_AFTER, 0, NULL, CHAT_TIME_UNKNOWN, CHAT_PAGE_MAX_LIMIT };

  return chat_test_call (chat_message_store_list, chat_store_get_messages (test->sqlite), NULL, channel, &page);
}

/* That the store has CHANNEL-0 … in this order, with seqs from 1. */
static void
check_stored (RoleTest *test, const char *channel, guint n)
{
  g_autoptr (ChatMessagePage) page = list (test, channel);

  g_assert_cmpint (page->head, ==, n);
  g_assert_cmpuint (page->messages->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      const ChatMessage *message = g_ptr_array_index (page->messages, i);
      g_autofree char *id = g_strdup_printf ("%s-%u", channel, i);
      g_assert_cmpstr (chat_message_get_id (message), ==, id);
      g_assert_cmpint (chat_message_get_seq (message), ==, i + 1);
    }
}

static gint64
find_receipt (const ChatMessage *receipt, const char *id)
{
  const gint64 *seq = g_hash_table_lookup (chat_message_get_receipts (receipt), id);

  return seq != NULL ? *seq : 0;
}

/* That the receipts of @channel name each of its @n messages once, with the seq that the store gave. */
static void
check_receipts (RoleTest *test, const char *channel, guint n)
{
  g_autoptr (GPtrArray) receipts = role_test_list (test, CHAT_TOPIC_RECEIPTS);
  guint next = 0;

  for (guint i = 0; i < receipts->len; i++)
    {
      const ChatMessage *receipt = g_ptr_array_index (receipts, i);
      g_assert_cmpstr (chat_message_kind_to_string (chat_message_get_kind (receipt)), ==, "receipt");
      if (!g_str_equal (chat_message_get_channel (receipt), channel))
        continue;
      for (guint left = g_hash_table_size (chat_message_get_receipts (receipt)); left > 0; left--, next++)
        {
          g_autofree char *id = g_strdup_printf ("%s-%u", channel, next);
          g_assert_cmpint (find_receipt (receipt, id), ==, next + 1);
        }
    }
  g_assert_cmpuint (next, ==, n);
}

typedef struct
{
  ChatArchiver *archiver;
  guint64 n;
} Wait;

static gboolean
has_receipts (gpointer data)
{
  Wait *wait = data;
  const ChatArchiverCounters *counters = chat_archiver_get_counters (wait->archiver);

  return counters->stored + counters->repeated >= wait->n;
}

/* Until @n messages are stored and their receipts sent, be it for the second time. */
static void
wait_stored (ChatArchiver *archiver, guint n)
{
  Wait wait = { archiver, n };

  chat_test_wait_until (has_receipts, &wait, "the messages to be stored");
  chat_test_run_pending ();
}

static void
test_stores (RoleTest *test, gconstpointer shards)
{
  ChatArchiver *archiver = archiver_new (test);

  put_range (test, "general", 0, 40);
  put_range (test, "other", 0, 20);
  put (test, CHAT_TOPIC_PRIVATE, "dm.abc", "dm.abc-0", "hola");
  role_test_start (test, archiver);
  wait_stored (archiver, 61);
  put_range (test, "general", 40, 50);
  wait_stored (archiver, 71);
  check_stored (test, "general", 50);
  check_stored (test, "other", 20);
  check_stored (test, "dm.abc", 1);
  check_receipts (test, "general", 50);
  check_receipts (test, "other", 20);
  check_receipts (test, "dm.abc", 1);
  role_test_stop (test, archiver);
}

/* One receipt for a channel, however many of its messages are in the batch. */
static void
test_receipts (RoleTest *test, gconstpointer shards)
{
  ChatArchiver *archiver = archiver_start (test);

  put (test, CHAT_TOPIC_CONTROLLED, "general", "general-0", "hola");
  role_test_wait (test, CHAT_TOPIC_RECEIPTS, 1);
  chat_fault_store_hold (test->faults, TRUE);
  put (test, CHAT_TOPIC_CONTROLLED, "general", "general-1", "hola");
  chat_test_run_for (20);
  put_range (test, "general", 2, 30);
  put_range (test, "other", 0, 10);
  chat_test_run_pending ();
  chat_fault_store_hold (test->faults, FALSE);
  wait_stored (archiver, 40);
  role_test_wait (test, CHAT_TOPIC_RECEIPTS, 4);
  check_receipts (test, "general", 30);
  check_receipts (test, "other", 10);
  g_autoptr (GPtrArray) records = chat_loopback_broker_get_records (test->broker, CHAT_TOPIC_RECEIPTS);
  g_assert_cmpstr (chat_record_get_key (g_ptr_array_index (records, 3)), ==, "other");
  role_test_stop (test, archiver);
}

/* The same again: the receipt says the same. Another text: the first stays, the second's author is told. */
static void
test_repeats (RoleTest *test, gconstpointer shards)
{
  ChatArchiver *archiver = archiver_start (test);

  put (test, CHAT_TOPIC_CONTROLLED, "general", "m1", "hola");
  put (test, CHAT_TOPIC_CONTROLLED, "general", "m2", "hola");
  wait_stored (archiver, 2);
  put (test, CHAT_TOPIC_CONTROLLED, "general", "m1", "hola");
  put (test, CHAT_TOPIC_CONTROLLED, "general", "m2", "adiós");
  role_test_check (test, CHAT_TOPIC_WARNINGS, "kind:user:target", "refused:ana:m2");
  g_autoptr (ChatMessagePage) page = list (test, "general");
  g_assert_cmpint (page->head, ==, 2);
  g_assert_cmpstr (chat_message_get_data (g_ptr_array_index (page->messages, 1)), ==, "hola");
  g_autoptr (GPtrArray) receipts = role_test_list (test, CHAT_TOPIC_RECEIPTS);
  const ChatMessage *last = g_ptr_array_index (receipts, receipts->len - 1);
  g_assert_cmpint (find_receipt (last, "m1"), ==, 1);
  g_assert_cmpint (find_receipt (last, "m2"), ==, 0);
  g_assert_cmpuint (chat_archiver_get_counters (archiver)->conflicting, ==, 1);
  role_test_stop (test, archiver);
}

/* Stored, and then the process ends before it could say so: the next one says the same. */
static void
test_crash (RoleTest *test, gconstpointer shards)
{
  ChatArchiver *archiver = archiver_new (test);

  chat_loopback_transport_fail_forwards (test->loopback, 1, CHAT_TRANSPORT_ERROR_DAMAGED);
  put_range (test, "general", 0, 25);
  role_test_start (test, archiver);
  chat_test_wait_for_count (&test->failures, 1);
  role_test_stop (test, archiver);
  role_test_wait (test, CHAT_TOPIC_RECEIPTS, 0);

  archiver = archiver_start (test);
  put_range (test, "general", 25, 30);
  wait_stored (archiver, 30);
  check_stored (test, "general", 30);
  check_receipts (test, "general", 30);
  role_test_stop (test, archiver);
}

static void
test_faults (RoleTest *test, gconstpointer shards)
{
  ChatArchiver *archiver = archiver_new (test);

  chat_loopback_transport_fail_forwards (test->loopback, 2, CHAT_TRANSPORT_ERROR_ABORTED);
  chat_fault_store_lose_answers (test->faults, 1, CHAT_STORE_ERROR_BUSY);
  put_range (test, "general", 0, 30);
  role_test_start (test, archiver);
  chat_test_run_for (20);
  chat_fault_store_refuse (test->faults, 1, CHAT_STORE_ERROR_FULL);
  chat_loopback_transport_duplicate (test->loopback, 20);
  put_range (test, "general", 30, 60);
  wait_stored (archiver, 60);
  put_range (test, "general", 60, 61);
  wait_stored (archiver, 61);
  check_stored (test, "general", 61);
  check_receipts (test, "general", 61);
  g_assert_cmpuint (test->failures, ==, 0);
  role_test_stop (test, archiver);
}

static void
test_damaged (RoleTest *test, gconstpointer shards)
{
  ChatArchiver *archiver = archiver_start (test);

  chat_fault_store_refuse (test->faults, 1, CHAT_STORE_ERROR_DAMAGED);
  put_range (test, "general", 0, 1);
  chat_test_wait_for_count (&test->failures, 1);
  role_test_stop (test, archiver);
}

static void
rejected_cb (ChatArchiver *archiver, const char *position, const char *reason, GString *positions)
{
  g_string_append_printf (positions, "%s ", position);
}

/* What is no part of a history is put aside or passes; the rest is stored. */
static void
test_rejects (RoleTest *test, gconstpointer shards)
{
  ChatArchiver *archiver = archiver_start (test);
  g_autoptr (GString) positions = g_string_new (NULL);

  g_signal_connect (archiver, "rejected", G_CALLBACK (rejected_cb), positions);
  role_test_append (test, CHAT_TOPIC_CONTROLLED, "general", "nothing that came through the moderator");
  role_test_append (test, CHAT_TOPIC_CONTROLLED, "general",
                    "{\"channel\":\"general\",\"author\":\"ana\",\"data\":\"x\",\"timestamp\":1}");
  role_test_append (test, CHAT_TOPIC_CONTROLLED, "general",
                    "{\"id\":\"m0\",\"author\":\"ana\",\"data\":\"x\",\"timestamp\":1}");
  role_test_append (test, CHAT_TOPIC_CONTROLLED, "general",
                    "{\"id\":\"j0\",\"channel\":\"general\",\"kind\":\"join\",\"author\":\"ana\"}");
  role_test_append (test, CHAT_TOPIC_CONTROLLED, "general",
                    "{\"id\":\"w0\",\"kind\":\"warning\",\"target\":\"m0\",\"user\":\"ana\",\"timestamp\":1}");
  role_test_append (test, CHAT_TOPIC_CONTROLLED, "general",
                    "{\"id\":\"r0\",\"channel\":\"general\",\"kind\":\"read\",\"author\":\"ana\",\"seq\":1,"
                    "\"timestamp\":1}");
  put (test, CHAT_TOPIC_CONTROLLED, "dm.conversation", "d0", "x");
  put (test, CHAT_TOPIC_PRIVATE, "dm.conversation", "d1", "x");
  put_range (test, "general", 0, 1);
  wait_stored (archiver, 2);
  check_stored (test, "general", 1);
  role_test_wait (test, CHAT_TOPIC_REJECTED, 6);
  g_assert_cmpstr (positions->str, ==,
                   "chat_controlled/0/0 chat_controlled/0/1 chat_controlled/0/2 chat_controlled/0/3 "
                   "chat_controlled/0/4 chat_controlled/0/6 ");
  g_assert_cmpuint (chat_archiver_get_counters (archiver)->passing, ==, 1);
  g_assert_cmpuint (chat_archiver_get_counters (archiver)->rejected, ==, 6);
  role_test_stop (test, archiver);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, shards, func)                                                                                        \
  g_test_add ("/archiver/" name, RoleTest, GUINT_TO_POINTER (shards), role_test_set_up, func, role_test_tear_down)
  ADD ("stores", 1, test_stores);
  ADD ("stores-shards", 3, test_stores);
  ADD ("receipts", 1, test_receipts);
  ADD ("repeats", 1, test_repeats);
  ADD ("crash", 1, test_crash);
  ADD ("faults", 1, test_faults);
  ADD ("damaged", 1, test_damaged);
  ADD ("rejects", 1, test_rejects);
  return g_test_run ();
}
