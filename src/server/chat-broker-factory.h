/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-config.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

/** chat_broker_factory_new_transport: (transfer full) (nullable): what [broker] of a checked configuration names; not
 * connected. The error: a file that it names can't be read any more. */
ChatTransport *chat_broker_factory_new_transport (ChatConfig *config, GError **error);

/** chat_broker_factory_forget_group_async: of @transport, which was made here: a group that nobody will be a member of
 * any more no longer keeps records in the broker. The finish: *known: whether that changed something: only brokers that
 * keep records for the groups they know can say so. */
void chat_broker_factory_forget_group_async (ChatTransport *transport, const char *group, GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_broker_factory_forget_group_finish (ChatTransport *transport, GAsyncResult *result, gboolean *known,
                                                  GError **error);

G_END_DECLS
