/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-broker-options.h"

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#endif

G_BEGIN_DECLS

/*
 * A plain AMQP client, blocking, without anything of the product's: what others do to a broker, and what a test looks
 * at it with. Whatever goes wrong ends the program.
 */

/** rabbitmq_plain_open: (transfer full): with channel 1 open; without TLS. */
amqp_connection_state_t rabbitmq_plain_open (const ChatBrokerOptions *options);
void rabbitmq_plain_close (amqp_connection_state_t state);

/** rabbitmq_plain_publish: @properties: (nullable) */
void rabbitmq_plain_publish (amqp_connection_state_t state, const char *exchange, const char *key, const void *data,
                             gsize size, const amqp_basic_properties_t *properties);
/** rabbitmq_plain_flood: publishes @count times, and waits until the broker has taken all of it. */
void rabbitmq_plain_flood (amqp_connection_state_t state, const char *exchange, const char *key, const char *text,
                           guint count);
/** rabbitmq_plain_get: (transfer full) (nullable): the next message of @queue, which is gone then. */
GBytes *rabbitmq_plain_get (amqp_connection_state_t state, const char *queue);
/** rabbitmq_plain_count: how many messages wait in @queue; -1 where there is none of that name. */
gint64 rabbitmq_plain_count (amqp_connection_state_t state, const char *queue);
void rabbitmq_plain_delete_queue (amqp_connection_state_t state, const char *queue);
void rabbitmq_plain_declare_queue (amqp_connection_state_t state, const char *queue, const char *exchange,
                                   const char *key);

/** rabbitmq_plain_delete_all: all exchanges and queues of the service under the prefix of @options. */
void rabbitmq_plain_delete_all (const ChatBrokerOptions *options);

G_END_DECLS
