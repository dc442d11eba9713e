/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* The topics of Tertulia, before the configured prefix that a transport puts in front. */
#define CHAT_TOPIC_CHAT "chat"
#define CHAT_TOPIC_CONTROLLED "chat_controlled"
#define CHAT_TOPIC_PRIVATE "chat_private"
#define CHAT_TOPIC_WARNINGS "chat_warnings"
#define CHAT_TOPIC_RECEIPTS "chat_receipts"
#define CHAT_TOPIC_REJECTED "chat_rejected"
#define CHAT_TOPIC_CONTROL "chat_control" /* what the service tells itself: all its processes read it live */

/* Topics that the service's live feed has of itself: no broker has them. The bytes of such a record are the frame. */
#define CHAT_TOPIC_PRESENCE "presence"
#define CHAT_TOPIC_MARKS "marks"
#define CHAT_TOPIC_MODERATION "moderation"

/**
 * ChatRecord:
 *
 * What a transport moves: topic, key, headers, bytes; and, once delivered, its position and the broker's time. An
 * atomically reference-counted, immutable value (headers are added before it is shared).
 */
typedef struct _ChatRecord ChatRecord;
#define CHAT_TYPE_RECORD (chat_record_get_type ())
GType chat_record_get_type (void);

/** chat_record_new: @topic: without prefix; @key: the channel, or for chat_warnings the user; @bytes: the payload,
 * referenced. */
ChatRecord *chat_record_new (const char *topic, const char *key, GBytes *bytes);

/** chat_record_new_delivered: for transports: @shard: partition, queue or shard from 0; @offset: the place in it, -1
 * where the broker has none; @time_ms: the broker's time or CHAT_TIME_UNKNOWN. */
ChatRecord *chat_record_new_delivered (const char *topic, const char *key, GBytes *bytes, gint shard, gint64 offset,
                                       gint64 time_ms);

/** chat_record_new_placed: for transports: @published as it is delivered; the two share bytes and headers. */
ChatRecord *chat_record_new_placed (const ChatRecord *published, gint shard, gint64 offset, gint64 time_ms);

ChatRecord *chat_record_ref (ChatRecord *self);
void chat_record_unref (ChatRecord *self);

const char *chat_record_get_topic (const ChatRecord *self);
const char *chat_record_get_key (const ChatRecord *self); /* nullable */
GBytes *chat_record_get_bytes (const ChatRecord *self);   /* transfer none */
gint chat_record_get_shard (const ChatRecord *self);      /* -1 before delivery */
gint64 chat_record_get_offset (const ChatRecord *self);
gint64 chat_record_get_time (const ChatRecord *self);

void chat_record_set_header (ChatRecord *self, const char *name, const char *value);
const char *chat_record_get_header (const ChatRecord *self, const char *name); /* nullable */
/** chat_record_get_headers: (nullable) (transfer none) (element-type utf8 utf8) */
GHashTable *chat_record_get_headers (const ChatRecord *self);

/* The header that names a record itself (RabbitMQ: the property message-id). */
#define CHAT_RECORD_ID_HEADER "message-id"

/** chat_record_set_named_by_content: for transports whose records have no place that is the same on every delivery. */
void chat_record_set_named_by_content (ChatRecord *self);

/** chat_record_dup_id: (transfer full): the id of a message that brings none: the same on every delivery: what its
 * header CHAT_RECORD_ID_HEADER says; else the UUIDv5 of transport, topic, shard and offset, or of topic, key, time and
 * bytes where it is named by its content (the same text within the same time may merge then). */
char *chat_record_dup_id (const ChatRecord *self, const char *transport);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatRecord, chat_record_unref)

G_END_DECLS
