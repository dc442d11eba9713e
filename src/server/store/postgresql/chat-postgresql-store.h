/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sql/chat-sql-store.h"

G_BEGIN_DECLS

/**
 * ChatPostgresqlStore:
 *
 * The store in a database of PostgreSQL 15 or later, which any number of processes share. One connection writes, the
 * others read; those that are lost come back by themselves, and meanwhile every call fails at once with BUSY. A server
 * that refuses us (password, database, certificate, rights) makes open fail with REFUSED, and says why; later it is
 * BUSY, and asked again every few seconds.
 *
 * The tables are in the first schema of the search_path, which a uri can name:
 * "?options=-csearch_path%3Dtertulia".
 *
 * Construct properties: `uri`, for which see chat_postgresql_address_new(); `password-file`; `connections`, from 2 on
 * (4); `timeout`, how long a statement may take until it is BUSY, and twice that until a server that is silent is taken
 * for lost, ms (20,000); `tells`, whether other processes are told of appends (chat_store_watch_async()), which costs
 * the database a little with each (TRUE). All calls come from one main context.
 */
#define CHAT_TYPE_POSTGRESQL_STORE (chat_postgresql_store_get_type ())
G_DECLARE_FINAL_TYPE (ChatPostgresqlStore, chat_postgresql_store, CHAT, POSTGRESQL_STORE, ChatSqlStore)

#define CHAT_POSTGRESQL_CONNECTIONS 4

/** chat_postgresql_store_new: @password_file: (nullable). */
ChatStore *chat_postgresql_store_new (const char *uri, const char *password_file, guint connections, gboolean tells);

G_END_DECLS
