/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sqlite/chat-sqlite.h"

G_BEGIN_DECLS

/** chat_sqlite_append: stores @messages (element-type ChatMessage), with all that follows from them. Returns: (transfer
 * full) (element-type ChatAppendResult) */
GArray *chat_sqlite_append (ChatSqlite *database, GPtrArray *messages);

G_END_DECLS
