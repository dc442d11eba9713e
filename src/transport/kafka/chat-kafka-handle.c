/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/kafka/chat-kafka-handle.h"

#include <glib/gi18n-lib.h>

#include "transport/chat-transport-error.h"

/* A consumer that joins no group has to name one all the same; nothing is ever committed to it. */
#define READER_GROUP "tertulia-reader"

typedef struct
{
  const char *name, *value;
} Setting;

/* https://github.com/confluentinc/librdkafka/blob/v2.0.2/CONFIGURATION.md */

static const Setting common[] = {
  { "client.id", "tertulia" },
  { "log.queue", "true" },
  { "log_level", "3" },
  { "socket.timeout.ms", "10000" },
  { "socket.keepalive.enable", "true" },
  /* with librdkafka's own 10 s it takes long to notice that a broker is back */
  { "reconnect.backoff.ms", "100" },
  { "reconnect.backoff.max.ms", "1000" },
  /* new partitions, and topics that are back, are noticed within that */
  { "topic.metadata.refresh.interval.ms", "30000" },
  /* a topic that is not there is said to be so after that, and not after 30 s */
  { "topic.metadata.propagation.max.ms", "3000" },
  { "allow.auto.create.topics", "false" },
};

static const Setting producing[] = {
  { "enable.idempotence", "true" },
  { "acks", "all" },
  { "message.timeout.ms", G_STRINGIFY (CHAT_KAFKA_DELIVERY_MS) },
  /* what Java's clients do: one channel is in one partition, whoever writes to it */
  { "partitioner", "murmur2_random" },
  /* of a request: a payload of CHAT_KAFKA_RECORD_MOST, its key and headers; a broker takes no more by default */
  { "message.max.bytes", "1048576" },
};

static const Setting publishing[] = {
  { "linger.ms", "1" },
  { "queue.buffering.max.messages", "20000" },
  { "queue.buffering.max.kbytes", "65536" },
};

static const Setting forwarding[] = {
  { "linger.ms", "0" },
  { "transaction.timeout.ms", G_STRINGIFY (CHAT_KAFKA_TRANSACTION_MS) },
};

static const Setting consuming[] = {
  { "isolation.level", "read_committed" }, { "enable.auto.commit", "false" },
  { "enable.auto.offset.store", "false" }, { "enable.partition.eof", "true" },
  { "fetch.error.backoff.ms", "100" },     { "queued.max.messages.kbytes", "16384" },
};

/* A queue that was full is filled again after a whole second before librdkafka 2.2, and a main loop decodes what the
 * usual settings let into it in a fifth of that: there it holds more. */
static const Setting holding_a_second[] = {
  { "queued.min.messages", "300000" },
  { "queued.max.messages.kbytes", "32768" },
};

static const Setting reading[] = {
  /* where retention has overtaken a position is for us to say */
  { "auto.offset.reset", "error" },
};

/* All members are stopped while shards change hands (eager): so it is certain that nobody works on one that another has
 * got already. The broker's defaults would let a killed member hold its shards for 45 s. */
static const Setting joining[] = {
  { "partition.assignment.strategy", "roundrobin" },
  { "auto.offset.reset", "earliest" },
  { "session.timeout.ms", "10000" },
  { "heartbeat.interval.ms", "500" },
};

static gboolean
set (rd_kafka_conf_t *conf, const char *name, const char *value, GError **error)
{
  char why[512] = "";

  if (rd_kafka_conf_set (conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK)
    return TRUE;
  g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED, _ ("Kafka can't be used so: %s"), why);
  return FALSE;
}

static gboolean
set_all (rd_kafka_conf_t *conf, const Setting *settings, gsize length, GError **error)
{
  for (gsize i = 0; i < length; i++)
    if (!set (conf, settings[i].name, settings[i].value, error))
      return FALSE;
  return TRUE;
}

static const char *
get_mechanism (const ChatBrokerOptions *options)
{
  switch (options->mechanism)
    {
    case CHAT_BROKER_PLAIN:
      return "PLAIN";
    case CHAT_BROKER_SCRAM_SHA_256:
      return "SCRAM-SHA-256";
    case CHAT_BROKER_SCRAM_SHA_512:
      return "SCRAM-SHA-512";
    case CHAT_BROKER_ANONYMOUS:
    case CHAT_BROKER_EXTERNAL:
    default:
      return NULL;
    }
}

static gboolean
set_security (rd_kafka_conf_t *conf, const ChatBrokerOptions *options, GError **error)
{
  const char *mechanism = get_mechanism (options);
  const char *protocol
      = mechanism != NULL ? (options->tls ? "SASL_SSL" : "SASL_PLAINTEXT") : (options->tls ? "SSL" : "PLAINTEXT");

  if (!set (conf, "security.protocol", protocol, error))
    return FALSE;
  if (mechanism != NULL
      && (!set (conf, "sasl.mechanism", mechanism, error) || !set (conf, "sasl.username", options->user, error)
          || !set (conf, "sasl.password", options->password, error)))
    return FALSE;
  if (options->tls && options->ca_file != NULL && !set (conf, "ssl.ca.location", options->ca_file, error))
    return FALSE;
  if (options->tls && options->certificate_file != NULL
      && (!set (conf, "ssl.certificate.location", options->certificate_file, error)
          || !set (conf, "ssl.key.location", options->key_file, error)))
    return FALSE;
  /* the name in the broker's certificate is the one that it is reached by (RFC 2818) */
  return !options->tls || set (conf, "ssl.endpoint.identification.algorithm", "https", error);
}

static gboolean
set_role (rd_kafka_conf_t *conf, ChatKafkaRole role, const char *identity, GError **error)
{
  gboolean producer = role == CHAT_KAFKA_PUBLISHER || role == CHAT_KAFKA_FORWARDER;
  char why[256];

  if (producer ? !set_all (conf, producing, G_N_ELEMENTS (producing), error)
               : !set_all (conf, consuming, G_N_ELEMENTS (consuming), error))
    return FALSE;
  if (role == CHAT_KAFKA_PUBLISHER)
    return set_all (conf, publishing, G_N_ELEMENTS (publishing), error);
  if (role == CHAT_KAFKA_FORWARDER)
    return set_all (conf, forwarding, G_N_ELEMENTS (forwarding), error)
           && set (conf, "transactional.id", identity, error);
  if (rd_kafka_conf_set (conf, "fetch.queue.backoff.ms", "20", why, sizeof why) == RD_KAFKA_CONF_UNKNOWN
      && !set_all (conf, holding_a_second, G_N_ELEMENTS (holding_a_second), error))
    return FALSE;
  if (role == CHAT_KAFKA_READER)
    return set (conf, "group.id", READER_GROUP, error) && set_all (conf, reading, G_N_ELEMENTS (reading), error);
  return set (conf, "group.id", identity, error) && set_all (conf, joining, G_N_ELEMENTS (joining), error);
}

/* What nobody takes out of a queue, as while a handle is destroyed, would go to stderr. */

static void
ignore_log_cb (const rd_kafka_t *handle, int level, const char *facility, const char *line)
{
}

static void
ignore_error_cb (rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
}

/* In librdkafka's threads. Its own error event does not say what is wrong with a certificate. */
static int
verified_cb (rd_kafka_t *handle, const char *name, int32_t id, int *error, int depth, const char *data, size_t size,
             char *why, size_t why_size, void *opaque)
{
  if (*error != 0)
    g_atomic_int_set ((gint *)opaque, *error);
  return *error == 0;
}

static void
set_callbacks (rd_kafka_conf_t *conf, const ChatKafkaCallbacks *callbacks, gboolean tls)
{
  rd_kafka_conf_set_opaque (conf, callbacks->opaque);
  if (callbacks->delivered != NULL)
    rd_kafka_conf_set_dr_msg_cb (conf, callbacks->delivered);
  if (callbacks->failed != NULL)
    rd_kafka_conf_set_error_cb (conf, callbacks->failed);
  if (callbacks->certificate_error != NULL && tls)
    {
      rd_kafka_conf_set_opaque (conf, callbacks->certificate_error);
      rd_kafka_conf_set_ssl_cert_verify_cb (conf, verified_cb);
    }
}

static rd_kafka_conf_t *
conf_new (const ChatBrokerOptions *options, ChatKafkaRole role, const char *identity, GError **error)
{
  g_autofree char *addresses = g_strjoinv (",", options->addresses);
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();

  if (set (conf, "bootstrap.servers", addresses, error) && set_all (conf, common, G_N_ELEMENTS (common), error)
      && set_security (conf, options, error) && set_role (conf, role, identity, error))
    return conf;
  rd_kafka_conf_destroy (conf);
  return NULL;
}

rd_kafka_t *
chat_kafka_handle_new (const ChatBrokerOptions *options, ChatKafkaRole role, const char *identity,
                       const ChatKafkaCallbacks *callbacks, GError **error)
{
  gboolean producer = role == CHAT_KAFKA_PUBLISHER || role == CHAT_KAFKA_FORWARDER;
  int events = RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG;
  rd_kafka_conf_t *conf = conf_new (options, role, identity, error);
  rd_kafka_t *handle;
  char why[512] = "";

  if (conf == NULL)
    return NULL;
  if (role == CHAT_KAFKA_PUBLISHER)
    events |= RD_KAFKA_EVENT_DR;
  if (role == CHAT_KAFKA_MEMBER)
    events |= RD_KAFKA_EVENT_REBALANCE;
  rd_kafka_conf_set_events (conf, events);
  rd_kafka_conf_set_log_cb (conf, ignore_log_cb);
  rd_kafka_conf_set_error_cb (conf, ignore_error_cb);
  if (callbacks != NULL)
    set_callbacks (conf, callbacks, options->tls);
  handle = rd_kafka_new (producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, why, sizeof why);
  if (handle == NULL)
    {
      rd_kafka_conf_destroy (conf);
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED, _ ("Kafka can't be used so: %s"), why);
      return NULL;
    }
  rd_kafka_set_log_queue (handle, NULL);
  if (!producer)
    rd_kafka_poll_set_consumer (handle);
  return handle;
}
