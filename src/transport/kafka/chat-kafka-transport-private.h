/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-backoff.h"
#include "transport/chat-transport-base.h"
#include "transport/kafka/chat-kafka-producer.h"
#include "transport/kafka/chat-kafka-source.h"
#include "transport/kafka/chat-kafka-subscription.h"
#include "transport/kafka/chat-kafka-transport.h"

G_BEGIN_DECLS

/*
 * Kafka's transport is divided by aspect: its connection and closing in chat-kafka-transport.c; publishing in
 * chat-kafka-publish.c; subscribing, seeking and forwarding in chat-kafka-subscribe.c.
 */

struct _ChatKafkaTransport
{
  ChatTransportBase parent_instance;

  /* Owned */
  ChatBrokerOptions *options;
  ChatWorker *worker;      /* (nullable): while it is connected, or tries to be */
  ChatKafkaSource *events; /* (nullable): once the producer is there */
  ChatWaiters *calls;      /* subscribes whose subscription is being opened */
  GPtrArray *opening;      /* ChatKafkaSubscription: not in place yet */
  GHashTable *known;       /* a set of topics that are there */
  GHashTable *waiting;     /* topic → GQueue of GTask: publishes until it is known whether the topic is there */
  GHashTable *fewer;       /* topic → sentence: has fewer partitions than configured */
  GSource *retry;          /* (nullable): asks the cluster again */
  GSource *guard;          /* (nullable): of a close */
  char *reason;            /* (nullable): what went wrong since the connection was good */

  /* Borrowed */
  ChatKafkaProducer *producer; /* the worker's; nullable */
  GPtrArray *subscriptions;    /* ChatKafkaSubscription: in place */

  ChatBackoff backoff;
  guint breaks; /* of the connection, since it was made */
  guint probed; /* the breaks when the probe under way began */
  gboolean probing;
  gboolean serving; /* an event of the producer is at hand */
  gboolean was_online;
  gboolean replacing; /* the producer, once nothing is in flight … */
  guint replace_ms;   /* … by another after so long */
  guint64 published;  /* so many were asked for */
  guint in_flight;    /* publishes */
  guint closing;      /* what a close waits for */
};

/** chat_kafka_transport_push: a job of the producer's worker, whose task data is @data; @callback gets @user_data. The
 * task has no source object: the last reference to one might be dropped in the worker's thread. */
void chat_kafka_transport_push (ChatKafkaTransport *self, ChatWorkerFunc job, gpointer data, GDestroyNotify free,
                                GAsyncReadyCallback callback, gpointer user_data);
/** chat_kafka_transport_note_error: an error event of any of its handles. */
void chat_kafka_transport_note_error (ChatKafkaTransport *self, rd_kafka_resp_err_t code, const char *detail);
/** chat_kafka_transport_probe: a consumer has lost its connections: asks whether the cluster answers. */
void chat_kafka_transport_probe (ChatKafkaTransport *self);
/** chat_kafka_transport_judge: what can't be read, or is less than configured, is another. */
void chat_kafka_transport_judge (ChatKafkaTransport *self);
/** chat_kafka_transport_check: asks whether the cluster answers, some time soon; then what waits is tried again. */
void chat_kafka_transport_check (ChatKafkaTransport *self);
/** chat_kafka_transport_published: one publish less is in flight. */
void chat_kafka_transport_published (ChatKafkaTransport *self);

/** chat_kafka_transport_delivered: a delivery report. */
void chat_kafka_transport_delivered (ChatKafkaTransport *self, const rd_kafka_message_t *message);
/** chat_kafka_transport_fail_waiting: publishes that wait for a topic. */
void chat_kafka_transport_fail_waiting (ChatKafkaTransport *self, const GError *error);
void chat_kafka_transport_subscribe_now (ChatKafkaTransport *self, GTask *task);

/* Members of the interface. */
void chat_kafka_transport_publish_async (ChatTransport *transport, ChatRecord *record, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data);
void chat_kafka_transport_forward_async (ChatTransport *transport, ChatSubscription *subscription, GPtrArray *inputs,
                                         GPtrArray *outputs, GCancellable *cancellable, GAsyncReadyCallback callback,
                                         gpointer user_data);
void chat_kafka_transport_subscribe_async (ChatTransport *transport, const char *const *topics,
                                           const char *const *channels, const ChatStart *start,
                                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
void chat_kafka_transport_seek_async (ChatTransport *transport, ChatSubscription *subscription, const ChatStart *start,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

G_END_DECLS
