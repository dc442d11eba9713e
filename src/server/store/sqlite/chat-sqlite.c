/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sqlite/chat-sqlite.h"

#include <errno.h>
#include <stdarg.h>

#include "core/chat-lru.h"
#include "core/chat-time.h"
#include "moderation/chat-skeleton.h"
#include "server/store/sqlite/chat-sqlite-fault.h"
#include "server/store/sqlite/chat-sqlite-file.h"
#include "server/store/sqlite/chat-sqlite-migrations.h"

#define WAL_RETRY_MS 5
#define KNOWN_KEYS 4096

struct _ChatSqlite
{
  char *path;
  ChatSqliteRole role;
  guint busy_timeout;

  sqlite3 *handle;
  GHashTable *statements; /* SQL → sqlite3_stmt */
  ChatLru *keys;          /* user → key */
  GError *failure;        /* the first of this transaction */
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

/* Statement helpers */

static void
finalize_statement (gpointer statement)
{
  sqlite3_finalize (statement);
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
  if (self->failure == NULL)
    self->failure = fault_new (self, code);
}

static sqlite3_stmt *
prepare (ChatSqlite *self, const char *sql)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->statements, sql);
  int code;

  if (self->failure != NULL)
    return NULL;
  if (statement != NULL)
    {
      g_assert (!sqlite3_stmt_busy (statement));
      return statement;
    }

  errno = 0;
  code = sqlite3_prepare_v3 (self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
  if (code != SQLITE_OK)
    {
      fail_with_code (self, code);
      return NULL;
    }
  g_hash_table_insert (self->statements, g_strdup (sql), statement);
  return statement;
}

static void
bind (sqlite3_stmt *statement, const char *types, va_list values)
{
  gint64 time_ms;

  for (int i = 1; *types != '\0'; types++, i++)
    switch (*types)
      {
      case 's':
      case 'm':
        sqlite3_bind_text (statement, i, va_arg (values, const char *), -1, SQLITE_STATIC);
        break;
      case 'x':
        sqlite3_bind_int64 (statement, i, va_arg (values, gint64));
        break;
      case 't':
        time_ms = va_arg (values, gint64);
        /* what is not bound is NULL: chat_sqlite_query_end() sees to it */
        if (time_ms != CHAT_TIME_UNKNOWN)
          sqlite3_bind_int64 (statement, i, time_ms);
        break;
      case 'u':
        sqlite3_bind_int64 (statement, i, va_arg (values, guint));
        break;
      case 'b':
        sqlite3_bind_int (statement, i, va_arg (values, gboolean) != FALSE);
        break;
      default:
        g_assert_not_reached ();
      }
}

/* A damaged database may have anything in a text, and NULL where its schema does not: callers get neither. */
static char *
dup_text (sqlite3_stmt *statement, int column, const char *otherwise)
{
  const char *text = (const char *)sqlite3_column_text (statement, column);

  if (text == NULL)
    return g_strdup (otherwise);
  return g_utf8_validate (text, -1, NULL) ? g_strdup (text) : g_utf8_make_valid (text, -1);
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
  g_autoptr (ChatSqliteQuery) query = chat_sqlite_query (self, "PRAGMA journal_mode = WAL", "");
  g_autofree char *mode = NULL;

  if (!chat_sqlite_next (self, query))
    return;
  chat_sqlite_read (query, "s", &mode);
  if (g_strcmp0 (mode, "wal") != 0)
    chat_sqlite_fail (self, CHAT_STORE_ERROR_READ_ONLY,
                      "“%s” can't have a write-ahead log where it is: put it on a local disk, not on a network one",
                      self->path);
}

static void
use_wal (ChatSqlite *self)
{
  gint64 deadline = g_get_monotonic_time () + self->busy_timeout * G_TIME_SPAN_MILLISECOND;

  /* a new file is switched once, and for that SQLite does not wait by itself: roles may well start together */
  for (switch_to_wal (self); g_error_matches (self->failure, CHAT_STORE_ERROR, CHAT_STORE_ERROR_BUSY);
       switch_to_wal (self))
    {
      if (g_get_monotonic_time () >= deadline)
        return;
      g_clear_error (&self->failure);
      sqlite3_sleep (WAL_RETRY_MS);
    }
}

static gboolean
set_up (ChatSqlite *self, GError **error)
{
  configure (self);
  set_checkpoint_on_close (self, FALSE);
  if (!chat_sqlite_recognise (self, error))
    return FALSE;

  if (sqlite3_db_readonly (self->handle, "main") != 0)
    fail_with_code (self, SQLITE_READONLY);
  if (self->role == CHAT_SQLITE_WRITER)
    use_wal (self);
  chat_sqlite_script (self, self->role == CHAT_SQLITE_WRITER ? writer_settings : reader_settings);
  if (self->failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->failure));
      return FALSE;
    }

  set_checkpoint_on_close (self, TRUE);
  return self->role == CHAT_SQLITE_READER || chat_sqlite_migrate (self, error);
}

static void
disconnect (ChatSqlite *self)
{
  g_hash_table_remove_all (self->statements);
  g_clear_pointer (&self->handle, sqlite3_close);
}

ChatSqlite *
chat_sqlite_new (const char *path, ChatSqliteRole role, guint busy_timeout, ChatStoreAnnouncer *announcer)
{
  ChatSqlite *self = g_new0 (ChatSqlite, 1);

  self->path = g_strdup (path);
  self->role = role;
  self->busy_timeout = busy_timeout;
  self->statements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, finalize_statement);
  self->late = g_ptr_array_new_with_free_func (late_free);
  self->heads = g_ptr_array_new_with_free_func (head_free);
  self->keys = chat_lru_new (KNOWN_KEYS, g_free);
  self->announcer = chat_store_announcer_ref (announcer);
  return self;
}

void
chat_sqlite_free (ChatSqlite *self)
{
  disconnect (self);
  g_hash_table_unref (self->statements);
  chat_lru_free (self->keys);
  g_ptr_array_unref (self->late);
  g_ptr_array_unref (self->heads);
  chat_store_announcer_unref (self->announcer);
  g_clear_error (&self->failure);
  g_free (self->path);
  g_free (self);
}

gboolean
chat_sqlite_open (ChatSqlite *self, GError **error)
{
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

ChatSqliteQuery *
chat_sqlite_query (ChatSqlite *self, const char *sql, const char *types, ...)
{
  sqlite3_stmt *statement = prepare (self, sql);
  va_list values;

  if (statement != NULL)
    {
      va_start (values, types);
      bind (statement, types, values);
      va_end (values);
    }
  return statement;
}

void
chat_sqlite_query_end (ChatSqliteQuery *query)
{
  sqlite3_reset (query);
  sqlite3_clear_bindings (query);
}

gboolean
chat_sqlite_next (ChatSqlite *self, ChatSqliteQuery *query)
{
  int code;

  if (query == NULL || self->failure != NULL)
    return FALSE;

  errno = 0;
  code = sqlite3_step (query);
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    fail_with_code (self, code);
  return code == SQLITE_ROW;
}

static void
read_columns (ChatSqliteQuery *query, int i, const char *types, va_list places)
{
  for (; *types != '\0'; types++, i++)
    switch (*types)
      {
      case 's':
        *va_arg (places, char **) = dup_text (query, i, "");
        break;
      case 'm':
        *va_arg (places, char **) = dup_text (query, i, NULL);
        break;
      case 'x':
        *va_arg (places, gint64 *) = sqlite3_column_int64 (query, i);
        break;
      case 't':
        *va_arg (places, gint64 *)
            = sqlite3_column_type (query, i) == SQLITE_NULL ? CHAT_TIME_UNKNOWN : sqlite3_column_int64 (query, i);
        break;
      case 'u':
        *va_arg (places, guint *) = (guint)sqlite3_column_int64 (query, i);
        break;
      case 'b':
        *va_arg (places, gboolean *) = sqlite3_column_int (query, i) != 0;
        break;
      default:
        g_assert_not_reached ();
      }
}

void
chat_sqlite_read (ChatSqliteQuery *query, const char *types, ...)
{
  va_list places;

  va_start (places, types);
  read_columns (query, 0, types, places);
  va_end (places);
}

void
chat_sqlite_read_from (ChatSqliteQuery *query, int first, const char *types, ...)
{
  va_list places;

  va_start (places, types);
  read_columns (query, first, types, places);
  va_end (places);
}

int
chat_sqlite_run (ChatSqlite *self, const char *sql, const char *types, ...)
{
  g_autoptr (ChatSqliteQuery) query = prepare (self, sql);
  va_list values;

  if (query == NULL)
    return 0;

  va_start (values, types);
  bind (query, types, values);
  va_end (values);
  chat_sqlite_next (self, query);
  return self->failure == NULL ? sqlite3_changes (self->handle) : 0;
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
  for (guint i = 0; i < self->late->len && self->failure == NULL; i++)
    {
      const Late *late = g_ptr_array_index (self->late, i);

      chat_sqlite_run (self, late->sql, "xss", late->number, late->first, late->second);
    }
  g_ptr_array_set_size (self->late, 0);
}

void
chat_sqlite_announce (ChatSqlite *self, const char *channel, gint64 head)
{
  Head *news = g_new (Head, 1);

  *news = (Head){ g_strdup (channel), head };
  g_ptr_array_add (self->heads, news);
}

gint64
chat_sqlite_last_number (ChatSqlite *self)
{
  return sqlite3_last_insert_rowid (self->handle);
}

void
chat_sqlite_script (ChatSqlite *self, const char *sql)
{
  int code;

  if (self->failure != NULL)
    return;

  errno = 0;
  code = sqlite3_exec (self->handle, sql, NULL, NULL, NULL);
  if (code != SQLITE_OK)
    fail_with_code (self, code);
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

gint64
chat_sqlite_number (ChatSqlite *self, const char *sql)
{
  g_autoptr (ChatSqliteQuery) query = chat_sqlite_query (self, sql, "");

  return chat_sqlite_next (self, query) ? sqlite3_column_int64 (query, 0) : 0;
}

gpointer
chat_sqlite_fail (ChatSqlite *self, ChatStoreError code, const char *format, ...)
{
  va_list arguments;

  if (self->failure == NULL)
    {
      va_start (arguments, format);
      self->failure = g_error_new_valist (CHAT_STORE_ERROR, code, format, arguments);
      va_end (arguments);
    }
  return NULL;
}

gpointer
chat_sqlite_fail_damaged (ChatSqlite *self, const char *detail)
{
  if (self->failure == NULL)
    self->failure = chat_sqlite_fault_new (self->path, SQLITE_CORRUPT, 0, detail);
  return NULL;
}

gboolean
chat_sqlite_has_failed (ChatSqlite *self)
{
  return self->failure != NULL;
}

/* Transactions */

void
chat_sqlite_begin (ChatSqlite *self)
{
  chat_sqlite_run (self, self->role == CHAT_SQLITE_WRITER ? "BEGIN IMMEDIATE" : "BEGIN", "");
}

gboolean
chat_sqlite_is_active (ChatSqlite *self)
{
  return !sqlite3_get_autocommit (self->handle);
}

gboolean
chat_sqlite_end (ChatSqlite *self, GError **error)
{
  chat_sqlite_catch_up (self);
  chat_sqlite_run (self, "COMMIT", "");
  for (guint i = 0; i < self->heads->len && self->failure == NULL; i++)
    {
      const Head *head = g_ptr_array_index (self->heads, i);

      chat_store_announcer_tell (self->announcer, head->channel, head->seq);
    }
  g_ptr_array_set_size (self->heads, 0);
  if (self->failure == NULL)
    return TRUE;

  if (chat_sqlite_is_active (self))
    sqlite3_exec (self->handle, "ROLLBACK", NULL, NULL, NULL);
  g_propagate_error (error, g_steal_pointer (&self->failure));
  return FALSE;
}

void
chat_sqlite_savepoint (ChatSqlite *self)
{
  chat_sqlite_run (self, "SAVEPOINT call", "");
  self->kept = self->late->len;
  self->kept_heads = self->heads->len;
}

gboolean
chat_sqlite_release (ChatSqlite *self, GError **error)
{
  GError *failure;

  if (self->failure == NULL)
    chat_sqlite_run (self, "RELEASE call", "");
  if (self->failure == NULL)
    return TRUE;
  if (!chat_sqlite_is_active (self))
    return FALSE;

  g_ptr_array_set_size (self->late, (int)self->kept);
  g_ptr_array_set_size (self->heads, (int)self->kept_heads);
  failure = g_steal_pointer (&self->failure);
  chat_sqlite_script (self, "ROLLBACK TO call; RELEASE call");
  g_propagate_error (error, failure);
  return FALSE;
}

const char *
chat_sqlite_get_path (ChatSqlite *self)
{
  return self->path;
}

const char *
chat_sqlite_get_key (ChatSqlite *self, const char *user)
{
  const char *key = chat_lru_get (self->keys, user);

  if (key == NULL)
    {
      char *made = chat_skeleton (user);

      chat_lru_put (self->keys, user, made);
      key = made;
    }
  return key;
}
