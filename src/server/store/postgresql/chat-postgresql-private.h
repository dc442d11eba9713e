/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/postgresql/chat-postgresql.h"
#include "server/store/sql/chat-sql-rows.h"

G_BEGIN_DECLS

/* What the files of the driver share; each of them has one aspect. */

struct _ChatPostgresql
{
  ChatSql parent;

  ChatPostgresqlAddress *address;
  ChatPostgresqlRole role;
  gboolean tells;
  guint timeout; /* ms */

  PGconn *handle;
  char *schema;
  char *topic;
  GHashTable *statements; /* SQL → the name under which the server has it */
  GPtrArray *posted; /* ChatPostgresqlStatement: what is sent with the next one, since nobody waits for its answer */
  guint savepoint;   /* where in it the savepoint is; G_MAXUINT: sent already, or there is none */
  gboolean unread;   /* a commit's answer is still to be read */
  ChatPostgresqlRows *rows;
  ChatSqlRows *news; /* what is told with the commit */
  gboolean patient;

  /* of the transaction under way, or the last */
  ChatPostgresqlRemedy remedy;
  gboolean in_transaction;
  gboolean in_doubt; /* a commit was sent and not answered */
  gboolean silent;   /* the server did not answer in time */

  GError *refusal;  /* why the last attempt to connect failed */
  gint64 pause_end; /* monotonic: no attempt before */
  guint pause;      /* ms */
};

/** ChatPostgresqlStatement: one to be sent, with its values. */
typedef struct
{
  const char *name; /* as it was prepared; NULL: not at all */
  const char *sql;
  int count;
  const Oid *types;
  const char *const *values;
  char **owned; /* the same, where they are its own */
} ChatPostgresqlStatement;

void chat_postgresql_statement_free (gpointer statement);

/*
 * chat-postgresql-connection.c
 */

/** chat_postgresql_disconnect: also what was posted is gone. */
void chat_postgresql_disconnect (ChatPostgresql *self);
/** chat_postgresql_reconnect: for the transaction that begins: fails at once while it is too soon for another attempt.
 */
void chat_postgresql_reconnect (ChatPostgresql *self);
gboolean chat_postgresql_open (ChatSql *database, GError **error);

/*
 * chat-postgresql-exchange.c: what fails becomes the connection's failure, with its remedy.
 */

/** chat_postgresql_fail: @state: the SQLSTATE. */
void chat_postgresql_fail (ChatPostgresql *self, const char *state, const char *detail);
/** chat_postgresql_lose: the connection is of no use any more. */
void chat_postgresql_lose (ChatPostgresql *self, const char *detail);
gboolean chat_postgresql_is_connected (ChatPostgresql *self);

/** chat_postgresql_await: (transfer full) (nullable): what the server answers to what was sent; of several results the
 * last. NULL after a failure. @sent: whether it could be sent. */
PGresult *chat_postgresql_await (ChatPostgresql *self, gboolean sent);
/** chat_postgresql_exchange: (transfer full) (nullable): sends what was posted and @last together; the answer to that.
 */
PGresult *chat_postgresql_exchange (ChatPostgresql *self, const ChatPostgresqlStatement *last);
PGresult *chat_postgresql_exchange_plain (ChatPostgresql *self, const char *sql);
/** chat_postgresql_post_plain: without values; it goes with the next one. @sql: static */
void chat_postgresql_post_plain (ChatPostgresql *self, const char *sql);
/** chat_postgresql_send_posted: what was posted, now. */
void chat_postgresql_send_posted (ChatPostgresql *self);
/** chat_postgresql_run_plainly: several statements at once, which only go alone. */
void chat_postgresql_run_plainly (ChatPostgresql *self, const char *sql);
/** chat_postgresql_let_go: commits without waiting for the answer: of what was only read nobody has to know that it has
 * ended. chat_postgresql_read_rest() reads it before something else is sent. */
void chat_postgresql_let_go (ChatPostgresql *self);
void chat_postgresql_read_rest (ChatPostgresql *self);

/*
 * The driver's: chat-postgresql-statement.c, chat-postgresql-transaction.c
 */

ChatSqlQuery *chat_postgresql_query (ChatSql *database, const char *sql, const ChatSqlValue *values, guint n_values);
void chat_postgresql_query_end (ChatSqlQuery *query);
gboolean chat_postgresql_next (ChatSqlQuery *query);
const char *chat_postgresql_get_text (ChatSqlQuery *query, guint column);
gint64 chat_postgresql_get_number (ChatSqlQuery *query, guint column);
gboolean chat_postgresql_is_null (ChatSqlQuery *query, guint column);
int chat_postgresql_count_changed (ChatSqlQuery *query);
void chat_postgresql_post (ChatSql *database, const char *sql, const ChatSqlValue *values, guint n_values);
void chat_postgresql_script (ChatSql *database, const char *sql);
void chat_postgresql_lock (ChatSql *database, const char *what, GPtrArray *keys, gboolean shared);

void chat_postgresql_announce (ChatSql *database, const char *channel, gint64 head);
void chat_postgresql_begin (ChatSql *database);
gboolean chat_postgresql_is_active (ChatSql *database);
gboolean chat_postgresql_end (ChatSql *database, GError **error);
void chat_postgresql_savepoint (ChatSql *database);
gboolean chat_postgresql_release (ChatSql *database, GError **error);
gboolean chat_postgresql_recovers (ChatSql *database, const GError *error, guint attempt);

G_END_DECLS
