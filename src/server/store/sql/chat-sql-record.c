/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-record.h"

#include <string.h>

#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "server/store/sql/chat-sql-driver.h"

#define MAX_SEQ (G_GINT64_CONSTANT (1) << 53) /* what the codec lets through */

gint64
chat_sql_check_seq (ChatSql *database, gint64 seq)
{
  if (seq >= 0 && seq <= MAX_SEQ)
    return seq;
  chat_sql_fail_damaged (database, "a seq is out of range");
  return 0;
}

static ChatMessage *
decode_record (const char *record, const char *id, const char *channel, gint64 seq, gint64 clock)
{
  ChatMessage *message = chat_message_decode (record, strlen (record), NULL);

  /* what this version can't read must not keep anybody from the messages around it */
  if (message == NULL)
    {
      message = chat_message_new (CHAT_KIND_UNKNOWN);
      chat_message_set_id (message, id);
      chat_message_set_channel (message, channel);
      chat_message_set_timestamp (message, clock);
    }
  chat_message_set_seq (message, seq);
  /* what the table says of it holds, not what it says itself */
  chat_message_take_state (message, NULL);
  return message;
}

static void
read_reactions (ChatSql *database, gint64 number, GPtrArray *reactions)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database,
                        "SELECT id, \"user\", emoji FROM reactions JOIN messages ON messages.number = reactions.number "
                        "JOIN authors ON authors.number = reactions.author WHERE message = ?1 "
                        "ORDER BY reactions.message, reactions.number",
                        "x", number);

  while (chat_sql_next (database, query))
    {
      g_autofree char *id = NULL, *user = NULL, *emoji = NULL;

      chat_sql_read (query, "sss", &id, &user, &emoji);
      g_ptr_array_add (reactions, chat_reaction_new (id, user, emoji));
    }
}

/* the text that an edit gave it */
static void
take_edit (ChatMessage *message, const char *edit)
{
  g_autoptr (ChatMessage) last = chat_message_decode (edit, strlen (edit), NULL);
  const ChatModerationNote *note = last != NULL ? chat_message_get_moderation (last) : NULL;

  if (last == NULL)
    return;
  chat_message_set_data (message, chat_message_get_data (last));
  chat_message_take_moderation (message, note != NULL ? chat_moderation_note_copy (note) : NULL);
}

ChatMessage *
chat_sql_read_record (ChatSql *database, ChatSqlQuery *query, const char *channel)
{
  g_autofree char *id = NULL, *record = NULL, *edit = NULL, *deleted_by = NULL;
  gint64 seq, clock, number, edited, deleted, state_seq;
  gboolean has_state;
  ChatMessage *message;
  ChatMessageState *state;

  chat_sql_read (query, "xsxsmbxttmx", &seq, &id, &clock, &record, &edit, &has_state, &number, &edited, &deleted,
                 &deleted_by, &state_seq);
  message = decode_record (record, id, channel, chat_sql_check_seq (database, seq), clock);
  if (!has_state)
    return message;

  if (edit != NULL && deleted == CHAT_TIME_UNKNOWN)
    take_edit (message, edit);
  state = chat_message_state_new ();
  state->edited = edited;
  state->deleted = deleted;
  state->deleted_by = g_steal_pointer (&deleted_by);
  state->seq = chat_sql_check_seq (database, state_seq);
  read_reactions (database, number, state->reactions);
  chat_message_take_state (message, state);
  return message;
}

static gint64
find_author (ChatSql *database, const char *user_key)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, "SELECT number FROM authors WHERE user_key = ?1", "s", user_key);
  gint64 number = 0;

  if (chat_sql_next (database, query))
    chat_sql_read (query, "x", &number);
  return number;
}

/* 0 where another was quicker */
static gint64
add_author (ChatSql *database, const char *user_key, const char *user)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (database,
                                                   "INSERT INTO authors (user_key, \"user\") VALUES (?1, ?2) "
                                                   "ON CONFLICT (user_key) DO NOTHING RETURNING number",
                                                   "ss", user_key, user);
  gint64 number = 0;

  if (chat_sql_next (database, query))
    chat_sql_read (query, "x", &number);
  return number;
}

gint64
chat_sql_author (ChatSql *database, const char *user_key, const char *user)
{
  const gint64 *known;
  gint64 number;

  if (*user_key == '\0')
    return 0;
  known = chat_lru_get (database->authors, user_key);
  if (known != NULL)
    return *known;
  number = find_author (database, user_key);
  if (number == 0)
    number = add_author (database, user_key, user);
  if (number == 0)
    number = find_author (database, user_key);
  if (number != 0)
    chat_lru_put (database->authors, user_key, g_memdup2 (&number, sizeof number));
  return number;
}

void
chat_sql_extend_hour (ChatSql *database, gint64 hour, gint64 first, gint64 last)
{
  if (database->hour_last > 0 && database->hour == hour && first >= database->hour_first && last <= database->hour_last)
    return;
  last += database->driver->hour_slack;
  chat_sql_post (database,
                 "INSERT INTO hours VALUES (?1, ?2, ?3) ON CONFLICT (hour) DO UPDATE SET "
                 "first = " CHAT_SQL_LESSER ("hours.first",
                                             "excluded.first") ", "
                                                               "last = " CHAT_SQL_GREATER ("hours.last",
                                                                                           "excluded.last"),
                 "xxx", hour, first, last);
  database->hour = hour;
  database->hour_first = first;
  database->hour_last = last;
}
