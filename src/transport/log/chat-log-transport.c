/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/log/chat-log-transport.h"

#include <string.h>

#include "transport/chat-backoff.h"
#include "transport/chat-waiters.h"
#include "transport/log/chat-log-reader.h"
#include "transport/log/chat-log-subscription.h"

/*
 * Everything here runs in the main context; the writer's and the reader's threads are behind a ChatWorker each. What
 * the writer has committed comes back in the order of the commits, and is announced to the readers before the call that
 * wrote it is answered.
 */

#define RETENTION_SECONDS 60
#define NAME_MOST 255
#define HEADERS_MOST 65536

typedef enum
{
  PHASE_NEW,
  PHASE_OPENING,
  PHASE_OPEN,
  PHASE_CLOSING,
  PHASE_CLOSED,
} Phase;

struct _ChatLogTransport
{
  GObject parent_instance;

  /* Owned */
  char *path;
  GMainContext *context;
  ChatWorker *writer; /* (nullable): from the first connect on */
  ChatLogHub *hub;    /* (nullable): from PHASE_OPEN on */
  ChatWaiters *connects;
  ChatWaiters *subscribes; /* each with a Wish */
  ChatWaiters *closes;
  GSource *timer;     /* (nullable): opens again, or probes while something is wrong */
  GSource *retention; /* (nullable) */
  char *trouble;      /* (nullable): why it is not online */

  ChatLogOptions options;
  ChatBackoff backoff;
  Phase phase;
  guint closing;     /* subscriptions */
  guint unconfirmed; /* calls that failed while it closed */
};

static void chat_log_transport_iface_init (ChatTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatLogTransport, chat_log_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_TRANSPORT, chat_log_transport_iface_init))

enum
{
  PROP_STATE = 1,
  PROP_STATUS,
};

/* A write on its way, and the call that it answers. */
typedef struct
{
  ChatLogWrite write;
  ChatLogTransport *self;
  GTask *call;
  ChatSubscription *forwarding; /* nullable */
  GArray *acks;                 /* (nullable) (element-type ChatLocalAck) */
} Writing;

/* What was asked of a subscribe. */
typedef struct
{
  char **topics;
  char **channels;
  char *group;
  ChatPosition *position;
  ChatStart start;
} Wish;

static void open_file (ChatLogTransport *self);
static void subscribe_now (ChatLogTransport *self, GTask *task);

/* State */

static ChatTransportState
get_state (ChatLogTransport *self)
{
  switch (self->phase)
    {
    case PHASE_OPENING:
      return CHAT_TRANSPORT_CONNECTING;
    case PHASE_OPEN:
      return self->trouble != NULL ? CHAT_TRANSPORT_DEGRADED : CHAT_TRANSPORT_ONLINE;
    case PHASE_NEW:
    case PHASE_CLOSING:
    case PHASE_CLOSED:
    default:
      return CHAT_TRANSPORT_OFFLINE;
    }
}

static char *
dup_status (ChatLogTransport *self)
{
  if (self->trouble != NULL)
    return g_strdup (self->trouble);
  if (self->phase == PHASE_OPEN)
    return g_strdup_printf ("Keeping messages in “%s”", self->path);
  if (self->phase == PHASE_OPENING)
    return g_strdup_printf ("Opening “%s”", self->path);
  return g_strdup ("Not connected");
}

/* @trouble: (nullable) */
static void
set_state (ChatLogTransport *self, Phase phase, const char *trouble)
{
  if (phase == self->phase && g_strcmp0 (trouble, self->trouble) == 0)
    return;
  self->phase = phase;
  g_free (self->trouble);
  self->trouble = g_strdup (trouble);
  g_object_notify (G_OBJECT (self), "state");
  g_object_notify (G_OBJECT (self), "status");
}

/* NULL where the log is open. */
static GError *
dup_obstacle (ChatLogTransport *self)
{
  if (self->phase == PHASE_OPEN)
    return NULL;
  if (self->phase >= PHASE_CLOSING)
    return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED, "The log “%s” is closed", self->path);
  return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, "The log “%s” is not open: %s", self->path,
                      self->trouble != NULL ? self->trouble : "it was not connected yet");
}

static gboolean
is_passing (const GError *error)
{
  return g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL)
         || g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static GSource *
timer_new (ChatLogTransport *self, guint wait_ms, GSourceFunc callback)
{
  GSource *timer = g_timeout_source_new (wait_ms);

  g_source_set_callback (timer, callback, self, NULL);
  g_source_attach (timer, self->context);
  return timer;
}

/* A job's task has no source object, whose last reference might be dropped on the worker's thread: what its callback
 * needs comes as @data. */
static void
push_job (ChatLogTransport *self, ChatWorkerFunc job, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (NULL, NULL, callback, data);

  g_task_set_source_tag (task, push_job);
  chat_worker_push (self->writer, task, job);
}

/* Trouble with writing, and its end */

static gboolean probe_cb (gpointer user_data);

static void
probed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatLogTransport) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean works = g_task_propagate_boolean (G_TASK (result), &error);

  if (self->phase != PHASE_OPEN || self->trouble == NULL)
    return;
  if (works)
    chat_backoff_reset (&self->backoff);
  set_state (self, PHASE_OPEN, works ? NULL : error->message);
  if (!works && self->timer == NULL)
    self->timer = timer_new (self, chat_backoff_next (&self->backoff), probe_cb);
}

static gboolean
probe_cb (gpointer user_data)
{
  ChatLogTransport *self = user_data;

  clear_source (&self->timer);
  push_job (self, chat_log_writer_probe, probed_cb, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

static void
note_result (ChatLogTransport *self, const GError *error)
{
  if (self->phase != PHASE_OPEN || (error == NULL && self->trouble == NULL))
    return;
  set_state (self, PHASE_OPEN, error != NULL ? error->message : NULL);
  if (error == NULL)
    {
      chat_backoff_reset (&self->backoff);
      clear_source (&self->timer);
    }
  else if (self->timer == NULL)
    self->timer = timer_new (self, chat_backoff_next (&self->backoff), probe_cb);
}

/* Writing */

static void
writing_free (Writing *writing)
{
  g_ptr_array_unref (writing->write.records);
  g_ptr_array_unref (writing->write.placed);
  g_clear_pointer (&writing->write.cursors, g_ptr_array_unref);
  g_clear_pointer (&writing->acks, g_array_unref);
  g_clear_object (&writing->forwarding);
  g_clear_object (&writing->call);
  g_clear_object (&writing->self);
  g_free (writing);
}

static Writing *
writing_new (ChatLogTransport *self, GTask *call)
{
  Writing *writing = g_new0 (Writing, 1);

  writing->self = g_object_ref (self);
  writing->call = g_object_ref (call);
  writing->write.records = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  writing->write.placed = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  return writing;
}

static void
writing_add_cursor (Writing *writing, const char *group, const char *topic, gint shard, gint64 next)
{
  if (writing->write.cursors == NULL)
    writing->write.cursors = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_log_cursor_free);
  g_ptr_array_add (writing->write.cursors, chat_log_cursor_new (group, topic, shard, next));
}

/* What every write has in common at its end; @error: of its call. */
static gboolean
writing_finish (Writing *writing, GAsyncResult *result, GError **error)
{
  ChatLogTransport *self = writing->self;
  GError *failure = NULL;

  g_task_propagate_boolean (G_TASK (result), &failure);
  note_result (self, failure);
  if (failure == NULL)
    {
      chat_log_hub_announce (self->hub, writing->write.placed);
      return TRUE;
    }
  self->unconfirmed += self->phase == PHASE_CLOSING;
  g_propagate_error (error, failure);
  return FALSE;
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Writing *writing = user_data;
  GError *error = NULL;

  if (writing_finish (writing, result, &error) && writing->acks != NULL)
    chat_local_acknowledge (writing->acks);
  if (writing->forwarding != NULL)
    chat_subscription_end_forward (writing->forwarding);
  if (error != NULL)
    g_task_return_error (writing->call, error);
  else
    g_task_return_boolean (writing->call, TRUE);
  writing_free (writing);
}

/* Takes @writing, which @callback gets. */
static void
push_write (Writing *writing, GAsyncReadyCallback callback)
{
  GTask *task = g_task_new (NULL, NULL, callback, writing);

  g_task_set_source_tag (task, push_write);
  g_task_set_task_data (task, &writing->write, NULL);
  chat_worker_push_batchable (writing->self->writer, task, chat_log_writer_write,
                              MAX (writing->self->options.batch, 1));
}

static gsize
get_headers_size (const ChatRecord *record)
{
  GHashTable *headers = chat_record_get_headers (record);
  GHashTableIter iter;
  gpointer name, value;
  gsize size = 0;

  if (headers == NULL)
    return 0;
  g_hash_table_iter_init (&iter, headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    size += strlen (name) + strlen (value) + 2;
  return size;
}

static gboolean
check_record (const ChatRecord *record, GError **error)
{
  const char *topic = chat_record_get_topic (record);
  const char *key = chat_record_get_key (record);
  gsize size = g_bytes_get_size (chat_record_get_bytes (record));
  gsize headers = get_headers_size (record);

  if (*topic == '\0' || strlen (topic) > NAME_MOST)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                 "The name of a topic has 1 to %d bytes, not %" G_GSIZE_FORMAT, NAME_MOST, strlen (topic));
  else if (key != NULL && strlen (key) > NAME_MOST)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                 "The key of a record has at most %d bytes, not %" G_GSIZE_FORMAT, NAME_MOST, strlen (key));
  else if (headers > HEADERS_MOST)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                 "The headers of a record have at most %d bytes, not %" G_GSIZE_FORMAT, HEADERS_MOST, headers);
  else if (size > CHAT_LOG_RECORD_MOST)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                 "A record for %s has %" G_GSIZE_FORMAT " bytes; at most %d are taken", topic, size,
                 CHAT_LOG_RECORD_MOST);
  else
    return TRUE;
  return FALSE;
}

static void
chat_log_transport_publish_async (ChatTransport *transport, ChatRecord *record, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  ChatLogTransport *self = CHAT_LOG_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;
  Writing *writing;

  g_task_set_source_tag (task, chat_log_transport_publish_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  g_task_set_check_cancellable (task, FALSE);
  error = dup_obstacle (self);
  if (error != NULL || !check_record (record, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  writing = writing_new (self, task);
  g_ptr_array_add (writing->write.records, chat_record_ref (record));
  push_write (writing, written_cb);
}

/* Why @subscription can't forward this; ABORTED where it is to begin again at what is acknowledged. */
static GArray *
check_forward (ChatLogTransport *self, ChatSubscription *subscription, GPtrArray *inputs, GPtrArray *outputs,
               GError **error)
{
  ChatLocalSubscription *member = CHAT_LOCAL_SUBSCRIPTION (subscription);
  g_autoptr (GArray) acks = NULL;
  GError *obstacle = dup_obstacle (self);

  if (obstacle != NULL)
    {
      g_propagate_error (error, obstacle);
      return NULL;
    }
  if (!chat_subscription_is_closed (subscription) && !chat_local_subscription_has_group (member))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           "Only a member of a group can forward: this subscription has none");
      return NULL;
    }
  for (guint i = 0; i < outputs->len; i++)
    {
      if (!check_record (g_ptr_array_index (outputs, i), error))
        return NULL;
    }
  if (!chat_subscription_begin_forward (subscription, error))
    return NULL;
  acks = chat_local_subscription_check (member, inputs, error);
  if (acks == NULL)
    chat_subscription_end_forward (subscription);
  return g_steal_pointer (&acks);
}

static void
chat_log_transport_forward_async (ChatTransport *transport, ChatSubscription *subscription, GPtrArray *inputs,
                                  GPtrArray *outputs, GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  ChatLogTransport *self = CHAT_LOG_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GArray) acks = NULL;
  GError *error = NULL;
  Writing *writing;

  g_task_set_source_tag (task, chat_log_transport_forward_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  g_task_set_check_cancellable (task, FALSE);
  acks = check_forward (self, subscription, inputs, outputs, &error);
  if (acks == NULL)
    {
      if (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED))
        {
          chat_subscription_hold (subscription, task);
          chat_local_subscription_rewind (CHAT_LOCAL_SUBSCRIPTION (subscription));
        }
      g_task_return_error (task, error);
      return;
    }

  writing = writing_new (self, task);
  for (guint i = 0; i < outputs->len; i++)
    g_ptr_array_add (writing->write.records, chat_record_ref (g_ptr_array_index (outputs, i)));
  for (guint i = 0; i < acks->len; i++)
    {
      const ChatLocalAck *ack = &g_array_index (acks, ChatLocalAck, i);

      writing_add_cursor (writing, ack->group->name, ack->group->topic, ack->shard, ack->next);
    }
  writing->acks = g_steal_pointer (&acks);
  writing->forwarding = g_object_ref (subscription);
  push_write (writing, written_cb);
}

/* Retention */

static void retain (ChatLogTransport *self, GTask *task);

static void
retained_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatLogTransport *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (GPtrArray) moved = g_task_propagate_pointer (G_TASK (result), &error);

  note_result (self, error);
  for (guint i = 0; moved != NULL && i < moved->len; i++)
    {
      const ChatLogPlace *place = g_ptr_array_index (moved, i);

      chat_log_topic_trim (chat_log_hub_get_topic (self->hub, place->topic), place->shard, place->first);
    }
  if (error != NULL)
    g_task_return_error (task, error);
  else if (moved->len == 0 || self->phase != PHASE_OPEN)
    g_task_return_boolean (task, TRUE);
  else
    retain (self, task);
}

static void
retain (ChatLogTransport *self, GTask *task)
{
  push_job (self, chat_log_writer_retain, retained_cb, g_object_ref (task));
}

void
chat_log_transport_retain_async (ChatLogTransport *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error;

  g_return_if_fail (CHAT_IS_LOG_TRANSPORT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_log_transport_retain_async);
  error = dup_obstacle (self);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    retain (self, task);
}

gboolean
chat_log_transport_retain_finish (ChatLogTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
retention_cb (gpointer user_data)
{
  chat_log_transport_retain_async (user_data, NULL, NULL, NULL);
  return G_SOURCE_CONTINUE;
}

/* Connecting */

static gboolean
open_again_cb (gpointer user_data)
{
  ChatLogTransport *self = user_data;

  clear_source (&self->timer);
  open_file (self);
  return G_SOURCE_REMOVE;
}

static void
go_online (ChatLogTransport *self, const ChatLogContents *contents)
{
  g_autoptr (GPtrArray) subscribes = NULL;

  self->hub = chat_log_hub_new (self->path, contents);
  chat_backoff_reset (&self->backoff);
  if (self->options.retention_ms > 0 || self->options.retention_bytes > 0)
    self->retention = timer_new (self, RETENTION_SECONDS * 1000, retention_cb);
  set_state (self, PHASE_OPEN, NULL);
  chat_waiters_answer (self->connects, NULL);
  subscribes = chat_waiters_take_all (self->subscribes);
  for (guint i = 0; i < subscribes->len; i++)
    subscribe_now (self, g_ptr_array_index (subscribes, i));
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatLogTransport) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatLogContents) contents = g_task_propagate_pointer (G_TASK (result), &error);

  if (self->phase != PHASE_OPENING)
    return; /* closed meanwhile */
  if (contents != NULL)
    go_online (self, contents);
  else if (is_passing (error))
    {
      set_state (self, PHASE_OPENING, error->message);
      self->timer = timer_new (self, chat_backoff_next (&self->backoff), open_again_cb);
    }
  else
    {
      set_state (self, PHASE_NEW, error->message);
      chat_waiters_answer (self->connects, error);
      chat_waiters_answer (self->subscribes, error);
    }
}

static void
open_file (ChatLogTransport *self)
{
  if (self->writer == NULL)
    self->writer = chat_worker_new ("log-writer", chat_log_writer_new (self->path, &self->options),
                                    (GDestroyNotify)chat_log_writer_free);
  push_job (self, chat_log_writer_open, opened_cb, g_object_ref (self));
}

static void
chat_log_transport_connect_async (ChatTransport *transport, GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  ChatLogTransport *self = CHAT_LOG_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_log_transport_connect_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->phase == PHASE_OPEN)
    g_task_return_boolean (task, TRUE);
  else if (self->phase >= PHASE_CLOSING)
    g_task_return_error (task, dup_obstacle (self));
  else
    {
      chat_waiters_add (self->connects, task);
      if (self->phase == PHASE_OPENING)
        return;
      set_state (self, PHASE_OPENING, NULL);
      open_file (self);
    }
}

/* Closing: the subscriptions, which wait for their forwards; then the reader; then the writer, once it has written what
 * waits. */

static void
writer_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatLogTransport) self = user_data;
  g_autoptr (GError) error = NULL;

  chat_worker_close_finish (CHAT_WORKER (source), result, NULL);
  set_state (self, PHASE_CLOSED, NULL);
  if (self->unconfirmed > 0)
    error = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                         "“%s” was closed with %u calls that could not be written", self->path, self->unconfirmed);
  chat_waiters_answer (self->closes, error);
}

static void
close_writer (ChatLogTransport *self)
{
  if (self->writer != NULL)
    {
      chat_worker_close_async (self->writer, NULL, writer_closed_cb, g_object_ref (self));
      return;
    }
  set_state (self, PHASE_CLOSED, NULL);
  chat_waiters_answer (self->closes, NULL);
}

static void
reader_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatLogTransport) self = user_data;

  chat_worker_close_finish (CHAT_WORKER (source), result, NULL);
  close_writer (self);
}

static void
closing_step (ChatLogTransport *self)
{
  if (--self->closing > 0)
    return;
  if (self->hub != NULL)
    chat_worker_close_async (chat_log_hub_get_reader (self->hub), NULL, reader_closed_cb, g_object_ref (self));
  else
    close_writer (self);
}

static void
subscription_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatLogTransport) self = user_data;

  chat_subscription_close_finish (CHAT_SUBSCRIPTION (source), result, NULL);
  closing_step (self);
}

static void
begin_close (ChatLogTransport *self)
{
  g_autoptr (GPtrArray) subscriptions = NULL;
  g_autoptr (GError) error = NULL;

  set_state (self, PHASE_CLOSING, NULL);
  clear_source (&self->timer);
  clear_source (&self->retention);
  error = dup_obstacle (self);
  chat_waiters_answer (self->connects, error);
  chat_waiters_answer (self->subscribes, error);

  self->closing = 1;
  if (self->hub != NULL)
    {
      subscriptions = chat_log_hub_dup_subscriptions (self->hub);
      self->closing += subscriptions->len;
      for (guint i = 0; i < subscriptions->len; i++)
        chat_subscription_close_async (g_ptr_array_index (subscriptions, i), NULL, subscription_closed_cb,
                                       g_object_ref (self));
    }
  closing_step (self);
}

static void
chat_log_transport_close_async (ChatTransport *transport, GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data)
{
  ChatLogTransport *self = CHAT_LOG_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_log_transport_close_async);
  if (self->phase == PHASE_CLOSED)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  chat_waiters_add (self->closes, task);
  if (self->phase != PHASE_CLOSING)
    begin_close (self);
}

static gboolean
chat_log_transport_finish (ChatTransport *transport, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Subscribing */

static void
wish_free (Wish *wish)
{
  g_strfreev (wish->topics);
  g_strfreev (wish->channels);
  g_clear_pointer (&wish->position, chat_position_free);
  g_free (wish->group);
  g_free (wish);
}

/* In place from here on. */
static void
subscribe_at (ChatLogTransport *self, GTask *task)
{
  const Wish *wish = g_task_get_task_data (task);
  GError *error = dup_obstacle (self);
  ChatLogSubscription *subscription = NULL;

  if (error == NULL)
    subscription = chat_log_subscription_new (CHAT_TRANSPORT (self), self->hub, (const char *const *)wish->topics,
                                              (const char *const *)wish->channels, &wish->start, &error);
  if (subscription == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  chat_subscription_start (CHAT_SUBSCRIPTION (subscription), task);
  g_task_return_pointer (task, subscription, g_object_unref);
}

static void
group_written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Writing *writing = user_data;
  GError *error = NULL;

  if (!writing_finish (writing, result, &error))
    g_task_return_error (writing->call, error);
  else
    {
      for (guint i = 0; i < writing->write.cursors->len; i++)
        {
          const ChatLogCursor *cursor = g_ptr_array_index (writing->write.cursors, i);

          /* Another member may have been quicker, and gone on from there. */
          if (cursor->shard > 0 || chat_log_hub_find_group (writing->self->hub, cursor->group, cursor->topic) == NULL)
            chat_log_hub_move_cursor (writing->self->hub, cursor);
        }
      subscribe_at (writing->self, writing->call);
    }
  writing_free (writing);
}

/* A new group is on the disk before its first member is: what retention has to keep for it is known from then on. */
static void
subscribe_group (ChatLogTransport *self, GTask *task)
{
  const Wish *wish = g_task_get_task_data (task);
  Writing *writing = writing_new (self, task);

  for (guint i = 0; wish->topics[i] != NULL; i++)
    {
      ChatLogTopic *topic = chat_log_hub_get_topic (self->hub, wish->topics[i]);

      if (chat_log_hub_find_group (self->hub, wish->group, wish->topics[i]) != NULL)
        continue;
      for (guint j = 0; j < chat_log_hub_get_shards (self->hub); j++)
        writing_add_cursor (writing, wish->group, wish->topics[i], (gint)j,
                            chat_log_topic_get_shard (topic, (gint)j)->first);
    }
  if (writing->write.cursors != NULL)
    {
      push_write (writing, group_written_cb);
      return;
    }
  writing_free (writing);
  subscribe_at (self, task);
}

/* Asks the reader where @time_ms is in @topics; @callback gets @data. */
static void
search_time (ChatLogTransport *self, const char *const *topics, gint64 time_ms, GAsyncReadyCallback callback,
             gpointer data)
{
  GTask *task = g_task_new (NULL, NULL, callback, data);
  ChatLogSearch *search = g_new0 (ChatLogSearch, 1);

  search->time_ms = time_ms;
  search->places = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_log_place_free);
  for (guint i = 0; topics[i] != NULL; i++)
    for (guint j = 0; j < chat_log_hub_get_shards (self->hub); j++)
      {
        const ChatLocalShard *shard = chat_log_topic_get_shard (chat_log_hub_get_topic (self->hub, topics[i]), (gint)j);

        g_ptr_array_add (search->places, chat_log_place_new (topics[i], (gint)j, shard->first, shard->end));
      }
  g_task_set_source_tag (task, search_time);
  g_task_set_task_data (task, search, (GDestroyNotify)chat_log_search_free);
  chat_worker_push (chat_log_hub_get_reader (self->hub), task, chat_log_reader_search);
}

static void
subscribe_found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Wish *wish = g_task_get_task_data (task);
  GError *error = NULL;

  wish->position = g_task_propagate_pointer (G_TASK (result), &error);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  wish->start = (ChatStart){ CHAT_START_POSITION, wish->position, 0, NULL };
  subscribe_at (g_task_get_source_object (task), task);
}

static void
subscribe_now (ChatLogTransport *self, GTask *task)
{
  const Wish *wish = g_task_get_task_data (task);

  if (wish->start.kind == CHAT_START_TIME)
    search_time (self, (const char *const *)wish->topics, wish->start.time_ms, subscribe_found_cb, g_object_ref (task));
  else if (wish->start.kind == CHAT_START_GROUP)
    subscribe_group (self, task);
  else
    subscribe_at (self, task);
}

static void
chat_log_transport_subscribe_async (ChatTransport *transport, const char *const *topics, const char *const *channels,
                                    const ChatStart *start, GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  ChatLogTransport *self = CHAT_LOG_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Wish *wish = g_new0 (Wish, 1);
  GError *error = NULL;

  wish->topics = g_strdupv ((char **)topics);
  wish->channels = g_strdupv ((char **)channels);
  wish->start = *start;
  wish->start.group = wish->group = g_strdup (start->group);
  if (start->kind == CHAT_START_POSITION)
    wish->start.position = wish->position = chat_position_copy (start->position);
  g_task_set_source_tag (task, chat_log_transport_subscribe_async);
  g_task_set_task_data (task, wish, (GDestroyNotify)wish_free);

  if (g_task_return_error_if_cancelled (task))
    return;
  error = dup_obstacle (self);
  if (error == NULL)
    subscribe_now (self, task);
  else if (self->phase == PHASE_OPENING)
    {
      chat_waiters_add (self->subscribes, task);
      g_error_free (error);
    }
  else
    g_task_return_error (task, error);
}

static ChatSubscription *
chat_log_transport_subscribe_finish (ChatTransport *transport, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Seeking */

static void
seek_to (ChatSubscription *subscription, const ChatStart *start, GTask *task)
{
  GError *error = NULL;

  if (chat_subscription_is_closed (subscription))
    g_task_return_new_error (task, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED, "The subscription is closed");
  else if (!chat_local_subscription_seek (CHAT_LOCAL_SUBSCRIPTION (subscription), start, &error))
    g_task_return_error (task, error);
  else
    {
      chat_subscription_hold (subscription, task);
      g_task_return_boolean (task, TRUE);
    }
}

static void
seek_found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (ChatPosition) position = g_task_propagate_pointer (G_TASK (result), &error);
  const ChatStart start = { CHAT_START_POSITION, position, 0, NULL };

  if (position == NULL)
    g_task_return_error (task, error);
  else if (!g_task_return_error_if_cancelled (task))
    seek_to (g_task_get_task_data (task), &start, task);
}

static void
chat_log_transport_seek_async (ChatTransport *transport, ChatSubscription *subscription, const ChatStart *start,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatLogTransport *self = CHAT_LOG_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, chat_log_transport_seek_async);
  g_task_set_task_data (task, g_object_ref (subscription), g_object_unref);
  if (g_task_return_error_if_cancelled (task))
    return;
  g_task_set_check_cancellable (task, FALSE);
  error = dup_obstacle (self);
  if (error == NULL && chat_local_subscription_has_group (CHAT_LOCAL_SUBSCRIPTION (subscription)))
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                                 "A member of a group can't seek: it begins at what the group has acknowledged");
  if (error != NULL)
    g_task_return_error (task, error);
  else if (start->kind == CHAT_START_TIME)
    search_time (self, chat_log_subscription_get_topics (CHAT_LOG_SUBSCRIPTION (subscription)), start->time_ms,
                 seek_found_cb, g_object_ref (task));
  else
    seek_to (subscription, start, task);
}

static const char *
chat_log_transport_get_name (ChatTransport *transport)
{
  return "log";
}

static ChatTransportFeatures
chat_log_transport_get_features (ChatTransport *transport)
{
  return CHAT_TRANSPORT_RESUMABLE | CHAT_TRANSPORT_SEEKABLE | CHAT_TRANSPORT_GROUPS | CHAT_TRANSPORT_ATOMIC_FORWARD
         | CHAT_TRANSPORT_EARLIEST;
}

static void
chat_log_transport_iface_init (ChatTransportInterface *iface)
{
  iface->get_name = chat_log_transport_get_name;
  iface->get_features = chat_log_transport_get_features;
  iface->connect_async = chat_log_transport_connect_async;
  iface->connect_finish = chat_log_transport_finish;
  iface->close_async = chat_log_transport_close_async;
  iface->close_finish = chat_log_transport_finish;
  iface->subscribe_async = chat_log_transport_subscribe_async;
  iface->subscribe_finish = chat_log_transport_subscribe_finish;
  iface->publish_async = chat_log_transport_publish_async;
  iface->publish_finish = chat_log_transport_finish;
  iface->forward_async = chat_log_transport_forward_async;
  iface->forward_finish = chat_log_transport_finish;
  iface->seek_async = chat_log_transport_seek_async;
  iface->seek_finish = chat_log_transport_finish;
}

static void
chat_log_transport_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ChatLogTransport *self = CHAT_LOG_TRANSPORT (object);

  if (id == PROP_STATE)
    g_value_set_enum (value, get_state (self));
  else if (id == PROP_STATUS)
    g_value_take_string (value, dup_status (self));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
chat_log_transport_finalize (GObject *object)
{
  ChatLogTransport *self = CHAT_LOG_TRANSPORT (object);

  clear_source (&self->timer);
  clear_source (&self->retention);
  g_clear_pointer (&self->hub, chat_log_hub_free);
  g_clear_object (&self->writer);
  g_clear_pointer (&self->connects, chat_waiters_free);
  g_clear_pointer (&self->subscribes, chat_waiters_free);
  g_clear_pointer (&self->closes, chat_waiters_free);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->trouble);
  g_free (self->path);
  G_OBJECT_CLASS (chat_log_transport_parent_class)->finalize (object);
}

static void
chat_log_transport_class_init (ChatLogTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = chat_log_transport_finalize;
  object_class->get_property = chat_log_transport_get_property;
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_STATUS, "status");
}

static void
chat_log_transport_init (ChatLogTransport *self)
{
  const ChatBackoff backoff = CHAT_BACKOFF_INIT;

  self->backoff = backoff;
  self->context = g_main_context_ref_thread_default ();
  self->connects = chat_waiters_new ();
  self->subscribes = chat_waiters_new ();
  self->closes = chat_waiters_new ();
}

ChatTransport *
chat_log_transport_new (const char *path, const ChatLogOptions *options)
{
  const ChatLogOptions defaults = CHAT_LOG_OPTIONS_INIT;
  ChatLogTransport *self;

  g_return_val_if_fail (path != NULL, NULL);

  self = g_object_new (CHAT_TYPE_LOG_TRANSPORT, NULL);
  self->path = g_strdup (path);
  self->options = options != NULL ? *options : defaults;
  return CHAT_TRANSPORT (self);
}
