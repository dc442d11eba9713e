/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/kafka/chat-kafka-source.h"
#include "transport/kafka/chat-kafka-subscription.h"
#include "transport/kafka/chat-kafka-transaction.h"

G_BEGIN_DECLS

/*
 * Divided by aspect: what readers and members have in common is in chat-kafka-subscription.c, and what comes for both
 * in chat-kafka-messages.c; where a reader begins and is moved to in chat-kafka-reader.c; rebalances in
 * chat-kafka-member.c, and what a member forwards in chat-kafka-forward.c.
 */

/** ChatKafkaCursor: one partition, as this subscription sees it. */
typedef struct
{
  char *topic;
  gint shard;
  gint64 next;      /* the next to be fetched */
  gint64 delivered; /* after the last that was delivered */
  gint64 end;       /* the shard ends there, or after */
  guint queued;
  gboolean astray; /* a reader's: what is next is not there, and nothing is fetched */
  gboolean denied; /* the last that was heard of it: this user may not read it */
  /* a member's */
  gint64 first;    /* where it began */
  gint64 acked;    /* the group has acknowledged what is before; -1: nothing yet */
  GArray *unacked; /* (element-type gint64): offsets that were delivered and not acknowledged … */
  guint head;      /* … from this one on */
  gboolean lost;   /* the broker has given it to another member already */
  gboolean gone;   /* its topic was not there: what is there next may be another of that name */
} ChatKafkaCursor;

#define CHAT_KAFKA_TAKE 256

struct _ChatKafkaSubscription
{
  ChatSubscription parent_instance;

  /* Owned */
  ChatBrokerOptions *options;
  ChatWish *wish;
  GHashTable *channels; /* (nullable): a set: all */
  ChatWorker *worker;
  ChatWorker *asker;                        /* the transport's */
  ChatKafkaSource *control;                 /* (nullable): before it is open, and once it is closed */
  ChatKafkaSource *messages;                /* likewise */
  GPtrArray *cursors;                       /* ChatKafkaCursor */
  GHashTable *troubles;                     /* topic or group → sentence */
  GSource *tick;                            /* nullable */
  GTask *opening;                           /* (nullable): until it is in place */
  char *transactional_id;                   /* nullable */
  GTask *held;                              /* (nullable): nothing is delivered while shards change hands */
  GTask *deferred;                          /* (nullable): a forward that waits for that … */
  ChatKafkaForward *forward;                /* … with this */
  GSource *patience;                        /* nullable */
  GSource *retry;                           /* nullable */
  rd_kafka_topic_partition_list_t *offered; /* (nullable): what a rebalance gives it */

  /* Borrowed */
  ChatKafkaConsumer *consumer;  /* the worker's */
  ChatKafkaCursor *last;        /* (nullable): of the last message that was taken … */
  rd_kafka_topic_t *last_topic; /* … with this handle of its topic */

  rd_kafka_message_t *taken[CHAT_KAFKA_TAKE];
  gint64 last_time; /* of the last record that was delivered */
  guint moving;     /* jobs under way that change where it reads: nothing is taken meanwhile */
  guint ticks;
  guint rebalances;   /* how often shards were given or taken */
  gboolean taking;    /* a job looks up where what is offered begins */
  gboolean suspended; /* shards change hands */
  gboolean give_back; /* once the forward in flight has ended */
  gboolean rewinding; /* a member could not go back yet */
  gboolean rejoining; /* a member could not join its group again yet */
  gboolean rewound;   /* while they did: what is not acknowledged comes again */
  gboolean look_soon; /* a reader has not found out yet where to go on */
  gboolean resetting; /* a reader looks for where a lost shard begins; a member, what its group leaves out */
  guint bare_looks;   /* how often a member had nothing of one of its topics */
  gboolean stopped;
};

ChatKafkaCursor *chat_kafka_subscription_find (ChatKafkaSubscription *self, const char *topic, gint shard);
ChatKafkaCursor *chat_kafka_subscription_add_cursor (ChatKafkaSubscription *self, const char *topic, gint shard,
                                                     gint64 next);
/** chat_kafka_cursor_move: what is read next, and nothing waits; the caller drops the records. */
void chat_kafka_cursor_move (ChatKafkaCursor *cursor, gint64 next);
/** chat_kafka_cursor_owns: for chat_subscription_drop_queued(): @cursor: ChatKafkaCursor */
gboolean chat_kafka_cursor_owns (ChatRecord *record, gpointer cursor);

/** chat_kafka_subscription_push: a job, whose task data is @data; @callback gets @user_data. The task has no source
 * object: the last reference to one might be dropped in the worker's thread. */
void chat_kafka_subscription_push (ChatKafkaSubscription *self, ChatWorkerFunc job, gpointer data, GDestroyNotify free,
                                   GAsyncReadyCallback callback, gpointer user_data);
/** chat_kafka_subscription_ask: a job of the transport's producer, @data: borrowed until the callback. */
void chat_kafka_subscription_ask (ChatKafkaSubscription *self, ChatWorkerFunc job, gpointer data,
                                  GAsyncReadyCallback callback, gpointer user_data);
/** chat_kafka_subscription_listen: the consumer is open: from here on its queues are served. */
void chat_kafka_subscription_listen (ChatKafkaSubscription *self);
/** chat_kafka_subscription_moved: a job that changed where it reads has ended. */
void chat_kafka_subscription_moved (ChatKafkaSubscription *self);
/** chat_kafka_subscription_dup_places: (transfer full): where it reads. */
GPtrArray *chat_kafka_subscription_dup_places (ChatKafkaSubscription *self);
/** chat_kafka_subscription_set_trouble: @what: a topic, or the group; @sentence: (nullable): it is over. */
void chat_kafka_subscription_set_trouble (ChatKafkaSubscription *self, const char *what, const char *sentence);
/** chat_kafka_subscription_answer_open: @error: (nullable) (transfer full) */
void chat_kafka_subscription_answer_open (ChatKafkaSubscription *self, GError *error);

/** chat_kafka_subscription_fail: tells the transport, by `failed`. */
void chat_kafka_subscription_fail (ChatKafkaSubscription *self, rd_kafka_resp_err_t code, const char *detail);

/* What comes */

/** chat_kafka_subscription_take: queues what has been fetched, @most messages of it. Returns whether there may be more.
 */
gboolean chat_kafka_subscription_take (ChatKafkaSubscription *self, gsize most);
/** chat_kafka_subscription_take_message: @batch: gets the record, where it is one and wanted. */
void chat_kafka_subscription_take_message (ChatKafkaSubscription *self, const rd_kafka_message_t *message,
                                           GPtrArray *batch);

/* A reader */
void chat_kafka_reader_opened (ChatKafkaSubscription *self, GPtrArray *places);
/** chat_kafka_reader_reset: what @cursor is to read next is not there: it goes on with what is. */
void chat_kafka_reader_reset (ChatKafkaSubscription *self, ChatKafkaCursor *cursor);
/** chat_kafka_reader_look: whether there are new partitions, or a topic is back. */
void chat_kafka_reader_look (ChatKafkaSubscription *self);

/* A member */
void chat_kafka_member_rebalance (ChatKafkaSubscription *self, rd_kafka_event_t *event);
void chat_kafka_member_delivering (ChatKafkaSubscription *self, ChatKafkaCursor *cursor, gint64 offset);
void chat_kafka_member_forward_ended (ChatKafkaSubscription *self);
/** chat_kafka_member_back: a topic that was gone is there again: where its shards begin is asked anew, by which a topic
 * that was deleted and made anew is read from its start. */
void chat_kafka_member_back (ChatKafkaSubscription *self);
/** chat_kafka_member_look: now and then: whether its group leaves out what this member has nothing of. */
void chat_kafka_member_look (ChatKafkaSubscription *self);
void chat_kafka_member_stop (ChatKafkaSubscription *self);
/** chat_kafka_member_retry_later: what could not be done now: to take over, to go back, to join again. */
void chat_kafka_member_retry_later (ChatKafkaSubscription *self);
/** chat_kafka_member_rewind: all that is not acknowledged comes again. */
void chat_kafka_member_rewind (ChatKafkaSubscription *self);
/** chat_kafka_member_seek: reads on at the cursors, in a job; the caller has counted it in `moving`. */
void chat_kafka_member_seek (ChatKafkaSubscription *self);
/** chat_kafka_member_run_deferred: the rebalance is over, or (with @error, taken) it is not waited for any longer.
 */
void chat_kafka_member_run_deferred (ChatKafkaSubscription *self, GError *error);

G_END_DECLS
