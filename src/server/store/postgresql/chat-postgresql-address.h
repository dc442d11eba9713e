/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <libpq-fe.h>

#include "server/store/postgresql/chat-postgresql-fault.h"

G_BEGIN_DECLS

/** ChatPostgresqlAddress: where a database is and who we are there. Never changes; for any thread. */
typedef struct _ChatPostgresqlAddress ChatPostgresqlAddress;

/**
 * chat_postgresql_address_new:
 * @uri: postgresql://USER:PASSWORD@HOST:PORT/DATABASE?… or "host=… dbname=…"
 *   (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING); one that is none fails when it is used
 * @password_file: (nullable): a file whose first line is the password; read whenever it connects
 */
ChatPostgresqlAddress *chat_postgresql_address_new (const char *uri, const char *password_file);
ChatPostgresqlAddress *chat_postgresql_address_ref (ChatPostgresqlAddress *self);
void chat_postgresql_address_unref (ChatPostgresqlAddress *self);

/** chat_postgresql_address_get_name: for messages: without the password. */
const char *chat_postgresql_address_get_name (ChatPostgresqlAddress *self);

/**
 * chat_postgresql_address_connect:
 * @stop: (nullable): ends the attempt
 *
 * Blocks, at most CHAT_POSTGRESQL_CONNECT_MS an address of the host.
 *
 * Returns: (transfer full) (nullable): NULL with @error and what can be done about it in @remedy
 */
PGconn *chat_postgresql_address_connect (ChatPostgresqlAddress *self, GCancellable *stop, ChatPostgresqlRemedy *remedy,
                                         GError **error);

#define CHAT_POSTGRESQL_CONNECT_MS 10000

/** chat_postgresql_wait: until @handle's socket can be read, or written where @write. FALSE: the deadline (monotonic
 * time; G_MAXINT64: none) passed, or @stop was cancelled. */
gboolean chat_postgresql_wait (PGconn *handle, gboolean write, gint64 deadline, GCancellable *stop);

G_END_DECLS
