/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "transport/chat-transport-error.h"
#include "transport/rabbitmq/chat-rabbitmq-amqp.h"

G_BEGIN_DECLS

/* What librabbitmq and the broker answer, as CHAT_TRANSPORT_ERROR. */

/** chat_rabbitmq_dup_text: (transfer full): valid UTF-8, whatever the broker sent. */
char *chat_rabbitmq_dup_text (amqp_bytes_t bytes);

/** chat_rabbitmq_error_new_close: (transfer full): of a channel or connection that the broker closed. @code: the reply
 * code (AMQP 0-9-1, "Constants"); @text: its own words. */
GError *chat_rabbitmq_error_new_close (int code, amqp_bytes_t text);

/** chat_rabbitmq_error_new_status: (transfer full): of a failed call of librabbitmq: OFFLINE. @status:
 * amqp_status_enum.
 */
GError *chat_rabbitmq_error_new_status (int status);

/** chat_rabbitmq_error_new_reply: (transfer full): of a blocking call that did not succeed. */
GError *chat_rabbitmq_error_new_reply (amqp_rpc_reply_t reply);

/** chat_rabbitmq_error_new_channels: (transfer full): the connection has as many channels as the broker allows: FULL.
 */
GError *chat_rabbitmq_error_new_channels (void);

/** chat_rabbitmq_is_denied: whether somebody must change something first: who we are, or what we may. */
gboolean chat_rabbitmq_is_denied (const GError *error);

G_END_DECLS
