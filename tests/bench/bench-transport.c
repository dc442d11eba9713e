/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench-transport.h"

#include <time.h>

#include "chat-test-call.h"
#include "core/chat-message-codec.h"

void
bench_transport_connect (ChatTransport *transport)
{
  g_autoptr (GError) error = NULL;

  if (!chat_test_call (chat_transport_connect, transport, &error))
    g_error ("%s", error->message);
}

void
bench_transport_close (ChatTransport *transport)
{
  g_autoptr (GError) error = NULL;

  if (!chat_test_call (chat_transport_close, transport, &error))
    g_error ("%s", error->message);
  g_object_unref (transport);
}

ChatSubscription *
bench_transport_subscribe (ChatTransport *transport, const char *topic, const ChatStart *start)
{
  const char *topics[] = { topic, NULL };
  g_autoptr (GError) error = NULL;
  ChatSubscription *subscription = chat_test_call (chat_transport_subscribe, transport, &error, topics, NULL, start);

  if (subscription == NULL)
    g_error ("%s", error->message);
  return subscription;
}

static void publish_next (BenchFlood *flood);

static void
confirmed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  BenchFlood *flood = user_data;
  g_autoptr (GError) error = NULL;

  if (!chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error))
    g_error ("%s", error->message);
  flood->confirmed++;
  publish_next (flood);
}

static void
publish_next (BenchFlood *flood)
{
  g_autofree char *key = g_strdup_printf ("channel%u", flood->started % flood->keys);
  g_autoptr (ChatRecord) record = NULL;

  if (flood->started == flood->wanted)
    return;
  flood->started++;
  record = chat_record_new (flood->topic, key, flood->payload);
  chat_transport_publish_async (flood->transport, record, NULL, confirmed_cb, flood);
}

void
bench_flood_start (BenchFlood *flood, guint in_flight)
{
  for (guint i = 0; i < in_flight; i++)
    publish_next (flood);
}

double
bench_flood_run (BenchFlood *flood, guint in_flight)
{
  gint64 began = g_get_monotonic_time ();

  bench_flood_start (flood, in_flight);
  while (flood->confirmed < flood->wanted)
    g_main_context_iteration (NULL, TRUE);
  return flood->wanted * 1e6 / (double)(g_get_monotonic_time () - began);
}

GBytes *
bench_payload_new (gsize length)
{
  GString *text = g_string_new ("{\"author\":\"ana\",\"timestamp\":\"2021-10-10T10:10:10.123Z\",\"data\":\"");

  while (text->len < length - 2)
    g_string_append_c (text, (char)('a' + text->len % 26));
  g_string_append (text, "\"}");
  return g_bytes_new_take (g_string_free (text, FALSE), length);
}

void
bench_payload_check (ChatRecord *record)
{
  gsize length;
  const char *data = g_bytes_get_data (chat_record_get_bytes (record), &length);
  g_autoptr (ChatMessage) message = chat_message_decode (data, length, NULL);

  if (message == NULL)
    g_error ("A record can't be decoded");
}

double
bench_thread_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}
