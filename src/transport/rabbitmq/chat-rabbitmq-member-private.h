/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/rabbitmq/chat-rabbitmq-member.h"
#include "transport/rabbitmq/chat-rabbitmq-roll.h"

G_BEGIN_DECLS

/* What the parts of a member share: chat-rabbitmq-member.c puts it in place, -shard.c reads one queue, -forward.c
 * acknowledges, and -lines.c sees to it that the members stand in the right lines. */

/** CHAT_RABBITMQ_SHARD_WINDOW: how much of a queue is on its way to its consumer. */
#define CHAT_RABBITMQ_SHARD_WINDOW 2000

typedef struct
{
  ChatRecord *record;
  guint64 tag;
} ChatRabbitmqDelivered;

/* One queue of one topic. */
typedef struct
{
  ChatRabbitmqMember *member;
  /* Owned */
  char *topic;
  char *queue;
  char *owner;                  /* nullable: as the roll last said */
  ChatRabbitmqChannel *channel; /* nullable */
  GQueue delivered;             /* ChatRabbitmqDelivered: not acknowledged, in order */
  GQueue settled;               /* ChatRecord: acknowledged, which the broker may not have heeded yet */
  GQueue echoes;                /* ChatRecord: those of before a break: they may be delivered once more */
  GList *cursor;                /* while a forward is checked */
  guint taken;                  /* by the forward in flight */
  guint heeding;                /* how many of `settled` the broker was asked about */
  guint unsent;                 /* how many of `settled` it was not told of … */
  guint64 unsent_tag;           /* … and the last of them */
  gint number;
  gboolean mine;     /* as the roll last said */
  gboolean lining;   /* it queues up anew, and the broker has not answered */
  gboolean held;     /* it is ours, as far as anybody was told */
  gboolean stopping; /* it goes as soon as no forward is in flight */
} ChatRabbitmqShard;

typedef struct
{
  ChatRabbitmqMember *member; /* a reference */
  GTask *task;
  ChatRabbitmqPublisher *publisher; /* borrowed: of the task's transport; held */
  GError *error;                    /* nullable: of an output */
  GSource *turn;                    /* nullable: it is not over before the main loop has had a turn */
  guint waiting;                    /* outputs that are not confirmed, and the turn */
} ChatRabbitmqForward;

struct _ChatRabbitmqMember
{
  ChatRabbitmqSubscription parent_instance;

  /* Owned */
  ChatBrokerOptions *options;
  ChatWish *wish;
  GPtrArray *shards; /* ChatRabbitmqShard */
  GPtrArray *queues; /* (element-type utf8) (nullable): their names */
  ChatRabbitmqRoll *roll;
  ChatRabbitmqChannel *hearing, *calling; /* nullable */
  GSource *listening, *roll_call;         /* nullable */
  GTask *closing;                         /* nullable */

  char *exchange; /* of the roll */

  /* Borrowed */
  ChatRabbitmqLink *link; /* nullable: not attached */

  gint64 counted; /* what waits in the queues; -1: not known */
  gint64 counted_at;
  guint waiting; /* channels that are not in place, or not closed yet */
  gboolean counting, settled, broken;
  gboolean due;    /* to be attached once the forward in flight has ended */
  gboolean claims; /* once it stands in its lines */
  gboolean others; /* somebody consumes already */
};

/** chat_rabbitmq_shard_open: consumes; a channel that is there already is used. @reply: (nullable) */
void chat_rabbitmq_shard_open (ChatRabbitmqShard *shard, ChatRabbitmqReply reply, gpointer data);
/** chat_rabbitmq_shard_close: what is not acknowledged goes back into the queue, in its order, and this consumer to the
 * end of the line. @done: as chat_rabbitmq_channel_close() */
void chat_rabbitmq_shard_close (ChatRabbitmqShard *shard, ChatRabbitmqReply done, gpointer data);
/** chat_rabbitmq_shard_look: before it is consumed from: whether others do. Who is the first has all at once, and need
 * not listen. FALSE: there is no channel for it. */
gboolean chat_rabbitmq_shard_look (ChatRabbitmqShard *shard);
/** chat_rabbitmq_shard_lose: like close, where the broker may not have heeded what it was sent: what was acknowledged
 * and comes once more is kept from who reads. */
void chat_rabbitmq_shard_lose (ChatRabbitmqShard *shard);
/** chat_rabbitmq_shard_acknowledge: those that the forward has taken. */
void chat_rabbitmq_shard_acknowledge (ChatRabbitmqShard *shard);
/** chat_rabbitmq_shard_has: whether @record (nullable) is of the shard @data. */
gboolean chat_rabbitmq_shard_has (ChatRecord *record, gpointer data);
void chat_rabbitmq_shard_free (ChatRabbitmqShard *shard);

/** chat_rabbitmq_member_take_queues: @by_topic: (element-type GPtrArray): their names. */
void chat_rabbitmq_member_take_queues (ChatRabbitmqMember *self, GPtrArray *by_topic);
/** chat_rabbitmq_member_consume: queues up for all shards, which have no channel; then it is in place. */
void chat_rabbitmq_member_consume (ChatRabbitmqMember *self);
/** chat_rabbitmq_member_find_shard: (nullable) */
ChatRabbitmqShard *chat_rabbitmq_member_find_shard (ChatRabbitmqMember *self, const ChatRecord *record);

/** chat_rabbitmq_member_revoke_all: tells of all shards that they are lost. */
void chat_rabbitmq_member_revoke_all (ChatRabbitmqMember *self);
/** chat_rabbitmq_member_claim: the others have come before us in the lines of our own shards: they are to queue up
 * behind us again. */
void chat_rabbitmq_member_claim (ChatRabbitmqMember *self);
void chat_rabbitmq_member_join_roll (ChatRabbitmqMember *self, const ChatRabbitmqSite *site);
void chat_rabbitmq_member_leave_roll (ChatRabbitmqMember *self);
/** chat_rabbitmq_member_settle: it knows of the others: each queues up where it belongs. */
void chat_rabbitmq_member_settle (ChatRabbitmqMember *self);
/** chat_rabbitmq_member_settle_stops: gives up what is stopping, once nothing is in flight, and queues up for it anew.
 */
void chat_rabbitmq_member_settle_stops (ChatRabbitmqMember *self);

G_END_DECLS
