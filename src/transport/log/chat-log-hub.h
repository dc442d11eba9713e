/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-worker.h"
#include "transport/log/chat-log-topic.h"
#include "transport/log/chat-log-writer.h"

G_BEGIN_DECLS

/**
 * ChatLogHub:
 *
 * The log as the main context sees it: its topics, its groups, who reads, and the worker that reads for them.
 */
typedef struct _ChatLogHub ChatLogHub;

/** chat_log_hub_new: @path: of the file that @contents were found in. */
ChatLogHub *chat_log_hub_new (const char *path, const ChatLogContents *contents);
/** chat_log_hub_free: after the last subscription. */
void chat_log_hub_free (ChatLogHub *self);

guint chat_log_hub_get_shards (ChatLogHub *self);
/** chat_log_hub_get_topic: (transfer none): never NULL: a topic that has no records yet is an empty one. */
ChatLogTopic *chat_log_hub_get_topic (ChatLogHub *self, const char *name);

/** chat_log_hub_find_group: (transfer none) (nullable) */
ChatLocalGroup *chat_log_hub_find_group (ChatLogHub *self, const char *name, const char *topic);
/** chat_log_hub_move_cursor: where a group stands; it is made where it is new. */
void chat_log_hub_move_cursor (ChatLogHub *self, const ChatLogCursor *cursor);

/** chat_log_hub_list_group: (transfer container) (element-type ChatLocalGroup): the group @name in each of its topics.
 */
GPtrArray *chat_log_hub_list_group (ChatLogHub *self, const char *name);
/** chat_log_hub_forget_group: a group without members. */
void chat_log_hub_forget_group (ChatLogHub *self, const char *name);

/** chat_log_hub_add: @subscription: borrowed until it is removed. */
void chat_log_hub_add (ChatLogHub *self, ChatLocalSubscription *subscription);
void chat_log_hub_remove (ChatLogHub *self, ChatLocalSubscription *subscription);
/** chat_log_hub_dup_subscriptions: (transfer full) (element-type ChatSubscription) */
GPtrArray *chat_log_hub_dup_subscriptions (ChatLogHub *self);

/** chat_log_hub_announce: @placed: (element-type ChatRecord): they are on the disk: whoever reads them is told. */
void chat_log_hub_announce (ChatLogHub *self, GPtrArray *placed);

/** chat_log_hub_get_reader: (transfer none): its context is a ChatLogReader. */
ChatWorker *chat_log_hub_get_reader (ChatLogHub *self);

G_END_DECLS
