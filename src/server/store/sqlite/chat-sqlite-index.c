/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What finds the words of a text. */
#include "server/store/chat-search-text.h"
#include "server/store/sqlite/chat-sqlite.h"

static void
change_words (ChatSqlite *database, const ChatSqlRecord *record, const char *text, const char *sql)
{
  g_autofree char *split = text != NULL ? chat_search_split (text) : NULL;
  g_autoptr (GString) filter = g_string_new (record->public ? CHAT_SQL_FILTER "p" : "");

  g_string_append_printf (filter, " " CHAT_SQL_FILTER "c%" G_GINT64_FORMAT, record->channel);
  if (record->author != 0)
    g_string_append_printf (filter, " " CHAT_SQL_FILTER "a%" G_GINT64_FORMAT, record->author);
  chat_sqlite_run_late (database, sql, record->number, split != NULL ? split : text, filter->str);
}

void
chat_sqlite_index_words (ChatSql *database, const ChatSqlRecord *record, const char *text)
{
  change_words ((ChatSqlite *)database, record, text, "INSERT INTO search (rowid, text, filter) VALUES (?1, ?2, ?3)");
}

void
chat_sqlite_unindex_words (ChatSql *database, const ChatSqlRecord *record, const char *text)
{
  change_words ((ChatSqlite *)database, record, text,
                "INSERT INTO search (search, rowid, text, filter) VALUES ('delete', ?1, ?2, ?3)");
}
