/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is found by the words of a text, and by the names in it. */
#include "server/store/chat-mentions.h"
#include "server/store/chat-search-text.h"
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

static void
change_words (ChatSqlite *database, const ChatSqliteRecord *record, const char *text, const char *sql)
{
  g_autofree char *split = text != NULL ? chat_search_split (text) : NULL;
  g_autoptr (GString) filter = g_string_new (record->public ? CHAT_SQLITE_FILTER "p" : "");

  g_string_append_printf (filter, " " CHAT_SQLITE_FILTER "c%" G_GINT64_FORMAT, record->channel);
  if (record->author != 0)
    g_string_append_printf (filter, " " CHAT_SQLITE_FILTER "a%" G_GINT64_FORMAT, record->author);
  chat_sqlite_run_late (database, sql, record->number, split != NULL ? split : text, filter->str);
}

void
chat_sqlite_index_text (ChatSqlite *database, const ChatSqliteRecord *record, const char *text)
{
  change_words (database, record, text, "INSERT INTO search (rowid, text, filter) VALUES (?1, ?2, ?3)");
  change_mentions (database, record, text, "INSERT INTO mentions VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING");
}

void
chat_sqlite_unindex_text (ChatSqlite *database, const ChatSqliteRecord *record, const char *text)
{
  change_words (database, record, text,
                "INSERT INTO search (search, rowid, text, filter) VALUES ('delete', ?1, ?2, ?3)");
  change_mentions (database, record, text, "DELETE FROM mentions WHERE user_key = ?1 AND channel = ?2 AND seq = ?3");
}
