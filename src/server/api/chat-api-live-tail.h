/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** ChatApiLiveRecord: one record of a channel, as its readers get it. */
typedef struct
{
  char *id;
  gint64 seq;   /* 0: not known to be stored */
  GBytes *json; /* without the seq; NULL: not seen yet, only known to be stored */
} ChatApiLiveRecord;

/**
 * ChatApiLiveTail:
 *
 * The end of one channel, in broker order: what the broker has delivered and is not known to be stored, and a little of
 * what is. It is what joins history and the live feed without a hole or a double: see chat-api-live-reader.c.
 *
 * A pure, bounded value. It knows of a record by the broker's copy, by its receipt, or by the store's row, in any
 * order.
 */
typedef struct _ChatApiLiveTail ChatApiLiveTail;

ChatApiLiveTail *chat_api_live_tail_new (void);
void chat_api_live_tail_free (ChatApiLiveTail *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiLiveTail, chat_api_live_tail_free)

/** chat_api_live_tail_add: the broker delivered it; FALSE where it is there already. @json: (transfer none) */
gboolean chat_api_live_tail_add (ChatApiLiveTail *self, const char *id, GBytes *json);

/** chat_api_live_tail_insert: the store had it where the broker's copy did not come: like add, but in front of what has
 * not been taken yet. */
gboolean chat_api_live_tail_insert (ChatApiLiveTail *self, const char *id, gint64 seq, GBytes *json);

/** chat_api_live_tail_settle: a receipt or a row of the store says that it is stored as @seq. FALSE where its copy has
 * not been seen, as far as the tail reaches back. */
gboolean chat_api_live_tail_settle (ChatApiLiveTail *self, const char *id, gint64 seq);

/** chat_api_live_tail_settled: after all of a receipt: what is older than its last record and still waits was not
 * stored and will not be (a conflict). */
void chat_api_live_tail_settled (ChatApiLiveTail *self, const char *last_id);

/** chat_api_live_tail_is_seen: whether the broker's copy of @id is in the tail. */
gboolean chat_api_live_tail_is_seen (ChatApiLiveTail *self, const char *id);

/** chat_api_live_tail_take: (transfer container) (element-type ChatApiLiveRecord): what was added since the last call,
 * in order; valid until the next change. */
GPtrArray *chat_api_live_tail_take (ChatApiLiveTail *self);

/** chat_api_live_tail_list_after: (transfer container): what was taken and is not stored up to @seq, in order; valid
 * until the next change. */
GPtrArray *chat_api_live_tail_list_after (ChatApiLiveTail *self, gint64 seq);

/** chat_api_live_tail_count_waiting: records that are not known to be stored. */
guint chat_api_live_tail_count_waiting (ChatApiLiveTail *self);
/** chat_api_live_tail_get_newest: the highest seq that is known; 0: none. */
gint64 chat_api_live_tail_get_newest (ChatApiLiveTail *self);
/** chat_api_live_tail_get_complete: the highest seq that the tail has let go: only the store has what is up to it.
 * G_MAXINT64: it had to let go of something whose seq is not known yet. */
gint64 chat_api_live_tail_get_complete (ChatApiLiveTail *self);

G_END_DECLS
