/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-forwarder.h"

#include "core/chat-timer.h"
#include "transport/chat-backoff.h"
#include "transport/chat-record-queue.h"

/* How many batches may wait behind the one in flight before the subscription is paused. */
#define BATCHES_AHEAD 4

typedef enum
{
  LIFE_NEW,
  LIFE_STARTING,
  LIFE_RUNNING,
  LIFE_STOPPING, /* once nothing is in flight … */
  LIFE_CLOSING,  /* … it gives back what it holds */
  LIFE_STOPPED,
} Life;

typedef enum
{
  STAGE_IDLE,
  STAGE_PROCESSING,
  STAGE_FORWARDING,
  STAGE_WAITING, /* for the back-off, to do again what failed */
} Stage;

typedef struct
{
  /* Owned */
  ChatTransport *transport;
  char *group;
  char **topics;
  ChatSubscription *subscription;
  GCancellable *cancellable; /* of the start, ours … */
  GCancellable *outer;       /* … and the caller's */
  gulong outer_id;
  ChatRecordQueue *pending; /* what waits behind the batch */
  GPtrArray *inputs;        /* (element-type ChatRecord) (nullable): the batch in flight */
  GPtrArray *outputs;       /* (element-type ChatRecord) (nullable): once it is processed */
  GPtrArray *stops;         /* (element-type GTask) */
  guint batch;
  GSource *retry;
  ChatBackoff backoff;
  Life life;
  Stage stage;
  gboolean paused, failed, prepared;
  gboolean waited;       /* `waiting` was emitted for the batch that is next */
  GError *start_failure; /* (nullable): what made it fail before it had started */
  gboolean stale;        /* inputs changed while they were processed: the answer is void */
} ChatForwarderPrivate;

static void service_iface_init (ChatServiceInterface *iface);
static void process (ChatForwarder *self);
static void forward (ChatForwarder *self);
static void finish_stop (ChatForwarder *self);

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (ChatForwarder, chat_forwarder, G_TYPE_OBJECT,
                                  G_ADD_PRIVATE (ChatForwarder)
                                      G_IMPLEMENT_INTERFACE (CHAT_TYPE_SERVICE, service_iface_init))

enum
{
  PROP_TRANSPORT = 1,
  PROP_GROUP,
  PROP_TOPICS,
  PROP_BATCH,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

enum
{
  WAITING,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

#define PRIVATE(self) ((ChatForwarderPrivate *)chat_forwarder_get_instance_private (self))

/* Holds the broker back while more waits here than a few batches, and lets it go on once that is worked off. */
static void
regulate (ChatForwarder *self)
{
  ChatForwarderPrivate *priv = PRIVATE (self);
  guint waiting = chat_record_queue_get_length (priv->pending);
  if (priv->subscription == NULL)
    return;
  if (!priv->paused && (priv->failed || priv->life != LIFE_RUNNING || waiting >= BATCHES_AHEAD * priv->batch))
    {
      priv->paused = TRUE;
      chat_subscription_pause (priv->subscription);
    }
  else if (priv->paused && priv->life == LIFE_RUNNING && !priv->failed && waiting <= priv->batch)
    {
      priv->paused = FALSE;
      chat_subscription_resume (priv->subscription);
    }
}

/* Every end of work comes by here: with the next batch, or with the stop that waited for this one. */
static void
go_on (ChatForwarder *self)
{
  ChatForwarderPrivate *priv = PRIVATE (self);
  if (priv->stage != STAGE_IDLE)
    return;
  if (priv->life == LIFE_STOPPING)
    {
      finish_stop (self);
      return;
    }
  if (priv->life != LIFE_RUNNING || priv->failed || chat_record_queue_get_length (priv->pending) == 0)
    return;

  priv->inputs = chat_record_queue_take (priv->pending, priv->batch);
  regulate (self);
  process (self);
}

static void
end_batch (ChatForwarder *self)
{
  ChatForwarderPrivate *priv = PRIVATE (self);
  g_clear_pointer (&priv->inputs, g_ptr_array_unref);
  g_clear_pointer (&priv->outputs, g_ptr_array_unref);
  priv->stale = FALSE;
  priv->stage = STAGE_IDLE;
}

static void
fail_batch (ChatForwarder *self, const GError *error)
{
  end_batch (self);
  chat_forwarder_fail (self, error);
  go_on (self);
}

static gboolean
retry_cb (gpointer user_data)
{
  ChatForwarder *self = user_data;
  ChatForwarderPrivate *priv = PRIVATE (self);
  g_clear_pointer (&priv->retry, g_source_unref);
  if (priv->outputs != NULL)
    forward (self);
  else
    process (self);
  return G_SOURCE_REMOVE;
}

/* What failed is done again later. A stop does not wait for that: nothing was acknowledged, it all comes again. */
static void
retry_later (ChatForwarder *self, const GError *error)
{
  ChatForwarderPrivate *priv = PRIVATE (self);

  if (priv->life != LIFE_RUNNING)
    {
      end_batch (self);
      go_on (self);
      return;
    }
  priv->stage = STAGE_WAITING;
  priv->waited = TRUE;
  g_signal_emit (self, signals[WAITING], 0, error);
  priv->retry = chat_timer_new (chat_backoff_next (&priv->backoff), retry_cb, self);
}

/* A permission that was taken away may be given back: who runs the broker is not told by a service that is gone. */
static gboolean
forward_is_passing (const GError *error)
{
  return g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED)
         || g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE)
         || g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL);
}

static void
forward_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatForwarder) self = user_data;
  ChatForwarderPrivate *priv = PRIVATE (self);
  g_autoptr (GError) error = NULL;

  if (chat_transport_forward_finish (CHAT_TRANSPORT (source), result, &error))
    {
      chat_backoff_reset (&priv->backoff);
      if (priv->waited)
        g_signal_emit (self, signals[WAITING], 0, NULL);
      priv->waited = FALSE;
      if (CHAT_FORWARDER_GET_CLASS (self)->forwarded != NULL)
        CHAT_FORWARDER_GET_CLASS (self)->forwarded (self);
      end_batch (self);
      go_on (self);
    }
  else if (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED))
    {
      /* all of it is delivered again, what waits here as well */
      end_batch (self);
      chat_record_queue_clear (priv->pending);
      regulate (self);
      go_on (self);
    }
  else if (forward_is_passing (error))
    retry_later (self, error);
  else
    fail_batch (self, error);
}

static void
forward (ChatForwarder *self)
{
  ChatForwarderPrivate *priv = PRIVATE (self);
  priv->stage = STAGE_FORWARDING;
  chat_transport_forward_async (priv->transport, priv->subscription, priv->inputs, priv->outputs, NULL, forward_cb,
                                g_object_ref (self));
}

static gboolean
process_is_passing (ChatForwarder *self, const GError *error)
{
  ChatForwarderClass *klass = CHAT_FORWARDER_GET_CLASS (self);
  return klass->is_passing != NULL && klass->is_passing (self, error);
}

static void
process_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatForwarder) self = user_data;
  ChatForwarderPrivate *priv = PRIVATE (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) outputs = CHAT_FORWARDER_GET_CLASS (self)->process_finish (self, result, &error);

  if (priv->stale && priv->inputs->len == 0)
    {
      end_batch (self);
      go_on (self);
    }
  else if (priv->stale)
    process (self);
  else if (outputs != NULL)
    {
      priv->outputs = g_steal_pointer (&outputs);
      forward (self);
    }
  else if (process_is_passing (self, error))
    retry_later (self, error);
  else
    fail_batch (self, error);
}

static void
process (ChatForwarder *self)
{
  ChatForwarderPrivate *priv = PRIVATE (self);
  priv->stage = STAGE_PROCESSING;
  priv->stale = FALSE;
  CHAT_FORWARDER_GET_CLASS (self)->process_async (self, priv->inputs, NULL, process_cb, g_object_ref (self));
}

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, ChatForwarder *self)
{
  ChatForwarderPrivate *priv = PRIVATE (self);
  if (priv->failed || priv->life != LIFE_RUNNING)
    return;
  for (guint i = 0; i < batch->len; i++)
    chat_record_queue_push (priv->pending, g_ptr_array_index (batch, i), priv->inputs);
  regulate (self);
  go_on (self);
}

/* Another member of the group has these shards now and gets their records: what is here of them is not ours to forward
 * any more. The subclass still holds the array that it works on, so a new one takes its place. */
static void
revoked_cb (ChatSubscription *subscription, const char *topic, GArray *shards, ChatForwarder *self)
{
  ChatForwarderPrivate *priv = PRIVATE (self);

  chat_record_queue_drop_shards (priv->pending, topic, shards);
  if (priv->inputs != NULL && priv->stage != STAGE_FORWARDING)
    {
      g_autoptr (GPtrArray) before = priv->inputs;
      priv->inputs = chat_record_array_without_shards (before, topic, shards);
      if (priv->inputs->len < before->len)
        {
          g_clear_pointer (&priv->outputs, g_ptr_array_unref);
          priv->stale = TRUE;
        }
      if (priv->inputs->len == 0 && priv->stage == STAGE_WAITING)
        {
          chat_timer_clear (&priv->retry);
          end_batch (self);
        }
    }
  regulate (self);
  go_on (self);
}

static void
closed_cb (ChatSubscription *subscription, const GError *error, ChatForwarder *self)
{
  if (error != NULL)
    chat_forwarder_fail (self, error);
}

/* Start */

static void
end_start (ChatForwarder *self, GTask *task, GError *error)
{
  ChatForwarderPrivate *priv = PRIVATE (self);
  gboolean stopping = priv->life == LIFE_STOPPING;

  if (priv->outer != NULL)
    g_clear_signal_handler (&priv->outer_id, priv->outer);
  if (error == NULL)
    error = g_steal_pointer (&priv->start_failure);
  if (error == NULL && stopping)
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Stopped while it started");
  if (error == NULL)
    {
      priv->life = LIFE_RUNNING;
      g_task_return_boolean (task, TRUE);
      return;
    }
  priv->failed = TRUE;
  if (!stopping)
    priv->life = LIFE_RUNNING; /* a stop releases what the start has taken so far */
  g_task_return_error (task, error);
  regulate (self);
  go_on (self);
}

static void
subscribe_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatForwarder *self = g_task_get_source_object (task);
  ChatForwarderPrivate *priv = PRIVATE (self);
  GError *error = NULL;

  priv->subscription = chat_transport_subscribe_finish (CHAT_TRANSPORT (source), result, &error);
  if (priv->subscription != NULL)
    {
      /* there is nothing to draw here, and beside a service's own requests a lower priority would starve */
      chat_subscription_set_priority (priv->subscription, G_PRIORITY_DEFAULT);
      g_signal_connect_object (priv->subscription, "records", G_CALLBACK (records_cb), self, 0);
      g_signal_connect_object (priv->subscription, "revoked", G_CALLBACK (revoked_cb), self, 0);
      g_signal_connect_object (priv->subscription, "closed", G_CALLBACK (closed_cb), self, 0);
    }
  end_start (self, task, error);
}

static void
subscribe (ChatForwarder *self, GTask *task)
{
  ChatForwarderPrivate *priv = PRIVATE (self);
  ChatStart start = { CHAT_START_GROUP, NULL, 0, priv->group };
  chat_transport_subscribe_async (priv->transport, (const char *const *)priv->topics, NULL, &start, priv->cancellable,
                                  subscribe_cb, g_object_ref (task));
}

static void
prepare_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatForwarder *self = g_task_get_source_object (task); /* @source: whatever the subclass asked */
  GError *error = NULL;

  if (CHAT_FORWARDER_GET_CLASS (self)->prepare_finish (self, result, &error))
    subscribe (self, task);
  else
    end_start (self, task, error);
}

static void
chat_forwarder_start_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  ChatForwarder *self = CHAT_FORWARDER (service);
  ChatForwarderPrivate *priv = PRIVATE (self);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_forwarder_start_async);

  if (priv->life != LIFE_NEW)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "The service “%s” was started before", priv->group);
      return;
    }
  if (!(chat_transport_get_features (priv->transport) & CHAT_TRANSPORT_GROUPS))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                               "The transport “%s” has no consumer groups, which “%s” needs",
                               chat_transport_get_name (priv->transport), priv->group);
      return;
    }
  if (g_task_return_error_if_cancelled (task))
    return;
  priv->life = LIFE_STARTING;
  if (g_set_object (&priv->outer, cancellable))
    priv->outer_id = g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (g_cancellable_cancel),
                                              priv->cancellable, G_CONNECT_SWAPPED);
  priv->prepared = TRUE;
  if (CHAT_FORWARDER_GET_CLASS (self)->prepare_async != NULL)
    CHAT_FORWARDER_GET_CLASS (self)->prepare_async (self, priv->cancellable, prepare_cb, g_object_ref (task));
  else
    subscribe (self, task);
}

static gboolean
chat_forwarder_start_finish (ChatService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Stop */

static void
end_stop (ChatForwarder *self, const GError *error)
{
  ChatForwarderPrivate *priv = PRIVATE (self);
  g_autoptr (GPtrArray) stops = g_steal_pointer (&priv->stops);
  priv->stops = g_ptr_array_new_with_free_func (g_object_unref);
  priv->life = LIFE_STOPPED;
  g_clear_object (&priv->subscription);
  for (guint i = 0; i < stops->len; i++)
    {
      GTask *task = g_ptr_array_index (stops, i);
      if (error != NULL)
        g_task_return_error (task, g_error_copy (error));
      else
        g_task_return_boolean (task, TRUE);
    }
}

static void
release_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatForwarder) self = user_data;
  g_autoptr (GError) error = NULL;
  CHAT_FORWARDER_GET_CLASS (self)->release_finish (self, result, &error);
  end_stop (self, error);
}

static void
release (ChatForwarder *self)
{
  if (PRIVATE (self)->prepared && CHAT_FORWARDER_GET_CLASS (self)->release_async != NULL)
    CHAT_FORWARDER_GET_CLASS (self)->release_async (self, NULL, release_cb, g_object_ref (self));
  else
    end_stop (self, NULL);
}

static void
close_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatForwarder) self = user_data;
  /* how a subscription ended that is over anyway is nothing its owner could act on */
  chat_subscription_close_finish (CHAT_SUBSCRIPTION (source), result, NULL);
  release (self);
}

/* Nothing is in flight any more. */
static void
finish_stop (ChatForwarder *self)
{
  ChatForwarderPrivate *priv = PRIVATE (self);
  priv->life = LIFE_CLOSING;
  if (priv->subscription != NULL)
    chat_subscription_close_async (priv->subscription, NULL, close_cb, g_object_ref (self));
  else
    release (self);
}

static void
chat_forwarder_stop_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  ChatForwarder *self = CHAT_FORWARDER (service);
  ChatForwarderPrivate *priv = PRIVATE (self);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_forwarder_stop_async);

  if (priv->life == LIFE_STOPPED)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_ptr_array_add (priv->stops, g_object_ref (task));
  if (priv->life == LIFE_STOPPING || priv->life == LIFE_CLOSING)
    return;

  gboolean starting = priv->life == LIFE_STARTING;
  priv->life = LIFE_STOPPING;
  chat_record_queue_clear (priv->pending);
  regulate (self);
  if (starting)
    {
      g_cancellable_cancel (priv->cancellable); /* end_start() goes on from here */
      return;
    }
  if (priv->stage == STAGE_WAITING)
    {
      chat_timer_clear (&priv->retry);
      end_batch (self);
    }
  go_on (self);
}

static gboolean
chat_forwarder_stop_finish (ChatService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static const char *
chat_forwarder_get_name (ChatService *service)
{
  return PRIVATE (CHAT_FORWARDER (service))->group;
}

static void
service_iface_init (ChatServiceInterface *iface)
{
  iface->get_name = chat_forwarder_get_name;
  iface->start_async = chat_forwarder_start_async;
  iface->start_finish = chat_forwarder_start_finish;
  iface->stop_async = chat_forwarder_stop_async;
  iface->stop_finish = chat_forwarder_stop_finish;
}

/* GObject */

static void
chat_forwarder_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ChatForwarderPrivate *priv = PRIVATE (CHAT_FORWARDER (object));
  switch (id)
    {
    case PROP_TRANSPORT:
      priv->transport = g_value_dup_object (value);
      break;
    case PROP_GROUP:
      priv->group = g_value_dup_string (value);
      break;
    case PROP_TOPICS:
      priv->topics = g_value_dup_boxed (value);
      break;
    case PROP_BATCH:
      priv->batch = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
chat_forwarder_finalize (GObject *object)
{
  ChatForwarderPrivate *priv = PRIVATE (CHAT_FORWARDER (object));
  chat_timer_clear (&priv->retry);
  g_clear_pointer (&priv->inputs, g_ptr_array_unref);
  g_clear_pointer (&priv->outputs, g_ptr_array_unref);
  chat_record_queue_free (priv->pending);
  g_ptr_array_unref (priv->stops);
  g_clear_object (&priv->subscription);
  g_clear_error (&priv->start_failure);
  g_clear_object (&priv->outer);
  g_clear_object (&priv->cancellable);
  g_clear_object (&priv->transport);
  g_strfreev (priv->topics);
  g_free (priv->group);
  G_OBJECT_CLASS (chat_forwarder_parent_class)->finalize (object);
}

static void
chat_forwarder_class_init (ChatForwarderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->set_property = chat_forwarder_set_property;
  object_class->finalize = chat_forwarder_finalize;

  properties[PROP_TRANSPORT] = g_param_spec_object ("transport", NULL, NULL, CHAT_TYPE_TRANSPORT, flags);
  properties[PROP_GROUP] = g_param_spec_string ("group", NULL, NULL, NULL, flags);
  properties[PROP_TOPICS] = g_param_spec_boxed ("topics", NULL, NULL, G_TYPE_STRV, flags);
  properties[PROP_BATCH] = g_param_spec_uint ("batch", NULL, NULL, 1, 1024, 512,
                                              G_PARAM_WRITABLE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  signals[WAITING] = g_signal_new ("waiting", CHAT_TYPE_FORWARDER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                   1, G_TYPE_ERROR);
}

static void
chat_forwarder_init (ChatForwarder *self)
{
  ChatForwarderPrivate *priv = PRIVATE (self);
  const ChatBackoff backoff = CHAT_BACKOFF_INIT;
  priv->backoff = backoff;
  priv->cancellable = g_cancellable_new ();
  priv->pending = chat_record_queue_new ();
  priv->stops = g_ptr_array_new_with_free_func (g_object_unref);
}

void
chat_forwarder_get_lag (ChatForwarder *self, gint64 *records, gint64 *milliseconds)
{
  g_return_if_fail (CHAT_IS_FORWARDER (self));

  *records = *milliseconds = -1;
  if (PRIVATE (self)->subscription != NULL)
    chat_subscription_get_lag (PRIVATE (self)->subscription, records, milliseconds);
}

void
chat_forwarder_fail (ChatForwarder *self, const GError *error)
{
  g_return_if_fail (CHAT_IS_FORWARDER (self));
  g_return_if_fail (error != NULL);

  ChatForwarderPrivate *priv = PRIVATE (self);
  if (priv->life == LIFE_STARTING && priv->start_failure == NULL)
    priv->start_failure = g_error_copy (error);
  if (priv->life != LIFE_RUNNING || priv->failed)
    return;
  priv->failed = TRUE;
  chat_record_queue_clear (priv->pending);
  regulate (self);
  chat_service_emit_failed (CHAT_SERVICE (self), error);
}
