/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sqlite/chat-sqlite-store.h"

#include "server/store/sqlite/chat-sqlite.h"

#define DEFAULT_BUSY_TIMEOUT 2000

struct _ChatSqliteStore
{
  ChatSqlStore parent_instance;

  /* Owned */
  char *path;
  guint busy_timeout;
};

G_DEFINE_FINAL_TYPE (ChatSqliteStore, chat_sqlite_store, CHAT_TYPE_SQL_STORE)

enum
{
  PROP_PATH = 1,
  PROP_BUSY_TIMEOUT,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

/* ChatSqlStore */

static ChatSql *
chat_sqlite_store_connection_new (ChatSqlStore *store, gboolean writer)
{
  ChatSqliteStore *self = CHAT_SQLITE_STORE (store);

  return chat_sqlite_new (self->path, writer ? CHAT_SQLITE_WRITER : CHAT_SQLITE_READER, self->busy_timeout,
                          chat_sql_store_get_announcer (store));
}

static const char *
chat_sqlite_store_get_name (ChatSqlStore *store)
{
  return CHAT_SQLITE_STORE (store)->path;
}

static guint
chat_sqlite_store_count_readers (ChatSqlStore *store)
{
  return 1;
}

/* GObject */

static void
chat_sqlite_store_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ChatSqliteStore *self = CHAT_SQLITE_STORE (object);

  switch (id)
    {
    case PROP_PATH:
      /* absolute: SQLite gives names such as ":memory:" a meaning of its own */
      self->path = g_canonicalize_filename (g_value_get_string (value), NULL);
      break;
    case PROP_BUSY_TIMEOUT:
      self->busy_timeout = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
chat_sqlite_store_finalize (GObject *object)
{
  ChatSqliteStore *self = CHAT_SQLITE_STORE (object);

  g_clear_pointer (&self->path, g_free);

  G_OBJECT_CLASS (chat_sqlite_store_parent_class)->finalize (object);
}

static void
chat_sqlite_store_class_init (ChatSqliteStoreClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ChatSqlStoreClass *store_class = CHAT_SQL_STORE_CLASS (klass);
  GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->set_property = chat_sqlite_store_set_property;
  object_class->finalize = chat_sqlite_store_finalize;
  store_class->connection_new = chat_sqlite_store_connection_new;
  store_class->get_name = chat_sqlite_store_get_name;
  store_class->count_readers = chat_sqlite_store_count_readers;

  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);
  properties[PROP_BUSY_TIMEOUT]
      = g_param_spec_uint ("busy-timeout", NULL, NULL, 0, G_MAXINT, DEFAULT_BUSY_TIMEOUT, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
chat_sqlite_store_init (ChatSqliteStore *self)
{
}

/* Public */

ChatStore *
chat_sqlite_store_new (const char *path)
{
  g_return_val_if_fail (path != NULL, NULL);

  return g_object_new (CHAT_TYPE_SQLITE_STORE, "path", path, NULL);
}
