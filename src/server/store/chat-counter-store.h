/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** ChatCounterKind: what is counted. */
typedef enum
{
  CHAT_COUNTER_MESSAGES, /* messages and notices */
  CHAT_COUNTER_USERS,    /* different authors of them; not grouped by author */
  CHAT_COUNTER_WARNINGS, /* strikes */
  CHAT_COUNTER_BLOCKS,   /* strikes that led to a block */
} ChatCounterKind;

typedef enum
{
  CHAT_COUNTER_TOTAL, /* one row for all of the time asked for */
  CHAT_COUNTER_HOUR,
  CHAT_COUNTER_DAY, /* of UTC */
} ChatCounterStep;

typedef enum
{
  CHAT_COUNTER_BY_NOTHING,
  CHAT_COUNTER_BY_CHANNEL,
  CHAT_COUNTER_BY_AUTHOR,
} ChatCounterGroup;

/** ChatCounterQuery: whole hours (days): a bucket belongs to it whose beginning does. */
typedef struct
{
  ChatCounterKind kind;
  ChatCounterStep step;
  ChatCounterGroup group;
  const char *channel; /* nullable: one channel's; private conversations count only where they are named */
  const char *author;  /* user_key; nullable */
  gint64 since, until; /* ms: since ≤ t < until; CHAT_TIME_UNKNOWN: no bound */
  guint limit;         /* rows at most, from 1: with TOTAL the highest ones, else the first in time */
} ChatCounterQuery;

/** ChatCounterRow: with TOTAL by value, highest first; else by time, then by group. */
typedef struct
{
  gint64 time; /* the bucket's beginning, ms; with TOTAL CHAT_TIME_UNKNOWN */
  char *group; /* the channel, or the author's name; nullable */
  gint64 value;
} ChatCounterRow;

void chat_counter_row_free (ChatCounterRow *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatCounterRow, chat_counter_row_free)

#define CHAT_TYPE_COUNTER_STORE (chat_counter_store_get_type ())
G_DECLARE_INTERFACE (ChatCounterStore, chat_counter_store, CHAT, COUNTER_STORE, GObject)

/*
 * Counters are counted in the transaction that stores what they count (append, record_strike), so they can't drift from
 * it; times are the records' timestamps.
 */
struct _ChatCounterStoreInterface
{
  GTypeInterface parent_iface;

  void (*query_async) (ChatCounterStore *self, const ChatCounterQuery *query, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data);
  GPtrArray *(*query_finish) (ChatCounterStore *self, GAsyncResult *result, GError **error);
  void (*rebuild_async) (ChatCounterStore *self, gint64 after, guint limit, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*rebuild_finish) (ChatCounterStore *self, GAsyncResult *result, gint64 *next, GError **error);
};

/** chat_counter_store_query_async: (transfer full) (element-type ChatCounterRow) */
void chat_counter_store_query_async (ChatCounterStore *self, const ChatCounterQuery *query, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *chat_counter_store_query_finish (ChatCounterStore *self, GAsyncResult *result, GError **error);

/**
 * chat_counter_store_rebuild_async:
 * @after: 0 to begin; then what the step before said
 * @limit: records a step, from 1: a step must not hold other writers up for long
 *
 * Counts anew from the stored records and strikes, a step at a time, beside the counters in use; the last step puts the
 * new ones in their place, in one transaction, with all that was stored meanwhile. A rebuild that is begun anew, or not
 * gone on with, changes nothing. The finish: *next: for the next step; 0: done.
 */
void chat_counter_store_rebuild_async (ChatCounterStore *self, gint64 after, guint limit, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_counter_store_rebuild_finish (ChatCounterStore *self, GAsyncResult *result, gint64 *next, GError **error);

G_END_DECLS
