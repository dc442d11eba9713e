/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is sent to the server, and what it answers. */
#include <string.h>

#include "server/store/postgresql/chat-postgresql-private.h"

/* A server that gave up no statement after so many times as long as its settings tell it to is gone. */
#define GRACE 2

void
chat_postgresql_statement_free (gpointer data)
{
  ChatPostgresqlStatement *statement = data;

  for (int i = 0; statement->owned != NULL && i < statement->count; i++)
    g_free (statement->owned[i]);
  g_free (statement->owned);
  g_free (statement);
}

/* Failures */

void
chat_postgresql_fail (ChatPostgresql *self, const char *state, const char *detail)
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

gboolean
chat_postgresql_is_connected (ChatPostgresql *self)
{
  return self->handle != NULL && PQstatus (self->handle) == CONNECTION_OK;
}

void
chat_postgresql_lose (ChatPostgresql *self, const char *detail)
{
  chat_postgresql_fail (self, NULL, detail);
  chat_postgresql_disconnect (self);
}

static void
lose_silent (ChatPostgresql *self)
{
  self->silent = TRUE;
  chat_postgresql_lose (self, "no answer in time");
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
  chat_postgresql_lose (self, PQerrorMessage (self->handle));
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
          chat_postgresql_lose (self, PQerrorMessage (self->handle));
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
  chat_postgresql_fail (self, PQresultErrorField (result, PG_DIAG_SQLSTATE),
                        PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY));
}

PGresult *
chat_postgresql_await (ChatPostgresql *self, gboolean sent)
{
  gint64 until = deadline (self);
  PGresult *last = NULL, *result;

  if (!sent)
    chat_postgresql_lose (self, PQerrorMessage (self->handle));
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
    chat_postgresql_lose (self, PQerrorMessage (self->handle));
  if (self->parent.failure != NULL)
    g_clear_pointer (&last, PQclear);
  return last;
}

/* Sending together: https://www.postgresql.org/docs/15/libpq-pipeline-mode.html */

static gboolean
send_statement (PGconn *handle, const ChatPostgresqlStatement *statement)
{
  if (statement->name != NULL)
    return PQsendQueryPrepared (handle, statement->name, statement->count, statement->values, NULL, NULL, 0) != 0;
  return PQsendQueryParams (handle, statement->sql, statement->count, statement->types, statement->values, NULL, NULL,
                            0)
         != 0;
}

static gboolean
send_pipeline (ChatPostgresql *self, const ChatPostgresqlStatement *last)
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
exchange_pipeline (ChatPostgresql *self, const ChatPostgresqlStatement *last)
{
  guint count = self->posted->len;
  gint64 until = deadline (self);
  PGresult *answer = NULL;

  if (!send_pipeline (self, last))
    chat_postgresql_lose (self, PQerrorMessage (self->handle));
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
    chat_postgresql_lose (self, PQerrorMessage (self->handle));
  if (self->parent.failure != NULL)
    g_clear_pointer (&answer, PQclear);
  return answer;
}

void
chat_postgresql_send_posted (ChatPostgresql *self)
{
  if (self->posted->len > 0)
    PQclear (exchange_pipeline (self, NULL));
}

PGresult *
chat_postgresql_exchange (ChatPostgresql *self, const ChatPostgresqlStatement *last)
{
  if (self->posted->len > 0)
    return exchange_pipeline (self, last);
  return chat_postgresql_await (self, send_statement (self->handle, last));
}

PGresult *
chat_postgresql_exchange_plain (ChatPostgresql *self, const char *sql)
{
  return chat_postgresql_exchange (self, &(ChatPostgresqlStatement){ .sql = sql });
}

void
chat_postgresql_post_plain (ChatPostgresql *self, const char *sql)
{
  ChatPostgresqlStatement *statement = g_new0 (ChatPostgresqlStatement, 1);

  statement->sql = sql;
  g_ptr_array_add (self->posted, statement);
}

void
chat_postgresql_run_plainly (ChatPostgresql *self, const char *sql)
{
  chat_postgresql_send_posted (self);
  if (self->parent.failure == NULL)
    PQclear (chat_postgresql_await (self, PQsendQuery (self->handle, sql)));
}

void
chat_postgresql_let_go (ChatPostgresql *self)
{
  if (PQsendQuery (self->handle, "COMMIT") && flush (self, deadline (self)))
    self->unread = TRUE;
  else if (self->parent.failure == NULL)
    chat_postgresql_lose (self, PQerrorMessage (self->handle));
}

void
chat_postgresql_read_rest (ChatPostgresql *self)
{
  gint64 until = deadline (self);
  PGresult *result;

  while (self->unread && (result = next_result (self, until)) != NULL)
    PQclear (result);
  self->unread = FALSE;
}

void
chat_postgresql_copy (ChatPostgresql *self, const char *sql, const char *rows)
{
  gint64 until = deadline (self);

  if (self->parent.failure != NULL)
    return;
  chat_postgresql_run_plainly (self, sql);
  if (self->parent.failure != NULL)
    return;
  if (PQputCopyData (self->handle, rows, (int)strlen (rows)) <= 0 || PQputCopyEnd (self->handle, NULL) <= 0)
    chat_postgresql_lose (self, PQerrorMessage (self->handle));
  else if (flush (self, until))
    PQclear (chat_postgresql_await (self, TRUE));
}
