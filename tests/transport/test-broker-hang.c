/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A broker that hangs, or whose name nobody knows: whatever is asked of a transport then, the main loop goes on. Each
 * case has a broker of its own. */
#include "config.h"

#include <string.h>

#include "chat-test-broker.h"
#include "chat-test-call.h"
#include "chat-test-feed.h"

#define PULSE_MS 10
/* A main loop that is blocked is so for seconds. */
#define LATE_MS 250
/* A call that was cancelled is answered at once. */
#define PROMPT_MS 2000
/* How long something is let be before it is cancelled, closed, or dropped. */
#define MOMENT_MS 300

typedef ChatTestBroker *(*BrokerNew) (ChatTestBrokerFlags flags);

/* How long the main loop was held up, at most: without what this thread waited for a processor. */
typedef struct
{
  GSource *timer;
  gint64 before, waited_before;
  gint64 longest;
} Pulse;

/* µs; 0 where the kernel does not say. */
static gint64
get_waited (void)
{
  g_autofree char *text = NULL;
  const char *second;

  if (!g_file_get_contents ("/proc/thread-self/schedstat", &text, NULL, NULL))
    return 0;
  second = strchr (text, ' ');
  return second != NULL ? g_ascii_strtoll (second, NULL, 10) / 1000 : 0;
}

static gboolean
pulse_cb (gpointer user_data)
{
  Pulse *pulse = user_data;
  gint64 now = g_get_monotonic_time (), waited = get_waited ();

  pulse->longest = MAX (pulse->longest, now - pulse->before - (waited - pulse->waited_before));
  pulse->before = now;
  pulse->waited_before = waited;
  return G_SOURCE_CONTINUE;
}

static void
pulse_begin (Pulse *pulse)
{
  *pulse = (Pulse){ g_timeout_source_new (PULSE_MS), g_get_monotonic_time (), get_waited (), 0 };
  g_source_set_priority (pulse->timer, G_PRIORITY_HIGH);
  g_source_set_callback (pulse->timer, pulse_cb, pulse, NULL);
  g_source_attach (pulse->timer, NULL);
}

static void
pulse_check (Pulse *pulse, const char *during)
{
  pulse_cb (pulse);
  g_test_message ("%s: the main loop was held up for %.1f ms", during, (double)pulse->longest / 1000);
  if (pulse->longest > LATE_MS * 1000)
    g_error ("The main loop was held up for %.0f ms: %s", (double)pulse->longest / 1000, during);
  pulse->longest = 0;
}

static void
pulse_end (Pulse *pulse)
{
  g_source_destroy (pulse->timer);
  g_source_unref (pulse->timer);
}

static ChatTransport *
connect_to (const ChatBrokerOptions *options)
{
  ChatTransport *transport = chat_test_make_broker (options, NULL);
  g_autoptr (GError) error = NULL;

  chat_test_call (chat_transport_connect, transport, &error);
  g_assert_no_error (error);
  return transport;
}

static ChatSubscription *
subscribe (ChatTransport *transport, ChatStartKind kind)
{
  const char *topics[] = { CHAT_TOPIC_CONTROLLED, NULL };
  const ChatStart start = { kind, NULL, 0, kind == CHAT_START_GROUP ? "group" : NULL };
  g_autoptr (GError) error = NULL;
  ChatSubscription *subscription = chat_test_call (chat_transport_subscribe, transport, &error, topics, NULL, &start);

  g_assert_no_error (error);
  return subscription;
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  guint *answered = user_data;

  chat_transport_publish_finish (CHAT_TRANSPORT (source), result, NULL);
  (*answered)++;
}

static void
publish_some (ChatTransport *transport, guint count, guint *answered)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("{}", 2);
  g_autoptr (ChatRecord) record = chat_record_new (CHAT_TOPIC_CONTROLLED, "general", bytes);

  for (guint i = 0; i < count; i++)
    chat_transport_publish_async (transport, record, NULL, answered_cb, answered);
}

static void
check_cancelled (GCancellable *cancellable, GAsyncResult **awaited, const char *what)
{
  gint64 began = g_get_monotonic_time ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  chat_test_run_for (MOMENT_MS);
  g_assert_null (*awaited);
  began = g_get_monotonic_time ();
  g_cancellable_cancel (cancellable);
  result = chat_test_await (awaited, what);
  g_assert_cmpint (g_get_monotonic_time () - began, <, PROMPT_MS * 1000);
  g_assert_null (g_task_propagate_pointer (G_TASK (result), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
cancel_subscribe (ChatTransport *transport, Pulse *pulse)
{
  static const char *const topics[] = { CHAT_TOPIC_PRIVATE, NULL };
  static const ChatStart live = CHAT_START_LIVE_INIT;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *awaited = NULL;

  chat_transport_subscribe_async (transport, topics, NULL, &live, cancellable, chat_test_result_cb, &awaited);
  check_cancelled (cancellable, &awaited, "the subscribe");
  pulse_check (pulse, "a subscribe, and its cancellation");
}

static void
cancel_connect (const ChatBrokerOptions *options, Pulse *pulse)
{
  ChatTransport *transport = chat_test_make_broker (options, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *awaited = NULL;

  chat_transport_connect_async (transport, cancellable, chat_test_result_cb, &awaited);
  check_cancelled (cancellable, &awaited, "the connect");
  pulse_check (pulse, "a connect, and its cancellation");
  g_object_unref (transport);
  chat_test_run_for (MOMENT_MS);
  pulse_check (pulse, "dropping what connects");
}

static void
close_and_drop (ChatTransport *transport, Pulse *pulse, const char *during)
{
  gint64 began = g_get_monotonic_time ();

  chat_test_call (chat_transport_close, transport, NULL);
  g_test_message ("%s took %.1f s", during, (double)(g_get_monotonic_time () - began) / G_USEC_PER_SEC);
  g_object_unref (transport);
  pulse_check (pulse, during);
}

static void
close_connecting (const ChatBrokerOptions *options, Pulse *pulse)
{
  ChatTransport *transport = chat_test_make_broker (options, NULL);

  chat_transport_connect_async (transport, NULL, NULL, NULL);
  chat_test_run_for (MOMENT_MS);
  close_and_drop (transport, pulse, "a close while it connects");
}

static void
test_stopped (gconstpointer data)
{
  g_autoptr (ChatTestBroker) broker = ((BrokerNew)data) (CHAT_TEST_BROKER_PRIVATE);
  g_autoptr (ChatBrokerOptions) options = NULL;
  ChatTransport *transport, *dropped;
  ChatSubscription *reader, *member, *dropped_reader;
  guint answered = 0;
  Pulse pulse;

  if (broker == NULL)
    return;
  options = chat_test_broker_dup_options (broker, FALSE, CHAT_BROKER_ANONYMOUS);
  transport = connect_to (options);
  dropped = connect_to (options);
  reader = subscribe (transport, CHAT_START_LIVE);
  member = subscribe (transport, CHAT_START_GROUP);
  dropped_reader = subscribe (dropped, CHAT_START_LIVE);
  publish_some (transport, 1, &answered);
  chat_test_wait_for_count (&answered, 1);
  chat_test_broker_pause (broker, 1);

  pulse_begin (&pulse);
  publish_some (transport, 100, &answered);
  chat_test_run_for (MOMENT_MS);
  pulse_check (&pulse, "publishing");
  cancel_subscribe (transport, &pulse);
  cancel_connect (options, &pulse);
  close_connecting (options, &pulse);
  g_object_unref (dropped_reader);
  g_object_unref (dropped);
  chat_test_run_for (MOMENT_MS);
  pulse_check (&pulse, "dropping what is connected");
  chat_test_call (chat_subscription_close, reader, NULL);
  pulse_check (&pulse, "closing a subscription");
  close_and_drop (transport, &pulse, "a close");
  g_assert_cmpuint (answered, ==, 101);
  g_object_unref (reader);
  g_object_unref (member);
  pulse_end (&pulse);
  chat_test_broker_resume (broker, 1);
}

static void
test_nowhere (gconstpointer data)
{
  g_autoptr (ChatBrokerOptions) options = chat_broker_options_new ((ChatBrokerKind)GPOINTER_TO_UINT (data));
  Pulse pulse;

  g_free (options->addresses[0]);
  options->addresses[0] = g_strdup ("nowhere.invalid:1234");
  options->user = g_strdup ("guest");
  options->password = g_strdup ("guest");
  pulse_begin (&pulse);
  cancel_connect (options, &pulse);
  close_connecting (options, &pulse);
  pulse_end (&pulse);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#if CHAT_HAVE_KAFKA
  g_test_add_data_func ("/hang/kafka/nowhere", GUINT_TO_POINTER (CHAT_BROKER_KAFKA), test_nowhere);
  g_test_add_data_func ("/hang/kafka/stopped", chat_test_kafka_new, test_stopped);
#endif
#if CHAT_HAVE_RABBITMQ
  g_test_add_data_func ("/hang/rabbitmq/nowhere", GUINT_TO_POINTER (CHAT_BROKER_RABBITMQ), test_nowhere);
  g_test_add_data_func ("/hang/rabbitmq/stopped", chat_test_rabbitmq_new, test_stopped);
#endif
  return g_test_run ();
}
