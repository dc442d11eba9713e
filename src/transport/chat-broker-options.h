/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum
{
  CHAT_BROKER_KAFKA,
  CHAT_BROKER_RABBITMQ,
} ChatBrokerKind;

/* How one says who one is (SASL). */
typedef enum
{
  CHAT_BROKER_ANONYMOUS, /* Kafka only */
  CHAT_BROKER_PLAIN,
  CHAT_BROKER_SCRAM_SHA_256, /* Kafka only (RFC 7677) */
  CHAT_BROKER_SCRAM_SHA_512, /* Kafka only */
  CHAT_BROKER_EXTERNAL,      /* RabbitMQ only: who the client certificate says */
} ChatBrokerMechanism;

/**
 * ChatBrokerOptions:
 *
 * A broker that is reached over the network, and what is wanted of it: made from the service's configuration, from what
 * the service offers its desktops, or from what somebody types. A plain value; every string is owned by it.
 */
typedef struct
{
  ChatBrokerKind kind;
  char **addresses; /* "host:port": Kafka's bootstrap servers, or RabbitMQ nodes that are tried in turn; never empty */
  char *virtual_host; /* RabbitMQ */
  char *prefix;       /* in front of every topic, exchange, queue and group: "" or such as "site1." */

  gboolean tls;
  char *ca_file;          /* (nullable): PEM: whom to trust; NULL: whom the system trusts */
  char *certificate_file; /* (nullable): PEM: the client's own, with `key_file` */
  char *key_file;
  ChatBrokerMechanism mechanism;
  char *user;     /* (nullable) */
  char *password; /* (nullable) */

  /* What a service declares where it is missing. A desktop declares nothing. */
  gboolean declare;
  guint shards;           /* partitions, or queues of a topic; see chat_broker_options_get_shards() */
  guint replication;      /* Kafka: replicas of a partition; RabbitMQ: members of a quorum queue or stream */
  guint min_insync;       /* Kafka: replicas that must have a record before it is confirmed */
  gint64 retention_ms;    /* 0: for ever */
  gint64 retention_bytes; /* of each shard; 0: no limit */

  char *slot;   /* (nullable): for groups: stable over restarts of one process, unique among all that run: whoever takes
                 * it over ends what the one before left undone (Kafka: part of `transactional.id`). NULL: a random one */
  char *stream; /* (nullable): RabbitMQ: the stream that readers read; NULL: the exchange's name with ".log" */
  guint budget_us; /* most time of one dispatch in the main loop */
} ChatBrokerOptions;

/** chat_broker_options_new: one address on this machine at the kind's standard port (9092, 5672), nothing else. */
ChatBrokerOptions *chat_broker_options_new (ChatBrokerKind kind);
ChatBrokerOptions *chat_broker_options_copy (const ChatBrokerOptions *self);
void chat_broker_options_free (ChatBrokerOptions *self);

/** chat_broker_options_get_shards: of @topic, one of CHAT_TOPIC_…: what is read as one whole has one. */
guint chat_broker_options_get_shards (const ChatBrokerOptions *self, const char *topic);

/** chat_broker_options_dup_name: (transfer full): @topic as the broker knows it, with the prefix. */
char *chat_broker_options_dup_name (const ChatBrokerOptions *self, const char *topic);
/** chat_broker_options_strip: (nullable): @name without the prefix, within @name; NULL where it has another. */
const char *chat_broker_options_strip (const ChatBrokerOptions *self, const char *name);

/** chat_broker_options_dup_title: (transfer full): for people: "Kafka at kafka1:9092", without user or password. */
char *chat_broker_options_dup_title (const ChatBrokerOptions *self);

/**
 * chat_broker_options_parse:
 * @text: `host:port,host:port`, also with kafka:// in front: Kafka; `amqp://user:password@host:port/vhost`, `amqps://…`
 * (the AMQP URI specification of RabbitMQ; several hosts with commas): RabbitMQ. A missing port is the standard one.
 *
 * Returns: (transfer full) (nullable): or NULL with CHAT_CORE_ERROR_INVALID, which says what is wrong and never repeats
 * a password
 */
ChatBrokerOptions *chat_broker_options_parse (const char *text, GError **error);

/** chat_broker_options_check: whether what it says fits together (a mechanism of this broker, a key to each
 * certificate, a user to a password, valid addresses). @error: CHAT_CORE_ERROR_INVALID. */
gboolean chat_broker_options_check (const ChatBrokerOptions *self, GError **error);

/* The names of mechanisms and kinds, as configuration and JSON have them: "none", "plain", "scram-sha-256",
 * "scram-sha-512", "external"; "kafka", "rabbitmq". FALSE where there is none of that name. */
const char *chat_broker_mechanism_to_string (ChatBrokerMechanism mechanism);
gboolean chat_broker_mechanism_from_string (const char *name, ChatBrokerMechanism *mechanism);
const char *chat_broker_kind_to_string (ChatBrokerKind kind);
gboolean chat_broker_kind_from_string (const char *name, ChatBrokerKind *kind);

/** chat_broker_options_to_json: (transfer full): what a desktop needs to know of it: kind, addresses, virtual_host,
 * prefix, tls, mechanism, user, password; files are left out. */
JsonObject *chat_broker_options_to_json (const ChatBrokerOptions *self);
/** chat_broker_options_from_json: (transfer full) (nullable): checked; unknown members are left alone. */
ChatBrokerOptions *chat_broker_options_from_json (JsonObject *object, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatBrokerOptions, chat_broker_options_free)

G_END_DECLS
