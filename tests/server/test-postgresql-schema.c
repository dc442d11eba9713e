/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-test-message.h"
#include "core/chat-time.h"
#include "postgresql-test.h"

/* What the PostgreSQL store's tables promise beyond the contract: migrations, whose they are, what may not be changed.
 */

#define VERSION "3"
#define STORES 6

#define COUNT_TABLES "SELECT count (*) FROM pg_tables WHERE schemaname = 'public'"

static void
made (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  ChatStore *store;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  store = postgresql_test_store_open (test.uri);
  postgresql_test_ask (&test, "SELECT version FROM tertulia_schema", VERSION);
  g_assert_cmpint (postgresql_test_append (store, "m-1", NULL), ==, 1);
  postgresql_test_store_close (store);

  /* nothing is made anew */
  store = postgresql_test_store_open (test.uri);
  g_assert_cmpint (postgresql_test_list (store, NULL), ==, 1);
  postgresql_test_ask (&test, "SELECT version FROM tertulia_schema", VERSION);
  postgresql_test_store_close (store);
}

/* Several processes start at once: one makes the tables. */
static void
made_once (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  GAsyncResult *opened[STORES] = { NULL };
  ChatStore *stores[STORES];

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  for (guint i = 0; i < STORES; i++)
    {
      stores[i] = postgresql_test_store_new (test.uri);
      chat_store_open_async (stores[i], NULL, chat_test_result_cb, &opened[i]);
    }
  for (guint i = 0; i < STORES; i++)
    {
      g_autoptr (GAsyncResult) result = chat_test_await (&opened[i], "an open");
      g_autoptr (GError) error = NULL;

      chat_store_open_finish (stores[i], result, &error);
      g_assert_no_error (error);
    }
  postgresql_test_ask (&test, "SELECT version FROM tertulia_schema", VERSION);
  for (guint i = 0; i < STORES; i++)
    postgresql_test_store_close (stores[i]);
}

static void
too_new (void)
{
  g_auto (PostgresqlTest) test = { 0 };

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  postgresql_test_store_close (postgresql_test_store_open (test.uri));
  postgresql_test_run (&test, "UPDATE tertulia_schema SET version = 99");
  postgresql_test_assert_refused (test.uri, NULL, CHAT_STORE_ERROR_TOO_NEW, "schema 99, this one knows up to " VERSION);
  postgresql_test_ask (&test, "SELECT version FROM tertulia_schema", "99");
}

static void
of_another_program (void)
{
  g_auto (PostgresqlTest) test = { 0 };

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  postgresql_test_run (&test, "CREATE TABLE messages (subject text)");
  postgresql_test_assert_refused (test.uri, NULL, CHAT_STORE_ERROR_CONFLICT, "another program's tables");
  postgresql_test_ask (&test, COUNT_TABLES, "1");
}

/* Half a schema is none: what fails is undone. */
static void
undone (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  g_autoptr (ChatStore) store = NULL;
  g_autoptr (GError) error = NULL;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  postgresql_test_run (&test, "CREATE TABLE strike_counters (of_whom text)");
  store = postgresql_test_store_new (test.uri);
  g_assert_false (chat_test_call (chat_store_open, store, &error));
  g_assert_nonnull (error);
  postgresql_test_ask (&test, COUNT_TABLES, "1");

  postgresql_test_run (&test, "DROP TABLE strike_counters");
  g_clear_error (&error);
  chat_test_call (chat_store_open, store, &error);
  g_assert_no_error (error);
  chat_test_call (chat_store_close, store, &error);
  g_assert_no_error (error);
}

static void
wrong_place (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  g_autofree char *latin = NULL, *uri = NULL, *nowhere = NULL;
  g_autofree char *sql = NULL;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  latin = g_strconcat (test.database, "_latin", NULL);
  sql = g_strdup_printf ("CREATE DATABASE \"%s\" OWNER tertulia TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
                         latin);
  postgresql_test_run (&test, sql);
  uri = g_strconcat (test.uri, "_latin", NULL);
  postgresql_test_assert_refused (uri, NULL, CHAT_STORE_ERROR_REFUSED, "ENCODING 'UTF8'");

  nowhere = g_strconcat (test.uri, "?options=-csearch_path%3Dnowhere", NULL);
  postgresql_test_assert_refused (nowhere, NULL, CHAT_STORE_ERROR_REFUSED, "schema");
}

static void
audit_is_kept (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  const ChatAuditEntry entry = { .time = 1, .action = (char *)"test" };
  g_autoptr (GError) error = NULL;
  ChatStore *store;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  store = postgresql_test_store_open (test.uri);
  chat_test_call (chat_moderation_store_add_audit, chat_store_get_moderation (store), &error, &entry);
  g_assert_no_error (error);
  for (guint i = 0; i < 3; i++)
    {
      static const char *const changes[] = { "UPDATE audit SET actor = 'eve'", "DELETE FROM audit", "TRUNCATE audit" };
      g_autofree char *sql
          = g_strdup_printf ("DO $$ BEGIN %s; EXCEPTION WHEN raise_exception THEN RETURN; END $$", changes[i]);

      postgresql_test_run (&test, sql);
    }
  postgresql_test_ask (&test, "SELECT count (*) FROM audit WHERE actor IS NULL", "1");
  postgresql_test_store_close (store);
}

/* A word may be longer than a lexeme can be, a text longer than a tsvector likes, an id of anything. */
static void
awkward_texts (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  g_autofree char *word = g_strnfill (8000, 'x');
  g_autofree char *wide = NULL, *other = NULL;
  g_autoptr (GString) many = g_string_new (NULL);
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (ChatSearchPage) page = NULL;
  g_autoptr (ChatAccount) account = NULL;
  g_autoptr (GError) error = NULL;
  ChatSearch search = { .since = CHAT_TIME_UNKNOWN, .until = CHAT_TIME_UNKNOWN, .limit = 10 };
  ChatStore *store;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  store = postgresql_test_store_open (test.uri);
  for (guint i = 0; i < 2000; i++)
    g_string_append (many, "𝔘𝔘 ");
  wide = g_strdup_printf ("%s\\t\\N\\.\n\t\r\\", many->str);
  g_ptr_array_add (batch, chat_test_message_new ("general", "{\"a\\b\",NULL}", word, 1));
  g_ptr_array_add (batch, chat_test_message_new ("general", "\\.\n\\N\t", wide, 2));
  g_ptr_array_add (batch, chat_test_message_new ("general", "NULL", "'quoted' \\ & | ! <-> :*", 3));
  results = chat_test_call (chat_message_store_append, chat_store_get_messages (store), &error, batch);
  g_assert_no_error (error);
  g_assert_cmpint (g_array_index (results, ChatAppendResult, 2).seq, ==, 3);
  postgresql_test_ask (&test,
                       "SELECT count (*) FROM messages WHERE id IN (E'\\\\.\\n\\\\N\\t', 'NULL', E'{\"a\\\\b\",NULL}')",
                       "3");

  search.text = word;
  page = chat_test_call (chat_message_store_search, chat_store_get_messages (store), &error, &search);
  g_assert_no_error (error);
  g_assert_cmpuint (page->messages->len, ==, 1);
  g_assert_cmpint (chat_message_get_seq (page->messages->pdata[0]), ==, 1);

  /* what is no UTF-8 is refused before the server sees it, and nothing else with it */
  account = chat_test_call (chat_user_store_get_account, chat_store_get_users (store), &error, "\xff\xfe");
  g_assert_null (account);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (postgresql_test_append (store, "after", NULL), ==, 4);
  postgresql_test_store_close (store);
}

static void
append_batch (ChatStore *store, guint number)
{
  g_autoptr (GPtrArray) batch = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 64; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u-%u", number, i);

      g_ptr_array_add (batch, chat_test_message_new ("general", id, "planned", number * 64 + i));
    }
  results = chat_test_call (chat_message_store_append, chat_store_get_messages (store), &error, batch);
  g_assert_no_error (error);
}

/* Statements are planned while there is next to nothing in the tables, and the plans are kept: they have to be good for
 * what is in them later. */
static void
planned_early (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  ChatStore *store;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  store = postgresql_test_store_open (test.uri);
  g_assert_cmpint (postgresql_test_append (store, "first", NULL), ==, 1);
  postgresql_test_run (&test, "ANALYZE");
  for (guint i = 0; i < 10; i++)
    append_batch (store, i);
  postgresql_test_run (&test, "SELECT pg_stat_reset ()");
  for (guint i = 10; i < 20; i++)
    append_batch (store, i);
  postgresql_test_store_close (store);
  /* what a connection did is counted once it is gone */
  postgresql_test_run (&test, "SELECT pg_terminate_backend (pid, 10000) FROM pg_stat_activity"
                              " WHERE datname = current_database () AND pid <> pg_backend_pid ()");
  postgresql_test_ask (&test, "SELECT idx_scan > 0 FROM pg_stat_user_tables WHERE relname = 'messages'", "t");
  postgresql_test_ask (&test, "SELECT seq_scan < 10 FROM pg_stat_user_tables WHERE relname = 'messages'", "t");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/postgresql/schema/made", made);
  g_test_add_func ("/postgresql/schema/made-once", made_once);
  g_test_add_func ("/postgresql/schema/too-new", too_new);
  g_test_add_func ("/postgresql/schema/of-another-program", of_another_program);
  g_test_add_func ("/postgresql/schema/undone", undone);
  g_test_add_func ("/postgresql/schema/wrong-place", wrong_place);
  g_test_add_func ("/postgresql/schema/audit-is-kept", audit_is_kept);
  g_test_add_func ("/postgresql/schema/awkward-texts", awkward_texts);
  g_test_add_func ("/postgresql/schema/planned-early", planned_early);
  return g_test_run ();
}
