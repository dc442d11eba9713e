/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sql/chat-sql.h"

G_BEGIN_DECLS

/** chat_sql_append: stores @messages (element-type ChatMessage), with all that follows from them. Returns: (transfer
 * full) (element-type ChatAppendResult) */
GArray *chat_sql_append (ChatSql *database, GPtrArray *messages);

G_END_DECLS
