/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-backoff.h"
#include "transport/rabbitmq/chat-rabbitmq-member.h"
#include "transport/rabbitmq/chat-rabbitmq-reader.h"
#include "transport/rabbitmq/chat-rabbitmq-transport.h"

G_BEGIN_DECLS

/* What the parts of the transport share: chat-rabbitmq-transport.c has the interface, -state.c what is told of it,
 * -session.c the connections, and -close.c the end. */

struct _ChatRabbitmqTransport
{
  ChatTransportBase parent_instance;

  /* Owned */
  ChatBrokerOptions *options;
  ChatRabbitmqAdmin *admin;
  ChatRabbitmqPublisher *publisher;
  ChatRabbitmqLink *publishing, *consuming; /* nullable: not connected */
  GCancellable *opening;                    /* nullable */
  GHashTable *refused;                      /* topic → why nothing may be published there */
  GSource *guard, *pardon;
  char *address; /* nullable: the node that we are connected to */
  char *blocked; /* nullable: what the broker lacks */

  /* Borrowed */
  GPtrArray *subscriptions; /* ChatRabbitmqSubscription */

  ChatBackoff patience; /* with a broker that does not let us in any more */
  guint next_address, heartbeat_s;
  guint leaving; /* links that take leave */
  gboolean has_streams, was_online, closing_links;
};

/** chat_rabbitmq_transport_judge: while there is a connection: whether something is missing. */
void chat_rabbitmq_transport_judge (ChatRabbitmqTransport *self);
/** chat_rabbitmq_transport_note_published: @error: (nullable): what became of a record of @topic. */
void chat_rabbitmq_transport_note_published (ChatRabbitmqTransport *self, const char *topic, const GError *error);
gboolean chat_rabbitmq_transport_is_connected (ChatRabbitmqTransport *self);

/** chat_rabbitmq_transport_list_subscriptions: (transfer full) (element-type ChatRabbitmqSubscription): they may go
 * while they are told something. */
GPtrArray *chat_rabbitmq_transport_list_subscriptions (ChatRabbitmqTransport *self);
/** chat_rabbitmq_transport_begin_subscribe: one whose time has come. While it is put in place it is among the
 * subscriptions, which its task holds. */
void chat_rabbitmq_transport_begin_subscribe (ChatRabbitmqTransport *self, GTask *task);

void chat_rabbitmq_transport_open_session (ChatRabbitmqTransport *self);
/** chat_rabbitmq_transport_drop_session: how many records were not confirmed. */
guint chat_rabbitmq_transport_drop_session (ChatRabbitmqTransport *self);

/** chat_rabbitmq_transport_let_go: of what is opened or subscribed to. @error: (nullable): for who waits for it; NULL:
 * nobody does. */
void chat_rabbitmq_transport_let_go (ChatRabbitmqTransport *self, const GError *error);
/** chat_rabbitmq_transport_close: as ChatTransportBaseClass has it. */
void chat_rabbitmq_transport_close (ChatTransportBase *base);
void chat_rabbitmq_transport_finish_close (ChatRabbitmqTransport *self);
/** chat_rabbitmq_transport_idle: nothing is in flight any more. */
void chat_rabbitmq_transport_idle (gpointer data);

G_END_DECLS
