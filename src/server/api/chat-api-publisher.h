/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/chat-signature.h"
#include "server/api/chat-api-directory.h"
#include "server/moderator/chat-block-list.h"
#include "server/store/chat-message-store.h"
#include "server/store/chat-user-store.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

#define CHAT_TYPE_API_PUBLISHER (chat_api_publisher_get_type ())
G_DECLARE_FINAL_TYPE (ChatApiPublisher, chat_api_publisher, CHAT, API_PUBLISHER, GObject)

/**
 * ChatApiPublisher:
 *
 * The way of a message into the broker, the same for POST and for the live connection: checked, stamped with author,
 * channel and the server's clock, signed, published to `chat`. Idempotent by id; the records of one author are
 * published in the order in which they came.
 */
ChatApiPublisher *chat_api_publisher_new (ChatTransport *transport, ChatMessageStore *messages,
                                          ChatApiDirectory *directory, ChatBlockList *blocks, ChatSigner *signer);

/**
 * chat_api_publisher_post_async:
 * @session: whose message it is
 * @channel: (nullable): where it goes; NULL: where its own `channel` says
 * @record: what came from outside; it is changed
 * @cancellable: only until it is on its way
 *
 * Calls back when the broker has confirmed it, or an error says why not: CHAT_CORE_ERROR or CHAT_API_ERROR_MEMBER for
 * what is wrong with it, NO_CHANNEL, BLOCKED, ID_CONFLICT, or what broker or store say.
 */
void chat_api_publisher_post_async (ChatApiPublisher *self, const ChatSessionInfo *session, const char *channel,
                                    JsonObject *record, GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data);
/** chat_api_publisher_post_finish: @id: (out) (transfer full); @timestamp: (out): ms: for a repeat those of the first
 */
gboolean chat_api_publisher_post_finish (ChatApiPublisher *self, GAsyncResult *result, char **id, gint64 *timestamp,
                                         GError **error);

G_END_DECLS
