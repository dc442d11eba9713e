/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "transport/chat-broker-options.h"

G_BEGIN_DECLS

/* What librabbitmq does not say of a TLS handshake that failed. All of this blocks: for a thread. */

/** chat_rabbitmq_certificate_dup_authorities: (transfer full) (nullable): the file of those whom to trust: the
 * configured one, or the system's; NULL with DENIED. */
char *chat_rabbitmq_certificate_dup_authorities (const ChatBrokerOptions *options, GError **error);

/** chat_rabbitmq_certificate_check: whether the client's own certificate (if any) can be read and holds today; else
 * DENIED. */
gboolean chat_rabbitmq_certificate_check (const ChatBrokerOptions *options, GError **error);

/** chat_rabbitmq_certificate_explain: makes the handshake once more, to say in @error what is wrong with the
 * certificate of @address or with one's own: DENIED; or OFFLINE where it is not a matter of certificates. */
void chat_rabbitmq_certificate_explain (const ChatBrokerOptions *options, const char *address, GError **error);

G_END_DECLS
