/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/log/chat-log-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "transport/chat-transport-error.h"
#include "transport/log/chat-log-error.h"

#define APPLICATION_ID 0x54657274 /* "Tert" */
#define SCHEMA_VERSION 1
#define BUSY_TIMEOUT_MS 2000
#define CACHE_KIB 8192
/* After a burst the write-ahead log shrinks to this. */
#define JOURNAL_BYTES 67108864

/* The header of every SQLite file: https://www.sqlite.org/fileformat2.html#the_database_header */
#define HEADER_SIZE 100
#define HEADER_MAGIC "SQLite format 3"
#define HEADER_USER_VERSION 60
#define HEADER_APPLICATION_ID 68

struct _ChatLogFile
{
  char *path;
  sqlite3 *db;
  int lock;
  guint shards;
  sqlite3_stmt *statements[CHAT_LOG_N_STATEMENTS];
};

static const char *const statements[CHAT_LOG_N_STATEMENTS] = {
  [CHAT_LOG_BEGIN] = "BEGIN IMMEDIATE",
  [CHAT_LOG_COMMIT] = "COMMIT",
  [CHAT_LOG_ROLLBACK] = "ROLLBACK",
  [CHAT_LOG_GET_SHARDS] = "SELECT s.id, s.topic, s.shard, s.first, s.next, s.bytes, r.time FROM shards s "
                          "LEFT JOIN records r ON r.place = (s.id << 40 | s.next - 1) ORDER BY s.id",
  [CHAT_LOG_FIND_SHARD] = "SELECT id FROM shards WHERE topic = ? AND shard = ?",
  [CHAT_LOG_ADD_SHARD] = "INSERT INTO shards (id, topic, shard) VALUES (?, ?, ?)",
  [CHAT_LOG_MOVE_SHARD] = "UPDATE shards SET first = ?2, next = ?3, bytes = ?4 WHERE id = ?1",
  [CHAT_LOG_ADD_RECORD] = "INSERT INTO records (place, time, key, headers, payload) VALUES (?, ?, ?, ?, ?)",
  [CHAT_LOG_GET_RECORDS] = "SELECT place, time, key, headers, payload FROM records WHERE place >= ? AND place < ? "
                           "ORDER BY place",
  [CHAT_LOG_GET_TIME] = "SELECT time FROM records WHERE place = ?",
  [CHAT_LOG_GET_SIZES] = "SELECT place, time, length(payload) FROM records WHERE place >= ? AND place < ? "
                         "ORDER BY place",
  [CHAT_LOG_REMOVE] = "DELETE FROM records WHERE place >= ? AND place < ?",
  [CHAT_LOG_GET_CURSORS] = "SELECT name, topic, shard, next FROM cursors",
  [CHAT_LOG_MOVE_CURSOR] = "INSERT INTO cursors (name, topic, shard, next) VALUES (?, ?, ?, ?) "
                           "ON CONFLICT DO UPDATE SET next = excluded.next",
  [CHAT_LOG_FORGET_GROUP] = "DELETE FROM cursors WHERE name = ?",
  [CHAT_LOG_GET_SLOWEST] = "SELECT min(next) FROM cursors WHERE topic = ? AND shard = ?",
  [CHAT_LOG_PROBE] = "UPDATE options SET value = value",
};

static const char schema[]
    = "BEGIN IMMEDIATE;"
      "CREATE TABLE options (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
      "CREATE TABLE shards (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, shard INTEGER NOT NULL,"
      "  first INTEGER NOT NULL DEFAULT 0, next INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,"
      "  UNIQUE (topic, shard));"
      "CREATE TABLE records (place INTEGER PRIMARY KEY, time INTEGER NOT NULL, key TEXT, headers BLOB,"
      "  payload BLOB NOT NULL);"
      "CREATE TABLE cursors (name TEXT NOT NULL, topic TEXT NOT NULL, shard INTEGER NOT NULL, next INTEGER NOT NULL,"
      "  PRIMARY KEY (name, topic, shard)) WITHOUT ROWID;"
      /* for people with a shell */
      "CREATE VIEW log AS SELECT s.topic, s.shard, r.place & 0xffffffffff AS \"offset\", r.time, r.key, r.headers,"
      "  r.payload FROM records r JOIN shards s ON s.id = r.place >> 40;";

static void
set_error (ChatLogFile *self, GError **error)
{
  int code = sqlite3_extended_errcode (self->db);
  /* Only these carry an errno of their own; elsewhere it is left over from some earlier call. */
  gboolean system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;

  g_propagate_error (error, chat_log_error_new (self->path, code, system ? sqlite3_system_errno (self->db) : 0,
                                                sqlite3_errmsg (self->db)));
}

static gboolean
execute (ChatLogFile *self, const char *sql, GError **error)
{
  if (sqlite3_exec (self->db, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  set_error (self, error);
  return FALSE;
}

static gboolean
query_int (ChatLogFile *self, const char *sql, gint64 *value, GError **error)
{
  sqlite3_stmt *statement;
  gboolean found;

  if (sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL) != SQLITE_OK)
    {
      set_error (self, error);
      return FALSE;
    }
  found = sqlite3_step (statement) == SQLITE_ROW;
  if (found)
    *value = sqlite3_column_int64 (statement, 0);
  else
    set_error (self, error);
  sqlite3_finalize (statement);
  return found;
}

static guint32
header_get (const guint8 *header, gsize at)
{
  guint32 value;

  memcpy (&value, header + at, sizeof value);
  return GUINT32_FROM_BE (value);
}

static gboolean
check_version (const char *path, gint64 application, gint64 version, GError **error)
{
  if (application != APPLICATION_ID)
    {
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DAMAGED,
                   "“%s” is not a log of Tertulia, but of another program: choose another file", path);
      return FALSE;
    }
  if (version > SCHEMA_VERSION)
    {
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DAMAGED,
                   "“%s” was written by a newer Tertulia (format %" G_GINT64_FORMAT
                   ", this one knows %d): use that, or choose another file",
                   path, version, SCHEMA_VERSION);
      return FALSE;
    }
  return TRUE;
}

/* What can be known of a file without SQLite, which would make files beside it. One that was never closed may say
 * nothing of itself yet. */
static gboolean
check_header (const char *path, GError **error)
{
  guint8 header[HEADER_SIZE];
  g_autofree char *folder = g_path_get_dirname (path);
  int fd;
  ssize_t length;

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_propagate_error (error, chat_log_error_new (path, SQLITE_CANTOPEN, errno, NULL));
      return FALSE;
    }
  fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0 && errno == ENOENT)
    return TRUE;
  length = fd >= 0 ? read (fd, header, sizeof header) : -1;
  if (length < 0)
    {
      g_propagate_error (error, chat_log_error_new (path, SQLITE_CANTOPEN, errno, NULL));
      if (fd >= 0)
        g_close (fd, NULL);
      return FALSE;
    }
  g_close (fd, NULL);
  /* SQLite would open it all the same and leave files beside it that can't be written either, ever after. */
  if (faccessat (AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
    {
      g_propagate_error (error, chat_log_error_new (path, SQLITE_READONLY, errno, NULL));
      return FALSE;
    }
  if (length == 0)
    return TRUE;
  if (length < HEADER_SIZE || memcmp (header, HEADER_MAGIC, sizeof HEADER_MAGIC) != 0)
    {
      g_propagate_error (error, chat_log_error_new (path, SQLITE_NOTADB, 0, "it is no SQLite database"));
      return FALSE;
    }
  if (header_get (header, HEADER_APPLICATION_ID) == 0)
    return TRUE;
  return check_version (path, header_get (header, HEADER_APPLICATION_ID), header_get (header, HEADER_USER_VERSION),
                        error);
}

/* SQLite's own locks would let a second process in between two commits, so the log has one beside it; it ends with the
 * process, however that ends. It must not be the database itself: closing that would drop SQLite's locks. */
static gboolean
lock (ChatLogFile *self, GError **error)
{
  g_autofree char *name = g_strconcat (self->path, ".lock", NULL);
  char owner[32] = "";
  g_autofree char *mine = NULL;
  ssize_t length;

  self->lock = g_open (name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (self->lock < 0)
    {
      g_propagate_error (error, chat_log_error_new (self->path, SQLITE_CANTOPEN, errno, NULL));
      return FALSE;
    }
  if (flock (self->lock, LOCK_EX | LOCK_NB) != 0)
    {
      length = read (self->lock, owner, sizeof owner - 1);
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                   "“%s” is in use by another process (%s): stop that, or choose another file", self->path,
                   length > 0 ? g_strchomp (owner) : "unknown");
      return FALSE;
    }
  mine = g_strdup_printf ("%ld\n", (long)getpid ());
  /* Only for the message above, which can do without where the disk is full. */
  length = ftruncate (self->lock, 0) == 0 ? write (self->lock, mine, strlen (mine)) : 0;
  (void)length;
  return TRUE;
}

static gboolean
open_database (ChatLogFile *self, int flags, GError **error)
{
  g_autofree char *pragmas = NULL;

  if (sqlite3_open_v2 (self->path, &self->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK)
    {
      if (self->db == NULL)
        g_propagate_error (error, chat_log_error_new (self->path, SQLITE_NOMEM, 0, "out of memory"));
      else
        set_error (self, error);
      return FALSE;
    }
  sqlite3_busy_timeout (self->db, BUSY_TIMEOUT_MS);
  pragmas = g_strdup_printf ("PRAGMA trusted_schema = OFF; PRAGMA cache_size = -%d;", CACHE_KIB);
  return execute (self, pragmas, error);
}

/* A new file gets its tables; one that is there must be ours. */
static gboolean
recognise (ChatLogFile *self, guint shards, GError **error)
{
  g_autofree char *create = NULL;
  gint64 application, version, tables, stored;

  if (!query_int (self, "PRAGMA application_id", &application, error)
      || !query_int (self, "PRAGMA user_version", &version, error)
      || !query_int (self, "SELECT count(*) FROM sqlite_schema", &tables, error))
    return FALSE;
  if ((application != 0 || tables > 0) && !check_version (self->path, application, version, error))
    return FALSE;
  if (sqlite3_db_readonly (self->db, "main") == 1)
    {
      g_propagate_error (error, chat_log_error_new (self->path, SQLITE_READONLY, 0, "it is read-only"));
      return FALSE;
    }

  create = g_strdup_printf ("%s PRAGMA application_id = %d; PRAGMA user_version = %d;"
                            "INSERT INTO options VALUES ('shards', %u); COMMIT;",
                            schema, APPLICATION_ID, SCHEMA_VERSION, MAX (shards, 1));
  if (!execute (self,
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                "PRAGMA journal_size_limit = " G_STRINGIFY (JOURNAL_BYTES),
                error)
      || (tables == 0 && !execute (self, create, error)))
    return FALSE;
  if (!query_int (self, "SELECT value FROM options WHERE name = 'shards'", &stored, error))
    return FALSE;
  self->shards = (guint)stored;
  return TRUE;
}

static ChatLogFile *
chat_log_file_new (const char *path)
{
  ChatLogFile *self = g_new0 (ChatLogFile, 1);

  self->path = g_strdup (path);
  self->lock = -1;
  return self;
}

/* SQLite makes a file that everybody may read; what is said in a chat is not for everybody. */
static gboolean
make_private (const char *path, GError **error)
{
  int fd = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0 && errno != EACCES && errno != EROFS && errno != EPERM)
    {
      g_propagate_error (error, chat_log_error_new (path, SQLITE_CANTOPEN, errno, NULL));
      return FALSE;
    }
  if (fd >= 0)
    g_close (fd, NULL);
  return TRUE;
}

ChatLogFile *
chat_log_file_open_writer (const char *path, guint shards, GError **error)
{
  g_autoptr (ChatLogFile) self = chat_log_file_new (path);

  if (!check_header (path, error) || !lock (self, error) || !make_private (path, error)
      || !open_database (self, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error) || !recognise (self, shards, error))
    return NULL;
  return g_steal_pointer (&self);
}

ChatLogFile *
chat_log_file_open_reader (const char *path, GError **error)
{
  g_autoptr (ChatLogFile) self = chat_log_file_new (path);

  if (!open_database (self, SQLITE_OPEN_READONLY, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
chat_log_file_close (ChatLogFile *self)
{
  g_return_if_fail (self != NULL);

  for (guint i = 0; i < CHAT_LOG_N_STATEMENTS; i++)
    sqlite3_finalize (self->statements[i]);
  sqlite3_close_v2 (self->db);
  if (self->lock >= 0)
    g_close (self->lock, NULL);
  g_free (self->path);
  g_free (self);
}

guint
chat_log_file_get_shards (ChatLogFile *self)
{
  return self->shards;
}

sqlite3_stmt *
chat_log_file_get (ChatLogFile *self, ChatLogStatement which, GError **error)
{
  sqlite3_stmt **statement = &self->statements[which];

  if (*statement == NULL
      && sqlite3_prepare_v3 (self->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK)
    {
      set_error (self, error);
      return NULL;
    }
  sqlite3_reset (*statement);
  return *statement;
}

gboolean
chat_log_file_step (ChatLogFile *self, sqlite3_stmt *statement, GError **error)
{
  int code = sqlite3_step (statement);

  if (code == SQLITE_ROW)
    return TRUE;
  if (code != SQLITE_DONE)
    set_error (self, error);
  sqlite3_reset (statement);
  return FALSE;
}

gboolean
chat_log_file_run (ChatLogFile *self, sqlite3_stmt *statement, GError **error)
{
  int code = sqlite3_step (statement);

  if (code != SQLITE_DONE && code != SQLITE_ROW)
    set_error (self, error);
  sqlite3_reset (statement);
  return code == SQLITE_DONE || code == SQLITE_ROW;
}

gboolean
chat_log_file_do (ChatLogFile *self, ChatLogStatement which, GError **error)
{
  sqlite3_stmt *statement = chat_log_file_get (self, which, error);

  return statement != NULL && chat_log_file_run (self, statement, error);
}

void
chat_log_file_roll_back (ChatLogFile *self)
{
  /* SQLite rolls back by itself after some errors: https://www.sqlite.org/lang_transaction.html */
  if (!sqlite3_get_autocommit (self->db))
    chat_log_file_do (self, CHAT_LOG_ROLLBACK, NULL);
}
