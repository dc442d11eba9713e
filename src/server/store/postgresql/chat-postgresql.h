/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/postgresql/chat-postgresql-address.h"
#include "server/store/sql/chat-sql-driver.h"

G_BEGIN_DECLS

/**
 * ChatPostgresql:
 *
 * A connection to a database of PostgreSQL: a ChatSql, and what only PostgreSQL has. One that is lost comes back at the
 * next transaction, at once or, while the server is away, after a while: till then every call fails at once.
 */
typedef struct _ChatPostgresql ChatPostgresql;

typedef enum
{
  CHAT_POSTGRESQL_READER, /* each call sees one state of the database */
  CHAT_POSTGRESQL_WRITER, /* makes the schema and brings it up to date */
} ChatPostgresqlRole;

/** chat_postgresql_new: @timeout: how long a statement may take, ms; @tells: whether it tells other processes what was
 * stored. Opens nothing yet. */
ChatSql *chat_postgresql_new (ChatPostgresqlAddress *address, ChatPostgresqlRole role, guint timeout, gboolean tells);

const char *chat_postgresql_get_name (ChatPostgresql *self);
/** chat_postgresql_get_schema: in which its tables are; valid while it is open. */
const char *chat_postgresql_get_schema (ChatPostgresql *self);

/** chat_postgresql_dup_topic: (transfer full): under which the stores of a schema tell each other. */
char *chat_postgresql_dup_topic (const char *schema);

/** chat_postgresql_ask: like chat_sql_query() for one text, but planned anew for this very text. */
ChatSqlQuery *chat_postgresql_ask (ChatPostgresql *self, const char *sql, const ChatSqlValue *values, guint n_values);

/** chat_postgresql_copy: puts @rows, in COPY's text format, into a table: @sql: "COPY … FROM STDIN". */
void chat_postgresql_copy (ChatPostgresql *self, const char *sql, const char *rows);

/** chat_postgresql_set_patient: whether statements may take as long as they do: for migrations. */
void chat_postgresql_set_patient (ChatPostgresql *self, gboolean patient);

/* Rows that wait to be written together, of the transaction under way: chat-postgresql-append.c. */
typedef struct _ChatPostgresqlRows ChatPostgresqlRows;

ChatPostgresqlRows *chat_postgresql_get_rows (ChatPostgresql *self);
ChatPostgresqlRows *chat_postgresql_rows_new (void);
void chat_postgresql_rows_free (ChatPostgresqlRows *self);
/** chat_postgresql_rows_drop: what was not written yet, and numbers that were not given. */
void chat_postgresql_rows_drop (ChatPostgresqlRows *self);

/* Parts of the driver. */
void chat_postgresql_prepare_append (ChatSql *database, GPtrArray *messages, GHashTable *known);
gint64 chat_postgresql_next_number (ChatSql *database);
void chat_postgresql_add_row (ChatSql *database, const ChatSqlRecord *record, const char *encoded);
void chat_postgresql_flush_rows (ChatSql *database);
void chat_postgresql_index_words (ChatSql *database, const ChatSqlRecord *record, const char *text);
void chat_postgresql_unindex_words (ChatSql *database, const ChatSqlRecord *record, const char *text);
ChatSqlQuery *chat_postgresql_search (ChatSql *database, const ChatSqlSearch *search);

G_END_DECLS
