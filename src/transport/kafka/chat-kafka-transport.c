/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/chat-timer.h"
#include "core/chat-uuid.h"
#include "transport/kafka/chat-kafka-error.h"
#include "transport/kafka/chat-kafka-transport-private.h"

/*
 * The producer's connections stand for the transport's: librdkafka keeps them, and tells by an error event when the
 * last is gone; that there is one again is seen when the cluster answers a probe, which a worker's thread waits for.
 */

/* How long a close waits for what is in flight. */
#define CLOSE_MS 5000
/* A password or certificate that was good once is tried again, but not every second. */
#define DENIED_AGAIN_MS 15000

static void chat_kafka_transport_iface_init (ChatTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatKafkaTransport, chat_kafka_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_TRANSPORT, chat_kafka_transport_iface_init))

enum
{
  PROP_STATE = 1,
  PROP_STATUS,
};

static void probe (ChatKafkaTransport *self);
static void open_producer (ChatKafkaTransport *self);
static void settle (ChatKafkaTransport *self);

/* State and status */

static ChatTransportState
get_state (const ChatKafkaTransport *self)
{
  switch (self->phase)
    {
    case CHAT_KAFKA_PHASE_CONNECTING:
      return CHAT_TRANSPORT_CONNECTING;
    case CHAT_KAFKA_PHASE_ONLINE:
      return g_hash_table_size (self->troubles) > 0 ? CHAT_TRANSPORT_DEGRADED : CHAT_TRANSPORT_ONLINE;
    case CHAT_KAFKA_PHASE_NEW:
    case CHAT_KAFKA_PHASE_CLOSING:
    case CHAT_KAFKA_PHASE_CLOSED:
    default:
      return CHAT_TRANSPORT_OFFLINE;
    }
}

/* (transfer full) */
static char *
describe (ChatKafkaTransport *self)
{
  GHashTableIter iter;
  gpointer sentence = NULL;

  switch (get_state (self))
    {
    case CHAT_TRANSPORT_ONLINE:
      return g_strdup_printf (_ ("Connected to %s"), self->title);
    case CHAT_TRANSPORT_DEGRADED:
      g_hash_table_iter_init (&iter, self->troubles);
      g_hash_table_iter_next (&iter, NULL, &sentence);
      return g_strdup (sentence);
    case CHAT_TRANSPORT_CONNECTING:
      return self->reason != NULL ? g_strdup_printf (_ ("Reconnecting to %s: %s"), self->title, self->reason)
                                  : g_strdup_printf (_ ("Connecting to %s"), self->title);
    case CHAT_TRANSPORT_OFFLINE:
    default:
      return g_strdup (self->reason != NULL ? self->reason : _ ("Not connected"));
    }
}

static void
update (ChatKafkaTransport *self)
{
  ChatTransportState state = get_state (self);
  g_autofree char *status = describe (self);
  gboolean changed = state != self->state;

  self->state = state;
  if (g_strcmp0 (status, self->status) != 0)
    {
      g_free (self->status);
      self->status = g_steal_pointer (&status);
      g_object_notify (G_OBJECT (self), "status");
    }
  if (changed)
    g_object_notify (G_OBJECT (self), "state");
}

static void
set_phase (ChatKafkaTransport *self, ChatKafkaPhase phase)
{
  self->phase = phase;
  update (self);
}

static void
set_reason (ChatKafkaTransport *self, const char *reason)
{
  char *copy = g_strdup (reason);

  g_free (self->reason);
  self->reason = copy;
}

GError *
chat_kafka_transport_dup_obstacle (ChatKafkaTransport *self)
{
  if (self->phase == CHAT_KAFKA_PHASE_ONLINE)
    return NULL;
  if (self->phase >= CHAT_KAFKA_PHASE_CLOSING)
    return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED, _ ("The connection to %s was closed"),
                        self->title);
  if (self->reason != NULL)
    return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("There is no connection to %s: %s"),
                        self->title, self->reason);
  return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("There is no connection to %s"),
                      self->title);
}

void
chat_kafka_transport_set_trouble (ChatKafkaTransport *self, const char *topic, const char *sentence)
{
  if (sentence != NULL)
    g_hash_table_insert (self->troubles, g_strdup (topic), g_strdup (sentence));
  else if (!g_hash_table_remove (self->troubles, topic))
    return;
  update (self);
}

void
chat_kafka_transport_push (ChatKafkaTransport *self, ChatWorkerFunc job, gpointer data, GDestroyNotify free,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_source_tag (task, chat_kafka_transport_push);
  g_task_set_task_data (task, data, free);
  chat_worker_push (self->worker, task, job);
}

/* The connection */

static gboolean
close_worker_cb (gpointer worker)
{
  chat_worker_close_async (worker, NULL, NULL, NULL);
  return G_SOURCE_REMOVE;
}

/* Its thread ends the producer; not yet, for one of its events may be just at hand. */
static void
drop_worker (ChatKafkaTransport *self)
{
  g_autoptr (GSource) later = NULL;

  chat_timer_clear (&self->retry);
  g_clear_pointer (&self->events, chat_kafka_source_free);
  self->producer = NULL;
  self->probing = FALSE;
  if (self->worker == NULL)
    return;
  later = g_idle_source_new ();
  g_source_set_priority (later, G_PRIORITY_DEFAULT);
  g_source_set_callback (later, close_worker_cb, g_steal_pointer (&self->worker), g_object_unref);
  g_source_attach (later, g_main_context_get_thread_default ());
}

static gboolean
open_again_cb (gpointer user_data)
{
  ChatKafkaTransport *self = user_data;

  chat_timer_clear (&self->retry);
  open_producer (self);
  return G_SOURCE_REMOVE;
}

/* Once nothing is in flight any more. */
static void
replace_now (ChatKafkaTransport *self)
{
  if (!self->replacing || self->in_flight > 0)
    return;
  self->replacing = FALSE;
  drop_worker (self);
  self->retry = chat_timer_new (self->replace_ms, open_again_cb, self);
}

/* Another producer takes over from this one, which can't go on. */
static void
replace_producer (ChatKafkaTransport *self, guint wait_ms)
{
  g_autoptr (GError) error = NULL;

  if (self->replacing || self->producer == NULL)
    return;
  set_phase (self, CHAT_KAFKA_PHASE_CONNECTING);
  self->replacing = TRUE;
  self->replace_ms = wait_ms;
  error = chat_kafka_transport_dup_obstacle (self);
  chat_kafka_transport_fail_waiting (self, error);
  if (self->producer->handle != NULL)
    rd_kafka_purge (self->producer->handle,
                    RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  replace_now (self);
}

/* Trying again can't help: somebody must change something first. Where it was good once that may be the broker's side:
 * then it is tried again later. */
static void
deny (ChatKafkaTransport *self, const char *reason)
{
  g_autoptr (GError) error = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED, reason);

  if (self->was_online)
    {
      set_reason (self, reason);
      replace_producer (self, DENIED_AGAIN_MS);
      update (self);
      chat_waiters_answer (self->connects, error);
      return;
    }
  drop_worker (self);
  set_reason (self, reason);
  set_phase (self, CHAT_KAFKA_PHASE_NEW);
  chat_waiters_answer (self->connects, error);
  chat_waiters_answer (self->subscribes, error);
}

static void
go_online (ChatKafkaTransport *self)
{
  g_autoptr (GPtrArray) subscribes = NULL;

  chat_backoff_reset (&self->backoff);
  self->was_online = TRUE;
  set_reason (self, NULL);
  set_phase (self, CHAT_KAFKA_PHASE_ONLINE);
  chat_waiters_answer (self->connects, NULL);
  subscribes = chat_waiters_take_all (self->subscribes);
  for (guint i = 0; i < subscribes->len; i++)
    chat_kafka_transport_subscribe_now (self, g_ptr_array_index (subscribes, i));
}

static void
lose (ChatKafkaTransport *self)
{
  if (self->phase != CHAT_KAFKA_PHASE_ONLINE)
    return;
  set_phase (self, CHAT_KAFKA_PHASE_CONNECTING);
  probe (self);
}

static gboolean
retry_cb (gpointer user_data)
{
  ChatKafkaTransport *self = user_data;

  chat_timer_clear (&self->retry);
  probe (self);
  return G_SOURCE_REMOVE;
}

/* Of one producer; with a weak reference, for it may wait for seconds after the transport is dropped. */
typedef struct
{
  GWeakRef transport;
  ChatKafkaProducer *producer;
} Probe;

static void
probed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Probe *asked = user_data;
  g_autoptr (ChatKafkaTransport) self = g_weak_ref_get (&asked->transport);
  g_autoptr (GError) error = NULL;

  g_weak_ref_clear (&asked->transport);
  g_task_propagate_boolean (G_TASK (result), &error);
  if (self == NULL || self->phase >= CHAT_KAFKA_PHASE_CLOSING || self->producer != asked->producer || self->replacing)
    return;
  self->probing = FALSE;
  if (error == NULL && self->probed == self->breaks)
    {
      go_online (self);
      return;
    }
  if (error != NULL && self->reason == NULL)
    set_reason (self, error->message);
  if (self->phase == CHAT_KAFKA_PHASE_ONLINE && error != NULL)
    set_phase (self, CHAT_KAFKA_PHASE_CONNECTING);
  update (self);
  chat_kafka_transport_check (self);
}

static void
probe (ChatKafkaTransport *self)
{
  Probe *asked;

  if (self->probing || self->replacing || self->producer == NULL)
    return;
  chat_timer_clear (&self->retry);
  self->probing = TRUE;
  self->probed = self->breaks;
  asked = g_new (Probe, 1);
  g_weak_ref_init (&asked->transport, self);
  asked->producer = self->producer;
  chat_kafka_transport_push (self, chat_kafka_producer_probe, NULL, NULL, probed_cb, asked);
}

void
chat_kafka_transport_probe (ChatKafkaTransport *self)
{
  if (self->phase == CHAT_KAFKA_PHASE_ONLINE)
    probe (self);
}

void
chat_kafka_transport_check (ChatKafkaTransport *self)
{
  if (self->retry == NULL && !self->probing && self->producer != NULL && self->phase < CHAT_KAFKA_PHASE_CLOSING)
    self->retry = chat_timer_new (chat_backoff_next (&self->backoff), retry_cb, self);
}

void
chat_kafka_transport_note_error (ChatKafkaTransport *self, rd_kafka_resp_err_t code, const char *detail)
{
  g_autofree char *reason = NULL;

  if ((self->phase != CHAT_KAFKA_PHASE_CONNECTING && self->phase != CHAT_KAFKA_PHASE_ONLINE) || self->producer == NULL)
    return;
  if (chat_kafka_error_is_denial (code, detail, g_atomic_int_get (&self->producer->certificate_error), &reason))
    deny (self, reason);
  else if (code == RD_KAFKA_RESP_ERR__FATAL)
    {
      set_reason (self, detail);
      replace_producer (self, 0);
    }
  else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    {
      self->breaks++;
      lose (self);
    }
  else if (chat_kafka_error_get_code (code) == CHAT_TRANSPORT_ERROR_OFFLINE)
    {
      set_reason (self, detail);
      if (self->phase == CHAT_KAFKA_PHASE_ONLINE)
        probe (self);
    }
  update (self);
}

static void
take_event (ChatKafkaTransport *self, rd_kafka_event_t *event)
{
  const rd_kafka_message_t *message;

  if (rd_kafka_event_type (event) == RD_KAFKA_EVENT_ERROR)
    chat_kafka_transport_note_error (self,
                                     rd_kafka_event_error_is_fatal (event) ? RD_KAFKA_RESP_ERR__FATAL
                                                                           : rd_kafka_event_error (event),
                                     rd_kafka_event_error_string (event));
  else if (rd_kafka_event_type (event) == RD_KAFKA_EVENT_DR)
    while ((message = rd_kafka_event_message_next (event)) != NULL)
      chat_kafka_transport_delivered (self, message);
}

/* FALSE: there is none. */
static gboolean
serve (ChatKafkaTransport *self)
{
  g_autoptr (rd_kafka_event_t) event = NULL;

  if (self->events == NULL || (event = rd_kafka_queue_poll (self->producer->events, 0)) == NULL)
    return FALSE;
  self->serving = TRUE;
  take_event (self, event);
  self->serving = FALSE;
  return TRUE;
}

static gboolean
events_cb (gpointer user_data)
{
  g_autoptr (ChatKafkaTransport) self = g_object_ref (user_data);
  gint64 until = g_get_monotonic_time () + MAX (self->options->budget_us, 1000);

  while (g_get_monotonic_time () < until)
    {
      if (!serve (self))
        return FALSE;
      settle (self);
    }
  return TRUE;
}

/* Connecting */

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatKafkaTransport) self = user_data;
  g_autoptr (GError) error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  if (self->phase != CHAT_KAFKA_PHASE_CONNECTING || self->worker == NULL)
    return;
  if (error != NULL)
    {
      deny (self, error->message);
      return;
    }
  self->events = chat_kafka_source_new (self->producer->events, events_cb, self);
  probe (self);
}

static void
open_producer (ChatKafkaTransport *self)
{
  self->producer = chat_kafka_producer_new (self->options);
  self->worker = chat_worker_new ("kafka-producer", self->producer, (GDestroyNotify)chat_kafka_producer_free);
  for (guint i = 0; i < self->subscriptions->len; i++)
    chat_kafka_subscription_set_asker (g_ptr_array_index (self->subscriptions, i), self->worker);
  chat_kafka_transport_push (self, chat_kafka_producer_open, NULL, NULL, opened_cb, g_object_ref (self));
}

static void
chat_kafka_transport_connect_async (ChatTransport *transport, GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  ChatKafkaTransport *self = CHAT_KAFKA_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_kafka_transport_connect_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->phase == CHAT_KAFKA_PHASE_ONLINE)
    g_task_return_boolean (task, TRUE);
  else if (self->phase >= CHAT_KAFKA_PHASE_CLOSING)
    g_task_return_error (task, chat_kafka_transport_dup_obstacle (self));
  else
    {
      chat_waiters_add (self->connects, task);
      if (self->phase == CHAT_KAFKA_PHASE_CONNECTING)
        return;
      set_reason (self, NULL);
      open_producer (self);
      set_phase (self, CHAT_KAFKA_PHASE_CONNECTING);
    }
}

/* Closing: the subscriptions, which wait for their forwards, and what is in flight; then the producer. */

static void
finish_close (ChatKafkaTransport *self)
{
  g_autoptr (GError) error = NULL;

  if (self->unconfirmed > 0)
    error = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                         ngettext ("%u record could not be confirmed by %s", "%u records could not be confirmed by %s",
                                   self->unconfirmed),
                         self->unconfirmed, self->title);
  set_phase (self, CHAT_KAFKA_PHASE_CLOSED);
  chat_waiters_answer (self->closes, error);
}

static void
worker_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatKafkaTransport) self = user_data;

  chat_worker_close_finish (CHAT_WORKER (source), result, NULL);
  finish_close (self);
}

static void
closing_step (ChatKafkaTransport *self)
{
  g_autoptr (ChatWorker) worker = NULL;

  if (--self->closing > 0)
    return;
  chat_timer_clear (&self->guard);
  worker = g_steal_pointer (&self->worker);
  g_clear_pointer (&self->events, chat_kafka_source_free);
  self->producer = NULL;
  if (worker != NULL)
    chat_worker_close_async (worker, NULL, worker_closed_cb, g_object_ref (self));
  else
    finish_close (self);
}

/* Nothing is in flight any more. */
static void
flushed (ChatKafkaTransport *self)
{
  if (self->in_flight == 0 && self->phase == CHAT_KAFKA_PHASE_CLOSING && self->guard != NULL)
    {
      chat_timer_clear (&self->guard);
      closing_step (self);
    }
}

/* After publishes were answered, and no event of the producer is at hand. */
static void
settle (ChatKafkaTransport *self)
{
  flushed (self);
  replace_now (self);
}

void
chat_kafka_transport_published (ChatKafkaTransport *self)
{
  self->in_flight--;
  if (!self->serving)
    settle (self);
}

/* What is not confirmed by now is given up. */
static gboolean
guard_cb (gpointer user_data)
{
  ChatKafkaTransport *self = user_data;
  g_autoptr (GError) error
      = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                     _ ("%s was closed before it had confirmed the record: it may have arrived or not"), self->title);

  if (self->producer != NULL && self->producer->handle != NULL)
    rd_kafka_purge (self->producer->handle,
                    RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  chat_kafka_transport_fail_waiting (self, error);
  return G_SOURCE_CONTINUE;
}

static void
subscription_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatKafkaTransport) self = user_data;

  chat_subscription_close_finish (CHAT_SUBSCRIPTION (source), result, NULL);
  closing_step (self);
}

static void
close_subscriptions (ChatKafkaTransport *self)
{
  g_autoptr (GPtrArray) subscriptions = g_ptr_array_new_with_free_func (g_object_unref);

  g_ptr_array_extend (subscriptions, self->subscriptions, (GCopyFunc)(void (*) (void))g_object_ref, NULL);
  g_ptr_array_extend (subscriptions, self->opening, (GCopyFunc)(void (*) (void))g_object_ref, NULL);
  self->closing += subscriptions->len;
  for (guint i = 0; i < subscriptions->len; i++)
    chat_subscription_close_async (g_ptr_array_index (subscriptions, i), NULL, subscription_closed_cb,
                                   g_object_ref (self));
}

static void
begin_close (ChatKafkaTransport *self)
{
  gboolean connected = self->phase == CHAT_KAFKA_PHASE_ONLINE;
  g_autoptr (GError) error = NULL;

  set_reason (self, NULL);
  set_phase (self, CHAT_KAFKA_PHASE_CLOSING);
  self->replacing = FALSE;
  chat_timer_clear (&self->retry);
  error = chat_kafka_transport_dup_obstacle (self);
  chat_waiters_answer (self->connects, error);
  chat_waiters_answer (self->subscribes, error);
  self->closing = 1;
  close_subscriptions (self);
  if (self->in_flight == 0)
    closing_step (self);
  else
    self->guard = chat_timer_new (connected ? CLOSE_MS : 0, guard_cb, self);
}

static void
chat_kafka_transport_close_async (ChatTransport *transport, GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  ChatKafkaTransport *self = CHAT_KAFKA_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_kafka_transport_close_async);
  if (self->phase == CHAT_KAFKA_PHASE_CLOSED)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  chat_waiters_add (self->closes, task);
  if (self->phase != CHAT_KAFKA_PHASE_CLOSING)
    begin_close (self);
}

/* Topics */

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  char **topics = g_task_propagate_pointer (G_TASK (result), &error);

  if (topics != NULL)
    g_task_return_pointer (task, topics, (GDestroyNotify)g_strfreev);
  else
    g_task_return_error (task, error);
}

static void
chat_kafka_transport_list_topics_async (ChatTransport *transport, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data)
{
  ChatKafkaTransport *self = CHAT_KAFKA_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error;

  g_task_set_source_tag (task, chat_kafka_transport_list_topics_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  error = chat_kafka_transport_dup_obstacle (self);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    chat_kafka_transport_push (self, chat_kafka_producer_list, NULL, NULL, listed_cb, g_steal_pointer (&task));
}

/* Overrides */

static const char *
chat_kafka_transport_get_name (ChatTransport *transport)
{
  return "kafka";
}

static ChatTransportFeatures
chat_kafka_transport_get_features (ChatTransport *transport)
{
  return CHAT_TRANSPORT_RESUMABLE | CHAT_TRANSPORT_SEEKABLE | CHAT_TRANSPORT_GROUPS | CHAT_TRANSPORT_ATOMIC_FORWARD
         | CHAT_TRANSPORT_EARLIEST | CHAT_TRANSPORT_LISTABLE;
}

static void
chat_kafka_transport_iface_init (ChatTransportInterface *iface)
{
  iface->get_name = chat_kafka_transport_get_name;
  iface->get_features = chat_kafka_transport_get_features;
  iface->connect_async = chat_kafka_transport_connect_async;
  iface->close_async = chat_kafka_transport_close_async;
  iface->subscribe_async = chat_kafka_transport_subscribe_async;
  iface->publish_async = chat_kafka_transport_publish_async;
  iface->forward_async = chat_kafka_transport_forward_async;
  iface->seek_async = chat_kafka_transport_seek_async;
  iface->list_topics_async = chat_kafka_transport_list_topics_async;
}

static void
chat_kafka_transport_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ChatKafkaTransport *self = CHAT_KAFKA_TRANSPORT (object);

  if (id == PROP_STATE)
    g_value_set_enum (value, (gint)self->state);
  else if (id == PROP_STATUS)
    g_value_set_string (value, self->status);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
chat_kafka_transport_dispose (GObject *object)
{
  ChatKafkaTransport *self = CHAT_KAFKA_TRANSPORT (object);

  chat_timer_clear (&self->guard);
  drop_worker (self);
  G_OBJECT_CLASS (chat_kafka_transport_parent_class)->dispose (object);
}

static void
chat_kafka_transport_finalize (GObject *object)
{
  ChatKafkaTransport *self = CHAT_KAFKA_TRANSPORT (object);

  chat_waiters_free (self->connects);
  chat_waiters_free (self->subscribes);
  chat_waiters_free (self->closes);
  g_ptr_array_unref (self->opening);
  g_ptr_array_unref (self->subscriptions);
  g_hash_table_unref (self->known);
  g_hash_table_unref (self->waiting);
  g_hash_table_unref (self->troubles);
  chat_broker_options_free (self->options);
  g_free (self->title);
  g_free (self->reason);
  g_free (self->status);
  G_OBJECT_CLASS (chat_kafka_transport_parent_class)->finalize (object);
}

static void
chat_kafka_transport_class_init (ChatKafkaTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = chat_kafka_transport_dispose;
  object_class->finalize = chat_kafka_transport_finalize;
  object_class->get_property = chat_kafka_transport_get_property;
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_STATUS, "status");
}

static void
chat_kafka_transport_init (ChatKafkaTransport *self)
{
  self->backoff = (ChatBackoff){ 100, 2000, 0 };
  self->connects = chat_waiters_new ();
  self->subscribes = chat_waiters_new ();
  self->closes = chat_waiters_new ();
  self->opening = g_ptr_array_new_with_free_func (g_object_unref);
  self->subscriptions = g_ptr_array_new ();
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->waiting = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->troubles = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

ChatTransport *
chat_kafka_transport_new (const ChatBrokerOptions *options)
{
  ChatKafkaTransport *self;

  g_return_val_if_fail (options != NULL && options->kind == CHAT_BROKER_KAFKA, NULL);

  self = g_object_new (CHAT_TYPE_KAFKA_TRANSPORT, NULL);
  self->options = chat_broker_options_copy (options);
  self->title = chat_broker_options_dup_title (options);
  if (self->options->slot == NULL)
    self->options->slot = chat_uuid_v7 ();
  self->status = describe (self);
  return CHAT_TRANSPORT (self);
}
