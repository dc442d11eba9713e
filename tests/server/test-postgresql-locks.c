/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "chat-test-message.h"
#include "postgresql-test.h"
#include "server/store/postgresql/chat-postgresql-store.h"

/* Two processes on one database: what one of them waits for is nothing that the other waits behind. */

/* gives up a lock before PostgreSQL looks for deadlocks (deadlock_timeout, a second) */
#define PATIENCE 1800 /* ms: half of it for a lock */

static ChatStore *
open_store (const char *uri, guint timeout)
{
  ChatStore *store = g_object_new (CHAT_TYPE_POSTGRESQL_STORE, "uri", uri, "timeout", timeout, NULL);
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_store_open, store, &error);
  g_assert_no_error (error);
  return store;
}

static void
append_async (ChatStore *store, const char *channel, const char *id, const char *const *authors, GAsyncResult **result)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();

  for (guint i = 0; authors[i] != NULL; i++)
    {
      g_autofree char *own_id = g_strdup_printf ("%s-%u", id, i);
      ChatMessage *message = chat_test_message_new (channel, own_id, own_id, 1);

      chat_message_set_author (message, authors[i]);
      g_ptr_array_add (batch, message);
    }
  chat_message_store_append_async (chat_store_get_messages (store), batch, NULL, chat_test_result_cb, result);
}

static void
assert_appended (ChatStore *store, GAsyncResult **awaited)
{
  g_autoptr (GAsyncResult) result = chat_test_await (awaited, "an append");
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = chat_message_store_append_finish (chat_store_get_messages (store), result, &error);

  g_assert_no_error (error);
  g_assert_nonnull (results);
}

/* The same people write for the first time, in another order, in channels that are stored by different archivers. */
static void
new_authors (void)
{
  static const char *const some[] = { "zoe", "mia", "ana", NULL };
  static const char *const same[] = { "ana", "mia", "zoe", NULL };
  g_auto (PostgresqlTest) test = { 0 };
  GAsyncResult *results[2] = { NULL, NULL };
  ChatStore *one, *other;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  one = open_store (test.uri, PATIENCE);
  other = open_store (test.uri, PATIENCE);
  postgresql_test_run (&test, "CREATE FUNCTION dawdle () RETURNS trigger LANGUAGE plpgsql AS $$ "
                              "BEGIN PERFORM pg_sleep (0.1); RETURN NEW; END $$;"
                              "CREATE TRIGGER slow BEFORE INSERT ON authors FOR EACH ROW EXECUTE FUNCTION dawdle ()");
  append_async (one, "soporte", "s", some, &results[0]);
  append_async (other, "general", "g", same, &results[1]);
  assert_appended (one, &results[0]);
  assert_appended (other, &results[1]);
  postgresql_test_ask (&test, "SELECT string_agg (\"user\", ' ' ORDER BY \"user\") FROM authors WHERE number > 0",
                       "ana mia zoe");
  postgresql_test_ask (&test, "SELECT count (*) FROM messages JOIN authors ON authors.number = author", "6");
  postgresql_test_store_close (one);
  postgresql_test_store_close (other);
}

static void
wait_until_asleep (PostgresqlTest *test)
{
  gint64 deadline = g_get_monotonic_time () + chat_test_get_deadline_ms () * G_TIME_SPAN_MILLISECOND;
  char *asleep = NULL;

  do
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_free (asleep);
      asleep = chat_test_broker_tell (test->server, "sql", test->database,
                                      "SELECT count (*) FROM pg_stat_activity "
                                      "WHERE datname = current_database () AND wait_event = 'PgSleep'",
                                      NULL);
    }
  while (atoi (asleep) == 0);
  g_free (asleep);
}

/* Readiness is asked of every process: a long transaction of one does not make the others unready. */
static void
readiness_of_others (void)
{
  static const char *const ana[] = { "ana", NULL };
  g_auto (PostgresqlTest) test = { 0 };
  GAsyncResult *first = NULL, *checked = NULL, *slow = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  ChatStore *one, *other;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  one = open_store (test.uri, 10000);
  other = open_store (test.uri, PATIENCE);
  chat_test_call (chat_store_check, one, &error);
  g_assert_no_error (error);
  postgresql_test_run (&test, "CREATE FUNCTION dawdle () RETURNS trigger LANGUAGE plpgsql AS $$ "
                              "BEGIN PERFORM pg_sleep (2); RETURN NEW; END $$;"
                              "CREATE TRIGGER slow AFTER INSERT ON messages FOR EACH ROW WHEN (NEW.id = 'slow-0') "
                              "EXECUTE FUNCTION dawdle ()");
  /* the first keeps the connection busy while the others come together */
  append_async (one, "general", "first", ana, &first);
  chat_store_check_async (one, NULL, chat_test_result_cb, &checked);
  append_async (one, "general", "slow", ana, &slow);
  wait_until_asleep (&test);
  chat_test_call (chat_store_check, other, &error);
  g_assert_no_error (error);
  assert_appended (one, &first);
  result = chat_test_await (&checked, "a check");
  g_assert_true (chat_store_check_finish (one, result, &error));
  assert_appended (one, &slow);
  postgresql_test_store_close (one);
  postgresql_test_store_close (other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/postgresql/locks/new-authors", new_authors);
  g_test_add_func ("/postgresql/locks/readiness-of-others", readiness_of_others);
  return g_test_run ();
}
