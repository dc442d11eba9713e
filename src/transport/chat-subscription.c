/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-subscription.h"

#include "transport/chat-transport-error.h"
#include "transport/chat-waiters.h"

/* One dispatch may take this long, unless an implementation knows better; what is left comes in the next iteration. */
#define BUDGET_US 4000
/* A batch is cut to about this much of the handler's time, so that the budget is looked at often enough. */
#define BATCH_US 1000
#define BATCH_FIRST 32
#define BATCH_MOST 256
/* GTK redraws at G_PRIORITY_HIGH_IDLE + 20. */
#define PRIORITY_BELOW_REDRAW (G_PRIORITY_HIGH_IDLE + 30)

/* What waits: a batch of which the first `taken` are delivered, or a gap (records == NULL). */
typedef struct
{
  GPtrArray *records;
  guint taken;
  char *topic;
  char *shard;
  gint64 from;
  gint64 to;
} Waiting;

typedef enum
{
  PHASE_NEW,
  PHASE_OPEN,
  PHASE_CLOSING,
  PHASE_CLOSED,
} Phase;

typedef struct
{
  /* Owned */
  GMainContext *context;
  GSource *source;
  GQueue queue;         /* Waiting */
  ChatWaiters *closers; /* of the close */
  GCancellable *close_cancellable;

  Phase phase;
  guint pauses;
  guint holds;
  guint queued;
  guint batch;
  guint budget_us;
  int priority;
  gboolean forwarding;
  gboolean more; /* hungry() may find something */
} ChatSubscriptionPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ChatSubscription, chat_subscription, G_TYPE_OBJECT)

enum
{
  RECORDS,
  REVOKED,
  GAP,
  CLOSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
waiting_free (Waiting *waiting)
{
  g_clear_pointer (&waiting->records, g_ptr_array_unref);
  g_free (waiting->topic);
  g_free (waiting->shard);
  g_free (waiting);
}

static gboolean
chat_subscription_flows (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  return priv->phase == PHASE_OPEN && priv->pauses == 0 && priv->holds == 0;
}

static void
chat_subscription_wake (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  gboolean ready = chat_subscription_flows (self) && (priv->more || !g_queue_is_empty (&priv->queue));

  if (priv->source != NULL)
    g_source_set_ready_time (priv->source, ready ? 0 : -1);
}

/* The next records for one emission; the whole of a batch goes out as it came. */
static GPtrArray *
chat_subscription_take (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  Waiting *waiting = g_queue_peek_head (&priv->queue);
  guint left = waiting->records->len - waiting->taken;
  GPtrArray *batch;

  if (waiting->taken == 0 && left <= priv->batch)
    {
      batch = g_steal_pointer (&waiting->records);
      waiting_free (g_queue_pop_head (&priv->queue));
    }
  else
    {
      left = MIN (left, priv->batch);
      batch = g_ptr_array_new_full (left, (GDestroyNotify)chat_record_unref);
      for (guint i = 0; i < left; i++)
        g_ptr_array_add (batch, chat_record_ref (g_ptr_array_index (waiting->records, waiting->taken + i)));
      waiting->taken += left;
      if (waiting->taken == waiting->records->len)
        waiting_free (g_queue_pop_head (&priv->queue));
    }
  priv->queued -= batch->len;
  return batch;
}

static void
chat_subscription_deliver_batch (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  ChatSubscriptionClass *klass = CHAT_SUBSCRIPTION_GET_CLASS (self);
  g_autoptr (GPtrArray) batch = chat_subscription_take (self);
  gint64 began, took;

  if (klass->delivering != NULL)
    klass->delivering (self, batch);
  began = g_get_monotonic_time ();
  g_signal_emit (self, signals[RECORDS], 0, batch);
  took = MAX (g_get_monotonic_time () - began, 1);
  priv->batch = (guint)CLAMP ((gint64)batch->len * BATCH_US / took, 1, BATCH_MOST);
}

static void
chat_subscription_deliver_gap (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  Waiting *gap = g_queue_pop_head (&priv->queue);

  g_signal_emit (self, signals[GAP], 0, gap->topic, gap->shard, gap->from, gap->to);
  waiting_free (gap);
}

static void
chat_subscription_feed (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  if (!priv->more || priv->queued >= CHAT_SUBSCRIPTION_LOW_WATER || !chat_subscription_flows (self))
    return;
  priv->more = FALSE;
  CHAT_SUBSCRIPTION_GET_CLASS (self)->hungry (self);
}

static gboolean
dispatch_cb (gpointer user_data)
{
  g_autoptr (ChatSubscription) self = g_object_ref (user_data);
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  gint64 until = g_get_monotonic_time () + priv->budget_us;

  do
    {
      Waiting *head;

      chat_subscription_feed (self);
      head = g_queue_peek_head (&priv->queue);
      if (head == NULL || !chat_subscription_flows (self))
        break;
      if (head->records != NULL)
        chat_subscription_deliver_batch (self);
      else
        chat_subscription_deliver_gap (self);
    }
  while (g_get_monotonic_time () < until);

  chat_subscription_wake (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs source_funcs = { .dispatch = source_dispatch };

static void
held_cb (GTask *task, GParamSpec *pspec, ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  priv->holds--;
  chat_subscription_wake (self);
}

/* Closing */

static void
chat_subscription_stop (ChatSubscription *self, Phase phase)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  priv->phase = phase;
  chat_subscription_drop_queued (self, NULL, NULL);
  if (phase == PHASE_CLOSED && priv->source != NULL)
    {
      g_source_destroy (priv->source);
      g_clear_pointer (&priv->source, g_source_unref);
    }
}

/* For good: tells everybody who listens, then everybody who waits. */
static void
chat_subscription_finish_close (ChatSubscription *self, const GError *why, const GError *close_error)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  if (priv->phase != PHASE_CLOSED)
    {
      chat_subscription_stop (self, PHASE_CLOSED);
      g_signal_emit (self, signals[CLOSED], 0, why);
    }
  chat_waiters_answer (priv->closers, close_error);
}

static void
close_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatSubscription *self = CHAT_SUBSCRIPTION (source);
  ChatSubscriptionClass *klass = CHAT_SUBSCRIPTION_GET_CLASS (self);
  g_autoptr (GError) error = NULL;

  klass->close_finish (self, result, &error);
  chat_subscription_finish_close (self, NULL, error);
}

static void
chat_subscription_close_now (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  ChatSubscriptionClass *klass = CHAT_SUBSCRIPTION_GET_CLASS (self);

  if (klass->close_async != NULL)
    klass->close_async (self, priv->close_cancellable, close_cb, NULL);
  else
    chat_subscription_finish_close (self, NULL, NULL);
}

/* Overrides */

static void
chat_subscription_constructed (GObject *object)
{
  ChatSubscription *self = CHAT_SUBSCRIPTION (object);
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  G_OBJECT_CLASS (chat_subscription_parent_class)->constructed (object);

  priv->context = g_main_context_ref_thread_default ();
  priv->source = g_source_new (&source_funcs, sizeof (GSource));
  g_source_set_static_name (priv->source, "ChatSubscription");
  g_source_set_priority (priv->source, priv->priority);
  g_source_set_callback (priv->source, dispatch_cb, self, NULL);
  g_source_attach (priv->source, priv->context);
}

static void
chat_subscription_dispose (GObject *object)
{
  ChatSubscription *self = CHAT_SUBSCRIPTION (object);

  chat_subscription_stop (self, PHASE_CLOSED);
  G_OBJECT_CLASS (chat_subscription_parent_class)->dispose (object);
}

static void
chat_subscription_finalize (GObject *object)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (CHAT_SUBSCRIPTION (object));

  g_clear_pointer (&priv->closers, chat_waiters_free);
  g_clear_object (&priv->close_cancellable);
  g_clear_pointer (&priv->context, g_main_context_unref);
  G_OBJECT_CLASS (chat_subscription_parent_class)->finalize (object);
}

static void
chat_subscription_class_init (ChatSubscriptionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = chat_subscription_constructed;
  object_class->dispose = chat_subscription_dispose;
  object_class->finalize = chat_subscription_finalize;

  signals[RECORDS] = g_signal_new ("records", CHAT_TYPE_SUBSCRIPTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_PTR_ARRAY | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[REVOKED]
      = g_signal_new ("revoked", CHAT_TYPE_SUBSCRIPTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                      G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE, G_TYPE_ARRAY | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[GAP] = g_signal_new ("gap", CHAT_TYPE_SUBSCRIPTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4,
                               G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE,
                               G_TYPE_INT64, G_TYPE_INT64);
  signals[CLOSED] = g_signal_new ("closed", CHAT_TYPE_SUBSCRIPTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                  1, G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
chat_subscription_init (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  g_queue_init (&priv->queue);
  priv->closers = chat_waiters_new ();
  priv->batch = BATCH_FIRST;
  priv->budget_us = BUDGET_US;
  priv->priority = PRIORITY_BELOW_REDRAW;
}

/* For owners */

void
chat_subscription_pause (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  ChatSubscriptionClass *klass = CHAT_SUBSCRIPTION_GET_CLASS (self);

  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));

  if (priv->pauses++ > 0)
    return;
  if (klass->pause != NULL)
    klass->pause (self);
  chat_subscription_wake (self);
}

void
chat_subscription_resume (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  ChatSubscriptionClass *klass = CHAT_SUBSCRIPTION_GET_CLASS (self);

  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));
  g_return_if_fail (priv->pauses > 0);

  if (--priv->pauses > 0)
    return;
  if (klass->resume != NULL)
    klass->resume (self);
  chat_subscription_wake (self);
}

gboolean
chat_subscription_is_paused (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  g_return_val_if_fail (CHAT_IS_SUBSCRIPTION (self), FALSE);
  return priv->pauses > 0;
}

void
chat_subscription_set_priority (ChatSubscription *self, int priority)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));

  priv->priority = priority;
  if (priv->source != NULL)
    g_source_set_priority (priv->source, priority);
}

void
chat_subscription_get_lag (ChatSubscription *self, gint64 *records, gint64 *milliseconds)
{
  ChatSubscriptionClass *klass = CHAT_SUBSCRIPTION_GET_CLASS (self);
  gint64 lag_records = -1, lag_ms = -1;

  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));

  if (klass->get_lag != NULL)
    klass->get_lag (self, &lag_records, &lag_ms);
  if (records != NULL)
    *records = lag_records;
  if (milliseconds != NULL)
    *milliseconds = lag_ms;
}

ChatPosition *
chat_subscription_dup_position (ChatSubscription *self)
{
  ChatSubscriptionClass *klass = CHAT_SUBSCRIPTION_GET_CLASS (self);

  g_return_val_if_fail (CHAT_IS_SUBSCRIPTION (self), NULL);
  return klass->dup_position != NULL ? klass->dup_position (self) : chat_position_new ();
}

void
chat_subscription_close_async (ChatSubscription *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_subscription_close_async);
  if (priv->phase == PHASE_CLOSED)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  chat_waiters_add (priv->closers, task);
  if (priv->phase == PHASE_CLOSING)
    return;
  g_set_object (&priv->close_cancellable, cancellable);
  chat_subscription_stop (self, PHASE_CLOSING);
  if (!priv->forwarding)
    chat_subscription_close_now (self);
}

gboolean
chat_subscription_close_finish (ChatSubscription *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
chat_subscription_is_closed (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  g_return_val_if_fail (CHAT_IS_SUBSCRIPTION (self), TRUE);
  return priv->phase >= PHASE_CLOSING;
}

/* For implementations */

void
chat_subscription_start (ChatSubscription *self, GTask *subscribe)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));
  g_return_if_fail (priv->phase == PHASE_NEW);

  priv->phase = PHASE_OPEN;
  chat_subscription_hold (self, subscribe);
  chat_subscription_refill (self);
}

void
chat_subscription_set_budget (ChatSubscription *self, guint budget_us)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));

  if (budget_us > 0)
    priv->budget_us = budget_us;
}

void
chat_subscription_hold (ChatSubscription *self, GTask *task)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));
  g_return_if_fail (G_IS_TASK (task) && !g_task_get_completed (task));

  priv->holds++;
  g_signal_connect_object (task, "notify::completed", G_CALLBACK (held_cb), self, 0);
  chat_subscription_wake (self);
}

void
chat_subscription_queue_records (ChatSubscription *self, GPtrArray *batch)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  Waiting *waiting;

  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));
  g_return_if_fail (batch != NULL);

  if (batch->len == 0 || priv->phase >= PHASE_CLOSING)
    return;
  waiting = g_new0 (Waiting, 1);
  waiting->records = g_ptr_array_ref (batch);
  g_queue_push_tail (&priv->queue, waiting);
  priv->queued += batch->len;
  chat_subscription_wake (self);
}

void
chat_subscription_queue_gap (ChatSubscription *self, const char *topic, const char *shard, gint64 from, gint64 to)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  Waiting *waiting;

  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));
  g_return_if_fail (topic != NULL && shard != NULL);

  if (priv->phase >= PHASE_CLOSING)
    return;
  waiting = g_new0 (Waiting, 1);
  waiting->topic = g_strdup (topic);
  waiting->shard = g_strdup (shard);
  waiting->from = from;
  waiting->to = to;
  g_queue_push_tail (&priv->queue, waiting);
  chat_subscription_wake (self);
}

void
chat_subscription_refill (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  ChatSubscriptionClass *klass = CHAT_SUBSCRIPTION_GET_CLASS (self);

  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));

  if (klass->hungry == NULL)
    return;
  priv->more = TRUE;
  chat_subscription_wake (self);
}

guint
chat_subscription_get_queued (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  g_return_val_if_fail (CHAT_IS_SUBSCRIPTION (self), 0);
  return priv->queued;
}

ChatRecord *
chat_subscription_peek (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  g_return_val_if_fail (CHAT_IS_SUBSCRIPTION (self), NULL);

  for (GList *link = priv->queue.head; link != NULL; link = link->next)
    {
      Waiting *waiting = link->data;

      if (waiting->records != NULL)
        return g_ptr_array_index (waiting->records, waiting->taken);
    }
  return NULL;
}

/* What stays of @waiting, or NULL. */
static Waiting *
waiting_filter (Waiting *waiting, gboolean (*drop) (ChatRecord *record, gpointer data), gpointer data)
{
  g_autoptr (GPtrArray) kept = NULL;

  if (waiting->records == NULL)
    {
      if (!drop (NULL, data))
        return waiting;
    }
  else
    {
      kept = g_ptr_array_new_full (waiting->records->len, (GDestroyNotify)chat_record_unref);
      for (guint i = waiting->taken; i < waiting->records->len; i++)
        {
          ChatRecord *record = g_ptr_array_index (waiting->records, i);

          if (!drop (record, data))
            g_ptr_array_add (kept, chat_record_ref (record));
        }
      if (kept->len > 0)
        {
          g_ptr_array_unref (waiting->records);
          waiting->records = g_steal_pointer (&kept);
          waiting->taken = 0;
          return waiting;
        }
    }
  waiting_free (waiting);
  return NULL;
}

void
chat_subscription_drop_queued (ChatSubscription *self, gboolean (*drop) (ChatRecord *record, gpointer data),
                               gpointer data)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  GQueue before = priv->queue;

  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));

  g_queue_init (&priv->queue);
  priv->queued = 0;
  if (drop == NULL)
    {
      g_queue_clear_full (&before, (GDestroyNotify)waiting_free);
    }
  else
    {
      for (Waiting *waiting = g_queue_pop_head (&before); waiting != NULL; waiting = g_queue_pop_head (&before))
        {
          Waiting *kept = waiting_filter (waiting, drop, data);

          if (kept == NULL)
            continue;
          g_queue_push_tail (&priv->queue, kept);
          priv->queued += kept->records != NULL ? kept->records->len : 0;
        }
    }
  chat_subscription_wake (self);
}

gboolean
chat_subscription_begin_forward (ChatSubscription *self, GError **error)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  g_return_val_if_fail (CHAT_IS_SUBSCRIPTION (self), FALSE);

  if (priv->phase >= PHASE_CLOSING)
    {
      g_set_error_literal (
          error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED,
          "The subscription is closed: what it delivered and was not acknowledged comes again elsewhere");
      return FALSE;
    }
  if (priv->forwarding)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PENDING,
                           "A forward of this subscription is in flight: wait until it has called back");
      return FALSE;
    }
  priv->forwarding = TRUE;
  return TRUE;
}

void
chat_subscription_end_forward (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);
  ChatSubscriptionClass *klass = CHAT_SUBSCRIPTION_GET_CLASS (self);

  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));
  g_return_if_fail (priv->forwarding);

  priv->forwarding = FALSE;
  if (klass->forward_ended != NULL)
    klass->forward_ended (self);
  if (priv->phase == PHASE_CLOSING)
    chat_subscription_close_now (self);
}

gboolean
chat_subscription_is_forwarding (ChatSubscription *self)
{
  ChatSubscriptionPrivate *priv = chat_subscription_get_instance_private (self);

  g_return_val_if_fail (CHAT_IS_SUBSCRIPTION (self), FALSE);
  return priv->forwarding;
}

void
chat_subscription_emit_revoked (ChatSubscription *self, const char *topic, GArray *shards)
{
  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));
  g_return_if_fail (topic != NULL);
  g_return_if_fail (shards != NULL && shards->len > 0);

  g_signal_emit (self, signals[REVOKED], 0, topic, shards);
}

void
chat_subscription_emit_closed (ChatSubscription *self, const GError *error)
{
  g_return_if_fail (CHAT_IS_SUBSCRIPTION (self));

  chat_subscription_finish_close (self, error, NULL);
}
