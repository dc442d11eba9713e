/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-loopback-transport.h"

#include "chat-loopback-subscription.h"
#include "transport/chat-waiters.h"
#include "transport/chat-wish.h"

#define RECORD_MOST (1024 * 1024)

/* A call that the broker has carried out, and whose answer is on its way. */
typedef struct
{
  GTask *task;
  ChatLoopbackSubscription *forwarding; /* (nullable) */
  GError *error;                        /* (nullable): the answer */
  gint64 due_us;
} Answer;

struct _ChatLoopbackTransport
{
  GObject parent_instance;

  /* Owned */
  ChatLoopbackBroker *broker;
  GMainContext *context;
  GSource *answering;
  GQueue answers; /* Answer, in the order of the calls */
  ChatWaiters *connects;
  ChatWaiters *subscribes; /* each with a ChatWish */
  char *degraded;

  /* Borrowed */
  GPtrArray *subscriptions;

  ChatTransportFeatures features;
  gboolean wanted, unreachable, stalled, closed;
  guint confirm_delay_ms, close_delay_ms;
  gboolean ended;
  guint duplicates, refuse, lose, fail_forwards, publishes;
  ChatTransportError refuse_code, fail_code;
  int fail_connect; /* -1: no */
};

static void chat_loopback_transport_iface_init (ChatTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatLoopbackTransport, chat_loopback_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_TRANSPORT, chat_loopback_transport_iface_init))

enum
{
  PROP_STATE = 1,
  PROP_STATUS,
};

static ChatTransportState
chat_loopback_transport_get_state (ChatLoopbackTransport *self)
{
  if (!self->wanted || self->closed)
    return CHAT_TRANSPORT_OFFLINE;
  if (self->unreachable)
    return CHAT_TRANSPORT_CONNECTING;
  return self->degraded != NULL ? CHAT_TRANSPORT_DEGRADED : CHAT_TRANSPORT_ONLINE;
}

static const char *
chat_loopback_transport_get_status (ChatLoopbackTransport *self)
{
  switch (chat_loopback_transport_get_state (self))
    {
    case CHAT_TRANSPORT_OFFLINE:
      return "Not connected";
    case CHAT_TRANSPORT_CONNECTING:
      return "Reconnecting: the loopback was told to be unreachable";
    case CHAT_TRANSPORT_DEGRADED:
      return self->degraded;
    case CHAT_TRANSPORT_ONLINE:
    default:
      return "Connected";
    }
}

static void
chat_loopback_transport_notify (ChatLoopbackTransport *self)
{
  g_object_notify (G_OBJECT (self), "state");
  g_object_notify (G_OBJECT (self), "status");
}

static GError *
error_new (ChatTransportError code)
{
  return g_error_new (CHAT_TRANSPORT_ERROR, (gint)code, "The loopback was told to answer so");
}

/* NULL where there is a connection. */
static GError *
chat_loopback_transport_dup_obstacle (ChatLoopbackTransport *self)
{
  if (self->closed)
    return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED, "The transport is closed");
  if (!self->wanted || self->unreachable)
    return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, "There is no connection");
  return NULL;
}

/* To be told something that may end them. */
static GPtrArray *
chat_loopback_transport_ref_subscriptions (ChatLoopbackTransport *self)
{
  GPtrArray *subscriptions = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->subscriptions->len; i++)
    g_ptr_array_add (subscriptions, g_object_ref (g_ptr_array_index (self->subscriptions, i)));
  return subscriptions;
}

/* Answers */

static void
answer_give (Answer *answer, const GError *instead)
{
  g_autoptr (GTask) task = answer->task;
  g_autoptr (ChatLoopbackSubscription) forwarding = answer->forwarding;
  GError *error = answer->error;

  if (error == NULL && instead != NULL)
    error = g_error_copy (instead);
  g_free (answer);

  if (forwarding != NULL)
    {
      if (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED))
        {
          chat_subscription_hold (CHAT_SUBSCRIPTION (forwarding), task);
          chat_local_subscription_rewind (CHAT_LOCAL_SUBSCRIPTION (forwarding));
        }
      chat_subscription_end_forward (CHAT_SUBSCRIPTION (forwarding));
    }
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
chat_loopback_transport_schedule (ChatLoopbackTransport *self)
{
  Answer *next = g_queue_peek_head (&self->answers);

  g_source_set_ready_time (self->answering, next == NULL || self->stalled ? -1 : next->due_us);
}

static gboolean
answering_cb (gpointer user_data)
{
  g_autoptr (ChatLoopbackTransport) self = g_object_ref (user_data);

  while (!g_queue_is_empty (&self->answers) && !self->stalled)
    {
      Answer *next = g_queue_peek_head (&self->answers);

      if (next->due_us > g_get_monotonic_time ())
        break;
      answer_give (g_queue_pop_head (&self->answers), NULL);
    }
  if (self->answering != NULL)
    chat_loopback_transport_schedule (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
answering_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs answering_funcs = { .dispatch = answering_dispatch };

/* @error: (transfer full) (nullable) */
static void
chat_loopback_transport_answer (ChatLoopbackTransport *self, GTask *task, ChatLoopbackSubscription *forwarding,
                                GError *error)
{
  Answer *answer = g_new0 (Answer, 1);

  answer->task = g_object_ref (task);
  answer->forwarding = forwarding != NULL ? g_object_ref (forwarding) : NULL;
  answer->error = error;
  answer->due_us = g_get_monotonic_time () + (gint64)self->confirm_delay_ms * 1000;
  g_queue_push_tail (&self->answers, answer);
  chat_loopback_transport_schedule (self);
}

/* Everything in flight is answered now; returns how much of it would have been a success. */
static guint
chat_loopback_transport_flush (ChatLoopbackTransport *self, const GError *instead)
{
  guint lost = 0;
  GQueue answers = self->answers;

  g_queue_init (&self->answers);
  chat_loopback_transport_schedule (self);
  for (Answer *answer = g_queue_pop_head (&answers); answer != NULL; answer = g_queue_pop_head (&answers))
    {
      lost += answer->error == NULL;
      answer_give (answer, instead);
    }
  return lost;
}

/* Connecting */

static void
chat_loopback_transport_answer_connects (ChatLoopbackTransport *self)
{
  g_autoptr (GError) error = chat_loopback_transport_dup_obstacle (self);

  chat_waiters_answer (self->connects, error);
}

static void
chat_loopback_transport_connect_async (ChatTransport *transport, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data)
{
  ChatLoopbackTransport *self = CHAT_LOOPBACK_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_loopback_transport_connect_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->closed || self->fail_connect >= 0)
    {
      g_task_return_error (task, self->closed ? chat_loopback_transport_dup_obstacle (self)
                                              : error_new ((ChatTransportError)self->fail_connect));
      self->fail_connect = -1;
      return;
    }

  if (!self->wanted)
    {
      self->wanted = TRUE;
      chat_loopback_transport_notify (self);
    }
  chat_waiters_add (self->connects, task);
  if (!self->unreachable)
    chat_loopback_transport_answer_connects (self);
}

/* A close that waits for the subscriptions. */
typedef struct
{
  guint waiting;
  guint lost;
} Closing;

static gboolean
end_cb (gpointer user_data)
{
  GTask *task = user_data;
  Closing *closing = g_task_get_task_data (task);

  CHAT_LOOPBACK_TRANSPORT (g_task_get_source_object (task))->ended = TRUE;
  if (closing->lost > 0)
    g_task_return_new_error (task, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                             "Closed with %u records unconfirmed", closing->lost);
  else
    g_task_return_boolean (task, TRUE);
  return G_SOURCE_REMOVE;
}

static void
closing_step (GTask *task)
{
  Closing *closing = g_task_get_task_data (task);
  guint delay_ms = CHAT_LOOPBACK_TRANSPORT (g_task_get_source_object (task))->close_delay_ms;

  if (--closing->waiting > 0)
    return;
  if (delay_ms > 0)
    g_timeout_add_full (G_PRIORITY_DEFAULT, delay_ms, end_cb, g_object_ref (task), g_object_unref);
  else
    end_cb (task);
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  chat_subscription_close_finish (CHAT_SUBSCRIPTION (source), result, NULL);
  closing_step (task);
}

/* What is in flight is confirmed, unless it can't be: then it is OFFLINE, and the close says how much that was. */
static void
chat_loopback_transport_close_async (ChatTransport *transport, GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  ChatLoopbackTransport *self = CHAT_LOOPBACK_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  g_autoptr (GPtrArray) subscriptions = chat_loopback_transport_ref_subscriptions (self);
  g_autoptr (GError) stalled = NULL;
  Closing *closing = g_new0 (Closing, 1);
  guint answered;

  g_task_set_source_tag (task, chat_loopback_transport_close_async);
  g_task_set_task_data (task, closing, g_free);
  if (self->stalled)
    stalled = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                   "Closed before the broker confirmed the record");
  self->closed = TRUE;
  answered = chat_loopback_transport_flush (self, stalled);
  closing->lost = stalled != NULL ? answered : 0;
  chat_loopback_transport_set_reachable (self, TRUE); /* whoever waits is told that it is closed */
  chat_loopback_transport_notify (self);

  closing->waiting = subscriptions->len + 1;
  for (guint i = 0; i < subscriptions->len; i++)
    chat_subscription_close_async (g_ptr_array_index (subscriptions, i), NULL, closed_cb, g_object_ref (task));
  closing_step (task);
}

/* Subscribing */

static void
subscription_gone_cb (gpointer user_data, GObject *subscription)
{
  ChatLoopbackTransport *self = user_data;

  g_ptr_array_remove (self->subscriptions, subscription);
}

static void
chat_loopback_transport_subscribe_now (ChatLoopbackTransport *self, GTask *task)
{
  ChatWish *wish = g_task_get_task_data (task);
  ChatLoopbackSubscription *subscription;
  GError *error = NULL;

  subscription = chat_loopback_subscription_new (self->broker, CHAT_TRANSPORT (self), &self->duplicates,
                                                 (const char *const *)wish->topics, (const char *const *)wish->channels,
                                                 &wish->start, &error);
  if (subscription == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  chat_loopback_subscription_set_flowing (subscription, !self->stalled);
  /* A weak reference ends with the subscription, which keeps this transport: it can't outlive it. */
  g_object_weak_ref (G_OBJECT (subscription), subscription_gone_cb, self);
  g_ptr_array_add (self->subscriptions, subscription);
  chat_subscription_start (CHAT_SUBSCRIPTION (subscription), task);
  g_task_return_pointer (task, subscription, g_object_unref);
}

static void
chat_loopback_transport_subscribe_async (ChatTransport *transport, const char *const *topics,
                                         const char *const *channels, const ChatStart *start, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data)
{
  ChatLoopbackTransport *self = CHAT_LOOPBACK_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_loopback_transport_subscribe_async);
  g_task_set_task_data (task, chat_wish_new (topics, channels, start), (GDestroyNotify)chat_wish_free);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->closed || !self->wanted)
    g_task_return_error (task, chat_loopback_transport_dup_obstacle (self));
  else if (self->unreachable)
    chat_waiters_add (self->subscribes, task);
  else
    chat_loopback_transport_subscribe_now (self, task);
}

static void
chat_loopback_transport_seek_async (ChatTransport *transport, ChatSubscription *subscription, const ChatStart *start,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (transport, cancellable, callback, user_data);
  ChatLoopbackTransport *self = CHAT_LOOPBACK_TRANSPORT (transport);
  ChatLocalSubscription *seeker = CHAT_LOCAL_SUBSCRIPTION (subscription);
  g_autoptr (ChatPosition) position = NULL;
  ChatStart place = *start;
  GError *error = NULL;

  g_task_set_source_tag (task, chat_loopback_transport_seek_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (start->kind == CHAT_START_TIME)
    {
      position = chat_loopback_broker_find_time (self->broker,
                                                 chat_loopback_subscription_get_topics (
                                                     CHAT_LOOPBACK_SUBSCRIPTION (subscription)),
                                                 start->time_ms);
      place = (ChatStart){ CHAT_START_POSITION, position, 0, NULL };
    }
  if (chat_subscription_is_closed (subscription))
    error = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED, "The subscription is closed");
  else if (chat_local_subscription_has_group (seeker))
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "A member of a group can't seek");
  else if (chat_local_subscription_seek (seeker, &place, &error))
    chat_subscription_hold (subscription, task);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* Publishing */

static GError *
check_size (ChatRecord *record)
{
  gsize size = g_bytes_get_size (chat_record_get_bytes (record));

  if (size <= RECORD_MOST)
    return NULL;
  return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                      "The record has %" G_GSIZE_FORMAT " bytes; at most %d are taken", size, RECORD_MOST);
}

static void
chat_loopback_transport_publish_async (ChatTransport *transport, ChatRecord *record, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data)
{
  ChatLoopbackTransport *self = CHAT_LOOPBACK_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, chat_loopback_transport_publish_async);
  self->publishes++;
  if (g_task_return_error_if_cancelled (task))
    return;
  error = chat_loopback_transport_dup_obstacle (self);
  if (error == NULL)
    error = check_size (record);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  if (self->refuse > 0)
    {
      self->refuse--;
      error = error_new (self->refuse_code);
    }
  else
    {
      chat_loopback_broker_append (self->broker, record);
      if (self->lose > 0)
        {
          self->lose--;
          error = error_new (CHAT_TRANSPORT_ERROR_OFFLINE);
        }
    }
  chat_loopback_transport_answer (self, task, NULL, error);
}

/* What a forward does at the broker; FALSE: nothing of it. */
static gboolean
chat_loopback_transport_carry_out (ChatLoopbackTransport *self, ChatLoopbackSubscription *subscription,
                                   GPtrArray *inputs, GPtrArray *outputs, GError **error)
{
  g_autoptr (GArray) acks = NULL;

  if (self->fail_forwards > 0)
    {
      self->fail_forwards--;
      g_propagate_error (error, error_new (self->fail_code));
      return FALSE;
    }
  for (guint i = 0; i < outputs->len; i++)
    {
      GError *too_large = check_size (g_ptr_array_index (outputs, i));

      if (too_large == NULL)
        continue;
      g_propagate_error (error, too_large);
      return FALSE;
    }
  acks = chat_local_subscription_check (CHAT_LOCAL_SUBSCRIPTION (subscription), inputs, error);
  if (acks == NULL)
    return FALSE;
  chat_local_acknowledge (acks);
  for (guint i = 0; i < outputs->len; i++)
    chat_loopback_broker_append (self->broker, g_ptr_array_index (outputs, i));
  return TRUE;
}

static void
chat_loopback_transport_forward_async (ChatTransport *transport, ChatSubscription *subscription, GPtrArray *inputs,
                                       GPtrArray *outputs, GCancellable *cancellable, GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  ChatLoopbackTransport *self = CHAT_LOOPBACK_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  ChatLoopbackSubscription *member = CHAT_LOOPBACK_SUBSCRIPTION (subscription);
  GError *error = NULL;

  g_task_set_source_tag (task, chat_loopback_transport_forward_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  g_task_set_check_cancellable (task, FALSE);
  error = chat_loopback_transport_dup_obstacle (self);
  if (error == NULL && !chat_local_subscription_has_group (CHAT_LOCAL_SUBSCRIPTION (member))
      && !chat_subscription_is_closed (subscription))
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                                 "Only a member of a group can forward: this subscription has none");
  if (error == NULL)
    chat_subscription_begin_forward (subscription, &error);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  chat_loopback_transport_carry_out (self, member, inputs, outputs, &error);
  chat_loopback_transport_answer (self, task, member, error);
}

static void
chat_loopback_transport_list_topics_async (ChatTransport *transport, GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer user_data)
{
  ChatLoopbackTransport *self = CHAT_LOOPBACK_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_loopback_transport_list_topics_async);
  if (chat_loopback_transport_get_state (self) < CHAT_TRANSPORT_ONLINE)
    g_task_return_new_error (task, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, "There is no connection");
  else
    g_task_return_pointer (task, chat_loopback_broker_dup_topics (self->broker), (GDestroyNotify)g_strfreev);
}

static const char *
chat_loopback_transport_get_name (ChatTransport *transport)
{
  return "loopback";
}

static ChatTransportFeatures
chat_loopback_transport_get_features (ChatTransport *transport)
{
  return CHAT_LOOPBACK_TRANSPORT (transport)->features;
}

static void
chat_loopback_transport_iface_init (ChatTransportInterface *iface)
{
  iface->get_name = chat_loopback_transport_get_name;
  iface->get_features = chat_loopback_transport_get_features;
  iface->connect_async = chat_loopback_transport_connect_async;
  iface->close_async = chat_loopback_transport_close_async;
  iface->subscribe_async = chat_loopback_transport_subscribe_async;
  iface->publish_async = chat_loopback_transport_publish_async;
  iface->forward_async = chat_loopback_transport_forward_async;
  iface->seek_async = chat_loopback_transport_seek_async;
  iface->list_topics_async = chat_loopback_transport_list_topics_async;
}

static void
chat_loopback_transport_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ChatLoopbackTransport *self = CHAT_LOOPBACK_TRANSPORT (object);

  if (id == PROP_STATE)
    g_value_set_enum (value, chat_loopback_transport_get_state (self));
  else if (id == PROP_STATUS)
    g_value_set_string (value, chat_loopback_transport_get_status (self));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
chat_loopback_transport_finalize (GObject *object)
{
  ChatLoopbackTransport *self = CHAT_LOOPBACK_TRANSPORT (object);

  g_assert (g_queue_is_empty (&self->answers) && self->subscriptions->len == 0);
  g_source_destroy (self->answering);
  g_clear_pointer (&self->answering, g_source_unref);
  g_clear_pointer (&self->connects, chat_waiters_free);
  g_clear_pointer (&self->subscribes, chat_waiters_free);
  g_clear_pointer (&self->subscriptions, g_ptr_array_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->degraded, g_free);
  g_clear_object (&self->broker);
  G_OBJECT_CLASS (chat_loopback_transport_parent_class)->finalize (object);
}

static void
chat_loopback_transport_class_init (ChatLoopbackTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = chat_loopback_transport_finalize;
  object_class->get_property = chat_loopback_transport_get_property;
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_STATUS, "status");
}

static void
chat_loopback_transport_init (ChatLoopbackTransport *self)
{
  g_queue_init (&self->answers);
  self->connects = chat_waiters_new ();
  self->subscribes = chat_waiters_new ();
  self->subscriptions = g_ptr_array_new ();
  self->features = CHAT_TRANSPORT_RESUMABLE | CHAT_TRANSPORT_SEEKABLE | CHAT_TRANSPORT_GROUPS
                   | CHAT_TRANSPORT_ATOMIC_FORWARD | CHAT_TRANSPORT_EARLIEST | CHAT_TRANSPORT_LISTABLE;
  self->fail_connect = -1;
  self->context = g_main_context_ref_thread_default ();
  self->answering = g_source_new (&answering_funcs, sizeof (GSource));
  g_source_set_callback (self->answering, answering_cb, self, NULL);
  g_source_attach (self->answering, self->context);
}

ChatTransport *
chat_loopback_transport_new (ChatLoopbackBroker *broker)
{
  ChatLoopbackTransport *self = g_object_new (CHAT_TYPE_LOOPBACK_TRANSPORT, NULL);

  self->broker = g_object_ref (broker);
  return CHAT_TRANSPORT (self);
}

void
chat_loopback_transport_set_features (ChatLoopbackTransport *self, ChatTransportFeatures features)
{
  g_return_if_fail (self->subscriptions->len == 0);
  self->features = features;
}

static void
chat_loopback_transport_break (ChatLoopbackTransport *self)
{
  g_autoptr (GError) offline = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                                    "The connection broke before the broker's answer");

  for (guint i = 0; i < self->subscriptions->len; i++)
    chat_loopback_subscription_set_flowing (g_ptr_array_index (self->subscriptions, i), FALSE);
  chat_loopback_transport_flush (self, offline);
}

static void
chat_loopback_transport_resume (ChatLoopbackTransport *self)
{
  g_autoptr (GPtrArray) subscribes = chat_waiters_take_all (self->subscribes);

  chat_loopback_transport_answer_connects (self);
  for (guint i = 0; i < self->subscriptions->len; i++)
    {
      ChatLocalSubscription *subscription = g_ptr_array_index (self->subscriptions, i);

      if (chat_local_subscription_has_group (subscription))
        chat_local_subscription_rewind (subscription);
      else if ((self->features & CHAT_TRANSPORT_RESUMABLE) == 0)
        chat_local_subscription_skip (subscription);
      chat_loopback_subscription_set_flowing (CHAT_LOOPBACK_SUBSCRIPTION (subscription), !self->stalled);
    }
  for (guint i = 0; i < subscribes->len; i++)
    {
      GError *error = chat_loopback_transport_dup_obstacle (self);

      if (error != NULL)
        g_task_return_error (g_ptr_array_index (subscribes, i), error);
      else
        chat_loopback_transport_subscribe_now (self, g_ptr_array_index (subscribes, i));
    }
}

void
chat_loopback_transport_set_reachable (ChatLoopbackTransport *self, gboolean reachable)
{
  if (reachable == !self->unreachable)
    return;
  self->unreachable = !reachable;
  if (reachable)
    chat_loopback_transport_resume (self);
  else
    chat_loopback_transport_break (self);
  chat_loopback_transport_notify (self);
}

void
chat_loopback_transport_set_stalled (ChatLoopbackTransport *self, gboolean stalled)
{
  self->stalled = stalled;
  for (guint i = 0; i < self->subscriptions->len; i++)
    chat_loopback_subscription_set_flowing (g_ptr_array_index (self->subscriptions, i), !stalled && !self->unreachable);
  chat_loopback_transport_schedule (self);
}

void
chat_loopback_transport_set_close_delay (ChatLoopbackTransport *self, guint delay_ms)
{
  self->close_delay_ms = delay_ms;
}

gboolean
chat_loopback_transport_has_ended (ChatLoopbackTransport *self)
{
  return self->ended;
}

void
chat_loopback_transport_set_confirm_delay (ChatLoopbackTransport *self, guint delay_ms)
{
  self->confirm_delay_ms = delay_ms;
}

void
chat_loopback_transport_refuse_publishes (ChatLoopbackTransport *self, guint count, ChatTransportError code)
{
  self->refuse = count;
  self->refuse_code = code;
}

void
chat_loopback_transport_lose_confirms (ChatLoopbackTransport *self, guint count)
{
  self->lose = count;
}

void
chat_loopback_transport_fail_forwards (ChatLoopbackTransport *self, guint count, ChatTransportError code)
{
  self->fail_forwards = count;
  self->fail_code = code;
}

void
chat_loopback_transport_duplicate (ChatLoopbackTransport *self, guint count)
{
  self->duplicates = count;
}

void
chat_loopback_transport_end_subscriptions (ChatLoopbackTransport *self, ChatTransportError code)
{
  g_autoptr (GPtrArray) subscriptions = chat_loopback_transport_ref_subscriptions (self);
  g_autoptr (GError) error = error_new (code);

  for (guint i = 0; i < subscriptions->len; i++)
    chat_local_subscription_end (g_ptr_array_index (subscriptions, i), error);
}

void
chat_loopback_transport_fail_connect (ChatLoopbackTransport *self, ChatTransportError code)
{
  self->fail_connect = (int)code;
}

void
chat_loopback_transport_set_degraded (ChatLoopbackTransport *self, const char *why)
{
  g_free (self->degraded);
  self->degraded = g_strdup (why);
  chat_loopback_transport_notify (self);
}

guint
chat_loopback_transport_get_publishes (ChatLoopbackTransport *self)
{
  return self->publishes;
}
