/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-broker.h"

#include <string.h>

#include "config.h"

#define SLOT_MOST 64
#define SLOT_HASH 12

typedef enum
{
  FOR_LOG = 1 << 0,
  FOR_KAFKA = 1 << 1,
  FOR_RABBITMQ = 1 << 2,
  FOR_BOTH = FOR_KAFKA | FOR_RABBITMQ,
} For;

/* Which keys of [broker] mean something to which kind; those that are not here to all. */
static const struct
{
  const char *key;
  For kinds;
} uses[] = {
  { "path", FOR_LOG },
  { "addresses", FOR_BOTH },
  { "virtual_host", FOR_RABBITMQ },
  { "prefix", FOR_BOTH },
  { "tls", FOR_BOTH },
  { "ca_file", FOR_BOTH },
  { "certificate_file", FOR_BOTH },
  { "key_file", FOR_BOTH },
  { "mechanism", FOR_BOTH },
  { "user", FOR_BOTH },
  { "password", FOR_BOTH },
  { "password_file", FOR_BOTH },
  { "declare", FOR_BOTH },
  { "dialect", FOR_BOTH },
  { "replication", FOR_BOTH },
  { "min_insync", FOR_KAFKA },
  { "slot", FOR_BOTH },
  { "stream", FOR_RABBITMQ },
};

static const char *const feed_keys[]
    = { "addresses", "tls", "ca_file", "mechanism", "user", "password", "password_file" };

static For
kind_of (ChatConfig *config)
{
  const char *kind = chat_config_get_string (config, "broker", "kind");

  if (g_str_equal (kind, "kafka"))
    return FOR_KAFKA;
  return g_str_equal (kind, "rabbitmq") ? FOR_RABBITMQ : FOR_LOG;
}

static gboolean
name_place (ChatConfig *config, const char *group, const char *key, GError **error)
{
  g_autofree char *place = chat_config_dup_place (config, group, key);

  g_prefix_error_literal (error, place);
  return FALSE;
}

static void
replace (char **value, const char *by)
{
  g_free (*value);
  *value = g_strdup (by);
}

/*
 * What both groups have. Each step adds something and looks whether it is right, so that an error is that of the last.
 */

static gboolean
take_addresses (ChatConfig *config, const char *group, ChatBrokerOptions *options, GError **error)
{
  const char *const *addresses = chat_config_get_list (config, group, "addresses");

  if (addresses == NULL || addresses[0] == NULL)
    return TRUE;
  g_strfreev (options->addresses);
  options->addresses = g_strdupv ((char **)addresses);
  return chat_broker_options_check (options, error) || name_place (config, group, "addresses", error);
}

static gboolean
check_readable (ChatConfig *config, const char *group, const char *key, GError **error)
{
  const char *path = chat_config_get_string (config, group, key);
  g_autofree char *contents = NULL;

  return g_file_get_contents (path, &contents, NULL, error) || name_place (config, group, key, error);
}

static gboolean
take_file (ChatConfig *config, const char *group, const char *key, const ChatBrokerOptions *options, char **file,
           GError **error)
{
  const char *path = chat_config_get_string (config, group, key);

  if (path == NULL)
    return TRUE;
  if (!options->tls)
    return chat_config_refuse (config, group, key, error, "is there for nothing without tls = true in [%s]", group);
  if (!check_readable (config, group, key, error))
    return FALSE;
  replace (file, path);
  return TRUE;
}

/* (transfer full) (nullable): what the file has, but for the line's end. */
static char *
read_password (ChatConfig *config, const char *group, GError **error)
{
  const char *path = chat_config_get_string (config, group, "password_file");
  char *password = NULL;

  if (!g_file_get_contents (path, &password, NULL, error))
    {
      name_place (config, group, "password_file", error);
      return NULL;
    }
  password[strcspn (password, "\r\n")] = '\0';
  if (*password != '\0' && g_utf8_validate (password, -1, NULL))
    return password;
  chat_config_refuse (config, group, "password_file", error,
                      "%s should have the password in its first line, in UTF-8, but has %s there", path,
                      *password == '\0' ? "nothing" : "something else");
  g_free (password);
  return NULL;
}

static gboolean
take_password (ChatConfig *config, const char *group, ChatBrokerOptions *options, GError **error)
{
  const char *password = chat_config_get_string (config, group, "password");

  if (chat_config_get_string (config, group, "password_file") == NULL)
    {
      replace (&options->password, password);
      return TRUE;
    }
  if (password != NULL)
    return chat_config_refuse (config, group, "password_file", error, "[%s] has a password too: give one of the two",
                               group);
  g_free (options->password);
  options->password = read_password (config, group, error);
  return options->password != NULL;
}

/* The key that wants a user: for an error. */
static const char *
asking_key (ChatConfig *config, const char *group)
{
  if (chat_config_is_changed (config, group, "mechanism"))
    return "mechanism";
  if (chat_config_is_changed (config, group, "user"))
    return "user";
  return g_str_equal (group, "broker") ? "kind" : "broker";
}

static gboolean
take_identity (ChatConfig *config, const char *group, ChatBrokerOptions *options, GError **error)
{
  const char *mechanism = chat_config_get_string (config, group, "mechanism");
  const char *key = asking_key (config, group);

  if (mechanism != NULL)
    chat_broker_mechanism_from_string (mechanism, &options->mechanism);
  replace (&options->user, chat_config_get_string (config, group, "user"));
  if (!take_password (config, group, options, error))
    return FALSE;
  if (options->mechanism == CHAT_BROKER_ANONYMOUS && options->user != NULL)
    return chat_config_refuse (config, group, "user", error,
                               "with mechanism = none nobody is asked who he is: name the mechanism (plain, "
                               "scram-sha-256, scram-sha-512), or no user");
  if (options->mechanism != CHAT_BROKER_ANONYMOUS && options->mechanism != CHAT_BROKER_EXTERNAL
      && (options->user == NULL || options->password == NULL))
    return chat_config_refuse (config, group, key, error,
                               "the mechanism %s needs a user and a password (or password_file) in [%s]",
                               chat_broker_mechanism_to_string (options->mechanism), group);
  return chat_broker_options_check (options, error) || name_place (config, group, key, error);
}

/*
 * [broker]
 */

static gboolean
check_uses (ChatConfig *config, GError **error)
{
  const char *kind = chat_config_get_string (config, "broker", "kind");

  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    if ((uses[i].kinds & kind_of (config)) == 0 && chat_config_is_changed (config, "broker", uses[i].key))
      return chat_config_refuse (config, "broker", uses[i].key, error,
                                 "means nothing with kind = %s, only with %s: leave it out, or change the kind", kind,
                                 uses[i].kinds == FOR_LOG        ? "log"
                                 : uses[i].kinds == FOR_KAFKA    ? "kafka"
                                 : uses[i].kinds == FOR_RABBITMQ ? "rabbitmq"
                                                                 : "kafka and rabbitmq");
  return TRUE;
}

static gboolean
check_built (ChatConfig *config, GError **error)
{
  For kind = kind_of (config);

  if ((kind == FOR_KAFKA && !CHAT_HAVE_KAFKA) || (kind == FOR_RABBITMQ && !CHAT_HAVE_RABBITMQ))
    return chat_config_refuse (config, "broker", "kind", error,
                               "this tertulia-server was built without %s: take one that has it, or another kind",
                               kind == FOR_KAFKA ? "Kafka" : "RabbitMQ");
  return TRUE;
}

ChatDialect *
chat_server_broker_read_dialect (ChatConfig *config, GError **error)
{
  const char *path = chat_config_get_string (config, "broker", "dialect");
  g_autoptr (GError) wrong = NULL;
  ChatDialect *dialect = path != NULL ? chat_dialect_load_file (path, &wrong) : chat_dialect_new ();

  if (dialect == NULL)
    chat_config_refuse (config, "broker", "dialect", error, "%s", wrong->message);
  return dialect;
}

char *
chat_server_broker_dup_slot (ChatConfig *config)
{
  const char *slot = chat_config_get_string (config, "broker", "slot");
  const char *directory = chat_config_get_string (config, "server", "data_directory");
  g_autofree char *path = g_canonicalize_filename (directory, NULL);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, path, -1);
  g_autofree char *host = g_strndup (g_get_host_name (), SLOT_MOST - SLOT_HASH - 1);

  g_strcanon (host, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-", '-');
  hash[SLOT_HASH] = '\0';
  return slot != NULL ? g_strdup (slot) : g_strconcat (host, "-", hash, NULL);
}

static gboolean
take_slot (ChatConfig *config, ChatBrokerOptions *options, GError **error)
{
  const char *slot = chat_config_get_string (config, "broker", "slot");

  if (slot != NULL
      && (*slot == '\0' || strlen (slot) > SLOT_MOST
          || strspn (slot, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-") != strlen (slot)))
    return chat_config_refuse (config, "broker", "slot", error,
                               "it should be a name of up to %d letters of ASCII, digits, “.”, “_” and “-”", SLOT_MOST);
  options->slot = chat_server_broker_dup_slot (config);
  return TRUE;
}

static gboolean
take_declarations (ChatConfig *config, ChatBrokerOptions *options, GError **error)
{
  options->declare = chat_config_get_boolean (config, "broker", "declare");
  options->shards = (guint)chat_config_get_int (config, "broker", "shards");
  options->replication = (guint)chat_config_get_int (config, "broker", "replication");
  options->min_insync = (guint)chat_config_get_int (config, "broker", "min_insync");
  options->retention_ms = chat_config_get_int (config, "broker", "retention_age");
  options->retention_bytes = chat_config_get_int (config, "broker", "retention_size");
  options->stream = g_strdup (chat_config_get_string (config, "broker", "stream"));
  if (options->kind == CHAT_BROKER_KAFKA && options->min_insync > options->replication)
    return chat_config_refuse (
        config, "broker", "min_insync", error,
        "%u replicas have to have what is accepted, but there are only %u: raise replication, or "
        "lower this",
        options->min_insync, options->replication);
  return take_slot (config, options, error);
}

static gboolean
take_files (ChatConfig *config, ChatBrokerOptions *options, GError **error)
{
  if (!take_file (config, "broker", "ca_file", options, &options->ca_file, error)
      || !take_file (config, "broker", "certificate_file", options, &options->certificate_file, error)
      || !take_file (config, "broker", "key_file", options, &options->key_file, error))
    return FALSE;
  return chat_broker_options_check (options, error)
         || name_place (config, "broker", options->key_file != NULL ? "key_file" : "certificate_file", error);
}

ChatBrokerOptions *
chat_server_broker_read (ChatConfig *config, GError **error)
{
  For kind = kind_of (config);
  g_autoptr (ChatBrokerOptions) options = NULL;
  const char *prefix = chat_config_get_string (config, "broker", "prefix");
  const char *const *addresses = chat_config_get_list (config, "broker", "addresses");

  g_return_val_if_fail (kind != FOR_LOG, NULL);

  options = chat_broker_options_new (kind == FOR_KAFKA ? CHAT_BROKER_KAFKA : CHAT_BROKER_RABBITMQ);
  options->tls = chat_config_get_boolean (config, "broker", "tls");
  replace (&options->virtual_host, chat_config_get_string (config, "broker", "virtual_host"));
  if (addresses == NULL || addresses[0] == NULL)
    {
      chat_config_refuse (config, "broker", "kind", error, "it needs addresses in [broker], such as broker1:%d",
                          kind == FOR_KAFKA ? 9092
                          : options->tls    ? 5671
                                            : 5672);
      return NULL;
    }
  if (!take_addresses (config, "broker", options, error))
    return NULL;
  replace (&options->prefix, prefix != NULL ? prefix : "");
  if (!chat_broker_options_check (options, error))
    {
      name_place (config, "broker", "prefix", error);
      return NULL;
    }
  if (!take_files (config, options, error) || !take_identity (config, "broker", options, error)
      || !take_declarations (config, options, error))
    return NULL;
  return g_steal_pointer (&options);
}

/*
 * [feeds]
 */

gboolean
chat_server_broker_offers_feed (ChatConfig *config)
{
  return chat_config_get_boolean (config, "feeds", "broker");
}

void
chat_server_feed_free (ChatServerFeed *self)
{
  chat_broker_options_free (self->options);
  g_free (self->ca);
  g_free (self);
}

/* What the server says of itself is its own. */
static ChatBrokerOptions *
begin_feed (ChatConfig *config, const ChatBrokerOptions *server)
{
  ChatBrokerOptions *options = chat_broker_options_copy (server);

  g_clear_pointer (&options->certificate_file, g_free);
  g_clear_pointer (&options->key_file, g_free);
  g_clear_pointer (&options->user, g_free);
  g_clear_pointer (&options->password, g_free);
  g_clear_pointer (&options->slot, g_free);
  options->declare = FALSE;
  options->mechanism = options->kind == CHAT_BROKER_KAFKA ? CHAT_BROKER_ANONYMOUS : CHAT_BROKER_PLAIN;
  if (chat_config_is_changed (config, "feeds", "tls"))
    options->tls = chat_config_get_boolean (config, "feeds", "tls");
  if (!options->tls)
    g_clear_pointer (&options->ca_file, g_free);
  return options;
}

static gboolean
check_reader (ChatConfig *config, const ChatBrokerOptions *server, const ChatBrokerOptions *reader, GError **error)
{
  if (reader->user == NULL || g_strcmp0 (reader->user, server->user) != 0)
    return TRUE;
  return chat_config_refuse (config, "feeds", "user", error,
                             "“%s” is the server's own user in [broker]: every desktop would be told his password, and "
                             "could read private conversations and write past the moderation. Make another user, who "
                             "may only read chat_controlled and chat_warnings",
                             reader->user);
}

static gboolean
take_reader (ChatConfig *config, const ChatBrokerOptions *server, ChatBrokerOptions *reader, GError **error)
{
  if (g_strcmp0 (chat_config_get_string (config, "feeds", "mechanism"), "external") == 0)
    return chat_config_refuse (config, "feeds", "mechanism", error,
                               "desktops have no certificates: it should be plain, for a user and a password");
  if (server->mechanism != CHAT_BROKER_EXTERNAL)
    reader->mechanism = server->mechanism;
  return take_identity (config, "feeds", reader, error) && check_reader (config, server, reader, error);
}

ChatServerFeed *
chat_server_broker_read_feed (ChatConfig *config, GError **error)
{
  g_autoptr (ChatBrokerOptions) server = chat_server_broker_read (config, error);
  g_autoptr (ChatServerFeed) feed = NULL;
  ChatBrokerOptions *options;

  if (server == NULL)
    return NULL;
  feed = g_new0 (ChatServerFeed, 1);
  feed->options = options = begin_feed (config, server);
  if (!take_addresses (config, "feeds", options, error)
      || !take_file (config, "feeds", "ca_file", options, &options->ca_file, error)
      || !take_reader (config, server, options, error)
      || (options->ca_file != NULL && !g_file_get_contents (options->ca_file, &feed->ca, NULL, error)))
    return NULL;
  return g_steal_pointer (&feed);
}

static gboolean
check_feed (ChatConfig *config, GError **error)
{
  g_autoptr (ChatServerFeed) feed = NULL;

  if (!chat_server_broker_offers_feed (config))
    {
      for (guint i = 0; i < G_N_ELEMENTS (feed_keys); i++)
        if (chat_config_is_changed (config, "feeds", feed_keys[i]))
          return chat_config_refuse (config, "feeds", feed_keys[i], error,
                                     "means nothing without broker = true in [feeds]");
      return TRUE;
    }
  if (kind_of (config) == FOR_LOG)
    return chat_config_refuse (config, "feeds", "broker", error,
                               "with [broker] kind = log there is nothing that desktops could read themselves: only "
                               "kafka and rabbitmq can be offered to them");
  feed = chat_server_broker_read_feed (config, error);
  return feed != NULL;
}

gboolean
chat_server_broker_check (ChatConfig *config, GError **error)
{
  g_autoptr (ChatBrokerOptions) options = NULL;
  g_autoptr (ChatDialect) dialect = NULL;

  if (!check_uses (config, error) || !check_built (config, error))
    return FALSE;
  dialect = chat_server_broker_read_dialect (config, error);
  if (dialect == NULL)
    return FALSE;
  if (kind_of (config) != FOR_LOG)
    {
      options = chat_server_broker_read (config, error);
      if (options == NULL)
        return FALSE;
    }
  return check_feed (config, error);
}
