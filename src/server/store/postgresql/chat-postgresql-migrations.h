/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/postgresql/chat-postgresql.h"

G_BEGIN_DECLS

/**
 * chat_postgresql_migrate:
 *
 * The schema is a row of numbered scripts, `migrations/NNN-….sql`, kept as resources; the table tertulia_schema says up
 * to which it has come. Runs those that are still to come, in one transaction; several processes may do so at once: one
 * does it, the others wait. A script that was released is never changed: what is to be different is a script of its
 * own.
 *
 * Fails with TOO_NEW where a later version made the schema, with CONFLICT where the tables are another program's.
 */
void chat_postgresql_migrate (ChatPostgresql *self);

G_END_DECLS
