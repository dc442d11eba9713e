/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sqlite/chat-sqlite.h"

G_BEGIN_DECLS

/*
 * The schema is a row of numbered scripts, `migrations/NNN-….sql`, kept as resources; a database's user_version says up
 * to which it has come. A script that was released is never changed: what is to be different is a script of its own.
 */

/** chat_sqlite_recognise: fails with TOO_NEW where a later version wrote the database, with CONFLICT where it is
 * another program's. Only reads. */
gboolean chat_sqlite_recognise (ChatSql *database, GError **error);

/** chat_sqlite_migrate: runs the scripts that are still to come, each in a transaction of its own. */
gboolean chat_sqlite_migrate (ChatSql *database, GError **error);

/** chat_sqlite_backfill: does for all records that are there what storing them does now. */
void chat_sqlite_backfill (ChatSql *database);

G_END_DECLS
