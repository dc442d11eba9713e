/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log on a disk that is full, broken, locked or damaged: a clear answer, nothing lost, and it goes on by itself. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "chat-test-disk.h"
#include "log-test.h"

#define TOPIC "chat"
#define OUTPUT "chat_controlled"

/* Sooner or later every operation fails. */
#define FOR_GOOD (G_MAXINT / 2)

static const ChatStart earliest = CHAT_START_EARLIEST_INIT;

static gboolean
is_in_state (LogTest *test, ChatTransportState state)
{
  return chat_transport_get_state (test->transport) == state;
}

static gboolean
is_online (gpointer data)
{
  return is_in_state (data, CHAT_TRANSPORT_ONLINE);
}

static gboolean
says_full (gpointer data)
{
  g_autofree char *status = chat_transport_dup_status (((LogTest *)data)->transport);

  return status != NULL && strstr (status, "full") != NULL;
}

static void
assert_status_names (LogTest *test, const char *part)
{
  g_autofree char *status = chat_transport_dup_status (test->transport);

  g_assert_nonnull (strstr (status, part));
  g_assert_nonnull (strstr (status, test->path));
}

/* Each publish waits for the disk; many of them for the same write. */
static void
test_synchronised (gconstpointer data)
{
  ChatTestDisk *disk = (ChatTestDisk *)data;
  g_auto (LogTest) test = { 0 };
  int before;

  log_test_init (&test);
  log_test_open (&test, NULL);
  for (guint i = 0; i < 10; i++)
    {
      before = g_atomic_int_get (&disk->log_syncs);
      g_assert_true (log_test_publish (&test, TOPIC, "general", "x", NULL));
      g_assert_cmpint (g_atomic_int_get (&disk->log_syncs), >, before);
    }
  before = g_atomic_int_get (&disk->log_syncs);
  chat_test_disk_hold (disk);
  log_test_publish_many (&test, TOPIC, "general", "n", 1000);
  g_assert_cmpint (g_atomic_int_get (&disk->log_syncs) - before, <=, 1000 / 8);
}

/* No room: FULL, and nothing of it is there; with room it works again, also without anybody trying. */
static void
test_full (gconstpointer data)
{
  ChatTestDisk *disk = (ChatTestDisk *)data;
  g_auto (LogTest) test = { 0 };
  g_autoptr (LogReader) reader = NULL, output = NULL;
  g_autoptr (GError) error = NULL;

  log_test_init (&test);
  log_test_open (&test, NULL);
  reader = log_reader_new_group (&test, TOPIC, "moderator");
  output = log_reader_new (&test, OUTPUT, &earliest);
  log_test_publish_many (&test, TOPIC, "general", "n", 5);
  log_reader_wait (reader, 5);

  chat_test_disk_fail (disk, 1, FOR_GOOD, SQLITE_FULL);
  g_assert_false (log_test_publish (&test, TOPIC, "general", "n5", &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL);
  g_clear_error (&error);
  g_assert_true (is_in_state (&test, CHAT_TRANSPORT_DEGRADED));
  assert_status_names (&test, "full");
  g_assert_false (log_reader_forward (&test, reader, 5, OUTPUT, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL);
  g_clear_error (&error);
  g_assert_cmpuint (reader->count, ==, 5);

  chat_test_disk_fail (disk, 0, 0, SQLITE_OK);
  chat_test_wait_until (is_online, &test, "the log to see that there is room");
  g_assert_true (log_reader_forward (&test, reader, 5, OUTPUT, &error));
  g_assert_true (log_test_publish (&test, TOPIC, "general", "n5", &error));
  log_reader_wait (reader, 6);
  log_reader_wait (output, 5);
  g_assert_cmpuint (output->count, ==, 5);
  for (guint i = 0; i < 6; i++)
    g_assert_cmpint (chat_record_get_offset (g_ptr_array_index (reader->records, i)), ==, i);
}

/* No room for a log at all: it waits for it. */
static void
test_full_at_first (gconstpointer data)
{
  ChatTestDisk *disk = (ChatTestDisk *)data;
  g_auto (LogTest) test = { 0 };
  GAsyncResult *awaited = NULL;

  log_test_init (&test);
  test.transport = chat_log_transport_new (test.path, NULL);
  chat_test_disk_fail (disk, 1, FOR_GOOD, SQLITE_FULL);
  chat_transport_connect_async (test.transport, NULL, chat_test_result_cb, &awaited);
  chat_test_wait_until (says_full, &test, "the status to say that the disk is full");
  assert_status_names (&test, "full");
  g_assert_true (is_in_state (&test, CHAT_TRANSPORT_CONNECTING));
  g_assert_null (awaited);
  chat_test_disk_fail (disk, 0, 0, SQLITE_OK);
  {
    g_autoptr (GAsyncResult) result = chat_test_await (&awaited, "a connect with room");
    g_autoptr (GError) error = NULL;

    g_assert_true (chat_transport_connect_finish (test.transport, result, &error));
  }
  g_assert_true (log_test_publish (&test, TOPIC, "general", "x", NULL));
}

/* Another program holds the file. */
static void
test_locked (gconstpointer data)
{
  g_auto (LogTest) test = { 0 };
  g_autoptr (GError) error = NULL;
  sqlite3 *other;

  log_test_init (&test);
  log_test_open (&test, NULL);
  g_assert_true (log_test_publish (&test, TOPIC, "general", "n0", NULL));
  g_assert_cmpint (sqlite3_open (test.path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_false (log_test_publish (&test, TOPIC, "general", "lost", &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
  g_assert_nonnull (strstr (error->message, "locked"));
  g_assert_true (is_in_state (&test, CHAT_TRANSPORT_DEGRADED));
  g_assert_cmpint (sqlite3_exec (other, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  chat_test_wait_until (is_online, &test, "the log to see that it is not locked");
  g_assert_true (log_test_publish (&test, TOPIC, "general", "n1", NULL));
  sqlite3_close (other);
}

/* What can't be read ends its reader, and only that. */
static void
test_damaged (gconstpointer data)
{
  g_auto (LogTest) test = { 0 };
  g_autoptr (LogReader) reader = NULL;
  g_autofree char *garbage = g_strnfill (4096, 'Z');
  GStatBuf info;
  int fd;

  log_test_init (&test);
  log_test_open (&test, NULL);
  log_test_publish_many (&test, TOPIC, "general", "some text that fills the pages of a file, record ", 9000);
  log_test_close (&test);

  g_assert_cmpint (g_stat (test.path, &info), ==, 0);
  fd = g_open (test.path, O_WRONLY, 0);
  for (off_t page = 20; page < info.st_size / 4096 / 2; page++)
    g_assert_cmpint (pwrite (fd, garbage, 4096, page * 4096), ==, 4096);
  g_close (fd, NULL);

  log_test_open (&test, NULL);
  reader = log_reader_new (&test, TOPIC, &earliest);
  chat_test_wait_count (&reader->closed, 1, "a reader of damaged pages to be closed");
  g_assert_error (reader->error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DAMAGED);
  g_assert_nonnull (strstr (reader->error->message, test.path));
  g_assert_true (log_test_publish (&test, TOPIC, "general", "the end is whole", NULL));
}

/* A life of a log, with a fault at its n-th operation on the disk, for every n. */

#define STEPS 6
#define IN_STEP 4

typedef struct
{
  gboolean published[STEPS * IN_STEP];
  guint forwarded; /* inputs */
  guint errors;
} Ledger;

static gboolean
settle (LogTest *test, Ledger *ledger, gboolean done, GError **error)
{
  if (done)
    {
      g_assert_no_error (*error);
      return TRUE;
    }
  g_assert_nonnull (*error);
  g_assert_true ((*error)->domain == CHAT_TRANSPORT_ERROR);
  g_assert_nonnull (strstr ((*error)->message, test->path));
  g_clear_error (error);
  ledger->errors++;
  return FALSE;
}

/* Publishes what is not confirmed yet, a few at a time. */
static void
publish_step (LogTest *test, Ledger *ledger, guint step)
{
  GAsyncResult *awaited[IN_STEP] = { NULL };

  for (guint i = 0; i < IN_STEP; i++)
    {
      guint number = step * IN_STEP + i;
      g_autofree char *text = g_strdup_printf ("%u-%0*d", number, 1500, 0);
      g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
      g_autoptr (ChatRecord) record = chat_record_new (TOPIC, "general", bytes);

      if (!ledger->published[number])
        chat_transport_publish_async (test->transport, record, NULL, chat_test_result_cb, &awaited[i]);
    }
  for (guint i = 0; i < IN_STEP; i++)
    {
      guint number = step * IN_STEP + i;
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;

      if (ledger->published[number])
        continue;
      result = chat_test_await (&awaited[i], "a publish");
      ledger->published[number]
          = settle (test, ledger, chat_transport_publish_finish (test->transport, result, &error), &error);
    }
}

static gboolean
may_connect (LogTest *test, Ledger *ledger)
{
  g_autoptr (GError) error = NULL;

  /* An error for good: a person would look at it and try again. */
  for (guint attempt = 0; attempt < 3; attempt++)
    {
      if (settle (test, ledger, chat_test_call (chat_transport_connect, test->transport, &error), &error))
        return TRUE;
    }
  return FALSE;
}

/* Publishes, and forwards what comes, until it is done or the disk will not have it. */
static void
live (LogTest *test, Ledger *ledger)
{
  const char *topics[] = { TOPIC, NULL };
  const ChatStart start = { CHAT_START_GROUP, NULL, 0, "moderator" };
  g_autoptr (ChatSubscription) subscription = NULL;
  g_autoptr (GError) error = NULL;

  test->transport = chat_log_transport_new (test->path, NULL);
  if (may_connect (test, ledger))
    {
      for (guint step = 0; step < STEPS; step++)
        publish_step (test, ledger, step);
      subscription = chat_test_call (chat_transport_subscribe, test->transport, &error, topics, NULL, &start);
      settle (test, ledger, subscription != NULL, &error);
    }
  if (subscription != NULL)
    {
      gint64 waiting;
      LogReader *reader;

      chat_subscription_get_lag (subscription, &waiting, NULL);
      g_clear_object (&subscription);
      reader = log_reader_new_group (test, TOPIC, "moderator");
      while (reader->count < waiting && reader->closed == 0)
        g_main_context_iteration (NULL, TRUE);
      if (settle (test, ledger, log_reader_forward (test, reader, reader->count, OUTPUT, &error), &error))
        ledger->forwarded += reader->count;
      log_reader_free (reader);
    }
  chat_test_call (chat_transport_close, test->transport, NULL);
  g_assert_finalize_object (test->transport);
  test->transport = NULL;
}

static gint64
ask_number (LogTest *test, const char *sql)
{
  g_autofree char *answer = log_test_ask (test->path, sql);

  return g_ascii_strtoll (answer, NULL, 10);
}

/* Everything is there once; outputs are as many as inputs were acknowledged, and in their order. */
static void
check_ledger (LogTest *test, const Ledger *ledger)
{
  gint64 acknowledged;

  for (guint number = 0; number < STEPS * IN_STEP; number++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM log WHERE topic = '" TOPIC
                                              "' AND CAST(payload AS TEXT) LIKE '%u-%%'",
                                              number);

      g_assert_true (ledger->published[number]);
      g_assert_cmpint (ask_number (test, sql), ==, 1);
    }
  acknowledged = ask_number (test, "SELECT next FROM cursors");
  g_assert_cmpint (acknowledged, ==, STEPS * IN_STEP);
  g_assert_cmpuint (ledger->forwarded, ==, STEPS * IN_STEP);
  g_assert_cmpint (ask_number (test, "SELECT count(*) FROM log WHERE topic = '" OUTPUT "'"), ==, acknowledged);
  g_assert_cmpint (ask_number (test,
                               "SELECT count(*) FROM log i JOIN log o ON i.\"offset\" = o.\"offset\""
                               " AND i.payload = o.payload WHERE i.topic = '" TOPIC "' AND o.topic = '" OUTPUT "'"),
                   ==, acknowledged);
}

static void
sweep (ChatTestDisk *disk, int code, guint least)
{
  int step = g_getenv ("TERTULIA_TEST_FULL") != NULL ? 1 : 5;
  guint lives = 0;
  gboolean met = TRUE;

  for (int n = 1; met; n += step)
    {
      g_auto (LogTest) test = { 0 };
      Ledger ledger = { { FALSE }, 0, 0 };
      g_autofree char *verdict = NULL;

      log_test_init (&test);
      chat_test_disk_fail (disk, n, 1, code);
      live (&test, &ledger);
      met = g_atomic_int_get (&disk->operations) >= n;
      chat_test_disk_fail (disk, 0, 0, SQLITE_OK);
      lives += ledger.errors > 0;
      ledger.errors = 0;
      live (&test, &ledger);
      g_assert_cmpuint (ledger.errors, ==, 0);
      check_ledger (&test, &ledger);
      verdict = log_test_ask (test.path, "PRAGMA integrity_check");
      g_assert_cmpstr (verdict, ==, "ok");
    }
  g_assert_cmpuint (lives, >=, least);
}

static void
test_sweep_full (gconstpointer data)
{
  sweep ((ChatTestDisk *)data, SQLITE_FULL, 5);
}

static void
test_sweep_broken (gconstpointer data)
{
  sweep ((ChatTestDisk *)data, SQLITE_IOERR, 5);
}

int
main (int argc, char **argv)
{
  ChatTestDisk disk = { 0 };
  int status;

  g_test_init (&argc, &argv, NULL);
  chat_test_disk_insert (&disk);
  g_test_add_data_func ("/log/faults/synchronised", &disk, test_synchronised);
  g_test_add_data_func ("/log/faults/full", &disk, test_full);
  g_test_add_data_func ("/log/faults/full-at-first", &disk, test_full_at_first);
  g_test_add_data_func ("/log/faults/locked", &disk, test_locked);
  g_test_add_data_func ("/log/faults/damaged", &disk, test_damaged);
  g_test_add_data_func ("/log/faults/sweep-full", &disk, test_sweep_full);
  g_test_add_data_func ("/log/faults/sweep-broken", &disk, test_sweep_broken);
  status = g_test_run ();
  chat_test_disk_remove (&disk);
  return status;
}
