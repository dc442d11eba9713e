/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the log promises beyond the contract of the transports: its file, its retention, its memory. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "log-test.h"

#define TOPIC "chat"

static const ChatStart earliest = CHAT_START_EARLIEST_INIT;

/* The file */

static void
test_file (void)
{
  g_auto (LogTest) test = { 0 };
  g_autofree char *deep = NULL, *kept = NULL, *count = NULL, *row = NULL;
  GStatBuf info;

  log_test_init (&test);
  deep = g_build_filename (test.folder, "a", "b", "log", NULL);
  kept = g_strdup (test.path);
  g_free (test.path);
  test.path = g_steal_pointer (&deep);
  log_test_open (&test, NULL);
  g_assert_cmpint (g_stat (test.path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
  g_assert_true (log_test_publish (&test, TOPIC, "general", "hola", NULL));

  /* a person with a shell can read it, while it is in use */
  count = log_test_ask (test.path, "SELECT count(*) FROM log");
  g_assert_cmpstr (count, ==, "1");
  row = log_test_ask (test.path,
                      "SELECT topic || '|' || shard || '|' || \"offset\" || '|' || key || '|' || payload FROM log");
  g_assert_cmpstr (row, ==, "chat|0|0|general|hola");
}

static void
assert_refused (LogTest *test, ChatTransportError code, const char *part)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (log_test_try (test->path, &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, (gint)code);
  g_assert_nonnull (strstr (error->message, test->path));
  g_assert_nonnull (strstr (error->message, part));
}

static void
assert_untouched (LogTest *test, ChatTransportError code, const char *part)
{
  g_autofree char *before = NULL, *after = NULL;
  g_autoptr (GDir) dir = NULL;
  gsize before_size, after_size;
  guint files = 0;

  g_assert_true (g_file_get_contents (test->path, &before, &before_size, NULL));
  assert_refused (test, code, part);
  g_assert_true (g_file_get_contents (test->path, &after, &after_size, NULL));
  g_assert_cmpmem (before, before_size, after, after_size);
  dir = g_dir_open (test->folder, 0, NULL);
  while (g_dir_read_name (dir) != NULL)
    files++;
  g_assert_cmpuint (files, ==, 1);
}

static void
test_newer (void)
{
  g_auto (LogTest) test = { 0 };
  g_autofree char *lock = NULL;

  log_test_init (&test);
  log_test_open (&test, NULL);
  log_test_close (&test);
  log_test_do (test.path, "PRAGMA user_version = 2");
  lock = g_strconcat (test.path, ".lock", NULL);
  g_unlink (lock);
  assert_untouched (&test, CHAT_TRANSPORT_ERROR_DAMAGED, "newer");
}

static void
test_foreign (void)
{
  g_auto (LogTest) test = { 0 };

  log_test_init (&test);
  log_test_do (test.path, "PRAGMA application_id = 77; CREATE TABLE notes (text)");
  assert_untouched (&test, CHAT_TRANSPORT_ERROR_DAMAGED, "another program");
  log_test_do (test.path, "PRAGMA application_id = 0");
  assert_refused (&test, CHAT_TRANSPORT_ERROR_DAMAGED, "another program");
}

static void
test_not_sqlite (void)
{
  static const char *const contents[]
      = { "x", "This is a letter to my aunt. It goes on for a while, and it never was a "
               "database, whatever its name may say about it." };
  g_auto (LogTest) test = { 0 };

  log_test_init (&test);
  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      g_assert_true (g_file_set_contents (test.path, contents[i], -1, NULL));
      assert_untouched (&test, CHAT_TRANSPORT_ERROR_DAMAGED, "damaged");
    }
  /* an empty file is a new log */
  g_assert_true (g_file_set_contents (test.path, "", 0, NULL));
  g_assert_true (log_test_try (test.path, NULL));
}

static void
test_in_use (void)
{
  g_auto (LogTest) test = { 0 };
  g_autofree char *pid = g_strdup_printf ("%ld", (long)getpid ());

  log_test_init (&test);
  log_test_open (&test, NULL);
  assert_refused (&test, CHAT_TRANSPORT_ERROR_DENIED, pid);
  g_assert_true (log_test_publish (&test, TOPIC, "general", "still mine", NULL));
  log_test_close (&test);
  g_assert_true (log_test_try (test.path, NULL));
}

/* Permissions hold for root, too, while it is somebody else. */
static void
test_denied (void)
{
  g_auto (LogTest) test = { 0 };
  gboolean root = geteuid () == 0;
  const uid_t nobody = 65534;
  g_autofree char *lock = NULL;
  g_autofree char *index = NULL;

  log_test_init (&test);
  g_assert_true (log_test_try (test.path, NULL));
  lock = g_strconcat (test.path, ".lock", NULL);
  index = g_strconcat (test.path, "-shm", NULL);
  g_chmod (test.path, 0444);
  g_chmod (test.folder, 0555);
  if (root)
    g_assert_cmpint (seteuid (nobody), ==, 0);
  assert_refused (&test, CHAT_TRANSPORT_ERROR_DENIED, "permissions");
  if (root)
    g_assert_cmpint (seteuid (0), ==, 0);

  /* files beside it, left in a folder that can be written, would have the wrong rights for ever */
  g_chmod (test.folder, 0777);
  g_chmod (lock, 0666);
  if (root)
    g_assert_cmpint (seteuid (nobody), ==, 0);
  assert_refused (&test, CHAT_TRANSPORT_ERROR_DENIED, "permissions");
  g_assert_false (g_file_test (index, G_FILE_TEST_EXISTS));
  if (root)
    g_assert_cmpint (seteuid (0), ==, 0);
  g_chmod (test.folder, 0755);
  g_chmod (test.path, 0644);
  g_assert_true (log_test_try (test.path, NULL));

  g_unlink (test.path);
  g_mkdir (test.path, 0755);
  assert_refused (&test, CHAT_TRANSPORT_ERROR_DENIED, "directory");
}

/* How many shards a topic has is the file's to say. */
static void
test_shards_are_fixed (void)
{
  g_auto (LogTest) test = { 0 };
  const ChatLogOptions three = { .shards = 3, .batch = 64 }, one = { .shards = 1, .batch = 64 };
  g_autofree char *shards = NULL;

  log_test_init (&test);
  log_test_open (&test, &three);
  log_test_close (&test);
  log_test_open (&test, &one);
  for (guint i = 0; i < 24; i++)
    {
      g_autofree char *key = g_strdup_printf ("key-%u", i);

      g_assert_true (log_test_publish (&test, TOPIC, key, "x", NULL));
    }
  shards = log_test_ask (test.path, "SELECT count(DISTINCT shard) FROM log");
  g_assert_cmpstr (shards, ==, "3");
}

static void
test_rejected (void)
{
  g_auto (LogTest) test = { 0 };
  g_autofree char *long_name = g_strnfill (256, 'x');
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (ChatRecord) heavy = chat_record_new (TOPIC, "general", bytes);
  g_autofree char *header = g_strnfill (70000, 'h');
  g_autoptr (GError) error = NULL;

  log_test_init (&test);
  log_test_open (&test, NULL);
  g_assert_false (log_test_publish (&test, long_name, "general", "x", &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED);
  g_clear_error (&error);
  g_assert_false (log_test_publish (&test, "", "general", "x", &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED);
  g_clear_error (&error);
  g_assert_false (log_test_publish (&test, TOPIC, long_name, "x", &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED);
  g_clear_error (&error);
  chat_record_set_header (heavy, "h", header);
  g_assert_false (chat_test_call (chat_transport_publish, test.transport, &error, heavy));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED);
}

/* Retention */

static void
retain (LogTest *test)
{
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_log_transport_retain, CHAT_LOG_TRANSPORT (test->transport), &error);
  g_assert_no_error (error);
}

static void
assert_left (LogTest *test, const char *count)
{
  g_autofree char *left = log_test_ask (test->path, "SELECT count(*) FROM records");

  g_assert_cmpstr (left, ==, count);
}

/* As if what the file holds had been published an hour earlier. */
static void
let_an_hour_pass (LogTest *test)
{
  log_test_do (test->path, "UPDATE records SET time = time - 3600000");
}

static void
test_retention_age (void)
{
  g_auto (LogTest) test = { 0 };
  const ChatLogOptions options = { .shards = 1, .retention_ms = 600000, .batch = 512 };
  g_autofree char *offset = NULL;
  LogReader *reader;

  log_test_init (&test);
  log_test_open (&test, &options);
  log_test_publish_many (&test, TOPIC, "general", "old", 3000);
  let_an_hour_pass (&test);
  log_test_publish_many (&test, TOPIC, "general", "new", 5);
  retain (&test);
  assert_left (&test, "5");
  reader = log_reader_new (&test, TOPIC, &earliest);
  log_reader_wait (reader, 5);
  g_assert_cmpuint (reader->gaps, ==, 0);
  log_reader_free (reader);

  /* nothing is left, and offsets go on all the same, also in another run */
  let_an_hour_pass (&test);
  retain (&test);
  assert_left (&test, "0");
  log_test_close (&test);
  log_test_open (&test, &options);
  log_test_publish_many (&test, TOPIC, "general", "later", 1);
  offset = log_test_ask (test.path, "SELECT \"offset\" FROM log");
  g_assert_cmpstr (offset, ==, "3005");
}

static void
test_retention_bytes (void)
{
  g_auto (LogTest) test = { 0 };
  const ChatLogOptions options = { .shards = 2, .retention_bytes = 100 * 10, .batch = 512 };
  g_autofree char *text = g_strnfill (9, 'x'), *bytes = NULL, *gone = NULL;

  log_test_init (&test);
  log_test_open (&test, &options);
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *key = g_strdup_printf ("key-%u", i);

      log_test_publish_many (&test, TOPIC, key, text, 10);
    }
  log_test_publish_many (&test, "quiet", "general", text, 10);
  retain (&test);
  bytes = log_test_ask (test.path, "SELECT sum(length(payload)) FROM log WHERE topic = 'chat'");
  g_assert_cmpint (g_ascii_strtoll (bytes, NULL, 10), <=, 1000);
  g_assert_cmpint (g_ascii_strtoll (bytes, NULL, 10), >=, 900);
  gone = log_test_ask (test.path, "SELECT min(first) > 0 FROM shards WHERE topic = 'chat'");
  g_assert_cmpstr (gone, ==, "1");
  g_free (gone);
  gone = log_test_ask (test.path, "SELECT max(first) FROM shards WHERE topic = 'quiet'");
  g_assert_cmpstr (gone, ==, "0");
}

/* What a group has not acknowledged stays, whether its member is there or not. */
static void
test_retention_group (void)
{
  g_auto (LogTest) test = { 0 };
  const ChatLogOptions options = { .shards = 1, .retention_ms = 1, .batch = 512 };
  LogReader *reader;

  log_test_init (&test);
  log_test_open (&test, &options);
  reader = log_reader_new_group (&test, TOPIC, "archiver");
  log_test_publish_many (&test, TOPIC, "general", "n", 100);
  log_reader_wait (reader, 100);
  chat_test_run_for (10);
  retain (&test);
  assert_left (&test, "100");
  g_assert_true (log_reader_forward (&test, reader, 30, NULL, NULL));
  log_reader_free (reader);
  retain (&test);
  assert_left (&test, "70");

  log_test_close (&test);
  log_test_open (&test, &options);
  retain (&test);
  assert_left (&test, "70");
  reader = log_reader_new_group (&test, TOPIC, "archiver");
  log_reader_wait (reader, 70);
  g_assert_true (log_reader_forward (&test, reader, 70, NULL, NULL));
  g_assert_cmpuint (reader->gaps, ==, 0);
  log_reader_free (reader);
  retain (&test);
  assert_left (&test, "0");
}

static gboolean
forget (LogTest *test, const char *group, gboolean *known, GError **error)
{
  return chat_test_call_out (chat_log_transport_forget_group, CHAT_LOG_TRANSPORT (test->transport), known, error,
                             group);
}

/* A group that is forgotten keeps nothing from retention; the others do. */
static void
test_retention_forgotten (void)
{
  g_auto (LogTest) test = { 0 };
  const ChatLogOptions options = { .shards = 2, .retention_ms = 1, .batch = 512 };
  g_autoptr (GError) error = NULL;
  gboolean known;
  LogReader *reader, *other;

  log_test_init (&test);
  log_test_open (&test, &options);
  reader = log_reader_new_group (&test, TOPIC, "eco");
  other = log_reader_new_group (&test, TOPIC, "archiver");
  log_test_publish_many (&test, TOPIC, "general", "n", 100);
  log_reader_wait (other, 100);
  g_assert_true (log_reader_forward (&test, other, 60, NULL, NULL));
  g_assert_false (forget (&test, "eco", &known, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  log_reader_free (reader);
  log_reader_free (other);
  chat_test_run_for (10);
  retain (&test);
  assert_left (&test, "100");

  g_assert_true (forget (&test, "eco", &known, NULL));
  g_assert_true (known);
  g_assert_true (forget (&test, "eco", &known, NULL));
  g_assert_false (known);
  retain (&test);
  assert_left (&test, "40");
  log_test_close (&test);
  log_test_open (&test, &options);
  g_assert_true (forget (&test, "eco", &known, NULL));
  g_assert_false (known);
}

/* A reader that is slower than retention is told what it missed, in its place. */
static void
test_retention_overtakes (void)
{
  g_auto (LogTest) test = { 0 };
  const ChatLogOptions options = { .shards = 1, .retention_bytes = 8 * 100, .batch = 512 };
  g_autoptr (LogReader) reader = NULL;
  g_autofree char *text = NULL;
  const ChatStart live = CHAT_START_LIVE_INIT;

  log_test_init (&test);
  log_test_open (&test, &options);
  reader = log_reader_new (&test, TOPIC, &live);
  chat_subscription_pause (reader->subscription);
  for (guint i = 0; i < 10; i++)
    log_test_publish_many (&test, TOPIC, "general", "1234567", 100 / 10);
  log_test_publish_many (&test, TOPIC, "general", "abcdefg", 10);
  log_test_publish_many (&test, TOPIC, "general", "hijklmn", 10);
  retain (&test);
  chat_subscription_resume (reader->subscription);
  log_reader_wait (reader, 100);
  g_assert_cmpuint (reader->gaps, ==, 1);
  g_assert_cmpint (reader->gap_from, ==, 0);
  g_assert_cmpint (reader->gap_to, ==, 20);
  g_assert_cmpuint (reader->count, ==, 100);
  g_assert_cmpint (chat_record_get_offset (g_ptr_array_index (reader->records, 0)), ==, 20);
}

/* Rows that are gone before this process knows of it are a gap, too, and where all are gone it is all of it. */
static void
test_gone (void)
{
  g_auto (LogTest) test = { 0 };
  LogReader *reader;

  log_test_init (&test);
  log_test_open (&test, NULL);
  log_test_publish_many (&test, TOPIC, "general", "n", 6000);
  log_test_do (test.path, "DELETE FROM records WHERE place & 0xffffffffff < 100");
  reader = log_reader_new (&test, TOPIC, &earliest);
  log_reader_wait (reader, 5900);
  g_assert_cmpuint (reader->gaps, ==, 1);
  g_assert_cmpint (reader->gap_from, ==, 0);
  g_assert_cmpint (reader->gap_to, ==, 100);
  g_assert_cmpint (chat_record_get_offset (g_ptr_array_index (reader->records, 0)), ==, 100);
  log_reader_free (reader);

  log_test_close (&test);
  log_test_open (&test, NULL);
  log_test_do (test.path, "DELETE FROM records");
  reader = log_reader_new (&test, TOPIC, &earliest);
  log_test_publish_many (&test, TOPIC, "general", "m", 1);
  log_reader_wait (reader, 1);
  g_assert_cmpuint (reader->gaps, ==, 1);
  g_assert_cmpint (reader->gap_to, ==, 6000);
  log_reader_free (reader);
}

/* Memory and file */

/* Far behind the tail in memory: the file serves, in order, until the reader is live again. */
static void
test_behind (void)
{
  g_auto (LogTest) test = { 0 };
  g_autoptr (LogReader) reader = NULL;
  const guint count = 12000;

  log_test_init (&test);
  log_test_open (&test, NULL);
  log_test_publish_many (&test, TOPIC, "general", "n", count);
  reader = log_reader_new (&test, TOPIC, &earliest);
  log_reader_wait (reader, 1000);
  log_test_publish_many (&test, TOPIC, "general", "m", 500);
  log_reader_wait (reader, count + 500);
  for (guint i = 0; i < reader->count; i++)
    {
      g_autofree char *text = log_reader_text (reader, i);
      g_autofree char *wanted = g_strdup_printf (i < count ? "n%u" : "m%u", i < count ? i : i - count);

      g_assert_cmpint (chat_record_get_offset (g_ptr_array_index (reader->records, i)), ==, i);
      g_assert_cmpstr (text, ==, wanted);
    }
}

static gboolean
is_at_the_end (gpointer subscription)
{
  gint64 lag;

  chat_subscription_get_lag (subscription, &lag, NULL);
  return lag == 0;
}

/* A filter that fits almost nothing does not stop a reader of the file, and what it skips it has behind it. */
static void
test_behind_filtered (void)
{
  g_auto (LogTest) test = { 0 };
  const char *topics[] = { TOPIC, NULL }, *channels[] = { "rare", NULL };
  g_autoptr (ChatSubscription) subscription = NULL;
  g_autoptr (ChatPosition) position = NULL;

  log_test_init (&test);
  log_test_open (&test, NULL);
  log_test_publish_many (&test, TOPIC, "rare", "first", 1);
  log_test_publish_many (&test, TOPIC, "general", "n", 12000);
  subscription = chat_test_call (chat_transport_subscribe, test.transport, NULL, topics, channels, &earliest);
  chat_test_wait_until (is_at_the_end, subscription, "a filtered reader at the end");
  position = chat_subscription_dup_position (subscription);
  g_assert_cmpint (chat_position_get (position, TOPIC, "0"), ==, 12001);
  chat_test_call (chat_subscription_close, subscription, NULL);
}

/* What was being read from the file when the reader was moved is not delivered any more. */
static void
test_behind_seek (void)
{
  g_auto (LogTest) test = { 0 };
  const ChatStart live = CHAT_START_LIVE_INIT;
  g_autoptr (LogReader) reader = NULL;

  log_test_init (&test);
  log_test_open (&test, NULL);
  log_test_publish_many (&test, TOPIC, "general", "n", 9000);
  reader = log_reader_new (&test, TOPIC, &live);
  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *text = NULL;
      guint before;

      g_assert_true (chat_test_call (chat_transport_seek, test.transport, NULL, reader->subscription, &earliest));
      for (guint j = 0; j < i; j++)
        g_main_context_iteration (NULL, FALSE);
      g_assert_true (chat_test_call (chat_transport_seek, test.transport, NULL, reader->subscription, &live));
      before = reader->count;
      g_assert_true (log_test_publish (&test, TOPIC, "general", "live", NULL));
      log_reader_wait (reader, before + 1);
      chat_test_run_pending ();
      g_assert_cmpuint (reader->count, ==, before + 1);
      text = log_reader_text (reader, before);
      g_assert_cmpstr (text, ==, "live");
    }
}

/* Records that are large: the tail is bounded in bytes, and so is a read. */
static void
test_large (void)
{
  g_auto (LogTest) test = { 0 };
  g_autoptr (LogReader) reader = NULL;
  g_autofree char *text = g_strnfill (200000, 'x');

  log_test_init (&test);
  log_test_open (&test, NULL);
  log_test_publish_many (&test, TOPIC, "general", text, 40);
  reader = log_reader_new (&test, TOPIC, &earliest);
  log_reader_wait (reader, 40);
  for (guint i = 0; i < 40; i++)
    g_assert_cmpint (chat_record_get_offset (g_ptr_array_index (reader->records, i)), ==, i);
}

/* Dropped without a close: what was published is kept, nothing hangs, nobody is told. */
static void
test_dropped (void)
{
  g_auto (LogTest) test = { 0 };
  g_autofree char *count = NULL;
  GAsyncResult *result = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (ChatRecord) record = chat_record_new (TOPIC, "general", bytes);

  log_test_init (&test);
  log_test_open (&test, NULL);
  chat_transport_publish_async (test.transport, record, NULL, chat_test_result_cb, &result);
  g_clear_object (&test.transport);
  {
    g_autoptr (GAsyncResult) answer = chat_test_await (&result, "a publish");
  }
  chat_test_run_pending ();
  count = log_test_ask (test.path, "SELECT count(*) FROM log");
  g_assert_cmpstr (count, ==, "1");
  g_assert_true (log_test_try (test.path, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/log/file", test_file);
  g_test_add_func ("/log/newer", test_newer);
  g_test_add_func ("/log/foreign", test_foreign);
  g_test_add_func ("/log/not-sqlite", test_not_sqlite);
  g_test_add_func ("/log/in-use", test_in_use);
  g_test_add_func ("/log/denied", test_denied);
  g_test_add_func ("/log/shards-are-fixed", test_shards_are_fixed);
  g_test_add_func ("/log/rejected", test_rejected);
  g_test_add_func ("/log/retention/age", test_retention_age);
  g_test_add_func ("/log/retention/bytes", test_retention_bytes);
  g_test_add_func ("/log/retention/group", test_retention_group);
  g_test_add_func ("/log/retention/forgotten", test_retention_forgotten);
  g_test_add_func ("/log/retention/overtakes", test_retention_overtakes);
  g_test_add_func ("/log/retention/gone", test_gone);
  g_test_add_func ("/log/behind", test_behind);
  g_test_add_func ("/log/behind-filtered", test_behind_filtered);
  g_test_add_func ("/log/behind-seek", test_behind_seek);
  g_test_add_func ("/log/large", test_large);
  g_test_add_func ("/log/dropped", test_dropped);
  return g_test_run ();
}
