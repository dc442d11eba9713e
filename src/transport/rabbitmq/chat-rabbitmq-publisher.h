/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/rabbitmq/chat-rabbitmq-admin.h"
#include "transport/rabbitmq/chat-rabbitmq-link.h"

G_BEGIN_DECLS

/**
 * ChatRabbitmqPublisher:
 *
 * Publishes records and waits for the broker to confirm each. Records of one topic leave in the order of the calls;
 * the first of a topic waits until the topic is known to be there.
 */
typedef struct _ChatRabbitmqPublisher ChatRabbitmqPublisher;

/** ChatRabbitmqPublished: @error: (nullable): NULL: confirmed. */
typedef void (*ChatRabbitmqPublished) (const GError *error, gpointer data);

/** chat_rabbitmq_publisher_new: @idle: (nullable): called when it is idle again. */
ChatRabbitmqPublisher *chat_rabbitmq_publisher_new (const ChatBrokerOptions *options, void (*idle) (gpointer data),
                                                    gpointer data);
/** chat_rabbitmq_publisher_free: detaches. */
void chat_rabbitmq_publisher_free (ChatRabbitmqPublisher *self);

/** chat_rabbitmq_publisher_attach: @link, @admin: borrowed until it is detached. */
void chat_rabbitmq_publisher_attach (ChatRabbitmqPublisher *self, ChatRabbitmqLink *link, ChatRabbitmqAdmin *admin);
/** chat_rabbitmq_publisher_detach: what is in flight is answered with OFFLINE; returns how much that was. */
guint chat_rabbitmq_publisher_detach (ChatRabbitmqPublisher *self);

/** chat_rabbitmq_publisher_set_blocked: @reason: (nullable): while there is one, whatever is published is FULL. */
void chat_rabbitmq_publisher_set_blocked (ChatRabbitmqPublisher *self, const char *reason);

/** chat_rabbitmq_publisher_check: whether AMQP can carry @record; else REJECTED. */
gboolean chat_rabbitmq_publisher_check (ChatRecord *record, GError **error);

/** chat_rabbitmq_publisher_publish: a record that was checked. */
void chat_rabbitmq_publisher_publish (ChatRabbitmqPublisher *self, ChatRecord *record, ChatRabbitmqPublished published,
                                      gpointer data);
/** chat_rabbitmq_publisher_hold: it is not idle until as many releases: a forward is not over when its outputs are
 * confirmed. */
void chat_rabbitmq_publisher_hold (ChatRabbitmqPublisher *self);
void chat_rabbitmq_publisher_release (ChatRabbitmqPublisher *self);
/** chat_rabbitmq_publisher_is_idle: nothing is in flight, and nobody holds it. */
gboolean chat_rabbitmq_publisher_is_idle (const ChatRabbitmqPublisher *self);

G_END_DECLS
