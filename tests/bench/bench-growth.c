/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the service grows: 1, 2 and 4 moderators and archivers on 8 shards, with three processes that answer requests, on
 * a real broker and PostgreSQL. What is looked at: how many messages a second are stored, whether the work is shared
 * (by the processor time that each process took), what more of them cost, and, by PostgreSQL itself, that nothing is
 * missing and each author's messages are in order.
 *
 *   bench-growth kafka|rabbitmq [--check]
 */
#include <glib/gstdio.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench-load.h"
#include "chat-bench.h"
#include "chat-test-broker.h"
#include "chat-test-server.h"
#include "wire.h"

#define SHARDS 8
#define APIS 3
#define CHANNELS 24
#define CONNECTIONS 11 /* of each channel */
#define WARM_UP 50     /* of each channel */
#define MESSAGES 500   /* of each channel */

typedef struct
{
  ChatTestBroker *broker;
  GPtrArray *settings; /* of every process */
  GPtrArray *servers;  /* ChatTestServer */
  PGconn *connection;
  char *database;
} Service;

/* One channel's writers, in a thread of their own. */
typedef struct
{
  const char *uri;
  char *channel;
  GPtrArray *tokens;
  guint messages;
} Writer;

static void add_setting (Service *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
add_setting (Service *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_ptr_array_add (self->settings, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

static gint64
ask (Service *self, const char *statement)
{
  PGresult *result = PQexec (self->connection, statement);
  gint64 value;

  if (PQresultStatus (result) != PGRES_TUPLES_OK)
    g_error ("%s: %s", statement, PQerrorMessage (self->connection));
  value = g_ascii_strtoll (PQgetvalue (result, 0, 0), NULL, 10);
  PQclear (result);
  return value;
}

static void
add_server (Service *self, const char *role)
{
  g_autoptr (GPtrArray) settings = g_ptr_array_new ();
  g_autofree char *roles = g_strconcat ("server.roles=", role, NULL);
  ChatTestServer *server;

  g_ptr_array_extend (settings, self->settings, NULL, NULL);
  g_ptr_array_add (settings, roles);
  g_ptr_array_add (settings, NULL);
  server = chat_test_server_new ((const char *const *)settings->pdata);
  chat_test_server_start (server);
  g_ptr_array_add (self->servers, server);
}

static void
add_settings (Service *self, ChatBrokerKind kind, const char *key)
{
  g_autoptr (ChatBrokerOptions) options = chat_test_broker_dup_options (self->broker, FALSE, CHAT_BROKER_ANONYMOUS);
  g_autofree char *addresses = g_strjoinv (";", options->addresses);
  g_autoptr (GString) channels = g_string_new ("general");

  for (guint i = 0; i < CHANNELS; i++)
    g_string_append_printf (channels, ";c%u", i);
  add_setting (self, "broker.kind=%s", chat_broker_kind_to_string (kind));
  add_setting (self, "broker.addresses=%s", addresses);
  add_setting (self, "broker.prefix=%s", options->prefix);
  add_setting (self, "broker.shards=%d", SHARDS);
  if (options->user != NULL)
    {
      add_setting (self, "broker.virtual_host=%s", options->virtual_host);
      add_setting (self, "broker.user=%s", options->user);
      add_setting (self, "broker.password=%s", options->password);
    }
  add_setting (self, "store.kind=postgresql");
  add_setting (self, "store.uri=%s", self->database);
  add_setting (self, "server.signing_key=%s", key);
  add_setting (self, "channels.initial=%s", channels->str);
}

/* In the order archivers, moderators, apis. */
static void
service_start (Service *self, ChatBrokerKind kind, ChatTestBroker *broker, ChatTestBroker *postgresql, const char *key,
               guint n)
{
  self->broker = broker;
  self->database = chat_test_broker_dup_database (postgresql);
  self->settings = g_ptr_array_new_with_free_func (g_free);
  self->servers = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_test_server_free);
  self->connection = PQconnectdb (self->database);
  add_settings (self, kind, key);
  for (guint i = 0; i < n; i++)
    add_server (self, "archiver");
  for (guint i = 0; i < n; i++)
    add_server (self, "moderator");
  for (guint i = 0; i < APIS; i++)
    add_server (self, "api");
}

static void
service_stop (Service *self)
{
  for (guint i = self->servers->len; i > 0; i--)
    chat_test_server_stop (self->servers->pdata[i - 1]);
  g_ptr_array_unref (self->servers);
  g_ptr_array_unref (self->settings);
  PQfinish (self->connection);
  g_free (self->database);
}

/* Seconds of the processor, of user and system (proc(5)). */
static double
cpu_seconds (ChatTestServer *server)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int)chat_test_server_get_pid (server));
  g_autofree char *text = NULL;
  unsigned long user = 0, system = 0;

  if (g_file_get_contents (path, &text, NULL, NULL))
    sscanf (strrchr (text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return (double)(user + system) / (double)sysconf (_SC_CLK_TCK);
}

/* Load */

static gpointer
write_thread (gpointer data)
{
  Writer *self = data;
  g_autoptr (Load) load = load_new (self->uri, self->tokens);
  g_autoptr (LoadLedger) ledger = load_run_flat_out (load, self->channel, self->messages);

  g_assert_cmpuint (ledger->accepted, ==, self->messages);
  return NULL;
}

#define STORED "SELECT coalesce (sum (head), 0) FROM channels"

/* All channels at once, until all is stored. Returns: µs */
static gint64
write_all (Service *self, Writer *writers, guint messages)
{
  gint64 goal = ask (self, STORED) + (gint64)messages * CHANNELS;
  gint64 began_us = g_get_monotonic_time ();
  GThread *threads[CHANNELS];

  for (guint i = 0; i < CHANNELS; i++)
    {
      writers[i].messages = messages;
      threads[i] = g_thread_new ("writer", write_thread, &writers[i]);
    }
  for (guint i = 0; i < CHANNELS; i++)
    g_thread_join (threads[i]);
  while (ask (self, STORED) < goal)
    g_thread_yield ();
  return g_get_monotonic_time () - began_us;
}

static void
writers_init (Service *self, Writer *writers, guint n)
{
  for (guint i = 0; i < CHANNELS; i++)
    {
      writers[i].uri = chat_test_server_get_uri (self->servers->pdata[2 * n + i % APIS]);
      writers[i].channel = g_strdup_printf ("c%u", i);
      writers[i].tokens = g_ptr_array_new_with_free_func (g_free);
      for (guint k = 0; k < CONNECTIONS; k++)
        {
          g_autoptr (Wire) wire = wire_connect (writers[i].uri);
          g_autofree char *user = g_strdup_printf ("w%u-%u", i, k);

          g_ptr_array_add (writers[i].tokens, wire_sign_in (wire, user));
        }
    }
}

static void
writers_clear (Writer *writers)
{
  for (guint i = 0; i < CHANNELS; i++)
    {
      g_free (writers[i].channel);
      g_ptr_array_unref (writers[i].tokens);
    }
}

/* What PostgreSQL says of it. */
static void
assert_in_order (Service *self)
{
  g_assert_cmpint (ask (self,
                        "SELECT count(*) FROM (SELECT seq - row_number() OVER (PARTITION BY channel ORDER BY seq) "
                        "AS off FROM messages) AS rows WHERE off <> 0"),
                   ==, 0);
  g_assert_cmpint (ask (self,
                        "SELECT count(*) FROM (SELECT timestamp - lag(timestamp) OVER (PARTITION BY channel, author "
                        "ORDER BY seq) AS step FROM messages) AS rows WHERE step < 0"),
                   ==, 0);
  g_assert_cmpint (ask (self, "SELECT count(*) - count(DISTINCT id) FROM messages"), ==, 0);
}

/* The least that one of @count processes from @first on did, of an equal part. */
static double
evenness (Service *self, const double *before, guint first, guint count)
{
  double least = G_MAXDOUBLE, all = 0;

  for (guint i = first; i < first + count; i++)
    {
      double took = cpu_seconds (self->servers->pdata[i]) - before[i];

      least = MIN (least, took);
      all += took;
    }
  return all > 0 ? least * count / all : 0;
}

/* What a message took of @count processes from @first on: µs */
static double
cost (Service *self, const double *before, guint first, guint count)
{
  double all = 0;

  for (guint i = first; i < first + count; i++)
    all += cpu_seconds (self->servers->pdata[i]) - before[i];
  return all * G_USEC_PER_SEC / (MESSAGES * CHANNELS);
}

static void
report (ChatBench *bench, ChatBrokerKind kind, guint n, const char *what, const char *unit, double value)
{
  g_autofree char *name = g_strdup_printf ("growth.%s-%u-%s", chat_broker_kind_to_string (kind), n, what);

  chat_bench_report (bench, &(ChatBenchFigure){ .name = name, .value = value, .unit = unit });
}

static void
measure (ChatBench *bench, ChatBrokerKind kind, ChatTestBroker *broker, ChatTestBroker *postgresql, const char *key,
         guint n)
{
  Service service = { 0 };
  Writer writers[CHANNELS] = { 0 };
  g_autofree double *before = NULL;
  gint64 took_us;

  service_start (&service, kind, broker, postgresql, key, n);
  writers_init (&service, writers, n);
  write_all (&service, writers, WARM_UP);
  before = g_new (double, service.servers->len);
  for (guint i = 0; i < service.servers->len; i++)
    before[i] = cpu_seconds (service.servers->pdata[i]);
  took_us = write_all (&service, writers, MESSAGES);
  assert_in_order (&service);
  report (bench, kind, n, "stored", "messages/s", (double)MESSAGES * CHANNELS / ((double)took_us / G_USEC_PER_SEC));
  report (bench, kind, n, "archivers-least", "of an equal part", evenness (&service, before, 0, n));
  report (bench, kind, n, "moderators-least", "of an equal part", evenness (&service, before, n, n));
  report (bench, kind, n, "archivers-cost", "us of CPU a message", cost (&service, before, 0, n));
  report (bench, kind, n, "moderators-cost", "us of CPU a message", cost (&service, before, n, n));
  writers_clear (writers);
  service_stop (&service);
}

int
main (int argc, char *argv[])
{
  ChatBench *bench = chat_bench_new (&argc, &argv);
  g_autofree char *directory = g_dir_make_tmp ("tertulia-key-XXXXXX", NULL);
  g_autofree char *key = g_build_filename (directory, "signing.key", NULL);
  g_autoptr (ChatTestBroker) broker = NULL, postgresql = NULL;
  ChatBrokerKind kind;

  if (argc != 2 || !chat_broker_kind_from_string (argv[1], &kind))
    g_error ("Say which broker: kafka or rabbitmq");
  broker = kind == CHAT_BROKER_KAFKA ? chat_test_kafka_new (CHAT_TEST_BROKER_PRIVATE)
                                     : chat_test_rabbitmq_new (CHAT_TEST_BROKER_PRIVATE);
  postgresql = chat_test_postgresql_new (CHAT_TEST_BROKER_DURABLE);
  if (broker == NULL || postgresql == NULL)
    return 77;
  g_assert_true (
      g_file_set_contents (key, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", -1, NULL));
  for (guint n = 1; n <= 4; n *= 2)
    measure (bench, kind, broker, postgresql, key, n);
  g_unlink (key);
  g_rmdir (directory);
  return chat_bench_finish (bench);
}
