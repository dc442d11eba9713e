/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-broker-factory.h"

#include "server/chat-server-config.h"
#include "transport/log/chat-log-transport.h"

static ChatTransport *
new_log (ChatConfig *config)
{
  g_autofree char *path = chat_server_config_dup_path (config, "broker", "broker.db");
  ChatLogOptions options = CHAT_LOG_OPTIONS_INIT;

  options.shards = (guint)chat_config_get_int (config, "broker", "shards");
  options.retention_ms = chat_config_get_int (config, "broker", "retention_age");
  options.retention_bytes = chat_config_get_int (config, "broker", "retention_size");
  return chat_log_transport_new (path, &options);
}

ChatTransport *
chat_broker_factory_new_transport (ChatConfig *config)
{
  /* One entry for each of the choices of [broker] kind. */
  static const struct
  {
    const char *kind;
    ChatTransport *(*make) (ChatConfig *config);
  } brokers[] = {
    { "log", new_log },
  };
  const char *kind = chat_config_get_string (config, "broker", "kind");

  for (guint i = 0; i < G_N_ELEMENTS (brokers); i++)
    if (g_str_equal (brokers[i].kind, kind))
      return brokers[i].make (config);
  g_return_val_if_reached (NULL);
}
