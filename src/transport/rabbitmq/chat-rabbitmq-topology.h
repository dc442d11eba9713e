/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "transport/chat-broker-options.h"

G_BEGIN_DECLS

/**
 * ChatRabbitmqTopology:
 *
 * What stands on the broker for a topic: exchange, stream, groups' queues; declared where that is wanted, else looked
 * at. It has a connection of its own, which it opens when it is asked something. All of it blocks: one thread at a
 * time.
 *
 * Every topic but `chat` has a stream, which readers read. With a topic come the queues of the groups that the service
 * has, so that what is published before the first of their members is there is kept for them.
 */
typedef struct _ChatRabbitmqTopology ChatRabbitmqTopology;

/** chat_rabbitmq_topology_new: @options: copied */
ChatRabbitmqTopology *chat_rabbitmq_topology_new (const ChatBrokerOptions *options);
void chat_rabbitmq_topology_free (ChatRabbitmqTopology *self);

/** chat_rabbitmq_topology_use: the address that works; what was known of the broker is looked at anew. */
void chat_rabbitmq_topology_use (ChatRabbitmqTopology *self, const char *address);

/** ChatRabbitmqPlace: where a topic is read. A plain value. */
typedef struct
{
  char *topic;
  char *exchange;
  char *stream; /* (nullable): there is none */
  gint64 end;   /* of the stream: the offset of what is published next */
} ChatRabbitmqPlace;

void chat_rabbitmq_place_free (ChatRabbitmqPlace *place);

/** chat_rabbitmq_topology_ensure: that @topic can be published. @has_stream: (out) (optional). REJECTED where it is not
 * there and is not to be declared; DENIED. */
gboolean chat_rabbitmq_topology_ensure (ChatRabbitmqTopology *self, const char *topic, gboolean *has_stream,
                                        GError **error);

/** chat_rabbitmq_topology_locate: (transfer full): that @topic can be read, and where its stream ends now. */
ChatRabbitmqPlace *chat_rabbitmq_topology_locate (ChatRabbitmqTopology *self, const char *topic, GError **error);

/** chat_rabbitmq_topology_ensure_group: (transfer full) (element-type utf8): the group's queues for @topic, by shard.
 */
GPtrArray *chat_rabbitmq_topology_ensure_group (ChatRabbitmqTopology *self, const char *topic, const char *group,
                                                GError **error);

/** chat_rabbitmq_topology_count: how many messages of @queues wait for a consumer; -1 with @error. */
gint64 chat_rabbitmq_topology_count (ChatRabbitmqTopology *self, GPtrArray *queues, GError **error);

/** chat_rabbitmq_topology_is_direct: whether @topic's exchange is a direct one, not a topic exchange. */
gboolean chat_rabbitmq_topology_is_direct (const char *topic);

/** chat_rabbitmq_topology_dup_roll: (transfer full): the exchange on which members of @group hear of each other. */
char *chat_rabbitmq_topology_dup_roll (const ChatBrokerOptions *options, const char *group);

G_END_DECLS
