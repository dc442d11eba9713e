/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/chat-transport-base.h"

#include <glib/gi18n-lib.h>

#include "core/chat-timer.h"
#include "transport/chat-backoff.h"

/* A connection that lasted so long was a good one: the next break begins with short waits again. */
#define GOOD_US G_USEC_PER_SEC
/* How often the sentence is said anew while seconds are counted in it. */
#define TICK_MS 1000

typedef struct
{
  /* Owned */
  char *title;
  char *reason;  /* nullable: why there is no connection */
  char *trouble; /* nullable: what is missing while there is one */
  char *remark;  /* nullable: what to know of it */
  char *status;
  ChatWaiters *connects, *subscribes, *closes;
  GSource *retry, *tick; /* nullable: while it waits for the next try */

  ChatTransportState state;
  ChatBackoff backoff;
  gint64 retry_at;     /* monotonic, µs */
  gint64 online_since; /* monotonic, µs; 0: it is not */
  guint unconfirmed;   /* publishes that a close could not flush */
  gboolean closing;
  gboolean closed;
} ChatTransportBasePrivate;

static void chat_transport_base_iface_init (ChatTransportInterface *iface);

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (ChatTransportBase, chat_transport_base, G_TYPE_OBJECT,
                                  G_ADD_PRIVATE (ChatTransportBase)
                                      G_IMPLEMENT_INTERFACE (CHAT_TYPE_TRANSPORT, chat_transport_base_iface_init))

enum
{
  PROP_STATE = 1,
  PROP_STATUS,
};

#define PRIVATE(self) ((ChatTransportBasePrivate *)chat_transport_base_get_instance_private (self))

/* State and status */

/* (transfer full) */
static char *
describe (const ChatTransportBasePrivate *priv)
{
  gint64 seconds = (priv->retry_at - g_get_monotonic_time () + G_USEC_PER_SEC / 2) / G_USEC_PER_SEC;

  switch (priv->state)
    {
    case CHAT_TRANSPORT_ONLINE:
      return priv->remark != NULL ? g_strdup (priv->remark) : g_strdup_printf (_ ("Connected to %s"), priv->title);
    case CHAT_TRANSPORT_DEGRADED:
      return g_strdup (priv->trouble);
    case CHAT_TRANSPORT_CONNECTING:
      if (priv->reason != NULL && priv->retry != NULL && seconds > 0)
        /* Translators: seconds, and why: "Reconnecting in 4 s: Connection refused" */
        return g_strdup_printf (_ ("Reconnecting in %d s: %s"), (int)seconds, priv->reason);
      if (priv->reason != NULL)
        return g_strdup_printf (_ ("Reconnecting: %s"), priv->reason);
      return g_strdup_printf (_ ("Connecting to %s"), priv->title);
    case CHAT_TRANSPORT_OFFLINE:
    default:
      return g_strdup (priv->reason != NULL ? priv->reason : _ ("Not connected"));
    }
}

static void
update (ChatTransportBase *self)
{
  ChatTransportBasePrivate *priv = PRIVATE (self);
  g_autofree char *status = describe (priv);

  if (g_strcmp0 (priv->status, status) == 0)
    return;
  g_free (priv->status);
  priv->status = g_steal_pointer (&status);
  g_object_notify (G_OBJECT (self), "status");
}

static void
set_state (ChatTransportBase *self, ChatTransportState state)
{
  ChatTransportBasePrivate *priv = PRIVATE (self);
  gboolean changed = priv->state != state;

  priv->state = state;
  update (self);
  if (changed)
    g_object_notify (G_OBJECT (self), "state");
}

static void
set_reason (ChatTransportBase *self, const char *reason)
{
  ChatTransportBasePrivate *priv = PRIVATE (self);
  g_autofree char *before = priv->reason;

  priv->reason = g_strdup (reason);
}

static void
stop_retrying (ChatTransportBase *self)
{
  chat_timer_clear (&PRIVATE (self)->retry);
  chat_timer_clear (&PRIVATE (self)->tick);
}

static gboolean
tick_cb (gpointer user_data)
{
  update (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
retry_cb (gpointer user_data)
{
  g_autoptr (ChatTransportBase) self = g_object_ref (user_data);

  stop_retrying (self);
  CHAT_TRANSPORT_BASE_GET_CLASS (self)->open (self);
  return G_SOURCE_REMOVE;
}

/* Connecting */

static void
chat_transport_base_connect_async (ChatTransport *transport, GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  ChatTransportBase *self = CHAT_TRANSPORT_BASE (transport);
  ChatTransportBasePrivate *priv = PRIVATE (self);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_transport_base_connect_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (priv->closing)
    g_task_return_error (task, chat_transport_base_dup_obstacle (self));
  else if (chat_transport_base_is_connected (self))
    g_task_return_boolean (task, TRUE);
  else
    {
      chat_waiters_add (priv->connects, task);
      CHAT_TRANSPORT_BASE_GET_CLASS (self)->open (self);
    }
}

void
chat_transport_base_connecting (ChatTransportBase *self, const char *reason)
{
  ChatTransportBasePrivate *priv = PRIVATE (self);

  stop_retrying (self);
  if (priv->state == CHAT_TRANSPORT_OFFLINE)
    set_reason (self, NULL);
  if (reason != NULL)
    set_reason (self, reason);
  set_state (self, CHAT_TRANSPORT_CONNECTING);
}

void
chat_transport_base_retry_later (ChatTransportBase *self, const char *reason, guint wait_ms)
{
  ChatTransportBasePrivate *priv = PRIVATE (self);

  stop_retrying (self);
  if (priv->online_since != 0 && g_get_monotonic_time () - priv->online_since >= GOOD_US)
    chat_backoff_reset (&priv->backoff);
  priv->online_since = 0;
  if (wait_ms == 0)
    wait_ms = chat_backoff_next (&priv->backoff);
  priv->retry_at = g_get_monotonic_time () + (gint64)wait_ms * 1000;
  priv->retry = chat_timer_new (wait_ms, retry_cb, self);
  priv->tick = chat_timer_new (TICK_MS, tick_cb, self);
  set_reason (self, reason);
  set_state (self, CHAT_TRANSPORT_CONNECTING);
}

void
chat_transport_base_set_online (ChatTransportBase *self)
{
  ChatTransportBasePrivate *priv = PRIVATE (self);

  stop_retrying (self);
  if (priv->online_since == 0)
    priv->online_since = g_get_monotonic_time ();
  set_reason (self, NULL);
  set_state (self, priv->trouble != NULL ? CHAT_TRANSPORT_DEGRADED : CHAT_TRANSPORT_ONLINE);
  chat_waiters_answer (priv->connects, NULL);
}

void
chat_transport_base_deny (ChatTransportBase *self, const GError *error)
{
  ChatTransportBasePrivate *priv = PRIVATE (self);

  stop_retrying (self);
  priv->online_since = 0;
  set_reason (self, error->message);
  set_state (self, CHAT_TRANSPORT_OFFLINE);
  chat_waiters_answer (priv->connects, error);
  chat_waiters_answer (priv->subscribes, error);
}

void
chat_transport_base_set_trouble (ChatTransportBase *self, const char *sentence)
{
  ChatTransportBasePrivate *priv = PRIVATE (self);
  g_autofree char *before = priv->trouble;

  priv->trouble = g_strdup (sentence);
  if (chat_transport_base_is_connected (self))
    set_state (self, sentence != NULL ? CHAT_TRANSPORT_DEGRADED : CHAT_TRANSPORT_ONLINE);
}

void
chat_transport_base_set_remark (ChatTransportBase *self, const char *sentence)
{
  ChatTransportBasePrivate *priv = PRIVATE (self);
  g_autofree char *before = priv->remark;

  priv->remark = g_strdup (sentence);
}

gboolean
chat_transport_base_is_connected (ChatTransportBase *self)
{
  ChatTransportState state = PRIVATE (self)->state;

  return state == CHAT_TRANSPORT_ONLINE || state == CHAT_TRANSPORT_DEGRADED;
}

gboolean
chat_transport_base_is_retrying (ChatTransportBase *self)
{
  return PRIVATE (self)->retry != NULL;
}

gboolean
chat_transport_base_is_closing (ChatTransportBase *self)
{
  return PRIVATE (self)->closing;
}

const char *
chat_transport_base_get_title (ChatTransportBase *self)
{
  return PRIVATE (self)->title;
}

void
chat_transport_base_set_title (ChatTransportBase *self, const char *title)
{
  ChatTransportBasePrivate *priv = PRIVATE (self);
  g_autofree char *before = priv->title;

  priv->title = g_strdup (title);
  update (self);
}

GError *
chat_transport_base_dup_obstacle (ChatTransportBase *self)
{
  const ChatTransportBasePrivate *priv = PRIVATE (self);

  if (priv->closing)
    return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED, _ ("The connection to %s was closed"),
                        priv->title);
  if (chat_transport_base_is_connected (self))
    return NULL;
  if (priv->reason != NULL)
    return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("There is no connection to %s: %s"),
                        priv->title, priv->reason);
  return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("There is no connection to %s"),
                      priv->title);
}

ChatWaiters *
chat_transport_base_get_subscribes (ChatTransportBase *self)
{
  return PRIVATE (self)->subscribes;
}

gboolean
chat_transport_base_lets_wait (ChatTransportBase *self, GTask *task)
{
  if (!PRIVATE (self)->closing && PRIVATE (self)->state != CHAT_TRANSPORT_OFFLINE)
    return TRUE;
  g_task_return_error (task, chat_transport_base_dup_obstacle (self));
  return FALSE;
}

/* Closing */

/* The same answer to whoever asks for it. */
static void
answer_closes (ChatTransportBase *self)
{
  ChatTransportBasePrivate *priv = PRIVATE (self);
  g_autoptr (GError) error = NULL;

  if (priv->unconfirmed > 0)
    error = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                         ngettext ("%u record could not be confirmed by %s", "%u records could not be confirmed by %s",
                                   priv->unconfirmed),
                         priv->unconfirmed, priv->title);
  chat_waiters_answer (priv->closes, error);
}

static void
begin_close (ChatTransportBase *self)
{
  ChatTransportBasePrivate *priv = PRIVATE (self);
  g_autoptr (GError) error = NULL;

  priv->closing = TRUE;
  stop_retrying (self);
  error = chat_transport_base_dup_obstacle (self);
  chat_waiters_answer (priv->connects, error);
  chat_waiters_answer (priv->subscribes, error);
  CHAT_TRANSPORT_BASE_GET_CLASS (self)->close (self);
}

static void
chat_transport_base_close_async (ChatTransport *transport, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  ChatTransportBase *self = CHAT_TRANSPORT_BASE (transport);
  ChatTransportBasePrivate *priv = PRIVATE (self);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_transport_base_close_async);
  chat_waiters_add (priv->closes, task);
  if (priv->closed)
    answer_closes (self);
  else if (!priv->closing)
    begin_close (self);
}

void
chat_transport_base_add_unconfirmed (ChatTransportBase *self, guint count)
{
  PRIVATE (self)->unconfirmed += count;
}

void
chat_transport_base_finish_close (ChatTransportBase *self)
{
  g_autoptr (ChatTransportBase) hold = g_object_ref (self);

  PRIVATE (self)->closed = TRUE;
  set_reason (self, NULL);
  set_state (self, CHAT_TRANSPORT_OFFLINE);
  answer_closes (self);
}

/* Overrides */

static void
chat_transport_base_iface_init (ChatTransportInterface *iface)
{
  iface->connect_async = chat_transport_base_connect_async;
  iface->close_async = chat_transport_base_close_async;
}

static void
chat_transport_base_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  const ChatTransportBasePrivate *priv = PRIVATE (CHAT_TRANSPORT_BASE (object));

  if (id == PROP_STATE)
    g_value_set_enum (value, (gint)priv->state);
  else if (id == PROP_STATUS)
    g_value_set_string (value, priv->status);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
chat_transport_base_dispose (GObject *object)
{
  stop_retrying (CHAT_TRANSPORT_BASE (object));
  G_OBJECT_CLASS (chat_transport_base_parent_class)->dispose (object);
}

static void
chat_transport_base_finalize (GObject *object)
{
  ChatTransportBasePrivate *priv = PRIVATE (CHAT_TRANSPORT_BASE (object));

  chat_waiters_free (priv->connects);
  chat_waiters_free (priv->subscribes);
  chat_waiters_free (priv->closes);
  g_free (priv->title);
  g_free (priv->reason);
  g_free (priv->trouble);
  g_free (priv->remark);
  g_free (priv->status);
  G_OBJECT_CLASS (chat_transport_base_parent_class)->finalize (object);
}

static void
chat_transport_base_class_init (ChatTransportBaseClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = chat_transport_base_get_property;
  object_class->dispose = chat_transport_base_dispose;
  object_class->finalize = chat_transport_base_finalize;
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_STATUS, "status");
}

static void
chat_transport_base_init (ChatTransportBase *self)
{
  ChatTransportBasePrivate *priv = PRIVATE (self);

  priv->connects = chat_waiters_new ();
  priv->subscribes = chat_waiters_new ();
  priv->closes = chat_waiters_new ();
  priv->backoff = (ChatBackoff)CHAT_BACKOFF_INIT;
}
