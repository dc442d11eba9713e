/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-config.h"

#include <string.h>

#include "config.h"
#include "core/chat-core-error.h"
#include "core/chat-language.h"
#include "core/chat-names.h"
#include "moderation/chat-rules.h"

#include "server/chat-server-broker.h"
#include "server/chat-server-limits.h"

/* A guess of so many characters does not come right. */
#define METRICS_TOKEN_MIN 16
#define KIB 1024
#define MIB (1024 * KIB)
#define GIB (1024LL * MIB)
#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const char *const roles[] = { "api", "moderator", "archiver", "bots", NULL };
static const char *const brokers[] = { "log", "kafka", "rabbitmq", NULL };
static const char *const mechanisms[] = { "none", "plain", "scram-sha-256", "scram-sha-512", "external", NULL };
static const char *const stores[] = { "sqlite", "postgresql", NULL };
static const char *const metrics_access[] = { "off", "loopback", "token", NULL };
static const char *const writes[] = { "topic", "direct", NULL };
static const char *const notifies[] = { "broker", "store", NULL };
static const char *const modes[] = { "open", "password", NULL };
static const char *const registrations[] = { "open", "invitation", "closed", NULL };
static const char *const levels[] = { "error", "warning", "info", "debug", NULL };

static const ChatConfigKey keys[] = {
  { "server", "name", CHAT_CONFIG_STRING, "Tertulia", 0, 0, NULL, "What the workspace is called, for people." },
  { "server", "address", CHAT_CONFIG_STRING, "127.0.0.1", 0, 0, NULL,
    "The address to listen on: 127.0.0.1 for this machine alone, 0.0.0.0 for all of IPv4, :: for all." },
  { "server", "port", CHAT_CONFIG_INT, "7446", 0, 65535, NULL, "The port; 0 takes any free one." },
  { "server", "data_directory", CHAT_CONFIG_PATH, "/var/lib/tertulia", 0, 0, NULL,
    "Where its files are: broker, store, signing key. Made when missing, for its own user only." },
  { "server", "roles", CHAT_CONFIG_LIST, "api;moderator;archiver;bots", 0, 0, roles,
    "What this process does. With the log broker, or the SQLite store, it must do everything." },
  { "server", "signing_key", CHAT_CONFIG_PATH, NULL, 0, 0, NULL,
    "The file with the signing key, 32 bytes or 64 hexadecimal digits: the same for all processes of the service; else "
    "signing.key in the data directory, made when missing." },
  { "server", "proxies", CHAT_CONFIG_LIST, NULL, 0, 0, NULL,
    "Numeric addresses of reverse proxies in front of it: what they say in X-Forwarded-For is believed." },
  { "server", "log_level", CHAT_CONFIG_CHOICE, "info", 0, 0, levels, "How much is written to standard error." },

  { "broker", "kind", CHAT_CONFIG_CHOICE, "log", 0, 0, brokers,
    "The broker; log: in this process, in one file; else one that the site runs." },
  { "broker", "path", CHAT_CONFIG_PATH, NULL, 0, 0, NULL, "log: its file; else broker.db in the data directory." },
  { "broker", "addresses", CHAT_CONFIG_LIST, NULL, 0, 0, NULL,
    "kafka, rabbitmq: where it is, as HOST:PORT; of several any that answers will do." },
  { "broker", "virtual_host", CHAT_CONFIG_STRING, "/", 0, 0, NULL, "rabbitmq: the virtual host." },
  { "broker", "prefix", CHAT_CONFIG_STRING, NULL, 0, 0, NULL,
    "kafka, rabbitmq: what stands in front of the names of topics, exchanges, queues and groups, such as site1." },
  { "broker", "tls", CHAT_CONFIG_BOOLEAN, "false", 0, 0, NULL,
    "kafka, rabbitmq: whether the connection is encrypted, and the broker has to prove who it is." },
  { "broker", "ca_file", CHAT_CONFIG_PATH, NULL, 0, 0, NULL,
    "With tls: whose certificates are trusted (PEM); else those that the system trusts." },
  { "broker", "certificate_file", CHAT_CONFIG_PATH, NULL, 0, 0, NULL,
    "With tls: a certificate of its own (PEM), where the broker wants one." },
  { "broker", "key_file", CHAT_CONFIG_PATH, NULL, 0, 0, NULL, "And that certificate's key (PEM)." },
  { "broker", "mechanism", CHAT_CONFIG_CHOICE, NULL, 0, 0, mechanisms,
    "How the broker is told who comes (SASL); else none for kafka and plain for rabbitmq. external: by the "
    "certificate, rabbitmq only; scram: kafka only." },
  { "broker", "user", CHAT_CONFIG_STRING, NULL, 0, 0, NULL,
    "Who comes. It has to read and write everything of the service, and nobody else may read any of its topics but "
    "chat_controlled and chat_warnings." },
  { "broker", "password", CHAT_CONFIG_STRING, NULL, 0, 0, NULL, "The user's password." },
  { "broker", "password_file", CHAT_CONFIG_PATH, NULL, 0, 0, NULL, "Or the file that has it, and nothing else." },
  { "broker", "declare", CHAT_CONFIG_BOOLEAN, "true", 0, 0, NULL,
    "kafka, rabbitmq: whether topics, exchanges and queues that are missing are made." },
  { "broker", "dialect", CHAT_CONFIG_PATH, NULL, 0, 0, NULL,
    "kafka, rabbitmq: the file that says how other programs write what they publish to chat (a sample to copy: "
    "sample.conf.example); else it is Tertulia's own record, or plain text." },
  { "broker", "shards", CHAT_CONFIG_INT, "1", 1, 64, NULL,
    "In how many parts a topic is when it is made (partitions, queues): so many moderators and archivers can share the "
    "work." },
  { "broker", "replication", CHAT_CONFIG_INT, "1", 1, 99, NULL,
    "kafka, rabbitmq: on how many nodes each part is kept when it is made." },
  { "broker", "min_insync", CHAT_CONFIG_INT, "1", 1, 99, NULL,
    "kafka: on how many of these it has to be before it is accepted." },
  { "broker", "retention_age", CHAT_CONFIG_DURATION, "7d", 0, 3650 * DAY, NULL,
    "What is older goes (log: when all roles have read it too); 0s keeps everything." },
  { "broker", "retention_size", CHAT_CONFIG_SIZE, "1GiB", 0, 1024 * GIB, NULL,
    "Of each topic (kafka, rabbitmq: of each of its parts), what is beyond this size goes (log: when all roles have "
    "read it too); 0 keeps everything." },
  { "broker", "slot", CHAT_CONFIG_STRING, NULL, 0, 0, NULL,
    "kafka, rabbitmq: what tells this process from the others, the same after a restart; else from the names of the "
    "host and the data directory." },
  { "broker", "stream", CHAT_CONFIG_STRING, NULL, 0, 0, NULL,
    "rabbitmq: the stream that readers read; else the exchange's name with .log behind it." },

  { "feeds", "broker", CHAT_CONFIG_BOOLEAN, "false", 0, 0, NULL,
    "kafka, rabbitmq: whether desktops may read public channels from the broker itself." },
  { "feeds", "addresses", CHAT_CONFIG_LIST, NULL, 0, 0, NULL,
    "Where desktops reach it; else at the addresses of the broker." },
  { "feeds", "tls", CHAT_CONFIG_BOOLEAN, NULL, 0, 0, NULL, "Whether they encrypt the connection; else as the server." },
  { "feeds", "ca_file", CHAT_CONFIG_PATH, NULL, 0, 0, NULL,
    "With tls: whose certificates they trust (PEM); else those that the server trusts." },
  { "feeds", "mechanism", CHAT_CONFIG_CHOICE, NULL, 0, 0, mechanisms,
    "How they say who they are; else as the server." },
  { "feeds", "user", CHAT_CONFIG_STRING, NULL, 0, 0, NULL,
    "Who they are, one user for all of them: another than the server's, who may only read chat_controlled and "
    "chat_warnings." },
  { "feeds", "password", CHAT_CONFIG_STRING, NULL, 0, 0, NULL, "That user's password: every member is told." },
  { "feeds", "password_file", CHAT_CONFIG_PATH, NULL, 0, 0, NULL, "Or the file that has it, and nothing else." },

  { "store", "kind", CHAT_CONFIG_CHOICE, "sqlite", 0, 0, stores,
    "The database that keeps the history; postgresql: one that several processes share." },
  { "store", "path", CHAT_CONFIG_PATH, NULL, 0, 0, NULL, "sqlite: its file; else store.db in the data directory." },
  { "store", "uri", CHAT_CONFIG_STRING, NULL, 0, 0, NULL,
    "postgresql: where the database is and who comes, such as postgresql://tertulia@db.example.org/tertulia, or "
    "host=/run/postgresql dbname=tertulia; with ?sslmode=verify-full&sslrootcert=FILE the connection is encrypted, and "
    "the server has to prove who it is. The tables are made when they are missing." },
  { "store", "password_file", CHAT_CONFIG_PATH, NULL, 0, 0, NULL,
    "postgresql: the file with the password, and nothing else, where it does not stand in the uri." },
  { "store", "connections", CHAT_CONFIG_INT, "4", 2, 100, NULL,
    "postgresql: connections of each process: one that writes, the others read." },
  { "store", "write", CHAT_CONFIG_CHOICE, "topic", 0, 0, writes,
    "What accepts a message; topic: the broker, from where it gets to the store; direct: the store, from where it gets "
    "to the broker: so it is accepted too while the broker is away." },

  { "moderation", "lists", CHAT_CONFIG_PATH, NULL, 0, 0, NULL,
    "The directory with the word lists; else those that come with the program." },
  { "moderation", "language", CHAT_CONFIG_STRING, NULL, 0, 0, NULL,
    "Whose lists apply in channels that name no language, such as es or es,en; else the lists of all." },
  { "moderation", "limit", CHAT_CONFIG_INT, "3", 1, 1000, NULL, "Strikes until a user is blocked." },
  { "moderation", "originals_retention", CHAT_CONFIG_DURATION, "90d", 0, 3650 * DAY, NULL,
    "How long the texts of masked messages are kept, for appeals and rehearsals; 0s keeps them for ever." },
  { "moderation", "blocked_may_read", CHAT_CONFIG_BOOLEAN, "true", 0, 0, NULL,
    "Whether who is blocked may still read messages." },

  { "sessions", "mode", CHAT_CONFIG_CHOICE, "open", 0, 0, modes,
    "Who gets in; open: whoever names a name that is free, or shows the password of one with an account; password: who "
    "has an account, of which the first is made by: tertulia-server account create NAME --role admin" },
  { "sessions", "registration", CHAT_CONFIG_CHOICE, "open", 0, 0, registrations,
    "Who may make an account: anybody (open), who has an invitation from an admin (invitation), or admins alone "
    "(closed)." },
  { "sessions", "per_user", CHAT_CONFIG_INT, "10", 0, 1000, NULL,
    "Sessions that an account may have at once; one more ends the oldest. 0: as many as come." },
  { "sessions", "lease", CHAT_CONFIG_DURATION, "30s", SECOND, DAY, NULL,
    "How long a name is held after its owner was last heard of." },
  { "sessions", "expiry", CHAT_CONFIG_DURATION, "30d", MINUTE, 3650 * DAY, NULL, "How long a session lasts in all." },

  { "sessions", "password_passes", CHAT_CONFIG_INT, "2", 1, 100, NULL,
    "What checking a password costs (Argon2id): passes over its memory. Who signs in next is hashed anew." },
  { "sessions", "password_memory", CHAT_CONFIG_SIZE, "64MiB", 8 * MIB, 4 * GIB, NULL,
    "And the memory that it takes, in every one of the threads." },
  { "sessions", "password_threads", CHAT_CONFIG_INT, "2", 1, 64, NULL, "How many passwords are checked at once." },
  { "sessions", "password_queue", CHAT_CONFIG_INT, "64", 1, 10000, NULL,
    "How many may wait for that; whoever comes then is told to try again." },

  { "live", "backlog", CHAT_CONFIG_SIZE, "4MiB", 64 * KIB, GIB, NULL,
    "What may wait for one live connection before it is dropped as too slow." },

  { "live", "notify", CHAT_CONFIG_CHOICE, "broker", 0, 0, notifies,
    "Where live connections have new messages from; broker: as soon as they are moderated; store: when they are "
    "stored. The same for every process: only with store do archivers tell of what they stored." },

  { "limits", "connections", CHAT_CONFIG_INT, "4096", 1, 100000, NULL,
    "Most connections at once. At the limit, those that have been idle for longest make room." },
  { "limits", "connections_per_address", CHAT_CONFIG_INT, "1024", 0, 100000, NULL,
    "Most connections at once of one address, but for the proxies; 0: no limit of its own." },
  { "limits", "head_size", CHAT_CONFIG_SIZE, "16KiB", KIB, 64 * KIB, NULL,
    "The largest request line with its headers." },
  { "limits", "body_size", CHAT_CONFIG_SIZE, "128KiB", KIB, 64 * MIB, NULL, "The largest body of a request." },
  { "limits", "request_timeout", CHAT_CONFIG_DURATION, "15s", SECOND, HOUR, NULL,
    "How long a request may take to arrive as a whole." },
  { "limits", "answer_timeout", CHAT_CONFIG_DURATION, "30s", SECOND, HOUR, NULL,
    "How long store and broker may take to answer a request; then it is answered with 503." },
  { "limits", "read_timeout", CHAT_CONFIG_DURATION, "30s", SECOND, HOUR, NULL,
    "How long a client may take to read an answer, or 64 KiB of a long one." },
  { "limits", "idle_timeout", CHAT_CONFIG_DURATION, "75s", SECOND, DAY, NULL,
    "How long a connection may be idle between two requests." },
  { "limits", "rates", CHAT_CONFIG_BOOLEAN, "true", 0, 0, NULL,
    "Whether the rates below are held: so many at once, then so many in each s, min or h; 0: as many as come. Each "
    "process counts for itself." },
  { "limits", "sign_in_per_name", CHAT_CONFIG_STRING, "20 then 10/min", 0, 0, NULL,
    "Attempts to sign in under one name, but for those from where somebody has got in under it." },
  { "limits", "sign_in_per_address", CHAT_CONFIG_STRING, "60 then 30/min", 0, 0, NULL,
    "Attempts to sign in from one address, and wrong tokens." },
  { "limits", "post_per_user", CHAT_CONFIG_STRING, "300 then 20/s", 0, 0, NULL,
    "Messages, and other small changes, of one user." },
  { "limits", "post_per_address", CHAT_CONFIG_STRING, "3000 then 500/s", 0, 0, NULL, "The same from one address." },
  { "limits", "create_per_user", CHAT_CONFIG_STRING, "30 then 10/min", 0, 0, NULL,
    "Channels, conversations and whatever else stays, made by one user." },
  { "limits", "create_per_address", CHAT_CONFIG_STRING, "300 then 100/min", 0, 0, NULL, "The same from one address." },
  { "limits", "read_per_user", CHAT_CONFIG_STRING, "1000 then 100/s", 0, 0, NULL, "Reads of one user." },
  { "limits", "read_per_address", CHAT_CONFIG_STRING, "10000 then 1000/s", 0, 0, NULL, "The same from one address." },
  { "limits", "search_per_user", CHAT_CONFIG_STRING, "30 then 2/s", 0, 0, NULL,
    "Searches, exports and whatever else costs the store, of one user." },
  { "limits", "search_per_address", CHAT_CONFIG_STRING, "300 then 20/s", 0, 0, NULL, "The same from one address." },

  { "metrics", "access", CHAT_CONFIG_CHOICE, "loopback", 0, 0, metrics_access,
    "Who may see GET /metrics; loopback: whoever is on this machine and comes through no proxy." },
  { "metrics", "token", CHAT_CONFIG_STRING, NULL, 0, 0, NULL,
    "With access = token: what to send as \"Authorization: Bearer TOKEN\"; 16 characters or more." },

  { "channels", "initial", CHAT_CONFIG_LIST, "general", 0, 0, NULL, "Channels that are made when they are missing." },
  { "channels", "topic", CHAT_CONFIG_STRING, NULL, 0, 0, NULL, "The topic that they are made with." },
  { "channels", "language", CHAT_CONFIG_STRING, NULL, 0, 0, NULL,
    "The language that they are made with, such as es or es,en: it decides which word lists apply." },

  { "bots", "eco", CHAT_CONFIG_BOOLEAN, "true", 0, 0, NULL,
    "Whether the bot eco is there, which repeats what it is told." },
  { "bots", "ayuda", CHAT_CONFIG_BOOLEAN, "true", 0, 0, NULL,
    "Whether the bot ayuda is there, which says how things are done here." },
  { 0 },
};

ChatConfig *
chat_server_config_new (void)
{
  return chat_config_new (keys);
}

gboolean
chat_server_config_has_role (ChatConfig *config, const char *role)
{
  const char *const *list = chat_config_get_list (config, "server", "roles");

  return list != NULL && g_strv_contains (list, role);
}

/* What is in one process keeps all the roles there. */
static gboolean
check_roles (ChatConfig *config, GError **error)
{
  const char *broker = chat_config_get_string (config, "broker", "kind");
  const char *store = chat_config_get_string (config, "store", "kind");
  const char *missing = NULL;

  for (guint i = 0; roles[i] != NULL && missing == NULL; i++)
    if (!chat_server_config_has_role (config, roles[i]))
      missing = roles[i];
  if (missing == NULL)
    return TRUE;
  if (g_str_equal (broker, "log"))
    return chat_config_refuse (
        config, "server", "roles", error,
        "\"%s\" is missing, but with [broker] kind = log one process must have all roles: the log "
        "is read by nobody else. Name all of them: api;moderator;archiver;bots",
        missing);
  if (g_str_equal (store, "sqlite"))
    return chat_config_refuse (
        config, "server", "roles", error,
        "\"%s\" is missing, but with [store] kind = sqlite one process must have all roles: the "
        "file is of one process alone. Name all of them, api;moderator;archiver;bots, or keep the "
        "history in PostgreSQL",
        missing);
  if (chat_config_get_string (config, "server", "signing_key") == NULL)
    return chat_config_refuse (config, "server", "roles", error,
                               "\"%s\" is in another process, which must have the same signing key: name its file in "
                               "[server] signing_key of both. One is made with: openssl rand -hex 32",
                               missing);
  return TRUE;
}

static gboolean
check_address (ChatConfig *config, GError **error)
{
  const char *address = chat_config_get_string (config, "server", "address");
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);

  if (inet != NULL)
    return TRUE;
  return chat_config_refuse (config, "server", "address", error,
                             "\"%s\" is not a numeric address: write it like 127.0.0.1, ::1 or 0.0.0.0", address);
}

/* For an error of a check that knows no place. */
static gboolean
name_place (ChatConfig *config, const char *group, const char *key, GError **error)
{
  g_autofree char *place = chat_config_dup_place (config, group, key);

  g_prefix_error_literal (error, place);
  return FALSE;
}

static gboolean
check_language (ChatConfig *config, const char *group, GError **error)
{
  const char *language = chat_config_get_string (config, group, "language");

  if (language == NULL || chat_languages_check (language, error))
    return TRUE;
  return name_place (config, group, "language", error);
}

static gboolean
check_channels (ChatConfig *config, GError **error)
{
  const char *const *names = chat_config_get_list (config, "channels", "initial");
  const char *topic = chat_config_get_string (config, "channels", "topic");

  for (; names != NULL && *names != NULL; names++)
    if (!chat_channel_name_check (*names, error))
      return name_place (config, "channels", "initial", error);
    else if (chat_channel_name_is_private (*names))
      return chat_config_refuse (config, "channels", "initial", error,
                                 "\"%s\" is the name of a private conversation: choose another", *names);
  if (topic == NULL || *topic == '\0' || chat_text_check (topic, error))
    return TRUE;
  return name_place (config, "channels", "topic", error);
}

static gboolean
check_sessions (ChatConfig *config, GError **error)
{
  if (chat_config_get_int (config, "sessions", "lease") <= chat_config_get_int (config, "sessions", "expiry"))
    return TRUE;
  return chat_config_refuse (config, "sessions", "lease", error,
                             "is longer than [sessions] expiry: a name can't be held longer than its session lasts");
}

static gboolean
check_proxies (ChatConfig *config, GError **error)
{
  const char *const *proxies = chat_config_get_list (config, "server", "proxies");

  for (; proxies != NULL && *proxies != NULL; proxies++)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (*proxies);

      if (address == NULL)
        return chat_config_refuse (config, "server", "proxies", error,
                                   "\"%s\" is not a numeric address: write it like 127.0.0.1 or ::1", *proxies);
    }
  return TRUE;
}

static gboolean
check_store (ChatConfig *config, GError **error)
{
  static const char *const of_postgresql[] = { "uri", "password_file", "connections" };
  const char *uri = chat_config_get_string (config, "store", "uri");
  gboolean sqlite = g_str_equal (chat_config_get_string (config, "store", "kind"), "sqlite");

  for (guint i = 0; i < G_N_ELEMENTS (of_postgresql); i++)
    if (sqlite && chat_config_is_changed (config, "store", of_postgresql[i]))
      return chat_config_refuse (config, "store", of_postgresql[i], error,
                                 "means nothing with kind = sqlite, only with postgresql: leave it out, or change the "
                                 "kind");
  if (!sqlite && chat_config_is_changed (config, "store", "path"))
    return chat_config_refuse (config, "store", "path", error,
                               "means nothing with kind = postgresql, only with sqlite: leave it out, or change the "
                               "kind");
  if (sqlite)
    return TRUE;
  if (!CHAT_HAVE_POSTGRESQL)
    return chat_config_refuse (config, "store", "kind", error,
                               "this program was built without PostgreSQL: build it with libpq, or keep sqlite");
  if (uri == NULL || *uri == '\0')
    return chat_config_refuse (config, "store", "kind", error,
                               "it needs a uri in [store], such as postgresql://tertulia@db.example.org/tertulia");
  return TRUE;
}

static gboolean
check_rates (ChatConfig *config, GError **error)
{
  ChatApiRates rates;

  return chat_server_limits_read_rates (config, &rates, error);
}

static gboolean
check_metrics (ChatConfig *config, GError **error)
{
  const char *token = chat_config_get_string (config, "metrics", "token");

  if (!g_str_equal (chat_config_get_string (config, "metrics", "access"), "token")
      || (token != NULL && strlen (token) >= METRICS_TOKEN_MIN && g_str_is_ascii (token)))
    return TRUE;
  return chat_config_refuse (config, "metrics", "token", error,
                             "with access = token it must be there, with %d ASCII characters or more",
                             METRICS_TOKEN_MIN);
}

gboolean
chat_server_config_check (ChatConfig *config, GError **error)
{
  return chat_server_broker_check (config, error) && check_roles (config, error) && check_address (config, error)
         && check_language (config, "moderation", error) && check_language (config, "channels", error)
         && check_channels (config, error) && check_sessions (config, error) && check_proxies (config, error)
         && check_store (config, error) && check_rates (config, error) && check_metrics (config, error);
}

char *
chat_server_config_dup_path (ChatConfig *config, const char *group, const char *name)
{
  const char *path = chat_config_get_string (config, group, "path");

  if (path != NULL)
    return g_strdup (path);
  return g_build_filename (chat_config_get_string (config, "server", "data_directory"), name, NULL);
}

static char *
dup_lists (ChatConfig *config)
{
  const char *lists = chat_config_get_string (config, "moderation", "lists");
  const char *data = g_getenv ("TERTULIA_DATA_DIR");

  if (lists != NULL)
    return g_strdup (lists);
  return g_build_filename (data != NULL && *data != '\0' ? data : CHAT_DATA_DIR, "moderation", NULL);
}

GBytes *
chat_server_config_read_lists (ChatConfig *config, GError **error)
{
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  g_autofree char *lists = dup_lists (config);

  if (chat_rules_builder_add_directory (builder, lists, error))
    {
      char *text = chat_rules_builder_to_text (builder);
      return g_bytes_new_take (text, strlen (text));
    }
  g_prefix_error (error, "The word lists can't be used: ");
  return NULL;
}
