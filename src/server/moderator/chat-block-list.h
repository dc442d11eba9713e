/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-service.h"
#include "server/moderator/chat-control-feed.h"
#include "server/store/chat-moderation-store.h"

G_BEGIN_DECLS

#define CHAT_TYPE_BLOCK_LIST (chat_block_list_get_type ())
G_DECLARE_FINAL_TYPE (ChatBlockList, chat_block_list, CHAT, BLOCK_LIST, GObject)

/**
 * ChatBlockList: (implements ChatService)
 *
 * Who may not post, in memory: loaded from the store, kept true by `block` and `unblock` records on chat_control. Each
 * role that asks has its own. Emits `changed (char *user_key)`, not for a block that runs out: find() says so, and a
 * ChatModerationKeeper tells everybody a moment later.
 *
 * @feed: is to be started before it
 */
ChatBlockList *chat_block_list_new (ChatControlFeed *feed, ChatModerationStore *store);

/** chat_block_list_find: (nullable) (transfer none): the block in force at @now. @user_key: the skeleton. */
const ChatBlock *chat_block_list_find (ChatBlockList *self, const char *user_key, gint64 now);

/** chat_block_list_add: what this role has just learned itself, ahead of the record. */
void chat_block_list_add (ChatBlockList *self, const ChatBlock *block);

G_END_DECLS
