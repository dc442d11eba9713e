/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RabbitMQ in the main loop: how many messages a second a group's member takes out of a quorum queue, decodes and
 * acknowledges, against a blocking loop of librabbitmq on the same queue (prefetch 1,000, an acknowledgement for every
 * hundred); how long one iteration of the loop lasts; and how many publishes a second are confirmed. What is read is
 * written by librabbitmq alone.
 */
#include <string.h>
#include <time.h>

#include "chat-bench.h"
#include "chat-test-broker.h"
#include "core/chat-message-codec.h"
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
  guint count, acknowledged, started, confirmed;
  gboolean forwarding;
} Bench;

static void
result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

static GAsyncResult *
await (GAsyncResult **slot)
{
  while (*slot == NULL)
    g_main_context_iteration (NULL, TRUE);
  return g_steal_pointer (slot);
}

static void
connect_transport (Bench *bench)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *awaited = NULL;

  bench->transport = chat_rabbitmq_transport_new (bench->options);
  chat_transport_connect_async (bench->transport, NULL, result_cb, &awaited);
  result = await (&awaited);
  if (!chat_transport_connect_finish (bench->transport, result, &error))
    g_error ("%s", error->message);
}

static void
close_transport (Bench *bench)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *awaited = NULL;

  chat_transport_close_async (bench->transport, NULL, result_cb, &awaited);
  result = await (&awaited);
  if (!chat_transport_close_finish (bench->transport, result, &error))
    g_error ("%s", error->message);
  g_clear_object (&bench->subscription);
  g_clear_object (&bench->transport);
}

static void
subscribe (Bench *bench)
{
  const char *topics[] = { TOPIC, NULL };
  const ChatStart start = { CHAT_START_GROUP, NULL, 0, GROUP };
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *awaited = NULL;

  chat_transport_subscribe_async (bench->transport, topics, NULL, &start, NULL, result_cb, &awaited);
  result = await (&awaited);
  bench->subscription = chat_transport_subscribe_finish (bench->transport, result, &error);
  if (bench->subscription == NULL)
    g_error ("%s", error->message);
  chat_subscription_set_priority (bench->subscription, G_PRIORITY_DEFAULT);
}

/* Straight into the queue, and waits until all is in it. */
static void
fill (Bench *bench)
{
  amqp_connection_state_t state = rabbitmq_plain_open (bench->options);
  amqp_basic_properties_t properties = { ._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = 2 };

  for (guint i = 0; i < RECORDS; i++)
    rabbitmq_plain_publish (state, "", bench->queue, g_bytes_get_data (bench->payload, NULL), RECORD_BYTES,
                            &properties);
  while (rabbitmq_plain_count (state, bench->queue) < RECORDS)
    g_usleep (20000);
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
      gsize length;
      const char *data = g_bytes_get_data (chat_record_get_bytes (record), &length);
      g_autoptr (ChatMessage) message = chat_message_decode (data, length, NULL);

      if (message == NULL)
        g_error ("A record can't be decoded");
      g_ptr_array_add (bench->unacknowledged, chat_record_ref (record));
    }
  bench->count += batch->len;
  acknowledge (bench);
}

static double
thread_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* From the subscribe to the last acknowledgement; *longest: CPU of one iteration of the loop, in ms. */
static double
measure_member (Bench *bench, double *longest)
{
  gint64 began;

  fill (bench);
  connect_transport (bench);
  bench->count = bench->acknowledged = 0;
  began = g_get_monotonic_time ();
  subscribe (bench);
  g_signal_connect (bench->subscription, "records", G_CALLBACK (records_cb), bench);
  while (bench->acknowledged < RECORDS || bench->forwarding)
    {
      double before = thread_ms ();

      g_main_context_iteration (NULL, TRUE);
      *longest = MAX (*longest, thread_ms () - before);
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
      reference = MAX (reference, measure_blocking (bench));
      value = MAX (value, measure_member (bench, &longest));
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

static void publish_next (Bench *bench);

static void
confirmed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Bench *bench = user_data;
  g_autoptr (GError) error = NULL;

  if (!chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error))
    g_error ("%s", error->message);
  bench->confirmed++;
  publish_next (bench);
}

static void
publish_next (Bench *bench)
{
  g_autofree char *key = g_strdup_printf ("channel%u", bench->started % 16);
  g_autoptr (ChatRecord) record = NULL;

  if (bench->started == PUBLISHES)
    return;
  bench->started++;
  record = chat_record_new (TOPIC, key, bench->payload);
  chat_transport_publish_async (bench->transport, record, NULL, confirmed_cb, bench);
}

/* Confirmed by a quorum queue and a stream. */
static void
bench_publish (ChatBench *report, Bench *bench)
{
  gint64 began;

  connect_transport (bench);
  began = g_get_monotonic_time ();
  for (guint i = 0; i < IN_FLIGHT; i++)
    publish_next (bench);
  while (bench->confirmed < PUBLISHES)
    g_main_context_iteration (NULL, TRUE);
  chat_bench_report (report, &(ChatBenchFigure){ .name = "rabbitmq.publish",
                                                 .value = PUBLISHES * 1e6 / (double)(g_get_monotonic_time () - began),
                                                 .unit = "records/s" });
  close_transport (bench);
}

/* A record of the three members, as other producers write them. */
static GBytes *
payload_new (void)
{
  GString *text = g_string_new ("{\"author\":\"ana\",\"timestamp\":\"2021-10-10T10:10:10.123Z\",\"data\":\"");

  while (text->len < RECORD_BYTES - 2)
    g_string_append_c (text, (char)('a' + text->len % 26));
  g_string_append (text, "\"}");
  return g_bytes_new_take (g_string_free (text, FALSE), RECORD_BYTES);
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
  bench.payload = payload_new ();
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
