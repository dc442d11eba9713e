/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statements with values, and their rows. */
#include <stdlib.h>
#include <string.h>

#include "server/store/postgresql/chat-postgresql-private.h"

/* types of parameters: https://github.com/postgres/postgres/blob/REL_15_STABLE/src/include/catalog/pg_type.dat */
#define TYPE_BOOL 16
#define TYPE_INT8 20
#define TYPE_TEXT 25

/** Query: an answer, all of it. */
typedef struct
{
  ChatSqlQuery parent;
  PGresult *result;
  int row;
} Query;

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
  chat_postgresql_send_posted (self);
  if (self->parent.failure != NULL)
    return NULL;
  translated = translate (sql);
  name = g_strdup_printf ("s%u", g_hash_table_size (self->statements));
  PQclear (chat_postgresql_await (self, PQsendPrepare (self->handle, name, translated, bound->count, bound->types)));
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

static ChatPostgresqlStatement
statement_of (const Bound *bound, const char *name, const char *sql)
{
  return (ChatPostgresqlStatement){ name, sql, bound->count, bound->types, bound->values, NULL };
}

ChatSqlQuery *
chat_postgresql_query (ChatSql *database, const char *sql, const ChatSqlValue *values, guint n_values)
{
  ChatPostgresql *self = (ChatPostgresql *)database;
  ChatPostgresqlStatement statement;
  const char *name;
  Bound bound;

  bind (self, &bound, values, n_values);
  if (database->failure != NULL)
    return NULL;
  name = prepare (self, sql, &bound);
  if (name == NULL)
    return NULL;
  statement = statement_of (&bound, name, NULL);
  return query_new (self, chat_postgresql_exchange (self, &statement));
}

void
chat_postgresql_post (ChatSql *database, const char *sql, const ChatSqlValue *values, guint n_values)
{
  ChatPostgresql *self = (ChatPostgresql *)database;
  ChatPostgresqlStatement *statement;
  const char *name;
  Bound bound;

  bind (self, &bound, values, n_values);
  if (database->failure != NULL)
    return;
  name = prepare (self, sql, &bound);
  if (name == NULL)
    return;
  statement = g_new0 (ChatPostgresqlStatement, 1);
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
  ChatPostgresqlStatement statement;
  Bound bound;

  bind (self, &bound, values, n_values);
  if (self->parent.failure != NULL)
    return NULL;
  statement = statement_of (&bound, NULL, translated);
  return query_new (self, chat_postgresql_exchange (self, &statement));
}

void
chat_postgresql_query_end (ChatSqlQuery *query)
{
  PQclear (((Query *)query)->result);
  g_free (query);
}

gboolean
chat_postgresql_next (ChatSqlQuery *query)
{
  Query *answer = (Query *)query;

  return ++answer->row < PQntuples (answer->result);
}

gboolean
chat_postgresql_is_null (ChatSqlQuery *query, guint column)
{
  Query *answer = (Query *)query;

  return PQgetisnull (answer->result, answer->row, (int)column);
}

const char *
chat_postgresql_get_text (ChatSqlQuery *query, guint column)
{
  Query *answer = (Query *)query;

  return chat_postgresql_is_null (query, column) ? NULL : PQgetvalue (answer->result, answer->row, (int)column);
}

gint64
chat_postgresql_get_number (ChatSqlQuery *query, guint column)
{
  const char *text = chat_postgresql_get_text (query, column);

  if (text == NULL)
    return 0;
  return *text == 't' ? 1 : g_ascii_strtoll (text, NULL, 10);
}

int
chat_postgresql_count_changed (ChatSqlQuery *query)
{
  return atoi (PQcmdTuples (((Query *)query)->result));
}

void
chat_postgresql_script (ChatSql *database, const char *sql)
{
  chat_postgresql_run_plainly ((ChatPostgresql *)database, sql);
}

void
chat_postgresql_lock (ChatSql *database, const char *what, GPtrArray *keys, gboolean shared)
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
