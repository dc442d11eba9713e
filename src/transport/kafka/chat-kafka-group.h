/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-wish.h"
#include "transport/kafka/chat-kafka-handle.h"

G_BEGIN_DECLS

/**
 * chat_kafka_group_leaves_out:
 * @wish: of a group
 *
 * Whether nobody in the group has got any partition of one of its topics, which has some. The member that gives them
 * out asks a broker of its own choice how many there are; one that has not heard of a new topic yet says none, and
 * librdkafka, who has heard of them elsewhere, sees nothing change later. Blocks. FALSE also where it is not known.
 */
gboolean chat_kafka_group_leaves_out (rd_kafka_t *handle, const ChatBrokerOptions *options, const ChatWish *wish);

G_END_DECLS
