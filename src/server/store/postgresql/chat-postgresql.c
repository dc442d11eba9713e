/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/postgresql/chat-postgresql.h"

#include <stdlib.h>
#include <string.h>

#include "server/store/postgresql/chat-postgresql-migrations.h"
#include "server/store/sql/chat-sql-rows.h"

/* types of parameters: https://github.com/postgres/postgres/blob/REL_15_STABLE/src/include/catalog/pg_type.dat */
#define TYPE_BOOL 16
#define TYPE_INT8 20
#define TYPE_TEXT 25

#define GRACE                                                                                                          \
  2 /* a server that gave up no statement after so many times as long as its settings tell it to is gone               \
     */

#define FIRST_PAUSE_MS 200 /* before the next attempt to connect */
#define LONGEST_PAUSE_MS 5000
#define REFUSED_PAUSE_MS 5000 /* where somebody has to do something first */

#define MAX_ATTEMPTS 6
#define STEP_ASIDE_MS 10

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
  GPtrArray *posted;      /* Statement: what is sent with the next one, since nobody waits for its answer */
  guint savepoint;        /* where in it the savepoint is; G_MAXUINT: sent already, or there is none */
  gboolean unread;        /* a commit's answer is still to be read */
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

/** Statement: one to be sent, with its values. */
typedef struct
{
  const char *name; /* as it was prepared; NULL: not at all */
  const char *sql;
  int count;
  const Oid *types;
  const char *const *values;
  char **owned; /* the same, where they are its own */
} Statement;

static void
statement_free (gpointer data)
{
  Statement *statement = data;

  for (int i = 0; statement->owned != NULL && i < statement->count; i++)
    g_free (statement->owned[i]);
  g_free (statement->owned);
  g_free (statement);
}

/** Query: an answer, all of it. */
typedef struct
{
  ChatSqlQuery parent;
  PGresult *result;
  int row;
} Query;

static const char settings[] = "SET client_min_messages = warning; SET standard_conforming_strings = on;"
                               "SET TimeZone = 'UTC'; SET idle_in_transaction_session_timeout = '60s'";
/* what is read behind a lock is what was committed before it, whatever the database's own settings say */
static const char writer_settings[] = "SET default_transaction_isolation = 'read committed'";
static const char reader_settings[] = "SET default_transaction_isolation = 'repeatable read';"
                                      "SET default_transaction_read_only = on";

/* Failures */

static void
fail (ChatPostgresql *self, const char *state, const char *detail)
{
  ChatPostgresqlRemedy remedy;
  GError *fault = chat_postgresql_fault_new (chat_postgresql_get_name (self), state, detail, &remedy);

  /* rights that were taken away come back: only opening takes a refusal for the last word */
  if (remedy == CHAT_POSTGRESQL_WAIT)
    fault->code = CHAT_STORE_ERROR_BUSY;
  if (self->parent.failure == NULL)
    self->remedy = remedy;
  chat_sql_take_failure (&self->parent, fault);
}

static gboolean
is_connected (ChatPostgresql *self)
{
  return self->handle != NULL && PQstatus (self->handle) == CONNECTION_OK;
}

static void
disconnect (ChatPostgresql *self)
{
  g_ptr_array_set_size (self->posted, 0);
  g_hash_table_remove_all (self->statements);
  g_clear_pointer (&self->handle, PQfinish);
  self->unread = FALSE;
}

static void
lose (ChatPostgresql *self, const char *detail)
{
  fail (self, NULL, detail);
  disconnect (self);
}

static void
lose_silent (ChatPostgresql *self)
{
  self->silent = TRUE;
  lose (self, "no answer in time");
}

/* Answers */

static gint64
deadline (ChatPostgresql *self)
{
  return self->patient ? G_MAXINT64 : g_get_monotonic_time () + GRACE * self->timeout * G_TIME_SPAN_MILLISECOND;
}

/* sends what is left to be sent; FALSE after it failed */
static gboolean
flush (ChatPostgresql *self, gint64 until)
{
  int left;

  while ((left = PQflush (self->handle)) > 0)
    {
      if (!chat_postgresql_wait (self->handle, TRUE, until, NULL))
        {
          lose_silent (self);
          return FALSE;
        }
      /* it may wait for us to read first */
      if (!PQconsumeInput (self->handle))
        break;
    }
  if (left == 0)
    return TRUE;
  lose (self, PQerrorMessage (self->handle));
  return FALSE;
}

/* the next result, NULL after the last and after a failure */
static PGresult *
next_result (ChatPostgresql *self, gint64 until)
{
  if (self->handle == NULL)
    return NULL;
  while (PQisBusy (self->handle))
    {
      if (!chat_postgresql_wait (self->handle, FALSE, until, NULL))
        {
          lose_silent (self);
          return NULL;
        }
      if (!PQconsumeInput (self->handle))
        {
          lose (self, PQerrorMessage (self->handle));
          return NULL;
        }
    }
  return PQgetResult (self->handle);
}

static void
judge (ChatPostgresql *self, PGresult *result)
{
  ExecStatusType status = PQresultStatus (result);

  if (status != PGRES_FATAL_ERROR && status != PGRES_BAD_RESPONSE)
    return;
  fail (self, PQresultErrorField (result, PG_DIAG_SQLSTATE), PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY));
}

/* What the server answers to what was sent; of several results the last. NULL after a failure. */
static PGresult *
await (ChatPostgresql *self, gboolean sent)
{
  gint64 until = deadline (self);
  PGresult *last = NULL, *result;

  if (!sent)
    lose (self, PQerrorMessage (self->handle));
  if (!sent || !flush (self, until))
    return NULL;
  while ((result = next_result (self, until)) != NULL)
    {
      ExecStatusType status = PQresultStatus (result);

      judge (self, result);
      g_clear_pointer (&last, PQclear);
      last = result;
      if (status == PGRES_COPY_IN)
        break;
    }
  if (self->handle != NULL && PQstatus (self->handle) != CONNECTION_OK)
    lose (self, PQerrorMessage (self->handle));
  if (self->parent.failure != NULL)
    g_clear_pointer (&last, PQclear);
  return last;
}

/* Sending together: https://www.postgresql.org/docs/15/libpq-pipeline-mode.html */

static gboolean
send_statement (PGconn *handle, const Statement *statement)
{
  if (statement->name != NULL)
    return PQsendQueryPrepared (handle, statement->name, statement->count, statement->values, NULL, NULL, 0) != 0;
  return PQsendQueryParams (handle, statement->sql, statement->count, statement->types, statement->values, NULL, NULL,
                            0)
         != 0;
}

static gboolean
send_pipeline (ChatPostgresql *self, const Statement *last)
{
  gboolean sent = PQenterPipelineMode (self->handle) != 0;

  for (guint i = 0; sent && i < self->posted->len; i++)
    sent = send_statement (self->handle, g_ptr_array_index (self->posted, i));
  if (sent && last != NULL)
    sent = send_statement (self->handle, last);
  return sent && PQpipelineSync (self->handle) != 0;
}

/* the answer to the next statement of a pipeline, with the NULL behind it */
static PGresult *
next_answer (ChatPostgresql *self, gint64 until)
{
  PGresult *answer = next_result (self, until), *more;

  if (answer != NULL)
    judge (self, answer);
  while (answer != NULL && (more = next_result (self, until)) != NULL)
    PQclear (more);
  return answer;
}

/* What was posted, and @last (nullable), of which the answer comes back. NULL after a failure. */
static PGresult *
exchange_pipeline (ChatPostgresql *self, const Statement *last)
{
  guint count = self->posted->len;
  gint64 until = deadline (self);
  PGresult *answer = NULL;

  if (!send_pipeline (self, last))
    lose (self, PQerrorMessage (self->handle));
  else if (flush (self, until))
    {
      for (guint i = 0; i < count && self->handle != NULL; i++)
        PQclear (next_answer (self, until));
      if (last != NULL && self->handle != NULL)
        answer = next_answer (self, until);
      /* and that it was all */
      PQclear (next_result (self, until));
    }
  g_ptr_array_set_size (self->posted, 0);
  self->savepoint = G_MAXUINT;
  if (self->handle != NULL && !PQexitPipelineMode (self->handle))
    lose (self, PQerrorMessage (self->handle));
  if (self->parent.failure != NULL)
    g_clear_pointer (&answer, PQclear);
  return answer;
}

static PGresult *
exchange (ChatPostgresql *self, const Statement *last)
{
  if (self->posted->len > 0)
    return exchange_pipeline (self, last);
  return await (self, send_statement (self->handle, last));
}

static PGresult *
exchange_plain (ChatPostgresql *self, const char *sql)
{
  return exchange (self, &(Statement){ .sql = sql });
}

/* what is there without values: it goes with the next one */
static void
post_plain (ChatPostgresql *self, const char *sql)
{
  Statement *statement = g_new0 (Statement, 1);

  statement->sql = sql;
  g_ptr_array_add (self->posted, statement);
}

/* several statements at once, which only go alone */
static void
run_plainly (ChatPostgresql *self, const char *sql)
{
  if (self->posted->len > 0)
    PQclear (exchange_pipeline (self, NULL));
  if (self->parent.failure == NULL)
    PQclear (await (self, PQsendQuery (self->handle, sql)));
}

/* The answer to a commit that nobody waited for. */
static void
read_rest (ChatPostgresql *self)
{
  gint64 until = deadline (self);
  PGresult *result;

  while (self->unread && (result = next_result (self, until)) != NULL)
    PQclear (result);
  self->unread = FALSE;
}

/* Connecting */

static gboolean
check_server (ChatPostgresql *self)
{
  const char *encoding = PQparameterStatus (self->handle, "server_encoding");

  if (PQserverVersion (self->handle) < 150000)
    chat_sql_fail (&self->parent, CHAT_STORE_ERROR_REFUSED, "%s is of version %d: version 15 or later is needed",
                   chat_postgresql_get_name (self), PQserverVersion (self->handle) / 10000);
  else if (g_strcmp0 (encoding, "UTF8") != 0)
    chat_sql_fail (&self->parent, CHAT_STORE_ERROR_REFUSED,
                   "%s keeps its texts in %s: make one with ENCODING 'UTF8' and name that in the uri",
                   chat_postgresql_get_name (self), encoding);
  return self->parent.failure == NULL;
}

static void
find_schema (ChatPostgresql *self)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (&self->parent, "SELECT current_schema ()", "");

  g_clear_pointer (&self->schema, g_free);
  g_clear_pointer (&self->topic, g_free);
  if (!chat_sql_next (&self->parent, query))
    return;
  chat_sql_read (query, "m", &self->schema);
  if (self->schema == NULL)
    chat_sql_fail (&self->parent, CHAT_STORE_ERROR_REFUSED,
                   "%s has no schema in which the tables could be: make the one that its search_path names",
                   chat_postgresql_get_name (self));
  else
    self->topic = chat_postgresql_dup_topic (self->schema);
}

static gboolean
set_up (ChatPostgresql *self)
{
  if (!check_server (self))
    return FALSE;
  chat_sql_script (&self->parent, settings);
  chat_postgresql_set_patient (self, FALSE);
  chat_sql_script (&self->parent, self->role == CHAT_POSTGRESQL_READER ? reader_settings : writer_settings);
  find_schema (self);
  return self->parent.failure == NULL;
}

/* The failure is that of the transaction which wants the connection. */
static void
connect_now (ChatPostgresql *self)
{
  GError *error = NULL;

  disconnect (self);
  self->handle = chat_postgresql_address_connect (self->address, NULL, &self->remedy, &error);
  if (self->handle == NULL)
    {
      chat_sql_take_failure (&self->parent, error);
      return;
    }
  /* what is sent must not block beyond the deadline either */
  PQsetnonblocking (self->handle, 1);
  if (!set_up (self))
    disconnect (self);
}

/* Attempts get rarer while they fail. */
static void
note_attempt (ChatPostgresql *self)
{
  g_clear_error (&self->refusal);
  if (self->parent.failure == NULL)
    {
      self->pause = 0;
      return;
    }
  self->refusal = g_error_copy (self->parent.failure);
  if (self->remedy == CHAT_POSTGRESQL_WAIT)
    self->pause = REFUSED_PAUSE_MS;
  else
    self->pause = CLAMP (self->pause * 2, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  self->pause_end
      = g_get_monotonic_time () + g_random_int_range ((gint32)self->pause / 2, (gint32)self->pause + 1) * 1000;
}

static void
reconnect (ChatPostgresql *self)
{
  if (self->refusal != NULL && g_get_monotonic_time () < self->pause_end)
    {
      chat_sql_take_failure (&self->parent, g_error_copy (self->refusal));
      return;
    }
  connect_now (self);
  /* it was there before: whoever runs it will put it right */
  if (self->parent.failure != NULL && self->parent.failure->domain == CHAT_STORE_ERROR)
    self->parent.failure->code = CHAT_STORE_ERROR_BUSY;
  note_attempt (self);
}

static gboolean
driver_open (ChatSql *database, GError **error)
{
  ChatPostgresql *self = (ChatPostgresql *)database;

  connect_now (self);
  if (database->failure == NULL && self->role == CHAT_POSTGRESQL_WRITER)
    chat_postgresql_migrate (self);
  if (database->failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&database->failure));
  disconnect (self);
  return FALSE;
}

static void
driver_free (ChatSql *database)
{
  ChatPostgresql *self = (ChatPostgresql *)database;

  disconnect (self);
  g_hash_table_unref (self->statements);
  g_ptr_array_unref (self->posted);
  chat_postgresql_rows_free (self->rows);
  chat_sql_rows_free (self->news);
  chat_postgresql_address_unref (self->address);
  g_clear_error (&self->refusal);
  chat_sql_clear (database);
  g_free (self->schema);
  g_free (self->topic);
  g_free (self);
}

/* Statements */

/* “?1” is “$1” here */
static char *
translate (const char *sql)
{
  char *translated = g_strdup (sql);

  for (char *at = strchr (translated, '?'); at != NULL; at = strchr (at + 1, '?'))
    if (g_ascii_isdigit (at[1]))
      *at = '$';
  return translated;
}

static Oid
type_of (const ChatSqlValue *value)
{
  switch (value->type)
    {
    case 's':
      return TYPE_TEXT;
    case 'b':
      return TYPE_BOOL;
    case 'x':
    default:
      return TYPE_INT8;
    }
}

/* NULL after it failed: PostgreSQL would refuse it too, and the transaction with it */
static const char *
check_text (ChatPostgresql *self, const char *text)
{
  if (g_utf8_validate (text, -1, NULL))
    return text;
  chat_sql_take_failure (&self->parent, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                                                             "A text to store is not valid UTF-8"));
  return NULL;
}

/** Bound: values as libpq takes them: all as text. */
typedef struct
{
  Oid types[CHAT_SQL_MAX_VALUES];
  const char *values[CHAT_SQL_MAX_VALUES];
  char numbers[CHAT_SQL_MAX_VALUES][24];
  int count;
} Bound;

static void
bind (ChatPostgresql *self, Bound *bound, const ChatSqlValue *values, guint n_values)
{
  bound->count = (int)n_values;
  for (guint i = 0; i < n_values; i++)
    {
      bound->types[i] = type_of (&values[i]);
      bound->values[i] = NULL;
      if (values[i].null)
        continue;
      g_snprintf (bound->numbers[i], sizeof bound->numbers[i], "%" G_GINT64_FORMAT, values[i].number);
      bound->values[i] = values[i].type == 's' ? check_text (self, values[i].text) : bound->numbers[i];
    }
}

static const char *
prepare (ChatPostgresql *self, const char *sql, const Bound *bound)
{
  const char *known = g_hash_table_lookup (self->statements, sql);
  g_autofree char *translated = NULL;
  g_autofree char *name = NULL;

  if (known != NULL)
    return known;
  /* what fails is to fail behind the savepoint that it belongs to */
  if (self->posted->len > 0)
    PQclear (exchange_pipeline (self, NULL));
  if (self->parent.failure != NULL)
    return NULL;
  translated = translate (sql);
  name = g_strdup_printf ("s%u", g_hash_table_size (self->statements));
  PQclear (await (self, PQsendPrepare (self->handle, name, translated, bound->count, bound->types)));
  if (self->parent.failure != NULL)
    return NULL;
  known = name;
  g_hash_table_insert (self->statements, g_strdup (sql), g_steal_pointer (&name));
  return known;
}

static ChatSqlQuery *
query_new (ChatPostgresql *self, PGresult *result)
{
  Query *query;

  if (result == NULL)
    return NULL;
  query = g_new (Query, 1);
  *query = (Query){ { &self->parent }, result, -1 };
  return &query->parent;
}

static Statement
statement_of (const Bound *bound, const char *name, const char *sql)
{
  return (Statement){ name, sql, bound->count, bound->types, bound->values, NULL };
}

static ChatSqlQuery *
driver_query (ChatSql *database, const char *sql, const ChatSqlValue *values, guint n_values)
{
  ChatPostgresql *self = (ChatPostgresql *)database;
  Statement statement;
  const char *name;
  Bound bound;

  bind (self, &bound, values, n_values);
  if (database->failure != NULL)
    return NULL;
  name = prepare (self, sql, &bound);
  if (name == NULL)
    return NULL;
  statement = statement_of (&bound, name, NULL);
  return query_new (self, exchange (self, &statement));
}

static void
driver_post (ChatSql *database, const char *sql, const ChatSqlValue *values, guint n_values)
{
  ChatPostgresql *self = (ChatPostgresql *)database;
  Statement *statement;
  const char *name;
  Bound bound;

  bind (self, &bound, values, n_values);
  if (database->failure != NULL)
    return;
  name = prepare (self, sql, &bound);
  if (name == NULL)
    return;
  statement = g_new0 (Statement, 1);
  statement->name = name;
  statement->count = bound.count;
  statement->owned = g_new0 (char *, n_values);
  for (guint i = 0; i < n_values; i++)
    statement->owned[i] = g_strdup (bound.values[i]);
  statement->values = (const char *const *)statement->owned;
  g_ptr_array_add (self->posted, statement);
}

ChatSqlQuery *
chat_postgresql_ask (ChatPostgresql *self, const char *sql, const ChatSqlValue *values, guint n_values)
{
  g_autofree char *translated = translate (sql);
  Statement statement;
  Bound bound;

  bind (self, &bound, values, n_values);
  if (self->parent.failure != NULL)
    return NULL;
  statement = statement_of (&bound, NULL, translated);
  return query_new (self, exchange (self, &statement));
}

static void
driver_query_end (ChatSqlQuery *query)
{
  PQclear (((Query *)query)->result);
  g_free (query);
}

static gboolean
driver_next (ChatSqlQuery *query)
{
  Query *answer = (Query *)query;

  return ++answer->row < PQntuples (answer->result);
}

static gboolean
driver_is_null (ChatSqlQuery *query, guint column)
{
  Query *answer = (Query *)query;

  return PQgetisnull (answer->result, answer->row, (int)column);
}

static const char *
driver_get_text (ChatSqlQuery *query, guint column)
{
  Query *answer = (Query *)query;

  return driver_is_null (query, column) ? NULL : PQgetvalue (answer->result, answer->row, (int)column);
}

static gint64
driver_get_number (ChatSqlQuery *query, guint column)
{
  const char *text = driver_get_text (query, column);

  if (text == NULL)
    return 0;
  return *text == 't' ? 1 : g_ascii_strtoll (text, NULL, 10);
}

static int
driver_count_changed (ChatSqlQuery *query)
{
  return atoi (PQcmdTuples (((Query *)query)->result));
}

static void
driver_script (ChatSql *database, const char *sql)
{
  run_plainly ((ChatPostgresql *)database, sql);
}

void
chat_postgresql_copy (ChatPostgresql *self, const char *sql, const GString *rows)
{
  gint64 until = deadline (self);

  if (self->parent.failure != NULL)
    return;
  run_plainly (self, sql);
  if (self->parent.failure != NULL)
    return;
  if (PQputCopyData (self->handle, rows->str, (int)rows->len) <= 0 || PQputCopyEnd (self->handle, NULL) <= 0)
    lose (self, PQerrorMessage (self->handle));
  else if (flush (self, until))
    PQclear (await (self, TRUE));
}

/* Others */

static void
driver_lock (ChatSql *database, const char *what, GPtrArray *keys, gboolean shared)
{
  g_autoptr (ChatSqlRows) rows = chat_sql_rows_new ("s");

  for (guint i = 0; i < keys->len; i++)
    {
      g_autofree char *name
          = g_strdup_printf ("%s:%s:%s", ((ChatPostgresql *)database)->schema, what, (const char *)keys->pdata[i]);

      chat_sql_rows_add (rows, name);
    }
  chat_sql_rows_run (rows, database, NULL,
                     shared ? "SELECT pg_advisory_xact_lock_shared (hashtextextended (k, 0)) FROM unnest (?1::text[]) k"
                            : "SELECT pg_advisory_xact_lock (hashtextextended (k, 0)) FROM unnest (?1::text[]) k");
}

static void
driver_announce (ChatSql *database, const char *channel, gint64 head)
{
  ChatPostgresql *self = (ChatPostgresql *)database;
  g_autofree char *news = g_strdup_printf ("%" G_GINT64_FORMAT " %s", head, channel);

  if (self->tells)
    chat_sql_rows_add (self->news, self->topic, news);
}

/* Part of the transaction: whoever listens hears of it if, and when, it is committed. */
static void
tell (ChatPostgresql *self)
{
  chat_sql_rows_run (self->news, &self->parent, NULL,
                     "SELECT pg_notify (t, n) FROM unnest (?1::text[], ?2::text[]) AS r (t, n)");
}

static void
drop_news (ChatPostgresql *self)
{
  g_clear_pointer (&self->news, chat_sql_rows_free);
  self->news = chat_sql_rows_new ("ss");
}

static GError *
driver_damaged (ChatSql *database, const char *detail)
{
  return g_error_new (CHAT_STORE_ERROR, CHAT_STORE_ERROR_DAMAGED, "%s is damaged (%s): put a backup in its place",
                      chat_postgresql_get_name ((ChatPostgresql *)database), detail);
}

/* Transactions */

static void
driver_begin (ChatSql *database)
{
  ChatPostgresql *self = (ChatPostgresql *)database;

  self->remedy = CHAT_POSTGRESQL_NOTHING;
  self->in_doubt = FALSE;
  self->silent = FALSE;
  drop_news (self);
  chat_postgresql_rows_drop (self->rows);
  self->in_transaction = TRUE;
  self->savepoint = G_MAXUINT;
  g_ptr_array_set_size (self->posted, 0);
  if (is_connected (self))
    read_rest (self);
  if (!is_connected (self) && database->failure == NULL)
    reconnect (self);
  if (database->failure == NULL)
    post_plain (self, "BEGIN");
}

static gboolean
driver_is_active (ChatSql *database)
{
  ChatPostgresql *self = (ChatPostgresql *)database;

  return self->in_transaction && is_connected (self) && self->remedy == CHAT_POSTGRESQL_NOTHING
         && (self->posted->len > 0 || PQtransactionStatus (self->handle) == PQTRANS_INTRANS);
}

static void
commit (ChatPostgresql *self)
{
  PGresult *result;

  tell (self);
  if (self->parent.failure != NULL)
    return;
  self->in_doubt = TRUE;
  result = exchange_plain (self, "COMMIT");
  if (result != NULL || is_connected (self))
    self->in_doubt = FALSE;
  /* that is how the server answers where something in the transaction failed */
  if (result != NULL && g_str_equal (PQcmdStatus (result), "ROLLBACK"))
    fail (self, "40000", "the transaction was rolled back");
  g_clear_pointer (&result, PQclear);
}

/* Of what was only read nobody has to know that it has ended. */
static void
let_go (ChatPostgresql *self)
{
  if (PQsendQuery (self->handle, "COMMIT") && flush (self, deadline (self)))
    self->unread = TRUE;
  else if (self->parent.failure == NULL)
    lose (self, PQerrorMessage (self->handle));
}

static void
roll_back (ChatPostgresql *self)
{
  ChatPostgresqlRemedy remedy = self->remedy;

  chat_postgresql_rows_drop (self->rows);
  g_ptr_array_set_size (self->posted, 0);
  if (is_connected (self) && PQtransactionStatus (self->handle) != PQTRANS_IDLE)
    run_plainly (self, "ROLLBACK");
  /* what can't even be rolled back is better not used any more */
  if (self->parent.failure != NULL)
    disconnect (self);
  g_clear_error (&self->parent.failure);
  self->remedy = remedy;
}

static gboolean
driver_end (ChatSql *database, GError **error)
{
  ChatPostgresql *self = (ChatPostgresql *)database;
  GError *failure;

  if (database->failure == NULL && self->role == CHAT_POSTGRESQL_WRITER)
    commit (self);
  else if (database->failure == NULL && self->posted->len == 0)
    let_go (self);
  self->in_transaction = FALSE;
  if (database->failure == NULL)
    return TRUE;

  failure = g_steal_pointer (&database->failure);
  roll_back (self);
  g_propagate_error (error, failure);
  return FALSE;
}

static void
driver_savepoint (ChatSql *database)
{
  ChatPostgresql *self = (ChatPostgresql *)database;

  if (database->failure != NULL)
    return;
  self->savepoint = self->posted->len;
  post_plain (self, "SAVEPOINT call");
}

static gboolean
driver_release (ChatSql *database, GError **error)
{
  ChatPostgresql *self = (ChatPostgresql *)database;
  GError *failure;

  if (database->failure == NULL)
    tell (self);
  if (database->failure == NULL)
    PQclear (exchange_plain (self, "RELEASE call"));
  drop_news (self);
  if (database->failure == NULL)
    return TRUE;
  chat_postgresql_rows_drop (self->rows);
  /* another attempt is made of the whole */
  if (!is_connected (self) || self->remedy != CHAT_POSTGRESQL_NOTHING)
    return FALSE;

  failure = g_steal_pointer (&database->failure);
  if (self->savepoint != G_MAXUINT)
    g_ptr_array_set_size (self->posted, (int)self->savepoint);
  else
    {
      g_ptr_array_set_size (self->posted, 0);
      run_plainly (self, "ROLLBACK TO call; RELEASE call");
    }
  g_propagate_error (error, failure);
  return FALSE;
}

static gboolean
driver_recovers (ChatSql *database, const GError *error, guint attempt)
{
  ChatPostgresql *self = (ChatPostgresql *)database;

  if (attempt >= MAX_ATTEMPTS || self->in_doubt || self->silent)
    return FALSE;
  if (self->remedy == CHAT_POSTGRESQL_AGAIN)
    {
      g_usleep ((gulong)g_random_int_range (1, STEP_ASIDE_MS * (gint32)attempt + 1) * 1000);
      return TRUE;
    }
  /* one that was cut while nobody used it; a server that is away is not waited for */
  return self->remedy == CHAT_POSTGRESQL_RECONNECT && self->refusal == NULL && attempt == 1;
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
  .post = driver_post,
  .script = driver_script,
  .begin = driver_begin,
  .is_active = driver_is_active,
  .end = driver_end,
  .savepoint = driver_savepoint,
  .release = driver_release,
  .recovers = driver_recovers,
  .lock = driver_lock,
  .announce = driver_announce,
  .damaged = driver_damaged,
  .index_words = chat_postgresql_index_words,
  .unindex_words = chat_postgresql_unindex_words,
  .search = chat_postgresql_search,
  .prepare_append = chat_postgresql_prepare_append,
  .next_number = chat_postgresql_next_number,
  .add_row = chat_postgresql_add_row,
  .flush_rows = chat_postgresql_flush_rows,
  .arrays = TRUE,
  .hour_slack = 10000,
};

/* Public */

ChatSql *
chat_postgresql_new (ChatPostgresqlAddress *address, ChatPostgresqlRole role, guint timeout, gboolean tells)
{
  ChatPostgresql *self = g_new0 (ChatPostgresql, 1);

  chat_sql_init (&self->parent, &driver);
  self->address = chat_postgresql_address_ref (address);
  self->role = role;
  self->timeout = timeout;
  self->tells = tells;
  self->statements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->posted = g_ptr_array_new_with_free_func (statement_free);
  self->rows = chat_postgresql_rows_new ();
  self->news = chat_sql_rows_new ("ss");
  return &self->parent;
}

const char *
chat_postgresql_get_name (ChatPostgresql *self)
{
  return chat_postgresql_address_get_name (self->address);
}

const char *
chat_postgresql_get_schema (ChatPostgresql *self)
{
  return self->schema;
}

char *
chat_postgresql_dup_topic (const char *schema)
{
  /* a name has at most 63 bytes */
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, schema, -1);

  sum[16] = '\0';
  return g_strconcat ("tertulia_", sum, NULL);
}

void
chat_postgresql_set_patient (ChatPostgresql *self, gboolean patient)
{
  guint timeout = patient ? 0 : self->timeout;
  g_autofree char *sql = g_strdup_printf ("SET statement_timeout = %u; SET lock_timeout = %u", timeout, timeout / 2);

  self->patient = patient;
  chat_sql_script (&self->parent, sql);
}

ChatPostgresqlRows *
chat_postgresql_get_rows (ChatPostgresql *self)
{
  return self->rows;
}
