/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/rabbitmq/chat-rabbitmq-subscription.h"

#include "core/chat-time.h"
#include "core/chat-timer.h"
#include "transport/chat-backoff.h"
#include "transport/rabbitmq/chat-rabbitmq-error.h"

typedef struct
{
  /* Owned */
  GPtrArray *incoming;       /* (element-type ChatRecord): what came since the queue was last filled */
  GTask *task;               /* nullable: the subscribe … */
  GSource *cancelled;        /* … (nullable) and its cancellation */
  GCancellable *cancellable; /* nullable: not attached */
  GSource *retry;            /* nullable */
  char *trouble;             /* nullable */

  ChatRabbitmqSite site;
  ChatBackoff backoff;
  gboolean attached, in_place;
} ChatRabbitmqSubscriptionPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ChatRabbitmqSubscription, chat_rabbitmq_subscription, CHAT_TYPE_SUBSCRIPTION)

enum
{
  GONE,
  TROUBLED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

#define PRIVATE(self) ((ChatRabbitmqSubscriptionPrivate *)chat_rabbitmq_subscription_get_instance_private (self))

static GPtrArray *
records_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
}

static void
let_go (ChatRabbitmqSubscription *self)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);

  priv->in_place = FALSE;
  if (priv->cancellable == NULL)
    return;
  g_cancellable_cancel (priv->cancellable);
  g_clear_object (&priv->cancellable);
  CHAT_RABBITMQ_SUBSCRIPTION_GET_CLASS (self)->detach (self);
}

static void
take_up (ChatRabbitmqSubscription *self)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);

  priv->cancellable = g_cancellable_new ();
  CHAT_RABBITMQ_SUBSCRIPTION_GET_CLASS (self)->attach (self, &priv->site);
}

static gboolean
retry_cb (gpointer user_data)
{
  g_autoptr (ChatRabbitmqSubscription) self = g_object_ref (user_data);

  chat_timer_clear (&PRIVATE (self)->retry);
  take_up (self);
  return G_SOURCE_REMOVE;
}

/* Overrides */

static void
move_incoming (ChatRabbitmqSubscription *self)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);
  g_autoptr (GPtrArray) batch = NULL;

  if (priv->incoming->len == 0)
    return;
  batch = g_steal_pointer (&priv->incoming);
  priv->incoming = records_new ();
  chat_subscription_queue_records (CHAT_SUBSCRIPTION (self), batch);
}

static void
chat_rabbitmq_subscription_hungry (ChatSubscription *subscription)
{
  move_incoming (CHAT_RABBITMQ_SUBSCRIPTION (subscription));
}

static void
chat_rabbitmq_subscription_dispose (GObject *object)
{
  ChatRabbitmqSubscription *self = CHAT_RABBITMQ_SUBSCRIPTION (object);

  chat_rabbitmq_subscription_detach (self);
  g_signal_emit (self, signals[GONE], 0);
  G_OBJECT_CLASS (chat_rabbitmq_subscription_parent_class)->dispose (object);
}

static void
chat_rabbitmq_subscription_finalize (GObject *object)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (CHAT_RABBITMQ_SUBSCRIPTION (object));

  g_ptr_array_unref (priv->incoming);
  chat_timer_clear (&priv->cancelled);
  g_clear_object (&priv->task);
  g_free (priv->trouble);
  G_OBJECT_CLASS (chat_rabbitmq_subscription_parent_class)->finalize (object);
}

static void
chat_rabbitmq_subscription_class_init (ChatRabbitmqSubscriptionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = chat_rabbitmq_subscription_dispose;
  object_class->finalize = chat_rabbitmq_subscription_finalize;
  CHAT_SUBSCRIPTION_CLASS (klass)->hungry = chat_rabbitmq_subscription_hungry;

  signals[GONE]
      = g_signal_new ("gone", CHAT_TYPE_RABBITMQ_SUBSCRIPTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[TROUBLED] = g_signal_new ("troubled", CHAT_TYPE_RABBITMQ_SUBSCRIPTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 0);
}

static void
chat_rabbitmq_subscription_init (ChatRabbitmqSubscription *self)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);

  priv->incoming = records_new ();
  priv->backoff = (ChatBackoff)CHAT_BACKOFF_INIT;
}

/* Public */

/* Whatever it is that the broker has not answered yet. */
static gboolean
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (ChatRabbitmqSubscription) self = g_object_ref (user_data);
  g_autoptr (GError) error = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  chat_rabbitmq_subscription_detach (self);
  g_signal_emit (self, signals[GONE], 0);
  chat_rabbitmq_subscription_answer (self, error);
  return G_SOURCE_REMOVE;
}

void
chat_rabbitmq_subscription_set_task (ChatRabbitmqSubscription *self, GTask *task)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);
  GCancellable *cancellable = g_task_get_cancellable (task);

  g_set_object (&priv->task, task);
  if (cancellable == NULL)
    return;
  priv->cancelled = g_cancellable_source_new (cancellable);
  g_source_set_callback (priv->cancelled, G_SOURCE_FUNC (cancelled_cb), self, NULL);
  g_source_attach (priv->cancelled, g_task_get_context (task));
}

void
chat_rabbitmq_subscription_answer (ChatRabbitmqSubscription *self, const GError *error)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);
  g_autoptr (GTask) task = g_steal_pointer (&priv->task);

  chat_timer_clear (&priv->cancelled);
  if (task == NULL)
    return;
  if (error != NULL)
    {
      g_task_return_error (task, g_error_copy (error));
      return;
    }
  chat_subscription_start (CHAT_SUBSCRIPTION (self), task);
  g_task_return_pointer (task, g_object_ref (self), g_object_unref);
}

void
chat_rabbitmq_subscription_attach (ChatRabbitmqSubscription *self, const ChatRabbitmqSite *site)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);

  g_return_if_fail (!priv->attached);

  priv->site = *site;
  priv->attached = TRUE;
  take_up (self);
}

void
chat_rabbitmq_subscription_detach (ChatRabbitmqSubscription *self)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);

  chat_timer_clear (&priv->retry);
  if (!priv->attached)
    return;
  let_go (self);
  priv->attached = FALSE;
  chat_rabbitmq_subscription_set_trouble (self, NULL);
}

const char *
chat_rabbitmq_subscription_get_trouble (ChatRabbitmqSubscription *self)
{
  return PRIVATE (self)->trouble;
}

const ChatRabbitmqSite *
chat_rabbitmq_subscription_get_site (ChatRabbitmqSubscription *self)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);

  return priv->cancellable != NULL ? &priv->site : NULL;
}

GCancellable *
chat_rabbitmq_subscription_get_cancellable (ChatRabbitmqSubscription *self)
{
  return PRIVATE (self)->cancellable;
}

void
chat_rabbitmq_subscription_set_trouble (ChatRabbitmqSubscription *self, const char *trouble)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);

  if (g_strcmp0 (priv->trouble, trouble) == 0)
    return;
  g_free (priv->trouble);
  priv->trouble = g_strdup (trouble);
  g_signal_emit (self, signals[TROUBLED], 0);
}

void
chat_rabbitmq_subscription_in_place (ChatRabbitmqSubscription *self)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);
  g_autoptr (ChatRabbitmqSubscription) hold = g_object_ref (self);

  priv->in_place = TRUE;
  chat_rabbitmq_subscription_set_trouble (self, NULL);
  chat_backoff_reset (&priv->backoff);
  chat_rabbitmq_subscription_answer (self, NULL);
}

gboolean
chat_rabbitmq_subscription_is_in_place (ChatRabbitmqSubscription *self)
{
  return PRIVATE (self)->in_place;
}

/* Whether it may be there, or be allowed, a moment later: what was in place before. Who gives a permission back should
 * not have to start again who needs it. */
static gboolean
is_passing (ChatRabbitmqSubscription *self, const GError *error)
{
  if (error->domain != CHAT_TRANSPORT_ERROR || error->code == CHAT_TRANSPORT_ERROR_LOST)
    return FALSE;
  return error->code == CHAT_TRANSPORT_ERROR_OFFLINE || PRIVATE (self)->task == NULL;
}

void
chat_rabbitmq_subscription_repair (ChatRabbitmqSubscription *self, const GError *error)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);
  g_autoptr (ChatRabbitmqSubscription) hold = g_object_ref (self);

  let_go (self);
  if (is_passing (self, error))
    {
      if (priv->task == NULL)
        chat_rabbitmq_subscription_set_trouble (self, error->message);
      if (priv->attached && priv->retry == NULL)
        priv->retry = chat_timer_new (chat_backoff_next (&priv->backoff), retry_cb, self);
      return;
    }
  chat_rabbitmq_subscription_detach (self);
  g_signal_emit (self, signals[GONE], 0);
  if (priv->task != NULL)
    chat_rabbitmq_subscription_answer (self, error);
  else
    chat_subscription_emit_closed (CHAT_SUBSCRIPTION (self), error);
}

/* What came */

void
chat_rabbitmq_subscription_push (ChatRabbitmqSubscription *self, ChatRecord *record)
{
  g_ptr_array_add (PRIVATE (self)->incoming, record);
  chat_subscription_refill (CHAT_SUBSCRIPTION (self));
}

void
chat_rabbitmq_subscription_push_gap (ChatRabbitmqSubscription *self, const char *topic, gint64 from, gint64 to)
{
  move_incoming (self);
  chat_subscription_queue_gap (CHAT_SUBSCRIPTION (self), topic, "0", from, to);
}

void
chat_rabbitmq_subscription_drop (ChatRabbitmqSubscription *self, gboolean (*drop) (ChatRecord *record, gpointer data),
                                 gpointer data)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);
  g_autoptr (GPtrArray) before = NULL;

  chat_subscription_drop_queued (CHAT_SUBSCRIPTION (self), drop, data);
  before = g_steal_pointer (&priv->incoming);
  priv->incoming = records_new ();
  for (guint i = 0; drop != NULL && i < before->len; i++)
    if (!drop (g_ptr_array_index (before, i), data))
      g_ptr_array_add (priv->incoming, chat_record_ref (g_ptr_array_index (before, i)));
}

guint
chat_rabbitmq_subscription_get_waiting (ChatRabbitmqSubscription *self, gint64 *milliseconds)
{
  ChatRabbitmqSubscriptionPrivate *priv = PRIVATE (self);
  ChatRecord *first = chat_subscription_peek (CHAT_SUBSCRIPTION (self));
  gint64 time_ms;

  if (first == NULL && priv->incoming->len > 0)
    first = g_ptr_array_index (priv->incoming, 0);
  if (first == NULL)
    {
      *milliseconds = 0;
      return 0;
    }
  time_ms = chat_record_get_time (first);
  *milliseconds = time_ms != CHAT_TIME_UNKNOWN ? MAX (g_get_real_time () / 1000 - time_ms, 1) : -1;
  return chat_subscription_get_queued (CHAT_SUBSCRIPTION (self)) + priv->incoming->len;
}
