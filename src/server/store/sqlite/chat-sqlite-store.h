/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/chat-store.h"

G_BEGIN_DECLS

#define CHAT_TYPE_SQLITE_STORE (chat_sqlite_store_get_type ())
G_DECLARE_FINAL_TYPE (ChatSqliteStore, chat_sqlite_store, CHAT, SQLITE_STORE, GObject)

/** chat_sqlite_store_new: @path: the database file; made when missing. One writing connection and one for reading, each
 * behind a ChatWorker, in WAL mode. */
ChatStore *chat_sqlite_store_new (const char *path);

G_END_DECLS
