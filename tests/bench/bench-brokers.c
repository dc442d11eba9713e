/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole service on a real broker and PostgreSQL: how long a message takes from the POST through the moderator to
 * another's live feed, and how many a second go all the way into the store. The reference (bench-pipe.h) is what the
 * vendors' libraries alone do with the same broker and the same database.
 *
 *   bench-brokers kafka|rabbitmq [--check]
 */
#include <gio/gio.h>
#include <libpq-fe.h>
#include <string.h>

#include "bench-load.h"
#include "bench-pipe.h"
#include "chat-bench.h"
#include "chat-test-broker.h"
#include "chat-test-server.h"
#include "wire.h"

#define CHANNEL "general"
#define WARM_UP 1000
#define PACED_MESSAGES 4000
#define PACED_INTERVAL_US 2000
#define PACED_CONNECTIONS 32
#define IN_FLIGHT 256
#define FLAT_OUT_MESSAGES 30000

typedef struct
{
  double p50, p99; /* ms */
  double rate;     /* a second, in the store */
  double load;     /* of the generator: the part of one core that it took */
} Figures;

/* PostgreSQL */

static PGconn *
connect_database (const char *uri)
{
  PGconn *connection = PQconnectdb (uri);

  if (PQstatus (connection) != CONNECTION_OK)
    g_error ("%s", PQerrorMessage (connection));
  return connection;
}

static char *
query (PGconn *connection, const char *statement)
{
  PGresult *result = PQexec (connection, statement);
  char *value = NULL;

  if (PQresultStatus (result) != PGRES_TUPLES_OK && PQresultStatus (result) != PGRES_COMMAND_OK)
    g_error ("%s: %s", statement, PQerrorMessage (connection));
  if (PQntuples (result) > 0)
    value = g_strdup (PQgetvalue (result, 0, 0));
  PQclear (result);
  return value;
}

/* A batch is a transaction of one COPY. */
static void
copy_cb (GPtrArray *payloads, gpointer data)
{
  PGconn *connection = data;
  PGresult *result = PQexec (connection, "COPY pipe (id, record) FROM STDIN");

  g_assert_cmpint (PQresultStatus (result), ==, PGRES_COPY_IN);
  PQclear (result);
  for (guint i = 0; i < payloads->len; i++)
    {
      char line[PIPE_PAYLOAD + 32];
      int length = g_snprintf (line, sizeof line, "%u\t%.*s\n", pipe_number (payloads->pdata[i]), PIPE_PAYLOAD,
                               (const char *)payloads->pdata[i]);

      g_assert_cmpint (PQputCopyData (connection, line, length), ==, 1);
    }
  g_assert_cmpint (PQputCopyEnd (connection, NULL), ==, 1);
  while ((result = PQgetResult (connection)) != NULL)
    {
      if (PQresultStatus (result) != PGRES_COMMAND_OK)
        g_error ("COPY: %s", PQerrorMessage (connection));
      PQclear (result);
    }
}

/* The reference */

static void
run_pipe (ChatTestBroker *broker, ChatBrokerKind kind, PipeRun *run)
{
  run->sent = g_new0 (gint64, run->messages);
  run->seen = g_new0 (gint64, run->messages);
  if (kind == CHAT_BROKER_KAFKA)
    pipe_kafka_run (chat_test_broker_get (broker, "addresses"), run);
  else
    pipe_rabbitmq_run (chat_test_broker_get (broker, "uri"), run);
}

static void
clear_run (PipeRun *run)
{
  g_free (run->sent);
  g_free (run->seen);
}

static void
measure_pipe (ChatTestBroker *broker, ChatBrokerKind kind, const char *database, Figures *figures)
{
  PipeRun paced = {
    .messages = WARM_UP + PACED_MESSAGES, .warm_up = WARM_UP, .interval_us = PACED_INTERVAL_US, .in_flight = IN_FLIGHT
  };
  PipeRun fast = { .messages = WARM_UP + FLAT_OUT_MESSAGES, .warm_up = WARM_UP, .in_flight = IN_FLIGHT };
  g_autofree double *latencies = g_new (double, PACED_MESSAGES);
  PGconn *connection = connect_database (database);
  gint64 last_us = 0;

  run_pipe (broker, kind, &paced);
  for (guint i = 0; i < PACED_MESSAGES; i++)
    latencies[i] = (double)(paced.seen[WARM_UP + i] - paced.sent[WARM_UP + i]) / 1000;
  figures->p50 = chat_bench_percentile (latencies, PACED_MESSAGES, 50);
  figures->p99 = chat_bench_percentile (latencies, PACED_MESSAGES, 99);

  g_free (query (connection, "CREATE TABLE pipe (id bigint PRIMARY KEY, record text NOT NULL)"));
  fast.sink = copy_cb;
  fast.sink_data = connection;
  run_pipe (broker, kind, &fast);
  for (guint i = WARM_UP; i < fast.messages; i++)
    last_us = MAX (last_us, fast.seen[i]);
  figures->rate = FLAT_OUT_MESSAGES / ((double)(last_us - fast.sent[WARM_UP]) / G_USEC_PER_SEC);
  g_free (query (connection, "DROP TABLE pipe"));
  PQfinish (connection);
  clear_run (&paced);
  clear_run (&fast);
}

/* The service */

/* (transfer full) (element-type utf8): a session for each connection */
static GPtrArray *
sign_in (const char *uri, const char *prefix, guint n_users)
{
  GPtrArray *tokens = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (Wire) wire = wire_connect (uri);

  for (guint i = 0; i < n_users; i++)
    {
      g_autofree char *user = g_strdup_printf ("%s%u", prefix, i);

      g_ptr_array_add (tokens, wire_sign_in (wire, user));
    }
  return tokens;
}

static void
measure_latency (const char *uri, Figures *figures)
{
  g_autoptr (GPtrArray) tokens = sign_in (uri, "paced", PACED_CONNECTIONS);
  g_autoptr (GPtrArray) reader = sign_in (uri, "reader", 1);
  g_autoptr (Load) load = load_new (uri, tokens);
  g_autoptr (LoadLedger) warm_up = NULL;
  g_autoptr (LoadLedger) ledger = NULL;
  g_autofree double *latencies = g_new (double, PACED_MESSAGES);

  load_listen (load, reader->pdata[0], CHANNEL);
  warm_up = load_run_paced (load, CHANNEL, WARM_UP, PACED_INTERVAL_US);
  ledger = load_run_paced (load, CHANNEL, PACED_MESSAGES, PACED_INTERVAL_US);
  for (guint i = 0; i < PACED_MESSAGES; i++)
    latencies[i] = (double)(ledger->seen[i] - ledger->sent[i]) / 1000;
  figures->p50 = chat_bench_percentile (latencies, PACED_MESSAGES, 50);
  figures->p99 = chat_bench_percentile (latencies, PACED_MESSAGES, 99);
}

static gint64
newest_seq (PGconn *connection)
{
  g_autofree char *seq
      = query (connection, "SELECT coalesce (max (seq), 0) FROM messages"
                           " WHERE channel = (SELECT number FROM channels WHERE name = '" CHANNEL "')");

  return g_ascii_strtoll (seq, NULL, 10);
}

/* Until all is there: the newest seq is looked up in an index, which takes next to nothing of what is measured. */
static void
wait_stored (PGconn *connection, gint64 seq)
{
  while (newest_seq (connection) < seq)
    g_thread_yield ();
}

static void
measure_rate (const char *uri, const char *database, Figures *figures)
{
  g_autoptr (GPtrArray) tokens = sign_in (uri, "writer", IN_FLIGHT);
  g_autoptr (Load) load = load_new (uri, tokens);
  PGconn *connection = connect_database (database);
  gint64 before = newest_seq (connection), end_us;
  g_autoptr (LoadLedger) warm_up = load_run_flat_out (load, CHANNEL, WARM_UP);
  g_autoptr (LoadLedger) ledger = NULL;

  wait_stored (connection, before + WARM_UP);
  ledger = load_run_flat_out (load, CHANNEL, FLAT_OUT_MESSAGES);
  wait_stored (connection, before + WARM_UP + FLAT_OUT_MESSAGES);
  end_us = g_get_monotonic_time ();
  g_assert_cmpuint (ledger->accepted, ==, FLAT_OUT_MESSAGES);
  figures->rate = FLAT_OUT_MESSAGES / ((double)(end_us - ledger->first_us) / G_USEC_PER_SEC);
  figures->load = (double)ledger->cpu_us / (double)(ledger->last_us - ledger->first_us);
  PQfinish (connection);
}

static void
measure_service (ChatTestBroker *broker, ChatBrokerKind kind, const char *database, Figures *figures)
{
  g_autoptr (ChatBrokerOptions) options = chat_test_broker_dup_options (broker, FALSE, CHAT_BROKER_ANONYMOUS);
  g_autoptr (GPtrArray) settings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (ChatTestServer) server = NULL;
  g_autofree char *addresses = g_strjoinv (";", options->addresses);

  g_ptr_array_add (settings, g_strdup_printf ("broker.kind=%s", chat_broker_kind_to_string (kind)));
  g_ptr_array_add (settings, g_strdup_printf ("broker.addresses=%s", addresses));
  g_ptr_array_add (settings, g_strdup_printf ("broker.prefix=%s", options->prefix));
  if (options->user != NULL)
    {
      g_ptr_array_add (settings, g_strdup_printf ("broker.virtual_host=%s", options->virtual_host));
      g_ptr_array_add (settings, g_strdup_printf ("broker.user=%s", options->user));
      g_ptr_array_add (settings, g_strdup_printf ("broker.password=%s", options->password));
    }
  /* the bots read all that is said once more, which a pipe does not */
  g_ptr_array_add (settings, g_strdup ("bots.eco=false"));
  g_ptr_array_add (settings, g_strdup ("bots.ayuda=false"));
  g_ptr_array_add (settings, g_strdup ("store.kind=postgresql"));
  g_ptr_array_add (settings, g_strdup_printf ("store.uri=%s", database));
  g_ptr_array_add (settings, NULL);
  server = chat_test_server_new ((const char *const *)settings->pdata);
  chat_test_server_start (server);
  measure_latency (chat_test_server_get_uri (server), figures);
  measure_rate (chat_test_server_get_uri (server), database, figures);
  chat_test_server_stop (server);
}

static void
report (ChatBench *bench, ChatBrokerKind kind, const char *what, const ChatBenchFigure *figure)
{
  ChatBenchFigure named = *figure;
  g_autofree char *name = g_strdup_printf ("%s.%s", chat_broker_kind_to_string (kind), what);

  named.name = name;
  chat_bench_report (bench, &named);
}

static void
report_all (ChatBench *bench, ChatBrokerKind kind, const Figures *reference, const Figures *service)
{
  gboolean kafka = kind == CHAT_BROKER_KAFKA;

  report (bench, kind, "latency-p50",
          &(ChatBenchFigure){ .value = service->p50,
                              .unit = "ms",
                              .reference = reference->p50,
                              .bound = CHAT_BENCH_AT_MOST,
                              .target = kafka ? reference->p50 + 10 : 10 });
  report (bench, kind, "latency-p99",
          &(ChatBenchFigure){ .value = service->p99,
                              .unit = "ms",
                              .reference = reference->p99,
                              .bound = kafka ? CHAT_BENCH_NO_BOUND : CHAT_BENCH_AT_MOST,
                              .target = 50 });
  report (bench, kind, "stored",
          &(ChatBenchFigure){
              .value = service->rate, .unit = "messages/s", .bound = CHAT_BENCH_AT_LEAST, .target = 2000 });
  report (bench, kind, "stored-of-bare",
          &(ChatBenchFigure){ .value = service->rate,
                              .unit = "messages/s",
                              .reference = reference->rate,
                              .bound = CHAT_BENCH_RATIO_AT_LEAST,
                              .target = 0.5 });
  report (bench, kind, "load-generator", &(ChatBenchFigure){ .value = service->load, .unit = "cores" });
}

int
main (int argc, char *argv[])
{
  ChatBench *bench = chat_bench_new (&argc, &argv);
  g_autoptr (ChatTestBroker) broker = NULL, postgresql = NULL;
  g_autofree char *database = NULL;
  Figures reference = { 0 }, service = { 0 };
  ChatBrokerKind kind;

  if (argc != 2 || !chat_broker_kind_from_string (argv[1], &kind))
    g_error ("Say which broker: kafka or rabbitmq");
  broker = kind == CHAT_BROKER_KAFKA ? chat_test_kafka_new (CHAT_TEST_BROKER_PRIVATE)
                                     : chat_test_rabbitmq_new (CHAT_TEST_BROKER_PRIVATE);
  postgresql = chat_test_postgresql_new (CHAT_TEST_BROKER_DURABLE);
  if (broker == NULL || postgresql == NULL)
    return 77;
  database = chat_test_broker_dup_database (postgresql);
  measure_pipe (broker, kind, database, &reference);
  measure_service (broker, kind, database, &service);
  report_all (bench, kind, &reference, &service);
  return chat_bench_finish (bench);
}
