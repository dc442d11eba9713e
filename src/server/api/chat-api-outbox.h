/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-service.h"
#include "server/store/chat-outbox-store.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

#define CHAT_TYPE_API_OUTBOX (chat_api_outbox_get_type ())
G_DECLARE_FINAL_TYPE (ChatApiOutbox, chat_api_outbox, CHAT, API_OUTBOX, GObject)

/**
 * ChatApiOutbox: (implements ChatService)
 * @owner: whose its claims are: one of all that run, best the same after a restart
 *
 * With store.write = direct: what is accepted is written to the store's outbox, many at a time, and a relay publishes
 * it to `chat` from there: what this process has added, and what others have left when they ended. Each record is
 * published once or more often, in the order of its channel; what comes twice has the same id. Of one that
 * the broker will not have its author is told that it is `refused`.
 */
ChatApiOutbox *chat_api_outbox_new (ChatOutboxStore *store, ChatTransport *transport, const char *owner);

/** chat_api_outbox_add_async: @entry: (transfer full). Calls back when it is on the disk. In the order of the calls. */
void chat_api_outbox_add_async (ChatApiOutbox *self, ChatOutboxEntry *entry, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
/** chat_api_outbox_add_finish: @outcome: (out): what became of it. */
gboolean chat_api_outbox_add_finish (ChatApiOutbox *self, GAsyncResult *result, ChatOutboxResult *outcome,
                                     GError **error);

G_END_DECLS
