/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "transport/rabbitmq/chat-rabbitmq-amqp.h"
#include "transport/rabbitmq/chat-rabbitmq-topology.h"

G_BEGIN_DECLS

/**
 * ChatRabbitmqAdmin:
 *
 * All that blocks, on one thread: logging in, and what ChatRabbitmqTopology does. The calls are carried out in their
 * order and always call back.
 */
#define CHAT_TYPE_RABBITMQ_ADMIN (chat_rabbitmq_admin_get_type ())
G_DECLARE_FINAL_TYPE (ChatRabbitmqAdmin, chat_rabbitmq_admin, CHAT, RABBITMQ_ADMIN, GObject)

ChatRabbitmqAdmin *chat_rabbitmq_admin_new (const ChatBrokerOptions *options, guint heartbeat_s);

/** ChatRabbitmqSession: two connections to one node, logged in; who takes one sets it to NULL. */
typedef struct
{
  amqp_connection_state_t publishing, consuming;
  char *address;
  gboolean has_streams;
} ChatRabbitmqSession;

void chat_rabbitmq_session_free (ChatRabbitmqSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatRabbitmqSession, chat_rabbitmq_session_free)

/** chat_rabbitmq_admin_open_async: at the first of the addresses, from @first on, that lets us in. DENIED ends the
 * round. */
void chat_rabbitmq_admin_open_async (ChatRabbitmqAdmin *self, guint first, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
/** chat_rabbitmq_admin_open_finish: (transfer full) */
ChatRabbitmqSession *chat_rabbitmq_admin_open_finish (ChatRabbitmqAdmin *self, GAsyncResult *result, GError **error);

/** chat_rabbitmq_admin_ensure_async: chat_rabbitmq_topology_ensure() */
void chat_rabbitmq_admin_ensure_async (ChatRabbitmqAdmin *self, const char *topic, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_rabbitmq_admin_ensure_finish (ChatRabbitmqAdmin *self, GAsyncResult *result, GError **error);

/** chat_rabbitmq_admin_locate_async: chat_rabbitmq_topology_locate() of each. */
void chat_rabbitmq_admin_locate_async (ChatRabbitmqAdmin *self, const char *const *topics, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data);
/** chat_rabbitmq_admin_locate_finish: (transfer full) (element-type ChatRabbitmqPlace): in the order of the topics */
GPtrArray *chat_rabbitmq_admin_locate_finish (ChatRabbitmqAdmin *self, GAsyncResult *result, GError **error);

/** chat_rabbitmq_admin_group_async: chat_rabbitmq_topology_ensure_group() of each. */
void chat_rabbitmq_admin_group_async (ChatRabbitmqAdmin *self, const char *const *topics, const char *group,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/** chat_rabbitmq_admin_group_finish: (transfer full) (element-type GPtrArray): by topic the names of the queues */
GPtrArray *chat_rabbitmq_admin_group_finish (ChatRabbitmqAdmin *self, GAsyncResult *result, GError **error);

/** chat_rabbitmq_admin_count_async: @queues: (element-type utf8): not changed meanwhile. */
void chat_rabbitmq_admin_count_async (ChatRabbitmqAdmin *self, GPtrArray *queues, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
/** chat_rabbitmq_admin_count_finish: -1 with @error */
gint64 chat_rabbitmq_admin_count_finish (ChatRabbitmqAdmin *self, GAsyncResult *result, GError **error);

G_END_DECLS
