/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/log/chat-log-reader.h"

#include "transport/chat-local-subscription.h"
#include "transport/log/chat-log-file.h"
#include "transport/log/chat-log-record.h"
#include "transport/log/chat-log-writer.h"

/* One read answers with so much at the most, that the reader's memory and everybody's turn are bounded. */
#define READ_RECORDS 256
#define READ_ROWS 4096
#define READ_BYTES (1024 * 1024)

struct _ChatLogReader
{
  char *path;
  ChatLogFile *file; /* nullable: opened by the first job */
};

ChatLogReader *
chat_log_reader_new (const char *path)
{
  ChatLogReader *self = g_new0 (ChatLogReader, 1);

  self->path = g_strdup (path);
  return self;
}

void
chat_log_reader_free (ChatLogReader *self)
{
  g_clear_pointer (&self->file, chat_log_file_close);
  g_free (self->path);
  g_free (self);
}

ChatLogRead *
chat_log_read_new (const char *topic, gint shard, gint64 from, gint64 to, GHashTable *channels)
{
  ChatLogRead *self = g_new0 (ChatLogRead, 1);

  self->topic = g_strdup (topic);
  self->shard = shard;
  self->from = from;
  self->to = to;
  self->channels = channels != NULL ? g_hash_table_ref (channels) : NULL;
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  return self;
}

void
chat_log_read_free (ChatLogRead *self)
{
  g_clear_pointer (&self->channels, g_hash_table_unref);
  g_ptr_array_unref (self->records);
  g_free (self->topic);
  g_free (self);
}

void
chat_log_search_free (ChatLogSearch *self)
{
  g_ptr_array_unref (self->places);
  g_free (self);
}

/* The id of a shard; -1 where it has no records, or with an error. */
static gint64
find_shard (ChatLogReader *self, const char *topic, gint shard, GError **error)
{
  sqlite3_stmt *row;
  gint64 id = -1;

  if (self->file == NULL)
    self->file = chat_log_file_open_reader (self->path, error);
  row = self->file != NULL ? chat_log_file_get (self->file, CHAT_LOG_FIND_SHARD, error) : NULL;
  if (row == NULL)
    return -1;
  sqlite3_bind_text (row, 1, topic, -1, SQLITE_STATIC);
  sqlite3_bind_int (row, 2, shard);
  if (chat_log_file_step (self->file, row, error))
    id = sqlite3_column_int64 (row, 0);
  sqlite3_reset (row);
  return id;
}

/* Takes the row; FALSE when this read has enough. */
static gboolean
take_row (ChatLogRead *read, sqlite3_stmt *row, guint *rows, gsize *bytes)
{
  gint64 offset = CHAT_LOG_OFFSET (sqlite3_column_int64 (row, 0));

  if ((*rows)++ == 0)
    read->found = offset;
  read->next = offset + 1;
  if (chat_local_channels_want (read->channels, (const char *)sqlite3_column_text (row, 2)))
    {
      ChatRecord *record = chat_log_record_read (row, read->topic, read->shard);

      g_ptr_array_add (read->records, record);
      *bytes += g_bytes_get_size (chat_record_get_bytes (record));
    }
  return read->records->len < READ_RECORDS && *rows < READ_ROWS && *bytes < READ_BYTES;
}

void
chat_log_reader_read (GTask *task, gpointer reader, gpointer data, GCancellable *cancellable)
{
  ChatLogReader *self = reader;
  ChatLogRead *read = data;
  GError *error = NULL;
  gint64 id = find_shard (self, read->topic, read->shard, &error);
  sqlite3_stmt *row = id >= 0 ? chat_log_file_get (self->file, CHAT_LOG_GET_RECORDS, &error) : NULL;
  guint rows = 0;
  gsize bytes = 0;

  /* Where nothing is left of it all of it is gone. */
  read->found = read->next = read->to;
  if (row != NULL)
    {
      sqlite3_bind_int64 (row, 1, CHAT_LOG_PLACE (id, read->from));
      sqlite3_bind_int64 (row, 2, CHAT_LOG_PLACE (id, read->to));
      while (chat_log_file_step (self->file, row, &error) && take_row (read, row, &rows, &bytes))
        ;
      sqlite3_reset (row);
    }
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* Whether the record at @offset is older than @time_ms; one that is gone is. */
static gboolean
is_older (ChatLogReader *self, gint64 id, gint64 offset, gint64 time_ms, GError **error)
{
  sqlite3_stmt *row = chat_log_file_get (self->file, CHAT_LOG_GET_TIME, error);
  gboolean older = TRUE;

  if (row == NULL)
    return FALSE;
  sqlite3_bind_int64 (row, 1, CHAT_LOG_PLACE (id, offset));
  if (chat_log_file_step (self->file, row, error))
    older = sqlite3_column_int64 (row, 0) < time_ms;
  sqlite3_reset (row);
  return older;
}

/* By halves: times do not fall within a shard. */
static gint64
search (ChatLogReader *self, const ChatLogPlace *place, gint64 time_ms, GError **error)
{
  GError *failure = NULL;
  gint64 id = find_shard (self, place->topic, place->shard, &failure);
  gint64 low = place->first, high = id >= 0 ? place->next : place->first;

  while (failure == NULL && low < high)
    {
      gint64 middle = low + (high - low) / 2;

      if (is_older (self, id, middle, time_ms, &failure))
        low = middle + 1;
      else
        high = middle;
    }
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL ? low : -1;
}

void
chat_log_reader_search (GTask *task, gpointer reader, gpointer data, GCancellable *cancellable)
{
  const ChatLogSearch *wanted = data;
  g_autoptr (ChatPosition) position = chat_position_new ();

  for (guint i = 0; i < wanted->places->len; i++)
    {
      const ChatLogPlace *place = g_ptr_array_index (wanted->places, i);
      g_autofree char *name = g_strdup_printf ("%d", place->shard);
      GError *error = NULL;
      gint64 next = search (reader, place, wanted->time_ms, &error);

      if (next < 0)
        {
          g_task_return_error (task, error);
          return;
        }
      chat_position_set (position, place->topic, name, next);
    }
  g_task_return_pointer (task, g_steal_pointer (&position), (GDestroyNotify)chat_position_free);
}
