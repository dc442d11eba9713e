/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What can happen to the server's files: locked by somebody else, no room for more, read-only, damaged, of a newer
 * version. Nothing that was accepted may be lost, what can't go on says why and leaves the files as they are, and what
 * passes goes on by itself.
 */
#define _GNU_SOURCE /* prlimit() */
#include "stored.h"
#include "wire.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>

#include "chat-test-loop.h"
#include "chat-test-server.h"

#define CHANNEL "general"
#define MESSAGES "/v1/channels/" CHANNEL "/messages"
#define BEFORE 10
#define MEANWHILE 50
#define SWEARS (BEFORE + MEANWHILE / 2)
#define MOST_UNTIL_FULL 20000
#define TICK_MS 20

typedef struct
{
  ChatTestServer *server;
  const char *directory; /* the server's */
  Wire *wire;
  char *token;
  guint posted; /* texts 0 … posted - 1 */
} Case;

static void
start (Case *self)
{
  chat_test_server_start (self->server);
  self->wire = wire_connect (chat_test_server_get_uri (self->server));
  if (self->token == NULL)
    self->token = wire_sign_in (self->wire, "ana");
}

static void
stop (Case *self)
{
  g_clear_pointer (&self->wire, wire_free);
  chat_test_server_stop (self->server);
}

static void
set_up (Case *self, gconstpointer data)
{
  self->server = chat_test_server_new (NULL);
  self->directory = chat_test_server_get_directory (self->server);
  start (self);
}

static void
tear_down (Case *self, gconstpointer data)
{
  g_clear_pointer (&self->wire, wire_free);
  chat_test_server_free (self->server);
  g_free (self->token);
}

/* (transfer full): one of them swears, so that the moderator needs the store. */
static char *
make_text (guint number, const char *word)
{
  return g_strdup_printf ("line %u%s", number, number == SWEARS ? word : "");
}

/* Message @number, under an id of its own, so that it can be sent again. */
static WireAnswer *
post (Case *self, guint number)
{
  g_autofree char *text = make_text (number, ", assholes");
  g_autofree char *body = g_strdup_printf ("{\"id\":\"01900000-0000-7000-8000-%012x\",\"data\":\"%s\"}", number, text);

  return wire_post_text (self->wire, MESSAGES, self->token, body);
}

static void
post_accepted (Case *self, guint count)
{
  for (guint i = 0; i < count; i++)
    {
      g_autoptr (WireAnswer) answer = post (self, self->posted);

      if (answer == NULL || answer->status != 202)
        g_error ("Line %u is not accepted: %s", self->posted, answer != NULL ? answer->body : "connection closed");
      self->posted++;
    }
}

static void
assert_unavailable (const WireAnswer *answer, const char *problem)
{
  g_assert_nonnull (answer);
  g_assert_cmpuint (answer->status, ==, 503);
  if (problem != NULL)
    g_assert_cmpstr (answer->problem, ==, problem);
}

static guint
get_readiness (Case *self)
{
  g_autoptr (WireAnswer) answer = wire_request (self->wire, "GET", "/readyz", NULL, NULL, 0);

  g_assert_nonnull (answer);
  return answer->status;
}

static gboolean
is_ready (gpointer data)
{
  return get_readiness (data) == 200;
}

static gboolean
tick_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Asks again and again, since nobody tells. */
static void
wait_ready (Case *self)
{
  guint tick = g_timeout_add (TICK_MS, tick_cb, NULL);

  chat_test_wait_until (is_ready, self, "the server to be ready again");
  g_source_remove (tick);
}

/* Every line that was posted is in the store, once and in order. */
static void
assert_nothing_lost (Case *self)
{
  g_autoptr (GPtrArray) stored = NULL;

  stored_wait_count (self->directory, CHANNEL, self->posted);
  stored = stored_read (self->directory, CHANNEL);
  stored_assert_contiguous (stored);
  g_assert_cmpuint (stored->len, ==, self->posted);
  for (guint i = 0; i < stored->len; i++)
    {
      g_autofree char *text = make_text (i, ", ********");

      g_assert_cmpstr (((StoredMessage *)stored->pdata[i])->data, ==, text);
    }
}

/* Locked */

static sqlite3 *
lock (char *path)
{
  g_autofree char *owned = path;
  sqlite3 *handle = NULL;

  g_assert_cmpint (sqlite3_open_v2 (owned, &handle, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  sqlite3_busy_timeout (handle, 5000);
  g_assert_cmpint (sqlite3_exec (handle, "BEGIN EXCLUSIVE", NULL, NULL, NULL), ==, SQLITE_OK);
  return handle;
}

static void
unlock (sqlite3 *handle)
{
  g_assert_cmpint (sqlite3_exec (handle, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (handle);
}

/* Messages whose ids the server makes: those of others it would look for in the store. */
static void
post_meanwhile (Case *self)
{
  for (guint i = 0; i < MEANWHILE; i++)
    {
      g_autofree char *text = make_text (self->posted, ", assholes");
      g_autofree char *body = g_strdup_printf ("{\"data\":\"%s\"}", text);
      g_autoptr (WireAnswer) answer = wire_post_text (self->wire, MESSAGES, self->token, body);

      g_assert_nonnull (answer);
      g_assert_cmpuint (answer->status, ==, 202);
      self->posted++;
    }
}

/* A backup holds the store: what is sent meanwhile is accepted, and stored as soon as it can be; the log says what is
 * waited for, and that it goes on. */
static void
test_store_locked (Case *self, gconstpointer data)
{
  g_autofree char *log = NULL;
  sqlite3 *holder;

  post_accepted (self, BEFORE);
  stored_wait_count (self->directory, CHANNEL, BEFORE);
  holder = lock (stored_path (self->directory));
  post_meanwhile (self);
  g_assert_cmpuint (get_readiness (self), ==, 503);
  g_assert_cmpint (stored_count (self->directory, CHANNEL), ==, BEFORE);
  unlock (holder);
  assert_nothing_lost (self);
  wait_ready (self);
  stop (self);
  log = chat_test_server_dup_log (self->server);
  g_assert_nonnull (strstr (log, "The moderator waits: "));
  g_assert_nonnull (strstr (log, "The moderator goes on"));
}

/* Stopped while somebody holds the store: it does not wait for that, and goes on where it was when it is started. */
static void
test_store_locked_stopped (Case *self, gconstpointer data)
{
  sqlite3 *holder;

  post_accepted (self, BEFORE);
  stored_wait_count (self->directory, CHANNEL, BEFORE);
  holder = lock (stored_path (self->directory));
  post_meanwhile (self);
  stop (self);
  unlock (holder);
  start (self);
  assert_nothing_lost (self);
  stop (self);
}

/* The log is held: nothing can be accepted, which is said; the same message again is accepted later. */
static void
test_log_locked (Case *self, gconstpointer data)
{
  g_autoptr (WireAnswer) refused = NULL;
  sqlite3 *holder;

  post_accepted (self, BEFORE);
  holder = lock (stored_log_path (self->directory));
  refused = post (self, self->posted);
  assert_unavailable (refused, "broker-unavailable");
  unlock (holder);
  wait_ready (self);
  post_accepted (self, MEANWHILE);
  assert_nothing_lost (self);
  stop (self);
}

/* Full */

static rlim_t
largest_file (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;
  rlim_t largest = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);
      GStatBuf info;

      if (g_stat (path, &info) == 0)
        largest = MAX (largest, (rlim_t)info.st_size);
    }
  return largest;
}

/* From here on no file that the server writes may grow past @bytes, as on a disk that is full; 0: no limit any more. */
static void
limit_files (Case *self, rlim_t bytes)
{
  struct rlimit limit;

  g_assert_cmpint (prlimit (chat_test_server_get_pid (self->server), RLIMIT_FSIZE, NULL, &limit), ==, 0);
  /* the soft limit alone: it can be raised again */
  limit.rlim_cur = bytes != 0 ? bytes : limit.rlim_max;
  g_assert_cmpint (prlimit (chat_test_server_get_pid (self->server), RLIMIT_FSIZE, &limit, NULL), ==, 0);
}

/* No file may grow any more: sooner or later nothing more is accepted, which is said. */
static void
fill (Case *self)
{
  gboolean is_full = FALSE;

  limit_files (self, largest_file (self->directory));
  while (!is_full)
    {
      g_autoptr (WireAnswer) answer = post (self, self->posted);

      g_assert_nonnull (answer);
      is_full = answer->status == 503;
      if (!is_full)
        g_assert_cmpuint (answer->status, ==, 202);
      self->posted += is_full ? 0 : 1;
      g_assert_cmpuint (self->posted, <, MOST_UNTIL_FULL);
    }
  g_assert_cmpuint (get_readiness (self), ==, 503);
}

/* When there is room again it goes on, and what it had not accepted is accepted then. */
static void
test_full (Case *self, gconstpointer data)
{
  post_accepted (self, BEFORE);
  fill (self);
  limit_files (self, 0);
  wait_ready (self);
  post_accepted (self, MEANWHILE);
  assert_nothing_lost (self);
  stop (self);
}

/* Stopped while there is no room, or (@data) killed: all that was accepted is there when it is started again. */
static void
test_full_ended (Case *self, gconstpointer data)
{
  post_accepted (self, BEFORE);
  fill (self);
  if (data != NULL)
    chat_test_server_kill (self->server);
  else
    chat_test_server_stop (self->server);
  g_clear_pointer (&self->wire, wire_free);
  start (self);
  post_accepted (self, MEANWHILE);
  assert_nothing_lost (self);
  stop (self);
}

/* Not to be started with */

static char *
checksum (const char *path)
{
  g_autofree char *contents = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)contents, length);
}

/* It ends with status 1 and a sentence that has @word and the file's name, and leaves the file as it is. */
static void
assert_refuses (Case *self, const char *path, const char *word)
{
  g_autofree char *before = checksum (path);
  g_autofree char *log_before = chat_test_server_dup_log (self->server);
  g_autofree char *after = NULL;
  g_autofree char *log = NULL;
  const char *said;

  chat_test_server_spawn (self->server);
  g_assert_cmpint (chat_test_server_wait (self->server), ==, 1);
  log = chat_test_server_dup_log (self->server);
  said = log + strlen (log_before);
  if (strstr (said, path) == NULL || strstr (said, word) == NULL)
    g_error ("The server should have named %s and said “%s”, but said: %s", path, word, said);
  after = checksum (path);
  g_assert_cmpstr (after, ==, before);
}

typedef char *(*PathFunc) (const char *directory);

static const PathFunc databases[] = { stored_path, stored_log_path };

/* Both databases, one after the other: spoilt by @spoil, refused with @word, and put back. */
static void
each_database (Case *self, void (*spoil) (const char *path), const char *word)
{
  post_accepted (self, BEFORE);
  stored_wait_count (self->directory, CHANNEL, BEFORE);
  stop (self);
  for (guint i = 0; i < G_N_ELEMENTS (databases); i++)
    {
      g_autofree char *path = databases[i](self->directory);
      g_autofree char *good = NULL;
      gsize length;

      g_assert_true (g_file_get_contents (path, &good, &length, NULL));
      spoil (path);
      assert_refuses (self, path, word);
      g_chmod (path, 0600);
      g_assert_true (g_file_set_contents (path, good, (gssize)length, NULL));
    }
  start (self);
  post_accepted (self, BEFORE);
  assert_nothing_lost (self);
  stop (self);
}

static void
make_read_only (const char *path)
{
  g_assert_cmpint (g_chmod (path, 0444), ==, 0);
}

static void
test_read_only (Case *self, gconstpointer data)
{
  chat_test_server_set_humble (self->server, TRUE);
  each_database (self, make_read_only, "can't be written");
}

/* What a disk that forgets makes of a file. */
static void
damage (const char *path)
{
  g_autofree char *contents = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  memset (contents + 100, 0xff, length - 100);
  g_assert_true (g_file_set_contents (path, contents, (gssize)length, NULL));
}

static void
test_damaged (Case *self, gconstpointer data)
{
  each_database (self, damage, "damaged");
}

static void
replace_by_text (const char *path)
{
  g_assert_true (g_file_set_contents (path, "Dear diary, this is no database.\n", -1, NULL));
}

static void
test_other_file (Case *self, gconstpointer data)
{
  each_database (self, replace_by_text, "database");
}

static void
make_newer (const char *path)
{
  sqlite3 *handle = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &handle, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (handle, "PRAGMA user_version = 4711", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (handle);
}

static void
test_newer (Case *self, gconstpointer data)
{
  each_database (self, make_newer, "4711");
}

/* A directory that can't be made. */
static void
test_no_directory (Case *self, gconstpointer data)
{
  g_autofree char *file = chat_test_server_dup_path (self->server, "file");
  g_autofree char *below = g_build_filename (file, "below", NULL);
  g_autofree char *said = NULL;

  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  g_assert_cmpint (chat_test_server_run (NULL, &said, "--embedded", below, NULL), ==, 1);
  g_assert_nonnull (strstr (said, below));
  g_assert_nonnull (strstr (said, "Not a directory"));
  stop (self);
}

/* A second server on the same directory: the first goes on. */
static void
test_second_server (Case *self, gconstpointer data)
{
  g_autofree char *said = NULL;

  g_assert_cmpint (chat_test_server_run (NULL, &said, "--embedded", self->directory, NULL), ==, 1);
  g_assert_nonnull (strstr (said, self->directory));
  g_assert_nonnull (strstr (said, "in use"));
  post_accepted (self, BEFORE);
  assert_nothing_lost (self);
  stop (self);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*func) (Case *self, gconstpointer data);
    const char *data;
  } cases[] = {
    { "/store-faults/store-locked", test_store_locked },
    { "/store-faults/store-locked-stopped", test_store_locked_stopped },
    { "/store-faults/log-locked", test_log_locked },
    { "/store-faults/full", test_full },
    { "/store-faults/full-stopped", test_full_ended },
    { "/store-faults/full-killed", test_full_ended, "kill" },
    { "/store-faults/read-only", test_read_only },
    { "/store-faults/damaged", test_damaged },
    { "/store-faults/other-file", test_other_file },
    { "/store-faults/newer", test_newer },
    { "/store-faults/no-directory", test_no_directory },
    { "/store-faults/second-server", test_second_server },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add (cases[i].path, Case, cases[i].data, set_up, cases[i].func, tear_down);
  return g_test_run ();
}
