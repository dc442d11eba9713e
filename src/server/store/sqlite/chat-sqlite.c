/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sqlite/chat-sqlite.h"

#include <errno.h>
#include <stdarg.h>

#include "server/store/sqlite/chat-sqlite-fault.h"
#include "server/store/sqlite/chat-sqlite-file.h"
#include "server/store/sqlite/chat-sqlite-migrations.h"

#define WAL_RETRY_MS 5

struct _ChatSqlite
{
  ChatSql parent;

  char *path;
  ChatSqliteRole role;
  guint busy_timeout;

  sqlite3 *handle;
  GHashTable *statements; /* SQL → Query */
  GPtrArray *late;        /* what is to be run before the commit: Late */
  GPtrArray *heads;       /* what is to be told after the commit: Head */
  guint kept;             /* how many of them were there when the savepoint began */
  guint kept_heads;
  ChatStoreAnnouncer *announcer;
};

/* synchronous=FULL: what a commit confirmed survives a power cut, in WAL mode too. */
static const char writer_settings[] = "PRAGMA synchronous = FULL;"
                                      "PRAGMA foreign_keys = ON;"
                                      "PRAGMA journal_size_limit = 67108864;"
                                      "PRAGMA cache_size = -32768;"
                                      "PRAGMA temp_store = MEMORY;";
static const char reader_settings[] = "PRAGMA query_only = ON;"
                                      "PRAGMA cache_size = -16384;"
                                      "PRAGMA temp_store = MEMORY;";

/** Late: a statement that waits for the end of its transaction. */
typedef struct
{
  const char *sql; /* static */
  gint64 number;
  char *first;
  char *second;
} Late;

static void
late_free (gpointer data)
{
  Late *late = data;

  g_free (late->first);
  g_free (late->second);
  g_free (late);
}

/** Head: how far a channel has come. */
typedef struct
{
  char *channel;
  gint64 seq;
} Head;

static void
head_free (gpointer data)
{
  Head *head = data;

  g_free (head->channel);
  g_free (head);
}

/** Query: a prepared statement; one at a time is under way. */
typedef struct
{
  ChatSqlQuery parent;
  sqlite3_stmt *statement;
} Query;

/* Statement helpers */

static void
query_free (gpointer data)
{
  Query *query = data;

  sqlite3_finalize (query->statement);
  g_free (query);
}

static sqlite3_stmt *
statement_of (ChatSqlQuery *query)
{
  return ((Query *)query)->statement;
}

static GError *
fault_new (ChatSqlite *self, int code)
{
  int system_error = sqlite3_system_errno (self->handle);

  /* what a commit met with is not told to sqlite3_system_errno() */
  return chat_sqlite_fault_new (self->path, code, system_error != 0 ? system_error : errno,
                                sqlite3_errmsg (self->handle));
}

static void
fail_with_code (ChatSqlite *self, int code)
{
  if (self->parent.failure == NULL)
    self->parent.failure = fault_new (self, code);
}

static Query *
prepare (ChatSqlite *self, const char *sql)
{
  Query *query = g_hash_table_lookup (self->statements, sql);
  sqlite3_stmt *statement;
  int code;

  if (query != NULL)
    {
      g_assert (!sqlite3_stmt_busy (query->statement));
      return query;
    }

  errno = 0;
  code = sqlite3_prepare_v3 (self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
  if (code != SQLITE_OK)
    {
      fail_with_code (self, code);
      return NULL;
    }
  query = g_new (Query, 1);
  *query = (Query){ { &self->parent }, statement };
  g_hash_table_insert (self->statements, g_strdup (sql), query);
  return query;
}

/* The connection */

static void
configure (ChatSqlite *self)
{
  sqlite3_busy_timeout (self->handle, (int)self->busy_timeout);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
}

/* Until it is known whose file it is, closing must not write either. */
static void
set_checkpoint_on_close (ChatSqlite *self, gboolean checkpoint)
{
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !checkpoint, NULL);
}

static void
switch_to_wal (ChatSqlite *self)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (&self->parent, "PRAGMA journal_mode = WAL", "");
  g_autofree char *mode = NULL;

  if (!chat_sql_next (&self->parent, query))
    return;
  chat_sql_read (query, "s", &mode);
  if (g_strcmp0 (mode, "wal") != 0)
    chat_sql_fail (&self->parent, CHAT_STORE_ERROR_READ_ONLY,
                   "“%s” can't have a write-ahead log where it is: put it on a local disk, not on a network one",
                   self->path);
}

static void
use_wal (ChatSqlite *self)
{
  gint64 deadline = g_get_monotonic_time () + self->busy_timeout * G_TIME_SPAN_MILLISECOND;

  /* a new file is switched once, and for that SQLite does not wait by itself: roles may well start together */
  for (switch_to_wal (self); g_error_matches (self->parent.failure, CHAT_STORE_ERROR, CHAT_STORE_ERROR_BUSY);
       switch_to_wal (self))
    {
      if (g_get_monotonic_time () >= deadline)
        return;
      g_clear_error (&self->parent.failure);
      sqlite3_sleep (WAL_RETRY_MS);
    }
}

static gboolean
set_up (ChatSqlite *self, GError **error)
{
  configure (self);
  set_checkpoint_on_close (self, FALSE);
  if (!chat_sqlite_recognise (&self->parent, error))
    return FALSE;

  if (sqlite3_db_readonly (self->handle, "main") != 0)
    fail_with_code (self, SQLITE_READONLY);
  if (self->role == CHAT_SQLITE_WRITER)
    use_wal (self);
  chat_sql_script (&self->parent, self->role == CHAT_SQLITE_WRITER ? writer_settings : reader_settings);
  if (self->parent.failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->parent.failure));
      return FALSE;
    }

  set_checkpoint_on_close (self, TRUE);
  return self->role == CHAT_SQLITE_READER || chat_sqlite_migrate (&self->parent, error);
}

static void
disconnect (ChatSqlite *self)
{
  g_hash_table_remove_all (self->statements);
  g_clear_pointer (&self->handle, sqlite3_close);
}

static void
driver_free (ChatSql *database)
{
  ChatSqlite *self = (ChatSqlite *)database;

  disconnect (self);
  g_hash_table_unref (self->statements);
  g_ptr_array_unref (self->late);
  g_ptr_array_unref (self->heads);
  chat_store_announcer_unref (self->announcer);
  chat_sql_clear (&self->parent);
  g_free (self->path);
  g_free (self);
}

static gboolean
driver_open (ChatSql *database, GError **error)
{
  ChatSqlite *self = (ChatSqlite *)database;
  int code;

  if (self->role == CHAT_SQLITE_WRITER && !chat_sqlite_file_prepare (self->path, error))
    return FALSE;

  errno = 0;
  code = sqlite3_open_v2 (self->path, &self->handle,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
  if (code == SQLITE_OK && set_up (self, error))
    return TRUE;

  if (code != SQLITE_OK)
    g_propagate_error (error, fault_new (self, code));
  disconnect (self);
  return FALSE;
}

/* Statements */

static ChatSqlQuery *
driver_query (ChatSql *database, const char *sql, const ChatSqlValue *values, guint n_values)
{
  Query *query = prepare ((ChatSqlite *)database, sql);

  /* what is not bound is NULL: driver_query_end() sees to it */
  for (guint i = 0; query != NULL && i < n_values; i++)
    if (values[i].type == 's')
      sqlite3_bind_text (query->statement, (int)i + 1, values[i].text, -1, SQLITE_STATIC);
    else if (!values[i].null)
      sqlite3_bind_int64 (query->statement, (int)i + 1, values[i].number);
  return query != NULL ? &query->parent : NULL;
}

static void
driver_query_end (ChatSqlQuery *query)
{
  sqlite3_reset (statement_of (query));
  sqlite3_clear_bindings (statement_of (query));
}

static gboolean
driver_next (ChatSqlQuery *query)
{
  int code;

  errno = 0;
  code = sqlite3_step (statement_of (query));
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    fail_with_code ((ChatSqlite *)query->database, code);
  return code == SQLITE_ROW;
}

static const char *
driver_get_text (ChatSqlQuery *query, guint column)
{
  return (const char *)sqlite3_column_text (statement_of (query), (int)column);
}

static gint64
driver_get_number (ChatSqlQuery *query, guint column)
{
  return sqlite3_column_int64 (statement_of (query), (int)column);
}

static gboolean
driver_is_null (ChatSqlQuery *query, guint column)
{
  return sqlite3_column_type (statement_of (query), (int)column) == SQLITE_NULL;
}

static int
driver_count_changed (ChatSqlQuery *query)
{
  return sqlite3_changes (((ChatSqlite *)query->database)->handle);
}

static void
driver_script (ChatSql *database, const char *sql)
{
  ChatSqlite *self = (ChatSqlite *)database;
  int code;

  errno = 0;
  code = sqlite3_exec (self->handle, sql, NULL, NULL, NULL);
  if (code != SQLITE_OK)
    fail_with_code (self, code);
}

static void
driver_announce (ChatSql *database, const char *channel, gint64 seq)
{
  Head *head = g_new (Head, 1);

  *head = (Head){ g_strdup (channel), seq };
  g_ptr_array_add (((ChatSqlite *)database)->heads, head);
}

static GError *
driver_damaged (ChatSql *database, const char *detail)
{
  return chat_sqlite_fault_new (((ChatSqlite *)database)->path, SQLITE_CORRUPT, 0, detail);
}

/* Transactions */

static void
driver_begin (ChatSql *database)
{
  chat_sql_run (database, ((ChatSqlite *)database)->role == CHAT_SQLITE_WRITER ? "BEGIN IMMEDIATE" : "BEGIN", "");
}

static gboolean
driver_is_active (ChatSql *database)
{
  /* SQLite ends it itself after some faults */
  return !sqlite3_get_autocommit (((ChatSqlite *)database)->handle);
}

static void
tell (ChatSqlite *self)
{
  for (guint i = 0; i < self->heads->len && self->parent.failure == NULL; i++)
    {
      const Head *head = g_ptr_array_index (self->heads, i);

      chat_store_announcer_tell (self->announcer, head->channel, head->seq);
    }
  g_ptr_array_set_size (self->heads, 0);
}

static gboolean
driver_end (ChatSql *database, GError **error)
{
  ChatSqlite *self = (ChatSqlite *)database;

  chat_sqlite_catch_up (self);
  chat_sql_run (database, "COMMIT", "");
  tell (self);
  if (database->failure == NULL)
    return TRUE;

  if (driver_is_active (database))
    sqlite3_exec (self->handle, "ROLLBACK", NULL, NULL, NULL);
  g_propagate_error (error, g_steal_pointer (&database->failure));
  return FALSE;
}

static void
driver_savepoint (ChatSql *database)
{
  ChatSqlite *self = (ChatSqlite *)database;

  chat_sql_run (database, "SAVEPOINT call", "");
  self->kept = self->late->len;
  self->kept_heads = self->heads->len;
}

static gboolean
driver_release (ChatSql *database, GError **error)
{
  ChatSqlite *self = (ChatSqlite *)database;
  GError *failure;

  chat_sql_run (database, "RELEASE call", "");
  if (database->failure == NULL)
    return TRUE;
  if (!driver_is_active (database))
    return FALSE;

  g_ptr_array_set_size (self->late, (int)self->kept);
  g_ptr_array_set_size (self->heads, (int)self->kept_heads);
  failure = g_steal_pointer (&database->failure);
  chat_sql_script (database, "ROLLBACK TO call; RELEASE call");
  g_propagate_error (error, failure);
  return FALSE;
}

static const ChatSqlDriver driver = {
  .free = driver_free,
  .open = driver_open,
  .query = driver_query,
  .query_end = driver_query_end,
  .next = driver_next,
  .get_text = driver_get_text,
  .get_number = driver_get_number,
  .is_null = driver_is_null,
  .count_changed = driver_count_changed,
  .script = driver_script,
  .begin = driver_begin,
  .is_active = driver_is_active,
  .end = driver_end,
  .savepoint = driver_savepoint,
  .release = driver_release,
  .announce = driver_announce,
  .damaged = driver_damaged,
  .index_words = chat_sqlite_index_words,
  .unindex_words = chat_sqlite_unindex_words,
  .search = chat_sqlite_search,
};

/* Public */

ChatSql *
chat_sqlite_new (const char *path, ChatSqliteRole role, guint busy_timeout, ChatStoreAnnouncer *announcer)
{
  ChatSqlite *self = g_new0 (ChatSqlite, 1);

  chat_sql_init (&self->parent, &driver);
  self->path = g_strdup (path);
  self->role = role;
  self->busy_timeout = busy_timeout;
  self->statements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, query_free);
  self->late = g_ptr_array_new_with_free_func (late_free);
  self->heads = g_ptr_array_new_with_free_func (head_free);
  self->announcer = chat_store_announcer_ref (announcer);
  return &self->parent;
}

void
chat_sqlite_run_late (ChatSqlite *self, const char *sql, gint64 number, const char *first, const char *second)
{
  Late *late = g_new (Late, 1);

  *late = (Late){ sql, number, g_strdup (first), g_strdup (second) };
  g_ptr_array_add (self->late, late);
}

void
chat_sqlite_catch_up (ChatSqlite *self)
{
  for (guint i = 0; i < self->late->len && self->parent.failure == NULL; i++)
    {
      const Late *late = g_ptr_array_index (self->late, i);

      chat_sql_run (&self->parent, late->sql, "xss", late->number, late->first, late->second);
    }
  g_ptr_array_set_size (self->late, 0);
}

void
chat_sqlite_offer (ChatSqlite *self, const char *name, int n_values,
                   void (*func) (sqlite3_context *, int, sqlite3_value **))
{
  int code = sqlite3_create_function (self->handle, name, n_values,
                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL, func, NULL, NULL);

  if (code != SQLITE_OK)
    fail_with_code (self, code);
}

const char *
chat_sqlite_get_path (ChatSqlite *self)
{
  return self->path;
}
