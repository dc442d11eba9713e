/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sqlite/chat-sqlite.h"

G_BEGIN_DECLS

/** chat_sqlite_search: @terms: (nullable) (element-type ChatSearchTerm): of search->text. (transfer full) */
ChatSearchPage *chat_sqlite_search (ChatSqlite *database, const ChatSearch *search, GPtrArray *terms);

G_END_DECLS
