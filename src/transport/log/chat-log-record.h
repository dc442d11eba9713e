/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sqlite3.h>

#include "transport/chat-record.h"

G_BEGIN_DECLS

/* How a record lies in a row. */

/** chat_log_record_get_shard: of @shards, by the record's key (FNV-1a, the same for ever); 0 without a key. */
guint chat_log_record_get_shard (const ChatRecord *record, guint shards);

/** chat_log_record_bind: time, key, headers, payload from parameter @first on. @record outlives the step. */
void chat_log_record_bind (const ChatRecord *record, sqlite3_stmt *statement, int first, gint64 time_ms);

/** chat_log_record_read: (transfer full): from the columns place, time, key, headers, payload. */
ChatRecord *chat_log_record_read (sqlite3_stmt *row, const char *topic, gint shard);

G_END_DECLS
