/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real Kafka, which all cases share: each has a prefix of its own in front of its topics and groups. The first
 * transport of a case goes through proxies, one in front of each node, so that its connections can be broken. */
#include <librdkafka/rdkafka.h>

#include "chat-test-broker.h"
#include "chat-test-loop.h"
#include "chat-test-proxy.h"
#include "transport-fixture.h"
#include "transport/kafka/chat-kafka-transport.h"

#define SHARDS 3
/* The group whose forwards are undone, and its transactional id. */
#define GROUP "group"
#define SLOT "slot"

typedef struct
{
  ChatTestBroker *broker;
  GPtrArray *proxies; /* ChatTestProxy */
  ChatBrokerOptions *options;
  guint transports;
} Broker;

static const char *const topics[] = { "chat_controlled", "chat_private", "chat_warnings", NULL };

/* One for all cases of this program. */
static ChatTestBroker *
get_broker (void)
{
  return chat_test_kafka_new (CHAT_TEST_BROKER_SHARED);
}

static gpointer
kafka_broker_new (void)
{
  Broker *self = g_new0 (Broker, 1);

  self->broker = get_broker ();
  if (self->broker == NULL)
    return self;
  self->options = chat_test_broker_dup_options (self->broker, FALSE, CHAT_BROKER_ANONYMOUS);
  self->options->shards = SHARDS;
  self->options->slot = g_strdup (SLOT);
  self->proxies = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_test_proxy_free);
  for (guint node = 1; node <= g_strv_length (self->options->addresses); node++)
    g_ptr_array_add (self->proxies,
                     chat_test_proxy_new_at (chat_test_broker_get_port (self->broker, "front_addresses", node),
                                             chat_test_broker_get_port (self->broker, "behind_addresses", node)));
  return self;
}

static void
kafka_broker_free (gpointer data)
{
  Broker *self = data;

  g_ptr_array_unref (self->proxies);
  chat_broker_options_free (self->options);
  chat_test_broker_free (self->broker);
  g_free (self);
}

static ChatTransport *
kafka_transport_new (gpointer data)
{
  Broker *self = data;
  g_autoptr (ChatBrokerOptions) options = chat_broker_options_copy (self->options);

  if (self->transports++ == 0)
    {
      g_strfreev (options->addresses);
      options->addresses = g_strsplit (chat_test_broker_get (self->broker, "front_addresses"), ",", -1);
    }
  else
    {
      g_free (options->slot);
      options->slot = g_strdup_printf ("%s%u", SLOT, self->transports);
    }
  return chat_kafka_transport_new (options);
}

static void
kafka_set_reachable (gpointer data, ChatTransport *transport, gboolean reachable)
{
  GPtrArray *proxies = ((Broker *)data)->proxies;

  for (guint i = 0; i < proxies->len; i++)
    chat_test_proxy_set_reachable (g_ptr_array_index (proxies, i), reachable);
}

static rd_kafka_t *
producer_new (Broker *self, const char *transactional_id)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  char why[256];
  rd_kafka_t *producer;

  g_assert_cmpint (rd_kafka_conf_set (conf, "bootstrap.servers", chat_test_broker_get (self->broker, "addresses"), why,
                                      sizeof why),
                   ==, RD_KAFKA_CONF_OK);
  if (transactional_id != NULL)
    g_assert_cmpint (rd_kafka_conf_set (conf, "transactional.id", transactional_id, why, sizeof why), ==,
                     RD_KAFKA_CONF_OK);
  producer = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  g_assert_nonnull (producer);
  return producer;
}

static void
kafka_trim (gpointer data, ChatTransport *transport, const char *topic, gint shard, guint count)
{
  Broker *self = data;
  g_autofree char *name = chat_broker_options_dup_name (self->options, topic);
  rd_kafka_t *producer = producer_new (self, NULL);
  rd_kafka_queue_t *queue = rd_kafka_queue_new (producer);
  rd_kafka_topic_partition_list_t *places = rd_kafka_topic_partition_list_new (1);
  rd_kafka_DeleteRecords_t *request;
  rd_kafka_event_t *event;

  rd_kafka_topic_partition_list_add (places, name, shard)->offset = count;
  request = rd_kafka_DeleteRecords_new (places);
  rd_kafka_DeleteRecords (producer, &request, 1, NULL, queue);
  event = rd_kafka_queue_poll (queue, 10000);
  g_assert_nonnull (event);
  g_assert_cmpint (rd_kafka_event_error (event), ==, RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_event_destroy (event);
  rd_kafka_DeleteRecords_destroy (request);
  rd_kafka_topic_partition_list_destroy (places);
  rd_kafka_queue_destroy (queue);
  rd_kafka_destroy (producer);
}

/* Another producer takes the transactional id over. */
static void
kafka_abort_forward (gpointer data, ChatTransport *transport)
{
  Broker *self = data;
  g_autofree char *id = g_strdup_printf ("%s%s.%s", self->options->prefix, GROUP, SLOT);
  rd_kafka_t *producer = producer_new (self, id);

  g_assert_null (rd_kafka_init_transactions (producer, 10000));
  rd_kafka_destroy (producer);
}

/* (transfer full) (nullable) */
static char *
kafka_available (void)
{
  g_autoptr (ChatTestBroker) broker = get_broker ();

  return broker == NULL ? g_strdup ("Kafka can't be started here") : NULL;
}

const TransportFixture transport_fixture_kafka = {
  .name = "kafka",
  .publish_topic = "chat",
  .read_topic = "chat",
  .topics = topics,
  .features = CHAT_TRANSPORT_RESUMABLE | CHAT_TRANSPORT_SEEKABLE | CHAT_TRANSPORT_GROUPS | CHAT_TRANSPORT_ATOMIC_FORWARD
              | CHAT_TRANSPORT_EARLIEST | CHAT_TRANSPORT_LISTABLE,
  .shards = SHARDS,
  .max_bytes = CHAT_KAFKA_RECORD_MOST,
  .verbatim = TRUE,
  .keeps = TRUE,
  .many = TRUE,
  .available = kafka_available,
  .broker_new = kafka_broker_new,
  .broker_free = kafka_broker_free,
  .transport_new = kafka_transport_new,
  .set_reachable = kafka_set_reachable,
  .trim = kafka_trim,
  .abort_forward = kafka_abort_forward,
};
