/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-service.h"
#include "server/store/chat-store.h"

G_BEGIN_DECLS

#define CHAT_TYPE_API_STORE_FEED (chat_api_store_feed_get_type ())
G_DECLARE_FINAL_TYPE (ChatApiStoreFeed, chat_api_store_feed, CHAT, API_STORE_FEED, GObject)

/**
 * ChatApiStoreFeed: (implements ChatService)
 *
 * With notify = store: the new records of all channels, read from the store whenever it says that there are any, in the
 * order of their seqs: once each, from those that are stored after the start on.
 *
 * Signal `records (GPtrArray *records)`: (element-type ChatRecord): what the broker would have brought: records of
 * chat_controlled or chat_private, and behind those of a page a receipt with their seqs.
 */
ChatApiStoreFeed *chat_api_store_feed_new (ChatStore *store);

G_END_DECLS
