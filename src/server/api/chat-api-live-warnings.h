/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"
#include "server/api/chat-api-live-client.h"
#include "server/store/chat-moderation-store.h"

G_BEGIN_DECLS

#define CHAT_TYPE_API_LIVE_WARNINGS (chat_api_live_warnings_get_type ())
G_DECLARE_FINAL_TYPE (ChatApiLiveWarnings, chat_api_live_warnings, CHAT, API_LIVE_WARNINGS, GObject)

/**
 * ChatApiLiveWarnings:
 *
 * What concerns one user alone: warnings, blocks, refusals. On the broker a warning carries no words, for others read
 * there too; here it gets the rule, the spans and the words from the store, and goes to its user only, in broker order.
 */
ChatApiLiveWarnings *chat_api_live_warnings_new (ChatModerationStore *store);

void chat_api_live_warnings_add_client (ChatApiLiveWarnings *self, ChatApiLiveClient *client);
void chat_api_live_warnings_remove_client (ChatApiLiveWarnings *self, ChatApiLiveClient *client);

/** chat_api_live_warnings_deliver: what the broker brought. */
void chat_api_live_warnings_deliver (ChatApiLiveWarnings *self, ChatMessage *message);

G_END_DECLS
