/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>

#include "chat-test-loop.h"
#include "transport-fixture.h"
#include "transport/log/chat-log-transport.h"

/* What the cases of retention publish has two bytes a record: this many of them stay. */
#define KEPT_RECORDS 6

static const char *const topics[] = { "chat_controlled", "chat_private", "chat_warnings", NULL };

static gpointer
log_broker_new (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("test-log-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

static void
log_broker_free (gpointer broker)
{
  static const char *const files[] = { "log", "log-wal", "log-shm", "log.lock" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (broker, files[i], NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (broker), ==, 0);
  g_free (broker);
}

static ChatTransport *
log_transport_new (gpointer broker)
{
  const ChatLogOptions options = { .shards = 3, .retention_bytes = 2 * KEPT_RECORDS, .batch = 512 };
  g_autofree char *path = g_build_filename (broker, "log", NULL);

  return chat_log_transport_new (path, &options);
}

static void
log_trim (gpointer broker, ChatTransport *transport, const char *topic, gint shard, guint count)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *awaited = NULL;

  chat_log_transport_retain_async (CHAT_LOG_TRANSPORT (transport), NULL, chat_test_result_cb, &awaited);
  result = chat_test_await (&awaited, "the retention");
  g_assert_true (chat_log_transport_retain_finish (CHAT_LOG_TRANSPORT (transport), result, &error));
}

const TransportFixture transport_fixture_log = {
  .name = "log",
  .publish_topic = "chat",
  .read_topic = "chat",
  .topics = topics,
  .features = CHAT_TRANSPORT_RESUMABLE | CHAT_TRANSPORT_SEEKABLE | CHAT_TRANSPORT_GROUPS | CHAT_TRANSPORT_ATOMIC_FORWARD
              | CHAT_TRANSPORT_EARLIEST,
  .shards = 3,
  .max_bytes = CHAT_LOG_RECORD_MOST,
  .verbatim = TRUE,
  .broker_new = log_broker_new,
  .broker_free = log_broker_free,
  .transport_new = log_transport_new,
  .trim = log_trim,
};
