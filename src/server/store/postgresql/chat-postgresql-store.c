/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/postgresql/chat-postgresql-store.h"

#include "server/store/postgresql/chat-postgresql-listener.h"
#include "server/store/postgresql/chat-postgresql.h"

#define DEFAULT_TIMEOUT 20000

struct _ChatPostgresqlStore
{
  ChatSqlStore parent_instance;

  /* Owned */
  char *uri;
  char *password_file;
  guint connections;
  guint timeout;
  gboolean tells;
  ChatPostgresqlAddress *address;
  ChatPostgresqlListener *listener; /* while it is watched */
};

G_DEFINE_FINAL_TYPE (ChatPostgresqlStore, chat_postgresql_store, CHAT_TYPE_SQL_STORE)

enum
{
  PROP_URI = 1,
  PROP_PASSWORD_FILE,
  PROP_CONNECTIONS,
  PROP_TIMEOUT,
  PROP_TELLS,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

/* ChatSqlStore */

static ChatSql *
chat_postgresql_store_connection_new (ChatSqlStore *store, gboolean writer)
{
  ChatPostgresqlStore *self = CHAT_POSTGRESQL_STORE (store);

  return chat_postgresql_new (self->address, writer ? CHAT_POSTGRESQL_WRITER : CHAT_POSTGRESQL_READER, self->timeout,
                              self->tells);
}

static const char *
chat_postgresql_store_get_name (ChatSqlStore *store)
{
  return chat_postgresql_address_get_name (CHAT_POSTGRESQL_STORE (store)->address);
}

static guint
chat_postgresql_store_count_readers (ChatSqlStore *store)
{
  return CHAT_POSTGRESQL_STORE (store)->connections - 1;
}

static void
chat_postgresql_store_watch (ChatSqlStore *store, GTask *task)
{
  ChatPostgresqlStore *self = CHAT_POSTGRESQL_STORE (store);

  if (self->listener != NULL)
    chat_postgresql_listener_add (self->listener, task);
  else
    self->listener = chat_postgresql_listener_new (self->address, chat_sql_store_get_announcer (store), task);
}

static void
chat_postgresql_store_unwatch (ChatSqlStore *store)
{
  g_clear_pointer (&CHAT_POSTGRESQL_STORE (store)->listener, chat_postgresql_listener_free);
}

/* GObject */

static void
chat_postgresql_store_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ChatPostgresqlStore *self = CHAT_POSTGRESQL_STORE (object);

  switch (id)
    {
    case PROP_URI:
      self->uri = g_value_dup_string (value);
      break;
    case PROP_PASSWORD_FILE:
      self->password_file = g_value_dup_string (value);
      break;
    case PROP_CONNECTIONS:
      self->connections = g_value_get_uint (value);
      break;
    case PROP_TIMEOUT:
      self->timeout = g_value_get_uint (value);
      break;
    case PROP_TELLS:
      self->tells = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
chat_postgresql_store_constructed (GObject *object)
{
  ChatPostgresqlStore *self = CHAT_POSTGRESQL_STORE (object);

  G_OBJECT_CLASS (chat_postgresql_store_parent_class)->constructed (object);
  self->address = chat_postgresql_address_new (self->uri != NULL ? self->uri : "", self->password_file);
}

static void
chat_postgresql_store_dispose (GObject *object)
{
  chat_postgresql_store_unwatch (CHAT_SQL_STORE (object));

  G_OBJECT_CLASS (chat_postgresql_store_parent_class)->dispose (object);
}

static void
chat_postgresql_store_finalize (GObject *object)
{
  ChatPostgresqlStore *self = CHAT_POSTGRESQL_STORE (object);

  g_clear_pointer (&self->uri, g_free);
  g_clear_pointer (&self->password_file, g_free);
  g_clear_pointer (&self->address, chat_postgresql_address_unref);

  G_OBJECT_CLASS (chat_postgresql_store_parent_class)->finalize (object);
}

static void
chat_postgresql_store_class_init (ChatPostgresqlStoreClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ChatSqlStoreClass *store_class = CHAT_SQL_STORE_CLASS (klass);
  GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->set_property = chat_postgresql_store_set_property;
  object_class->constructed = chat_postgresql_store_constructed;
  object_class->dispose = chat_postgresql_store_dispose;
  object_class->finalize = chat_postgresql_store_finalize;
  store_class->connection_new = chat_postgresql_store_connection_new;
  store_class->get_name = chat_postgresql_store_get_name;
  store_class->count_readers = chat_postgresql_store_count_readers;
  store_class->watch = chat_postgresql_store_watch;
  store_class->unwatch = chat_postgresql_store_unwatch;

  properties[PROP_URI] = g_param_spec_string ("uri", NULL, NULL, NULL, flags);
  properties[PROP_PASSWORD_FILE] = g_param_spec_string ("password-file", NULL, NULL, NULL, flags);
  properties[PROP_CONNECTIONS]
      = g_param_spec_uint ("connections", NULL, NULL, 2, 100, CHAT_POSTGRESQL_CONNECTIONS, flags);
  properties[PROP_TIMEOUT] = g_param_spec_uint ("timeout", NULL, NULL, 2, G_MAXINT / 2, DEFAULT_TIMEOUT, flags);
  properties[PROP_TELLS] = g_param_spec_boolean ("tells", NULL, NULL, TRUE, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
chat_postgresql_store_init (ChatPostgresqlStore *self)
{
}

/* Public */

ChatStore *
chat_postgresql_store_new (const char *uri, const char *password_file, guint connections, gboolean tells)
{
  g_return_val_if_fail (uri != NULL, NULL);

  return g_object_new (CHAT_TYPE_POSTGRESQL_STORE, "uri", uri, "password-file", password_file, "connections",
                       connections, "tells", tells, NULL);
}
