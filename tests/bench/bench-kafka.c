/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Apache Kafka in the main loop: how many records a second a reader that is behind takes in, bare and decoded, against
 * kcat on the same topic; how long its dispatches last; and how many publishes a second are confirmed. The records
 * are written by librdkafka alone.
 */
#include <librdkafka/rdkafka.h>
#include <math.h>
#include <string.h>

#include "bench-transport.h"
#include "chat-bench.h"
#include "chat-test-broker.h"
#include "transport/kafka/chat-kafka-transport.h"

/* The best of the rounds counts: what disturbs one makes it slower, never faster. */
#define ROUNDS 3
#define RECORDS 1000000
#define RECORD_BYTES 120
#define PARTITIONS 4
#define KEYS 16
#define PUBLISHES 100000
#define IN_FLIGHT 256
#define TOPIC "bench"

typedef struct
{
  ChatTestBroker *broker;
  ChatBrokerOptions *options;
  ChatTransport *transport;
  GBytes *payload;
  guint count;
  gboolean decode;
} Bench;

static void
connect_transport (Bench *bench)
{
  bench->transport = chat_kafka_transport_new (bench->options);
  bench_transport_connect (bench->transport);
}

static ChatSubscription *
subscribe (Bench *bench, ChatStartKind kind)
{
  const ChatStart start = { kind, NULL, 0, NULL };

  return bench_transport_subscribe (bench->transport, TOPIC, &start);
}

/* What is read */

static void
produce (rd_kafka_t *producer, const char *topic, guint number, const char *payload)
{
  g_autofree char *key = g_strdup_printf ("channel%u", number % KEYS);
  rd_kafka_resp_err_t code;

  while ((code = rd_kafka_producev (producer, RD_KAFKA_V_TOPIC (topic), RD_KAFKA_V_KEY (key, strlen (key)),
                                    RD_KAFKA_V_VALUE ((void *)payload, RECORD_BYTES),
                                    RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END))
         == RD_KAFKA_RESP_ERR__QUEUE_FULL)
    rd_kafka_poll (producer, 100);
  g_assert_cmpint (code, ==, RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void
write_records (Bench *bench)
{
  g_autofree char *name = chat_broker_options_dup_name (bench->options, TOPIC);
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  char why[256];
  rd_kafka_t *producer;

  rd_kafka_conf_set (conf, "bootstrap.servers", bench->options->addresses[0], why, sizeof why);
  rd_kafka_conf_set (conf, "linger.ms", "20", why, sizeof why);
  producer = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (producer == NULL)
    g_error ("%s", why);
  for (guint i = 0; i < RECORDS; i++)
    produce (producer, name, i, g_bytes_get_data (bench->payload, NULL));
  g_assert_cmpint (rd_kafka_flush (producer, 60000), ==, RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_destroy (producer);
}

/* Records a second that kcat takes in and writes to /dev/null. */
static double
measure_kcat (Bench *bench)
{
  g_autofree char *name = chat_broker_options_dup_name (bench->options, TOPIC);
  g_autofree char *count = g_strdup_printf ("%d", RECORDS);
  const char *arguments[] = { "kcat", "-C",        "-q", "-u",  "-b", bench->options->addresses[0], "-t", name,
                              "-o",   "beginning", "-c", count, NULL };
  g_autoptr (GError) error = NULL;
  gint64 began = g_get_monotonic_time ();
  int status;

  if (!g_spawn_sync (NULL, (char **)arguments, NULL,
                     G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
                     NULL, &status, &error)
      || !g_spawn_check_wait_status (status, &error))
    g_error ("kcat: %s", error->message);
  return RECORDS * 1e6 / (double)(g_get_monotonic_time () - began);
}

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, Bench *bench)
{
  bench->count += batch->len;
  for (guint i = 0; bench->decode && i < batch->len; i++)
    bench_payload_check (g_ptr_array_index (batch, i));
}

/* From the subscribe to the last record. @dispatches: CPU of each iteration of the loop, in ms; *cpu_rate: records a
 * second of this thread's own time, for there is other work on the machine. */
static double
measure_reader (Bench *bench, gboolean decode, GArray *dispatches, double *cpu_rate)
{
  double cpu_ms = 0;
  gint64 began;
  ChatSubscription *subscription;

  connect_transport (bench);
  bench->count = 0;
  bench->decode = decode;
  began = g_get_monotonic_time ();
  subscription = subscribe (bench, CHAT_START_EARLIEST);
  g_signal_connect (subscription, "records", G_CALLBACK (records_cb), bench);
  while (bench->count < RECORDS)
    {
      double took = bench_thread_ms ();

      g_main_context_iteration (NULL, TRUE);
      took = bench_thread_ms () - took;
      cpu_ms += took;
      g_array_append_val (dispatches, took);
    }
  *cpu_rate = MAX (*cpu_rate, RECORDS * 1e3 / cpu_ms);
  began = g_get_monotonic_time () - began;
  g_object_unref (subscription);
  bench_transport_close (g_steal_pointer (&bench->transport));
  return RECORDS * 1e6 / (double)began;
}

static void
bench_read (ChatBench *report, Bench *bench)
{
  g_autoptr (GArray) dispatches = g_array_new (FALSE, FALSE, sizeof (double));
  double reference = 0, bare = 0, decoded = 0, bare_cpu = 0, decoded_cpu = 0;

  for (guint i = 0; i < ROUNDS; i++)
    {
      reference = fmax (reference, measure_kcat (bench));
      bare = fmax (bare, measure_reader (bench, FALSE, dispatches, &bare_cpu));
      decoded = fmax (decoded, measure_reader (bench, TRUE, dispatches, &decoded_cpu));
    }
  chat_bench_report (report, &(ChatBenchFigure){ .name = "kafka.read",
                                                 .value = bare,
                                                 .unit = "records/s",
                                                 .reference = reference,
                                                 .bound = CHAT_BENCH_RATIO_AT_LEAST,
                                                 .target = 0.7 });
  chat_bench_report (report, &(ChatBenchFigure){ .name = "kafka.read-decoded",
                                                 .value = decoded,
                                                 .unit = "messages/s",
                                                 .bound = CHAT_BENCH_AT_LEAST,
                                                 .target = 200000 });
  chat_bench_report (report, &(ChatBenchFigure){ .name = "kafka.read-decoded-cpu",
                                                 .value = decoded_cpu,
                                                 .unit = "messages/s of CPU",
                                                 .bound = CHAT_BENCH_AT_LEAST,
                                                 .target = 200000 });
  chat_bench_report (report, &(ChatBenchFigure){ .name = "kafka.dispatch.p99",
                                                 .value = chat_bench_percentile ((double *)(gpointer)dispatches->data,
                                                                                 dispatches->len, 99),
                                                 .unit = "ms of CPU",
                                                 .bound = CHAT_BENCH_AT_MOST,
                                                 .target = 5 });
}

/* Publishing */

static void
bench_publish (ChatBench *report, Bench *bench)
{
  BenchFlood flood = { .topic = "published", .keys = KEYS, .payload = bench->payload, .wanted = PUBLISHES };

  connect_transport (bench);
  flood.transport = bench->transport;
  chat_bench_report (report, &(ChatBenchFigure){ .name = "kafka.publish",
                                                 .value = bench_flood_run (&flood, IN_FLIGHT),
                                                 .unit = "records/s" });
  bench_transport_close (g_steal_pointer (&bench->transport));
}

int
main (int argc, char **argv)
{
  ChatBench *report = chat_bench_new (&argc, &argv);
  Bench bench = { 0 };

  bench.broker = chat_test_kafka_new (CHAT_TEST_BROKER_SHARED);
  if (bench.broker == NULL)
    return chat_bench_finish (report);
  bench.options = chat_test_broker_dup_options (bench.broker, FALSE, CHAT_BROKER_ANONYMOUS);
  bench.options->shards = PARTITIONS;
  bench.payload = bench_payload_new (RECORD_BYTES);
  connect_transport (&bench);
  g_object_unref (subscribe (&bench, CHAT_START_LIVE)); /* declares it */
  bench_transport_close (g_steal_pointer (&bench.transport));
  write_records (&bench);
  bench_read (report, &bench);
  bench_publish (report, &bench);
  g_bytes_unref (bench.payload);
  chat_broker_options_free (bench.options);
  chat_test_broker_free (bench.broker);
  return chat_bench_finish (report);
}
