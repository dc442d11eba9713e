/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the processes of one service tell each other, and what is done by the clock. */
#include <sqlite3.h>

#include "core/chat-time.h"
#include "role-test.h"
#include "server/moderator/chat-block-list.h"
#include "server/moderator/chat-moderation-keeper.h"

static void
received_cb (ChatControlFeed *feed, const ChatMessage *message, GString *text)
{
  g_string_append_printf (text, "%s:%s ", chat_message_kind_to_string (chat_message_get_kind (message)),
                          chat_message_get_user (message) != NULL ? chat_message_get_user (message) : "-");
}

static void
count_cb (gpointer object, guint *count)
{
  ++*count;
}

typedef struct
{
  GString *text;
  const char *expected;
} Wait;

static gboolean
is_text (gpointer data)
{
  Wait *wait = data;

  return g_str_equal (wait->text->str, wait->expected);
}

static void
wait_for (GString *text, const char *expected)
{
  Wait wait = { text, expected };

  chat_test_wait_until (is_text, &wait, expected);
}

/* Another process: its own connection to the same broker, and its own feed. */
static ChatTransport *
connect_other (RoleTest *test, ChatControlFeed **feed)
{
  ChatTransport *other = chat_loopback_transport_new (test->broker);

  g_assert_true (chat_test_call (chat_transport_connect, other, NULL));
  *feed = chat_control_feed_new (other, test->signer);
  role_test_start (test, *feed);
  return other;
}

static void
disconnect_other (RoleTest *test, ChatTransport *other, ChatControlFeed *feed)
{
  role_test_stop (test, feed);
  g_assert_true (chat_test_call (chat_transport_close, other, NULL));
  chat_test_wait_finalized (other);
}

/* Every process hears what one says, in order, and the user of his block; nobody hears what is not signed. */
static void
test_announces (RoleTest *test, gconstpointer shards)
{
  ChatControlFeed *feed;
  ChatTransport *other = connect_other (test, &feed);
  g_autoptr (GString) here = g_string_new (NULL), there = g_string_new (NULL);

  g_signal_connect (test->control, "received", G_CALLBACK (received_cb), here);
  g_signal_connect (feed, "received", G_CALLBACK (received_cb), there);
  role_test_append (test, CHAT_TOPIC_CONTROL, "control", "{\"id\":\"c1\",\"kind\":\"rules\"}");
  role_test_append (test, CHAT_TOPIC_CONTROL, "control", "nonsense");
  chat_control_feed_announce (test->control, CHAT_KIND_RULES, NULL, NULL, NULL);
  chat_control_feed_announce_block (test->control, "ana", TRUE, "m1");
  chat_control_feed_announce_block (test->control, "ana", FALSE, NULL);
  wait_for (here, "rules:- block:ana unblock:ana ");
  wait_for (there, here->str);
  role_test_check (test, CHAT_TOPIC_WARNINGS, "kind:user", "block:ana unblock:ana");
  disconnect_other (test, other, feed);
}

/* While the broker can't be reached what is to be said waits; whoever was away looks again. */
static void
test_break (RoleTest *test, gconstpointer shards)
{
  ChatControlFeed *feed;
  ChatTransport *other = connect_other (test, &feed);
  g_autoptr (GString) there = g_string_new (NULL);
  guint refreshed = 0;

  g_signal_connect (feed, "received", G_CALLBACK (received_cb), there);
  g_signal_connect (test->control, "refresh", G_CALLBACK (count_cb), &refreshed);
  chat_loopback_transport_refuse_publishes (test->loopback, 2, CHAT_TRANSPORT_ERROR_OFFLINE);
  chat_control_feed_announce (test->control, CHAT_KIND_RULES, NULL, NULL, NULL);
  chat_control_feed_announce (test->control, CHAT_KIND_CONTROL, NULL, NULL, CHAT_CONTROL_APPEAL);
  wait_for (there, "rules:- control:- ");
  g_assert_cmpuint (refreshed, ==, 0);
  chat_loopback_transport_set_reachable (test->loopback, FALSE);
  chat_loopback_transport_set_reachable (test->loopback, TRUE);
  chat_test_wait_for_count (&refreshed, 1);
  disconnect_other (test, other, feed);
}

/* Blocks that run out */

static void run_sql (RoleTest *test, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
run_sql (RoleTest *test, const char *format, ...)
{
  g_autofree char *path = g_build_filename (test->directory, "store.sqlite", NULL);
  sqlite3 *database;
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *sql = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_busy_timeout (database, 5000), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (database, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (database), ==, SQLITE_OK);
}

static void
block_until (RoleTest *test, const char *user, gint64 until)
{
  run_sql (test,
           "INSERT INTO blocks (user_key, user, since, until, reason) VALUES ('%s', '%s', 1, %" G_GINT64_FORMAT
           ", 'x')",
           user, user, until);
}

/* What an independent reader finds. */
static guint
count_audit (RoleTest *test, const char *action)
{
  g_autofree char *path = g_build_filename (test->directory, "store.sqlite", NULL);
  sqlite3 *database;
  sqlite3_stmt *query;

  g_assert_cmpint (sqlite3_open_v2 (path, &database, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (database, "SELECT count(*) FROM audit WHERE action = ? AND actor IS NULL", -1,
                                       &query, NULL),
                   ==, SQLITE_OK);
  sqlite3_bind_text (query, 1, action, -1, SQLITE_STATIC);
  g_assert_cmpint (sqlite3_step (query), ==, SQLITE_ROW);
  guint count = (guint)sqlite3_column_int (query, 0);
  sqlite3_finalize (query);
  sqlite3_close (database);
  return count;
}

static gboolean
is_free (gpointer list)
{
  return chat_block_list_find (list, "eva", G_MININT64 + 1) == NULL;
}

/* One that ran out while nobody was there, one that runs out now, one that lasts: each of the first two ends once,
 * however many look. */
static void
test_expires (RoleTest *test, gconstpointer shards)
{
  ChatModerationStore *store = chat_store_get_moderation (test->store);
  ChatBlockList *list = chat_block_list_new (test->control, store);
  ChatModerationKeeper *keepers[]
      = { chat_moderation_keeper_new (test->control, store, 0), chat_moderation_keeper_new (test->control, store, 0) };

  gint64 soon = chat_time_now () + 300;

  block_until (test, "ana", 1000);
  block_until (test, "eva", soon);
  block_until (test, "luis", chat_time_now () + G_TIME_SPAN_DAY);
  role_test_start (test, list);
  g_assert_nonnull (chat_block_list_find (list, "eva", soon - 1));
  for (guint i = 0; i < G_N_ELEMENTS (keepers); i++)
    role_test_start (test, keepers[i]);
  role_test_check (test, CHAT_TOPIC_WARNINGS, "kind:user", "unblock:ana unblock:eva");
  chat_test_wait_until (is_free, list, "the end of the block in every list");
  g_assert_cmpuint (count_audit (test, "expire"), ==, 2);
  g_assert_nonnull (chat_block_list_find (list, "luis", chat_time_now ()));
  for (guint i = 0; i < G_N_ELEMENTS (keepers); i++)
    role_test_stop (test, keepers[i]);
  role_test_stop (test, list);
  g_assert_cmpuint (test->failures, ==, 0);
}

static gboolean
is_held (gpointer faults)
{
  return chat_fault_store_get_held (faults) == 1;
}

static gboolean
is_called_twice (gpointer faults)
{
  return chat_fault_store_get_calls (faults) == 2;
}

/* One that is made while the keeper sleeps wakes it. */
static void
test_expires_later (RoleTest *test, gconstpointer shards)
{
  ChatModerationKeeper *keeper = chat_moderation_keeper_new (test->control, chat_store_get_moderation (test->store), 0);

  /* it has looked, and sleeps */
  chat_fault_store_hold (test->faults, TRUE);
  role_test_start (test, keeper);
  chat_test_wait_until (is_held, test->faults, "the keeper's first look");
  chat_fault_store_hold (test->faults, FALSE);
  block_until (test, "ana", chat_time_now () + 200);
  /* it looks in vain, and is told again */
  chat_fault_store_refuse (test->faults, 1, CHAT_STORE_ERROR_BUSY);
  chat_control_feed_announce_block (test->control, "ana", TRUE, NULL);
  chat_test_wait_until (is_called_twice, test->faults, "another look");
  chat_test_run_pending ();
  chat_control_feed_announce_block (test->control, "ana", TRUE, NULL);
  role_test_check (test, CHAT_TOPIC_WARNINGS, "kind:user", "block:ana block:ana unblock:ana");
  role_test_stop (test, keeper);
  g_assert_cmpuint (test->failures, ==, 0);
}

static gboolean
is_forgotten (gpointer data)
{
  RoleTest *test = data;
  g_autoptr (ChatStrike) strike
      = chat_test_call (chat_moderation_store_get_strike, chat_store_get_moderation (test->sqlite), NULL, "old");

  return strike->original == NULL;
}

/* Texts go after their time; that there was a strike stays, and so does what is said of it in the audit log. */
static void
test_originals (RoleTest *test, gconstpointer shards)
{
  ChatModerationStore *store = chat_store_get_moderation (test->sqlite);
  const char *const ids[] = { "old", "new" };
  ChatModerationKeeper *keeper;

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (ChatSpan));
      const ChatStrike strike = { .record_id = (char *)ids[i],
                                  .channel = (char *)"general",
                                  .user = (char *)"ana",
                                  .user_key = (char *)"ana",
                                  .rule = (char *)"es/insults",
                                  .spans = spans,
                                  .original = (char *)"mierda",
                                  .rules_version = (char *)"1",
                                  .timestamp = chat_time_now () - (i == 0 ? 2 : 0) * 60 * 60 * 1000,
                                  .limit = 100 };
      g_autoptr (ChatStrike) answer = chat_test_call (chat_moderation_store_record_strike, store, NULL, &strike);
      g_assert_nonnull (answer);
    }
  keeper = chat_moderation_keeper_new (test->control, chat_store_get_moderation (test->store), 60 * 60 * 1000);
  role_test_start (test, keeper);
  chat_test_wait_until (is_forgotten, test, "the end of the original");
  g_autoptr (ChatStrike) kept = chat_test_call (chat_moderation_store_get_strike, store, NULL, "new");
  g_assert_cmpstr (kept->original, ==, "mierda");
  g_assert_cmpuint (count_audit (test, "strike"), ==, 2);
  role_test_stop (test, keeper);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                                                \
  g_test_add ("/control/" name, RoleTest, GUINT_TO_POINTER (1), role_test_set_up, func, role_test_tear_down)
  ADD ("announces", test_announces);
  ADD ("break", test_break);
  ADD ("expires", test_expires);
  ADD ("expires-later", test_expires_later);
  ADD ("originals", test_originals);
  return g_test_run ();
}
