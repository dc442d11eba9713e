/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-record.h"
#include "transport/rabbitmq/chat-rabbitmq-amqp.h"

G_BEGIN_DECLS

/*
 * A record as a message of AMQP 0-9-1: its key is the routing key, its headers are headers (long strings), its header
 * CHAT_RECORD_ID_HEADER is the property message-id; `timestamp_in_ms` and the property timestamp (seconds) say when it
 * was published, as the plugin rabbitmq_message_timestamp has them.
 */

/** CHAT_RABBITMQ_HEADERS_MOST: more headers of one record are REJECTED. */
#define CHAT_RABBITMQ_HEADERS_MOST 32

/** CHAT_RABBITMQ_EVERY_KEY: what is bound with it gets all: in a topic exchange by its rules; a direct exchange has no
 * such rule, so what is published there names this as a second key (BCC, which RabbitMQ takes away). */
#define CHAT_RABBITMQ_EVERY_KEY "#"

/** CHAT_RABBITMQ_SHARD_HEADER: the number of the queue of each group that a record is for, by its key. An exchange of
 * the type x-consistent-hash does not do: its queues change places when the broker is started again, and what is in one
 * of them is overtaken. */
#define CHAT_RABBITMQ_SHARD_HEADER "tertulia-shard"

/** ChatRabbitmqDelivery: borrowed for the length of a callback. */
typedef struct
{
  guint64 tag;
  gboolean redelivered;
  int code;          /* of a return */
  amqp_bytes_t text; /* of a return */
  amqp_bytes_t exchange, key;
  const amqp_basic_properties_t *properties;
  GBytes *body;
} ChatRabbitmqDelivery;

/** ChatRabbitmqProperties: the properties of a record that is published, and what they point to. */
typedef struct
{
  amqp_basic_properties_t properties;
  amqp_table_entry_t entries[CHAT_RABBITMQ_HEADERS_MOST + 3];
  amqp_field_value_t every[1];
  char shard[12];
} ChatRabbitmqProperties;

/** chat_rabbitmq_codec_check: whether AMQP can carry @record; else REJECTED. */
gboolean chat_rabbitmq_codec_check (ChatRecord *record, gsize most, GError **error);

/** chat_rabbitmq_codec_encode: @self: (out caller-allocates): points into @record. @time_ms: of publishing. @direct:
 * whether the exchange is a direct one. @shards: how many there are; 1: there is no telling them apart. */
void chat_rabbitmq_codec_encode (ChatRabbitmqProperties *self, ChatRecord *record, gint64 time_ms, gboolean direct,
                                 guint shards);

/** chat_rabbitmq_codec_decode: (transfer full): of @topic. @shard, @offset: as in chat_record_new_delivered(). Never
 * fails: what others send may be anything. */
ChatRecord *chat_rabbitmq_codec_decode (const char *topic, const ChatRabbitmqDelivery *delivery, gint shard,
                                        gint64 offset);

/** chat_rabbitmq_codec_get_offset: of a delivery out of a stream; -1 where there is none. */
gint64 chat_rabbitmq_codec_get_offset (const amqp_basic_properties_t *properties);
/** chat_rabbitmq_codec_get_time: ms; CHAT_TIME_UNKNOWN where nobody said. */
gint64 chat_rabbitmq_codec_get_time (const amqp_basic_properties_t *properties);

G_END_DECLS
