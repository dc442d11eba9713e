/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-position.h"
#include "transport/chat-record.h"

G_BEGIN_DECLS

/**
 * ChatBrokerLog:
 *
 * The places of one topic's records, as seqs. A place is a vector: for each shard the offset of the next record; its
 * seq is their sum. So every record has a seq of its own, in broker order within its shard, that rises with every
 * record that is read; on one shard it is the offset + 1. Over several shards it depends on the order in which they
 * were merged (live: as they came; history: by time), so it holds for one session, whose vectors are remembered here.
 */
typedef struct _ChatBrokerLog ChatBrokerLog;

ChatBrokerLog *chat_broker_log_new (const char *topic);
void chat_broker_log_free (ChatBrokerLog *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatBrokerLog, chat_broker_log_free)

const char *chat_broker_log_get_topic (ChatBrokerLog *self);

/** chat_broker_log_begin: the live feed stands at @position, which names all shards of the topic. TRUE where it has
 * jumped: what lies in between was not read. */
gboolean chat_broker_log_begin (ChatBrokerLog *self, const ChatPosition *position);
/** chat_broker_log_forget: it is another log by the same name: what was remembered before it was begun holds no more.
 */
void chat_broker_log_forget (ChatBrokerLog *self);
/** chat_broker_log_has_begun: whether anything is known of it. */
gboolean chat_broker_log_has_begun (ChatBrokerLog *self);
/** chat_broker_log_take_live: the seq of a record that came live; 0: it came before. */
gint64 chat_broker_log_take_live (ChatBrokerLog *self, gint shard, gint64 offset);
/** chat_broker_log_get_end: the seq up to which the live feed came. */
gint64 chat_broker_log_get_end (ChatBrokerLog *self);

guint chat_broker_log_get_shards (ChatBrokerLog *self);
/** chat_broker_log_get_ends: (transfer none): where the live feed stands. */
const gint64 *chat_broker_log_get_ends (ChatBrokerLog *self);
/* The offset of the oldest record that the broker still has, as far as it is known: 0 at first. */
const gint64 *chat_broker_log_get_lows (ChatBrokerLog *self); /* transfer none */
void chat_broker_log_set_low (ChatBrokerLog *self, gint shard, gint64 low);

/** chat_broker_log_sum: the seq of @vector. */
gint64 chat_broker_log_sum (ChatBrokerLog *self, const gint64 *vector);
/** chat_broker_log_remember: a place that was passed. */
void chat_broker_log_remember (ChatBrokerLog *self, const gint64 *vector);
/** chat_broker_log_find: @vector: (out caller-allocates): the place whose seq is @seq; where it is not remembered, the
 * nearest one above it (@below: under it). */
void chat_broker_log_find (ChatBrokerLog *self, gint64 seq, gboolean below, gint64 *vector);

G_END_DECLS
