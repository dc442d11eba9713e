/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-local-subscription.h"

G_BEGIN_DECLS

/**
 * ChatLogTopic:
 *
 * A topic as the main context sees it: where its shards begin and end, and the newest records of each, which live
 * readers are handed without a look at the disk.
 */
typedef struct _ChatLogTopic ChatLogTopic;

ChatLogTopic *chat_log_topic_new (const char *name, guint shards);
void chat_log_topic_free (ChatLogTopic *self);

const char *chat_log_topic_get_name (const ChatLogTopic *self);
/** chat_log_topic_get_shard: (transfer none): where it begins and ends; moves with the topic. */
const ChatLocalShard *chat_log_topic_get_shard (const ChatLogTopic *self, gint shard);

/** chat_log_topic_place: what the file says of a shard, before anything is appended. */
void chat_log_topic_place (ChatLogTopic *self, gint shard, gint64 first, gint64 next);
/** chat_log_topic_trim: retention has moved where a shard begins. */
void chat_log_topic_trim (ChatLogTopic *self, gint shard, gint64 first);
/** chat_log_topic_append: @record: as delivered, the next of its shard. */
void chat_log_topic_append (ChatLogTopic *self, ChatRecord *record);
/** chat_log_topic_peek: (transfer none) (nullable): NULL where it is no longer in memory. */
ChatRecord *chat_log_topic_peek (const ChatLogTopic *self, gint shard, gint64 offset);

G_END_DECLS
