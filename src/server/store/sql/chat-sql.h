/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "server/store/chat-store.h"

G_BEGIN_DECLS

/**
 * ChatSql:
 *
 * One connection to a database that speaks SQL, with its prepared statements. It belongs to one thread at a time, that
 * of its worker. What differs from one database to the other is behind a ChatSqlDriver; the aggregates in this
 * directory are written once, in what SQLite and PostgreSQL have in common.
 *
 * The first failure within a transaction stays: what is asked after it does nothing, so that a query reads from top to
 * bottom and only chat_sql_end() or chat_sql_release() needs to look.
 */
typedef struct _ChatSql ChatSql;

void chat_sql_free (ChatSql *self);

/** chat_sql_open: CHAT_STORE_ERROR: whatever stands in the way; what is not ours is not touched. */
gboolean chat_sql_open (ChatSql *self, GError **error);

/*
 * Statements. @sql is prepared once and kept; its values are ?1, ?2 … and follow in this order, the columns of a row
 * are read in order, by one letter each:
 *
 *   s  char * (bound: NULL is NULL; read: newly allocated, valid UTF-8, never NULL)
 *   m  the same, but read nullable
 *   x  gint64
 *   t  gint64, a time: CHAT_TIME_UNKNOWN is NULL
 *   u  guint
 *   b  gboolean
 *
 * Both databases have to understand them: "user", "limit" and "by" are quoted, what excluded has is qualified on the
 * other side too, flags are asked as they are (NOT account), a subquery in FROM has a name.
 */

/** ChatSqlQuery: a statement under way. */
typedef struct _ChatSqlQuery ChatSqlQuery;

/** CHAT_SQL_LESSER, CHAT_SQL_GREATER: of two expressions; the databases have no name for that in common. */
#define CHAT_SQL_LESSER(a, b) "CASE WHEN " a " < " b " THEN " a " ELSE " b " END"
#define CHAT_SQL_GREATER(a, b) "CASE WHEN " a " > " b " THEN " a " ELSE " b " END"

/** chat_sql_query: (transfer full) (nullable): to be asked with chat_sql_next(); NULL after a failure. Strings are
 * borrowed until its end. */
ChatSqlQuery *chat_sql_query (ChatSql *self, const char *sql, const char *types, ...);
void chat_sql_query_end (ChatSqlQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatSqlQuery, chat_sql_query_end)

/** chat_sql_next: steps to the next row; FALSE when there is none, and after a failure. */
gboolean chat_sql_next (ChatSql *self, ChatSqlQuery *query);
/** chat_sql_read: the columns of the row, in order. */
void chat_sql_read (ChatSqlQuery *query, const char *types, ...);
/** chat_sql_read_from: the columns from @first on. */
void chat_sql_read_from (ChatSqlQuery *query, guint first, const char *types, ...);

/** chat_sql_run: runs a statement that returns no rows. Returns: how many rows it changed; 0 after a failure */
int chat_sql_run (ChatSql *self, const char *sql, const char *types, ...);

/** chat_sql_post: the same where nobody wants to know how many; what fails then may do so later. */
void chat_sql_post (ChatSql *self, const char *sql, const char *types, ...);

/** chat_sql_script: runs several statements without values. */
void chat_sql_script (ChatSql *self, const char *sql);

/** chat_sql_number: the first column of the first row of @sql, which has no values; 0 where there is none. */
gint64 chat_sql_number (ChatSql *self, const char *sql);

/** chat_sql_announce: once this is committed, that @channel has come to @head. */
void chat_sql_announce (ChatSql *self, const char *channel, gint64 head);

/**
 * chat_sql_lock:
 * @what, @key: of what there is one
 *
 * Until the transaction ends nobody else has it. Whoever reads to decide what to write locks first: with several
 * writers what was read may be no longer so. SQLite has one writer at a time anyhow.
 */
void chat_sql_lock (ChatSql *self, const char *what, const char *key);
/** chat_sql_lock_all: @keys: (element-type utf8): in their order: whoever locks several sorts them, so that nobody
 * waits for who waits for him. */
void chat_sql_lock_all (ChatSql *self, const char *what, GPtrArray *keys);
/** chat_sql_share: the same, but several may have it at once as long as nobody has locked it. */
void chat_sql_share (ChatSql *self, const char *what, const char *key);

/** chat_sql_fail: what a query found wrong itself; only the first failure is kept. Returns: NULL, to be returned */
gpointer chat_sql_fail (ChatSql *self, ChatStoreError code, const char *format, ...) G_GNUC_PRINTF (3, 4);
/** chat_sql_fail_damaged: the same, where the database holds what it never should. @detail: what. */
gpointer chat_sql_fail_damaged (ChatSql *self, const char *detail);
gboolean chat_sql_has_failed (ChatSql *self);

/*
 * Transactions. A savepoint makes one call of several that share a commit fail alone.
 */
void chat_sql_begin (ChatSql *self);
/** chat_sql_is_active: whether a transaction is open and can still be committed. */
gboolean chat_sql_is_active (ChatSql *self);
/** chat_sql_end: commits; after a failure rolls back and hands the failure over. */
gboolean chat_sql_end (ChatSql *self, GError **error);
void chat_sql_savepoint (ChatSql *self);
/** chat_sql_release: keeps what came since the savepoint; after a failure undoes it and hands the failure over, unless
 * the whole transaction is lost: then the failure stays for chat_sql_end(). */
gboolean chat_sql_release (ChatSql *self, GError **error);
/** chat_sql_recovers: whether the transaction that has just failed did nothing and is worth another attempt at once.
 * @attempt: how many there were, from 1. */
gboolean chat_sql_recovers (ChatSql *self, const GError *error, guint attempt);

/** chat_sql_get_key: (transfer none): the key of a user's name, for which see chat_skeleton(); valid until the next
 * call. Known names cost nothing. */
const char *chat_sql_get_key (ChatSql *self, const char *user);

G_END_DECLS
