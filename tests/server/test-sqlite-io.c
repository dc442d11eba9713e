/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "chat-test-disk.h"
#include "sqlite-test.h"

/* A disk that fails on demand (ChatTestDisk) lets the n-th operation on a file fail. Whatever n is, the store answers
 * with a clear error, and what it had confirmed is there afterwards, once and in order. It also sees whether a commit
 * was synchronised before it was confirmed. */

/* A life of a store */

#define STEPS 8
#define BATCH 3

/** Ledger: what the store has confirmed. */
typedef struct
{
  gboolean appended[STEPS];
  gboolean struck;
  guint errors;
} Ledger;

/* whether it went well; an error is one that the fault explains */
static gboolean
settle (Ledger *ledger, gboolean done, GError **error, const char *path)
{
  if (done)
    {
      g_assert_no_error (*error);
      return TRUE;
    }
  g_assert_true ((*error)->domain == CHAT_STORE_ERROR);
  g_assert_true ((*error)->code == CHAT_STORE_ERROR_FULL || (*error)->code == CHAT_STORE_ERROR_READ_ONLY
                 || (*error)->code == CHAT_STORE_ERROR_BUSY);
  g_assert_nonnull (strstr ((*error)->message, path));
  g_clear_error (error);
  ledger->errors++;
  return FALSE;
}

static gboolean
append_step (ChatStore *store, guint step, GError **error)
{
  g_autoptr (GPtrArray) messages = chat_test_messages_new ();
  g_autoptr (GArray) results = NULL;
  g_autofree char *text = g_strnfill (3000, 'x');

  for (guint i = 0; i < BATCH; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u-%u", step, i);

      g_ptr_array_add (messages, chat_test_message_new ("general", id, text, step));
    }
  results = chat_test_call (chat_message_store_append, chat_store_get_messages (store), error, messages);
  return results != NULL;
}

static gboolean
strike_once (ChatStore *store, GError **error)
{
  ChatStrike strike = { .record_id = (char *)"m-0-0",
                        .channel = (char *)"general",
                        .user = (char *)"ana",
                        .user_key = (char *)"ana",
                        .rule = (char *)"es/insults",
                        .original = (char *)"words",
                        .limit = 1 };
  g_autoptr (ChatStrike) answer
      = chat_test_call (chat_moderation_store_record_strike, chat_store_get_moderation (store), error, &strike);

  return answer != NULL;
}

/* Opens, appends, strikes and reads; goes on after an error, as the server does. */
static void
live (const char *path, Ledger *ledger)
{
  ChatStore *store = sqlite_test_store_new (path);
  g_autoptr (GError) error = NULL;

  for (guint attempt = 0; attempt < 3; attempt++)
    if (settle (ledger, chat_test_call (chat_store_open, store, &error), &error, path))
      break;
  for (guint step = 0; step < STEPS; step++)
    {
      if (ledger->appended[step])
        continue;
      if (!append_step (store, step, &error) && g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED))
        break; /* it never opened */
      ledger->appended[step] = settle (ledger, error == NULL, &error, path);
      settle (ledger, sqlite_test_list (store, &error) >= 0, &error, path);
    }
  if (!g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED))
    ledger->struck = settle (ledger, strike_once (store, &error), &error, path);
  sqlite_test_store_close (store);
}

static void
check_ledger (const char *path, const Ledger *ledger)
{
  guint count = 0;

  for (guint step = 0; step < STEPS; step++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT count (*) FROM messages WHERE id LIKE 'm-%u-%%'", step);
      g_autofree char *found = sqlite_test_ask (path, sql);

      /* what failed is there as a whole or not at all */
      if (ledger->appended[step] || !g_str_equal (found, "0"))
        g_assert_cmpstr (found, ==, G_STRINGIFY (BATCH));
      count += (guint)g_ascii_strtoull (found, NULL, 10);
    }
  if (count > 0)
    {
      g_autofree char *order = sqlite_test_ask (path, "SELECT min (seq) = 1 AND max (seq) = count (*) AND max (seq) = "
                                                      "(SELECT head FROM channels) FROM messages");

      g_assert_cmpstr (order, ==, "1");
    }
}

/* Fails the n-th operation, and @count in all, for every n until a life passes without meeting one (in a short run for
 * every seventh). Returns: how many lives met with an error */
static guint
sweep (ChatTestDisk *disk, int code, int count)
{
  int step = g_getenv ("TERTULIA_TEST_FULL") != NULL ? 1 : 7;
  guint lives = 0;
  gboolean met = TRUE;

  for (int n = 1; met; n += step)
    {
      g_auto (SqliteTest) test = { 0 };
      Ledger ledger = { 0 };
      g_autofree char *verdict = NULL;
      g_autofree char *strikes = NULL;

      sqlite_test_init (&test);
      chat_test_disk_fail (disk, n, count, code);
      live (test.path, &ledger);
      met = g_atomic_int_get (&disk->operations) >= n;

      /* the disk is mended: all goes well, and what was confirmed before is there */
      chat_test_disk_fail (disk, 0, 0, SQLITE_OK);
      lives += ledger.errors > 0;
      ledger.errors = 0;
      live (test.path, &ledger);
      g_assert_cmpuint (ledger.errors, ==, 0);
      check_ledger (test.path, &ledger);
      verdict = sqlite_test_ask (test.path, "PRAGMA integrity_check");
      g_assert_cmpstr (verdict, ==, "ok");
      strikes = sqlite_test_ask (test.path, "SELECT strike, blocked FROM strikes");
      g_assert_cmpstr (strikes, ==, "1|1");
    }
  return lives;
}

static void
full_for_a_moment (gconstpointer data)
{
  g_assert_cmpuint (sweep ((ChatTestDisk *)data, SQLITE_FULL, 1), >, 20);
}

static void
full_for_good (gconstpointer data)
{
  g_assert_cmpuint (sweep ((ChatTestDisk *)data, SQLITE_FULL, G_MAXINT / 2), >, 20);
}

static void
broken_for_a_moment (gconstpointer data)
{
  g_assert_cmpuint (sweep ((ChatTestDisk *)data, SQLITE_IOERR, 1), >, 40);
}

static void
broken_for_good (gconstpointer data)
{
  g_assert_cmpuint (sweep ((ChatTestDisk *)data, SQLITE_IOERR, G_MAXINT / 2), >, 40);
}

/* synchronous=FULL: no call is answered before the write-ahead log is on the disk. */
static void
synchronised (gconstpointer data)
{
  ChatTestDisk *disk = (ChatTestDisk *)data;
  g_auto (SqliteTest) test = { 0 };
  ChatStore *store;
  g_autoptr (GError) error = NULL;

  sqlite_test_init (&test);
  store = sqlite_test_store_open (test.path);
  for (guint step = 0; step < 5; step++)
    {
      int before = g_atomic_int_get (&disk->log_syncs);

      g_assert_true (append_step (store, step, &error));
      g_assert_cmpint (g_atomic_int_get (&disk->log_syncs), >, before);
      before = g_atomic_int_get (&disk->log_syncs);
      g_assert_true (chat_test_call (chat_store_check, store, &error));
      g_assert_cmpint (g_atomic_int_get (&disk->log_syncs), >, before);
    }
  sqlite_test_store_close (store);
}

/* Calls that wait together share a commit: many small ones cost few synchronisations. */
static void
shared_commits (gconstpointer data)
{
  enum
  {
    CALLS = 320
  };
  ChatTestDisk *disk = (ChatTestDisk *)data;
  g_auto (SqliteTest) test = { 0 };
  GAsyncResult *awaited[CALLS] = { NULL };
  ChatMessageStore *messages;
  ChatStore *store;
  int before;

  sqlite_test_init (&test);
  store = sqlite_test_store_open (test.path);
  messages = chat_store_get_messages (store);
  before = g_atomic_int_get (&disk->log_syncs);
  chat_test_disk_hold (disk);
  for (guint i = 0; i < CALLS; i++)
    {
      g_autofree char *id = g_strdup_printf ("m-%u", i);
      g_autoptr (GPtrArray) batch = chat_test_messages_new ();

      g_ptr_array_add (batch, chat_test_message_new ("general", id, id, 1));
      chat_message_store_append_async (messages, batch, NULL, chat_test_result_cb, &awaited[i]);
    }
  for (guint i = 0; i < CALLS; i++)
    {
      g_autoptr (GAsyncResult) result = chat_test_await (&awaited[i], "an append");
      g_autoptr (GArray) results = chat_message_store_append_finish (messages, result, NULL);

      g_assert_nonnull (results);
    }
  g_assert_cmpint (g_atomic_int_get (&disk->log_syncs) - before, <, CALLS / 8);
  sqlite_test_store_close (store);
}

int
main (int argc, char **argv)
{
  ChatTestDisk disk = { 0 };
  int status;

  g_test_init (&argc, &argv, NULL);
  chat_test_disk_insert (&disk);
  g_test_add_data_func ("/sqlite/io/synchronised", &disk, synchronised);
  g_test_add_data_func ("/sqlite/io/shared-commits", &disk, shared_commits);
  g_test_add_data_func ("/sqlite/io/full-for-a-moment", &disk, full_for_a_moment);
  g_test_add_data_func ("/sqlite/io/full-for-good", &disk, full_for_good);
  g_test_add_data_func ("/sqlite/io/broken-for-a-moment", &disk, broken_for_a_moment);
  g_test_add_data_func ("/sqlite/io/broken-for-good", &disk, broken_for_good);
  status = g_test_run ();
  chat_test_disk_remove (&disk);
  return status;
}
