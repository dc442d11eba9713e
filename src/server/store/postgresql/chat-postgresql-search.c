/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What finds records by their words: the table “search”. */
#include "core/chat-time.h"
#include "server/store/postgresql/chat-postgresql-words.h"
#include "server/store/postgresql/chat-postgresql.h"

void
chat_postgresql_index_words (ChatSql *database, const ChatSqlRecord *record, const char *text)
{
  g_autoptr (GString) words = g_string_new (NULL);

  chat_postgresql_append_words (words, record, text);
  chat_sql_run (database, "INSERT INTO search VALUES (?1, ?2::tsvector)", "xs", record->number, words->str);
}

void
chat_postgresql_unindex_words (ChatSql *database, const ChatSqlRecord *record, const char *text)
{
  chat_sql_run (database, "DELETE FROM search WHERE number = ?1", "x", record->number);
}

#define FOUND "SELECT " CHAT_SQL_RECORD ", name FROM "
#define IN_RANGE                                                                                                       \
  "m.number BETWEEN ?1 AND ?2 AND (?3 IS NULL OR m.timestamp >= ?3) AND (?4 IS NULL OR m.timestamp < ?4) "             \
  "ORDER BY m.number DESC LIMIT ?5"

ChatSqlQuery *
chat_postgresql_search (ChatSql *database, const ChatSqlSearch *search)
{
  ChatSqlValue values[] = {
    { 'x', FALSE, NULL, search->low },
    { 'x', FALSE, NULL, search->high },
    { 'x', search->since == CHAT_TIME_UNKNOWN, NULL, search->since },
    { 'x', search->until == CHAT_TIME_UNKNOWN, NULL, search->until },
    { 'x', FALSE, NULL, (gint64)search->limit + 1 },
    { 's', FALSE, NULL, 0 },
  };

  chat_postgresql_append_match (search->expression, search);
  values[5].text = search->expression->str;
  /* planned anew for each: a rare word is looked up, for a common one the newest records are read until there are
   * enough
   */
  if (search->expression->len > 0)
    return chat_postgresql_ask ((ChatPostgresql *)database,
                                FOUND CHAT_SQL_RECORDS "JOIN search w ON w.number = m.number "
                                                       "JOIN channels ON channels.number = m.channel "
                                                       "WHERE w.words @@ ?6::tsquery AND " IN_RANGE,
                                values, G_N_ELEMENTS (values));
  return chat_postgresql_ask ((ChatPostgresql *)database,
                              FOUND CHAT_SQL_RECORDS "JOIN channels ON channels.number = m.channel "
                                                     "WHERE m.said = 1 AND " IN_RANGE,
                              values, G_N_ELEMENTS (values) - 1);
}
