/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What edits, deletions and reactions do to what they are about. */
#include "server/store/sql/chat-sql-record.h"

#include <string.h>

#include "core/chat-message-codec.h"
#include "core/chat-message-digest.h"
#include "core/chat-time.h"
#include "moderation/chat-emoji.h"

/** Stored: a record that was stored before, with its place. */
typedef struct
{
  ChatSqlRecord place;
  guint said; /* as the table has it */
  ChatMessage *message;
  char *author_key;
  char *text; /* that holds now */
} Stored;

#define SELECT_STORED                                                                                                  \
  "SELECT m.number, m.channel, kind = 0, m.seq, m.author, user_key, m.said, m.record, e.record "                       \
  "FROM messages m JOIN channels ON channels.number = m.channel JOIN authors ON authors.number = m.author "            \
  "LEFT JOIN states s ON s.message = m.number LEFT JOIN messages e ON e.number = s.edit "

static void
stored_clear (Stored *self)
{
  g_clear_pointer (&self->message, chat_message_unref);
  g_clear_pointer (&self->author_key, g_free);
  g_clear_pointer (&self->text, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stored, stored_clear)

/* whether there is one that this version can read */
static gboolean
read_stored (ChatSql *database, ChatSqlQuery *query, Stored *stored)
{
  g_autofree char *record = NULL, *edit = NULL;
  g_autoptr (ChatMessage) edited = NULL;

  if (!chat_sql_next (database, query))
    return FALSE;
  chat_sql_read (query, "xxbxxsusm", &stored->place.number, &stored->place.channel, &stored->place.public,
                 &stored->place.seq, &stored->place.author, &stored->author_key, &stored->said, &record, &edit);
  stored->message = chat_message_decode (record, strlen (record), NULL);
  if (stored->message == NULL)
    return FALSE;
  if (edit != NULL)
    edited = chat_message_decode (edit, strlen (edit), NULL);
  stored->text = g_strdup (chat_message_get_data (edited != NULL ? edited : stored->message));
  stored->place.author_key = stored->author_key;
  stored->place.message = stored->message;
  return TRUE;
}

static gboolean
find_by_id (ChatSql *database, const char *id, Stored *stored)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (database, SELECT_STORED "WHERE m.id = ?1", "s", id);

  return read_stored (database, query, stored);
}

static gboolean
find_by_number (ChatSql *database, gint64 number, Stored *stored)
{
  g_autoptr (ChatSqlQuery) query = chat_sql_query (database, SELECT_STORED "WHERE m.number = ?1", "x", number);

  return read_stored (database, query, stored);
}

/* Scrubbing */

/* the record without what somebody wrote in it */
static ChatMessage *
message_without_text (const ChatMessage *message, gint64 deleted)
{
  ChatMessage *bare = chat_message_new (chat_message_get_kind (message));
  ChatMessageState *state = chat_message_state_new ();

  chat_message_set_id (bare, chat_message_get_id (message));
  chat_message_set_channel (bare, chat_message_get_channel (message));
  chat_message_set_author (bare, chat_message_get_author (message));
  chat_message_set_timestamp (bare, chat_message_get_timestamp (message));
  chat_message_set_sent (bare, chat_message_get_sent (message));
  chat_message_set_target (bare, chat_message_get_target (message));
  chat_message_set_reply_to (bare, chat_message_get_reply_to (message));
  chat_message_set_bot (bare, chat_message_get_bot (message));
  chat_message_set_moderator (bare, chat_message_get_moderator (message));
  chat_message_set_data (bare, "");
  /* a record without its text is one that was deleted: else nobody could decode it */
  state->deleted = deleted;
  chat_message_take_state (bare, state);
  return bare;
}

static void
scrub (ChatSql *database, gint64 number, const ChatMessage *message, gint64 deleted)
{
  g_autofree char *digest = chat_sql_dup_digest (message);
  g_autoptr (ChatMessage) bare = message_without_text (message, deleted);
  g_autoptr (GString) record = g_string_new (NULL);

  chat_message_encode_append (bare, record);
  if (chat_sql_run (database, "INSERT INTO digests VALUES (?1, ?2) ON CONFLICT DO NOTHING", "xs", number, digest) > 0)
    chat_sql_run (database, "UPDATE messages SET record = ?2 WHERE number = ?1", "xs", number, record->str);
}

static void
scrub_edits (ChatSql *database, gint64 message, gint64 deleted)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, "SELECT number FROM edits WHERE message = ?1", "x", message);

  while (chat_sql_next (database, query))
    {
      g_auto (Stored) edit = { 0 };
      gint64 number;

      chat_sql_read (query, "x", &number);
      if (find_by_number (database, number, &edit))
        scrub (database, number, edit.message, deleted);
    }
}

/* What each kind does */

static gboolean
may_change (const ChatSqlRecord *record, const Stored *target)
{
  return (record->author != 0 && record->author == target->place.author)
         || chat_message_get_moderator (record->message);
}

static void
touch (ChatSql *database, gint64 message, gint64 seq)
{
  chat_sql_run (database,
                "INSERT INTO states (message, seq) VALUES (?1, ?2) "
                "ON CONFLICT (message) DO UPDATE SET seq = " CHAT_SQL_GREATER ("states.seq", "excluded.seq"),
                "xx", message, seq);
}

static void
react (ChatSql *database, const ChatSqlRecord *record, const Stored *target)
{
  const char *emoji = chat_message_get_data (record->message);

  if (record->author == 0 || emoji == NULL || strlen (emoji) > CHAT_EMOJI_MAX_BYTES)
    return;
  if (chat_sql_run (database, "INSERT INTO reactions VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING", "xxsx",
                    target->place.number, record->author, emoji, record->number)
      > 0)
    touch (database, target->place.number, record->seq);
}

static void
edit (ChatSql *database, const ChatSqlRecord *record, const Stored *target)
{
  const char *text = chat_message_get_data (record->message);
  gint64 time = chat_message_get_timestamp (record->message);

  chat_sql_run (database, "INSERT INTO edits VALUES (?1, ?2)", "xx", target->place.number, record->number);
  if (!may_change (record, target))
    return;
  touch (database, target->place.number, record->seq);
  chat_sql_run (database, "UPDATE states SET edit = ?2, edited = ?3 WHERE message = ?1", "xxx", target->place.number,
                record->number, time);
  chat_sql_unindex_text (database, &target->place, target->text);
  chat_sql_index_text (database, &target->place, text);
}

static void
delete_message (ChatSql *database, const ChatSqlRecord *record, const Stored *target)
{
  gint64 time = chat_message_get_timestamp (record->message);
  const char *by = record->author != target->place.author ? chat_message_get_author (record->message) : NULL;

  if (!may_change (record, target))
    return;
  touch (database, target->place.number, record->seq);
  chat_sql_unindex_text (database, &target->place, target->text);
  chat_sql_run (database, "UPDATE states SET edit = NULL, deleted = ?2, deleted_by = ?3 WHERE message = ?1", "xxs",
                target->place.number, time, by);
  chat_sql_run (database, "DELETE FROM reactions WHERE message = ?1", "x", target->place.number);
  chat_sql_run (database, "UPDATE messages SET said = 2 WHERE number = ?1", "x", target->place.number);
  scrub (database, target->place.number, target->message, time);
  scrub_edits (database, target->place.number, time);
}

/* One that waits for its message still, and one that has it. */
static void
delete_reaction (ChatSql *database, const ChatSqlRecord *record, const Stored *target)
{
  g_autoptr (ChatSqlQuery) query = NULL;
  gint64 message;

  if (!may_change (record, target))
    return;
  chat_sql_run (database, "DELETE FROM pending WHERE number = ?1", "x", target->place.number);
  query = chat_sql_query (database, "DELETE FROM reactions WHERE number = ?1 RETURNING message", "x",
                          target->place.number);
  if (chat_sql_next (database, query))
    {
      chat_sql_read (query, "x", &message);
      touch (database, message, record->seq);
    }
}

static void
apply_to (ChatSql *database, const ChatSqlRecord *record, const Stored *target)
{
  ChatMessageKind kind = chat_message_get_kind (record->message);

  if (record->channel != target->place.channel)
    return;
  if (target->said == 1 && kind == CHAT_KIND_REACTION)
    react (database, record, target);
  else if (target->said == 1 && kind == CHAT_KIND_EDIT)
    edit (database, record, target);
  else if (target->said == 1 && kind == CHAT_KIND_DELETE)
    delete_message (database, record, target);
  else if (target->said == 2 && kind == CHAT_KIND_EDIT)
    scrub (database, record->number, record->message, chat_message_get_timestamp (record->message));
  else if (chat_message_get_kind (target->message) == CHAT_KIND_REACTION && kind == CHAT_KIND_DELETE)
    delete_reaction (database, record, target);
}

/* What came before @record and is about it. Each may change what the next one finds: the target is looked up anew. */
static void
apply_pending (ChatSql *database, const ChatSqlRecord *record)
{
  const char *id = chat_message_get_id (record->message);
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, "SELECT number FROM pending WHERE target = ?1 ORDER BY number", "s", id);

  while (chat_sql_next (database, query))
    {
      gint64 number;

      chat_sql_read (query, "x", &number);
      g_array_append_val (numbers, number);
    }
  if (numbers->len == 0)
    return;
  g_clear_pointer (&query, chat_sql_query_end);
  chat_sql_run (database, "DELETE FROM pending WHERE target = ?1", "s", id);
  for (guint i = 0; i < numbers->len; i++)
    {
      g_auto (Stored) early = { 0 };
      g_auto (Stored) target = { 0 };

      if (find_by_number (database, g_array_index (numbers, gint64, i), &early) && find_by_id (database, id, &target))
        apply_to (database, &early.place, &target);
    }
}

static void
apply_to_target (ChatSql *database, const ChatSqlRecord *record)
{
  const char *id = chat_message_get_target (record->message);
  g_auto (Stored) target = { 0 };

  if (id == NULL)
    return;
  if (find_by_id (database, id, &target))
    apply_to (database, record, &target);
  else
    chat_sql_run (database, "INSERT INTO pending VALUES (?1, ?2)", "sx", id, record->number);
}

void
chat_sql_apply (ChatSql *database, const ChatSqlRecord *record)
{
  switch (chat_message_get_kind (record->message))
    {
    case CHAT_KIND_MESSAGE:
    case CHAT_KIND_NOTICE:
      chat_sql_index_text (database, record, chat_message_get_data (record->message));
      apply_pending (database, record);
      break;
    case CHAT_KIND_EDIT:
    case CHAT_KIND_DELETE:
      apply_to_target (database, record);
      break;
    case CHAT_KIND_REACTION:
      apply_to_target (database, record);
      apply_pending (database, record);
      break;
    case CHAT_KIND_TOPIC:
      chat_sql_run (database, "UPDATE channels SET topic = nullif (?2, '') WHERE number = ?1", "xs", record->channel,
                    chat_message_get_data (record->message));
      break;
    case CHAT_KIND_ATTRIBUTE:
    case CHAT_KIND_JOIN:
    case CHAT_KIND_LEAVE:
    case CHAT_KIND_READ:
    case CHAT_KIND_WARNING:
    case CHAT_KIND_BLOCK:
    case CHAT_KIND_UNBLOCK:
    case CHAT_KIND_REFUSED:
    case CHAT_KIND_RECEIPT:
    case CHAT_KIND_RULES:
    case CHAT_KIND_CONTROL:
    case CHAT_KIND_UNKNOWN:
    default:
      break;
    }
}

char *
chat_sql_dup_digest (const ChatMessage *message)
{
  guint8 digest[CHAT_MESSAGE_DIGEST_BYTES];
  GString *hex = g_string_sized_new (2 * sizeof digest);

  chat_message_digest (message, digest);
  for (guint i = 0; i < sizeof digest; i++)
    g_string_append_printf (hex, "%02x", digest[i]);
  return g_string_free (hex, FALSE);
}
