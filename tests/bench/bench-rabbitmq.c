/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RabbitMQ in the main loop: how many messages a second a group's member takes out of a quorum queue, decodes and
 * acknowledges, against a blocking loop of librabbitmq on the same queue (prefetch 1,000, an acknowledgement for every
 * hundred); how long one iteration of the loop lasts; and how many publishes a second are confirmed. What is read is
 * written by librabbitmq alone.
 */
#include <math.h>

#include "bench-transport.h"
#include "chat-bench.h"
#include "chat-test-broker.h"
#include "rabbitmq-plain.h"
#include "transport/rabbitmq/chat-rabbitmq-transport.h"

/* The best of the rounds counts: what disturbs one makes it slower, never faster. */
#define ROUNDS 3
#define RECORDS 50000
#define RECORD_BYTES 120
#define PREFETCH 1000
#define ACK_EVERY 100
#define PUBLISHES 10000
#define IN_FLIGHT 256
#define TOPIC "chat_private"
#define GROUP "archiver"

typedef struct
{
  ChatTestBroker *broker;
  ChatBrokerOptions *options;
  ChatTransport *transport;
  ChatSubscription *subscription;
  GPtrArray *unacknowledged; /* ChatRecord */
  GBytes *payload;
  char *queue;
  guint acknowledged;
  gboolean forwarding;
} Bench;

static void
connect_transport (Bench *bench)
{
  bench->transport = chat_rabbitmq_transport_new (bench->options);
  bench_transport_connect (bench->transport);
}

static void
close_transport (Bench *bench)
{
  bench_transport_close (g_steal_pointer (&bench->transport));
  g_clear_object (&bench->subscription);
}

static void
subscribe (Bench *bench)
{
  const ChatStart start = { CHAT_START_GROUP, NULL, 0, GROUP };

  bench->subscription = bench_transport_subscribe (bench->transport, TOPIC, &start);
  chat_subscription_set_priority (bench->subscription, G_PRIORITY_DEFAULT);
}

/* Straight into the queue, and waits until all is in it. */
static void
fill (Bench *bench)
{
  amqp_connection_state_t state = rabbitmq_plain_open (bench->options);

  rabbitmq_plain_flood (state, "", bench->queue, g_bytes_get_data (bench->payload, NULL), RECORDS);
  rabbitmq_plain_close (state);
}

/* The reference: no main loop, no product. */
static double
measure_blocking (Bench *bench)
{
  amqp_connection_state_t state;
  gint64 began;

  fill (bench);
  state = rabbitmq_plain_open (bench->options);
  amqp_basic_qos (state, 1, 0, PREFETCH, 0);
  began = g_get_monotonic_time ();
  amqp_basic_consume (state, 1, amqp_cstring_bytes (bench->queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  for (guint i = 1; i <= RECORDS; i++)
    {
      amqp_envelope_t envelope;

      amqp_maybe_release_buffers (state);
      if (amqp_consume_message (state, &envelope, NULL, 0).reply_type != AMQP_RESPONSE_NORMAL)
        g_error ("The blocking loop was interrupted");
      if (i % ACK_EVERY == 0)
        amqp_basic_ack (state, 1, envelope.delivery_tag, 1);
      amqp_destroy_envelope (&envelope);
    }
  began = g_get_monotonic_time () - began;
  rabbitmq_plain_close (state);
  return RECORDS * 1e6 / (double)began;
}

/* The product */

static void acknowledge (Bench *bench);

static void
forwarded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Bench *bench = user_data;
  g_autoptr (GError) error = NULL;

  if (!chat_transport_forward_finish (CHAT_TRANSPORT (source), result, &error))
    g_error ("%s", error->message);
  bench->forwarding = FALSE;
  acknowledge (bench);
}

static void
acknowledge (Bench *bench)
{
  g_autoptr (GPtrArray) inputs = NULL, none = NULL;

  if (bench->forwarding || bench->unacknowledged->len == 0)
    return;
  inputs = g_steal_pointer (&bench->unacknowledged);
  bench->unacknowledged = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  none = g_ptr_array_new ();
  bench->forwarding = TRUE;
  bench->acknowledged += inputs->len;
  chat_transport_forward_async (bench->transport, bench->subscription, inputs, none, NULL, forwarded_cb, bench);
}

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, Bench *bench)
{
  for (guint i = 0; i < batch->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (batch, i);

      bench_payload_check (record);
      g_ptr_array_add (bench->unacknowledged, chat_record_ref (record));
    }
  acknowledge (bench);
}

/* From the subscribe to the last acknowledgement; *longest: CPU of one iteration of the loop, in ms. */
static double
measure_member (Bench *bench, double *longest)
{
  gint64 began;

  fill (bench);
  connect_transport (bench);
  bench->acknowledged = 0;
  began = g_get_monotonic_time ();
  subscribe (bench);
  g_signal_connect (bench->subscription, "records", G_CALLBACK (records_cb), bench);
  while (bench->acknowledged < RECORDS || bench->forwarding)
    {
      double before = bench_thread_ms ();

      g_main_context_iteration (NULL, TRUE);
      *longest = fmax (*longest, bench_thread_ms () - before);
    }
  began = g_get_monotonic_time () - began;
  close_transport (bench);
  return RECORDS * 1e6 / (double)began;
}

static void
bench_read (ChatBench *report, Bench *bench)
{
  double reference = 0, value = 0, longest = 0;

  for (guint i = 0; i < ROUNDS; i++)
    {
      reference = fmax (reference, measure_blocking (bench));
      value = fmax (value, measure_member (bench, &longest));
    }
  chat_bench_report (report, &(ChatBenchFigure){ .name = "rabbitmq.read-decoded",
                                                 .value = value,
                                                 .unit = "messages/s",
                                                 .reference = reference,
                                                 .bound = CHAT_BENCH_RATIO_AT_LEAST,
                                                 .target = 0.9 });
  chat_bench_report (report, &(ChatBenchFigure){ .name = "rabbitmq.dispatch",
                                                 .value = longest,
                                                 .unit = "ms of CPU",
                                                 .bound = CHAT_BENCH_AT_MOST,
                                                 .target = 10 });
}

/* Publishing */

/* Confirmed by a quorum queue and a stream. */
static void
bench_publish (ChatBench *report, Bench *bench)
{
  BenchFlood flood = { .topic = TOPIC, .keys = 16, .payload = bench->payload, .wanted = PUBLISHES };

  connect_transport (bench);
  flood.transport = bench->transport;
  chat_bench_report (report, &(ChatBenchFigure){ .name = "rabbitmq.publish",
                                                 .value = bench_flood_run (&flood, IN_FLIGHT),
                                                 .unit = "records/s" });
  close_transport (bench);
}

int
main (int argc, char **argv)
{
  ChatBench *report = chat_bench_new (&argc, &argv);
  Bench bench = { 0 };

  bench.broker = chat_test_rabbitmq_new (CHAT_TEST_BROKER_SHARED);
  if (bench.broker == NULL)
    return chat_bench_finish (report);
  bench.options = chat_test_broker_dup_options (bench.broker, FALSE, CHAT_BROKER_PLAIN);
  bench.options->shards = 1;
  bench.queue = g_strconcat (bench.options->prefix, TOPIC "." GROUP ".0", NULL);
  bench.payload = bench_payload_new (RECORD_BYTES);
  bench.unacknowledged = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  connect_transport (&bench);
  subscribe (&bench); /* declares it */
  close_transport (&bench);
  bench_read (report, &bench);
  bench_publish (report, &bench);
  rabbitmq_plain_delete_all (bench.options);
  g_ptr_array_unref (bench.unacknowledged);
  g_bytes_unref (bench.payload);
  g_free (bench.queue);
  chat_broker_options_free (bench.options);
  chat_test_broker_free (bench.broker);
  return chat_bench_finish (report);
}
