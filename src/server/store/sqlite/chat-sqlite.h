/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

#include "server/store/chat-store-announcer.h"

G_BEGIN_DECLS

/**
 * ChatSqlite:
 *
 * One connection to a database file, with its prepared statements. It belongs to one thread at a time, that of its
 * worker.
 *
 * The first failure within a transaction stays: what is asked after it does nothing, so that a query reads from top to
 * bottom and only chat_sqlite_end() or chat_sqlite_release() needs to look.
 */
typedef struct _ChatSqlite ChatSqlite;

typedef enum
{
  CHAT_SQLITE_READER,
  CHAT_SQLITE_WRITER, /* makes the file and brings its schema up to date */
} ChatSqliteRole;

/** chat_sqlite_new: @path: absolute; @busy_timeout: how long to wait for another process's lock, ms; @announcer: whom
 * to tell what was stored. Opens nothing yet. */
ChatSqlite *chat_sqlite_new (const char *path, ChatSqliteRole role, guint busy_timeout, ChatStoreAnnouncer *announcer);
void chat_sqlite_free (ChatSqlite *self);

/** chat_sqlite_open: CHAT_STORE_ERROR: whatever stands in the way; a file that is not ours is not touched. */
gboolean chat_sqlite_open (ChatSqlite *self, GError **error);

/*
 * Statements. @sql is prepared once and kept; the values that follow are bound in order, the columns of a row read in
 * order, by one letter each:
 *
 *   s  char * (bound: NULL is NULL; read: newly allocated, valid UTF-8, never NULL)
 *   m  the same, but read nullable
 *   x  gint64
 *   t  gint64, a time: CHAT_TIME_UNKNOWN is NULL
 *   u  guint
 *   b  gboolean
 */

/** ChatSqliteQuery: a statement under way. */
typedef sqlite3_stmt ChatSqliteQuery;

/** chat_sqlite_query: (transfer full) (nullable): to be asked with chat_sqlite_next(); NULL after a failure. Strings
 * are borrowed until its end. */
ChatSqliteQuery *chat_sqlite_query (ChatSqlite *self, const char *sql, const char *types, ...);
void chat_sqlite_query_end (ChatSqliteQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatSqliteQuery, chat_sqlite_query_end)

/** chat_sqlite_next: @query: (nullable). Returns: whether there is a row, to be read with chat_sqlite_read() */
gboolean chat_sqlite_next (ChatSqlite *self, ChatSqliteQuery *query);
void chat_sqlite_read (ChatSqliteQuery *query, const char *types, ...);
/** chat_sqlite_read_from: the columns from @first on. */
void chat_sqlite_read_from (ChatSqliteQuery *query, int first, const char *types, ...);

/** chat_sqlite_run: runs a statement that returns no rows. Returns: how many rows it changed; 0 after a failure */
int chat_sqlite_run (ChatSqlite *self, const char *sql, const char *types, ...);

/** chat_sqlite_run_late: runs @sql with a number and two texts right before the transaction is committed, unless the
 * call fails that it belongs to. For virtual tables: they write all that they hold in memory whenever a savepoint
 * begins. What fails then fails the whole transaction. @sql: static. */
void chat_sqlite_run_late (ChatSqlite *self, const char *sql, gint64 number, const char *first, const char *second);
/** chat_sqlite_catch_up: runs now what is late. */
void chat_sqlite_catch_up (ChatSqlite *self);

/** chat_sqlite_announce: once this is committed, that @channel has come to @head. */
void chat_sqlite_announce (ChatSqlite *self, const char *channel, gint64 head);

/** chat_sqlite_last_number: of the row that was inserted last. */
gint64 chat_sqlite_last_number (ChatSqlite *self);

/** chat_sqlite_script: runs several statements without values. */
void chat_sqlite_script (ChatSqlite *self, const char *sql);

/** chat_sqlite_offer: makes @func of @n_values values, which always gives the same for the same, known to SQL. */
void chat_sqlite_offer (ChatSqlite *self, const char *name, int n_values,
                        void (*func) (sqlite3_context *, int, sqlite3_value **));

/** chat_sqlite_number: the first column of the first row of @sql, which has no values; 0 where there is none. */
gint64 chat_sqlite_number (ChatSqlite *self, const char *sql);

/** chat_sqlite_fail: what a query found wrong itself; only the first failure is kept. Returns: NULL, to be returned */
gpointer chat_sqlite_fail (ChatSqlite *self, ChatStoreError code, const char *format, ...) G_GNUC_PRINTF (3, 4);
/** chat_sqlite_fail_damaged: the same, where the database holds what it never should. @detail: what. */
gpointer chat_sqlite_fail_damaged (ChatSqlite *self, const char *detail);
gboolean chat_sqlite_has_failed (ChatSqlite *self);

/*
 * Transactions. A savepoint makes one call of several that share a commit fail alone.
 */
void chat_sqlite_begin (ChatSqlite *self);
/** chat_sqlite_is_active: whether a transaction is open: SQLite ends it itself after some faults. */
gboolean chat_sqlite_is_active (ChatSqlite *self);
/** chat_sqlite_end: commits; after a failure rolls back and hands the failure over. */
gboolean chat_sqlite_end (ChatSqlite *self, GError **error);
void chat_sqlite_savepoint (ChatSqlite *self);
/** chat_sqlite_release: keeps what came since the savepoint; after a failure undoes it and hands the failure over,
 * unless the whole transaction is lost: then the failure stays for chat_sqlite_end(). */
gboolean chat_sqlite_release (ChatSqlite *self, GError **error);

const char *chat_sqlite_get_path (ChatSqlite *self);

/** chat_sqlite_get_key: (transfer none): the key of a user's name, for which see chat_skeleton(); valid until the next
 * call. Known names cost nothing. */
const char *chat_sqlite_get_key (ChatSqlite *self, const char *user);

G_END_DECLS
