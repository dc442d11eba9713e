/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-local-subscription.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

/**
 * ChatLoopbackBroker:
 *
 * A broker in memory, for tests: it remembers everything. All of its transports belong to one main context.
 */
#define CHAT_TYPE_LOOPBACK_BROKER (chat_loopback_broker_get_type ())
G_DECLARE_FINAL_TYPE (ChatLoopbackBroker, chat_loopback_broker, CHAT, LOOPBACK_BROKER, GObject)

/** chat_loopback_broker_new: @shards: of every topic, from 1. */
ChatLoopbackBroker *chat_loopback_broker_new (guint shards);

/** chat_loopback_broker_get_records: (transfer full) (element-type ChatRecord): the ledger: what @topic holds, shard by
 * shard, in order. */
GPtrArray *chat_loopback_broker_get_records (ChatLoopbackBroker *self, const char *topic);

/** chat_loopback_broker_set_clock: the next record is of that time, in ms, each further one of a millisecond later. */
void chat_loopback_broker_set_clock (ChatLoopbackBroker *self, gint64 time_ms);

/** chat_loopback_broker_dup_topics: (transfer full) (array zero-terminated=1): what it has, sorted. */
char **chat_loopback_broker_dup_topics (ChatLoopbackBroker *self);

/** chat_loopback_broker_append: what another producer of the topic would do; never refused, stalled or confirmed. */
void chat_loopback_broker_append (ChatLoopbackBroker *self, ChatRecord *record);

/** chat_loopback_broker_trim: retention: removes the first @count records of a shard, whoever still wants them. */
void chat_loopback_broker_trim (ChatLoopbackBroker *self, const char *topic, gint shard, guint count);

/*
 * For the transport and its subscriptions. `appended` is a signal without arguments: there is something new to read.
 */

guint chat_loopback_broker_get_shards (ChatLoopbackBroker *self);
/** chat_loopback_broker_get_shard: (transfer none): never NULL: what is missing is declared. */
const ChatLocalShard *chat_loopback_broker_get_shard (ChatLoopbackBroker *self, const char *topic, gint shard);
/** chat_loopback_broker_get_record: (transfer none): @offset: one that @shard holds. */
ChatRecord *chat_loopback_broker_get_record (ChatLoopbackBroker *self, const ChatLocalShard *shard, gint64 offset);
/** chat_loopback_broker_find_time: (transfer full): of the first records at or after a time. */
ChatPosition *chat_loopback_broker_find_time (ChatLoopbackBroker *self, const char *const *topics, gint64 time_ms);
/** chat_loopback_broker_get_group: (transfer none): a new one begins at the earliest records. */
ChatLocalGroup *chat_loopback_broker_get_group (ChatLoopbackBroker *self, const char *name, const char *topic);

G_END_DECLS
