/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-config.h"
#include "core/chat-dialect.h"
#include "transport/chat-broker-options.h"

G_BEGIN_DECLS

/* [broker] and [feeds] of the configuration. */

/** chat_server_broker_check: whether they fit together, whether this program can do what they name, and whether the
 * files that they name can be read. The error names file and line, and what would be right. */
gboolean chat_server_broker_check (ChatConfig *config, GError **error);

/** chat_server_broker_read_dialect: (transfer full) (nullable): how records are written that others publish. */
ChatDialect *chat_server_broker_read_dialect (ChatConfig *config, GError **error);

/** chat_server_broker_read: (transfer full) (nullable): the broker that the service is on; not for kind = log. */
ChatBrokerOptions *chat_server_broker_read (ChatConfig *config, GError **error);

/** chat_server_broker_dup_slot: (transfer full): what tells this process from the others of the service. */
char *chat_server_broker_dup_slot (ChatConfig *config);

/** ChatServerFeed: what desktops are told of the broker. */
typedef struct
{
  ChatBrokerOptions *options;
  char *ca; /* (nullable): PEM */
} ChatServerFeed;

void chat_server_feed_free (ChatServerFeed *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatServerFeed, chat_server_feed_free)

/** chat_server_broker_offers_feed: whether desktops may read the broker themselves. */
gboolean chat_server_broker_offers_feed (ChatConfig *config);

/** chat_server_broker_read_feed: (transfer full) (nullable): what they are told; only where it is offered. */
ChatServerFeed *chat_server_broker_read_feed (ChatConfig *config, GError **error);

G_END_DECLS
