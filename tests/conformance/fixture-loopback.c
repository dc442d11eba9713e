/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-loopback-transport.h"
#include "transport-fixture.h"

static const char *const topics[] = { "chat_controlled", "chat_private", "chat_warnings", NULL };

static gpointer
loopback_broker_new (void)
{
  return chat_loopback_broker_new (3);
}

static void
loopback_broker_free (gpointer broker)
{
  g_assert_finalize_object (broker);
}

static ChatTransport *
loopback_transport_new (gpointer broker)
{
  return chat_loopback_transport_new (broker);
}

static ChatTransport *
loopback_poor_new (gpointer broker)
{
  ChatTransport *transport = chat_loopback_transport_new (broker);

  chat_loopback_transport_set_features (CHAT_LOOPBACK_TRANSPORT (transport), 0);
  return transport;
}

static void
loopback_set_reachable (gpointer broker, ChatTransport *transport, gboolean reachable)
{
  chat_loopback_transport_set_reachable (CHAT_LOOPBACK_TRANSPORT (transport), reachable);
}

static void
loopback_trim (gpointer broker, ChatTransport *transport, const char *topic, gint shard, guint count)
{
  chat_loopback_broker_trim (broker, topic, shard, count);
}

static void
loopback_abort_forward (gpointer broker, ChatTransport *transport)
{
  chat_loopback_transport_fail_forwards (CHAT_LOOPBACK_TRANSPORT (transport), 1, CHAT_TRANSPORT_ERROR_ABORTED);
}

const TransportFixture transport_fixture_loopback = {
  .name = "loopback",
  .publish_topic = "chat",
  .read_topic = "chat",
  .topics = topics,
  .features = CHAT_TRANSPORT_LISTABLE | CHAT_TRANSPORT_RESUMABLE | CHAT_TRANSPORT_SEEKABLE | CHAT_TRANSPORT_GROUPS
              | CHAT_TRANSPORT_ATOMIC_FORWARD | CHAT_TRANSPORT_EARLIEST,
  .shards = 3,
  .max_bytes = 1024 * 1024,
  .verbatim = TRUE,
  .many = TRUE,
  .broker_new = loopback_broker_new,
  .broker_free = loopback_broker_free,
  .transport_new = loopback_transport_new,
  .set_reachable = loopback_set_reachable,
  .trim = loopback_trim,
  .abort_forward = loopback_abort_forward,
};

const TransportFixture transport_fixture_loopback_poor = {
  .name = "loopback",
  .variant = "loopback-poor",
  .publish_topic = "chat",
  .read_topic = "chat",
  .topics = topics,
  .features = 0,
  .shards = 3,
  .max_bytes = 1024 * 1024,
  .verbatim = TRUE,
  .many = TRUE,
  .broker_new = loopback_broker_new,
  .broker_free = loopback_broker_free,
  .transport_new = loopback_poor_new,
  .set_reachable = loopback_set_reachable,
};
