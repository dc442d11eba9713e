/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <librdkafka/rdkafka.h>

#include "transport/chat-broker-options.h"

G_BEGIN_DECLS

/* What a handle of librdkafka is for. */
typedef enum
{
  CHAT_KAFKA_PUBLISHER, /* the idempotent producer */
  CHAT_KAFKA_FORWARDER, /* a transactional producer */
  CHAT_KAFKA_READER,    /* a consumer that assigns partitions itself */
  CHAT_KAFKA_MEMBER,    /* a consumer in a group */
} ChatKafkaRole;

/* How long a call that blocks, always in a worker's thread, waits for the broker. */
#define CHAT_KAFKA_CALL_MS 5000
/* What was not confirmed by then has failed. */
#define CHAT_KAFKA_DELIVERY_MS 10000
/* A transaction that is still open after this is undone by the broker, so that a killed process holds up nobody. */
#define CHAT_KAFKA_TRANSACTION_MS 10000

/** ChatKafkaCallbacks: what librdkafka says in the thread that serves it, rather than as events; each may be NULL. */
typedef struct
{
  void (*delivered) (rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque); /* of a FORWARDER */
  void (*failed) (rd_kafka_t *handle, int code, const char *detail, void *opaque); /* errors among the messages */
  gpointer opaque;
  gint *certificate_error; /* instead of the above: atomic: X509_V_ERR_… of the broker's certificate, 0: it is fine */
} ChatKafkaCallbacks;

/**
 * chat_kafka_handle_new:
 * @identity: (nullable): the transactional id of a FORWARDER, the group of a MEMBER; with the prefix
 * @callbacks: (nullable)
 *
 * Reads certificates from the disk: in a worker's thread. Its log goes to its queue, never to stderr.
 *
 * Returns: (transfer full): destroyed with rd_kafka_destroy(), in a worker's thread too; or NULL with DENIED, which
 * says what of the options is wrong
 */
rd_kafka_t *chat_kafka_handle_new (const ChatBrokerOptions *options, ChatKafkaRole role, const char *identity,
                                   const ChatKafkaCallbacks *callbacks, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (rd_kafka_error_t, rd_kafka_error_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (rd_kafka_topic_t, rd_kafka_topic_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (rd_kafka_event_t, rd_kafka_event_destroy)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (rd_kafka_queue_t, rd_kafka_queue_destroy)

G_END_DECLS
