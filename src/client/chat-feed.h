/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-transport.h"

G_BEGIN_DECLS

#define CHAT_TYPE_FEED (chat_feed_get_type ())
G_DECLARE_FINAL_TYPE (ChatFeed, chat_feed, CHAT, FEED, GObject)

/** ChatFeedMake: (transfer full) (nullable): the transport, not connected yet; asked again whenever the last one is
 * given up. NULL: this program has none of that kind. */
typedef ChatTransport *(*ChatFeedMake) (gpointer data);

/** ChatFeedTopics: one subscription of a feed; @channels: (nullable): as in chat_transport_subscribe_async(). */
typedef struct
{
  const char *const *topics;
  const char *const *channels;
} ChatFeedTopics;

/**
 * ChatFeed:
 *
 * One of the connections over which records reach a workspace: a transport that is kept alive, and made anew where its
 * other end gave it up; and what is subscribed to on it. What is subscribed to can change while records come: what was
 * there before goes when all of the new is in place, so that nothing is lost between the two; what both bring comes
 * twice.
 *
 * Signals: `records (GPtrArray *batch)`, `gap (char *topic, char *shard, gint64 from, gint64 to)`: of any subscription;
 * `placed`: everything that is wanted is in place; `changed`: is it online, its status or its error is another; `denied
 * (GError *)`: its other end will not have these credentials: it has stopped.
 */
ChatFeed *chat_feed_new (ChatFeedMake make, gpointer data);

/** chat_feed_start: idempotent. */
void chat_feed_start (ChatFeed *self);
/** chat_feed_stop: idempotent; nothing more is emitted. What is wanted stays for the next start. */
void chat_feed_stop (ChatFeed *self);
/** chat_feed_retry: where it waits for its next try, it tries now. */
void chat_feed_retry (ChatFeed *self);

/**
 * chat_feed_want:
 * @topics: (array length=n_topics): copied
 * @position: (nullable): where they begin; NULL: live. Where the other end does not know that place: live
 * @break_first: whether what is there goes at once, instead of when the new is in place
 *
 * Also after every later failure everything is subscribed to anew, and live then.
 */
void chat_feed_want (ChatFeed *self, const ChatFeedTopics *topics, guint n_topics, const ChatPosition *position,
                     gboolean break_first);

/** chat_feed_is_online: whether records come. */
gboolean chat_feed_is_online (ChatFeed *self);
/** chat_feed_is_placed: whether everything that is wanted is in place (if perhaps not online right now). */
gboolean chat_feed_is_placed (ChatFeed *self);

/** chat_feed_get_transport: (transfer none) (nullable): the one that it has just now. */
ChatTransport *chat_feed_get_transport (ChatFeed *self);
/** chat_feed_get_name: (transfer none): of the transport, "" before the first start. */
const char *chat_feed_get_name (ChatFeed *self);
/** chat_feed_get_title: (transfer none): what people call it: "Kafka". */
const char *chat_feed_get_title (ChatFeed *self);
gboolean chat_feed_is_degraded (ChatFeed *self);
/** chat_feed_dup_status: (transfer full): a sentence for people. */
char *chat_feed_dup_status (ChatFeed *self);
/** chat_feed_get_error: (transfer none) (nullable): the last one, also after it was overcome. */
const char *chat_feed_get_error (ChatFeed *self);
/** chat_feed_get_since: since when it has been online, or has not: ms. */
gint64 chat_feed_get_since (ChatFeed *self);
/** chat_feed_get_lag: of the first subscription; -1 where it is not known. */
void chat_feed_get_lag (ChatFeed *self, gint64 *records, gint64 *milliseconds);
/** chat_feed_dup_position: (transfer full) (nullable): of the first subscription. */
ChatPosition *chat_feed_dup_position (ChatFeed *self);

G_END_DECLS
