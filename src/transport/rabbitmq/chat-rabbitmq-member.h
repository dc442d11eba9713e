/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-broker-options.h"
#include "transport/rabbitmq/chat-rabbitmq-publisher.h"
#include "transport/rabbitmq/chat-rabbitmq-subscription.h"

G_BEGIN_DECLS

/**
 * ChatRabbitmqMember:
 *
 * A subscription in a group: it stands in the line of every queue of the group, and is given those of which it is the
 * single active consumer; see ChatRabbitmqRoll for who is to have which. Each queue has a channel of its own: closing
 * it is what gives a shard back in its order.
 */
#define CHAT_TYPE_RABBITMQ_MEMBER (chat_rabbitmq_member_get_type ())
G_DECLARE_FINAL_TYPE (ChatRabbitmqMember, chat_rabbitmq_member, CHAT, RABBITMQ_MEMBER, ChatRabbitmqSubscription)

ChatRabbitmqMember *chat_rabbitmq_member_new (const ChatBrokerOptions *options, const char *const *topics,
                                              const char *group);

/** chat_rabbitmq_member_forward: @task: of the forward: answered when the outputs are confirmed and the inputs
 * acknowledged, or fails. */
void chat_rabbitmq_member_forward (ChatRabbitmqMember *self, ChatRabbitmqPublisher *publisher, GPtrArray *inputs,
                                   GPtrArray *outputs, GTask *task);

G_END_DECLS
