/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A reader of the broker, as a desktop has one: reads chat_controlled live from when it says READY on, and writes what
 * its subscription delivers, a line each: "record SHARD OFFSET BYTES", "gap SHARD FROM TO". It ends with its standard
 * input. Usage: broker-reader OPTIONS, as GET /v1/feeds has them.
 */
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "chat-test-call.h"
#include "chat-test-feed.h"

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch)
{
  for (guint i = 0; i < batch->len; i++)
    {
      const ChatRecord *record = g_ptr_array_index (batch, i);
      gsize size;
      const char *bytes = g_bytes_get_data (chat_record_get_bytes (record), &size);

      printf ("record %d %" G_GINT64_FORMAT " %.*s\n", chat_record_get_shard (record), chat_record_get_offset (record),
              (int)size, bytes);
    }
  fflush (stdout);
}

static void
gap_cb (ChatSubscription *subscription, const char *topic, const char *shard, gint64 from, gint64 to)
{
  printf ("gap %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", shard, from, to);
  fflush (stdout);
}

static void
closed_cb (ChatSubscription *subscription, const GError *error)
{
  if (error != NULL)
    g_error ("The subscription was closed: %s", error->message);
}

static void
status_cb (ChatTransport *transport)
{
  g_autofree char *status = chat_transport_dup_status (transport);

  g_printerr ("%s\n", status);
}

static gboolean
input_cb (gint descriptor, GIOCondition condition, gpointer loop)
{
  char ignored[256];

  if (read (descriptor, ignored, sizeof ignored) > 0)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static ChatSubscription *
subscribe (ChatTransport *transport)
{
  static const char *const topics[] = { CHAT_TOPIC_CONTROLLED, NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *awaited = NULL;
  ChatSubscription *subscription;

  chat_transport_subscribe_async (transport, topics, NULL, &live, NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the subscription");
  subscription = chat_transport_subscribe_finish (transport, result, &error);
  g_assert_no_error (error);
  g_signal_connect (subscription, "records", G_CALLBACK (records_cb), NULL);
  g_signal_connect (subscription, "gap", G_CALLBACK (gap_cb), NULL);
  g_signal_connect (subscription, "closed", G_CALLBACK (closed_cb), NULL);
  return subscription;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) json = json_from_string (argc > 1 ? argv[1] : "", &error);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (ChatBrokerOptions) options = NULL;
  g_autoptr (ChatTransport) transport = NULL;
  g_autoptr (ChatSubscription) subscription = NULL;

  g_assert_no_error (error);
  options = chat_broker_options_from_json (json_node_get_object (json), &error);
  g_assert_no_error (error);
  transport = chat_test_make_broker (options, NULL);
  g_signal_connect (transport, "notify::status", G_CALLBACK (status_cb), NULL);
  chat_test_call (chat_transport_connect, transport, &error);
  g_assert_no_error (error);
  subscription = subscribe (transport);
  printf ("READY\n");
  fflush (stdout);
  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, input_cb, loop);
  g_main_loop_run (loop);
  chat_test_call (chat_transport_close, transport, NULL);
  return EXIT_SUCCESS;
}
