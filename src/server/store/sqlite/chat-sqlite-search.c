/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-search-text.h"
#include "server/store/sqlite/chat-sqlite.h"

/* The expression for FTS5: words are quoted, so that none of them is one of its operators */

static void
append_and (GString *match)
{
  if (match->len > 0)
    g_string_append (match, " AND ");
}

static void
append_text (GString *match, GPtrArray *terms)
{
  g_string_append (match, "text : (");
  for (guint i = 0; i < terms->len; i++)
    {
      const ChatSearchTerm *term = g_ptr_array_index (terms, i);

      g_string_append (match, i > 0 ? " AND \"" : "\"");
      for (guint j = 0; j < term->words->len; j++)
        g_string_append_printf (match, "%s%s", j > 0 ? " " : "", (const char *)term->words->pdata[j]);
      g_string_append (match, term->prefix ? "\" *" : "\"");
    }
  g_string_append_c (match, ')');
}

static void
append_filter (GString *match, char what, gint64 number)
{
  append_and (match);
  g_string_append_printf (match, "filter : \"" CHAT_SQL_FILTER "%c%" G_GINT64_FORMAT "\"", what, number);
}

/* public channels and those of which the reader is a member */
static void
append_channels (GString *match, GArray *channels)
{
  append_and (match);
  g_string_append (match, "filter : (\"" CHAT_SQL_FILTER "p\"");
  for (guint i = 0; i < channels->len; i++)
    g_string_append_printf (match, " OR \"" CHAT_SQL_FILTER "c%" G_GINT64_FORMAT "\"",
                            g_array_index (channels, gint64, i));
  g_string_append_c (match, ')');
}

/* empty where everything is asked for */
static void
build_match (const ChatSqlSearch *search, GString *match)
{
  if (search->terms != NULL)
    append_text (match, search->terms);
  if (search->author != 0)
    append_filter (match, 'a', search->author);
  if (search->channel != 0)
    append_filter (match, 'c', search->channel);
  if (search->restricted)
    append_channels (match, search->channels);
}

#define IN_TIME "AND (?4 IS NULL OR m.timestamp >= ?4) AND (?5 IS NULL OR m.timestamp < ?5) "

ChatSqlQuery *
chat_sqlite_search (ChatSql *database, const ChatSqlSearch *search)
{
  GString *match = search->expression;

  build_match (search, match);
  /* CROSS: the words are looked up first, from the newest on */
  if (match->len > 0)
    return chat_sql_query (database,
                           "SELECT " CHAT_SQL_RECORD ", name FROM search CROSS JOIN " CHAT_SQL_RECORDS
                           "JOIN channels ON channels.number = m.channel WHERE m.number = search.rowid "
                           "AND search MATCH ?1 AND search.rowid BETWEEN ?2 AND ?3 " IN_TIME
                           "ORDER BY search.rowid DESC LIMIT ?6",
                           "sxxttx", match->str, search->low, search->high, search->since, search->until,
                           (gint64)search->limit + 1);
  return chat_sql_query (database,
                         "SELECT " CHAT_SQL_RECORD ", name FROM " CHAT_SQL_RECORDS
                         "JOIN channels ON channels.number = m.channel WHERE ?1 = '' AND m.said = 1 "
                         "AND m.number BETWEEN ?2 AND ?3 " IN_TIME "ORDER BY m.number DESC LIMIT ?6",
                         "sxxttx", match->str, search->low, search->high, search->since, search->until,
                         (gint64)search->limit + 1);
}
