/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is found by the words of a text, and by the names in it. */
#include "server/store/chat-mentions.h"
#include "server/store/sqlite/chat-sqlite-record.h"

/* Nobody mentions himself. */
static void
change_mentions (ChatSqlite *database, const ChatSqliteRecord *record, const char *text, const char *sql)
{
  g_autoptr (GPtrArray) keys = chat_mentions_find (text);

  for (guint i = 0; keys != NULL && i < keys->len; i++)
    if (!g_str_equal (keys->pdata[i], record->author_key))
      chat_sqlite_run (database, sql, "sxx", (const char *)keys->pdata[i], record->channel, record->seq);
}

void
chat_sqlite_index_text (ChatSqlite *database, const ChatSqliteRecord *record, const char *text)
{
  change_mentions (database, record, text, "INSERT INTO mentions VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING");
}

void
chat_sqlite_unindex_text (ChatSqlite *database, const ChatSqliteRecord *record, const char *text)
{
  change_mentions (database, record, text, "DELETE FROM mentions WHERE user_key = ?1 AND channel = ?2 AND seq = ?3");
}
