/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sql/chat-sql-store.h"

G_BEGIN_DECLS

/**
 * ChatSqliteStore:
 *
 * The store in one SQLite file. One writing connection and one for reading, each behind a ChatWorker, in WAL mode with
 * synchronous=FULL: a call that returned is on the disk. Several processes of one machine may share the file.
 *
 * What is made is private: the file 0600, missing directories 0700. A file that is there keeps its mode. A file that
 * is damaged, another program's or a later version's is refused and stays as it is.
 *
 * Construct properties: `path`, the file; `busy-timeout`, how long a call waits for another process's lock until it is
 * BUSY, in milliseconds (2,000). All calls come from one main context.
 */
#define CHAT_TYPE_SQLITE_STORE (chat_sqlite_store_get_type ())
G_DECLARE_FINAL_TYPE (ChatSqliteStore, chat_sqlite_store, CHAT, SQLITE_STORE, ChatSqlStore)

/** chat_sqlite_store_new: @path: the database file; made when missing. */
ChatStore *chat_sqlite_store_new (const char *path);

G_END_DECLS
