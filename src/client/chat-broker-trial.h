/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-transport.h"

G_BEGIN_DECLS

/** CHAT_BROKER_TRIAL_MS: a broker that has not answered by then is said not to. */
#define CHAT_BROKER_TRIAL_MS 10000

/**
 * chat_broker_trial_async:
 * @transport: (transfer full): made for this; it is closed in the end
 * @topics: (array zero-terminated=1): to be read: topics (Kafka) or exchanges (RabbitMQ); empty: as of
 *   chat_broker_site_new()
 *
 * Whether a broker without a Tertulia server can be reached, lets somebody in, and has what is to be read.
 */
void chat_broker_trial_async (ChatTransport *transport, const char *const *topics, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
/** chat_broker_trial_finish: (transfer full): what was found, a sentence; or NULL with an error that says what is
 * wrong: a CHAT_TRANSPORT_ERROR (OFFLINE: no answer in time), a CHAT_CLIENT_ERROR, or G_IO_ERROR_CANCELLED. */
char *chat_broker_trial_finish (GAsyncResult *result, GError **error);

G_END_DECLS
