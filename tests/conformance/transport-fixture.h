/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "config.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

/**
 * TransportFixture:
 *
 * What the suite needs to know of an implementation, and to do to its broker. A member that is NULL is something that
 * can't be done to it: the cases that want it are skipped. Each case has a broker of its own, empty.
 */
typedef struct
{
  const char *name;                       /* of the implementation, chat_transport_get_name(), and of its cases */
  const char *variant;                    /* (nullable): where one implementation is tested twice */
  const char *publish_topic, *read_topic; /* what is published on the first is read on the second */
  const char *const *topics;              /* three more, for forwards */
  ChatTransportFeatures features;
  guint shards;      /* of a topic: from 2 on, two members of a group are both given something */
  gsize max_bytes;   /* the largest payload that is taken; 0: none is refused */
  gboolean verbatim; /* any payload, key and headers arrive as they were sent */
  gboolean young;    /* a new group begins with what is published from its first subscribe on */
  gboolean keeps;    /* a member of a group keeps what it was delivered over a break of its connection */
  gboolean many;     /* transports may be connected at the same time; without, there is one */

  /** available: (nullable): (transfer full): why the broker is not to be had here, or NULL. */
  char *(*available) (void);
  gpointer (*broker_new) (void);
  void (*broker_free) (gpointer broker);
  ChatTransport *(*transport_new) (gpointer broker);

  /** encode: (nullable): @text as a payload that this transport carries; NULL: the text itself. */
  GBytes *(*encode) (const char *text, const char *key);
  /** decode: (nullable): (transfer full): the text of a record that came. */
  char *(*decode) (ChatRecord *record);

  /** settle: (nullable): where a confirmed record is not there to be read at once: waits until @published more are. */
  void (*settle) (gpointer broker, guint published);

  /** set_reachable: breaks the connection of @transport, or lets it connect again. */
  void (*set_reachable) (gpointer broker, ChatTransport *transport, gboolean reachable);
  /** trim: removes the first @count records of a shard, as retention would; called while @transport is connected. Only
   * ever 4 of 10, which have two bytes each. */
  void (*trim) (gpointer broker, ChatTransport *transport, const char *topic, gint shard, guint count);
  /** abort_forward: lets the next forward of @transport be undone by the broker. */
  void (*abort_forward) (gpointer broker, ChatTransport *transport);
} TransportFixture;

/** transport_conformance_add: all cases for @fixture, which is borrowed for good. */
void transport_conformance_add (const TransportFixture *fixture);

extern const TransportFixture transport_fixture_log, transport_fixture_loopback, transport_fixture_loopback_poor,
    transport_fixture_websocket;
#if CHAT_HAVE_KAFKA
extern const TransportFixture transport_fixture_kafka;
#endif
#if CHAT_HAVE_RABBITMQ
extern const TransportFixture transport_fixture_rabbitmq;
#endif

G_END_DECLS
