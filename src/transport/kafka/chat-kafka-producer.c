/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/kafka/chat-kafka-producer.h"

#include "transport/kafka/chat-kafka-error.h"
#include "transport/kafka/chat-kafka-group.h"
#include "transport/kafka/chat-kafka-topics.h"

/* Shorter than a close may take. */
#define PROBE_MS 1500

ChatKafkaProducer *
chat_kafka_producer_new (const ChatBrokerOptions *options)
{
  ChatKafkaProducer *self = g_new0 (ChatKafkaProducer, 1);

  self->options = chat_broker_options_copy (options);
  return self;
}

void
chat_kafka_producer_free (ChatKafkaProducer *self)
{
  if (self->handle != NULL)
    {
      rd_kafka_queue_destroy (self->events);
      rd_kafka_destroy (self->handle);
    }
  chat_broker_options_free (self->options);
  g_free (self);
}

void
chat_kafka_producer_open (GTask *task, gpointer producer, gpointer nothing, GCancellable *cancellable)
{
  ChatKafkaProducer *self = producer;
  const ChatKafkaCallbacks callbacks = { NULL, NULL, NULL, &self->certificate_error };
  GError *error = NULL;

  self->handle = chat_kafka_handle_new (self->options, CHAT_KAFKA_PUBLISHER, NULL, &callbacks, &error);
  if (self->handle == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  self->events = rd_kafka_queue_get_main (self->handle);
  g_task_return_boolean (task, TRUE);
}

void
chat_kafka_producer_probe (GTask *task, gpointer producer, gpointer nothing, GCancellable *cancellable)
{
  ChatKafkaProducer *self = producer;
  const struct rd_kafka_metadata *metadata = NULL;
  rd_kafka_resp_err_t code = rd_kafka_metadata (self->handle, 0, NULL, &metadata, PROBE_MS);

  if (metadata != NULL)
    rd_kafka_metadata_destroy (metadata);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, chat_kafka_error_new (code, NULL, NULL));
}

void
chat_kafka_producer_ensure (GTask *task, gpointer producer, gpointer topic, GCancellable *cancellable)
{
  ChatKafkaProducer *self = producer;
  GError *error = NULL;
  guint count = chat_kafka_topics_ensure (self->handle, self->options, topic, &error);

  if (count > 0)
    g_task_return_int (task, count);
  else
    g_task_return_error (task, error);
}

static void
answer_places (GTask *task, GPtrArray *places, GError *error)
{
  if (places != NULL)
    g_task_return_pointer (task, places, (GDestroyNotify)g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
chat_kafka_producer_find (GTask *task, gpointer producer, gpointer wish, GCancellable *cancellable)
{
  ChatKafkaProducer *self = producer;
  GError *error = NULL;
  GPtrArray *places = chat_kafka_places_find_start (self->handle, self->options, wish, &error);

  answer_places (task, places, error);
}

void
chat_kafka_producer_look (GTask *task, gpointer producer, gpointer wish, GCancellable *cancellable)
{
  ChatKafkaProducer *self = producer;
  const char *const *topics = (const char *const *)((ChatWish *)wish)->topics;
  GError *error = NULL;
  GPtrArray *places = NULL;

  /* unlike the others this is asked at any time: also of one that could not be opened */
  if (self->handle != NULL)
    places = chat_kafka_places_find (self->handle, self->options, topics, FALSE, TRUE, &error);
  else
    error = chat_kafka_error_new (RD_KAFKA_RESP_ERR__STATE, NULL, NULL);
  answer_places (task, places, error);
}

void
chat_kafka_producer_list (GTask *task, gpointer producer, gpointer nothing, GCancellable *cancellable)
{
  ChatKafkaProducer *self = producer;
  GError *error = NULL;
  char **topics = chat_kafka_topics_list (self->handle, self->options, &error);

  if (topics != NULL)
    g_task_return_pointer (task, topics, (GDestroyNotify)g_strfreev);
  else
    g_task_return_error (task, error);
}

void
chat_kafka_producer_check_group (GTask *task, gpointer producer, gpointer wish, GCancellable *cancellable)
{
  ChatKafkaProducer *self = producer;

  g_task_return_boolean (task, self->handle != NULL && chat_kafka_group_leaves_out (self->handle, self->options, wish));
}
