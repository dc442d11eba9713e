/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-message-item.h"
#include "client/chat-seq-ranges.h"

G_BEGIN_DECLS

/**
 * ChatMessageWindow:
 *
 * A run of one channel's messages: rows in seq order, each id once, and which seqs are known. A row that came live has
 * no seq until its receipt comes; it stands where the feed put it, and that is its place by seq too, so it does not
 * move when the receipt comes. Only where something was missed can a seq contradict a place: then the row moves.
 */
typedef struct _ChatMessageWindow ChatMessageWindow;

ChatMessageWindow *chat_message_window_new (void);
void chat_message_window_free (ChatMessageWindow *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatMessageWindow, chat_message_window_free)

guint chat_message_window_get_length (ChatMessageWindow *self);
ChatMessageItem *chat_message_window_get_item (ChatMessageWindow *self, guint place); /* transfer none */
ChatMessageItem *chat_message_window_find (ChatMessageWindow *self, const char *id);  /* transfer none, nullable */
ChatSeqRanges *chat_message_window_get_known (ChatMessageWindow *self);               /* transfer none */

/** chat_message_window_add_live: @item: (transfer full), new: behind everything, unless its seq says that it is older.
 */
void chat_message_window_add_live (ChatMessageWindow *self, ChatMessageItem *item);
/** chat_message_window_add_stored: @item: (transfer full), new, with its seq: behind the newest row that is older. */
void chat_message_window_add_stored (ChatMessageWindow *self, ChatMessageItem *item);
/** chat_message_window_place: the seq of a row of this window became known. */
void chat_message_window_place (ChatMessageWindow *self, ChatMessageItem *item, gint64 seq);
/** chat_message_window_set_message: another version of the same id: TRUE where a row shows it differently. */
gboolean chat_message_window_set_message (ChatMessageWindow *self, ChatMessageItem *item, ChatMessage *message);

void chat_message_window_remove (ChatMessageWindow *self, ChatMessageItem *item);

/** chat_message_window_drop_oldest: leaves the newest @keep rows: TRUE where some went. */
gboolean chat_message_window_drop_oldest (ChatMessageWindow *self, guint keep);
/** chat_message_window_drop_before: leaves the rows from @seq on, and those without one. */
void chat_message_window_drop_before (ChatMessageWindow *self, gint64 seq);
/** chat_message_window_drop_strays: a row without seq between two others, where every seq between them is known, does
 * not belong there: it is one that the rest of the history will bring. */
void chat_message_window_drop_strays (ChatMessageWindow *self);
/** chat_message_window_drop_unplaced: the rows without seq at the beginning. */
void chat_message_window_drop_unplaced (ChatMessageWindow *self);
/** chat_message_window_split: (transfer full): what is behind the first @keep rows, as a window of its own. */
ChatMessageWindow *chat_message_window_split (ChatMessageWindow *self, guint keep);
/** chat_message_window_split_before: (transfer full): the rows from @seq on, and those without one behind them. */
ChatMessageWindow *chat_message_window_split_before (ChatMessageWindow *self, gint64 seq);
/** chat_message_window_absorb: @newer: (transfer full): its rows come behind those of @self; what both have is in it
 * once. */
void chat_message_window_absorb (ChatMessageWindow *self, ChatMessageWindow *newer);

G_END_DECLS
