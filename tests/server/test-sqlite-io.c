/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "sqlite-test.h"

/* A disk that fails on demand: a VFS between SQLite and the real one counts what is done to files, and lets the n-th
 * fail. Whatever n is, the store answers with a clear error, and what it had confirmed is there afterwards, once and in
 * order. It also sees whether a commit was synchronised before it was confirmed. */

/** Disk: what the VFS knows; its pAppData. Touched by the store's threads. */
typedef struct
{
  sqlite3_vfs base;
  sqlite3_vfs *real;
  int fail_at;    /* which operation fails, from 1; 0: none */
  int fail_count; /* how many do from there on */
  int code;       /* with this */
  int operations;
  int log_syncs;
} Disk;

typedef struct
{
  sqlite3_file base;
  sqlite3_file *real;
  Disk *disk;
  gboolean is_log;
} DiskFile;

static int
next_operation (Disk *disk)
{
  int number = g_atomic_int_add (&disk->operations, 1) + 1;
  int first = g_atomic_int_get (&disk->fail_at);

  if (first == 0 || number < first || number >= first + g_atomic_int_get (&disk->fail_count))
    return SQLITE_OK;
  return g_atomic_int_get (&disk->code);
}

#define REAL(file) (((DiskFile *)(file))->real)
#define DISK(file) (((DiskFile *)(file))->disk)

static int
disk_close (sqlite3_file *file)
{
  return REAL (file)->pMethods->xClose (REAL (file));
}

static int
disk_read (sqlite3_file *file, void *buffer, int length, sqlite3_int64 offset)
{
  /* a full disk can be read, a broken one can't */
  int code = g_atomic_int_get (&DISK (file)->code) == SQLITE_FULL ? SQLITE_OK : next_operation (DISK (file));

  if (code != SQLITE_OK)
    return SQLITE_IOERR_READ;
  return REAL (file)->pMethods->xRead (REAL (file), buffer, length, offset);
}

static int
disk_write (sqlite3_file *file, const void *buffer, int length, sqlite3_int64 offset)
{
  int code = next_operation (DISK (file));

  if (code != SQLITE_OK)
    return code == SQLITE_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  return REAL (file)->pMethods->xWrite (REAL (file), buffer, length, offset);
}

static int
disk_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  if (next_operation (DISK (file)) != SQLITE_OK)
    return SQLITE_IOERR_TRUNCATE;
  return REAL (file)->pMethods->xTruncate (REAL (file), size);
}

static int
disk_sync (sqlite3_file *file, int flags)
{
  if (next_operation (DISK (file)) != SQLITE_OK)
    return SQLITE_IOERR_FSYNC;
  if (((DiskFile *)file)->is_log)
    g_atomic_int_inc (&DISK (file)->log_syncs);
  /* the real one is left out: nothing here is about power cuts, and it takes its time */
  return SQLITE_OK;
}

static int
disk_file_size (sqlite3_file *file, sqlite3_int64 *size)
{
  return REAL (file)->pMethods->xFileSize (REAL (file), size);
}

static int
disk_lock (sqlite3_file *file, int lock)
{
  return REAL (file)->pMethods->xLock (REAL (file), lock);
}

static int
disk_unlock (sqlite3_file *file, int lock)
{
  return REAL (file)->pMethods->xUnlock (REAL (file), lock);
}

static int
disk_check_reserved_lock (sqlite3_file *file, int *reserved)
{
  return REAL (file)->pMethods->xCheckReservedLock (REAL (file), reserved);
}

static int
disk_file_control (sqlite3_file *file, int operation, void *argument)
{
  return REAL (file)->pMethods->xFileControl (REAL (file), operation, argument);
}

static int
disk_sector_size (sqlite3_file *file)
{
  return REAL (file)->pMethods->xSectorSize (REAL (file));
}

static int
disk_device_characteristics (sqlite3_file *file)
{
  return REAL (file)->pMethods->xDeviceCharacteristics (REAL (file));
}

static int
disk_shm_map (sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
  if (extend && next_operation (DISK (file)) != SQLITE_OK)
    return SQLITE_IOERR_SHMSIZE;
  return REAL (file)->pMethods->xShmMap (REAL (file), page, size, extend, memory);
}

static int
disk_shm_lock (sqlite3_file *file, int offset, int n, int flags)
{
  return REAL (file)->pMethods->xShmLock (REAL (file), offset, n, flags);
}

static void
disk_shm_barrier (sqlite3_file *file)
{
  REAL (file)->pMethods->xShmBarrier (REAL (file));
}

static int
disk_shm_unmap (sqlite3_file *file, int remove)
{
  return REAL (file)->pMethods->xShmUnmap (REAL (file), remove);
}

static const sqlite3_io_methods disk_methods = {
  .iVersion = 2,
  .xClose = disk_close,
  .xRead = disk_read,
  .xWrite = disk_write,
  .xTruncate = disk_truncate,
  .xSync = disk_sync,
  .xFileSize = disk_file_size,
  .xLock = disk_lock,
  .xUnlock = disk_unlock,
  .xCheckReservedLock = disk_check_reserved_lock,
  .xFileControl = disk_file_control,
  .xSectorSize = disk_sector_size,
  .xDeviceCharacteristics = disk_device_characteristics,
  .xShmMap = disk_shm_map,
  .xShmLock = disk_shm_lock,
  .xShmBarrier = disk_shm_barrier,
  .xShmUnmap = disk_shm_unmap,
};

static int
disk_open (sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  DiskFile *self = (DiskFile *)file;
  Disk *disk = (Disk *)vfs;
  int code;

  self->base.pMethods = NULL;
  if (next_operation (disk) != SQLITE_OK)
    return SQLITE_CANTOPEN;
  self->disk = disk;
  self->is_log = (flags & SQLITE_OPEN_WAL) != 0;
  self->real = (sqlite3_file *)(self + 1);
  code = disk->real->xOpen (disk->real, name, self->real, flags, out_flags);
  if (self->real->pMethods != NULL)
    self->base.pMethods = &disk_methods;
  return code;
}

static void
disk_insert (Disk *self)
{
  self->real = sqlite3_vfs_find (NULL);
  self->base = *self->real;
  self->base.zName = "failing-disk";
  self->base.pNext = NULL;
  self->base.szOsFile = (int)sizeof (DiskFile) + self->real->szOsFile;
  self->base.xOpen = disk_open;
  g_assert_cmpint (sqlite3_vfs_register (&self->base, 1), ==, SQLITE_OK);
}

static void
disk_remove (Disk *self)
{
  sqlite3_vfs_unregister (&self->base);
  sqlite3_vfs_register (self->real, 1);
}

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
  g_assert_true ((*error)->code == CHAT_STORE_ERROR_FULL || (*error)->code == CHAT_STORE_ERROR_DAMAGED
                 || (*error)->code == CHAT_STORE_ERROR_READ_ONLY || (*error)->code == CHAT_STORE_ERROR_BUSY);
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
sweep (Disk *disk, int code, int count)
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
      g_atomic_int_set (&disk->operations, 0);
      g_atomic_int_set (&disk->code, code);
      g_atomic_int_set (&disk->fail_count, count);
      g_atomic_int_set (&disk->fail_at, n);
      live (test.path, &ledger);
      met = g_atomic_int_get (&disk->operations) >= n;

      /* the disk is mended: all goes well, and what was confirmed before is there */
      g_atomic_int_set (&disk->fail_at, 0);
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
  g_assert_cmpuint (sweep ((Disk *)data, SQLITE_FULL, 1), >, 20);
}

static void
full_for_good (gconstpointer data)
{
  g_assert_cmpuint (sweep ((Disk *)data, SQLITE_FULL, G_MAXINT / 2), >, 20);
}

static void
broken_for_a_moment (gconstpointer data)
{
  g_assert_cmpuint (sweep ((Disk *)data, SQLITE_IOERR, 1), >, 40);
}

static void
broken_for_good (gconstpointer data)
{
  g_assert_cmpuint (sweep ((Disk *)data, SQLITE_IOERR, G_MAXINT / 2), >, 40);
}

/* synchronous=FULL: no call is answered before the write-ahead log is on the disk. */
static void
synchronised (gconstpointer data)
{
  Disk *disk = (Disk *)data;
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
  Disk *disk = (Disk *)data;
  g_auto (SqliteTest) test = { 0 };
  GAsyncResult *awaited[CALLS] = { NULL };
  ChatStore *store;
  int before;

  sqlite_test_init (&test);
  store = sqlite_test_store_open (test.path);
  before = g_atomic_int_get (&disk->log_syncs);
  for (guint i = 0; i < CALLS; i++)
    chat_store_check_async (store, NULL, chat_test_result_cb, &awaited[i]);
  for (guint i = 0; i < CALLS; i++)
    {
      g_autoptr (GAsyncResult) result = chat_test_await (&awaited[i], "a check");

      g_assert_true (chat_store_check_finish (store, result, NULL));
    }
  g_assert_cmpint (g_atomic_int_get (&disk->log_syncs) - before, <, CALLS / 8);
  sqlite_test_store_close (store);
}

int
main (int argc, char **argv)
{
  Disk disk = { 0 };
  int status;

  g_test_init (&argc, &argv, NULL);
  disk_insert (&disk);
  g_test_add_data_func ("/sqlite/io/synchronised", &disk, synchronised);
  g_test_add_data_func ("/sqlite/io/shared-commits", &disk, shared_commits);
  g_test_add_data_func ("/sqlite/io/full-for-a-moment", &disk, full_for_a_moment);
  g_test_add_data_func ("/sqlite/io/full-for-good", &disk, full_for_good);
  g_test_add_data_func ("/sqlite/io/broken-for-a-moment", &disk, broken_for_a_moment);
  g_test_add_data_func ("/sqlite/io/broken-for-good", &disk, broken_for_good);
  status = g_test_run ();
  disk_remove (&disk);
  return status;
}
