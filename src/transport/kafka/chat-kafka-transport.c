/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/chat-timer.h"
#include "core/chat-uuid.h"
#include "transport/kafka/chat-kafka-error.h"
#include "transport/kafka/chat-kafka-transport-private.h"

/*
 * The producer's connections stand for the transport's: librdkafka keeps them, and tells by an error event when the
 * last is gone; that there is one again is seen when the cluster answers a probe, which a worker's thread waits for.
 */

/* How long a close waits for what is in flight, and how often it gives up then what librdkafka still has. */
#define CLOSE_MS 5000
#define PURGE_MS 100
/* A password or certificate that was good once is tried again, but not every second. */
#define DENIED_AGAIN_MS 15000
/* Another producer instead of one that broke is there at once. */
#define BROKEN_AGAIN_MS 1

static void chat_kafka_transport_iface_init (ChatTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatKafkaTransport, chat_kafka_transport, CHAT_TYPE_TRANSPORT_BASE,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_TRANSPORT, chat_kafka_transport_iface_init))

#define BASE(self) CHAT_TRANSPORT_BASE (self)

static void probe (ChatKafkaTransport *self);
static void settle (ChatKafkaTransport *self);

static void
set_reason (ChatKafkaTransport *self, const char *reason)
{
  g_autofree char *before = self->reason;

  self->reason = g_strdup (reason);
}

/* (nullable) */
static const char *
find_trouble (GPtrArray *subscriptions)
{
  for (guint i = 0; i < subscriptions->len; i++)
    {
      const char *trouble = chat_kafka_subscription_get_trouble (g_ptr_array_index (subscriptions, i));

      if (trouble != NULL)
        return trouble;
    }
  return NULL;
}

void
chat_kafka_transport_judge (ChatKafkaTransport *self)
{
  const char *trouble = find_trouble (self->subscriptions);
  GHashTableIter iter;

  g_hash_table_iter_init (&iter, self->fewer);
  if (trouble == NULL)
    g_hash_table_iter_next (&iter, NULL, (gpointer *)&trouble);
  chat_transport_base_set_trouble (BASE (self), trouble);
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

/* What librdkafka still has is given up, and comes back as failed. */
static void
purge (ChatKafkaTransport *self)
{
  if (self->producer != NULL && self->producer->handle != NULL)
    rd_kafka_purge (self->producer->handle,
                    RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

static gboolean
close_worker_cb (gpointer worker)
{
  chat_worker_drop_queued (worker);
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

/* Once nothing is in flight any more. */
static void
replace_now (ChatKafkaTransport *self)
{
  if (!self->replacing || self->in_flight > 0)
    return;
  self->replacing = FALSE;
  drop_worker (self);
  chat_transport_base_retry_later (BASE (self), self->reason, self->replace_ms);
}

/* Another producer takes over from this one, which can't go on. */
static void
replace_producer (ChatKafkaTransport *self, const char *reason, guint wait_ms)
{
  g_autoptr (GError) error = NULL;

  if (self->replacing || self->producer == NULL)
    return;
  self->replacing = TRUE;
  self->replace_ms = wait_ms;
  set_reason (self, reason);
  chat_transport_base_connecting (BASE (self), reason);
  error = chat_transport_base_dup_obstacle (BASE (self));
  chat_kafka_transport_fail_waiting (self, error);
  purge (self);
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
      replace_producer (self, reason, DENIED_AGAIN_MS);
      return;
    }
  drop_worker (self);
  chat_transport_base_deny (BASE (self), error);
}

static void
go_online (ChatKafkaTransport *self)
{
  g_autoptr (GPtrArray) subscribes = NULL;

  chat_backoff_reset (&self->backoff);
  self->was_online = TRUE;
  set_reason (self, NULL);
  chat_transport_base_set_online (BASE (self));
  subscribes = chat_waiters_take_all (chat_transport_base_get_subscribes (BASE (self)));
  for (guint i = 0; i < subscribes->len; i++)
    chat_kafka_transport_subscribe_now (self, g_ptr_array_index (subscribes, i));
}

static void
lose (ChatKafkaTransport *self)
{
  if (!chat_transport_base_is_connected (BASE (self)))
    return;
  chat_transport_base_connecting (BASE (self), self->reason);
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
  if (self == NULL || chat_transport_base_is_closing (BASE (self)) || self->producer != asked->producer
      || self->replacing)
    return;
  self->probing = FALSE;
  if (error == NULL && self->probed == self->breaks)
    {
      go_online (self);
      return;
    }
  if (error != NULL)
    chat_transport_base_connecting (BASE (self), self->reason != NULL ? self->reason : error->message);
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
  if (chat_transport_base_is_connected (BASE (self)))
    probe (self);
}

void
chat_kafka_transport_check (ChatKafkaTransport *self)
{
  if (self->retry == NULL && !self->probing && self->producer != NULL && !chat_transport_base_is_closing (BASE (self)))
    self->retry = chat_timer_new (chat_backoff_next (&self->backoff), retry_cb, self);
}

void
chat_kafka_transport_note_error (ChatKafkaTransport *self, rd_kafka_resp_err_t code, const char *detail)
{
  g_autofree char *reason = NULL;

  if (chat_transport_base_is_closing (BASE (self)) || self->producer == NULL)
    return;
  if (chat_kafka_error_is_denial (code, detail, g_atomic_int_get (&self->producer->certificate_error), &reason))
    deny (self, reason);
  else if (code == RD_KAFKA_RESP_ERR__FATAL)
    replace_producer (self, detail, BROKEN_AGAIN_MS);
  else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    {
      self->breaks++;
      lose (self);
    }
  else if (chat_kafka_error_get_code (code) == CHAT_TRANSPORT_ERROR_OFFLINE)
    {
      reason = chat_kafka_error_dup_reason (detail, self->was_online);
      set_reason (self, reason);
      if (chat_transport_base_is_connected (BASE (self)))
        probe (self);
      else
        chat_transport_base_connecting (BASE (self), reason);
    }
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
  if (chat_transport_base_is_closing (BASE (self)) || self->worker == NULL)
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
set_askers (GPtrArray *subscriptions, ChatWorker *asker)
{
  for (guint i = 0; i < subscriptions->len; i++)
    chat_kafka_subscription_set_asker (g_ptr_array_index (subscriptions, i), asker);
}

static void
chat_kafka_transport_open (ChatTransportBase *base)
{
  ChatKafkaTransport *self = CHAT_KAFKA_TRANSPORT (base);

  if (self->worker != NULL)
    return;
  self->producer = chat_kafka_producer_new (self->options);
  self->worker = chat_worker_new ("kafka-producer", self->producer, (GDestroyNotify)chat_kafka_producer_free);
  set_askers (self->subscriptions, self->worker);
  set_askers (self->opening, self->worker);
  chat_kafka_transport_push (self, chat_kafka_producer_open, NULL, NULL, opened_cb, g_object_ref (self));
  chat_transport_base_connecting (base, NULL);
}

/* Closing: the subscriptions, which wait for their forwards, and what is in flight; then the producer. */

static void
worker_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatKafkaTransport) self = user_data;

  chat_worker_close_finish (CHAT_WORKER (source), result, NULL);
  chat_transport_base_finish_close (BASE (self));
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
  if (worker == NULL)
    {
      chat_transport_base_finish_close (BASE (self));
      return;
    }
  chat_worker_drop_queued (worker);
  chat_worker_close_async (worker, NULL, worker_closed_cb, g_object_ref (self));
}

/* Nothing is in flight any more. */
static void
flushed (ChatKafkaTransport *self)
{
  if (self->in_flight == 0 && self->guard != NULL)
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

/* What is not confirmed by now is given up; until all of it has come back. */
static gboolean
guard_cb (gpointer user_data)
{
  g_autoptr (ChatKafkaTransport) self = g_object_ref (user_data);
  g_autoptr (GError) error
      = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                     _ ("%s was closed before it had confirmed the record: it may have arrived or not"),
                     chat_transport_base_get_title (BASE (self)));

  chat_timer_clear (&self->guard);
  self->guard = chat_timer_new (PURGE_MS, guard_cb, self);
  purge (self);
  chat_kafka_transport_fail_waiting (self, error);
  return G_SOURCE_REMOVE;
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
chat_kafka_transport_close (ChatTransportBase *base)
{
  ChatKafkaTransport *self = CHAT_KAFKA_TRANSPORT (base);
  g_autoptr (GError) error = chat_transport_base_dup_obstacle (base);

  self->replacing = FALSE;
  chat_timer_clear (&self->retry);
  chat_waiters_answer (self->calls, error);
  self->closing = 1;
  close_subscriptions (self);
  if (self->in_flight == 0)
    closing_step (self);
  else
    self->guard = chat_timer_new (chat_transport_base_is_connected (base) ? CLOSE_MS : 0, guard_cb, self);
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
    g_task_return_error (task, chat_kafka_error_of_job (error));
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
  error = chat_transport_base_dup_obstacle (BASE (self));
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
  iface->subscribe_async = chat_kafka_transport_subscribe_async;
  iface->publish_async = chat_kafka_transport_publish_async;
  iface->forward_async = chat_kafka_transport_forward_async;
  iface->seek_async = chat_kafka_transport_seek_async;
  iface->list_topics_async = chat_kafka_transport_list_topics_async;
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

  chat_waiters_free (self->calls);
  g_ptr_array_unref (self->opening);
  g_ptr_array_unref (self->subscriptions);
  g_hash_table_unref (self->known);
  g_hash_table_unref (self->waiting);
  g_hash_table_unref (self->fewer);
  chat_broker_options_free (self->options);
  g_free (self->reason);
  G_OBJECT_CLASS (chat_kafka_transport_parent_class)->finalize (object);
}

static void
chat_kafka_transport_class_init (ChatKafkaTransportClass *klass)
{
  ChatTransportBaseClass *base_class = CHAT_TRANSPORT_BASE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = chat_kafka_transport_dispose;
  G_OBJECT_CLASS (klass)->finalize = chat_kafka_transport_finalize;
  base_class->open = chat_kafka_transport_open;
  base_class->close = chat_kafka_transport_close;
}

static void
chat_kafka_transport_init (ChatKafkaTransport *self)
{
  self->backoff = (ChatBackoff){ 100, 2000, 0 };
  self->calls = chat_waiters_new ();
  self->opening = g_ptr_array_new_with_free_func (g_object_unref);
  self->subscriptions = g_ptr_array_new ();
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->waiting = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->fewer = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

ChatTransport *
chat_kafka_transport_new (const ChatBrokerOptions *options)
{
  g_autofree char *title = NULL;
  ChatKafkaTransport *self;

  g_return_val_if_fail (options != NULL && options->kind == CHAT_BROKER_KAFKA, NULL);

  self = g_object_new (CHAT_TYPE_KAFKA_TRANSPORT, NULL);
  self->options = chat_broker_options_copy (options);
  title = chat_broker_options_dup_title (options);
  chat_transport_base_set_title (BASE (self), title);
  if (self->options->slot == NULL)
    self->options->slot = chat_uuid_v7 ();
  return CHAT_TRANSPORT (self);
}
