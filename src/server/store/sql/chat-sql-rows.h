/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sql/chat-sql.h"

G_BEGIN_DECLS

/**
 * ChatSqlRows:
 *
 * Rows for which the same is to be done. A database that knows arrays does it for all of them at once, another one
 * after the other: so such a thing is written twice, for one row with its values as ?1, ?2 …, and for all with arrays
 * of them (“unnest (?1::bigint[], ?2::text[])”).
 */
typedef struct _ChatSqlRows ChatSqlRows;

/** chat_sql_rows_new: @types: of a row's values: s, x or t, as in chat_sql_query(). */
ChatSqlRows *chat_sql_rows_new (const char *types);
void chat_sql_rows_free (ChatSqlRows *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatSqlRows, chat_sql_rows_free)

/** chat_sql_rows_add: a row; its strings are copied. */
void chat_sql_rows_add (ChatSqlRows *self, ...);
guint chat_sql_rows_count (const ChatSqlRows *self);

/** chat_sql_rows_clear: none are left. */
void chat_sql_rows_clear (ChatSqlRows *self);

/** chat_sql_rows_run: @one, @all: statements that return no rows. Nothing happens where there are none to do it for. */
void chat_sql_rows_run (ChatSqlRows *self, ChatSql *database, const char *one, const char *all);

/** chat_sql_rows_query: (transfer full) (nullable): for databases that know arrays alone. */
ChatSqlQuery *chat_sql_rows_query (ChatSqlRows *self, ChatSql *database, const char *all);

G_END_DECLS
