/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "server/store/sqlite/chat-sqlite-migrations.h"

#define CHUNK 5000 /* records whose words are put in at once */

/* One record, as the migrations before this one had it. */
static void
fill_in (ChatSql *database, ChatSqlRecord *record, const char *text, gint64 clock)
{
  g_autoptr (ChatMessage) message = chat_message_decode (text, strlen (text), NULL);
  const char *user;
  gboolean said;

  if (message == NULL)
    {
      chat_sql_run (database, "UPDATE messages SET timestamp = ?2 WHERE number = ?1", "xx", record->number, clock);
      return;
    }
  user = chat_message_get_author (message) != NULL ? chat_message_get_author (message) : "";
  record->message = message;
  record->author_key = chat_sql_get_key (database, user);
  record->author = chat_sql_author (database, record->author_key, user);
  said = chat_message_get_kind (message) == CHAT_KIND_MESSAGE || chat_message_get_kind (message) == CHAT_KIND_NOTICE;
  chat_sql_run (database, "UPDATE messages SET author = ?2, timestamp = ?3, said = ?4 WHERE number = ?1", "xxxb",
                record->number, record->author, chat_message_get_timestamp (message), said);
  chat_sql_apply (database, record);
}

/* the first record after this number; whether there is one */
static gboolean
read_next (ChatSql *database, gint64 after, ChatSqlRecord *record, char **text, gint64 *clock)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database,
                        "SELECT m.number, m.channel, kind = 0, seq, m.clock, record FROM messages m "
                        "JOIN channels ON channels.number = m.channel WHERE m.number > ?1 ORDER BY m.number LIMIT 1",
                        "x", after);

  if (!chat_sql_next (database, query))
    return FALSE;
  chat_sql_read (query, "xxbxxs", &record->number, &record->channel, &record->public, &record->seq, clock, text);
  return TRUE;
}

void
chat_sqlite_backfill (ChatSql *database)
{
  gint64 after = 0;
  guint count = 0;

  for (;;)
    {
      ChatSqlRecord record = { 0 };
      g_autofree char *text = NULL;
      gint64 clock;

      if (!read_next (database, after, &record, &text, &clock))
        break;
      fill_in (database, &record, text, clock);
      after = record.number;
      if (++count % CHUNK == 0)
        chat_sqlite_catch_up ((ChatSqlite *)database);
    }
  chat_sql_run (database,
                "INSERT INTO hours SELECT timestamp / ?1, min (number), max (number) FROM messages GROUP BY 1", "x",
                CHAT_SQL_HOUR);
}
