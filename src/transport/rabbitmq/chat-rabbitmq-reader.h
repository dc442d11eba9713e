/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/rabbitmq/chat-rabbitmq-subscription.h"

G_BEGIN_DECLS

/**
 * ChatRabbitmqReader:
 *
 * A subscription without a group: it reads each topic's stream, by offset, and goes on where it stood after a break.
 * Where a topic has none it reads a queue of its own, live only: bounded (the oldest go when it is full), and gone with
 * the connection; what is missed so is a gap.
 */
#define CHAT_TYPE_RABBITMQ_READER (chat_rabbitmq_reader_get_type ())
G_DECLARE_FINAL_TYPE (ChatRabbitmqReader, chat_rabbitmq_reader, CHAT, RABBITMQ_READER, ChatRabbitmqSubscription)

ChatRabbitmqReader *chat_rabbitmq_reader_new (const char *const *topics, const char *const *channels,
                                              const ChatStart *start);

/** chat_rabbitmq_reader_seek: @task: of the seek: answered when it is in place there, or fails. */
void chat_rabbitmq_reader_seek (ChatRabbitmqReader *self, const ChatStart *start, GTask *task);

G_END_DECLS
