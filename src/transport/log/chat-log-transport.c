/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-timer.h"
#include "transport/log/chat-log-transport-private.h"

/*
 * Everything here runs in the main context; the writer's and the reader's threads are behind a ChatWorker each. What
 * the writer has committed comes back in the order of the commits, and is announced to the readers before the call that
 * wrote it is answered.
 */

#define RETENTION_SECONDS 60

static void chat_log_transport_iface_init (ChatTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatLogTransport, chat_log_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_TRANSPORT, chat_log_transport_iface_init))

enum
{
  PROP_STATE = 1,
  PROP_STATUS,
};

static void open_file (ChatLogTransport *self);

/* State */

static ChatTransportState
get_state (ChatLogTransport *self)
{
  switch (self->phase)
    {
    case CHAT_LOG_PHASE_OPENING:
      return CHAT_TRANSPORT_CONNECTING;
    case CHAT_LOG_PHASE_OPEN:
      return self->trouble != NULL ? CHAT_TRANSPORT_DEGRADED : CHAT_TRANSPORT_ONLINE;
    case CHAT_LOG_PHASE_NEW:
    case CHAT_LOG_PHASE_CLOSING:
    case CHAT_LOG_PHASE_CLOSED:
    default:
      return CHAT_TRANSPORT_OFFLINE;
    }
}

static char *
dup_status (ChatLogTransport *self)
{
  if (self->trouble != NULL)
    return g_strdup (self->trouble);
  if (self->phase == CHAT_LOG_PHASE_OPEN)
    return g_strdup_printf ("Keeping messages in “%s”", self->path);
  if (self->phase == CHAT_LOG_PHASE_OPENING)
    return g_strdup_printf ("Opening “%s”", self->path);
  return g_strdup ("Not connected");
}

/* @trouble: (nullable) */
static void
set_state (ChatLogTransport *self, ChatLogPhase phase, const char *trouble)
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
GError *
chat_log_transport_dup_obstacle (ChatLogTransport *self)
{
  if (self->phase == CHAT_LOG_PHASE_OPEN)
    return NULL;
  if (self->phase >= CHAT_LOG_PHASE_CLOSING)
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

/* A job's task has no source object, whose last reference might be dropped on the worker's thread: what its callback
 * needs comes as @data. */
void
chat_log_transport_push_job (ChatLogTransport *self, ChatWorkerFunc job, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (NULL, NULL, callback, data);

  g_task_set_source_tag (task, chat_log_transport_push_job);
  chat_worker_push (self->writer, task, job);
}

/* Trouble with writing, and its end */

static void
probed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatLogTransport) self = user_data;
  g_autoptr (GError) error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  chat_log_transport_note_result (self, error);
}

static gboolean
probe_cb (gpointer user_data)
{
  ChatLogTransport *self = user_data;

  chat_timer_clear (&self->timer);
  chat_log_transport_push_job (self, chat_log_writer_probe, probed_cb, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

void
chat_log_transport_note_result (ChatLogTransport *self, const GError *error)
{
  if (self->phase != CHAT_LOG_PHASE_OPEN || (error == NULL && self->trouble == NULL))
    return;
  set_state (self, CHAT_LOG_PHASE_OPEN, error != NULL ? error->message : NULL);
  if (error == NULL)
    {
      chat_backoff_reset (&self->backoff);
      chat_timer_clear (&self->timer);
    }
  else if (self->timer == NULL && !g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DAMAGED))
    self->timer = chat_timer_new (chat_backoff_next (&self->backoff), probe_cb, self);
}

/* Connecting */

static gboolean
retention_cb (gpointer user_data)
{
  chat_log_transport_retain_async (user_data, NULL, NULL, NULL);
  return G_SOURCE_CONTINUE;
}

static gboolean
open_again_cb (gpointer user_data)
{
  ChatLogTransport *self = user_data;

  chat_timer_clear (&self->timer);
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
    self->retention = chat_timer_new (RETENTION_SECONDS * 1000, retention_cb, self);
  set_state (self, CHAT_LOG_PHASE_OPEN, NULL);
  chat_waiters_answer (self->connects, NULL);
  subscribes = chat_waiters_take_all (self->subscribes);
  for (guint i = 0; i < subscribes->len; i++)
    chat_log_transport_subscribe_now (self, g_ptr_array_index (subscribes, i));
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatLogTransport) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatLogContents) contents = g_task_propagate_pointer (G_TASK (result), &error);

  if (self->phase != CHAT_LOG_PHASE_OPENING)
    return; /* closed meanwhile */
  if (contents != NULL)
    go_online (self, contents);
  else if (is_passing (error))
    {
      set_state (self, CHAT_LOG_PHASE_OPENING, error->message);
      self->timer = chat_timer_new (chat_backoff_next (&self->backoff), open_again_cb, self);
    }
  else
    {
      set_state (self, CHAT_LOG_PHASE_NEW, error->message);
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
  chat_log_transport_push_job (self, chat_log_writer_open, opened_cb, g_object_ref (self));
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
  if (self->phase == CHAT_LOG_PHASE_OPEN)
    g_task_return_boolean (task, TRUE);
  else if (self->phase >= CHAT_LOG_PHASE_CLOSING)
    g_task_return_error (task, chat_log_transport_dup_obstacle (self));
  else
    {
      chat_waiters_add (self->connects, task);
      if (self->phase == CHAT_LOG_PHASE_OPENING)
        return;
      set_state (self, CHAT_LOG_PHASE_OPENING, NULL);
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
  set_state (self, CHAT_LOG_PHASE_CLOSED, NULL);
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
  set_state (self, CHAT_LOG_PHASE_CLOSED, NULL);
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

  set_state (self, CHAT_LOG_PHASE_CLOSING, NULL);
  chat_timer_clear (&self->timer);
  chat_timer_clear (&self->retention);
  error = chat_log_transport_dup_obstacle (self);
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
  if (self->phase == CHAT_LOG_PHASE_CLOSED)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  chat_waiters_add (self->closes, task);
  if (self->phase != CHAT_LOG_PHASE_CLOSING)
    begin_close (self);
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
  iface->close_async = chat_log_transport_close_async;
  iface->subscribe_async = chat_log_transport_subscribe_async;
  iface->publish_async = chat_log_transport_publish_async;
  iface->forward_async = chat_log_transport_forward_async;
  iface->seek_async = chat_log_transport_seek_async;
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

  chat_timer_clear (&self->timer);
  chat_timer_clear (&self->retention);
  g_clear_pointer (&self->hub, chat_log_hub_free);
  g_clear_object (&self->writer);
  g_clear_pointer (&self->connects, chat_waiters_free);
  g_clear_pointer (&self->subscribes, chat_waiters_free);
  g_clear_pointer (&self->closes, chat_waiters_free);
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
