/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-message-window.h"
#include "client/chat-timeline.h"
#include "transport/chat-backoff.h"

G_BEGIN_DECLS

/*
 * A timeline by aspect:
 * - chat-timeline.c: what it knows: merging the feed, receipts, pages and the outbox
 * - chat-timeline-fetch.c: which page of history it needs next
 * - chat-timeline-view.c: what it shows: collecting changes into splices
 */

#define CHAT_TIMELINE_FOLLOWING_ROWS 600
#define CHAT_TIMELINE_FOLLOWING_KEEP 500 /* cut back to this, so that not every message costs a splice at the top */
#define CHAT_TIMELINE_MOST_ROWS 2000
#define CHAT_TIMELINE_MOST_KEEP 1800

/* A receipt may be a moment ahead of its record: what looks like a hole gets this long to close by itself. */
#define CHAT_TIMELINE_HOLE_PATIENCE_MS 200
#define CHAT_TIMELINE_FLOOD_BEGINS 500 /* messages in a second */

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
  gboolean loaded; /* a newest page came */
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

/* chat-timeline-fetch.c */
void chat_timeline_fetch_next (ChatTimeline *self);
void chat_timeline_check_holes (ChatTimeline *self);
gboolean chat_timeline_get_loading_older (ChatTimeline *self);
gboolean chat_timeline_get_loading_newer (ChatTimeline *self);
void chat_timeline_stop_fetching (ChatTimeline *self);

/* chat-timeline-view.c */
void chat_timeline_touch (ChatTimeline *self, ChatMessageItem *item);
void chat_timeline_count_live (ChatTimeline *self, guint messages);
void chat_timeline_queue_flush (ChatTimeline *self);
void chat_timeline_flush (ChatTimeline *self);
void chat_timeline_stop_showing (ChatTimeline *self);
void chat_timeline_list_model_init (GListModelInterface *iface);

G_END_DECLS
