/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-local-database.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/chat-client-error.h"
#include "core/chat-worker.h"

#define FILE_NAME "workspace.db"
#define SCHEMA_VERSION ((gint64)G_N_ELEMENTS (migrations))
#define USER_VERSION_OFFSET 60
#define BATCH_MOST 256
/* Another process of ours may be about to end and let go of the file. */
#define BUSY_MS 2000

/* From one version to the next. */
static const char *const migrations[] = {
  "CREATE TABLE channels (name TEXT PRIMARY KEY, topic TEXT, other TEXT, bot INTEGER NOT NULL,"
  "  people INTEGER NOT NULL, head INTEGER NOT NULL, read INTEGER NOT NULL, unread INTEGER NOT NULL,"
  "  mentions INTEGER NOT NULL, active INTEGER NOT NULL, draft TEXT) WITHOUT ROWID;"
  "CREATE TABLE messages (channel TEXT NOT NULL, seq INTEGER NOT NULL, record BLOB NOT NULL,"
  "  PRIMARY KEY (channel, seq)) WITHOUT ROWID;"
  "CREATE TABLE outbox (position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, user TEXT NOT NULL,"
  "  state TEXT NOT NULL, reason TEXT, record BLOB NOT NULL);"
  "CREATE TABLE workspace (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;",
  "ALTER TABLE channels ADD COLUMN language TEXT;"
  "ALTER TABLE channels ADD COLUMN joined INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE channels ADD COLUMN muted INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE channels ADD COLUMN notify INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE channels ADD COLUMN notified INTEGER NOT NULL DEFAULT 0;",
};

struct _ChatLocalDatabase
{
  GObject parent_instance;

  /* Owned */
  ChatWorker *worker;
};

/* The worker's own: only touched on its thread. */
typedef struct
{
  char *directory;
  char *path;
  sqlite3 *db;
  GError *failure; /* why there will be no database */
} Connection;

typedef struct
{
  ChatLocalJob job;
  gpointer data;
  GDestroyNotify data_free;
} Job;

G_DEFINE_FINAL_TYPE (ChatLocalDatabase, chat_local_database, G_TYPE_OBJECT)

static void
job_free (Job *job)
{
  if (job->data_free != NULL)
    job->data_free (job->data);
  g_free (job);
}

static void
connection_free (gpointer data)
{
  Connection *connection = data;

  sqlite3_close (connection->db);
  g_clear_error (&connection->failure);
  g_free (connection->directory);
  g_free (connection->path);
  g_free (connection);
}

static void
set_sqlite_error (sqlite3 *db, GError **error)
{
  const char *path = db != NULL ? sqlite3_db_filename (db, "main") : "";
  int code = db != NULL ? sqlite3_errcode (db) & 0xff : SQLITE_NOMEM;

  switch (code)
    {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      g_set_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_STORAGE,
                   _ ("%s is damaged (%s). Nothing is kept on this computer until it is moved away."), path,
                   sqlite3_errmsg (db));
      break;
    case SQLITE_FULL:
      g_set_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_STORAGE,
                   _ ("%s can't grow: the disk is full. Make room on it."), path);
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      g_set_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_STORAGE,
                   _ ("%s is in use by another program. Is Tertulia running twice?"), path);
      break;
    default:
      g_set_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_STORAGE, _ ("%s can't be used: %s"), path,
                   db != NULL ? sqlite3_errmsg (db) : sqlite3_errstr (code));
    }
}

static gboolean
run_sql (sqlite3 *db, const char *sql, GError **error)
{
  if (sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  set_sqlite_error (db, error);
  return FALSE;
}

static gboolean
version_cb (sqlite3_stmt *row, gpointer data, GError **error)
{
  *(int *)data = sqlite3_column_int (row, 0);
  return FALSE;
}

static gboolean
refuse_newer (Connection *connection, gint64 version, GError **error)
{
  if (version <= SCHEMA_VERSION)
    return TRUE;
  g_set_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_STORAGE,
               _ ("%s was written by a newer Tertulia and is left alone. Nothing is kept on this computer until you "
                  "use that one again."),
               connection->path);
  return FALSE;
}

/* Looks at a file that is there without opening it as a database, which would leave other files beside it: one of a
 * newer version stays exactly as it is. The version is in the header (sqlite.org/fileformat2.html, 1.3.14). */
static gboolean
check_header (Connection *connection, GError **error)
{
  guint8 header[USER_VERSION_OFFSET + 4] = { 0 };
  FILE *file = g_fopen (connection->path, "rbe");
  gsize length;

  if (file == NULL)
    return TRUE;
  length = fread (header, 1, sizeof header, file);
  fclose (file);
  if (length < sizeof header || memcmp (header, "SQLite format 3", 16) != 0)
    return TRUE;
  return refuse_newer (connection,
                       (gint64)header[USER_VERSION_OFFSET] << 24 | header[USER_VERSION_OFFSET + 1] << 16
                           | header[USER_VERSION_OFFSET + 2] << 8 | header[USER_VERSION_OFFSET + 3],
                       error);
}

static gboolean
migrate (Connection *connection, GError **error)
{
  sqlite3 *db = connection->db;
  g_autofree char *set_version = g_strdup_printf ("PRAGMA user_version=%" G_GINT64_FORMAT, SCHEMA_VERSION);
  int version = 0;

  if (!chat_local_foreach (db, version_cb, &version, error, "PRAGMA user_version", "")
      || !refuse_newer (connection, version, error))
    return FALSE;
  if (version == SCHEMA_VERSION)
    return TRUE;
  if (!run_sql (db, "BEGIN IMMEDIATE", error))
    return FALSE;
  for (gint64 step = MAX (version, 0); step < SCHEMA_VERSION; step++)
    if (!run_sql (db, migrations[step], error))
      return FALSE;
  return run_sql (db, set_version, error) && run_sql (db, "COMMIT", error);
}

static gboolean
open_database (Connection *connection, GError **error)
{
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

  if (g_mkdir_with_parents (connection->directory, 0700) != 0)
    {
      g_set_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_STORAGE, _ ("The folder %s can't be made: %s"),
                   connection->directory, g_strerror (errno));
      return FALSE;
    }
  if (!check_header (connection, error))
    return FALSE;
  if (sqlite3_open_v2 (connection->path, &connection->db, flags, NULL) != SQLITE_OK)
    {
      set_sqlite_error (connection->db, error);
      return FALSE;
    }
  sqlite3_busy_timeout (connection->db, BUSY_MS);
  /* exclusive: two programs must not send from one outbox; and WAL then needs no shared memory beside the file */
  return run_sql (connection->db, "PRAGMA locking_mode=EXCLUSIVE", error)
         && run_sql (connection->db, "PRAGMA journal_mode=WAL", error)
         && run_sql (connection->db, "PRAGMA synchronous=FULL", error) && migrate (connection, error);
}

/* On the worker: there is a database, or the reason why not. */
static gboolean
connection_check (Connection *connection, GError **error)
{
  if (connection->db == NULL && connection->failure == NULL && !open_database (connection, &connection->failure))
    g_clear_pointer (&connection->db, sqlite3_close);
  if (connection->failure == NULL)
    return TRUE;
  g_propagate_error (error, g_error_copy (connection->failure));
  return FALSE;
}

static void
run_job (sqlite3 *db, GTask *task, GError **error)
{
  Job *job = g_task_get_task_data (task);

  if (!run_sql (db, "SAVEPOINT job", error))
    return;
  if (job->job (db, job->data, error))
    run_sql (db, "RELEASE job", error);
  else
    sqlite3_exec (db, "ROLLBACK TO job; RELEASE job", NULL, NULL, NULL);
}

/* All or nothing of what the jobs did, but one that fails does not undo the others. */
static void
run_transaction (sqlite3 *db, GPtrArray *tasks, GError **errors, GError **failure)
{
  if (!run_sql (db, "BEGIN IMMEDIATE", failure))
    return;
  for (guint i = 0; i < tasks->len; i++)
    {
      run_job (db, g_ptr_array_index (tasks, i), &errors[i]);
      /* a full disk undoes the whole transaction at once (sqlite.org/lang_transaction.html) */
      if (sqlite3_get_autocommit (db))
        {
          g_propagate_error (failure, g_error_copy (errors[i]));
          return;
        }
    }
  if (!run_sql (db, "COMMIT", failure))
    sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL);
}

static void
run_batch (GPtrArray *tasks, gpointer context)
{
  Connection *connection = context;
  g_autofree GError **errors = g_new0 (GError *, tasks->len);
  g_autoptr (GError) failure = NULL;

  if (connection_check (connection, &failure))
    run_transaction (connection->db, tasks, errors, &failure);
  for (guint i = 0; i < tasks->len; i++)
    {
      GTask *task = g_ptr_array_index (tasks, i);

      if (failure != NULL)
        g_task_return_error (task, g_error_copy (failure));
      else if (errors[i] != NULL)
        g_task_return_error (task, g_error_copy (errors[i]));
      else
        g_task_return_boolean (task, TRUE);
      g_clear_error (&errors[i]);
    }
}

/* Overrides */

static void
chat_local_database_dispose (GObject *object)
{
  ChatLocalDatabase *self = CHAT_LOCAL_DATABASE (object);

  if (self->worker != NULL)
    chat_worker_close_async (self->worker, NULL, NULL, NULL);
  g_clear_object (&self->worker);
  G_OBJECT_CLASS (chat_local_database_parent_class)->dispose (object);
}

static void
chat_local_database_class_init (ChatLocalDatabaseClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = chat_local_database_dispose;
}

static void
chat_local_database_init (ChatLocalDatabase *self)
{
}

ChatLocalDatabase *
chat_local_database_new (const char *directory)
{
  ChatLocalDatabase *self = g_object_new (CHAT_TYPE_LOCAL_DATABASE, NULL);
  Connection *connection = g_new0 (Connection, 1);

  connection->directory = g_strdup (directory);
  connection->path = g_build_filename (directory, FILE_NAME, NULL);
  self->worker = chat_worker_new ("chat-local", connection, connection_free);
  return self;
}

void
chat_local_database_run_async (ChatLocalDatabase *self, ChatLocalJob job, gpointer data, GDestroyNotify data_free,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;
  Job *work;

  g_return_if_fail (CHAT_IS_LOCAL_DATABASE (self));

  work = g_new (Job, 1);
  *work = (Job){ job, data, data_free };
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_local_database_run_async);
  g_task_set_task_data (task, work, (GDestroyNotify)job_free);
  chat_worker_push_batchable (self->worker, task, run_batch, BATCH_MOST);
}

gboolean
chat_local_database_run_finish (ChatLocalDatabase *self, GAsyncResult *result, gpointer data, GError **error)
{
  Job *job;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  job = g_task_get_task_data (G_TASK (result));
  if (data != NULL)
    *(gpointer *)data = job->data;
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (chat_worker_close_finish (CHAT_WORKER (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
chat_local_database_close_async (ChatLocalDatabase *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  GTask *task;

  g_return_if_fail (CHAT_IS_LOCAL_DATABASE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_local_database_close_async);
  chat_worker_close_async (self->worker, cancellable, closed_cb, task);
}

gboolean
chat_local_database_close_finish (ChatLocalDatabase *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* For jobs */

static void
bind (sqlite3_stmt *statement, int place, char letter, va_list *arguments)
{
  switch (letter)
    {
    case 's':
      sqlite3_bind_text (statement, place, va_arg (*arguments, const char *), -1, SQLITE_TRANSIENT);
      break;
    case 'i':
      sqlite3_bind_int64 (statement, place, va_arg (*arguments, gint64));
      break;
    case 'b':
      {
        GBytes *bytes = va_arg (*arguments, GBytes *);

        sqlite3_bind_blob64 (statement, place, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                             SQLITE_TRANSIENT);
        break;
      }
    default:
      g_assert_not_reached ();
    }
}

static gboolean
foreach_valist (sqlite3 *db, ChatLocalRow func, gpointer data, GError **error, const char *sql, const char *format,
                va_list *arguments)
{
  g_autoptr (GError) failure = NULL;
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2 (db, sql, -1, &statement, NULL);

  if (code == SQLITE_OK)
    {
      for (int i = 0; format[i] != '\0'; i++)
        bind (statement, i + 1, format[i], arguments);
      do
        code = sqlite3_step (statement);
      while (code == SQLITE_ROW && (func == NULL || func (statement, data, &failure)));
    }
  if (failure == NULL && code != SQLITE_ROW && code != SQLITE_DONE)
    set_sqlite_error (db, &failure);
  sqlite3_finalize (statement);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

gboolean
chat_local_foreach (sqlite3 *db, ChatLocalRow func, gpointer data, GError **error, const char *sql, const char *format,
                    ...)
{
  va_list arguments;
  gboolean ok;

  va_start (arguments, format);
  ok = foreach_valist (db, func, data, error, sql, format, &arguments);
  va_end (arguments);
  return ok;
}

gboolean
chat_local_execute (sqlite3 *db, GError **error, const char *sql, const char *format, ...)
{
  va_list arguments;
  gboolean ok;

  va_start (arguments, format);
  ok = foreach_valist (db, NULL, NULL, error, sql, format, &arguments);
  va_end (arguments);
  return ok;
}

char *
chat_local_dup_text (sqlite3_stmt *statement, int column)
{
  return g_strdup ((const char *)sqlite3_column_text (statement, column));
}
