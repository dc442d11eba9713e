/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-broker-log.h"
#include "client/chat-client-error.h"
#include "client/chat-sender.h"
#include "core/chat-dialect.h"
#include "transport/chat-broker-options.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

/** ChatBrokerFactory: (transfer full) (nullable): a transport to a broker; how the application chooses a back-end
 * without the client knowing any. NULL: there is none of that kind in this program. */
typedef ChatTransport *(*ChatBrokerFactory) (const ChatBrokerOptions *options, gpointer data);

#define CHAT_TYPE_BROKER_SITE (chat_broker_site_get_type ())
G_DECLARE_FINAL_TYPE (ChatBrokerSite, chat_broker_site, CHAT, BROKER_SITE, GObject)

/**
 * ChatBrokerSite: (implements ChatSender)
 *
 * A broker without a Tertulia server, as a chat: which channel is which topic (Kafka) or which routing key of an
 * exchange (RabbitMQ), what its records say in a dialect, and what is written in one. A record that says its channel
 * itself is in that one.
 *
 * A message is sent with its id and author as headers where the dialect has no member for them, so that its sender
 * knows it again.
 */

/**
 * chat_broker_site_new:
 * @topics: (array zero-terminated=1) (nullable): Kafka: these topics only, NULL or empty: all that it lists; RabbitMQ:
 *   exchanges, NULL or empty: `chat_controlled`
 * @user: the name to write under
 */
ChatBrokerSite *chat_broker_site_new (const ChatBrokerOptions *options, ChatDialect *dialect, const char *const *topics,
                                      const char *user, ChatBrokerFactory factory, gpointer factory_data);

/** chat_broker_site_set_password: @password: (nullable): for the next connect. */
void chat_broker_site_set_password (ChatBrokerSite *self, const char *password);

/** chat_broker_site_connect: (transfer none) (nullable): makes another transport, the one to be used from here on. */
ChatTransport *chat_broker_site_connect (ChatBrokerSite *self);
void chat_broker_site_disconnect (ChatBrokerSite *self);
ChatTransport *chat_broker_site_get_transport (ChatBrokerSite *self); /* transfer none, nullable */

/** chat_broker_site_is_keyed: whether channels are routing keys, not topics. */
gboolean chat_broker_site_is_keyed (ChatBrokerSite *self);
/** chat_broker_site_wants_list: whether its topics are all that the broker lists. */
gboolean chat_broker_site_wants_list (ChatBrokerSite *self);
ChatBrokerKind chat_broker_site_get_kind (ChatBrokerSite *self);
char *chat_broker_site_dup_title (ChatBrokerSite *self);       /* "Kafka at kafka1:9092" */
GPtrArray *chat_broker_site_get_topics (ChatBrokerSite *self); /* transfer none, element-type utf8: to be read */
gboolean chat_broker_site_add_topic (ChatBrokerSite *self, const char *topic); /* FALSE: it is there */

/** chat_broker_site_add_channel: (transfer none): the channel of a topic, or of a routing key. */
const char *chat_broker_site_add_channel (ChatBrokerSite *self, const char *name);
/** chat_broker_site_get_channels: (transfer container) (element-type utf8), in no order */
GPtrArray *chat_broker_site_get_channels (ChatBrokerSite *self);
/** chat_broker_site_get_log: (nullable) (transfer none): of the topic that @channel is read from. */
ChatBrokerLog *chat_broker_site_get_log (ChatBrokerSite *self, const char *channel);
/** chat_broker_site_get_topic_log: (transfer none): made where it is not there. */
ChatBrokerLog *chat_broker_site_get_topic_log (ChatBrokerSite *self, const char *topic);

/* What channels there are, as text that can be kept. */
char *chat_broker_site_to_string (ChatBrokerSite *self);
void chat_broker_site_restore (ChatBrokerSite *self, const char *text);

/** chat_broker_site_decode: (transfer full): with id and channel, without seq: or NULL with a CHAT_CORE_ERROR. A
 * channel that was not known is from here on. */
ChatMessage *chat_broker_site_decode (ChatBrokerSite *self, ChatRecord *record, GError **error);
/** chat_broker_site_encode: (transfer full): or NULL with an error */
ChatRecord *chat_broker_site_encode (ChatBrokerSite *self, ChatMessage *message, GError **error);

/** chat_broker_site_get_unreadable: how many records could not be read. */
guint64 chat_broker_site_get_unreadable (ChatBrokerSite *self);

G_END_DECLS
