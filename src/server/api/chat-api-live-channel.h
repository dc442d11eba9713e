/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-directory.h"
#include "server/api/chat-api-live-reader.h"
#include "server/api/chat-api-live-tail.h"
#include "server/store/chat-message-store.h"

G_BEGIN_DECLS

#define CHAT_TYPE_API_LIVE_CHANNEL (chat_api_live_channel_get_type ())
G_DECLARE_FINAL_TYPE (ChatApiLiveChannel, chat_api_live_channel, CHAT, API_LIVE_CHANNEL, GObject)

/**
 * ChatApiLiveChannel:
 *
 * One channel of the live feed: its tail, its readers, and its receipts, which never overtake their records: where one
 * names a record that the broker did not deliver here, it waits until the record has come from the store.
 *
 * Signal `idle ()`: nobody reads it and nothing is on its way.
 *
 * @access: (nullable): not known yet: it is held until chat_api_live_channel_set_access()
 */
ChatApiLiveChannel *chat_api_live_channel_new (const char *name, const char *topic, ChatApiChannel *access,
                                               ChatMessageStore *messages);

const char *chat_api_live_channel_get_name (ChatApiLiveChannel *self);
/** chat_api_live_channel_get_topic: chat_controlled or chat_private. */
const char *chat_api_live_channel_get_topic (ChatApiLiveChannel *self);
ChatApiChannel *chat_api_live_channel_get_access (ChatApiLiveChannel *self); /* transfer none; nullable */
void chat_api_live_channel_set_access (ChatApiLiveChannel *self, ChatApiChannel *access);
ChatApiLiveTail *chat_api_live_channel_get_tail (ChatApiLiveChannel *self); /* transfer none */

/** chat_api_live_channel_add_reader: it must be removed before it is gone. */
void chat_api_live_channel_add_reader (ChatApiLiveChannel *self, ChatApiLiveReader *reader);
void chat_api_live_channel_remove_reader (ChatApiLiveChannel *self, ChatApiLiveReader *reader);

/** chat_api_live_channel_deliver: what the broker brought, without its seq; goes out with the next flush. */
void chat_api_live_channel_deliver (ChatApiLiveChannel *self, const char *id, GBytes *json);
/** chat_api_live_channel_flush: sends what was delivered, in frames that all readers share; where the last sending has
 * taken long, a moment later. */
void chat_api_live_channel_flush (ChatApiLiveChannel *self);
/** chat_api_live_channel_receive: a receipt; @json: as it is sent. */
void chat_api_live_channel_receive (ChatApiLiveChannel *self, ChatMessage *receipt, GBytes *json);

G_END_DECLS
