/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/postgresql/chat-postgresql-address.h"

#include <string.h>

#include "server/store/chat-store.h"

struct _ChatPostgresqlAddress
{
  gatomicrefcount references;
  GPtrArray *keywords; /* (element-type utf8), NULL-terminated, like their values */
  GPtrArray *values;
  char *password_file;
  char *name;
  gboolean valid; /* whether the uri is one */
};

static const char *
find_value (ChatPostgresqlAddress *self, const char *keyword)
{
  for (guint i = 0; i < self->keywords->len; i++)
    if (g_str_equal (g_ptr_array_index (self->keywords, i), keyword))
      return g_ptr_array_index (self->values, i);
  return NULL;
}

static void
add_value (ChatPostgresqlAddress *self, const char *keyword, const char *value)
{
  g_ptr_array_add (self->keywords, g_strdup (keyword));
  g_ptr_array_add (self->values, g_strdup (value));
}

static void
add_defaults (ChatPostgresqlAddress *self)
{
  /* a server that vanished without a word is noticed within half a minute */
  static const struct
  {
    const char *keyword, *value;
  } defaults[] = {
    { "application_name", "tertulia-server" },
    { "keepalives_idle", "10" },
    { "keepalives_interval", "5" },
    { "keepalives_count", "3" },
    { "tcp_user_timeout", "30000" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    if (find_value (self, defaults[i].keyword) == NULL)
      add_value (self, defaults[i].keyword, defaults[i].value);
  add_value (self, "client_encoding", "UTF8");
}

static void
parse (ChatPostgresqlAddress *self, const char *uri)
{
  PQconninfoOption *options = PQconninfoParse (uri, NULL);

  for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
    if (option->val != NULL && !g_str_equal (option->keyword, "client_encoding"))
      add_value (self, option->keyword, option->val);
  self->valid = options != NULL;
  PQconninfoFree (options);
}

static char *
make_name (ChatPostgresqlAddress *self)
{
  const char *host = find_value (self, "host");
  const char *port = find_value (self, "port");
  const char *database = find_value (self, "dbname");

  if (host == NULL)
    host = find_value (self, "hostaddr");
  return g_strdup_printf ("The PostgreSQL database “%s” on %s%s%s", database != NULL ? database : "",
                          host != NULL ? host : "this machine", port != NULL ? ":" : "", port != NULL ? port : "");
}

ChatPostgresqlAddress *
chat_postgresql_address_new (const char *uri, const char *password_file)
{
  ChatPostgresqlAddress *self = g_new0 (ChatPostgresqlAddress, 1);

  g_atomic_ref_count_init (&self->references);
  self->keywords = g_ptr_array_new_with_free_func (g_free);
  self->values = g_ptr_array_new_with_free_func (g_free);
  self->password_file = g_strdup (password_file);
  parse (self, uri);
  add_defaults (self);
  self->name = make_name (self);
  return self;
}

ChatPostgresqlAddress *
chat_postgresql_address_ref (ChatPostgresqlAddress *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
chat_postgresql_address_unref (ChatPostgresqlAddress *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;
  g_ptr_array_unref (self->keywords);
  g_ptr_array_unref (self->values);
  g_free (self->password_file);
  g_free (self->name);
  g_free (self);
}

const char *
chat_postgresql_address_get_name (ChatPostgresqlAddress *self)
{
  return self->name;
}

gboolean
chat_postgresql_wait (PGconn *handle, gboolean write, gint64 deadline, GCancellable *stop)
{
  GPollFD files[2] = { { .fd = PQsocket (handle), .events = write ? G_IO_OUT | G_IO_IN : G_IO_IN } };
  gboolean stoppable = stop != NULL && g_cancellable_make_pollfd (stop, &files[1]);
  int ready = 0;

  while (ready == 0 && !g_cancellable_is_cancelled (stop))
    {
      gint64 left = deadline != G_MAXINT64 ? (deadline - g_get_monotonic_time ()) / 1000 : -1;

      if (deadline != G_MAXINT64 && left <= 0)
        break;
      ready = g_poll (files, stoppable ? 2 : 1, left < 0 ? -1 : (gint)MIN (left, G_MAXINT));
      /* a signal */
      if (ready < 0)
        ready = 0;
    }
  if (stoppable)
    g_cancellable_release_fd (stop);
  return ready > 0 && !g_cancellable_is_cancelled (stop);
}

/* NULL where there is no such file */
static char *
read_password (ChatPostgresqlAddress *self, GError **error)
{
  g_autoptr (GError) problem = NULL;
  char *password = NULL;

  if (g_file_get_contents (self->password_file, &password, NULL, &problem))
    {
      password[strcspn (password, "\r\n")] = '\0';
      return password;
    }
  g_set_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_REFUSED,
               "The password_file of [store] can't be read (%s): name one that the server's user can read",
               problem->message);
  return NULL;
}

static PGconn *
start (ChatPostgresqlAddress *self, GError **error)
{
  g_autoptr (GPtrArray) keywords = g_ptr_array_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  g_autofree char *password = NULL;

  if (!self->valid)
    {
      /* libpq's own words would repeat it, with its password */
      g_set_error_literal (
          error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_REFUSED,
          "The uri of [store] is none of PostgreSQL's: write postgresql://USER@HOST:PORT/DATABASE, with "
          "% and two digits for what is special in a URI, or host=HOST user=USER dbname=DATABASE");
      return NULL;
    }
  if (self->password_file != NULL && (password = read_password (self, error)) == NULL)
    return NULL;

  g_ptr_array_extend (keywords, self->keywords, NULL, NULL);
  g_ptr_array_extend (values, self->values, NULL, NULL);
  if (password != NULL)
    {
      g_ptr_array_add (keywords, (gpointer) "password");
      g_ptr_array_add (values, password);
    }
  g_ptr_array_add (keywords, NULL);
  g_ptr_array_add (values, NULL);
  return PQconnectStartParams ((const char *const *)keywords->pdata, (const char *const *)values->pdata, 0);
}

static void
ignore_notice (void *data, const char *message)
{
}

PGconn *
chat_postgresql_address_connect (ChatPostgresqlAddress *self, GCancellable *stop, ChatPostgresqlRemedy *remedy,
                                 GError **error)
{
  gint64 deadline = g_get_monotonic_time () + CHAT_POSTGRESQL_CONNECT_MS * G_TIME_SPAN_MILLISECOND;
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  gboolean in_time = TRUE;
  PGconn *handle;

  *remedy = CHAT_POSTGRESQL_WAIT;
  handle = start (self, error);
  if (handle == NULL)
    return NULL;
  while (PQstatus (handle) != CONNECTION_BAD && status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED && in_time)
    {
      in_time = chat_postgresql_wait (handle, status == PGRES_POLLING_WRITING, deadline, stop);
      if (in_time)
        status = PQconnectPoll (handle);
    }
  if (status == PGRES_POLLING_OK)
    {
      PQsetNoticeProcessor (handle, ignore_notice, NULL);
      return handle;
    }
  g_propagate_error (error,
                     chat_postgresql_fault_new_refused (self->name, in_time ? PQerrorMessage (handle) : "no answer",
                                                        remedy));
  PQfinish (handle);
  return NULL;
}
