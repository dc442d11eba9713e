/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/log/chat-log-writer.h"

#include "core/chat-time.h"
#include "transport/log/chat-log-file.h"
#include "transport/log/chat-log-record.h"

/* Retention removes at most this many rows in one go, so that a publish never waits long for it. */
#define RETAIN_ROWS 1024

typedef struct
{
  gint64 first, next, bytes, time_ms;
} Extent;

typedef struct
{
  gint64 id;
  const char *topic; /* the Topic's */
  gint number;
  Extent extent;
  Extent committed; /* while it is touched: what a roll-back goes back to */
  gboolean touched;
} Shard;

typedef struct
{
  char *name;
  Shard *shards;
} Topic;

struct _ChatLogWriter
{
  char *path;
  ChatLogOptions options;
  ChatLogFile *file;
  guint shards;
  GHashTable *topics; /* name → Topic */
  gint64 next_id;
  GPtrArray *touched;  /* Shard: by this transaction */
  GPtrArray *declared; /* Topic: by this transaction */
};

static void
topic_free (Topic *topic)
{
  g_free (topic->shards);
  g_free (topic->name);
  g_free (topic);
}

ChatLogPlace *
chat_log_place_new (const char *topic, gint shard, gint64 first, gint64 next)
{
  ChatLogPlace *self = g_new (ChatLogPlace, 1);

  *self = (ChatLogPlace){ g_strdup (topic), shard, first, next };
  return self;
}

void
chat_log_place_free (ChatLogPlace *self)
{
  g_free (self->topic);
  g_free (self);
}

ChatLogCursor *
chat_log_cursor_new (const char *group, const char *topic, gint shard, gint64 next)
{
  ChatLogCursor *self = g_new (ChatLogCursor, 1);

  *self = (ChatLogCursor){ g_strdup (group), g_strdup (topic), shard, next };
  return self;
}

void
chat_log_cursor_free (ChatLogCursor *self)
{
  g_free (self->group);
  g_free (self->topic);
  g_free (self);
}

void
chat_log_contents_free (ChatLogContents *self)
{
  g_ptr_array_unref (self->places);
  g_ptr_array_unref (self->cursors);
  g_free (self);
}

ChatLogWriter *
chat_log_writer_new (const char *path, const ChatLogOptions *options)
{
  ChatLogWriter *self = g_new0 (ChatLogWriter, 1);

  self->path = g_strdup (path);
  self->options = *options;
  self->topics = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)topic_free);
  self->touched = g_ptr_array_new ();
  self->declared = g_ptr_array_new ();
  self->next_id = 1;
  return self;
}

void
chat_log_writer_free (ChatLogWriter *self)
{
  g_clear_pointer (&self->file, chat_log_file_close);
  g_ptr_array_unref (self->touched);
  g_ptr_array_unref (self->declared);
  g_hash_table_unref (self->topics);
  g_free (self->path);
  g_free (self);
}

static Topic *
topic_new (ChatLogWriter *self, const char *name)
{
  Topic *topic = g_new0 (Topic, 1);

  topic->name = g_strdup (name);
  topic->shards = g_new0 (Shard, self->shards);
  for (guint i = 0; i < self->shards; i++)
    {
      topic->shards[i].topic = topic->name;
      topic->shards[i].number = (gint)i;
    }
  g_hash_table_insert (self->topics, topic->name, topic);
  return topic;
}

/* Opening */

static gboolean
load_shards (ChatLogWriter *self, GPtrArray *places, GError **error)
{
  sqlite3_stmt *row = chat_log_file_get (self->file, CHAT_LOG_GET_SHARDS, error);
  GError *failure = NULL;

  while (row != NULL && chat_log_file_step (self->file, row, &failure))
    {
      const char *name = (const char *)sqlite3_column_text (row, 1);
      Topic *topic = g_hash_table_lookup (self->topics, name);
      guint number = (guint)sqlite3_column_int (row, 2);
      Shard *shard;

      if (topic == NULL)
        topic = topic_new (self, name);
      if (number >= self->shards)
        continue;
      shard = &topic->shards[number];
      shard->id = sqlite3_column_int64 (row, 0);
      shard->extent = (Extent){ sqlite3_column_int64 (row, 3), sqlite3_column_int64 (row, 4),
                                sqlite3_column_int64 (row, 5), sqlite3_column_int64 (row, 6) };
      self->next_id = MAX (self->next_id, shard->id + 1);
      g_ptr_array_add (places, chat_log_place_new (name, (gint)number, shard->extent.first, shard->extent.next));
    }
  if (failure != NULL)
    g_propagate_error (error, failure);
  return row != NULL && failure == NULL;
}

static gboolean
load_cursors (ChatLogWriter *self, GPtrArray *cursors, GError **error)
{
  sqlite3_stmt *row = chat_log_file_get (self->file, CHAT_LOG_GET_CURSORS, error);
  GError *failure = NULL;

  while (row != NULL && chat_log_file_step (self->file, row, &failure))
    g_ptr_array_add (cursors, chat_log_cursor_new ((const char *)sqlite3_column_text (row, 0),
                                                   (const char *)sqlite3_column_text (row, 1),
                                                   sqlite3_column_int (row, 2), sqlite3_column_int64 (row, 3)));
  if (failure != NULL)
    g_propagate_error (error, failure);
  return row != NULL && failure == NULL;
}

void
chat_log_writer_open (GTask *task, gpointer writer, gpointer data, GCancellable *cancellable)
{
  ChatLogWriter *self = writer;
  g_autoptr (ChatLogContents) contents = g_new0 (ChatLogContents, 1);
  GError *error = NULL;

  contents->places = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_log_place_free);
  contents->cursors = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_log_cursor_free);
  g_hash_table_remove_all (self->topics);
  self->file = chat_log_file_open_writer (self->path, self->options.shards, &error);
  if (self->file != NULL)
    {
      contents->shards = self->shards = chat_log_file_get_shards (self->file);
      if (load_shards (self, contents->places, &error) && load_cursors (self, contents->cursors, &error))
        {
          g_task_return_pointer (task, g_steal_pointer (&contents), (GDestroyNotify)chat_log_contents_free);
          return;
        }
      g_clear_pointer (&self->file, chat_log_file_close);
    }
  g_task_return_error (task, error);
}

/* Writing: everything happens to the extents in memory first; a roll-back takes it back. */

static void
touch (ChatLogWriter *self, Shard *shard)
{
  if (shard->touched)
    return;
  shard->touched = TRUE;
  shard->committed = shard->extent;
  g_ptr_array_add (self->touched, shard);
}

static Topic *
declare (ChatLogWriter *self, const char *name, GError **error)
{
  Topic *topic = g_hash_table_lookup (self->topics, name);

  if (topic != NULL)
    return topic;
  topic = topic_new (self, name);
  g_ptr_array_add (self->declared, topic);
  for (guint i = 0; i < self->shards; i++)
    {
      sqlite3_stmt *add = chat_log_file_get (self->file, CHAT_LOG_ADD_SHARD, error);

      topic->shards[i].id = self->next_id++;
      if (add == NULL)
        return NULL;
      sqlite3_bind_int64 (add, 1, topic->shards[i].id);
      sqlite3_bind_text (add, 2, name, -1, SQLITE_STATIC);
      sqlite3_bind_int (add, 3, (int)i);
      if (!chat_log_file_run (self->file, add, error))
        return NULL;
    }
  return topic;
}

static gboolean
append (ChatLogWriter *self, ChatLogWrite *write, ChatRecord *record, gint64 now, GError **error)
{
  Topic *topic = declare (self, chat_record_get_topic (record), error);
  sqlite3_stmt *add = topic != NULL ? chat_log_file_get (self->file, CHAT_LOG_ADD_RECORD, error) : NULL;
  Shard *shard;
  gint64 offset;

  if (add == NULL)
    return FALSE;
  shard = &topic->shards[chat_log_record_get_shard (record, self->shards)];
  touch (self, shard);
  offset = shard->extent.next++;
  /* A search by time needs times that do not fall, whatever the clock does. */
  shard->extent.time_ms = MAX (shard->extent.time_ms, now);
  shard->extent.bytes += (gint64)g_bytes_get_size (chat_record_get_bytes (record));
  sqlite3_bind_int64 (add, 1, CHAT_LOG_PLACE (shard->id, offset));
  chat_log_record_bind (record, add, 2, shard->extent.time_ms);
  g_ptr_array_add (write->placed, chat_record_new_placed (record, shard->number, offset, shard->extent.time_ms));
  return chat_log_file_run (self->file, add, error);
}

static gboolean
forget_group (ChatLogWriter *self, const char *group, GError **error)
{
  sqlite3_stmt *forget = chat_log_file_get (self->file, CHAT_LOG_FORGET_GROUP, error);

  if (forget == NULL)
    return FALSE;
  sqlite3_bind_text (forget, 1, group, -1, SQLITE_STATIC);
  return chat_log_file_run (self->file, forget, error);
}

static gboolean
move_cursor (ChatLogWriter *self, const ChatLogCursor *cursor, GError **error)
{
  if (cursor->next == CHAT_LOG_FORGOTTEN)
    return forget_group (self, cursor->group, error);

  sqlite3_stmt *move = chat_log_file_get (self->file, CHAT_LOG_MOVE_CURSOR, error);

  if (move == NULL)
    return FALSE;
  sqlite3_bind_text (move, 1, cursor->group, -1, SQLITE_STATIC);
  sqlite3_bind_text (move, 2, cursor->topic, -1, SQLITE_STATIC);
  sqlite3_bind_int (move, 3, cursor->shard);
  sqlite3_bind_int64 (move, 4, cursor->next);
  return chat_log_file_run (self->file, move, error);
}

static gboolean
write_one (ChatLogWriter *self, ChatLogWrite *write, gint64 now, GError **error)
{
  for (guint i = 0; i < write->records->len; i++)
    {
      if (!append (self, write, g_ptr_array_index (write->records, i), now, error))
        return FALSE;
    }
  for (guint i = 0; write->cursors != NULL && i < write->cursors->len; i++)
    {
      if (!move_cursor (self, g_ptr_array_index (write->cursors, i), error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
move_shards (ChatLogWriter *self, GError **error)
{
  for (guint i = 0; i < self->touched->len; i++)
    {
      const Shard *shard = g_ptr_array_index (self->touched, i);
      sqlite3_stmt *move = chat_log_file_get (self->file, CHAT_LOG_MOVE_SHARD, error);

      if (move == NULL)
        return FALSE;
      sqlite3_bind_int64 (move, 1, shard->id);
      sqlite3_bind_int64 (move, 2, shard->extent.first);
      sqlite3_bind_int64 (move, 3, shard->extent.next);
      sqlite3_bind_int64 (move, 4, shard->extent.bytes);
      if (!chat_log_file_run (self->file, move, error))
        return FALSE;
    }
  return TRUE;
}

/* Ends the transaction one way or the other. */
static void
settle (ChatLogWriter *self, gboolean committed)
{
  if (!committed)
    chat_log_file_roll_back (self->file);
  for (guint i = 0; i < self->touched->len; i++)
    {
      Shard *shard = g_ptr_array_index (self->touched, i);

      shard->touched = FALSE;
      if (!committed)
        shard->extent = shard->committed;
    }
  g_ptr_array_set_size (self->touched, 0);
  for (guint i = 0; !committed && i < self->declared->len; i++)
    g_hash_table_remove (self->topics, ((Topic *)g_ptr_array_index (self->declared, i))->name);
  g_ptr_array_set_size (self->declared, 0);
}

void
chat_log_writer_write (GPtrArray *tasks, gpointer writer)
{
  ChatLogWriter *self = writer;
  g_autoptr (GError) error = NULL;
  gint64 now = chat_time_now ();
  gboolean committed = chat_log_file_do (self->file, CHAT_LOG_BEGIN, &error);

  for (guint i = 0; committed && i < tasks->len; i++)
    committed = write_one (self, g_task_get_task_data (g_ptr_array_index (tasks, i)), now, &error);
  committed = committed && move_shards (self, &error) && chat_log_file_do (self->file, CHAT_LOG_COMMIT, &error);
  settle (self, committed);

  for (guint i = 0; i < tasks->len; i++)
    {
      if (committed)
        g_task_return_boolean (g_ptr_array_index (tasks, i), TRUE);
      else
        g_task_return_error (g_ptr_array_index (tasks, i), g_error_copy (error));
    }
}

void
chat_log_writer_probe (GTask *task, gpointer writer, gpointer data, GCancellable *cancellable)
{
  ChatLogWriter *self = writer;
  GError *error = NULL;
  gboolean committed = chat_log_file_do (self->file, CHAT_LOG_BEGIN, &error)
                       && chat_log_file_do (self->file, CHAT_LOG_PROBE, &error)
                       && chat_log_file_do (self->file, CHAT_LOG_COMMIT, &error);

  settle (self, committed);
  if (committed)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* Retention */

/* How far a shard may be emptied: never past what the slowest group still wants. */
static gboolean
get_limit (ChatLogWriter *self, const Shard *shard, gint64 *limit, GError **error)
{
  sqlite3_stmt *row = chat_log_file_get (self->file, CHAT_LOG_GET_SLOWEST, error);
  GError *failure = NULL;

  if (row == NULL)
    return FALSE;
  sqlite3_bind_text (row, 1, shard->topic, -1, SQLITE_STATIC);
  sqlite3_bind_int (row, 2, shard->number);
  *limit = shard->extent.next;
  if (chat_log_file_step (self->file, row, &failure) && sqlite3_column_type (row, 0) != SQLITE_NULL)
    *limit = MIN (*limit, sqlite3_column_int64 (row, 0));
  sqlite3_reset (row);
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL;
}

/* *end: after the last record of @shard that is to go: older than @older_than, or one of @excess bytes too many; none
 * from @most on. *bytes: their payload. */
static gboolean
measure (ChatLogWriter *self, const Shard *shard, gint64 older_than, gint64 excess, gint64 most, gint64 *end,
         gint64 *bytes, GError **error)
{
  sqlite3_stmt *row = chat_log_file_get (self->file, CHAT_LOG_GET_SIZES, error);
  GError *failure = NULL;

  *end = shard->extent.first;
  *bytes = 0;
  if (row == NULL)
    return FALSE;
  sqlite3_bind_int64 (row, 1, CHAT_LOG_PLACE (shard->id, shard->extent.first));
  sqlite3_bind_int64 (row, 2, CHAT_LOG_PLACE (shard->id, most));
  while (chat_log_file_step (self->file, row, &failure))
    {
      if (sqlite3_column_int64 (row, 1) >= older_than && excess - *bytes <= 0)
        break;
      *bytes += sqlite3_column_int64 (row, 2);
      *end = CHAT_LOG_OFFSET (sqlite3_column_int64 (row, 0)) + 1;
    }
  sqlite3_reset (row);
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL;
}

static gboolean
remove_rows (ChatLogWriter *self, Shard *shard, gint64 end, gint64 bytes, GError **error)
{
  sqlite3_stmt *remove = chat_log_file_get (self->file, CHAT_LOG_REMOVE, error);

  if (remove == NULL)
    return FALSE;
  sqlite3_bind_int64 (remove, 1, CHAT_LOG_PLACE (shard->id, shard->extent.first));
  sqlite3_bind_int64 (remove, 2, CHAT_LOG_PLACE (shard->id, end));
  touch (self, shard);
  shard->extent.first = end;
  shard->extent.bytes -= bytes;
  return chat_log_file_run (self->file, remove, error);
}

/* What is too old goes, and @excess bytes. */
static gboolean
retain_shard (ChatLogWriter *self, Shard *shard, gint64 excess, GPtrArray *moved, GError **error)
{
  gint64 older_than = self->options.retention_ms > 0 ? chat_time_now () - self->options.retention_ms : G_MININT64;
  gint64 limit, end, bytes;

  if (older_than == G_MININT64 && excess <= 0)
    return TRUE;
  if (!get_limit (self, shard, &limit, error)
      || !measure (self, shard, older_than, excess, MIN (limit, shard->extent.first + RETAIN_ROWS), &end, &bytes,
                   error))
    return FALSE;
  if (end == shard->extent.first)
    return TRUE;
  g_ptr_array_add (moved, chat_log_place_new (shard->topic, shard->number, end, shard->extent.next));
  return remove_rows (self, shard, end, bytes, error);
}

/* Of what is too much in a topic, each shard gives in proportion to what it holds. */
static gboolean
retain_topic (ChatLogWriter *self, Topic *topic, GPtrArray *moved, GError **error)
{
  gint64 total = 0, excess;

  for (guint i = 0; i < self->shards; i++)
    total += topic->shards[i].extent.bytes;
  excess = self->options.retention_bytes > 0 ? total - self->options.retention_bytes : 0;
  for (guint i = 0; i < self->shards; i++)
    {
      double share = total > 0 ? (double)topic->shards[i].extent.bytes / (double)total : 0;

      if (!retain_shard (self, &topic->shards[i], (gint64)((double)excess * share), moved, error))
        return FALSE;
    }
  return TRUE;
}

void
chat_log_writer_retain (GTask *task, gpointer writer, gpointer data, GCancellable *cancellable)
{
  ChatLogWriter *self = writer;
  g_autoptr (GPtrArray) moved = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_log_place_free);
  GError *error = NULL;
  gboolean committed = chat_log_file_do (self->file, CHAT_LOG_BEGIN, &error);
  GHashTableIter iter;
  gpointer topic;

  g_hash_table_iter_init (&iter, self->topics);
  while (committed && g_hash_table_iter_next (&iter, NULL, &topic))
    committed = retain_topic (self, topic, moved, &error);
  committed = committed && move_shards (self, &error) && chat_log_file_do (self->file, CHAT_LOG_COMMIT, &error);
  settle (self, committed);
  if (committed)
    g_task_return_pointer (task, g_steal_pointer (&moved), (GDestroyNotify)g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}
