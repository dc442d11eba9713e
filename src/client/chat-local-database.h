/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

#define CHAT_TYPE_LOCAL_DATABASE (chat_local_database_get_type ())
G_DECLARE_FINAL_TYPE (ChatLocalDatabase, chat_local_database, CHAT, LOCAL_DATABASE, GObject)

/**
 * ChatLocalDatabase:
 *
 * What a workspace keeps on this disk (its cache and its outbox): one SQLite file behind one thread. A commit is on the
 * disk when its callback comes (WAL, synchronous=FULL). Nobody else opens the file meanwhile.
 *
 * Every error is a CHAT_CLIENT_ERROR_STORAGE that names the file and says what to do, or G_IO_ERROR_CANCELLED / CLOSED.
 * A file that is damaged, in use, or of a newer version is left as it is: every job then fails with that reason.
 */
ChatLocalDatabase *chat_local_database_new (const char *directory);

/** ChatLocalJob: on the database's thread, inside a transaction that is committed after TRUE and undone after FALSE. */
typedef gboolean (*ChatLocalJob) (sqlite3 *db, gpointer data, GError **error);

/** chat_local_database_run_async: @data: (transfer full): also where it fails. Jobs run in order; those that wait at
 * the same time share a commit. */
void chat_local_database_run_async (ChatLocalDatabase *self, ChatLocalJob job, gpointer data, GDestroyNotify data_free,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/** chat_local_database_run_finish: @data: (out) (optional): the job's data, which lives as long as @result */
gboolean chat_local_database_run_finish (ChatLocalDatabase *self, GAsyncResult *result, gpointer data, GError **error);

/** chat_local_database_close_async: after what waits. Idempotent. */
void chat_local_database_close_async (ChatLocalDatabase *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data);
gboolean chat_local_database_close_finish (ChatLocalDatabase *self, GAsyncResult *result, GError **error);

/*
 * For jobs. Parameters are bound with a format of one letter each: `s` const char * (nullable), `i` gint64, `b` GBytes
 * *.
 */
/** ChatLocalRow: FALSE where no more rows are wanted, or with an error. */
typedef gboolean (*ChatLocalRow) (sqlite3_stmt *row, gpointer data, GError **error);

/** chat_local_foreach: each row of what @sql asks for. @func: (nullable) */
gboolean chat_local_foreach (sqlite3 *db, ChatLocalRow func, gpointer data, GError **error, const char *sql,
                             const char *format, ...);
/** chat_local_execute: what gives no rows. */
gboolean chat_local_execute (sqlite3 *db, GError **error, const char *sql, const char *format, ...);
/** chat_local_dup_text: (transfer full) (nullable) */
char *chat_local_dup_text (sqlite3_stmt *statement, int column);

G_END_DECLS
