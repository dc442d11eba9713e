/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-message-changes.h"
#include "client/chat-message-window.h"
#include "client/chat-timeline.h"
#include "core/chat-lru.h"
#include "transport/chat-backoff.h"

G_BEGIN_DECLS

/*
 * A timeline by aspect:
 * - chat-timeline.c: what it knows: merging the feed, receipts, pages and the outbox
 * - chat-timeline-state.c: records that are no rows: what edits, deletions and reactions make of the others
 * - chat-timeline-quotes.c: what a reply is about
 * - chat-timeline-fetch.c: which page of history it needs next
 * - chat-timeline-goto.c: going to a place of the past
 * - chat-timeline-view.c: what it shows: collecting changes into splices
 */

#define CHAT_TIMELINE_FOLLOWING_ROWS 600
#define CHAT_TIMELINE_FOLLOWING_KEEP 500 /* cut back to this, so that not every message costs a splice at the top */
#define CHAT_TIMELINE_MOST_ROWS 2000
#define CHAT_TIMELINE_ROWS_LEAST 30 /* with fewer, older ones are fetched without being asked for */
#define CHAT_TIMELINE_MOST_KEEP 1800

/* A receipt may be a moment ahead of its record: what looks like a hole gets this long to close by itself. */
#define CHAT_TIMELINE_HOLE_PATIENCE_MS 200
#define CHAT_TIMELINE_FLOOD_BEGINS 500 /* messages in a second */
#define CHAT_TIMELINE_PRUNE_AT 2048    /* changes that are kept before any are forgotten */
#define CHAT_TIMELINE_HIDDEN_MOST 4096 /* records without seq that are no rows */

typedef enum
{
  CHAT_FETCH_NONE,
  CHAT_FETCH_NEWEST,
  CHAT_FETCH_NEWER,
  CHAT_FETCH_OLDER,
  CHAT_FETCH_HOLE,
} ChatFetch;

struct _ChatTimeline
{
  GObject parent_instance;

  /* Owned: what it knows */
  char *channel;
  char *user;
  ChatHistory *history; /* nullable */
  ChatMessageWindow *window;
  ChatMessageWindow *tail; /* nullable: what is newer than a window that let go of its newer end */
  GPtrArray *pending;      /* ChatMessageItem: own ones that nobody has seen yet, as they were sent */
  GHashTable *warnings;    /* message id → GPtrArray of ChatMessageItem */
  GHashTable *early[2];    /* id → seq (gint64 *): receipts whose record has not come; the older half is dropped */
  ChatMessageChanges *changes;
  ChatLru *hidden;     /* id → 1: records that are no rows and whose receipt has not come */
  guint prune_at;      /* so many changes are looked through */
  ChatLru *quoted;     /* id → ChatMessage: quoted by a row, and none itself */
  ChatLru *replied_to; /* id → 1: some row may be a reply to it */
  GQueue to_ask;       /* ids of what is quoted and not known */
  gboolean asking;
  gint64 announced;        /* the highest seq that a receipt has named */
  gint64 cached;           /* the highest seq that only the cache vouches for; 0: none */
  gint64 read;             /* -1: no line to place */
  ChatMessageItem *unread; /* nullable: the line is above it */
  guint unread_count;
  guint unseen;
  gboolean following;
  gboolean at_oldest;
  gboolean away;      /* somebody went to a place of the past */
  gboolean downwards; /* which way the reader went last */

  /* Owned: what it fetches */
  GCancellable *cancellable;
  ChatFetch fetch;
  guint generation; /* of the window: an answer about an earlier one is not looked at */
  gboolean loaded;  /* a newest page came */
  gboolean want_newest, want_newer, want_older;
  gboolean resyncing; /* want_newer until there is nothing newer */
  guint resyncs;      /* how many were asked for */
  gboolean hole_ripe;
  guint hole_source, retry_source;
  guint hole_patience_ms;
  ChatBackoff backoff;
  char *error;

  /* Owned: what it shows */
  GPtrArray *shown;    /* ChatMessageItem: the model */
  GPtrArray *composed; /* ChatMessageItem: scratch: what it should be */
  GPtrArray *dirty;    /* ChatMessageItem: to be told `changed` */
  guint flush_source;
  gint64 flushed; /* monotonic, µs */
  gint64 bucket;  /* monotonic, µs: when counting for the rate began */
  guint bucket_count, bucket_before;
  guint flood_begins;
  gboolean flooding;
  gboolean flushing, flush_again;
  gint64 day_from, day_to; /* ms: the local day that was looked at last */
};

/* chat-timeline.c */
/** chat_timeline_newest_window: (transfer none): where what comes live is added. */
ChatMessageWindow *chat_timeline_newest_window (ChatTimeline *self);
/** chat_timeline_find_row: (transfer none) (nullable): the row with @id, and the window that it is in. */
ChatMessageItem *chat_timeline_find_row (ChatTimeline *self, const char *id, ChatMessageWindow **window);
/** chat_timeline_is_elsewhere: whether a record with @seq lies outside of what is kept: older than the window, or
 * between it and the tail. */
gboolean chat_timeline_is_elsewhere (ChatTimeline *self, gint64 seq);
/** chat_timeline_merge_page: @from … @to: what the page makes known, both included. */
void chat_timeline_merge_page (ChatTimeline *self, GPtrArray *messages, gint64 from, gint64 to);
/** chat_timeline_update_at_oldest: whether the beginning of the channel, seq 0, is known. */
void chat_timeline_update_at_oldest (ChatTimeline *self);
/** chat_timeline_detach: @newer: (transfer full): what the window let go of. */
void chat_timeline_detach (ChatTimeline *self, ChatMessageWindow *newer);
/** chat_timeline_attach: the window has reached what was kept aside. */
void chat_timeline_attach (ChatTimeline *self);
void chat_timeline_forget (ChatTimeline *self);
void chat_timeline_trim (ChatTimeline *self);
void chat_timeline_place_unread (ChatTimeline *self);
void chat_timeline_notify (ChatTimeline *self, const char *property);
void chat_timeline_emit_fetched (ChatTimeline *self, GPtrArray *messages, gint64 head);

/* chat-timeline-state.c */
/** chat_timeline_is_row: whether @message is shown as a row. */
gboolean chat_timeline_is_row (const ChatMessage *message);
/** chat_timeline_find_any: (transfer none) (nullable): the row with @id, one that is pending included. */
ChatMessageItem *chat_timeline_find_any (ChatTimeline *self, const char *id);
/** chat_timeline_refold: what changes make of @item, anew. */
void chat_timeline_refold (ChatTimeline *self, ChatMessageItem *item);
/** chat_timeline_take_change: a record that may be an edit, a deletion or a reaction. */
void chat_timeline_take_change (ChatTimeline *self, ChatMessage *message, gint64 seq, gboolean pending);
/** chat_timeline_drop_change: an own one that will not be. */
void chat_timeline_drop_change (ChatTimeline *self, const char *id);
/** chat_timeline_take_hidden: a record that is no row came live. @seq: 0: not known */
void chat_timeline_take_hidden (ChatTimeline *self, ChatMessage *message, gint64 seq);
/** chat_timeline_place_hidden: FALSE where @id is none of these. */
gboolean chat_timeline_place_hidden (ChatTimeline *self, const char *id, gint64 seq);
/** chat_timeline_forget_changes: all but one's own. */
void chat_timeline_forget_changes (ChatTimeline *self);

/* chat-timeline-quotes.c */
/** chat_timeline_quote: @item is a row from here on: finds what it is a reply to, and who is a reply to it. */
void chat_timeline_quote (ChatTimeline *self, ChatMessageItem *item);
/** chat_timeline_requote: @item reads differently now: who quotes it is told. */
void chat_timeline_requote (ChatTimeline *self, ChatMessageItem *item);
/** chat_timeline_ask_quoted: asks for what is not here. */
void chat_timeline_ask_quoted (ChatTimeline *self);
void chat_timeline_quotes_init (ChatTimeline *self);
void chat_timeline_quotes_finalize (ChatTimeline *self);

/* chat-timeline-fetch.c */
void chat_timeline_fetch_next (ChatTimeline *self);
void chat_timeline_check_holes (ChatTimeline *self);
gboolean chat_timeline_get_loading_older (ChatTimeline *self);
gboolean chat_timeline_get_loading_newer (ChatTimeline *self);
/** chat_timeline_supersede: the window is another one: what was asked for the one before is wanted no longer. */
void chat_timeline_supersede (ChatTimeline *self);
void chat_timeline_stop_fetching (ChatTimeline *self);

/* chat-timeline-goto.c */
void chat_timeline_set_away (ChatTimeline *self, gboolean away);

/* chat-timeline-view.c */
void chat_timeline_touch (ChatTimeline *self, ChatMessageItem *item);
void chat_timeline_count_live (ChatTimeline *self, guint messages);
void chat_timeline_queue_flush (ChatTimeline *self);
void chat_timeline_flush (ChatTimeline *self);
void chat_timeline_stop_showing (ChatTimeline *self);
void chat_timeline_list_model_init (GListModelInterface *iface);

G_END_DECLS
