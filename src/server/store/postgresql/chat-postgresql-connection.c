/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a connection comes about, and comes back. */
#include "server/store/postgresql/chat-postgresql-migrations.h"
#include "server/store/postgresql/chat-postgresql-private.h"

#define FIRST_PAUSE_MS 200 /* before the next attempt to connect */
#define LONGEST_PAUSE_MS 5000
#define REFUSED_PAUSE_MS 5000 /* where somebody has to do something first */

/* A plan that was made for empty tables reads them whole, and is kept until somebody has them analysed: a minute, in
 * which an append of some batches took a second each with 20,000 messages. There is an index for all that is asked
 * often. */
static const char settings[] = "SET client_min_messages = warning; SET standard_conforming_strings = on;"
                               "SET TimeZone = 'UTC'; SET idle_in_transaction_session_timeout = '60s';"
                               "SET enable_seqscan = off";
/* what is read behind a lock is what was committed before it, whatever the database's own settings say */
static const char writer_settings[] = "SET default_transaction_isolation = 'read committed'";
static const char reader_settings[] = "SET default_transaction_isolation = 'repeatable read';"
                                      "SET default_transaction_read_only = on";

void
chat_postgresql_disconnect (ChatPostgresql *self)
{
  g_ptr_array_set_size (self->posted, 0);
  g_hash_table_remove_all (self->statements);
  g_clear_pointer (&self->handle, PQfinish);
  self->unread = FALSE;
}

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

void
chat_postgresql_set_patient (ChatPostgresql *self, gboolean patient)
{
  guint timeout = patient ? 0 : self->timeout;
  g_autofree char *sql = g_strdup_printf ("SET statement_timeout = %u; SET lock_timeout = %u", timeout, timeout / 2);

  self->patient = patient;
  chat_sql_script (&self->parent, sql);
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

  chat_postgresql_disconnect (self);
  self->handle = chat_postgresql_address_connect (self->address, NULL, &self->remedy, &error);
  if (self->handle == NULL)
    {
      chat_sql_take_failure (&self->parent, error);
      return;
    }
  /* what is sent must not block beyond the deadline either */
  PQsetnonblocking (self->handle, 1);
  if (!set_up (self))
    chat_postgresql_disconnect (self);
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

void
chat_postgresql_reconnect (ChatPostgresql *self)
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

gboolean
chat_postgresql_open (ChatSql *database, GError **error)
{
  ChatPostgresql *self = (ChatPostgresql *)database;

  connect_now (self);
  if (database->failure == NULL && self->role == CHAT_POSTGRESQL_WRITER)
    chat_postgresql_migrate (self);
  if (database->failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&database->failure));
  chat_postgresql_disconnect (self);
  return FALSE;
}
