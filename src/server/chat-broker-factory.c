/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-broker-factory.h"

#include "config.h"
#include "server/chat-server-broker.h"
#include "server/chat-server-config.h"
#include "transport/log/chat-log-transport.h"
#if CHAT_HAVE_KAFKA
#include "transport/kafka/chat-kafka-transport.h"
#endif
#if CHAT_HAVE_RABBITMQ
#include "transport/rabbitmq/chat-rabbitmq-transport.h"
#endif

static ChatTransport *
new_log (ChatConfig *config, GError **error)
{
  g_autofree char *path = chat_server_config_dup_path (config, "broker", "broker.db");
  ChatLogOptions options = CHAT_LOG_OPTIONS_INIT;

  options.shards = (guint)chat_config_get_int (config, "broker", "shards");
  options.retention_ms = chat_config_get_int (config, "broker", "retention_age");
  options.retention_bytes = chat_config_get_int (config, "broker", "retention_size");
  return chat_log_transport_new (path, &options);
}

#if CHAT_HAVE_KAFKA
static ChatTransport *
new_kafka (ChatConfig *config, GError **error)
{
  g_autoptr (ChatBrokerOptions) options = chat_server_broker_read (config, error);

  return options != NULL ? chat_kafka_transport_new (options) : NULL;
}
#endif

#if CHAT_HAVE_RABBITMQ
static ChatTransport *
new_rabbitmq (ChatConfig *config, GError **error)
{
  g_autoptr (ChatBrokerOptions) options = chat_server_broker_read (config, error);

  return options != NULL ? chat_rabbitmq_transport_new (options) : NULL;
}
#endif

ChatTransport *
chat_broker_factory_new_transport (ChatConfig *config, GError **error)
{
  /* One entry for each of the choices of [broker] kind. */
  static const struct
  {
    const char *kind;
    ChatTransport *(*make) (ChatConfig *config, GError **error);
  } brokers[]
      = { { "log", new_log },
#if CHAT_HAVE_KAFKA
          { "kafka", new_kafka },
#endif
#if CHAT_HAVE_RABBITMQ
          { "rabbitmq", new_rabbitmq },
#endif
        };
  const char *kind = chat_config_get_string (config, "broker", "kind");

  for (guint i = 0; i < G_N_ELEMENTS (brokers); i++)
    if (g_str_equal (brokers[i].kind, kind))
      return brokers[i].make (config, error);
  g_return_val_if_reached (NULL);
}

void
chat_broker_factory_forget_group_async (ChatTransport *transport, const char *group, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  if (CHAT_IS_LOG_TRANSPORT (transport))
    {
      chat_log_transport_forget_group_async (CHAT_LOG_TRANSPORT (transport), group, cancellable, callback, user_data);
      return;
    }
  task = g_task_new (transport, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_broker_factory_forget_group_async);
  g_task_return_boolean (task, FALSE);
}

gboolean
chat_broker_factory_forget_group_finish (ChatTransport *transport, GAsyncResult *result, gboolean *known,
                                         GError **error)
{
  if (CHAT_IS_LOG_TRANSPORT (transport))
    return chat_log_transport_forget_group_finish (CHAT_LOG_TRANSPORT (transport), result, known, error);
  *known = FALSE;
  return TRUE;
}
