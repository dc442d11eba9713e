/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-cache.h"

#include "core/chat-message-codec.h"

#define WRITE_SECONDS 1

/* One channel's messages that are not written yet. */
typedef struct
{
  GQueue waiting;    /* ChatMessage: without seq; the oldest first */
  GHashTable *ids;   /* id (the message's) → GList *: the link in waiting */
  GPtrArray *placed; /* Placed */
  gint64 highest;    /* that was read from the disk; 0: none */
  gboolean forget;   /* what is on the disk is of another store */
} Buffer;

typedef struct
{
  ChatMessage *message;
  gint64 seq;
} Placed;

/* What one write takes to the disk. */
typedef struct
{
  char *name;
  GPtrArray *placed;
  gboolean forget;
  gboolean sparse;
} BufferWrite;

typedef struct
{
  GPtrArray *buffers; /* BufferWrite */
  GHashTable *states; /* name → ChatChannelState (NULL: removed) */
  GHashTable *values; /* key → value (NULL: removed) */
} Write;

typedef struct
{
  char *channel;
  gint64 before; /* 0: the newest */
  guint limit;
  gboolean everything;
  gboolean sparse;
  ChatCacheContents *contents;
} Read;

struct _ChatCache
{
  GObject parent_instance;

  /* Owned */
  ChatLocalDatabase *database;
  GHashTable *buffers;  /* channel → Buffer */
  GHashTable *channels; /* name → ChatChannel (NULL: removed): changed */
  GHashTable *values;   /* key → value: changed */
  guint write_source;
  gboolean sparse;
};

G_DEFINE_FINAL_TYPE (ChatCache, chat_cache, G_TYPE_OBJECT)

enum
{
  WRITTEN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
placed_free (Placed *placed)
{
  chat_message_unref (placed->message);
  g_free (placed);
}

static void
buffer_free (Buffer *buffer)
{
  g_hash_table_unref (buffer->ids);
  g_queue_clear_full (&buffer->waiting, (GDestroyNotify)chat_message_unref);
  g_ptr_array_unref (buffer->placed);
  g_free (buffer);
}

static void
buffer_write_free (BufferWrite *write)
{
  g_free (write->name);
  g_ptr_array_unref (write->placed);
  g_free (write);
}

static void
write_free (Write *write)
{
  g_ptr_array_unref (write->buffers);
  g_hash_table_unref (write->states);
  g_hash_table_unref (write->values);
  g_free (write);
}

static void
state_free (gpointer state)
{
  if (state != NULL)
    chat_channel_state_free (state);
}

static void
object_unref_or_null (gpointer object)
{
  if (object != NULL)
    g_object_unref (object);
}

static void
read_free (Read *read)
{
  g_free (read->channel);
  g_clear_pointer (&read->contents, chat_cache_contents_free);
  g_free (read);
}

void
chat_cache_contents_free (ChatCacheContents *self)
{
  g_ptr_array_unref (self->channels);
  g_ptr_array_unref (self->messages);
  g_hash_table_unref (self->values);
  g_free (self);
}

static ChatCacheContents *
contents_new (void)
{
  ChatCacheContents *contents = g_new (ChatCacheContents, 1);

  contents->channels = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_channel_state_free);
  contents->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  contents->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return contents;
}

/* Writing, on the database's thread */

static gboolean
write_message (sqlite3 *db, const char *channel, const Placed *placed, GError **error)
{
  g_autoptr (ChatMessage) message = chat_message_copy (placed->message);
  g_autoptr (GBytes) record = NULL;

  chat_message_set_seq (message, placed->seq);
  record = chat_message_encode (message);
  return chat_local_execute (db, error, "INSERT OR REPLACE INTO messages (channel, seq, record) VALUES (?, ?, ?)",
                             "sib", channel, placed->seq, record);
}

static gboolean
write_buffer (sqlite3 *db, const BufferWrite *write, GError **error)
{
  if (write->forget && !chat_local_execute (db, error, "DELETE FROM messages WHERE channel = ?", "s", write->name))
    return FALSE;
  for (guint i = 0; i < write->placed->len; i++)
    if (!write_message (db, write->name, g_ptr_array_index (write->placed, i), error))
      return FALSE;
  return chat_local_execute (db, error,
                             write->sparse ? "DELETE FROM messages WHERE channel = ?1 AND seq <= (SELECT seq FROM"
                                             " messages WHERE channel = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)"
                                           : "DELETE FROM messages WHERE channel = ?1 AND seq <="
                                             " (SELECT max (seq) FROM messages WHERE channel = ?1) - ?2",
                             "si", write->name, (gint64)CHAT_CACHE_KEPT);
}

static gboolean
write_state (sqlite3 *db, const char *name, const ChatChannelState *state, GError **error)
{
  if (state == NULL)
    return chat_local_execute (db, error, "DELETE FROM channels WHERE name = ?", "s", name)
           && chat_local_execute (db, error, "DELETE FROM messages WHERE channel = ?", "s", name);
  return chat_local_execute (db, error,
                             "INSERT OR REPLACE INTO channels (name, topic, other, bot, people, head, read, unread,"
                             " mentions, active, draft, language, joined, muted, notify, notified)"
                             " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                             "sssiiiiiiissiiii", name, state->topic, state->other, (gint64)state->bot,
                             (gint64)state->people, state->head, state->read, (gint64)state->unread,
                             (gint64)state->mentions, state->active, state->draft, state->language,
                             (gint64)state->joined, (gint64)state->muted, (gint64)state->notify, state->notified);
}

static gboolean
write_job (sqlite3 *db, gpointer data, GError **error)
{
  Write *write = data;
  GHashTableIter iter;
  gpointer key, value;

  for (guint i = 0; i < write->buffers->len; i++)
    if (!write_buffer (db, g_ptr_array_index (write->buffers, i), error))
      return FALSE;
  g_hash_table_iter_init (&iter, write->states);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (!write_state (db, key, value, error))
      return FALSE;
  g_hash_table_iter_init (&iter, write->values);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (!(value != NULL
              ? chat_local_execute (db, error, "INSERT OR REPLACE INTO workspace VALUES (?, ?)", "ss", key, value)
              : chat_local_execute (db, error, "DELETE FROM workspace WHERE key = ?", "s", key)))
      return FALSE;
  return TRUE;
}

/* Reading, on the database's thread */

static void
reverse (GPtrArray *array)
{
  for (guint i = 0; i < array->len / 2; i++)
    {
      gpointer swap = array->pdata[i];

      array->pdata[i] = array->pdata[array->len - 1 - i];
      array->pdata[array->len - 1 - i] = swap;
    }
}

static gboolean
has_id_of (gconstpointer message, gconstpointer other)
{
  return strcmp (chat_message_get_id (message), chat_message_get_id (other)) == 0;
}

/* The newest messages, the newest first, as far as their seqs go on without a hole. */
static gboolean
message_cb (sqlite3_stmt *row, gpointer data, GError **error)
{
  Read *read = data;
  GPtrArray *messages = read->contents->messages;
  gint64 seq = sqlite3_column_int64 (row, 0);
  gint64 before = messages->len > 0 ? chat_message_get_seq (g_ptr_array_index (messages, messages->len - 1)) : seq + 1;
  const void *record = sqlite3_column_blob (row, 1);
  g_autoptr (ChatMessage) message = chat_message_decode (record, (gsize)sqlite3_column_bytes (row, 1), NULL);

  if (message == NULL || chat_message_get_id (message) == NULL || (seq != before - 1 && !read->sparse))
    return FALSE;
  /* what was sent twice stands in a log twice */
  if (read->sparse && g_ptr_array_find_with_equal_func (messages, message, has_id_of, NULL))
    return TRUE;
  g_ptr_array_add (messages, g_steal_pointer (&message));
  return TRUE;
}

static gboolean
read_messages (sqlite3 *db, Read *read, GError **error)
{
  GPtrArray *messages = read->contents->messages;
  gint64 before = read->before;

  if (!chat_local_foreach (db, message_cb, read, error,
                           "SELECT seq, record FROM messages WHERE channel = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
                           "sii", read->channel, before > 0 ? before : G_MAXINT64, (gint64)read->limit))
    return FALSE;
  /* what does not reach up to there is of no use there */
  if (before > 0 && !read->sparse && messages->len > 0
      && chat_message_get_seq (g_ptr_array_index (messages, 0)) != before - 1)
    g_ptr_array_set_size (messages, 0);
  reverse (messages);
  return TRUE;
}

static gboolean
channel_cb (sqlite3_stmt *row, gpointer data, GError **error)
{
  ChatChannelState *state = g_new0 (ChatChannelState, 1);

  state->name = chat_local_dup_text (row, 0);
  state->topic = chat_local_dup_text (row, 1);
  state->other = chat_local_dup_text (row, 2);
  state->bot = sqlite3_column_int (row, 3) != 0;
  state->people = (guint)sqlite3_column_int64 (row, 4);
  state->head = sqlite3_column_int64 (row, 5);
  state->read = sqlite3_column_int64 (row, 6);
  state->unread = (guint)sqlite3_column_int64 (row, 7);
  state->mentions = (guint)sqlite3_column_int64 (row, 8);
  state->active = sqlite3_column_int64 (row, 9);
  state->draft = chat_local_dup_text (row, 10);
  state->language = chat_local_dup_text (row, 11);
  state->joined = sqlite3_column_int (row, 12) != 0;
  state->muted = sqlite3_column_int (row, 13) != 0;
  state->notify = (ChatNotify)CLAMP (sqlite3_column_int (row, 14), CHAT_NOTIFY_DEFAULT, CHAT_NOTIFY_NONE);
  state->notified = sqlite3_column_int64 (row, 15);
  g_ptr_array_add (data, state);
  return TRUE;
}

static gboolean
read_channels (sqlite3 *db, GPtrArray *channels, GError **error)
{
  return chat_local_foreach (db, channel_cb, channels, error,
                             "SELECT name, topic, other, bot, people, head, read, unread, mentions, active, draft,"
                             " language, joined, muted, notify, notified FROM channels",
                             "");
}

static gboolean
value_cb (sqlite3_stmt *row, gpointer data, GError **error)
{
  g_hash_table_insert (data, chat_local_dup_text (row, 0), chat_local_dup_text (row, 1));
  return TRUE;
}

static gboolean
read_values (sqlite3 *db, GHashTable *values, GError **error)
{
  return chat_local_foreach (db, value_cb, values, error, "SELECT key, value FROM workspace", "");
}

static gboolean
read_job (sqlite3 *db, gpointer data, GError **error)
{
  Read *read = data;

  read->contents = contents_new ();
  return (read->channel == NULL || read_messages (db, read, error))
         && (!read->everything || read_channels (db, read->contents->channels, error))
         && (!read->everything || read_values (db, read->contents->values, error));
}

/* Collecting */

static Buffer *
get_buffer (ChatCache *self, const char *channel)
{
  Buffer *buffer = g_hash_table_lookup (self->buffers, channel);

  if (buffer != NULL)
    return buffer;
  buffer = g_new0 (Buffer, 1);
  buffer->ids = g_hash_table_new (g_str_hash, g_str_equal);
  buffer->placed = g_ptr_array_new_with_free_func ((GDestroyNotify)placed_free);
  g_hash_table_insert (self->buffers, g_strdup (channel), buffer);
  return buffer;
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  chat_local_database_run_finish (CHAT_LOCAL_DATABASE (source), result, NULL, &error);
  g_signal_emit (g_task_get_source_object (task), signals[WRITTEN], 0, error);
  if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
write_cb (gpointer user_data)
{
  ChatCache *self = user_data;

  self->write_source = 0;
  chat_cache_flush_async (self, NULL, NULL, NULL);
  return G_SOURCE_REMOVE;
}

static void
queue_write (ChatCache *self)
{
  if (self->write_source == 0)
    self->write_source = g_timeout_add_seconds (WRITE_SECONDS, write_cb, self);
}

static void
add_placed (ChatCache *self, Buffer *buffer, ChatMessage *message, gint64 seq)
{
  Placed *placed = g_new (Placed, 1);

  placed->message = chat_message_ref (message);
  placed->seq = seq;
  g_ptr_array_add (buffer->placed, placed);
  /* in a flood only the newest of a second are worth writing */
  if (buffer->placed->len >= 2 * CHAT_CACHE_KEPT)
    g_ptr_array_remove_range (buffer->placed, 0, CHAT_CACHE_KEPT);
  queue_write (self);
}

static void
drop_waiting (Buffer *buffer, GList *link)
{
  ChatMessage *message = link->data;

  g_hash_table_remove (buffer->ids, chat_message_get_id (message));
  g_queue_delete_link (&buffer->waiting, link);
  chat_message_unref (message);
}

/* What has changed since the last write, taken out. (transfer full) */
static Write *
take_changes (ChatCache *self)
{
  Write *write = g_new (Write, 1);
  GHashTableIter iter;
  gpointer key, value;

  write->buffers = g_ptr_array_new_with_free_func ((GDestroyNotify)buffer_write_free);
  write->states = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, state_free);
  write->values = g_steal_pointer (&self->values);
  self->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  g_hash_table_iter_init (&iter, self->buffers);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      Buffer *buffer = value;
      BufferWrite *one;

      if (buffer->placed->len == 0 && !buffer->forget)
        continue;
      one = g_new (BufferWrite, 1);
      one->name = g_strdup (key);
      one->placed = g_steal_pointer (&buffer->placed);
      one->forget = buffer->forget;
      one->sparse = self->sparse;
      buffer->placed = g_ptr_array_new_with_free_func ((GDestroyNotify)placed_free);
      buffer->forget = FALSE;
      g_ptr_array_add (write->buffers, one);
    }
  g_hash_table_iter_init (&iter, self->channels);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (write->states, g_strdup (key), value != NULL ? chat_channel_dup_state (value) : NULL);
  g_hash_table_remove_all (self->channels);
  return write;
}

/* Overrides */

static void
chat_cache_dispose (GObject *object)
{
  ChatCache *self = CHAT_CACHE (object);

  g_clear_handle_id (&self->write_source, g_source_remove);
  g_hash_table_remove_all (self->channels);
  G_OBJECT_CLASS (chat_cache_parent_class)->dispose (object);
}

static void
chat_cache_finalize (GObject *object)
{
  ChatCache *self = CHAT_CACHE (object);

  g_clear_object (&self->database);
  g_hash_table_unref (self->buffers);
  g_hash_table_unref (self->channels);
  g_hash_table_unref (self->values);
  G_OBJECT_CLASS (chat_cache_parent_class)->finalize (object);
}

static void
chat_cache_class_init (ChatCacheClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = chat_cache_dispose;
  G_OBJECT_CLASS (klass)->finalize = chat_cache_finalize;

  signals[WRITTEN] = g_signal_new ("written", CHAT_TYPE_CACHE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                   G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
chat_cache_init (ChatCache *self)
{
  self->buffers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)buffer_free);
  self->channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, object_unref_or_null);
  self->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

ChatCache *
chat_cache_new (ChatLocalDatabase *database)
{
  ChatCache *self = g_object_new (CHAT_TYPE_CACHE, NULL);

  g_set_object (&self->database, database);
  return self;
}

void
chat_cache_set_sparse (ChatCache *self, gboolean sparse)
{
  g_return_if_fail (CHAT_IS_CACHE (self));
  self->sparse = sparse;
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatCache *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  Read *read = NULL;

  if (!chat_local_database_run_finish (CHAT_LOCAL_DATABASE (source), result, &read, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (read->before == 0 && read->contents->messages->len > 0)
    get_buffer (self, read->channel)->highest
        = chat_message_get_seq (g_ptr_array_index (read->contents->messages, read->contents->messages->len - 1));
  g_task_return_pointer (task, g_steal_pointer (&read->contents), (GDestroyNotify)chat_cache_contents_free);
}

static void
chat_cache_read (ChatCache *self, const char *channel, gint64 before, guint limit, gboolean everything, GTask *task)
{
  Read *read = g_new0 (Read, 1);

  read->channel = g_strdup (channel);
  read->before = before;
  read->limit = limit;
  read->everything = everything;
  read->sparse = self->sparse;
  chat_local_database_run_async (self->database, read_job, read, (GDestroyNotify)read_free, NULL, read_cb, task);
}

void
chat_cache_open_async (ChatCache *self, const char *channel, guint limit, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (CHAT_IS_CACHE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_cache_open_async);
  chat_cache_read (self, channel, 0, limit, TRUE, task);
}

ChatCacheContents *
chat_cache_open_finish (ChatCache *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
chat_cache_load_async (ChatCache *self, const char *channel, guint limit, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (CHAT_IS_CACHE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_cache_load_async);
  chat_cache_read (self, channel, 0, limit, FALSE, task);
}

void
chat_cache_load_before_async (ChatCache *self, const char *channel, gint64 before, guint limit,
                              GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (CHAT_IS_CACHE (self));
  g_return_if_fail (before > 0);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_cache_load_before_async);
  chat_cache_read (self, channel, before, limit, FALSE, task);
}

GPtrArray *
chat_cache_load_finish (ChatCache *self, GAsyncResult *result, GError **error)
{
  g_autoptr (ChatCacheContents) contents = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  contents = g_task_propagate_pointer (G_TASK (result), error);
  return contents != NULL ? g_ptr_array_ref (contents->messages) : NULL;
}

void
chat_cache_put_channel (ChatCache *self, ChatChannel *channel)
{
  g_return_if_fail (CHAT_IS_CACHE (self));

  g_hash_table_insert (self->channels, g_strdup (chat_channel_get_name (channel)), g_object_ref (channel));
  queue_write (self);
}

void
chat_cache_remove_channel (ChatCache *self, const char *name)
{
  g_return_if_fail (CHAT_IS_CACHE (self));

  g_hash_table_insert (self->channels, g_strdup (name), NULL);
  g_hash_table_remove (self->buffers, name);
  queue_write (self);
}

void
chat_cache_put_value (ChatCache *self, const char *key, const char *value)
{
  g_return_if_fail (CHAT_IS_CACHE (self));

  g_hash_table_insert (self->values, g_strdup (key), g_strdup (value));
  queue_write (self);
}

void
chat_cache_add_live (ChatCache *self, const char *channel, ChatMessage *message)
{
  const char *id = chat_message_get_id (message);
  Buffer *buffer;

  g_return_if_fail (CHAT_IS_CACHE (self));

  buffer = get_buffer (self, channel);
  if (chat_message_get_seq (message) > 0)
    {
      add_placed (self, buffer, message, chat_message_get_seq (message));
      return;
    }
  if (id == NULL || g_hash_table_contains (buffer->ids, id))
    return;
  g_queue_push_tail (&buffer->waiting, chat_message_ref (message));
  g_hash_table_insert (buffer->ids, (gpointer)id, buffer->waiting.tail);
  if (buffer->waiting.length > CHAT_CACHE_KEPT)
    drop_waiting (buffer, buffer->waiting.head);
}

void
chat_cache_add_receipts (ChatCache *self, const char *channel, ChatMessage *receipt)
{
  GHashTable *receipts = chat_message_get_receipts (receipt);
  GHashTableIter iter;
  gpointer id, seq;
  Buffer *buffer;

  g_return_if_fail (CHAT_IS_CACHE (self));

  buffer = g_hash_table_lookup (self->buffers, channel);
  if (receipts == NULL || buffer == NULL)
    return;
  g_hash_table_iter_init (&iter, receipts);
  while (g_hash_table_iter_next (&iter, &id, &seq))
    {
      GList *link = g_hash_table_lookup (buffer->ids, id);

      if (link == NULL)
        continue;
      add_placed (self, buffer, link->data, *(gint64 *)seq);
      drop_waiting (buffer, link);
    }
}

void
chat_cache_add_page (ChatCache *self, const char *channel, GPtrArray *messages, gint64 head)
{
  Buffer *buffer;

  g_return_if_fail (CHAT_IS_CACHE (self));

  buffer = get_buffer (self, channel);
  if (head < buffer->highest)
    {
      buffer->forget = TRUE;
      buffer->highest = 0;
    }
  for (guint i = 0; i < messages->len; i++)
    {
      ChatMessage *message = g_ptr_array_index (messages, i);

      if (self->sparse || chat_message_get_seq (message) > head - CHAT_CACHE_KEPT)
        add_placed (self, buffer, message, chat_message_get_seq (message));
    }
  queue_write (self);
}

void
chat_cache_flush_async (ChatCache *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (CHAT_IS_CACHE (self));

  g_clear_handle_id (&self->write_source, g_source_remove);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_cache_flush_async);
  chat_local_database_run_async (self->database, write_job, take_changes (self), (GDestroyNotify)write_free, NULL,
                                 written_cb, task);
}

gboolean
chat_cache_flush_finish (ChatCache *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
