/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-search.h"

#include "core/chat-time.h"
#include "server/store/sql/chat-sql-driver.h"

static ChatSearchPage *
page_new (void)
{
  ChatSearchPage *page = g_new0 (ChatSearchPage, 1);

  page->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  return page;
}

/* Who and where */

/* the private conversations of which he is a member, beside the public channels */
static void
find_channels (ChatSql *database, const char *reader, GArray *channels)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (database,
                                                   "SELECT channel FROM members JOIN channels ON number = channel "
                                                   "WHERE user_key = ?1 AND kind = 1",
                                                   "s", reader);

  while (chat_sql_next (database, query))
    {
      gint64 channel;

      chat_sql_read (query, "x", &channel);
      g_array_append_val (channels, channel);
    }
}

/* 0 where there is no such channel, or the reader may not know of it */
static gint64
find_channel (ChatSql *database, const ChatSearch *search)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database,
                        "SELECT number FROM channels WHERE name = ?1 AND (?2 IS NULL OR kind = 0 OR EXISTS "
                        "(SELECT 1 FROM members WHERE members.channel = channels.number AND user_key = ?2))",
                        "ss", search->channel, search->reader);
  gint64 number = 0;

  if (chat_sql_next (database, query))
    chat_sql_read (query, "x", &number);
  return number;
}

static gint64
find_author (ChatSql *database, const char *author)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, "SELECT number FROM authors WHERE user_key = ?1 AND number > 0", "s", author);
  gint64 number = 0;

  if (chat_sql_next (database, query))
    chat_sql_read (query, "x", &number);
  return number;
}

/* FALSE where nothing can be found */
static gboolean
look_up (ChatSql *database, const ChatSearch *search, ChatSqlSearch *found)
{
  if (search->author != NULL && (found->author = find_author (database, search->author)) == 0)
    return FALSE;
  if (search->channel != NULL)
    return (found->channel = find_channel (database, search)) != 0;
  found->restricted = search->reader != NULL;
  if (found->restricted)
    find_channels (database, search->reader, found->channels);
  return TRUE;
}

/* Times: timestamps may be out of order, but an hour's records lie between two numbers */

static gint64
ask_hours (ChatSql *database, const char *sql, gint64 time, gint64 otherwise)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (database, sql, "x", time / CHAT_SQL_HOUR);
  gint64 number = otherwise;

  if (chat_sql_next (database, query))
    chat_sql_read (query, "t", &number);
  return number == CHAT_TIME_UNKNOWN ? otherwise : number;
}

static void
find_range (ChatSql *database, const ChatSearch *search, ChatSqlSearch *found)
{
  found->low = 1;
  found->high = G_MAXINT64;
  if (search->since != CHAT_TIME_UNKNOWN)
    found->low = ask_hours (database, "SELECT min (first) FROM hours WHERE hour >= ?1", search->since, G_MAXINT64);
  if (search->until != CHAT_TIME_UNKNOWN)
    found->high = ask_hours (database, "SELECT max (last) FROM hours WHERE hour <= ?1", search->until, 0);
  if (search->before > 0)
    found->high = MIN (found->high, search->before - 1);
}

/* Answers */

static void
read_page (ChatSql *database, ChatSqlQuery *query, guint limit, ChatSearchPage *page)
{
  gint64 number = 0;

  while (chat_sql_next (database, query))
    {
      g_autofree char *channel = NULL;

      if (page->messages->len == limit)
        {
          page->next = number;
          return;
        }
      chat_sql_read_from (query, CHAT_SQL_RECORD_NUMBER, "x", &number);
      chat_sql_read_from (query, CHAT_SQL_RECORD_COLUMNS, "s", &channel);
      g_ptr_array_add (page->messages, chat_sql_read_record (database, query, channel));
    }
}

ChatSearchPage *
chat_sql_search (ChatSql *database, const ChatSearch *search, GPtrArray *terms)
{
  ChatSearchPage *page = page_new ();
  g_autoptr (GArray) channels = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GString) expression = g_string_new (NULL);
  ChatSqlSearch found = { .terms = terms,
                          .channels = channels,
                          .since = search->since,
                          .until = search->until,
                          .limit = search->limit,
                          .expression = expression };

  if (!look_up (database, search, &found))
    return page;
  find_range (database, search, &found);
  if (found.low <= found.high && !chat_sql_has_failed (database))
    {
      g_autoptr (ChatSqlQuery) query = database->driver->search (database, &found);

      read_page (database, query, search->limit, page);
    }
  return page;
}
