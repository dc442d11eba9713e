/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench-store.h"

#include <libpq-fe.h>
#include <string.h>

#include "chat-test-broker.h"
#include "server/store/postgresql/chat-postgresql-store.h"

/* A server of its own, which waits for the disk; the plain table is in it too, and filled by COPY. */
typedef struct
{
  ChatTestBroker *server;
  PGconn *handle;
  PGconn *store; /* to the store's database */
  GString *copy;
} Plain;

static PGconn *
connect_to (const char *uri)
{
  PGconn *handle = PQconnectdb (uri);

  if (PQstatus (handle) != CONNECTION_OK)
    g_error ("%s", PQerrorMessage (handle));
  return handle;
}

static void
run (PGconn *handle, const char *sql)
{
  PGresult *result = PQexec (handle, sql);

  if (PQresultStatus (result) == PGRES_FATAL_ERROR)
    g_error ("%s: %s", sql, PQerrorMessage (handle));
  PQclear (result);
}

static gpointer
plain_open (ChatStore **store)
{
  Plain *self = g_new0 (Plain, 1);
  g_autofree char *uri = NULL, *plain = NULL;

  self->server = chat_test_postgresql_new (CHAT_TEST_BROKER_PRIVATE | CHAT_TEST_BROKER_DURABLE);
  if (self->server == NULL)
    g_error ("There is no PostgreSQL to be measured");
  uri = chat_test_broker_dup_database (self->server);
  *store = chat_postgresql_store_new (uri, NULL, CHAT_POSTGRESQL_CONNECTIONS, TRUE);
  self->store = connect_to (uri);
  plain = chat_test_broker_dup_database (self->server);
  self->handle = connect_to (plain);
  self->copy = g_string_new (NULL);
  run (self->handle,
       "CREATE TABLE t (n bigserial PRIMARY KEY, channel bigint NOT NULL, seq bigint NOT NULL,"
       "id text COLLATE \"C\" NOT NULL, time bigint NOT NULL, record text NOT NULL);"
       "CREATE UNIQUE INDEX t1 ON t (channel, seq); CREATE UNIQUE INDEX t2 ON t (id);"
       "CREATE INDEX t3 ON t (channel, time, seq);"
       "PREPARE page AS SELECT seq, record FROM t WHERE channel = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq");
  return self;
}

static void
plain_close (gpointer plain)
{
  Plain *self = plain;

  PQfinish (self->handle);
  PQfinish (self->store);
  chat_test_broker_free (self->server);
  g_string_free (self->copy, TRUE);
  g_free (self);
}

static void
plain_append (gpointer plain, const BenchRow *rows)
{
  Plain *self = plain;
  PGresult *result;

  g_string_truncate (self->copy, 0);
  /* nothing in these needs to be escaped */
  for (guint i = 0; i < BENCH_STORE_BATCH; i++)
    g_string_append_printf (self->copy, "%u\t%" G_GINT64_FORMAT "\t%s\t%" G_GINT64_FORMAT "\t%s\n", rows[i].channel,
                            rows[i].seq, rows[i].id, rows[i].time, rows[i].record);
  run (self->handle, "COPY t (channel, seq, id, time, record) FROM STDIN");
  PQputCopyData (self->handle, self->copy->str, (int)self->copy->len);
  PQputCopyEnd (self->handle, NULL);
  while ((result = PQgetResult (self->handle)) != NULL)
    {
      if (PQresultStatus (result) != PGRES_COMMAND_OK)
        g_error ("%s", PQerrorMessage (self->handle));
      PQclear (result);
    }
}

static void
plain_page (gpointer plain, gint64 first, gint64 last)
{
  Plain *self = plain;
  char from[24], to[24];
  const char *values[] = { "0", from, to };
  PGresult *result;

  g_snprintf (from, sizeof from, "%" G_GINT64_FORMAT, first);
  g_snprintf (to, sizeof to, "%" G_GINT64_FORMAT, last);
  result = PQexecPrepared (self->handle, "page", 3, values, NULL, NULL, 0);
  if (PQntuples (result) != last - first + 1)
    g_error ("a page has %d rows: %s", PQntuples (result), PQerrorMessage (self->handle));
  PQclear (result);
}

static void
settle (gpointer plain)
{
  run (((Plain *)plain)->store, "VACUUM ANALYZE messages, search, states");
}

const BenchDatabase bench_postgresql = {
  .name = "postgresql",
  .prefix = "store.postgresql.",
  .append_figure = { CHAT_BENCH_RATIO_AT_LEAST, 0.15 },
  .single_figure = { CHAT_BENCH_NO_BOUND, 0 },
  .page_figure = { CHAT_BENCH_RATIO_AT_MOST, 4 },
  .open = plain_open,
  .close = plain_close,
  .append = plain_append,
  .page = plain_page,
  .settle = settle,
};
