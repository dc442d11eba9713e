/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sqlite/chat-sqlite-append.h"

#include <string.h>

#include "core/chat-message-codec.h"
#include "core/chat-message-digest.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "server/store/sqlite/chat-sqlite-counters.h"
#include "server/store/sqlite/chat-sqlite-record.h"

/** Channel: one to which the call appends. */
typedef struct
{
  gint64 number;
  gboolean public;
  gint64 head;
  gint64 loaded; /* its head before the call */
  gint64 clock;
  gint64 active;
} Channel;

/** Author: somebody whose records the call appends. */
typedef struct
{
  gint64 number;
  char *key;
} Author;

typedef struct
{
  ChatSqlite *database;
  GHashTable *channels; /* name → Channel */
  GHashTable *authors;  /* name → Author */
  GString *record;
  ChatSqliteTally *tally;
  gint64 hour; /* of the records that were stored last, of which the numbers are these */
  gint64 first, last;
} Append;

static void
author_free (gpointer data)
{
  Author *author = data;

  g_free (author->key);
  g_free (author);
}

static Channel *
load_channel (ChatSqlite *database, const ChatMessage *message)
{
  const char *name = chat_message_get_channel (message);
  guint kind = chat_channel_name_is_private (name) ? CHAT_CHANNEL_PRIVATE : CHAT_CHANNEL_PUBLIC;
  Channel *channel = g_new0 (Channel, 1);
  g_autoptr (ChatSqliteQuery) query = NULL;

  chat_sqlite_run (database, "INSERT INTO channels (name, kind, active) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                   "sux", name, kind, chat_message_get_timestamp (message));
  query = chat_sqlite_query (database, "SELECT number, kind, head, clock, active FROM channels WHERE name = ?1", "s",
                             name);
  if (chat_sqlite_next (database, query))
    chat_sqlite_read (query, "xuxtx", &channel->number, &kind, &channel->head, &channel->clock, &channel->active);
  channel->public = kind == CHAT_CHANNEL_PUBLIC;
  channel->head = channel->loaded = chat_sqlite_check_seq (database, channel->head);
  return channel;
}

static void
save_channel (ChatSqlite *database, const char *name, const Channel *channel)
{
  if (channel->head == channel->loaded)
    return;
  chat_sqlite_run (database, "UPDATE channels SET head = ?2, clock = ?3, active = ?4 WHERE number = ?1", "xxtx",
                   channel->number, channel->head, channel->clock, channel->active);
  chat_sqlite_announce (database, name, channel->head);
}

static Channel *
find_channel (Append *self, const ChatMessage *message)
{
  const char *name = chat_message_get_channel (message);
  Channel *channel = g_hash_table_lookup (self->channels, name);

  if (channel == NULL)
    {
      channel = load_channel (self->database, message);
      g_hash_table_insert (self->channels, (gpointer)name, channel);
    }
  return channel;
}

static const Author *
find_author (Append *self, const ChatMessage *message)
{
  const char *user = chat_message_get_author (message) != NULL ? chat_message_get_author (message) : "";
  Author *author = g_hash_table_lookup (self->authors, user);

  if (author == NULL)
    {
      author = g_new0 (Author, 1);
      author->key = g_strdup (chat_sqlite_get_key (self->database, user));
      author->number = chat_sqlite_author (self->database, author->key, user);
      g_hash_table_insert (self->authors, (gpointer)user, author);
    }
  return author;
}

static gboolean
is_repeat (const ChatMessage *message, const char *record, const char *digest)
{
  g_autoptr (ChatMessage) first = NULL;
  g_autofree char *own = NULL;

  if (digest != NULL)
    {
      own = chat_sqlite_dup_digest (message);
      return g_str_equal (own, digest);
    }
  first = chat_message_decode (record, strlen (record), NULL);
  return first != NULL && chat_message_equal_content (first, message);
}

static ChatAppendResult
compare_with_first (ChatSqlite *database, const ChatMessage *message)
{
  g_autoptr (ChatSqliteQuery) query
      = chat_sqlite_query (database,
                           "SELECT seq, record, digest FROM messages LEFT JOIN digests USING (number) "
                           "WHERE id = ?1",
                           "s", chat_message_get_id (message));
  ChatAppendResult result = { 0, CHAT_APPEND_CONFLICT };
  g_autofree char *record = NULL, *digest = NULL;

  if (chat_sqlite_next (database, query))
    {
      chat_sqlite_read (query, "xsm", &result.seq, &record, &digest);
      result.seq = chat_sqlite_check_seq (database, result.seq);
      if (is_repeat (message, record, digest))
        result.outcome = CHAT_APPEND_REPEATED;
    }
  return result;
}

static void
encode (const ChatMessage *message, GString *record)
{
  g_autoptr (ChatMessage) copy = NULL;

  /* what a record says that others made of it is a claim */
  if (chat_message_get_state (message) != NULL)
    {
      copy = chat_message_copy (message);
      chat_message_take_state (copy, NULL);
      message = copy;
    }
  g_string_truncate (record, 0);
  chat_message_encode_append (message, record);
}

static void
save_hour (Append *self)
{
  if (self->last > 0)
    chat_sqlite_extend_hour (self->database, self->hour, self->first, self->last);
  self->last = 0;
}

/* Those that follow each other are mostly of one hour. */
static void
count_in_hour (Append *self, gint64 timestamp, gint64 number)
{
  gint64 hour = timestamp / CHAT_SQLITE_HOUR;

  if (self->last > 0 && hour != self->hour)
    save_hour (self);
  if (self->last == 0)
    self->first = number;
  self->hour = hour;
  self->last = number;
}

static ChatAppendResult
append_message (Append *self, const ChatMessage *message)
{
  Channel *channel = find_channel (self, message);
  const Author *author = find_author (self, message);
  gint64 timestamp = chat_message_get_timestamp (message);
  gint64 clock = MAX (channel->clock, timestamp); /* CHAT_TIME_UNKNOWN is the least of all */
  ChatMessageKind kind = chat_message_get_kind (message);
  gboolean said = kind == CHAT_KIND_MESSAGE || kind == CHAT_KIND_NOTICE;
  ChatSqliteRecord record = { .channel = channel->number,
                              .public = channel->public,
                              .seq = channel->head + 1,
                              .author = author->number,
                              .author_key = author->key,
                              .message = message };

  encode (message, self->record);
  if (chat_sqlite_run (self->database,
                       "INSERT INTO messages (channel, seq, id, clock, record, author, timestamp, said) "
                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING",
                       "xxsxsxxb", channel->number, record.seq, chat_message_get_id (message), clock, self->record->str,
                       author->number, timestamp, said)
      == 0)
    return compare_with_first (self->database, message);

  channel->head = record.seq;
  channel->clock = clock;
  channel->active = timestamp;
  record.number = chat_sqlite_last_number (self->database);
  count_in_hour (self, timestamp, record.number);
  if (said)
    chat_sqlite_tally_add (self->tally, timestamp, channel->number, author->number);
  chat_sqlite_apply (self->database, &record);
  return (ChatAppendResult){ record.seq, CHAT_APPEND_STORED };
}

GArray *
chat_sqlite_append (ChatSqlite *database, GPtrArray *messages)
{
  GArray *results = g_array_sized_new (FALSE, FALSE, sizeof (ChatAppendResult), messages->len);
  g_autoptr (GHashTable) channels = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GHashTable) authors = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, author_free);
  g_autoptr (GString) record = g_string_new (NULL);
  g_autoptr (ChatSqliteTally) tally = chat_sqlite_tally_new ();
  Append self = { .database = database, .channels = channels, .authors = authors, .record = record, .tally = tally };
  GHashTableIter iter;
  gpointer name, channel;

  for (guint i = 0; i < messages->len && !chat_sqlite_has_failed (database); i++)
    {
      ChatAppendResult result = append_message (&self, g_ptr_array_index (messages, i));

      g_array_append_val (results, result);
    }
  save_hour (&self);
  chat_sqlite_tally_save (tally, database);
  g_hash_table_iter_init (&iter, channels);
  while (g_hash_table_iter_next (&iter, &name, &channel))
    save_channel (database, name, channel);
  return results;
}
