/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/rabbitmq/chat-rabbitmq-reader.h"

G_BEGIN_DECLS

/* What the two halves of a reader share: chat-rabbitmq-reader.c sees to all its topics, -feed.c reads one. */

/** CHAT_RABBITMQ_FEED_WINDOW: how much is on its way to a reader. */
#define CHAT_RABBITMQ_FEED_WINDOW 1000
/** CHAT_RABBITMQ_FEED_SHARD: the only one, by its name in a position. */
#define CHAT_RABBITMQ_FEED_SHARD "0"

typedef enum
{
  CHAT_RABBITMQ_BEGIN_FIRST,
  CHAT_RABBITMQ_BEGIN_TIME,
  CHAT_RABBITMQ_BEGIN_OFFSET,
} ChatRabbitmqBegin;

/* One topic. */
typedef struct
{
  ChatRabbitmqReader *reader;
  /* Owned */
  char *topic;
  ChatRabbitmqPlace *place;     /* nullable: not located yet */
  ChatRabbitmqChannel *channel; /* nullable */
  GBytes *last;                 /* nullable: stream: the body of the record before `next` */
  GQueue tags;                  /* of what waits to be delivered (GSIZE_TO_POINTER) */

  ChatRabbitmqBegin begin;
  gint64 next;         /* stream: the offset that comes next, as far as is known */
  gint64 last_time_ms; /* of `last` */
  gint64 position;     /* stream: after what has been delivered */
  gint64 time_ms;      /* CHAT_RABBITMQ_BEGIN_TIME: what is older and lies before `live_from` is left out */
  gint64 live_from;
  gint64 count; /* queue: how many have come */
  guint stale;  /* how many wait to be delivered that came before a break: their tags are void */
  guint64 received, acked;
  gboolean missed;               /* queue: what came between the last one and this */
  gboolean resumes;              /* the first record is expected at `next` */
  gboolean proving;              /* `last` is awaited once more */
  ChatRabbitmqChannel *overflow; /* nullable: where the broker tells of what it drops */
} ChatRabbitmqFeed;

struct _ChatRabbitmqReader
{
  ChatRabbitmqSubscription parent_instance;

  /* Owned */
  ChatWish *wish;
  GPtrArray *feeds;     /* ChatRabbitmqFeed */
  GHashTable *channels; /* nullable: a set of keys */
  GTask *seek;          /* nullable */
  ChatWish *seek_wish;  /* nullable */
  gint64 ahead_since;   /* monotonic, µs: when a stream was first found to end before it; 0: none does */
  guint waiting;        /* feeds that are not in place yet */
  gboolean bare;        /* its own queue may not tell what it drops */
  gboolean placed;      /* it has been in place: from now on it resumes */
};

ChatRabbitmqFeed *chat_rabbitmq_feed_new (ChatRabbitmqReader *reader, const char *topic);
void chat_rabbitmq_feed_free (ChatRabbitmqFeed *feed);

/** chat_rabbitmq_feed_start: where it is to begin; FALSE with LOST, or NOT_SUPPORTED without a stream. */
gboolean chat_rabbitmq_feed_start (ChatRabbitmqFeed *feed, const ChatStart *start, GError **error);
/** chat_rabbitmq_feed_is_ahead: whether the stream ends before where it is to go on, or (with @start) to begin: a
 * node's copy of it lags behind, or it is another stream. */
gboolean chat_rabbitmq_feed_is_ahead (ChatRabbitmqFeed *feed, const ChatStart *start);
/** chat_rabbitmq_feed_resume: after a break: a stream from where it stood, and what a queue missed is a gap. */
void chat_rabbitmq_feed_resume (ChatRabbitmqFeed *feed);
/** chat_rabbitmq_feed_open: consumes; then chat_rabbitmq_reader_feed_in_place(). FALSE: there is no channel for it. */
gboolean chat_rabbitmq_feed_open (ChatRabbitmqFeed *feed);
void chat_rabbitmq_feed_close (ChatRabbitmqFeed *feed);
/** chat_rabbitmq_feed_delivering: one of what came is delivered now: what has been, or is not wanted, makes room for
 * more. */
void chat_rabbitmq_feed_delivering (ChatRabbitmqFeed *feed, ChatRecord *record);

void chat_rabbitmq_reader_feed_in_place (ChatRabbitmqReader *self);

G_END_DECLS
