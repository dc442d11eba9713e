/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-store.h"

#include "core/chat-worker.h"
#include "server/store/sql/chat-sql-store-private.h"

#define MAX_CALLS_PER_COMMIT 64

typedef enum
{
  STATE_CLOSED,
  STATE_OPENING,
  STATE_OPEN,
  STATE_CLOSING,
} State;

/** Reads: the calls under way of one function that reads. */
typedef struct
{
  guint pending;
  ChatWorker *reader; /* borrowed: which runs them, while there are any */
} Reads;

typedef struct
{
  /* Owned */
  State state;
  ChatWorker *writer;
  GPtrArray *readers; /* of ChatWorker */
  GHashTable *reads;  /* the function → Reads */
  guint connected;    /* how many of them are */
  GPtrArray *opening; /* the tasks of calls to open and close that wait */
  GPtrArray *closing;
  GError *failure; /* why opening fails, while its workers end */
  ChatStoreAnnouncer *announcer;
} ChatSqlStorePrivate;

static void chat_sql_store_iface_init (ChatStoreInterface *iface);

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (
    ChatSqlStore, chat_sql_store, G_TYPE_OBJECT,
    G_ADD_PRIVATE (ChatSqlStore) G_IMPLEMENT_INTERFACE (CHAT_TYPE_STORE, chat_sql_store_iface_init)
        G_IMPLEMENT_INTERFACE (CHAT_TYPE_MESSAGE_STORE, chat_sql_messages_iface_init)
            G_IMPLEMENT_INTERFACE (CHAT_TYPE_CHANNEL_STORE, chat_sql_channels_iface_init)
                G_IMPLEMENT_INTERFACE (CHAT_TYPE_USER_STORE, chat_sql_users_iface_init)
                    G_IMPLEMENT_INTERFACE (CHAT_TYPE_MODERATION_STORE, chat_sql_moderation_iface_init)
                        G_IMPLEMENT_INTERFACE (CHAT_TYPE_COUNTER_STORE, chat_sql_counters_iface_init)
                            G_IMPLEMENT_INTERFACE (CHAT_TYPE_OUTBOX_STORE, chat_sql_outbox_iface_init))

/* Helpers */

static GPtrArray *
task_list_new (void)
{
  return g_ptr_array_new_with_free_func (g_object_unref);
}

static GPtrArray *
task_list_steal (GPtrArray **tasks)
{
  GPtrArray *stolen = *tasks;

  *tasks = task_list_new ();
  return stolen;
}

static void
task_list_return (GPtrArray *tasks, const GError *error)
{
  for (guint i = 0; i < tasks->len; i++)
    if (error != NULL)
      g_task_return_error (g_ptr_array_index (tasks, i), g_error_copy (error));
    else
      g_task_return_boolean (g_ptr_array_index (tasks, i), TRUE);
}

static GTask *
task_new (gpointer self, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  return task;
}

static const char *
get_name (ChatSqlStore *self)
{
  return CHAT_SQL_STORE_GET_CLASS (self)->get_name (self);
}

static void
return_not_open (ChatSqlStore *self, GTask *task)
{
  g_task_return_new_error (task, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED, "The store “%s” is not open",
                           get_name (self));
}

static ChatWorker *
worker_new (ChatSqlStore *self, const char *name, gboolean writer)
{
  return chat_worker_new (name, CHAT_SQL_STORE_GET_CLASS (self)->connection_new (self, writer),
                          (GDestroyNotify)chat_sql_free);
}

/* Closing: the writing connection is the last: SQLite's moves the write-ahead log into the file */

static void
writer_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatSqlStore) self = user_data;
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);
  g_autoptr (GError) failure = g_steal_pointer (&priv->failure);
  g_autoptr (GPtrArray) opening = task_list_steal (&priv->opening);
  g_autoptr (GPtrArray) closing = task_list_steal (&priv->closing);

  chat_worker_close_finish (CHAT_WORKER (source), result, NULL);
  g_clear_object (&priv->writer);
  priv->state = STATE_CLOSED;
  /* what is called back may open it again: the state has to be right by now */
  task_list_return (opening, failure);
  task_list_return (closing, NULL);
}

static void
reader_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatSqlStore) self = user_data;
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);

  chat_worker_close_finish (CHAT_WORKER (source), result, NULL);
  g_ptr_array_remove_fast (priv->readers, source);
  if (priv->readers->len == 0)
    chat_worker_close_async (priv->writer, NULL, writer_closed_cb, g_object_ref (self));
}

static void
start_closing (ChatSqlStore *self)
{
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);

  chat_store_announcer_set_watched (priv->announcer, FALSE);
  if (CHAT_SQL_STORE_GET_CLASS (self)->unwatch != NULL)
    CHAT_SQL_STORE_GET_CLASS (self)->unwatch (self);
  for (guint i = 0; i < priv->readers->len; i++)
    chat_worker_close_async (g_ptr_array_index (priv->readers, i), NULL, reader_closed_cb, g_object_ref (self));
}

/* Opening: the writing connection first, since it makes what is missing */

static void
connect_on_worker (GTask *task, gpointer database, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (chat_sql_open (database, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void connect_reader (ChatSqlStore *self);

static void
fail_opening (ChatSqlStore *self, GError *error)
{
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);

  priv->failure = error;
  start_closing (self);
}

static void
opened (ChatSqlStore *self)
{
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);
  g_autoptr (GPtrArray) opening = task_list_steal (&priv->opening);

  priv->state = priv->closing->len > 0 ? STATE_CLOSING : STATE_OPEN;
  if (priv->state == STATE_CLOSING)
    start_closing (self);
  task_list_return (opening, NULL);
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatSqlStore *self = CHAT_SQL_STORE (source);
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    fail_opening (self, error);
  else if (priv->connected < priv->readers->len)
    connect_reader (self);
  else
    opened (self);
}

static void
connect_reader (ChatSqlStore *self)
{
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);
  ChatWorker *reader = g_ptr_array_index (priv->readers, priv->connected++);

  chat_worker_push (reader, g_task_new (self, NULL, connected_cb, NULL), connect_on_worker);
}

static void
start_opening (ChatSqlStore *self)
{
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);
  guint n_readers = CHAT_SQL_STORE_GET_CLASS (self)->count_readers (self);

  priv->state = STATE_OPENING;
  priv->connected = 0;
  priv->writer = worker_new (self, "store-writer", TRUE);
  for (guint i = 0; i < n_readers; i++)
    g_ptr_array_add (priv->readers, worker_new (self, "store-reader", FALSE));
  chat_worker_push (priv->writer, g_task_new (self, NULL, connected_cb, NULL), connect_on_worker);
}

/* ChatStore */

static void
chat_sql_store_open_async (ChatStore *store, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  ChatSqlStore *self = CHAT_SQL_STORE (store);
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);
  g_autoptr (GTask) task = task_new (self, chat_sql_store_open_async, cancellable, callback, user_data);

  if (g_task_return_error_if_cancelled (task))
    return;
  if (priv->state == STATE_OPEN)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (priv->state == STATE_CLOSING)
    {
      g_task_return_new_error (task, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED,
                               "The store “%s” is being closed: open it again after that", get_name (self));
      return;
    }

  g_task_set_check_cancellable (task, FALSE);
  g_ptr_array_add (priv->opening, g_steal_pointer (&task));
  if (priv->state == STATE_CLOSED)
    start_opening (self);
}

static void
chat_sql_store_close_async (ChatStore *store, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  ChatSqlStore *self = CHAT_SQL_STORE (store);
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);
  g_autoptr (GTask) task = task_new (self, chat_sql_store_close_async, cancellable, callback, user_data);

  g_task_set_check_cancellable (task, FALSE);
  if (priv->state == STATE_CLOSED)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  g_ptr_array_add (priv->closing, g_steal_pointer (&task));
  if (priv->state == STATE_OPEN)
    {
      priv->state = STATE_CLOSING;
      start_closing (self);
    }
}

static gboolean
chat_sql_store_open_finish (ChatStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, chat_sql_store_open_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
chat_sql_store_close_finish (ChatStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, chat_sql_store_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static gpointer
check (ChatSql *database, gconstpointer arguments)
{
  /* reads and writes a page, and waits until it is on the disk */
  chat_sql_run (database,
                "INSERT INTO heartbeat VALUES (1, 1) ON CONFLICT (number) DO UPDATE SET beats = heartbeat.beats + 1",
                "");
  return NULL;
}

static void
chat_sql_store_check_async (ChatStore *store, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  chat_sql_store_write_alone (store, chat_sql_store_check_async, check, NULL, NULL, NULL, cancellable, callback,
                              user_data);
}

static gboolean
chat_sql_store_check_finish (ChatStore *store, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (store, chat_sql_store_check_async, result, error) >= 0;
}

static void
chat_sql_store_watch_async (ChatStore *store, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  ChatSqlStore *self = CHAT_SQL_STORE (store);
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);
  g_autoptr (GTask) task = task_new (self, chat_sql_store_watch_async, cancellable, callback, user_data);

  if (priv->state != STATE_OPEN)
    {
      return_not_open (self, task);
      return;
    }
  chat_store_announcer_set_watched (priv->announcer, TRUE);
  if (CHAT_SQL_STORE_GET_CLASS (self)->watch != NULL)
    CHAT_SQL_STORE_GET_CLASS (self)->watch (self, g_steal_pointer (&task));
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
chat_sql_store_watch_finish (ChatStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, chat_sql_store_watch_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static ChatMessageStore *
chat_sql_store_get_messages (ChatStore *store)
{
  return CHAT_MESSAGE_STORE (store);
}

static ChatChannelStore *
chat_sql_store_get_channels (ChatStore *store)
{
  return CHAT_CHANNEL_STORE (store);
}

static ChatUserStore *
chat_sql_store_get_users (ChatStore *store)
{
  return CHAT_USER_STORE (store);
}

static ChatModerationStore *
chat_sql_store_get_moderation (ChatStore *store)
{
  return CHAT_MODERATION_STORE (store);
}

static ChatOutboxStore *
chat_sql_store_get_outbox (ChatStore *store)
{
  return CHAT_OUTBOX_STORE (store);
}

static ChatCounterStore *
chat_sql_store_get_counters (ChatStore *store)
{
  return CHAT_COUNTER_STORE (store);
}

static void
chat_sql_store_iface_init (ChatStoreInterface *iface)
{
  iface->open_async = chat_sql_store_open_async;
  iface->open_finish = chat_sql_store_open_finish;
  iface->close_async = chat_sql_store_close_async;
  iface->close_finish = chat_sql_store_close_finish;
  iface->check_async = chat_sql_store_check_async;
  iface->check_finish = chat_sql_store_check_finish;
  iface->watch_async = chat_sql_store_watch_async;
  iface->watch_finish = chat_sql_store_watch_finish;
  iface->get_messages = chat_sql_store_get_messages;
  iface->get_channels = chat_sql_store_get_channels;
  iface->get_users = chat_sql_store_get_users;
  iface->get_moderation = chat_sql_store_get_moderation;
  iface->get_counters = chat_sql_store_get_counters;
  iface->get_outbox = chat_sql_store_get_outbox;
}

/* GObject */

static void
chat_sql_store_dispose (GObject *object)
{
  ChatSqlStore *self = CHAT_SQL_STORE (object);
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);

  /* never closed: nothing is under way, since each call holds a reference; the workers end with their connections */
  g_ptr_array_set_size (priv->readers, 0);
  g_clear_object (&priv->writer);

  G_OBJECT_CLASS (chat_sql_store_parent_class)->dispose (object);
}

static void
chat_sql_store_finalize (GObject *object)
{
  ChatSqlStore *self = CHAT_SQL_STORE (object);
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);

  g_clear_pointer (&priv->readers, g_ptr_array_unref);
  g_clear_pointer (&priv->reads, g_hash_table_unref);
  g_clear_pointer (&priv->opening, g_ptr_array_unref);
  g_clear_pointer (&priv->closing, g_ptr_array_unref);
  g_clear_error (&priv->failure);
  g_clear_pointer (&priv->announcer, chat_store_announcer_unref);

  G_OBJECT_CLASS (chat_sql_store_parent_class)->finalize (object);
}

static void
chat_sql_store_class_init (ChatSqlStoreClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = chat_sql_store_dispose;
  object_class->finalize = chat_sql_store_finalize;
}

static void
chat_sql_store_init (ChatSqlStore *self)
{
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);

  priv->readers = g_ptr_array_new_with_free_func (g_object_unref);
  priv->reads = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  priv->opening = task_list_new ();
  priv->closing = task_list_new ();
  priv->announcer = chat_store_announcer_new (CHAT_STORE (self));
}

ChatStoreAnnouncer *
chat_sql_store_get_announcer (ChatSqlStore *self)
{
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);

  return priv->announcer;
}

/* What the aggregates call */

/* NULL when the store is not open: then the callback gets that */
static GTask *
call_new (ChatSqlStore *self, gpointer tag, ChatSqlFunc func, gpointer arguments, GDestroyNotify arguments_free,
          GDestroyNotify result_free, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);
  g_autoptr (GTask) task = task_new (self, tag, cancellable, callback, user_data);

  chat_sql_call_attach (task, func, arguments, arguments_free, result_free);
  if (priv->state == STATE_OPEN)
    return g_steal_pointer (&task);

  return_not_open (self, task);
  return NULL;
}

static ChatWorker *
get_writer (ChatSqlStore *self)
{
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);

  return priv->writer;
}

static ChatWorker *
least_busy_reader (ChatSqlStorePrivate *priv)
{
  ChatWorker *least = g_ptr_array_index (priv->readers, 0);

  for (guint i = 1; i < priv->readers->len && chat_worker_get_pending (least) > 0; i++)
    if (chat_worker_get_pending (g_ptr_array_index (priv->readers, i)) < chat_worker_get_pending (least))
      least = g_ptr_array_index (priv->readers, i);
  return least;
}

static void
read_completed_cb (GTask *task, GParamSpec *pspec, gpointer user_data)
{
  Reads *reads = user_data;

  reads->pending--;
}

/* What reads with the same function stays in order; the rest is shared out. */
static ChatWorker *
choose_reader (ChatSqlStore *self, GTask *task, gpointer tag)
{
  ChatSqlStorePrivate *priv = chat_sql_store_get_instance_private (self);
  Reads *reads = g_hash_table_lookup (priv->reads, tag);

  if (reads == NULL)
    {
      reads = g_new0 (Reads, 1);
      g_hash_table_insert (priv->reads, tag, reads);
    }
  if (reads->pending++ == 0)
    reads->reader = least_busy_reader (priv);
  g_signal_connect (task, "notify::completed", G_CALLBACK (read_completed_cb), reads);
  return reads->reader;
}

void
chat_sql_store_read (gpointer self, gpointer tag, ChatSqlFunc func, gpointer arguments, GDestroyNotify arguments_free,
                     GDestroyNotify result_free, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  GTask *task = call_new (CHAT_SQL_STORE (self), tag, func, arguments, arguments_free, result_free, cancellable,
                          callback, user_data);

  if (task != NULL)
    chat_worker_push (choose_reader (CHAT_SQL_STORE (self), task, tag), task, chat_sql_call_alone);
}

void
chat_sql_store_write (gpointer self, gpointer tag, ChatSqlFunc func, gpointer arguments, GDestroyNotify arguments_free,
                      GDestroyNotify result_free, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  GTask *task = call_new (CHAT_SQL_STORE (self), tag, func, arguments, arguments_free, result_free, cancellable,
                          callback, user_data);

  if (task != NULL)
    chat_worker_push_batchable (get_writer (CHAT_SQL_STORE (self)), task, chat_sql_call_write, MAX_CALLS_PER_COMMIT);
}

void
chat_sql_store_write_alone (gpointer self, gpointer tag, ChatSqlFunc func, gpointer arguments,
                            GDestroyNotify arguments_free, GDestroyNotify result_free, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = call_new (CHAT_SQL_STORE (self), tag, func, arguments, arguments_free, result_free, cancellable,
                          callback, user_data);

  if (task != NULL)
    chat_worker_push (get_writer (CHAT_SQL_STORE (self)), task, chat_sql_call_alone);
}

gpointer
chat_sql_store_finish (gpointer self, gpointer tag, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, tag), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

gssize
chat_sql_store_finish_number (gpointer self, gpointer tag, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), -1);
  g_return_val_if_fail (g_async_result_is_tagged (result, tag), -1);

  return g_task_propagate_int (G_TASK (result), error);
}
