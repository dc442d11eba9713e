/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sql/chat-sql.h"

G_BEGIN_DECLS

/** ChatSqlTally: messages that are counted together, before they are added to the counters. */
typedef struct _ChatSqlTally ChatSqlTally;

ChatSqlTally *chat_sql_tally_new (void);
void chat_sql_tally_free (ChatSqlTally *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatSqlTally, chat_sql_tally_free)

/** chat_sql_tally_add: one message. @channel, @author: their numbers; @timestamp: ms. */
void chat_sql_tally_add (ChatSqlTally *self, gint64 timestamp, gint64 channel, gint64 author);
/** chat_sql_tally_save: adds them to the counters. */
void chat_sql_tally_save (ChatSqlTally *self, ChatSql *database);

/** chat_sql_count_strike: adds a strike that was just recorded to the counters. */
void chat_sql_count_strike (ChatSql *database, const ChatStrike *strike);

G_END_DECLS
