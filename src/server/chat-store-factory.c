/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-store-factory.h"

#include "config.h"
#include "server/chat-server-config.h"
#include "server/store/sqlite/chat-sqlite-store.h"
#if CHAT_HAVE_POSTGRESQL
#include "server/store/postgresql/chat-postgresql-store.h"
#endif

static ChatStore *
new_sqlite (ChatConfig *config)
{
  g_autofree char *path = chat_server_config_dup_path (config, "store", "store.db");

  return chat_sqlite_store_new (path);
}

#if CHAT_HAVE_POSTGRESQL
static ChatStore *
new_postgresql (ChatConfig *config)
{
  return chat_postgresql_store_new (chat_config_get_string (config, "store", "uri"),
                                    chat_config_get_string (config, "store", "password_file"),
                                    (guint)chat_config_get_int (config, "store", "connections"),
                                    g_str_equal (chat_config_get_string (config, "live", "notify"), "store"));
}
#endif

ChatStore *
chat_store_factory_new_store (ChatConfig *config)
{
  /* One entry for each of the choices of [store] kind. */
  static const struct
  {
    const char *kind;
    ChatStore *(*make) (ChatConfig *config);
  } stores[]
      = { { "sqlite", new_sqlite },
#if CHAT_HAVE_POSTGRESQL
          { "postgresql", new_postgresql },
#endif
        };
  const char *kind = chat_config_get_string (config, "store", "kind");

  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    if (g_str_equal (stores[i].kind, kind))
      return stores[i].make (config);
  g_return_val_if_reached (NULL);
}
