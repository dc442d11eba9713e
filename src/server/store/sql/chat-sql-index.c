/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is found by the words of a text, and by the names in it. */
#include "server/store/chat-mentions.h"
#include "server/store/sql/chat-sql-driver.h"

/* Nobody mentions himself. */
static void
change_mentions (ChatSql *database, const ChatSqlRecord *record, const char *text, const char *sql)
{
  g_autoptr (GPtrArray) keys = chat_mentions_find (text);

  for (guint i = 0; keys != NULL && i < keys->len; i++)
    if (!g_str_equal (keys->pdata[i], record->author_key))
      chat_sql_run (database, sql, "sxx", (const char *)keys->pdata[i], record->channel, record->seq);
}

void
chat_sql_index_text (ChatSql *database, const ChatSqlRecord *record, const char *text)
{
  if (!chat_sql_has_failed (database))
    database->driver->index_words (database, record, text);
  chat_sql_index_mentions (database, record, text);
}

void
chat_sql_index_mentions (ChatSql *database, const ChatSqlRecord *record, const char *text)
{
  change_mentions (database, record, text, "INSERT INTO mentions VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING");
}

void
chat_sql_unindex_text (ChatSql *database, const ChatSqlRecord *record, const char *text)
{
  if (!chat_sql_has_failed (database))
    database->driver->unindex_words (database, record, text);
  change_mentions (database, record, text, "DELETE FROM mentions WHERE user_key = ?1 AND channel = ?2 AND seq = ?3");
}
