/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/sqlite/chat-sqlite.h"

G_BEGIN_DECLS

/** ChatSqliteTally: messages that are counted together, before they are added to the counters. */
typedef struct _ChatSqliteTally ChatSqliteTally;

ChatSqliteTally *chat_sqlite_tally_new (void);
void chat_sqlite_tally_free (ChatSqliteTally *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatSqliteTally, chat_sqlite_tally_free)

/** chat_sqlite_tally_add: one message. @channel, @author: their numbers; @timestamp: ms. */
void chat_sqlite_tally_add (ChatSqliteTally *self, gint64 timestamp, gint64 channel, gint64 author);
/** chat_sqlite_tally_save: adds them to the counters. */
void chat_sqlite_tally_save (ChatSqliteTally *self, ChatSqlite *database);

/** chat_sqlite_count_strike: adds a strike that was just recorded to the counters. */
void chat_sqlite_count_strike (ChatSqlite *database, const ChatStrike *strike);

G_END_DECLS
