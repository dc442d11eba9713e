/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sqlite/chat-sqlite-store.h"

#include "core/chat-worker.h"
#include "server/store/sqlite/chat-sqlite-store-private.h"

#define DEFAULT_BUSY_TIMEOUT 2000
#define MAX_CALLS_PER_COMMIT 64

typedef enum
{
  STATE_CLOSED,
  STATE_OPENING,
  STATE_OPEN,
  STATE_CLOSING,
} State;

struct _ChatSqliteStore
{
  GObject parent_instance;

  /* Owned */
  char *path;
  guint busy_timeout;
  State state;
  ChatWorker *writer;
  ChatWorker *reader;
  GPtrArray *opening; /* the tasks of calls to open and close that wait */
  GPtrArray *closing;
  GError *failure; /* why opening fails, while its workers end */
  ChatStoreAnnouncer *announcer;
};

static void chat_sqlite_store_iface_init (ChatStoreInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatSqliteStore, chat_sqlite_store, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_STORE, chat_sqlite_store_iface_init)
                                   G_IMPLEMENT_INTERFACE (CHAT_TYPE_MESSAGE_STORE, chat_sqlite_messages_iface_init)
                                       G_IMPLEMENT_INTERFACE (CHAT_TYPE_CHANNEL_STORE, chat_sqlite_channels_iface_init)
                                           G_IMPLEMENT_INTERFACE (CHAT_TYPE_USER_STORE, chat_sqlite_users_iface_init)
                                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_MODERATION_STORE,
                                                                      chat_sqlite_moderation_iface_init)
                                                   G_IMPLEMENT_INTERFACE (CHAT_TYPE_COUNTER_STORE,
                                                                          chat_sqlite_counters_iface_init))

enum
{
  PROP_PATH = 1,
  PROP_BUSY_TIMEOUT,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

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

static void
return_not_open (ChatSqliteStore *self, GTask *task)
{
  g_task_return_new_error (task, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED, "The store “%s” is not open", self->path);
}

static ChatWorker *
worker_new (ChatSqliteStore *self, const char *name, ChatSqliteRole role)
{
  ChatSqlite *database = chat_sqlite_new (self->path, role, self->busy_timeout, self->announcer);

  return chat_worker_new (name, database, (GDestroyNotify)chat_sqlite_free);
}

/* Closing: the writing connection is the last, so that it moves the write-ahead log into the file */

static void
writer_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatSqliteStore) self = user_data;
  g_autoptr (GError) failure = g_steal_pointer (&self->failure);
  g_autoptr (GPtrArray) opening = task_list_steal (&self->opening);
  g_autoptr (GPtrArray) closing = task_list_steal (&self->closing);

  chat_worker_close_finish (CHAT_WORKER (source), result, NULL);
  g_clear_object (&self->writer);
  self->state = STATE_CLOSED;
  chat_store_announcer_set_watched (self->announcer, FALSE);
  /* what is called back may open it again: the state has to be right by now */
  task_list_return (opening, failure);
  task_list_return (closing, NULL);
}

static void
reader_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatSqliteStore) self = user_data;

  chat_worker_close_finish (CHAT_WORKER (source), result, NULL);
  g_clear_object (&self->reader);
  chat_worker_close_async (self->writer, NULL, writer_closed_cb, g_object_ref (self));
}

static void
start_closing (ChatSqliteStore *self)
{
  chat_worker_close_async (self->reader, NULL, reader_closed_cb, g_object_ref (self));
}

/* Opening: the writing connection first, since it makes the file and its schema */

static void
connect_on_worker (GTask *task, gpointer database, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (chat_sqlite_open (database, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
fail_opening (ChatSqliteStore *self, GError *error)
{
  self->failure = error;
  start_closing (self);
}

static void
reader_connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatSqliteStore *self = CHAT_SQLITE_STORE (source);
  g_autoptr (GPtrArray) opening = NULL;
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      fail_opening (self, error);
      return;
    }

  opening = task_list_steal (&self->opening);
  self->state = self->closing->len > 0 ? STATE_CLOSING : STATE_OPEN;
  if (self->state == STATE_CLOSING)
    start_closing (self);
  task_list_return (opening, NULL);
}

static void
writer_connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatSqliteStore *self = CHAT_SQLITE_STORE (source);
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    chat_worker_push (self->reader, g_task_new (self, NULL, reader_connected_cb, NULL), connect_on_worker);
  else
    fail_opening (self, error);
}

static void
start_opening (ChatSqliteStore *self)
{
  self->state = STATE_OPENING;
  self->writer = worker_new (self, "store-writer", CHAT_SQLITE_WRITER);
  self->reader = worker_new (self, "store-reader", CHAT_SQLITE_READER);
  chat_worker_push (self->writer, g_task_new (self, NULL, writer_connected_cb, NULL), connect_on_worker);
}

/* ChatStore */

static void
chat_sqlite_store_open_async (ChatStore *store, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  ChatSqliteStore *self = CHAT_SQLITE_STORE (store);
  g_autoptr (GTask) task = task_new (self, chat_sqlite_store_open_async, cancellable, callback, user_data);

  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->state == STATE_OPEN)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (self->state == STATE_CLOSING)
    {
      g_task_return_new_error (task, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CLOSED,
                               "The store “%s” is being closed: open it again after that", self->path);
      return;
    }

  g_task_set_check_cancellable (task, FALSE);
  g_ptr_array_add (self->opening, g_steal_pointer (&task));
  if (self->state == STATE_CLOSED)
    start_opening (self);
}

static void
chat_sqlite_store_close_async (ChatStore *store, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  ChatSqliteStore *self = CHAT_SQLITE_STORE (store);
  g_autoptr (GTask) task = task_new (self, chat_sqlite_store_close_async, cancellable, callback, user_data);

  g_task_set_check_cancellable (task, FALSE);
  if (self->state == STATE_CLOSED)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  g_ptr_array_add (self->closing, g_steal_pointer (&task));
  if (self->state == STATE_OPEN)
    {
      self->state = STATE_CLOSING;
      start_closing (self);
    }
}

static gboolean
chat_sqlite_store_open_finish (ChatStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, chat_sqlite_store_open_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
chat_sqlite_store_close_finish (ChatStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, chat_sqlite_store_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static gpointer
check (ChatSqlite *database, gconstpointer arguments)
{
  /* reads and writes a page, and waits until it is on the disk */
  chat_sqlite_run (database, "INSERT INTO heartbeat VALUES (1, 1) ON CONFLICT DO UPDATE SET beats = beats + 1", "");
  return NULL;
}

static void
chat_sqlite_store_check_async (ChatStore *store, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  chat_sqlite_store_write (store, chat_sqlite_store_check_async, check, NULL, NULL, NULL, cancellable, callback,
                           user_data);
}

static gboolean
chat_sqlite_store_check_finish (ChatStore *store, GAsyncResult *result, GError **error)
{
  return chat_sqlite_store_finish_number (store, chat_sqlite_store_check_async, result, error) >= 0;
}

static void
chat_sqlite_store_watch_async (ChatStore *store, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  ChatSqliteStore *self = CHAT_SQLITE_STORE (store);
  g_autoptr (GTask) task = task_new (self, chat_sqlite_store_watch_async, cancellable, callback, user_data);

  if (self->state != STATE_OPEN)
    {
      return_not_open (self, task);
      return;
    }
  chat_store_announcer_set_watched (self->announcer, TRUE);
  g_task_return_boolean (task, TRUE);
}

static gboolean
chat_sqlite_store_watch_finish (ChatStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, chat_sqlite_store_watch_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static ChatMessageStore *
chat_sqlite_store_get_messages (ChatStore *store)
{
  return CHAT_MESSAGE_STORE (store);
}

static ChatChannelStore *
chat_sqlite_store_get_channels (ChatStore *store)
{
  return CHAT_CHANNEL_STORE (store);
}

static ChatUserStore *
chat_sqlite_store_get_users (ChatStore *store)
{
  return CHAT_USER_STORE (store);
}

static ChatModerationStore *
chat_sqlite_store_get_moderation (ChatStore *store)
{
  return CHAT_MODERATION_STORE (store);
}

static ChatCounterStore *
chat_sqlite_store_get_counters (ChatStore *store)
{
  return CHAT_COUNTER_STORE (store);
}

static void
chat_sqlite_store_iface_init (ChatStoreInterface *iface)
{
  iface->open_async = chat_sqlite_store_open_async;
  iface->open_finish = chat_sqlite_store_open_finish;
  iface->close_async = chat_sqlite_store_close_async;
  iface->close_finish = chat_sqlite_store_close_finish;
  iface->check_async = chat_sqlite_store_check_async;
  iface->check_finish = chat_sqlite_store_check_finish;
  iface->watch_async = chat_sqlite_store_watch_async;
  iface->watch_finish = chat_sqlite_store_watch_finish;
  iface->get_messages = chat_sqlite_store_get_messages;
  iface->get_channels = chat_sqlite_store_get_channels;
  iface->get_users = chat_sqlite_store_get_users;
  iface->get_moderation = chat_sqlite_store_get_moderation;
  iface->get_counters = chat_sqlite_store_get_counters;
}

/* GObject */

static void
chat_sqlite_store_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ChatSqliteStore *self = CHAT_SQLITE_STORE (object);

  switch (id)
    {
    case PROP_PATH:
      /* absolute: SQLite gives names such as ":memory:" a meaning of its own */
      self->path = g_canonicalize_filename (g_value_get_string (value), NULL);
      break;
    case PROP_BUSY_TIMEOUT:
      self->busy_timeout = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
chat_sqlite_store_dispose (GObject *object)
{
  ChatSqliteStore *self = CHAT_SQLITE_STORE (object);

  /* never closed: nothing is under way, since each call holds a reference; the workers end with their connections */
  g_clear_object (&self->reader);
  g_clear_object (&self->writer);

  G_OBJECT_CLASS (chat_sqlite_store_parent_class)->dispose (object);
}

static void
chat_sqlite_store_finalize (GObject *object)
{
  ChatSqliteStore *self = CHAT_SQLITE_STORE (object);

  g_clear_pointer (&self->opening, g_ptr_array_unref);
  g_clear_pointer (&self->closing, g_ptr_array_unref);
  g_clear_error (&self->failure);
  chat_store_announcer_unref (self->announcer);
  g_clear_pointer (&self->path, g_free);

  G_OBJECT_CLASS (chat_sqlite_store_parent_class)->finalize (object);
}

static void
chat_sqlite_store_class_init (ChatSqliteStoreClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->set_property = chat_sqlite_store_set_property;
  object_class->dispose = chat_sqlite_store_dispose;
  object_class->finalize = chat_sqlite_store_finalize;

  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);
  properties[PROP_BUSY_TIMEOUT]
      = g_param_spec_uint ("busy-timeout", NULL, NULL, 0, G_MAXINT, DEFAULT_BUSY_TIMEOUT, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
chat_sqlite_store_init (ChatSqliteStore *self)
{
  self->opening = task_list_new ();
  self->closing = task_list_new ();
  self->announcer = chat_store_announcer_new (CHAT_STORE (self));
}

/* What the aggregates call */

/* NULL when the store is not open: then the callback gets that */
static GTask *
call_new (ChatSqliteStore *self, gpointer tag, ChatSqliteFunc func, gpointer arguments, GDestroyNotify arguments_free,
          GDestroyNotify result_free, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = task_new (self, tag, cancellable, callback, user_data);

  chat_sqlite_call_attach (task, func, arguments, arguments_free, result_free);
  if (self->state == STATE_OPEN)
    return g_steal_pointer (&task);

  return_not_open (self, task);
  return NULL;
}

void
chat_sqlite_store_read (gpointer self, gpointer tag, ChatSqliteFunc func, gpointer arguments,
                        GDestroyNotify arguments_free, GDestroyNotify result_free, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = call_new (CHAT_SQLITE_STORE (self), tag, func, arguments, arguments_free, result_free, cancellable,
                          callback, user_data);

  if (task != NULL)
    chat_worker_push (CHAT_SQLITE_STORE (self)->reader, task, chat_sqlite_call_read);
}

void
chat_sqlite_store_write (gpointer self, gpointer tag, ChatSqliteFunc func, gpointer arguments,
                         GDestroyNotify arguments_free, GDestroyNotify result_free, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = call_new (CHAT_SQLITE_STORE (self), tag, func, arguments, arguments_free, result_free, cancellable,
                          callback, user_data);

  if (task != NULL)
    chat_worker_push_batchable (CHAT_SQLITE_STORE (self)->writer, task, chat_sqlite_call_write, MAX_CALLS_PER_COMMIT);
}

gpointer
chat_sqlite_store_finish (gpointer self, gpointer tag, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, tag), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

gssize
chat_sqlite_store_finish_number (gpointer self, gpointer tag, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), -1);
  g_return_val_if_fail (g_async_result_is_tagged (result, tag), -1);

  return g_task_propagate_int (G_TASK (result), error);
}

/* Public */

ChatStore *
chat_sqlite_store_new (const char *path)
{
  g_return_val_if_fail (path != NULL, NULL);

  return g_object_new (CHAT_TYPE_SQLITE_STORE, "path", path, NULL);
}
