/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sqlite/chat-sqlite-search.h"

#include "core/chat-time.h"
#include "server/store/chat-search-text.h"
#include "server/store/sqlite/chat-sqlite-record.h"

/** Range: between which numbers what is looked for lies. */
typedef struct
{
  gint64 low, high;
} Range;

static ChatSearchPage *
page_new (void)
{
  ChatSearchPage *page = g_new0 (ChatSearchPage, 1);

  page->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  return page;
}

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
  g_string_append_printf (match, "filter : \"" CHAT_SQLITE_FILTER "%c%" G_GINT64_FORMAT "\"", what, number);
}

/* public channels and those of which he is a member */
static void
append_reader (ChatSqlite *database, GString *match, const char *reader)
{
  g_autoptr (ChatSqliteQuery) query
      = chat_sqlite_query (database,
                           "SELECT channel FROM members JOIN channels ON number = channel "
                           "WHERE user_key = ?1 AND kind = 1",
                           "s", reader);

  append_and (match);
  g_string_append (match, "filter : (\"" CHAT_SQLITE_FILTER "p\"");
  while (chat_sqlite_next (database, query))
    {
      gint64 channel;

      chat_sqlite_read (query, "x", &channel);
      g_string_append_printf (match, " OR \"" CHAT_SQLITE_FILTER "c%" G_GINT64_FORMAT "\"", channel);
    }
  g_string_append_c (match, ')');
}

/* FALSE where there is no such channel, or the reader may not know of it */
static gboolean
append_channel (ChatSqlite *database, GString *match, const ChatSearch *search)
{
  g_autoptr (ChatSqliteQuery) query
      = chat_sqlite_query (database,
                           "SELECT number FROM channels WHERE name = ?1 AND (?2 IS NULL OR kind = 0 OR EXISTS "
                           "(SELECT 1 FROM members WHERE channel = number AND user_key = ?2))",
                           "ss", search->channel, search->reader);
  gint64 number;

  if (!chat_sqlite_next (database, query))
    return FALSE;
  chat_sqlite_read (query, "x", &number);
  append_filter (match, 'c', number);
  return TRUE;
}

static gboolean
append_author (ChatSqlite *database, GString *match, const char *author)
{
  g_autoptr (ChatSqliteQuery) query
      = chat_sqlite_query (database, "SELECT number FROM authors WHERE user_key = ?1 AND number > 0", "s", author);
  gint64 number;

  if (!chat_sqlite_next (database, query))
    return FALSE;
  chat_sqlite_read (query, "x", &number);
  append_filter (match, 'a', number);
  return TRUE;
}

/* FALSE where nothing can be found; @match is empty where everything is asked for */
static gboolean
build_match (ChatSqlite *database, const ChatSearch *search, GPtrArray *terms, GString *match)
{
  if (terms != NULL)
    append_text (match, terms);
  if (search->author != NULL && !append_author (database, match, search->author))
    return FALSE;
  if (search->channel != NULL)
    return append_channel (database, match, search);
  if (search->reader != NULL)
    append_reader (database, match, search->reader);
  return TRUE;
}

/* Times: timestamps may be out of order, but an hour's records lie between two numbers */

static gint64
ask_hours (ChatSqlite *database, const char *sql, gint64 time, gint64 otherwise)
{
  g_autoptr (ChatSqliteQuery) query = chat_sqlite_query (database, sql, "x", time / CHAT_SQLITE_HOUR);
  gint64 number = otherwise;

  if (chat_sqlite_next (database, query))
    chat_sqlite_read (query, "t", &number);
  return number == CHAT_TIME_UNKNOWN ? otherwise : number;
}

static Range
find_range (ChatSqlite *database, const ChatSearch *search)
{
  Range range = { 1, G_MAXINT64 };

  if (search->since != CHAT_TIME_UNKNOWN)
    range.low = ask_hours (database, "SELECT min (first) FROM hours WHERE hour >= ?1", search->since, G_MAXINT64);
  if (search->until != CHAT_TIME_UNKNOWN)
    range.high = ask_hours (database, "SELECT max (last) FROM hours WHERE hour <= ?1", search->until, 0);
  if (search->before > 0)
    range.high = MIN (range.high, search->before - 1);
  return range;
}

/* Answers */

#define IN_TIME "AND (?4 IS NULL OR m.timestamp >= ?4) AND (?5 IS NULL OR m.timestamp < ?5) "

static ChatSqliteQuery *
ask (ChatSqlite *database, const ChatSearch *search, const char *match, const Range *range)
{
  /* CROSS: the words are looked up first, from the newest on */
  if (*match != '\0')
    return chat_sqlite_query (database,
                              "SELECT " CHAT_SQLITE_RECORD ", name FROM search CROSS JOIN " CHAT_SQLITE_RECORDS
                              "JOIN channels ON channels.number = m.channel WHERE m.number = search.rowid "
                              "AND search MATCH ?1 AND search.rowid BETWEEN ?2 AND ?3 " IN_TIME
                              "ORDER BY search.rowid DESC LIMIT ?6",
                              "sxxttx", match, range->low, range->high, search->since, search->until,
                              (gint64)search->limit + 1);
  return chat_sqlite_query (database,
                            "SELECT " CHAT_SQLITE_RECORD ", name FROM " CHAT_SQLITE_RECORDS
                            "JOIN channels ON channels.number = m.channel WHERE ?1 = '' AND m.said = 1 "
                            "AND m.number BETWEEN ?2 AND ?3 " IN_TIME "ORDER BY m.number DESC LIMIT ?6",
                            "sxxttx", match, range->low, range->high, search->since, search->until,
                            (gint64)search->limit + 1);
}

static void
read_page (ChatSqlite *database, ChatSqliteQuery *query, guint limit, ChatSearchPage *page)
{
  gint64 number = 0;

  while (chat_sqlite_next (database, query))
    {
      g_autofree char *channel = NULL;

      if (page->messages->len == limit)
        {
          page->next = number;
          return;
        }
      chat_sqlite_read_from (query, CHAT_SQLITE_RECORD_NUMBER, "x", &number);
      chat_sqlite_read_from (query, CHAT_SQLITE_RECORD_COLUMNS, "s", &channel);
      g_ptr_array_add (page->messages, chat_sqlite_read_record (database, query, channel));
    }
}

ChatSearchPage *
chat_sqlite_search (ChatSqlite *database, const ChatSearch *search, GPtrArray *terms)
{
  ChatSearchPage *page = page_new ();
  g_autoptr (GString) match = g_string_new (NULL);
  Range range;

  if (!build_match (database, search, terms, match))
    return page;
  range = find_range (database, search);
  if (range.low <= range.high)
    {
      g_autoptr (ChatSqliteQuery) query = ask (database, search, match->str, &range);

      read_page (database, query, search->limit, page);
    }
  return page;
}
