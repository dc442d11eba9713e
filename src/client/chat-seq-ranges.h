/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChatSeqRanges:
 *
 * Which seqs of a channel are known: a set of ranges, in order, never touching. Known means: if there is a row to show
 * for that seq, it is there. A history page makes its whole range known, also where some records in it are no rows.
 */
typedef struct _ChatSeqRanges ChatSeqRanges;

ChatSeqRanges *chat_seq_ranges_new (void);
void chat_seq_ranges_free (ChatSeqRanges *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatSeqRanges, chat_seq_ranges_free)

/** chat_seq_ranges_add: @from … @to, both included; nothing where @to is less than @from. */
void chat_seq_ranges_add (ChatSeqRanges *self, gint64 from, gint64 to);
void chat_seq_ranges_add_all (ChatSeqRanges *self, const ChatSeqRanges *other);
/** chat_seq_ranges_cut: forgets everything outside @from … @to. */
void chat_seq_ranges_cut (ChatSeqRanges *self, gint64 from, gint64 to);

gboolean chat_seq_ranges_contains (const ChatSeqRanges *self, gint64 seq);
/** chat_seq_ranges_reach_from: up to where everything from @seq on is known; less than @seq where it is not itself. */
gint64 chat_seq_ranges_reach_from (const ChatSeqRanges *self, gint64 seq);
/** chat_seq_ranges_get_lowest, chat_seq_ranges_get_highest: 0 where nothing is known. */
gint64 chat_seq_ranges_get_lowest (const ChatSeqRanges *self);
gint64 chat_seq_ranges_get_highest (const ChatSeqRanges *self);
/** chat_seq_ranges_get_reach: the end of the lowest range: up to there no hole. */
gint64 chat_seq_ranges_get_reach (const ChatSeqRanges *self);

/** chat_seq_ranges_find_hole: the highest hole between the lowest and the highest known seq: the one that a reader at
 * the bottom meets first. */
gboolean chat_seq_ranges_find_hole (const ChatSeqRanges *self, gint64 *from, gint64 *to);

G_END_DECLS
