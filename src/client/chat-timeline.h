/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "client/chat-history.h"
#include "client/chat-message-item.h"

G_BEGIN_DECLS

#define CHAT_TYPE_TIMELINE (chat_timeline_get_type ())
G_DECLARE_FINAL_TYPE (ChatTimeline, chat_timeline, CHAT, TIMELINE, GObject)

/**
 * ChatTimeline: (implements GListModel of ChatMessageItem)
 *
 * One channel as its reader sees it: a bounded window of messages in seq order, own messages that are on their way
 * below them, warnings where they happened. Merges the live feed, history and receipts by id and seq: whatever comes
 * twice, late or out of order, every message is in it once. It fills holes from its ChatHistory by itself.
 *
 * Changes are collected and emitted as one `items-changed` a frame (16 ms); while a flood lasts (over 500 messages/s)
 * as at most ten a second, showing a tail of 60 rows if it follows.
 *
 * Properties (all notify): `at-oldest`: nothing older exists; `at-newest`: the last item is the newest message;
 * `loading-older`, `loading-newer` (boolean); `error` (nullable string): why the last page could not be loaded;
 * `following` (writable): the view sticks to the bottom, so the window may slide; `unseen` (guint): messages that came
 * since it stopped following.
 */
ChatTimeline *chat_timeline_new (const char *channel, const char *user, ChatHistory *history);

const char *chat_timeline_get_channel (ChatTimeline *self);
gint64
chat_timeline_get_newest_seq (ChatTimeline *self); /* up to which everything is known without a hole; 0: nothing */

/* What the feed brings; (element-type ChatMessage), borrowed. */
void chat_timeline_add_live (ChatTimeline *self, GPtrArray *messages);
void chat_timeline_add_receipts (ChatTimeline *self, ChatMessage *receipt);
void chat_timeline_add_warning (ChatTimeline *self, const ChatWarning *warning);
/** chat_timeline_add_cached: rows kept from last time, shown until history confirms or corrects them; ascending seq. */
void chat_timeline_add_cached (ChatTimeline *self, GPtrArray *messages);
/** chat_timeline_resync: after a break of the feed: fetches what came meanwhile (after the newest known seq) and merges
 * it. */
void chat_timeline_resync (ChatTimeline *self);

/* What the outbox tells of own messages. */
void chat_timeline_add_pending (ChatTimeline *self, ChatMessage *message, ChatDelivery delivery);
void chat_timeline_set_delivery (ChatTimeline *self, const char *id, ChatDelivery delivery, const char *reason);
void chat_timeline_remove_pending (ChatTimeline *self, const char *id);

/* What the view asks for. A call while the same is under way, or at that end, does nothing. */
void chat_timeline_load_older (ChatTimeline *self);
void chat_timeline_load_newer (ChatTimeline *self);
void chat_timeline_jump_to_newest (ChatTimeline *self);
void chat_timeline_set_following (ChatTimeline *self, gboolean following);
/** chat_timeline_set_read: up to which seq the reader had read when he opened it: places the "n new messages" line. */
void chat_timeline_set_read (ChatTimeline *self, gint64 seq);
/** chat_timeline_find: (nullable) (transfer none): the item with this message id and its place, where it is in the
 * window. */
ChatMessageItem *chat_timeline_find (ChatTimeline *self, const char *id, guint *place);

G_END_DECLS
