/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "sqlite-test.h"

/* A store whose file is locked, full, read-only, damaged, somebody else's or in the wrong place: the right code, a
 * message that names the file, nothing lost, and on it goes once the cause is gone. */

#define NOBODY 65534

/* Locked */

static void
locked_while_open (void)
{
  g_auto (SqliteTest) test = { 0 };
  ChatStore *store;
  sqlite3 *other;
  g_autoptr (GError) error = NULL;

  sqlite_test_init (&test);
  sqlite_test_fill (test.path, 3);
  store = sqlite_test_store_open (test.path);
  other = sqlite_test_handle (test.path);
  for (guint round = 0; round < 2; round++)
    {
      g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
      g_assert_cmpint (sqlite_test_append (store, "m-4", &error), ==, 0);
      g_assert_true (chat_store_error_is_passing (error));
      sqlite_test_assert_code (&error, CHAT_STORE_ERROR_BUSY, test.path);
      g_assert_false (chat_test_call (chat_store_check, store, &error));
      sqlite_test_assert_code (&error, CHAT_STORE_ERROR_BUSY, test.path);
      g_assert_cmpint (sqlite_test_list (store, &error), ==, 3 + (int)round);

      g_assert_cmpint (sqlite3_exec (other, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
      g_assert_cmpint (sqlite_test_append (store, "m-4", &error), ==, 4);
      g_assert_true (chat_test_call (chat_store_check, store, &error));
      g_assert_no_error (error);
    }
  sqlite3_close (other);
  sqlite_test_store_close (store);
}

static void
locked_when_opened (void)
{
  g_auto (SqliteTest) test = { 0 };
  ChatStore *store;
  sqlite3 *other;
  g_autoptr (GError) error = NULL;

  sqlite_test_init (&test);
  sqlite_test_fill (test.path, 3);
  other = sqlite_test_handle (test.path);
  g_assert_cmpint (sqlite3_exec (other, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT", NULL, NULL, NULL),
                   ==, SQLITE_OK);

  store = sqlite_test_store_new (test.path);
  for (guint round = 0; round < 2; round++)
    {
      g_assert_false (chat_test_call (chat_store_open, store, &error));
      g_assert_true (chat_store_error_is_passing (error));
      sqlite_test_assert_code (&error, CHAT_STORE_ERROR_BUSY, test.path);
    }
  sqlite3_close (other);
  g_assert_true (chat_test_call (chat_store_open, store, &error));
  g_assert_no_error (error);
  g_assert_cmpint (sqlite_test_append (store, "m-4", &error), ==, 4);
  sqlite_test_store_close (store);
}

/* Full */

static void
limit_file_size (rlim_t bytes)
{
  struct rlimit limit;

  getrlimit (RLIMIT_FSIZE, &limit);
  limit.rlim_cur = MIN (bytes, limit.rlim_max);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

static void
fill_up (SqliteTest *test)
{
  ChatStore *store = sqlite_test_store_open (test->path);
  g_autofree char *text = g_strnfill (8000, 'x');
  g_autoptr (GArray) results = NULL;
  g_autoptr (GError) error = NULL;
  guint stored = 0;

  limit_file_size (1024 * 1024);
  do
    {
      g_autoptr (GPtrArray) messages = chat_test_messages_new ();
      g_autofree char *id = g_strdup_printf ("m-%u", stored + 1);

      g_clear_pointer (&results, g_array_unref);
      g_ptr_array_add (messages, chat_test_message_new ("general", id, text, 1));
      results = chat_test_call (chat_message_store_append, chat_store_get_messages (store), &error, messages);
      stored += results != NULL;
    }
  while (results != NULL && stored < 1000);
  g_assert_true (chat_store_error_is_passing (error));
  sqlite_test_assert_code (&error, CHAT_STORE_ERROR_FULL, test->path);
  g_assert_cmpuint (stored, >, 5);

  /* what is there can be read, and goes on when there is room */
  g_assert_cmpint (sqlite_test_list (store, &error), ==, stored);
  limit_file_size (RLIM_INFINITY);
  g_assert_cmpint (sqlite_test_append (store, "more", &error), ==, stored + 1);
  g_assert_no_error (error);
  sqlite_test_store_close (store);
}

static void
full (void)
{
  g_auto (SqliteTest) test = { 0 };
  g_autofree char *verdict = NULL;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      return;
    }

  signal (SIGXFSZ, SIG_IGN);
  sqlite_test_init (&test);
  fill_up (&test);
  verdict = sqlite_test_ask (test.path, "PRAGMA integrity_check; SELECT max (seq) = count (*) FROM messages");
  g_assert_cmpstr (verdict, ==, "ok\n1");
}

/* Not to be written */

/* As somebody who is not allowed everything: the tests may run as root. */
static gboolean
run_as_nobody (void)
{
  if (g_test_subprocess ())
    return TRUE;
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  return FALSE;
}

static void
become_nobody (SqliteTest *test)
{
  if (geteuid () != 0)
    return;
  if (g_file_test (test->path, G_FILE_TEST_EXISTS))
    g_assert_cmpint (chown (test->path, NOBODY, NOBODY), ==, 0);
  g_assert_cmpint (chown (test->directory, NOBODY, NOBODY), ==, 0);
  g_assert_cmpint (setregid (NOBODY, NOBODY), ==, 0);
  g_assert_cmpint (setreuid (NOBODY, NOBODY), ==, 0);
}

static void
read_only_file (void)
{
  g_auto (SqliteTest) test = { 0 };

  if (!run_as_nobody ())
    return;
  sqlite_test_init (&test);
  sqlite_test_fill (test.path, 3);
  g_chmod (test.path, 0400);
  become_nobody (&test);
  sqlite_test_assert_refused (test.path, CHAT_STORE_ERROR_READ_ONLY);
  g_chmod (test.path, 0);
  sqlite_test_assert_refused (test.path, CHAT_STORE_ERROR_READ_ONLY);

  /* once that is put right all is well: no file was left beside it that has the wrong rights */
  g_chmod (test.path, 0600);
  sqlite_test_store_close (sqlite_test_store_open (test.path));
}

static void
read_only_directory (void)
{
  g_auto (SqliteTest) test = { 0 };
  g_autofree char *below = NULL;

  if (!run_as_nobody ())
    return;
  sqlite_test_init (&test);
  sqlite_test_fill (test.path, 3);
  become_nobody (&test);
  g_chmod (test.directory, 0500);
  sqlite_test_assert_refused (test.path, CHAT_STORE_ERROR_READ_ONLY);

  /* what is not there yet can't be made in it */
  below = g_build_filename (test.directory, "other.db", NULL);
  sqlite_test_assert_refused (below, CHAT_STORE_ERROR_READ_ONLY);
  g_free (below);
  below = g_build_filename (test.directory, "new", "store.db", NULL);
  sqlite_test_assert_refused (below, CHAT_STORE_ERROR_READ_ONLY);

  g_chmod (test.directory, 0);
  sqlite_test_assert_refused (test.path, CHAT_STORE_ERROR_READ_ONLY);
}

/* The wrong place */

static void
no_file (void)
{
  g_auto (SqliteTest) test = { 0 };
  g_autofree char *below = NULL;

  sqlite_test_init (&test);
  sqlite_test_assert_refused (test.directory, CHAT_STORE_ERROR_READ_ONLY);
  g_assert_cmpint (mkfifo (test.path, 0600), ==, 0);
  sqlite_test_assert_refused (test.path, CHAT_STORE_ERROR_READ_ONLY);

  /* a directory that is a file */
  below = g_build_filename (test.path, "store.db", NULL);
  sqlite_test_assert_refused (below, CHAT_STORE_ERROR_READ_ONLY);
  g_unlink (test.path);

  /* a link that leads nowhere */
  g_assert_cmpint (symlink ("nowhere", test.path), ==, 0);
  sqlite_test_assert_refused (test.path, CHAT_STORE_ERROR_READ_ONLY);
}

static mode_t
mode_of (const char *path)
{
  struct stat status;

  g_assert_cmpint (stat (path, &status), ==, 0);
  return status.st_mode & 0777;
}

/* What is made is nobody else's to read, however generous the umask is. */
static void
private_files (void)
{
  static const char *const suffixes[] = { "", "-wal", "-shm" };
  g_auto (SqliteTest) test = { 0 };
  g_autofree char *outer = NULL;
  g_autofree char *inner = NULL;
  g_autofree char *path = NULL;
  mode_t mask = umask (0);
  ChatStore *store;

  sqlite_test_init (&test);
  outer = g_build_filename (test.directory, "a", NULL);
  inner = g_build_filename (outer, "b", NULL);
  path = g_build_filename (inner, "store.db", NULL);
  store = sqlite_test_store_open (path);
  g_assert_cmpint (sqlite_test_append (store, "m-1", NULL), ==, 1);
  g_assert_cmpint (mode_of (outer), ==, 0700);
  g_assert_cmpint (mode_of (inner), ==, 0700);
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *file = g_strconcat (path, suffixes[i], NULL);

      g_assert_cmpint (mode_of (file), ==, 0600);
    }
  sqlite_test_store_close (store);

  /* a mode that somebody chose stays */
  g_chmod (path, 0640);
  sqlite_test_store_close (sqlite_test_store_open (path));
  g_assert_cmpint (mode_of (path), ==, 0640);
  umask (mask);
}

/* SQLite gives some names a meaning of their own; here they are files like others. */
static void
odd_names (void)
{
  static const char *const names[] = { ":memory:", "file:x?mode=memory", "a b'\"%é.db" };
  g_auto (SqliteTest) test = { 0 };
  g_autofree char *before = g_get_current_dir ();

  sqlite_test_init (&test);
  g_assert_cmpint (g_chdir (test.directory), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      sqlite_test_fill (names[i], 2);
      g_assert_true (g_file_test (names[i], G_FILE_TEST_IS_REGULAR));
    }
  g_assert_cmpint (g_chdir (before), ==, 0);
}

/* Not ours, or not ours any more */

static char *
read_bytes (const char *path, gsize *length)
{
  char *bytes = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &bytes, length, &error);
  g_assert_no_error (error);
  return bytes;
}

static void
assert_untouched (const char *path, ChatStoreError code)
{
  gsize before_length, after_length;
  g_autofree char *before = read_bytes (path, &before_length);
  g_autofree char *after = NULL;

  sqlite_test_assert_refused (path, code);
  after = read_bytes (path, &after_length);
  g_assert_cmpmem (before, before_length, after, after_length);
}

static void
too_new (void)
{
  g_auto (SqliteTest) test = { 0 };

  sqlite_test_init (&test);
  sqlite_test_fill (test.path, 3);
  g_assert_cmpint (sqlite_test_sql (test.path, "PRAGMA user_version = 99"), ==, SQLITE_OK);
  assert_untouched (test.path, CHAT_STORE_ERROR_TOO_NEW);
}

static void
copy (const char *from, const char *to)
{
  gsize length;
  g_autofree char *bytes = read_bytes (from, &length);

  g_assert_true (g_file_set_contents (to, bytes, length, NULL));
}

/* A later version that was killed leaves what it wrote beside the file: that stays as well. */
static void
too_new_in_the_log (void)
{
  g_auto (SqliteTest) test = { 0 };
  g_autofree char *log = NULL;
  g_autofree char *killed = NULL;
  g_autofree char *killed_log = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize before_length, after_length;
  sqlite3 *other;

  sqlite_test_init (&test);
  log = g_strconcat (test.path, "-wal", NULL);
  killed = g_build_filename (test.directory, "killed.db", NULL);
  killed_log = g_strconcat (killed, "-wal", NULL);
  sqlite_test_fill (test.path, 3);
  other = sqlite_test_handle (test.path);
  g_assert_cmpint (sqlite3_exec (other, "PRAGMA user_version = 99", NULL, NULL, NULL), ==, SQLITE_OK);
  copy (test.path, killed);
  copy (log, killed_log);
  sqlite3_close (other);

  before = read_bytes (killed_log, &before_length);
  assert_untouched (killed, CHAT_STORE_ERROR_TOO_NEW);
  after = read_bytes (killed_log, &after_length);
  g_assert_cmpuint (before_length, >, 0);
  g_assert_cmpmem (before, before_length, after, after_length);
}

static void
another_programs (void)
{
  g_auto (SqliteTest) test = { 0 };

  sqlite_test_init (&test);
  g_assert_cmpint (sqlite_test_sql (test.path, "CREATE TABLE messages (a)"), ==, SQLITE_OK);
  assert_untouched (test.path, CHAT_STORE_ERROR_CONFLICT);
  g_assert_cmpint (sqlite_test_sql (test.path, "PRAGMA application_id = 7; PRAGMA user_version = 2"), ==, SQLITE_OK);
  assert_untouched (test.path, CHAT_STORE_ERROR_CONFLICT);
}

/* Damaged */

static void
garbage (void)
{
  g_auto (SqliteTest) test = { 0 };
  g_autofree char *text = g_strnfill (100000, 'x');

  sqlite_test_init (&test);
  for (gsize length = 1; length <= 100000; length *= 10)
    {
      g_assert_true (g_file_set_contents (test.path, text, (gssize)length, NULL));
      assert_untouched (test.path, CHAT_STORE_ERROR_DAMAGED);
    }
}

/* an empty file is a database in which nothing is yet */
static void
empty (void)
{
  g_auto (SqliteTest) test = { 0 };

  sqlite_test_init (&test);
  g_assert_true (g_file_set_contents (test.path, "", 0, NULL));
  sqlite_test_fill (test.path, 3);
}

/* A database with something in every table. */
static void
fill_all (const char *path, guint count)
{
  ChatSessionInfo session = { .id = (char *)"s-1",
                              .user = (char *)"ana",
                              .user_key = (char *)"ana",
                              .token_hash = (char *)"t-1",
                              .since = 1,
                              .lease = 2,
                              .expires = 3 };
  ChatStrike strike = { .record_id = (char *)"m-1",
                        .channel = (char *)"general",
                        .user = (char *)"ana",
                        .user_key = (char *)"ana",
                        .rule = (char *)"es/insults",
                        .original = (char *)"words",
                        .limit = 1 };
  ChatStore *store;

  sqlite_test_fill (path, count);
  store = sqlite_test_store_open (path);
  g_assert_true (
      chat_test_call (chat_user_store_open_session, chat_store_get_users (store), NULL, &session, 0u, (gint64)1));
  chat_strike_free (
      chat_test_call (chat_moderation_store_record_strike, chat_store_get_moderation (store), NULL, &strike));
  g_assert_true (chat_test_call (chat_channel_store_set_member, chat_store_get_channels (store), NULL, "general", "ana",
                                 "ana", TRUE));
  sqlite_test_store_close (store);
}

/* Whatever comes of damage is a result or a clear refusal. Returns: 1 for the refusal */
static guint
count_refusal (GError **error, const char *path)
{
  static const guint allowed = 1 << CHAT_STORE_ERROR_DAMAGED | 1 << CHAT_STORE_ERROR_CONFLICT
                               | 1 << CHAT_STORE_ERROR_TOO_NEW | 1 << CHAT_STORE_ERROR_READ_ONLY;

  if (*error == NULL)
    return 0;
  g_assert_true ((*error)->domain == CHAT_STORE_ERROR);
  g_assert_true (allowed & (1 << (*error)->code));
  g_assert_nonnull (strstr ((*error)->message, path));
  g_clear_error (error);
  return 1;
}

/* Opens, reads and writes what may be damaged. Returns: whether the damage was found */
static gboolean
use_damaged (const char *path)
{
  ChatStore *store = sqlite_test_store_new (path);
  g_autoptr (GPtrArray) channels = NULL;
  g_autoptr (GPtrArray) sessions = NULL;
  g_autoptr (GPtrArray) strikes = NULL;
  g_autoptr (GPtrArray) blocks = NULL;
  g_autoptr (GError) error = NULL;
  guint found = 0;

  if (chat_test_call (chat_store_open, store, &error))
    {
      sqlite_test_list (store, &error);
      found += count_refusal (&error, path);
      sqlite_test_append (store, "new", &error);
      found += count_refusal (&error, path);
      channels = chat_test_call (chat_channel_store_list, chat_store_get_channels (store), &error, "ana");
      found += count_refusal (&error, path);
      sessions = chat_test_call (chat_user_store_list_sessions, chat_store_get_users (store), &error, (gint64)1);
      found += count_refusal (&error, path);
      strikes
          = chat_test_call (chat_moderation_store_list_strikes, chat_store_get_moderation (store), &error, "ana", 9u);
      found += count_refusal (&error, path);
      blocks = chat_test_call (chat_moderation_store_list_blocks, chat_store_get_moderation (store), &error, (gint64)1);
    }
  found += count_refusal (&error, path);
  sqlite_test_store_close (store);
  return found > 0;
}

static void
truncated (void)
{
  g_auto (SqliteTest) test = { 0 };
  g_autofree char *bytes = NULL;
  gsize length;
  guint found = 0;

  sqlite_test_init (&test);
  fill_all (test.path, 500);
  bytes = read_bytes (test.path, &length);
  for (guint i = 1; i < 40; i++)
    {
      g_assert_true (g_file_set_contents (test.path, bytes, (gssize)(length * i / 40), NULL));
      found += use_damaged (test.path);
    }
  g_assert_cmpuint (found, >, 20);
}

/* a long run takes bytes that no other has taken; --seed repeats it */
static void
flipped_bytes (void)
{
  g_auto (SqliteTest) test = { 0 };
  gboolean in_full = g_getenv ("TERTULIA_TEST_FULL") != NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (in_full ? (guint32)g_test_rand_int () : 20211010);
  g_autofree char *bytes = NULL;
  guint rounds = in_full ? 3000 : 150;
  guint found = 0;
  gsize length;

  sqlite_test_init (&test);
  fill_all (test.path, 100);
  bytes = read_bytes (test.path, &length);
  for (guint i = 0; i < rounds; i++)
    {
      g_autofree char *damaged = g_memdup2 (bytes, length);

      /* half of them where it hurts: the headers of the file and of its pages */
      for (guint j = 0; j < 20; j++)
        {
          gsize place = (gsize)g_rand_int_range (random, 0, (int)length);

          if (j % 2)
            place = place / 4096 * 4096 + place % (i % 2 ? 16 : 100);
          damaged[place] = (char)g_rand_int (random);
        }
      g_assert_true (g_file_set_contents (test.path, damaged, (gssize)length, NULL));
      found += use_damaged (test.path);
    }
  g_assert_cmpuint (found, >, rounds / 2);
}

/* one record that can't be decoded does not keep anybody from the others */
static void
unreadable_record (void)
{
  g_auto (SqliteTest) test = { 0 };
  ChatStore *store;
  g_autoptr (ChatMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  sqlite_test_init (&test);
  sqlite_test_fill (test.path, 5);
  g_assert_cmpint (sqlite_test_sql (test.path, "UPDATE messages SET record = '{' WHERE seq = 3"), ==, SQLITE_OK);
  store = sqlite_test_store_open (test.path);
  g_assert_cmpint (sqlite_test_list (store, &error), ==, 5);
  message = chat_test_call (chat_message_store_get, chat_store_get_messages (store), &error, "m-3");
  g_assert_no_error (error);
  g_assert_cmpint (chat_message_get_kind (message), ==, CHAT_KIND_UNKNOWN);
  g_assert_cmpstr (chat_message_get_id (message), ==, "m-3");
  g_assert_cmpstr (chat_message_get_channel (message), ==, "general");
  g_assert_cmpint (chat_message_get_seq (message), ==, 3);
  g_assert_cmpint (chat_message_get_timestamp (message), ==, 3);
  sqlite_test_store_close (store);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sqlite/faults/locked-while-open", locked_while_open);
  g_test_add_func ("/sqlite/faults/locked-when-opened", locked_when_opened);
  g_test_add_func ("/sqlite/faults/full", full);
  g_test_add_func ("/sqlite/faults/read-only-file", read_only_file);
  g_test_add_func ("/sqlite/faults/read-only-directory", read_only_directory);
  g_test_add_func ("/sqlite/faults/no-file", no_file);
  g_test_add_func ("/sqlite/faults/private-files", private_files);
  g_test_add_func ("/sqlite/faults/odd-names", odd_names);
  g_test_add_func ("/sqlite/faults/too-new", too_new);
  g_test_add_func ("/sqlite/faults/too-new-in-the-log", too_new_in_the_log);
  g_test_add_func ("/sqlite/faults/another-programs", another_programs);
  g_test_add_func ("/sqlite/faults/garbage", garbage);
  g_test_add_func ("/sqlite/faults/empty", empty);
  g_test_add_func ("/sqlite/faults/truncated", truncated);
  g_test_add_func ("/sqlite/faults/flipped-bytes", flipped_bytes);
  g_test_add_func ("/sqlite/faults/unreadable-record", unreadable_record);
  return g_test_run ();
}
