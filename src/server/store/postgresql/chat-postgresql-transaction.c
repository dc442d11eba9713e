/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transactions, which are run once more where another was in the way, and what they tell. */
#include "server/store/postgresql/chat-postgresql-private.h"

#define MAX_ATTEMPTS 6
#define STEP_ASIDE_MS 10

void
chat_postgresql_announce (ChatSql *database, const char *channel, gint64 head)
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

/* Begin and end */

void
chat_postgresql_begin (ChatSql *database)
{
  ChatPostgresql *self = (ChatPostgresql *)database;

  self->remedy = CHAT_POSTGRESQL_NOTHING;
  self->in_doubt = FALSE;
  self->silent = FALSE;
  chat_sql_rows_clear (self->news);
  chat_postgresql_rows_drop (self->rows);
  self->in_transaction = TRUE;
  self->savepoint = G_MAXUINT;
  g_ptr_array_set_size (self->posted, 0);
  if (chat_postgresql_is_connected (self))
    chat_postgresql_read_rest (self);
  if (!chat_postgresql_is_connected (self) && database->failure == NULL)
    chat_postgresql_reconnect (self);
  if (database->failure == NULL)
    chat_postgresql_post_plain (self, "BEGIN");
}

gboolean
chat_postgresql_is_active (ChatSql *database)
{
  ChatPostgresql *self = (ChatPostgresql *)database;

  return self->in_transaction && chat_postgresql_is_connected (self) && self->remedy == CHAT_POSTGRESQL_NOTHING
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
  result = chat_postgresql_exchange_plain (self, "COMMIT");
  if (result != NULL || chat_postgresql_is_connected (self))
    self->in_doubt = FALSE;
  /* that is how the server answers where something in the transaction failed */
  if (result != NULL && g_str_equal (PQcmdStatus (result), "ROLLBACK"))
    chat_postgresql_fail (self, "40000", "the transaction was rolled back");
  g_clear_pointer (&result, PQclear);
}

static void
roll_back (ChatPostgresql *self)
{
  ChatPostgresqlRemedy remedy = self->remedy;

  chat_postgresql_rows_drop (self->rows);
  g_ptr_array_set_size (self->posted, 0);
  if (chat_postgresql_is_connected (self) && PQtransactionStatus (self->handle) != PQTRANS_IDLE)
    chat_postgresql_run_plainly (self, "ROLLBACK");
  /* what can't even be rolled back is better not used any more */
  if (self->parent.failure != NULL)
    chat_postgresql_disconnect (self);
  g_clear_error (&self->parent.failure);
  self->remedy = remedy;
}

gboolean
chat_postgresql_end (ChatSql *database, GError **error)
{
  ChatPostgresql *self = (ChatPostgresql *)database;
  GError *failure;

  if (database->failure == NULL && self->role == CHAT_POSTGRESQL_WRITER)
    commit (self);
  else if (database->failure == NULL && self->posted->len == 0)
    chat_postgresql_let_go (self);
  self->in_transaction = FALSE;
  if (database->failure == NULL)
    return TRUE;

  failure = g_steal_pointer (&database->failure);
  roll_back (self);
  g_propagate_error (error, failure);
  return FALSE;
}

void
chat_postgresql_savepoint (ChatSql *database)
{
  ChatPostgresql *self = (ChatPostgresql *)database;

  if (database->failure != NULL)
    return;
  self->savepoint = self->posted->len;
  chat_postgresql_post_plain (self, "SAVEPOINT call");
}

gboolean
chat_postgresql_release (ChatSql *database, GError **error)
{
  ChatPostgresql *self = (ChatPostgresql *)database;
  GError *failure;

  if (database->failure == NULL)
    tell (self);
  if (database->failure == NULL)
    PQclear (chat_postgresql_exchange_plain (self, "RELEASE call"));
  chat_sql_rows_clear (self->news);
  if (database->failure == NULL)
    return TRUE;
  chat_postgresql_rows_drop (self->rows);
  /* another attempt is made of the whole */
  if (!chat_postgresql_is_connected (self) || self->remedy != CHAT_POSTGRESQL_NOTHING)
    return FALSE;

  failure = g_steal_pointer (&database->failure);
  if (self->savepoint != G_MAXUINT)
    g_ptr_array_set_size (self->posted, (int)self->savepoint);
  else
    {
      g_ptr_array_set_size (self->posted, 0);
      chat_postgresql_run_plainly (self, "ROLLBACK TO call; RELEASE call");
    }
  g_propagate_error (error, failure);
  return FALSE;
}

gboolean
chat_postgresql_recovers (ChatSql *database, const GError *error, guint attempt)
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
