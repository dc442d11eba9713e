/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-broker-options.h"

G_BEGIN_DECLS

/**
 * ChatTestBroker:
 *
 * A real Apache Kafka, RabbitMQ or PostgreSQL on free ports of the loopback address, in a temporary directory; nothing
 * of it outlives this process or, where it is shared, tests/run. It is started by tests/support/brokers/broker, which
 * can also be used by hand. A test says
 *
 *     g_autoptr (ChatTestBroker) kafka = chat_test_kafka_new (CHAT_TEST_BROKER_SHARED);
 *     if (kafka == NULL)
 *       return;
 *     g_autoptr (ChatBrokerOptions) options = chat_test_broker_dup_options (kafka, FALSE, CHAT_BROKER_ANONYMOUS);
 *
 * and links with chat_test_broker_dep. Whatever goes wrong ends the program with the reason.
 */
typedef struct _ChatTestBroker ChatTestBroker;

typedef enum
{
  CHAT_TEST_BROKER_SHARED = 0,       /* one for the whole run: leave it as it is, and use names that nobody else uses;
                                        with TERTULIA_TEST_CLUSTER three nodes of this program's own */
  CHAT_TEST_BROKER_PRIVATE = 1 << 0, /* to be broken */
  CHAT_TEST_BROKER_CLUSTER = 1 << 1, /* three nodes, private; not PostgreSQL */
  CHAT_TEST_BROKER_EXPIRED = 1 << 2, /* its certificate has expired; private */
  CHAT_TEST_BROKER_DURABLE = 1 << 3, /* PostgreSQL waits for the disk; private */
} ChatTestBrokerFlags;

/**
 * chat_test_kafka_new:
 *
 * Starts it, or finds the shared one, and waits until it serves: 8 s for the first, a cluster 20. Where something that
 * it needs is not installed the test is skipped with the reason, which REQUIRE=kafka,rabbitmq,postgresql makes a
 * failure of.
 *
 * Returns: (transfer full) (nullable): NULL where the test is skipped
 */
ChatTestBroker *chat_test_kafka_new (ChatTestBrokerFlags flags);
ChatTestBroker *chat_test_rabbitmq_new (ChatTestBrokerFlags flags);
ChatTestBroker *chat_test_postgresql_new (ChatTestBrokerFlags flags);
/** chat_test_broker_free: a private one ends. */
void chat_test_broker_free (ChatTestBroker *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatTestBroker, chat_test_broker_free)

/**
 * chat_test_broker_get:
 * @name: of all: `directory`; `user` and `password`, who may do all that the service does; `admin` and
 * `admin_password`; paths of PEM files: `ca`, `certificate` and `key` (of the client `chat`), `expired_certificate` and
 * `expired_key` (the same, expired), `other_ca` (which signed none of these). Kafka, as "host:port,…": `addresses` (no
 * TLS, no SASL: a superuser), `tls_addresses`, `mutual_tls_addresses` (with the client's certificate only),
 * `sasl_addresses`, `sasl_tls_addresses` (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512), `behind_addresses` and
 * `front_addresses` (as `addresses`, for a client that comes through a proxy: chat_test_proxy_new_at() with ports of
 * both: Kafka tells its clients where to connect to). RabbitMQ: `addresses`, `tls_addresses` (PLAIN, EXTERNAL),
 * `vhost`, `uri`. PostgreSQL: `host`, `port`, `database`, `uri` (of `user`, who may make databases), `admin_uri` (of a
 * superuser).
 *
 * Returns: (transfer none): fails where there is none of that name
 */
const char *chat_test_broker_get (ChatTestBroker *self, const char *name);

/** chat_test_broker_get_port: of the node @node (1, 2, 3) in one of these lists of addresses. */
guint16 chat_test_broker_get_port (ChatTestBroker *self, const char *addresses, guint node);

/**
 * chat_test_broker_dup_options:
 *
 * How Kafka or RabbitMQ is reached so, with a prefix that no other test has; it is declared what is missing, one
 * replica of it (of a cluster three, two in sync). CHAT_BROKER_ANONYMOUS is taken for CHAT_BROKER_PLAIN where it is
 * RabbitMQ.
 *
 * Returns: (transfer full)
 */
ChatBrokerOptions *chat_test_broker_dup_options (ChatTestBroker *self, gboolean tls, ChatBrokerMechanism mechanism);

/** chat_test_broker_dup_database: (transfer full): PostgreSQL: the address of an empty database of the test's own, as
 * "postgresql://user:password@host:port/name". */
char *chat_test_broker_dup_database (ChatTestBroker *self);

/* The nodes are 1, or 1, 2 and 3. The caller's main context runs meanwhile. */
/** chat_test_broker_kill: SIGKILL. */
void chat_test_broker_kill (ChatTestBroker *self, guint node);
/** chat_test_broker_stop: SIGTERM, and waits for its end. */
void chat_test_broker_stop (ChatTestBroker *self, guint node);
/** chat_test_broker_pause: SIGSTOP: what is connected stays so, and hears nothing. */
void chat_test_broker_pause (ChatTestBroker *self, guint node);
void chat_test_broker_resume (ChatTestBroker *self, guint node);
/** chat_test_broker_restart: on the same ports, with all that was stored; waits until it serves. */
void chat_test_broker_restart (ChatTestBroker *self, guint node);

/**
 * chat_test_broker_tell:
 * @first: what it can be asked besides, word by word. Kafka: `topics`, `groups`, `acls`, `configs`, `leaders` with the
 * arguments of Kafka's own command; RabbitMQ: `ctl` NODE with those of rabbitmqctl, `vhost` NAME; PostgreSQL: `sql`
 * DATABASE STATEMENT… as the superuser.
 *
 * Returns: (transfer full): what it answers
 */
char *chat_test_broker_tell (ChatTestBroker *self, const char *first, ...) G_GNUC_NULL_TERMINATED;

G_END_DECLS
