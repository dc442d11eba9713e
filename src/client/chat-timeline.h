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
 * below them, warnings under the message that they are about. Merges the live feed, history and receipts by id and seq:
 * whatever comes twice, late or out of order, every message is in it once. It fills holes from its ChatHistory by
 * itself, and tries again by itself where that fails.
 *
 * While it follows it keeps at most 600 rows; scrolled up it grows to 2,000, then lets go of the far end: `at-newest`
 * is FALSE from there on, what comes live is kept aside, and chat_timeline_load_newer() leads back to it.
 *
 * Changes are collected and emitted once a frame (16 ms), as few splices as there are runs of changed rows: what came
 * live is one splice at the end, an older page one at 0. While a flood lasts (over 500 messages/s) they are emitted at
 * most ten times a second, and a timeline that follows shows a tail of 60 rows.
 *
 * Properties (all notify): `at-oldest`: nothing older exists; `at-newest`: the last item is the newest message;
 * `loading-older` (also the first page), `loading-newer` (also a hole) (boolean); `error` (nullable string): why the
 * last page could not be loaded; `following` (writable, TRUE at first): the view sticks to the bottom, so the window
 * may slide; `unseen` (guint): messages that came since it stopped following.
 *
 * Signal `fetched (GPtrArray *messages, gint64 head)`: (element-type ChatMessage): a page came from the history, whose
 * newest seq is @head: for who keeps a cache.
 */

/** chat_timeline_new: @user: whose messages are own; @history: (nullable): without one it shows what it is given. Loads
 * nothing before chat_timeline_resync(). */
ChatTimeline *chat_timeline_new (const char *channel, const char *user, ChatHistory *history);

const char *chat_timeline_get_channel (ChatTimeline *self);
/** chat_timeline_get_newest_seq: up to which everything is known without a hole; 0: nothing. */
gint64 chat_timeline_get_newest_seq (ChatTimeline *self);
/** chat_timeline_is_resyncing: whether it waits for what it missed (`loading-older` and `loading-newer` tell when). */
gboolean chat_timeline_is_resyncing (ChatTimeline *self);

/* What the feed brings; (element-type ChatMessage), borrowed. */
void chat_timeline_add_live (ChatTimeline *self, GPtrArray *messages);
/** chat_timeline_add_run: the same of a feed that knows that it has all of @from … @to: whatever seq is not in
 * @messages is no message of this channel. */
void chat_timeline_add_run (ChatTimeline *self, GPtrArray *messages, gint64 from, gint64 to);
void chat_timeline_add_receipts (ChatTimeline *self, ChatMessage *receipt);
void chat_timeline_add_warning (ChatTimeline *self, const ChatWarning *warning);
/** chat_timeline_add_cached: rows kept from last time, a run of seqs without a hole, ascending: in the model when this
 * returns, until history confirms or corrects them. */
void chat_timeline_add_cached (ChatTimeline *self, GPtrArray *messages);
/** chat_timeline_resync: the first time: loads the newest page. After a break of the feed: fetches what came meanwhile
 * (after the newest known seq) and merges it. */
void chat_timeline_resync (ChatTimeline *self);
/** chat_timeline_begin_again: the history is another one, with seqs of its own: all rows go, and its newest page is
 * fetched. */
void chat_timeline_begin_again (ChatTimeline *self);

/* What the outbox tells of own messages. */
void chat_timeline_add_pending (ChatTimeline *self, ChatMessage *message, ChatDelivery delivery);
void chat_timeline_set_delivery (ChatTimeline *self, const char *id, ChatDelivery delivery, const char *reason);
void chat_timeline_remove_pending (ChatTimeline *self, const char *id);

/* What the view asks for. A call while the same is under way, or at that end, does nothing. */
void chat_timeline_load_older (ChatTimeline *self);
void chat_timeline_load_newer (ChatTimeline *self);
/** chat_timeline_jump_to_newest: back to the bottom from wherever; it follows again. */
void chat_timeline_jump_to_newest (ChatTimeline *self);
void chat_timeline_set_following (ChatTimeline *self, gboolean following);
/** chat_timeline_set_read: up to which seq the reader had read when he opened it: places the "n new messages" line,
 * once the first unread one is in the window. The workspace calls it when the channel becomes active. */
void chat_timeline_set_read (ChatTimeline *self, gint64 seq);
/**
 * chat_timeline_go_to_time_async:
 * @time: ms; the first message at or after it, else the newest
 *
 * Shows the part of the channel around a time (or a message), wherever that is: the window moves there, `following` is
 * FALSE, and `away` (boolean property) TRUE until it touches the newest messages again or
 * chat_timeline_jump_to_newest() is called; live messages are kept aside meanwhile and count as `unseen`. From there
 * both ends load as always. The model changes before the callback, which names the item to scroll to.
 */
void chat_timeline_go_to_time_async (ChatTimeline *self, gint64 time, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
void chat_timeline_go_to_message_async (ChatTimeline *self, const char *id, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data);
/** chat_timeline_go_to_finish: of both. (transfer full) (nullable): NULL with a CHAT_CLIENT_ERROR: there is none, it
 * was deleted with its retention, the service can't be reached. */
ChatMessageItem *chat_timeline_go_to_finish (ChatTimeline *self, GAsyncResult *result, GError **error);
gboolean chat_timeline_get_away (ChatTimeline *self);

/** chat_timeline_find_last_own: (nullable) (transfer none): the user's last message that stands and can be edited. */
ChatMessageItem *chat_timeline_find_last_own (ChatTimeline *self);

/** chat_timeline_find: (nullable) (transfer none): the item with this message id and its place, where it is in the
 * model. @place: (out) (optional) */
ChatMessageItem *chat_timeline_find (ChatTimeline *self, const char *id, guint *place);

G_END_DECLS
