/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "transport/chat-broker-options.h"
#include "transport/rabbitmq/chat-rabbitmq-amqp.h"

G_BEGIN_DECLS

/**
 * chat_rabbitmq_login:
 * @address: "host:port", one of @options
 * @purpose: what the connection is for, as the broker's own tools show it
 * @heartbeat_s: seconds; 0: none
 *
 * Resolves, connects, TLS, SASL and the virtual host. Blocks, 5 seconds for each of these steps: for a thread.
 *
 * Returns: (transfer full) (nullable): or NULL with DENIED where trying again can't help (which of password,
 * certificate, virtual host or permission it is, is said), else OFFLINE
 */
amqp_connection_state_t chat_rabbitmq_login (const ChatBrokerOptions *options, const char *address, const char *purpose,
                                             guint heartbeat_s, GError **error);

G_END_DECLS
