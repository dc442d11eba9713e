/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-position.h"

G_BEGIN_DECLS

/**
 * ChatFeedMerge:
 *
 * Public channels from a broker, their receipts from the service, and for a while from both: what is to be remembered
 * so that each record counts once, and each receipt finds its record whichever comes first. Bounded: what it forgets,
 * the history mends.
 */
typedef struct _ChatFeedMerge ChatFeedMerge;

/** CHAT_FEED_MERGE_MOST: records or receipts of each kind that are remembered. */
#define CHAT_FEED_MERGE_MOST 65536

typedef enum
{
  CHAT_CARRIER_SERVICE,
  CHAT_CARRIER_BROKER,
} ChatCarrier;

ChatFeedMerge *chat_feed_merge_new (void);
void chat_feed_merge_free (ChatFeedMerge *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatFeedMerge, chat_feed_merge_free)

/** chat_feed_merge_begin: from here on both may bring the same records, until chat_feed_merge_end(); what only one of
 * them brought is remembered after that, too, for the other may be late. */
void chat_feed_merge_begin (ChatFeedMerge *self);
void chat_feed_merge_end (ChatFeedMerge *self);

/** chat_feed_merge_take: @carrier brings the record @id, without a seq. TRUE: for the first time */
gboolean chat_feed_merge_take (ChatFeedMerge *self, const char *id, ChatCarrier carrier);

/** chat_feed_merge_add_record: @seq: 0: not known: its receipt is waited for. Returns: its seq, where a receipt was
 * here before it; else @seq */
gint64 chat_feed_merge_add_record (ChatFeedMerge *self, const char *channel, const char *id, gint64 seq);
void chat_feed_merge_add_receipt (ChatFeedMerge *self, const char *channel, const char *id, gint64 seq);

/** chat_feed_merge_get_early: how many receipts wait for their record. */
guint chat_feed_merge_get_early (ChatFeedMerge *self);

/** chat_feed_merge_set_delivered: never back. */
void chat_feed_merge_set_delivered (ChatFeedMerge *self, const char *channel, gint64 seq);
/** chat_feed_merge_get_delivered: up to which seq records of @channel are known to have come; -1: nothing is known. */
gint64 chat_feed_merge_get_delivered (ChatFeedMerge *self, const char *channel);

G_END_DECLS
