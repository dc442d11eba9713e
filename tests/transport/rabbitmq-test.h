/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "chat-test-broker.h"
#include "chat-test-call.h"
#include "rabbitmq-plain.h"
#include "transport/rabbitmq/chat-rabbitmq-transport.h"

G_BEGIN_DECLS

/* What the tests of the RabbitMQ transport have in common: calls that wait, and a reader that notes what it is told. */

/** rabbitmq_test_connect: (transfer full): connected; fails where that does not succeed. @heartbeat_s: 1 notices soon
 * that the broker is silent, and has the broker notice soon that the main loop does not run. */
ChatTransport *rabbitmq_test_connect_full (const ChatBrokerOptions *options, guint heartbeat_s);
ChatTransport *rabbitmq_test_connect (const ChatBrokerOptions *options);
/** rabbitmq_test_refused: (transfer full): why it is not let in: DENIED, and it does not try again. */
GError *rabbitmq_test_refused (const ChatBrokerOptions *options);
/** rabbitmq_test_close: and drops it; what could not be confirmed does not matter. */
void rabbitmq_test_close (ChatTransport *transport);

gboolean rabbitmq_test_publish (ChatTransport *transport, const char *topic, const char *key, const char *text,
                                GError **error);
void rabbitmq_test_wait_state (ChatTransport *transport, ChatTransportState state);

typedef struct
{
  ChatSubscription *subscription;
  GPtrArray *records;
  guint count, gaps, revocations, closed;
} RabbitmqReader;

RabbitmqReader *rabbitmq_reader_new (ChatTransport *transport, const char *topic, const char *channel,
                                     ChatStartKind kind);
RabbitmqReader *rabbitmq_reader_new_group (ChatTransport *transport, const char *topic, const char *group);
void rabbitmq_reader_free (RabbitmqReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RabbitmqReader, rabbitmq_reader_free)

#define rabbitmq_reader_wait(self, least) chat_test_wait_count (&(self)->count, (least), "records of a reader")
/** rabbitmq_reader_dup_text: (transfer full) */
char *rabbitmq_reader_dup_text (RabbitmqReader *self, guint i);

G_END_DECLS
