/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sqlite/chat-sqlite-record.h"

#include <string.h>

#include "core/chat-message-codec.h"
#include "core/chat-time.h"

#define MAX_SEQ (G_GINT64_CONSTANT (1) << 53) /* what the codec lets through */

gint64
chat_sqlite_check_seq (ChatSqlite *database, gint64 seq)
{
  if (seq >= 0 && seq <= MAX_SEQ)
    return seq;
  chat_sqlite_fail_damaged (database, "a seq is out of range");
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
read_reactions (ChatSqlite *database, gint64 number, GPtrArray *reactions)
{
  g_autoptr (ChatSqliteQuery) query
      = chat_sqlite_query (database,
                           "SELECT id, user, emoji FROM reactions JOIN messages ON messages.number = reactions.number "
                           "JOIN authors ON authors.number = reactions.author WHERE message = ?1 "
                           "ORDER BY reactions.message, reactions.number",
                           "x", number);

  while (chat_sqlite_next (database, query))
    {
      g_autofree char *id = NULL, *user = NULL, *emoji = NULL;

      chat_sqlite_read (query, "sss", &id, &user, &emoji);
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
chat_sqlite_read_record (ChatSqlite *database, ChatSqliteQuery *query, const char *channel)
{
  g_autofree char *id = NULL, *record = NULL, *edit = NULL, *deleted_by = NULL;
  gint64 seq, clock, number, edited, deleted, state_seq;
  gboolean has_state;
  ChatMessage *message;
  ChatMessageState *state;

  chat_sqlite_read (query, "xsxsmbxttmx", &seq, &id, &clock, &record, &edit, &has_state, &number, &edited, &deleted,
                    &deleted_by, &state_seq);
  message = decode_record (record, id, channel, chat_sqlite_check_seq (database, seq), clock);
  if (!has_state)
    return message;

  if (edit != NULL && deleted == CHAT_TIME_UNKNOWN)
    take_edit (message, edit);
  state = chat_message_state_new ();
  state->edited = edited;
  state->deleted = deleted;
  state->deleted_by = g_steal_pointer (&deleted_by);
  state->seq = chat_sqlite_check_seq (database, state_seq);
  read_reactions (database, number, state->reactions);
  chat_message_take_state (message, state);
  return message;
}

gint64
chat_sqlite_author (ChatSqlite *database, const char *user_key, const char *user)
{
  g_autoptr (ChatSqliteQuery) query = NULL;
  gint64 number = 0;

  if (*user_key == '\0')
    return 0;
  query = chat_sqlite_query (database, "SELECT number FROM authors WHERE user_key = ?1", "s", user_key);
  if (chat_sqlite_next (database, query))
    chat_sqlite_read (query, "x", &number);
  else if (chat_sqlite_run (database, "INSERT INTO authors (user_key, user) VALUES (?1, ?2)", "ss", user_key, user) > 0)
    number = chat_sqlite_last_number (database);
  return number;
}

void
chat_sqlite_extend_hour (ChatSqlite *database, gint64 hour, gint64 first, gint64 last)
{
  chat_sqlite_run (database,
                   "INSERT INTO hours VALUES (?1, ?2, ?3) ON CONFLICT (hour) DO UPDATE SET "
                   "first = min (first, excluded.first), last = max (last, excluded.last)",
                   "xxx", hour, first, last);
}
