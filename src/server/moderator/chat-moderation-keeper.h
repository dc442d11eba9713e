/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-service.h"
#include "server/moderator/chat-control-feed.h"
#include "server/store/chat-moderation-store.h"

G_BEGIN_DECLS

#define CHAT_TYPE_MODERATION_KEEPER (chat_moderation_keeper_get_type ())
G_DECLARE_FINAL_TYPE (ChatModerationKeeper, chat_moderation_keeper, CHAT, MODERATION_KEEPER, GObject)

/**
 * ChatModerationKeeper: (implements ChatService)
 *
 * What moderation does by the clock: ends blocks that have run out, those too that ran out while no service was there
 * (an audit entry `expire`, `unblock` to all processes and to the user), and forgets the originals of masked messages
 * after their time. Of several keepers one ends a block. While the store can't answer it tries again in its next round.
 *
 * @feed: is to be started before it
 * @originals_ms: how long originals are kept; 0: for ever
 */
ChatModerationKeeper *chat_moderation_keeper_new (ChatControlFeed *feed, ChatModerationStore *store,
                                                  gint64 originals_ms);

G_END_DECLS
