/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

#include "server/store/chat-store-announcer.h"
#include "server/store/sql/chat-sql-driver.h"

G_BEGIN_DECLS

/**
 * ChatSqlite:
 *
 * A connection to a database file: a ChatSql, and what only SQLite has.
 */
typedef struct _ChatSqlite ChatSqlite;

typedef enum
{
  CHAT_SQLITE_READER,
  CHAT_SQLITE_WRITER, /* makes the file and brings its schema up to date */
} ChatSqliteRole;

/** chat_sqlite_new: @path: absolute; @busy_timeout: how long to wait for another process's lock, ms; @announcer: whom
 * to tell what was stored. Opens nothing yet. */
ChatSql *chat_sqlite_new (const char *path, ChatSqliteRole role, guint busy_timeout, ChatStoreAnnouncer *announcer);

/** chat_sqlite_run_late: runs @sql with a number and two texts right before the transaction is committed, unless the
 * call fails that it belongs to. For virtual tables: they write all that they hold in memory whenever a savepoint
 * begins. What fails then fails the whole transaction. @sql: static. */
void chat_sqlite_run_late (ChatSqlite *self, const char *sql, gint64 number, const char *first, const char *second);
/** chat_sqlite_catch_up: runs now what is late. */
void chat_sqlite_catch_up (ChatSqlite *self);

/** chat_sqlite_offer: makes @func of @n_values values, which always gives the same for the same, known to SQL. */
void chat_sqlite_offer (ChatSqlite *self, const char *name, int n_values,
                        void (*func) (sqlite3_context *, int, sqlite3_value **));

const char *chat_sqlite_get_path (ChatSqlite *self);

/* Parts of the driver: words. */
void chat_sqlite_index_words (ChatSql *database, const ChatSqlRecord *record, const char *text);
void chat_sqlite_unindex_words (ChatSql *database, const ChatSqlRecord *record, const char *text);
ChatSqlQuery *chat_sqlite_search (ChatSql *database, const ChatSqlSearch *search);

G_END_DECLS
