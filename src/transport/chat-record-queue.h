/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-record.h"

G_BEGIN_DECLS

/**
 * ChatRecordQueue:
 *
 * What a member of a group was delivered and has not taken up yet, in order. A broker that was away delivers again what
 * is not acknowledged, some of it while it still waits here: each record is in the queue once all the same, as far as
 * offsets tell.
 */
typedef struct _ChatRecordQueue ChatRecordQueue;

ChatRecordQueue *chat_record_queue_new (void);
void chat_record_queue_free (ChatRecordQueue *self);

/** chat_record_queue_push: @taken: (nullable) (element-type ChatRecord): taken from here and not acknowledged yet: what
 * is among these is not queued again. */
void chat_record_queue_push (ChatRecordQueue *self, ChatRecord *record, GPtrArray *taken);
/** chat_record_queue_take: (transfer full) (element-type ChatRecord): the first ones, at most @most. */
GPtrArray *chat_record_queue_take (ChatRecordQueue *self, guint most);
guint chat_record_queue_get_length (const ChatRecordQueue *self);
void chat_record_queue_clear (ChatRecordQueue *self);
/** chat_record_queue_drop_shards: @shards: (element-type gint) */
void chat_record_queue_drop_shards (ChatRecordQueue *self, const char *topic, GArray *shards);

/** chat_record_array_without_shards: (transfer full) (element-type ChatRecord): those of @records that are elsewhere.
 */
GPtrArray *chat_record_array_without_shards (GPtrArray *records, const char *topic, GArray *shards);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatRecordQueue, chat_record_queue_free)

G_END_DECLS
