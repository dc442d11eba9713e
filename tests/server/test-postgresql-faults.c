/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <unistd.h>

#include "chat-test-message.h"
#include "postgresql-test.h"
#include "server/store/postgresql/chat-postgresql-store.h"

/* What becomes of the PostgreSQL store when its server is away, refuses it, is in the way or does not answer. */

/* uri with another password, database, port … */
static char *
replace (const char *uri, const char *what, const char *by)
{
  g_auto (GStrv) parts = g_strsplit (uri, what, 2);

  g_assert_cmpuint (g_strv_length (parts), ==, 2);
  return g_strjoinv (by, parts);
}

static void
refused (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  g_autofree char *password = NULL, *bare = NULL, *database = NULL, *port = NULL, *tls = NULL, *own_port = NULL;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  password = replace (test.uri, chat_test_broker_get (test.server, "password"), "wrong");
  postgresql_test_assert_refused (password, NULL, CHAT_STORE_ERROR_REFUSED, "password authentication failed");
  database = g_strconcat (test.uri, "_other", NULL);
  postgresql_test_assert_refused (database, NULL, CHAT_STORE_ERROR_REFUSED, "make that database");
  tls = g_strdup_printf ("%s?sslmode=verify-ca&sslrootcert=%s", test.uri,
                         chat_test_broker_get (test.server, "other_ca"));
  postgresql_test_assert_refused (tls, NULL, CHAT_STORE_ERROR_REFUSED, "certificate");
  own_port = g_strdup_printf (":%s/", chat_test_broker_get (test.server, "port"));
  port = replace (test.uri, own_port, ":1/");
  postgresql_test_assert_refused (port, NULL, CHAT_STORE_ERROR_BUSY, "can't be reached");
  postgresql_test_assert_refused ("postgresql//secret@nonsense", NULL, CHAT_STORE_ERROR_REFUSED,
                                  "postgresql://USER@HOST");

  bare = replace (test.uri, chat_test_broker_get (test.server, "password"), "");
  postgresql_test_assert_refused (bare, "/nonexistent/password", CHAT_STORE_ERROR_REFUSED, "password_file");
}

/* A password that is in a file, behind TLS. */
static void
let_in (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  g_autofree char *bare = NULL, *uri = NULL, *file = NULL;
  g_autoptr (ChatStore) store = NULL;
  g_autoptr (GError) error = NULL;
  int descriptor;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  bare = replace (test.uri, chat_test_broker_get (test.server, "password"), "");
  uri = g_strdup_printf ("%s?sslmode=verify-ca&sslrootcert=%s", bare, chat_test_broker_get (test.server, "ca"));
  descriptor = g_file_open_tmp (NULL, &file, &error);
  g_assert_no_error (error);
  close (descriptor);
  g_file_set_contents (file, chat_test_broker_get (test.server, "password"), -1, &error);
  g_assert_no_error (error);
  store = chat_postgresql_store_new (uri, file, 2, TRUE);
  chat_test_call (chat_store_open, store, &error);
  g_assert_no_error (error);
  g_assert_cmpint (postgresql_test_append (store, "m-1", NULL), ==, 1);
  chat_test_call (chat_store_close, store, &error);
  g_assert_no_error (error);
  unlink (file);
}

#define END_OTHERS                                                                                                     \
  "SELECT count (pg_terminate_backend (pid)) FROM pg_stat_activity WHERE datname = current_database () "               \
  "AND pid <> pg_backend_pid ()"

/* Connections that were cut while nobody used them are not noticed at all. */
static void
cut_while_idle (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  ChatStore *store;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  store = postgresql_test_store_open (test.uri);
  for (guint i = 1; i <= 3; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);

      postgresql_test_run (&test, END_OTHERS);
      g_assert_cmpint (postgresql_test_append (store, id, NULL), ==, i);
      g_assert_cmpint (postgresql_test_list (store, NULL), ==, i);
    }
  postgresql_test_store_close (store);
}

static void
changed_cb (ChatStore *store, const char *channel, gint64 head, gpointer user_data)
{
  GString *told = user_data;

  g_string_append_printf (told, "%s:%" G_GINT64_FORMAT " ", channel != NULL ? channel : "?", head);
}

static gboolean
is_told (gpointer data)
{
  gpointer *pair = data;

  return strstr (((GString *)pair[0])->str, pair[1]) != NULL;
}

/* Who watches is told that he may have missed something, and goes on being told. */
static void
watch_goes_on (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gpointer missed[] = { told, (gpointer) "?:0 " }, last[] = { told, (gpointer) "general:2 " };
  ChatStore *store;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  store = postgresql_test_store_open (test.uri);
  g_signal_connect (store, "changed", G_CALLBACK (changed_cb), told);
  chat_test_call (chat_store_watch, store, &error);
  g_assert_no_error (error);
  postgresql_test_append (store, "m-1", NULL);
  postgresql_test_run (&test, END_OTHERS);
  chat_test_wait_until (is_told, missed, "that something was missed");
  postgresql_test_append (store, "m-2", NULL);
  chat_test_wait_until (is_told, last, "what came after it");
  postgresql_test_store_close (store);
}

/* Killed with what is confirmed on its disk, and started again: nothing is lost, and nobody has to help. */
static void
killed (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  g_autoptr (GError) error = NULL;
  ChatStore *store;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_PRIVATE | CHAT_TEST_BROKER_DURABLE))
    return;
  store = postgresql_test_store_open (test.uri);
  g_assert_cmpint (postgresql_test_append (store, "m-1", NULL), ==, 1);
  chat_test_broker_kill (test.server, 1);
  g_assert_cmpint (postgresql_test_append (store, "m-2", &error), ==, 0);
  g_assert_true (chat_store_error_is_passing (error));
  g_test_message ("%s", error->message);
  g_clear_error (&error);
  g_assert_cmpint (postgresql_test_list (store, &error), ==, -1);
  g_assert_true (chat_store_error_is_passing (error));
  g_clear_error (&error);

  chat_test_broker_restart (test.server, 1);
  g_assert_cmpint (postgresql_test_append_patiently (store, "m-2"), ==, 2);
  g_assert_cmpint (postgresql_test_append (store, "m-1", NULL), ==, 1);
  postgresql_test_ask (&test, "SELECT string_agg (id, ' ' ORDER BY seq) FROM messages", "m-1 m-2");
  postgresql_test_store_close (store);
}

/* It is there and says nothing: who asks has an answer all the same, and closing does not wait for it. */
static void
paused (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  g_autoptr (GError) error = NULL;
  ChatStore *store;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_PRIVATE))
    return;
  store = postgresql_test_store_open (test.uri);
  g_assert_cmpint (postgresql_test_append (store, "m-1", NULL), ==, 1);
  postgresql_test_run (&test, "ALTER SYSTEM SET tcp_keepalives_idle = 1");
  chat_test_broker_pause (test.server, 1);
  g_assert_cmpint (postgresql_test_append (store, "m-2", &error), ==, 0);
  g_assert_true (chat_store_error_is_passing (error));
  g_test_message ("%s", error->message);
  chat_test_broker_resume (test.server, 1);
  g_assert_cmpint (postgresql_test_append_patiently (store, "m-2"), ==, 2);
  postgresql_test_store_close (store);
}

/* What another transaction was in the way of is run again: the caller hears nothing of it. */
static void
run_again (void)
{
  static const char *const states[] = { "40001", "40P01" };
  g_auto (PostgresqlTest) test = { 0 };
  ChatStore *store;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  store = postgresql_test_store_open (test.uri);
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);
      g_autofree char *sql = g_strdup_printf (
          "DROP SEQUENCE IF EXISTS attempts; CREATE SEQUENCE attempts; GRANT ALL ON attempts TO tertulia;"
          "CREATE OR REPLACE FUNCTION get_in_the_way () RETURNS trigger LANGUAGE plpgsql AS $$ "
          "BEGIN IF nextval ('attempts') <= 2 THEN RAISE EXCEPTION 'in the way' USING ERRCODE = '%s'; "
          "END IF; RETURN NEW; END $$;"
          "CREATE OR REPLACE TRIGGER in_the_way AFTER INSERT ON messages FOR EACH STATEMENT "
          "EXECUTE FUNCTION get_in_the_way ()",
          states[i]);

      postgresql_test_run (&test, sql);
      g_assert_cmpint (postgresql_test_append (store, id, NULL), ==, i + 1);
      postgresql_test_ask (&test, "SELECT last_value FROM attempts", "3");
    }
  postgresql_test_store_close (store);
}

/* A table that somebody holds: it is given up in time, and nobody else's calls with it. */
static void
locked (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  g_autoptr (GError) error = NULL;
  ChatStore *store;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  store = postgresql_test_store_open (test.uri);
  postgresql_test_append (store, "m-1", NULL);
  postgresql_test_run (&test,
                       "CREATE OR REPLACE FUNCTION dawdle () RETURNS trigger LANGUAGE plpgsql AS $$ "
                       "BEGIN PERFORM pg_sleep (10); RETURN NEW; END $$;"
                       "CREATE TRIGGER slow AFTER INSERT ON messages FOR EACH STATEMENT EXECUTE FUNCTION dawdle ()");
  g_assert_cmpint (postgresql_test_append (store, "m-2", &error), ==, 0);
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "too long"));
  g_assert_cmpint (postgresql_test_list (store, NULL), ==, 1);
  postgresql_test_run (&test, "DROP TRIGGER slow ON messages");
  g_assert_cmpint (postgresql_test_append (store, "m-2", NULL), ==, 2);
  postgresql_test_store_close (store);
}

/* Rights that were taken away and come back: it says which, and goes on by itself. */
static void
rights_taken_away (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  g_autoptr (GError) error = NULL;
  ChatStore *store;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  store = postgresql_test_store_open (test.uri);
  postgresql_test_run (&test, "REVOKE INSERT ON messages FROM tertulia");
  g_assert_cmpint (postgresql_test_append (store, "m-1", &error), ==, 0);
  g_assert_true (chat_store_error_is_passing (error));
  g_assert_nonnull (strstr (error->message, "permission denied for table messages"));
  postgresql_test_run (&test, "GRANT INSERT ON messages TO tertulia");
  g_assert_cmpint (postgresql_test_append_patiently (store, "m-1"), ==, 1);
  postgresql_test_store_close (store);
}

static void
keep_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

#define CALLS 4

static gboolean
are_all_answered (gpointer data)
{
  GAsyncResult **results = data;

  for (guint i = 0; i < CALLS; i++)
    if (results[i] == NULL)
      return FALSE;
  return TRUE;
}

/* Calls share a commit; one that the server will not even prepare fails alone. */
static void
fails_alone (void)
{
  g_auto (PostgresqlTest) test = { 0 };
  GAsyncResult *results[CALLS] = { NULL };
  ChatReport report = { .id = (char *)"r-1",
                        .target = (char *)"m-1",
                        .channel = (char *)"general",
                        .user = (char *)"ana",
                        .user_key = (char *)"ana",
                        .time = 1 };
  ChatMessageStore *messages;
  ChatModerationStore *moderation;
  g_autoptr (GError) error = NULL;
  ChatStore *store;

  if (!postgresql_test_init (&test, CHAT_TEST_BROKER_SHARED))
    return;
  store = postgresql_test_store_open (test.uri);
  messages = chat_store_get_messages (store);
  moderation = chat_store_get_moderation (store);
  postgresql_test_run (&test, "ALTER TABLE reports RENAME TO hidden");
  /* the first keeps the connection busy while the others come together */
  for (guint i = 0; i < CALLS; i++)
    if (i == 2)
      chat_moderation_store_add_report_async (moderation, &report, NULL, keep_cb, &results[i]);
    else
      {
        g_autofree char *id = g_strdup_printf ("m-%u", i);
        g_autoptr (GPtrArray) batch = chat_test_messages_new ();

        g_ptr_array_add (batch, chat_test_message_new ("general", id, id, 1));
        chat_message_store_append_async (messages, batch, NULL, keep_cb, &results[i]);
      }
  chat_test_wait_until (are_all_answered, results, "four answers");
  for (guint i = 0; i < CALLS; i++)
    {
      g_autoptr (GAsyncResult) result = results[i];
      g_autoptr (GArray) appended = NULL;

      if (i == 2)
        {
          g_assert_null (chat_moderation_store_add_report_finish (moderation, result, &error));
          g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_DAMAGED);
          g_clear_error (&error);
          continue;
        }
      appended = chat_message_store_append_finish (messages, result, &error);
      g_assert_no_error (error);
    }
  postgresql_test_ask (&test, "SELECT string_agg (id, ' ' ORDER BY seq) FROM messages", "m-0 m-1 m-3");
  postgresql_test_store_close (store);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/postgresql/faults/refused", refused);
  g_test_add_func ("/postgresql/faults/let-in", let_in);
  g_test_add_func ("/postgresql/faults/cut-while-idle", cut_while_idle);
  g_test_add_func ("/postgresql/faults/watch-goes-on", watch_goes_on);
  g_test_add_func ("/postgresql/faults/killed", killed);
  g_test_add_func ("/postgresql/faults/paused", paused);
  g_test_add_func ("/postgresql/faults/run-again", run_again);
  g_test_add_func ("/postgresql/faults/locked", locked);
  g_test_add_func ("/postgresql/faults/fails-alone", fails_alone);
  g_test_add_func ("/postgresql/faults/rights-taken-away", rights_taken_away);
  return g_test_run ();
}
