/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real RabbitMQ, which all cases share: each has a prefix of its own in front of its exchanges and queues. The first
 * transport of a case goes through a proxy, so that its connection can be broken, and knows no other node. */
#include "chat-test-broker.h"
#include "chat-test-proxy.h"
#include "rabbitmq-plain.h"
#include "transport-fixture.h"
#include "transport/rabbitmq/chat-rabbitmq-transport.h"

#define SHARDS 3

typedef struct
{
  ChatTestBroker *broker;
  ChatTestProxy *proxy;
  ChatBrokerOptions *options;
  guint transports;
} Broker;

static const char *const topics[] = { "chat_private", "chat_warnings", "chat", NULL };

static gpointer
rabbitmq_broker_new (void)
{
  Broker *self = g_new0 (Broker, 1);

  self->broker = chat_test_rabbitmq_new (CHAT_TEST_BROKER_SHARED);
  g_assert_nonnull (self->broker);
  self->options = chat_test_broker_dup_options (self->broker, FALSE, CHAT_BROKER_PLAIN);
  self->options->shards = SHARDS;
  self->proxy = chat_test_proxy_new (chat_test_broker_get_port (self->broker, "addresses", 1));
  return self;
}

static void
rabbitmq_broker_free (gpointer data)
{
  Broker *self = data;

  rabbitmq_plain_delete_all (self->options);
  chat_test_proxy_free (self->proxy);
  chat_broker_options_free (self->options);
  chat_test_broker_free (self->broker);
  g_free (self);
}

/* The first goes through the proxy; of a cluster the others have another node each. */
static ChatTransport *
rabbitmq_transport_new (gpointer data)
{
  Broker *self = data;
  g_autoptr (ChatBrokerOptions) options = chat_broker_options_copy (self->options);
  guint nodes = g_strv_length (options->addresses);
  guint number = self->transports++;

  g_strfreev (options->addresses);
  options->addresses = g_new0 (char *, 2);
  if (number == 0)
    options->addresses[0] = g_strdup_printf ("127.0.0.1:%u", chat_test_proxy_get_port (self->proxy));
  else
    options->addresses[0] = g_strdup (self->options->addresses[number % nodes]);
  return chat_rabbitmq_transport_new (options);
}

static void
rabbitmq_set_reachable (gpointer data, ChatTransport *transport, gboolean reachable)
{
  chat_test_proxy_set_reachable (((Broker *)data)->proxy, reachable);
}

/* (transfer full) (nullable) */
static char *
rabbitmq_available (void)
{
  g_autoptr (ChatTestBroker) broker = chat_test_rabbitmq_new (CHAT_TEST_BROKER_SHARED);

  return broker == NULL ? g_strdup ("RabbitMQ can't be started here") : NULL;
}

const TransportFixture transport_fixture_rabbitmq = {
  .name = "rabbitmq",
  .publish_topic = "chat_controlled",
  .read_topic = "chat_controlled",
  .topics = topics,
  .features = CHAT_TRANSPORT_RESUMABLE | CHAT_TRANSPORT_SEEKABLE | CHAT_TRANSPORT_GROUPS | CHAT_TRANSPORT_EARLIEST,
  .shards = SHARDS,
  .max_bytes = CHAT_RABBITMQ_RECORD_MOST,
  .verbatim = TRUE,
  .many = TRUE,
  .young = TRUE,
  .available = rabbitmq_available,
  .broker_new = rabbitmq_broker_new,
  .broker_free = rabbitmq_broker_free,
  .transport_new = rabbitmq_transport_new,
  .set_reachable = rabbitmq_set_reachable,
};
