/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "chat-test-feed.h"

#if CHAT_HAVE_KAFKA
#include "transport/kafka/chat-kafka-transport.h"
#endif
#if CHAT_HAVE_RABBITMQ
#include "transport/rabbitmq/chat-rabbitmq-transport.h"
#endif

ChatTransport *
chat_test_make_broker (const ChatBrokerOptions *options, gpointer data)
{
#if CHAT_HAVE_KAFKA
  if (options->kind == CHAT_BROKER_KAFKA)
    return chat_kafka_transport_new (options);
#endif
#if CHAT_HAVE_RABBITMQ
  if (options->kind == CHAT_BROKER_RABBITMQ)
    return chat_rabbitmq_transport_new (options);
#endif
  return NULL;
}
