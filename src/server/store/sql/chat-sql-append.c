/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-append.h"

#include <string.h>

#include "core/chat-message-codec.h"
#include "core/chat-message-digest.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "server/store/sql/chat-sql-counters.h"
#include "server/store/sql/chat-sql-driver.h"
#include "server/store/sql/chat-sql-rows.h"

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
  ChatSql *database;
  GHashTable *channels; /* name → Channel */
  GHashTable *authors;  /* name → Author */
  GHashTable *known;    /* nullable: ids that don't go the short way */
  GString *record;
  ChatSqlTally *tally;
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

/* its name becomes the caller's */
static Channel *
read_channel (ChatSql *database, ChatSqlQuery *query, char **name)
{
  Channel *channel = g_new0 (Channel, 1);
  guint kind;

  chat_sql_read (query, "sxuxtx", name, &channel->number, &kind, &channel->head, &channel->clock, &channel->active);
  channel->public = kind == CHAT_CHANNEL_PUBLIC;
  channel->head = channel->loaded = chat_sql_check_seq (database, channel->head);
  return channel;
}

#define SELECT_CHANNEL "SELECT name, number, kind, head, clock, active FROM channels WHERE name = "

/* what there is of @names */
static void
select_channels (Append *self, GPtrArray *names)
{
  gboolean arrays = self->database->driver->arrays;

  for (guint i = 0; i < (arrays ? 1 : names->len); i++)
    {
      g_autoptr (ChatSqlRows) rows = chat_sql_rows_new ("s");
      g_autoptr (ChatSqlQuery) query = NULL;

      for (guint j = 0; arrays && j < names->len; j++)
        chat_sql_rows_add (rows, (const char *)names->pdata[j]);
      query = arrays ? chat_sql_rows_query (rows, self->database, SELECT_CHANNEL "ANY (?1::text[])")
                     : chat_sql_query (self->database, SELECT_CHANNEL "?1", "s", (const char *)names->pdata[i]);
      while (chat_sql_next (self->database, query))
        {
          char *name;
          Channel *channel = read_channel (self->database, query, &name);

          g_hash_table_insert (self->channels, name, channel);
        }
    }
}

static void
make_channels (Append *self, GHashTable *firsts, GPtrArray *names)
{
  g_autoptr (ChatSqlRows) rows = chat_sql_rows_new ("sxx");

  for (guint i = 0; i < names->len; i++)
    if (!g_hash_table_contains (self->channels, names->pdata[i]))
      {
        const ChatMessage *message = g_hash_table_lookup (firsts, names->pdata[i]);
        gboolean private = chat_channel_name_is_private (names->pdata[i]);

        chat_sql_rows_add (rows, (const char *)names->pdata[i],
                           (gint64)(private ? CHAT_CHANNEL_PRIVATE : CHAT_CHANNEL_PUBLIC),
                           chat_message_get_timestamp (message));
      }
  if (chat_sql_rows_count (rows) == 0)
    return;
  chat_sql_rows_run (rows, self->database,
                     "INSERT INTO channels (name, kind, active) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                     "INSERT INTO channels (name, kind, active) "
                     "SELECT * FROM unnest (?1::text[], ?2::bigint[], ?3::bigint[]) ON CONFLICT DO NOTHING");
  select_channels (self, names);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* Locked in the order of their names: two that append to the same ones wait for each other only once. */
static void
load_channels (Append *self, GPtrArray *messages)
{
  g_autoptr (GHashTable) firsts = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < messages->len; i++)
    {
      const char *name = chat_message_get_channel (g_ptr_array_index (messages, i));

      if (g_hash_table_insert (firsts, (gpointer)name, g_ptr_array_index (messages, i)))
        g_ptr_array_add (names, (gpointer)name);
    }
  g_ptr_array_sort (names, compare_names);
  chat_sql_lock_all (self->database, "channel", names);
  select_channels (self, names);
  make_channels (self, firsts, names);
}

static void
save_channels (Append *self)
{
  g_autoptr (ChatSqlRows) rows = chat_sql_rows_new ("xxtx");
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, self->channels);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      const Channel *channel = value;

      if (channel->head == channel->loaded)
        continue;
      chat_sql_rows_add (rows, channel->number, channel->head, channel->clock, channel->active);
      chat_sql_announce (self->database, name, channel->head);
    }
  chat_sql_rows_run (
      rows, self->database, "UPDATE channels SET head = ?2, clock = ?3, active = ?4 WHERE number = ?1",
      "UPDATE channels SET head = r.head, clock = r.clock, active = r.active "
      "FROM unnest (?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[]) AS r (n, head, clock, active) "
      "WHERE number = r.n");
}

static Channel *
find_channel (Append *self, const ChatMessage *message)
{
  return g_hash_table_lookup (self->channels, chat_message_get_channel (message));
}

static const Author *
find_author (Append *self, const ChatMessage *message)
{
  const char *user = chat_message_get_author (message) != NULL ? chat_message_get_author (message) : "";
  Author *author = g_hash_table_lookup (self->authors, user);

  if (author == NULL)
    {
      author = g_new0 (Author, 1);
      author->key = g_strdup (chat_sql_get_key (self->database, user));
      author->number = chat_sql_author (self->database, author->key, user);
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
      own = chat_sql_dup_digest (message);
      return g_str_equal (own, digest);
    }
  first = chat_message_decode (record, strlen (record), NULL);
  return first != NULL && chat_message_equal_content (first, message);
}

static ChatAppendResult
compare_with_first (ChatSql *database, const ChatMessage *message)
{
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database,
                        "SELECT seq, record, digest FROM messages LEFT JOIN digests USING (number) "
                        "WHERE id = ?1",
                        "s", chat_message_get_id (message));
  ChatAppendResult result = { 0, CHAT_APPEND_CONFLICT };
  g_autofree char *record = NULL, *digest = NULL;

  if (chat_sql_next (database, query))
    {
      chat_sql_read (query, "xsm", &result.seq, &record, &digest);
      result.seq = chat_sql_check_seq (database, result.seq);
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
    chat_sql_extend_hour (self->database, self->hour, self->first, self->last);
  self->last = 0;
}

/* Those that follow each other are mostly of one hour. */
static void
count_in_hour (Append *self, gint64 timestamp, gint64 number)
{
  gint64 hour = timestamp / CHAT_SQL_HOUR;

  if (self->last > 0 && hour != self->hour)
    save_hour (self);
  if (self->last == 0)
    self->first = number;
  self->hour = hour;
  self->last = number;
}

/* Whether it changes nothing but itself, and nothing has come before that is about it: such records are written
 * together. */
static gboolean
is_plain (Append *self, const ChatMessage *message)
{
  if (self->known == NULL)
    return FALSE;
  switch (chat_message_get_kind (message))
    {
    case CHAT_KIND_EDIT:
    case CHAT_KIND_DELETE:
    case CHAT_KIND_REACTION:
    case CHAT_KIND_TOPIC:
      return FALSE;
    case CHAT_KIND_MESSAGE:
    case CHAT_KIND_NOTICE:
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
      return !g_hash_table_contains (self->known, chat_message_get_id (message));
    }
}

/* The records before this one are where it looks for its target; one that is about it may come later in this batch. */
static void
leave_short_way (Append *self, const ChatMessage *message)
{
  const char *target = chat_message_get_target (message);

  if (self->known == NULL)
    return;
  if (!chat_sql_has_failed (self->database))
    self->database->driver->flush_rows (self->database);
  if (target != NULL)
    g_hash_table_add (self->known, (gpointer)target);
}

/* FALSE where its id is taken */
static gboolean
insert (Append *self, ChatSqlRecord *record)
{
  gint64 number = CHAT_TIME_UNKNOWN; /* NULL: the database knows */
  g_autoptr (ChatSqlQuery) query = NULL;

  if (self->known != NULL && !chat_sql_has_failed (self->database))
    number = self->database->driver->next_number (self->database);
  query = chat_sql_query (self->database,
                          "INSERT INTO messages (number, channel, seq, id, clock, record, author, timestamp, said) "
                          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING RETURNING number",
                          "txxsxsxxx", number, record->channel, record->seq, chat_message_get_id (record->message),
                          record->clock, self->record->str, record->author,
                          chat_message_get_timestamp (record->message), (gint64)record->said);
  if (!chat_sql_next (self->database, query))
    return FALSE;
  chat_sql_read (query, "x", &record->number);
  return TRUE;
}

static void
take_place (Append *self, Channel *channel, const ChatSqlRecord *record)
{
  gint64 timestamp = chat_message_get_timestamp (record->message);

  channel->head = record->seq;
  channel->clock = record->clock;
  channel->active = timestamp;
  count_in_hour (self, timestamp, record->number);
  if (record->said)
    chat_sql_tally_add (self->tally, timestamp, record->channel, record->author);
}

static ChatAppendResult
append_message (Append *self, const ChatMessage *message)
{
  Channel *channel = find_channel (self, message);
  const Author *author = find_author (self, message);
  ChatMessageKind kind = chat_message_get_kind (message);
  ChatSqlRecord record = { .channel = channel->number,
                           .public = channel->public,
                           .seq = channel->head + 1,
                           /* CHAT_TIME_UNKNOWN is the least of all */
                           .clock = MAX (channel->clock, chat_message_get_timestamp (message)),
                           .said = kind == CHAT_KIND_MESSAGE || kind == CHAT_KIND_NOTICE,
                           .author = author->number,
                           .author_key = author->key,
                           .message = message };

  if (chat_sql_has_failed (self->database))
    return (ChatAppendResult){ 0, CHAT_APPEND_CONFLICT };
  encode (message, self->record);
  if (is_plain (self, message))
    {
      g_hash_table_add (self->known, (gpointer)chat_message_get_id (message));
      record.number = self->database->driver->next_number (self->database);
      self->database->driver->add_row (self->database, &record, self->record->str);
      take_place (self, channel, &record);
      return (ChatAppendResult){ record.seq, CHAT_APPEND_STORED };
    }

  leave_short_way (self, message);
  if (!insert (self, &record))
    return compare_with_first (self->database, message);
  take_place (self, channel, &record);
  chat_sql_apply (self->database, &record);
  return (ChatAppendResult){ record.seq, CHAT_APPEND_STORED };
}

static void
save (Append *self)
{
  if (self->known != NULL && !chat_sql_has_failed (self->database))
    self->database->driver->flush_rows (self->database);
  save_hour (self);
  chat_sql_tally_save (self->tally, self->database);
  save_channels (self);
}

GArray *
chat_sql_append (ChatSql *database, GPtrArray *messages)
{
  GArray *results = g_array_sized_new (FALSE, FALSE, sizeof (ChatAppendResult), messages->len);
  g_autoptr (GHashTable) channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GHashTable) authors = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, author_free);
  g_autoptr (GHashTable) known = NULL;
  g_autoptr (GString) record = g_string_new (NULL);
  g_autoptr (ChatSqlTally) tally = chat_sql_tally_new ();
  Append self = { .database = database, .channels = channels, .authors = authors, .record = record, .tally = tally };

  chat_sql_share (database, "counters", "");
  load_channels (&self, messages);
  if (database->driver->prepare_append != NULL && !chat_sql_has_failed (database))
    {
      self.known = known = g_hash_table_new (g_str_hash, g_str_equal);
      database->driver->prepare_append (database, messages, known);
    }
  for (guint i = 0; i < messages->len && !chat_sql_has_failed (database); i++)
    {
      ChatAppendResult result = append_message (&self, g_ptr_array_index (messages, i));

      g_array_append_val (results, result);
    }
  save (&self);
  return results;
}
