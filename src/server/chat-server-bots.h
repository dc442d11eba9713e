/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-config.h"
#include "server/store/chat-store.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

/** chat_server_bots_forget_async: those of the built-in bots that are switched off and were there before: the broker
 * keeps nothing for them any more, and they are no members of the channels that this server makes. @transport:
 * connected, made by chat-broker-factory.h. */
void chat_server_bots_forget_async (ChatTransport *transport, ChatStore *store, ChatConfig *config,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_server_bots_forget_finish (ChatTransport *transport, GAsyncResult *result, GError **error);

G_END_DECLS
