/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Publishing through the idempotent producer: what is confirmed comes back as delivery reports. */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "transport/kafka/chat-kafka-error.h"
#include "transport/kafka/chat-kafka-record.h"
#include "transport/kafka/chat-kafka-transport-private.h"

/* The data of a task. */
typedef struct
{
  ChatRecord *record;
  guint64 number; /* of the call */
  gint64 until;   /* monotonic, µs: so long it is tried again for want of its topic */
} Publish;

static void
publish_free (gpointer data)
{
  Publish *publish = data;

  chat_record_unref (publish->record);
  g_free (publish);
}

static void wait_for_topic (ChatKafkaTransport *self, const char *topic, GTask *task);

static void
answer (ChatKafkaTransport *self, GTask *task, GError *error)
{
  if (error != NULL)
    {
      if (chat_transport_base_is_closing (CHAT_TRANSPORT_BASE (self)))
        chat_transport_base_add_unconfirmed (CHAT_TRANSPORT_BASE (self), 1);
      g_task_return_error (task, error);
    }
  else
    {
      g_task_return_boolean (task, TRUE);
    }
  chat_kafka_transport_published (self);
}

static GError *
publish_error (rd_kafka_resp_err_t code, const char *topic)
{
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
    return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL,
                                _ ("Too much is on its way to Kafka already: wait, then send it again"));
  if (code == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT || code == RD_KAFKA_RESP_ERR__FATAL
      || code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
    return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                _ ("Kafka has not confirmed it in time: it may have arrived or not"));
  return chat_kafka_error_new (code, topic, NULL);
}

/* What Kafka has not taken is told, or tried again. */
static void
take_refusal (ChatKafkaTransport *self, GTask *task, rd_kafka_resp_err_t code)
{
  const Publish *publish = g_task_get_task_data (task);
  const char *topic = chat_record_get_topic (publish->record);

  if (chat_kafka_error_is_missing (code) || code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    /* librdkafka would go on saying so: the next one asks the broker first */
    g_hash_table_remove (self->known, topic);
  if (chat_kafka_error_is_missing (code) && self->options->declare
      && chat_transport_base_is_connected (CHAT_TRANSPORT_BASE (self)) && g_get_monotonic_time () < publish->until)
    /* deleted since it was found there, or a node of a cluster has not heard of it yet: the record is nowhere so far */
    wait_for_topic (self, topic, task);
  else
    answer (self, task, publish_error (code, topic));
}

/* @task: referenced by the delivery report. */
static void
produce (ChatKafkaTransport *self, GTask *task)
{
  const Publish *publish = g_task_get_task_data (task);
  rd_kafka_resp_err_t code
      = chat_kafka_record_produce (self->producer->handle, self->options, publish->record, g_object_ref (task));

  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    return;
  g_object_unref (task);
  if (code == RD_KAFKA_RESP_ERR__FATAL)
    chat_kafka_transport_note_error (self, code, rd_kafka_err2str (code));
  take_refusal (self, task, code);
}

static void
note_end (ChatKafkaTransport *self, const char *topic, gint shard, gint64 end)
{
  for (guint i = 0; i < self->subscriptions->len; i++)
    chat_kafka_subscription_note_end (g_ptr_array_index (self->subscriptions, i), topic, shard, end);
}

void
chat_kafka_transport_delivered (ChatKafkaTransport *self, const rd_kafka_message_t *message)
{
  g_autoptr (GTask) task = message->_private;
  const Publish *publish = g_task_get_task_data (task);

  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
    {
      take_refusal (self, task, message->err);
      return;
    }
  note_end (self, chat_record_get_topic (publish->record), message->partition, message->offset + 1);
  answer (self, task, NULL);
}

/* Topics that nothing was published to yet */

typedef struct
{
  ChatKafkaTransport *self;
  char *topic;
} Ensuring;

static void
queue_free (gpointer queue)
{
  g_queue_free_full (queue, g_object_unref);
}

static void
flush_waiting (ChatKafkaTransport *self, const char *topic, const GError *error)
{
  gpointer key, queue;
  GTask *task;

  if (!g_hash_table_steal_extended (self->waiting, topic, &key, &queue))
    return;
  while ((task = g_queue_pop_head (queue)) != NULL)
    {
      if (error != NULL)
        answer (self, task, g_error_copy (error));
      else
        produce (self, task);
      g_object_unref (task);
    }
  queue_free (queue);
  g_free (key);
}

void
chat_kafka_transport_fail_waiting (ChatKafkaTransport *self, const GError *error)
{
  GHashTableIter iter;
  gpointer topic;

  for (;;)
    {
      g_autofree char *copy = NULL;

      g_hash_table_iter_init (&iter, self->waiting);
      if (!g_hash_table_iter_next (&iter, &topic, NULL))
        return;
      copy = g_strdup (topic);
      flush_waiting (self, copy, error);
    }
}

/* What was declared by somebody else may have fewer partitions than this service is configured for: it works, and is
 * shared among fewer. More do no harm. */
static void
note_topic (ChatKafkaTransport *self, const char *topic, guint count)
{
  guint wanted = chat_broker_options_get_shards (self->options, topic);
  g_autofree char *sentence = NULL, *name = NULL;

  g_hash_table_add (self->known, g_strdup (topic));
  g_hash_table_remove (self->fewer, topic);
  if (self->options->declare && count < wanted)
    {
      name = chat_broker_options_dup_name (self->options, topic);
      sentence = g_strdup_printf (
          _ ("Kafka's topic “%s” has %u partitions and not %u as configured: add some, or configure fewer shards"),
          name, count, wanted);
      g_hash_table_insert (self->fewer, g_strdup (topic), g_steal_pointer (&sentence));
    }
  chat_kafka_transport_judge (self);
}

static void
ensured_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Ensuring *ensuring = user_data;
  g_autoptr (ChatKafkaTransport) self = ensuring->self;
  g_autofree char *topic = ensuring->topic;
  g_autoptr (GError) error = NULL;
  gssize count = g_task_propagate_int (G_TASK (result), &error);

  if (count > 0)
    note_topic (self, topic, (guint)count);
  else
    error = chat_kafka_error_of_job (g_steal_pointer (&error));
  if (self->producer != NULL)
    flush_waiting (self, topic, error);
}

static int
compare_numbers (gconstpointer a, gconstpointer b, gpointer nothing)
{
  guint64 left = ((Publish *)g_task_get_task_data ((GTask *)a))->number;
  guint64 right = ((Publish *)g_task_get_task_data ((GTask *)b))->number;

  return left < right ? -1 : left > right;
}

/* In the order of the calls, as soon as it is known that the topic is there. */
static void
wait_for_topic (ChatKafkaTransport *self, const char *topic, GTask *task)
{
  GQueue *queue = g_hash_table_lookup (self->waiting, topic);
  Ensuring *ensuring;

  if (queue == NULL)
    {
      queue = g_queue_new ();
      g_hash_table_insert (self->waiting, g_strdup (topic), queue);
      ensuring = g_new (Ensuring, 1);
      *ensuring = (Ensuring){ g_object_ref (self), g_strdup (topic) };
      chat_kafka_transport_push (self, chat_kafka_producer_ensure, g_strdup (topic), g_free, ensured_cb, ensuring);
    }
  if (queue->tail == NULL || compare_numbers (queue->tail->data, task, NULL) < 0)
    g_queue_push_tail (queue, g_object_ref (task));
  else
    g_queue_insert_sorted (queue, g_object_ref (task), compare_numbers, NULL);
}

void
chat_kafka_transport_publish_async (ChatTransport *transport, ChatRecord *record, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data)
{
  ChatKafkaTransport *self = CHAT_KAFKA_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;
  Publish *publish;

  g_task_set_source_tag (task, chat_kafka_transport_publish_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  g_task_set_check_cancellable (task, FALSE);
  error = chat_transport_base_dup_obstacle (CHAT_TRANSPORT_BASE (self));
  if (error != NULL || !chat_kafka_record_check (self->options, record, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  publish = g_new (Publish, 1);
  *publish = (Publish){ chat_record_ref (record), self->published++,
                        g_get_monotonic_time () + CHAT_KAFKA_DELIVERY_MS * G_TIME_SPAN_MILLISECOND };
  g_task_set_task_data (task, publish, publish_free);
  self->in_flight++;
  if (g_hash_table_contains (self->known, chat_record_get_topic (record)))
    produce (self, task);
  else
    wait_for_topic (self, chat_record_get_topic (record), task);
}
