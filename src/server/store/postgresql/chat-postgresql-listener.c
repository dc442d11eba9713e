/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/postgresql/chat-postgresql-listener.h"

#include <string.h>

#include "server/store/postgresql/chat-postgresql.h"

#define FIRST_PAUSE_MS 100
#define LONGEST_PAUSE_MS 5000
#define ANSWER_MS 30000

struct _ChatPostgresqlListener
{
  ChatPostgresqlAddress *address;
  ChatStoreAnnouncer *announcer;
  GCancellable *stop;
  GThread *thread;

  GMutex lock;
  GPtrArray *waiting; /* GTask; under the lock */
  gboolean listening; /* likewise */
};

/* Who waits */

static void
set_listening (ChatPostgresqlListener *self, gboolean listening, const GError *error)
{
  g_autoptr (GPtrArray) waiting = g_ptr_array_new_with_free_func (g_object_unref);

  g_mutex_lock (&self->lock);
  self->listening = listening;
  for (guint i = 0; i < self->waiting->len; i++)
    g_ptr_array_add (waiting, g_object_ref (g_ptr_array_index (self->waiting, i)));
  g_ptr_array_set_size (self->waiting, 0);
  g_mutex_unlock (&self->lock);

  for (guint i = 0; i < waiting->len; i++)
    if (listening)
      g_task_return_boolean (g_ptr_array_index (waiting, i), TRUE);
    else
      g_task_return_error (g_ptr_array_index (waiting, i), g_error_copy (error));
}

/* The thread */

/* "17 general" */
static void
tell (ChatPostgresqlListener *self, const char *news)
{
  char *end;
  gint64 head = g_ascii_strtoll (news, &end, 10);

  if (head > 0 && *end == ' ')
    chat_store_announcer_tell (self->announcer, end + 1, head);
}

static void
tell_all (ChatPostgresqlListener *self, PGconn *handle)
{
  PGnotify *notification;

  while ((notification = PQnotifies (handle)) != NULL)
    {
      tell (self, notification->extra);
      PQfreemem (notification);
    }
}

/* one statement; FALSE where the connection is lost or the server refuses it */
static gboolean
run (ChatPostgresqlListener *self, PGconn *handle, const char *sql, char **answer, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + ANSWER_MS * G_TIME_SPAN_MILLISECOND;
  ChatPostgresqlRemedy remedy;
  gboolean done = PQsendQuery (handle, sql) != 0;
  const char *state = NULL;
  PGresult *result;

  while (done && PQisBusy (handle))
    done = chat_postgresql_wait (handle, FALSE, deadline, self->stop) && PQconsumeInput (handle);
  result = done ? PQgetResult (handle) : NULL;
  done = result != NULL && (PQresultStatus (result) == PGRES_COMMAND_OK || PQresultStatus (result) == PGRES_TUPLES_OK);
  if (done && answer != NULL && PQntuples (result) > 0 && !PQgetisnull (result, 0, 0))
    *answer = g_strdup (PQgetvalue (result, 0, 0));
  if (!done)
    {
      state = result != NULL ? PQresultErrorField (result, PG_DIAG_SQLSTATE) : NULL;
      g_propagate_error (error, chat_postgresql_fault_new (chat_postgresql_address_get_name (self->address), state,
                                                           PQerrorMessage (handle), &remedy));
    }
  PQclear (result);
  while (done && (result = PQgetResult (handle)) != NULL)
    PQclear (result);
  return done;
}

static PGconn *
connect_and_listen (ChatPostgresqlListener *self, GError **error)
{
  ChatPostgresqlRemedy remedy;
  PGconn *handle = chat_postgresql_address_connect (self->address, self->stop, &remedy, error);
  g_autofree char *schema = NULL;
  g_autofree char *topic = NULL;
  g_autofree char *sql = NULL;

  if (handle != NULL && run (self, handle, "SELECT current_schema ()", &schema, error))
    {
      topic = chat_postgresql_dup_topic (schema != NULL ? schema : "");
      sql = g_strdup_printf ("LISTEN %s", topic);
      if (run (self, handle, sql, NULL, error))
        return handle;
    }
  g_clear_pointer (&handle, PQfinish);
  return NULL;
}

/* until the connection is lost */
static void
hear (ChatPostgresqlListener *self, PGconn *handle)
{
  for (tell_all (self, handle); chat_postgresql_wait (handle, FALSE, G_MAXINT64, self->stop); tell_all (self, handle))
    if (!PQconsumeInput (handle))
      return;
}

static void
rest (ChatPostgresqlListener *self, guint milliseconds)
{
  GPollFD file;

  if (!g_cancellable_make_pollfd (self->stop, &file))
    return;
  g_poll (&file, 1, g_random_int_range ((gint32)milliseconds / 2, (gint32)milliseconds + 1));
  g_cancellable_release_fd (self->stop);
}

static gpointer
run_thread (gpointer data)
{
  ChatPostgresqlListener *self = data;
  guint wait = FIRST_PAUSE_MS;
  gboolean before = FALSE;

  while (!g_cancellable_is_cancelled (self->stop))
    {
      g_autoptr (GError) error = NULL;
      PGconn *handle = connect_and_listen (self, &error);

      set_listening (self, handle != NULL, error);
      if (handle != NULL)
        {
          /* what was stored in between nobody told */
          if (before)
            chat_store_announcer_tell (self->announcer, NULL, 0);
          before = TRUE;
          wait = FIRST_PAUSE_MS;
          hear (self, handle);
          PQfinish (handle);
        }
      else
        wait = MIN (wait * 2, LONGEST_PAUSE_MS);
      rest (self, wait);
    }
  return NULL;
}

/* Public */

ChatPostgresqlListener *
chat_postgresql_listener_new (ChatPostgresqlAddress *address, ChatStoreAnnouncer *announcer, GTask *ready)
{
  ChatPostgresqlListener *self = g_new0 (ChatPostgresqlListener, 1);

  self->address = chat_postgresql_address_ref (address);
  self->announcer = chat_store_announcer_ref (announcer);
  self->stop = g_cancellable_new ();
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  g_mutex_init (&self->lock);
  g_ptr_array_add (self->waiting, ready);
  self->thread = g_thread_new ("store-listener", run_thread, self);
  return self;
}

void
chat_postgresql_listener_add (ChatPostgresqlListener *self, GTask *ready)
{
  gboolean listening;

  g_mutex_lock (&self->lock);
  listening = self->listening;
  if (!listening)
    g_ptr_array_add (self->waiting, g_object_ref (ready));
  g_mutex_unlock (&self->lock);
  if (listening)
    g_task_return_boolean (ready, TRUE);
  g_object_unref (ready);
}

void
chat_postgresql_listener_free (ChatPostgresqlListener *self)
{
  g_autoptr (GError) closed
      = g_error_new_literal (CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED, "The store is being closed");

  g_cancellable_cancel (self->stop);
  g_thread_join (self->thread);
  set_listening (self, FALSE, closed);
  g_ptr_array_unref (self->waiting);
  g_mutex_clear (&self->lock);
  g_object_unref (self->stop);
  chat_store_announcer_unref (self->announcer);
  chat_postgresql_address_unref (self->address);
  g_free (self);
}
