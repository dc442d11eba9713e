/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store-fixture.h"

#include <libpq-fe.h>

#include "chat-test-broker.h"
#include "server/store/postgresql/chat-postgresql-store.h"

/*
 * One database for all of the program's cases, in which each has a schema of its own: a database for each takes too
 * long. A place is the uri with that schema; a case's other process has it from the one that made it.
 */

static ChatTestBroker *
get_server (void)
{
  static ChatTestBroker *server;

  if (server == NULL)
    server = chat_test_postgresql_new (CHAT_TEST_BROKER_SHARED);
  return server;
}

static const char *
get_database (void)
{
  static char *database;

  if (database == NULL)
    database = chat_test_broker_dup_database (get_server ());
  return database;
}

static char *
available (void)
{
  /* the test is skipped there, where it is not */
  return get_server () != NULL ? NULL : g_strdup ("there is no PostgreSQL");
}

static void
ignore_notice (void *data, const char *message)
{
}

static PGresult *
run (const char *place, const char *sql, const char *value)
{
  PGconn *handle = PQconnectdb (place);
  const char *values[] = { value };
  PGresult *result;

  if (PQstatus (handle) != CONNECTION_OK)
    g_error ("%s: %s", place, PQerrorMessage (handle));
  PQsetNoticeProcessor (handle, ignore_notice, NULL);
  result = PQexecParams (handle, sql, value != NULL ? 1 : 0, NULL, values, NULL, NULL, 0);
  if (PQresultStatus (result) != PGRES_COMMAND_OK && PQresultStatus (result) != PGRES_TUPLES_OK)
    g_error ("%s: %s", sql, PQerrorMessage (handle));
  PQfinish (handle);
  return result;
}

/* Schemas that are empty again. */
static GQueue *
get_clean (void)
{
  static GQueue clean = G_QUEUE_INIT;

  return &clean;
}

static char *
place_new (void)
{
  static guint count;
  g_autofree char *sql = NULL;

  if (!g_queue_is_empty (get_clean ()))
    return g_queue_pop_head (get_clean ());
  sql = g_strdup_printf ("CREATE SCHEMA s%u", ++count);
  PQclear (run (get_database (), sql, NULL));
  return g_strdup_printf ("%s?options=-csearch_path%%3Ds%u", get_database (), count);
}

/* To make all the tables takes longer than most of the cases: the next one has them, as they were made. */
static void
place_free (char *place)
{
  PQclear (run (place,
                "DO $$ DECLARE name text; BEGIN "
                "ALTER TABLE audit DISABLE TRIGGER ALL; "
                "FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema () "
                "AND tablename NOT IN ('tertulia_schema', 'rebuild') "
                /* those that others refer to are the last */
                "ORDER BY tablename IN ('strikes', 'authors'), tablename IN ('channels', 'messages') "
                "LOOP EXECUTE format ('DELETE FROM %I', name); END LOOP; "
                "FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema () "
                "LOOP EXECUTE format ('ALTER SEQUENCE %I RESTART', name); END LOOP; "
                "INSERT INTO authors VALUES (0, '', ''); UPDATE rebuild SET position = 0; "
                "ALTER TABLE audit ENABLE TRIGGER ALL; END $$",
                NULL));
  g_queue_push_tail (get_clean (), place);
}

static ChatStore *
store_new (const char *place)
{
  return chat_postgresql_store_new (place, NULL, 3, TRUE);
}

static GPtrArray *
read_channel (const char *place, const char *channel)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify)store_placed_free);
  PGresult *result = run (place,
                          "SELECT m.seq, m.id FROM messages m JOIN channels c ON m.channel = c.number "
                          "WHERE c.name = $1 ORDER BY m.seq",
                          channel);

  for (int i = 0; i < PQntuples (result); i++)
    {
      StorePlaced *row = g_new0 (StorePlaced, 1);

      row->seq = g_ascii_strtoll (PQgetvalue (result, i, 0), NULL, 10);
      row->id = g_strdup (PQgetvalue (result, i, 1));
      g_ptr_array_add (rows, row);
    }
  PQclear (result);
  return rows;
}

const StoreFixture store_fixture_postgresql = {
  .name = "postgresql",
  .kills = 6,
  .tells_others = TRUE,
  .available = available,
  .place_new = place_new,
  .place_free = place_free,
  .store_new = store_new,
  .read_channel = read_channel,
};
