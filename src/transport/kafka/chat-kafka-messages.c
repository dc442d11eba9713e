/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What librdkafka has fetched for a subscription: messages, and the errors of partitions in their place among them. */
#include "transport/kafka/chat-kafka-error.h"
#include "transport/kafka/chat-kafka-record.h"
#include "transport/kafka/chat-kafka-subscription-private.h"

static const char *
get_topic (ChatKafkaSubscription *self, const rd_kafka_message_t *message)
{
  return message->rkt != NULL ? chat_broker_options_strip (self->options, rd_kafka_topic_name (message->rkt)) : NULL;
}

/* A topic that is not there, or not for this user. */
static gboolean
take_topic_error (ChatKafkaSubscription *self, const char *topic, rd_kafka_resp_err_t code)
{
  g_autofree char *name = NULL;
  g_autoptr (GError) error = NULL;

  if (!chat_kafka_error_is_missing (code) && code != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    return FALSE;
  for (guint i = 0; i < self->cursors->len; i++)
    {
      ChatKafkaCursor *cursor = g_ptr_array_index (self->cursors, i);

      if (!g_str_equal (cursor->topic, topic))
        continue;
      cursor->denied = code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
      cursor->gone |= !cursor->denied && self->wish->start.group != NULL;
    }
  name = chat_broker_options_dup_name (self->options, topic);
  error = chat_kafka_error_new (code, name, NULL);
  if (self->opening != NULL)
    chat_kafka_subscription_answer_open (self, g_steal_pointer (&error));
  else
    chat_kafka_subscription_set_trouble (self, topic, error->message);
  return TRUE;
}

static void
take_failure (ChatKafkaSubscription *self, const ChatKafkaFailure *failure)
{
  for (char **topic = self->wish->topics; *topic != NULL; topic++)
    {
      g_autofree char *start = g_strdup_printf ("%s%s [", self->options->prefix, *topic);

      if (g_str_has_prefix (failure->detail, start) && take_topic_error (self, *topic, failure->code))
        return;
    }
  chat_kafka_subscription_fail (self, failure->code, failure->detail);
}

/* An error of a partition, in its place among the messages. */
static void
take_error (ChatKafkaSubscription *self, const rd_kafka_message_t *message)
{
  const char *topic = get_topic (self, message);
  ChatKafkaCursor *cursor = topic != NULL ? chat_kafka_subscription_find (self, topic, message->partition) : NULL;
  rd_kafka_resp_err_t code = message->err;

  if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF && cursor != NULL && cursor->gone)
    chat_kafka_member_back (self);
  else if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF && cursor != NULL)
    {
      /* behind what a transaction writes for itself */
      cursor->next = MAX (cursor->next, message->offset);
      chat_kafka_subscription_set_trouble (self, topic, NULL);
    }
  else if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && cursor != NULL)
    chat_kafka_reader_reset (self, cursor);
  else if (topic != NULL && take_topic_error (self, topic, code))
    return;
  else if (code != RD_KAFKA_RESP_ERR__PARTITION_EOF)
    chat_kafka_subscription_fail (self, code, rd_kafka_message_errstr (message));
}

/* Messages */

static ChatKafkaCursor *
get_cursor (ChatKafkaSubscription *self, const rd_kafka_message_t *message)
{
  const char *topic;

  if (self->last != NULL && self->last_topic == message->rkt && self->last->shard == message->partition)
    return self->last;
  topic = get_topic (self, message);
  self->last = topic != NULL ? chat_kafka_subscription_find (self, topic, message->partition) : NULL;
  self->last_topic = message->rkt;
  return self->last;
}

static gboolean
is_wanted (ChatKafkaSubscription *self, const rd_kafka_message_t *message)
{
  g_autofree char *key = NULL;

  if (self->channels == NULL)
    return TRUE;
  key = chat_kafka_record_dup_key (message);
  return key != NULL && g_hash_table_contains (self->channels, key);
}

void
chat_kafka_subscription_take_message (ChatKafkaSubscription *self, const rd_kafka_message_t *message, GPtrArray *batch)
{
  ChatKafkaCursor *cursor;

  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
    {
      take_error (self, message);
      return;
    }
  cursor = get_cursor (self, message);
  if (cursor == NULL)
    return;
  if (cursor->gone)
    {
      chat_kafka_member_back (self);
      return;
    }
  cursor->next = message->offset + 1;
  if (g_hash_table_size (self->troubles) > 0)
    chat_kafka_subscription_set_trouble (self, cursor->topic, NULL);
  if (!is_wanted (self, message))
    return;
  cursor->queued++;
  g_ptr_array_add (batch, chat_kafka_record_new (cursor->topic, message));
}

gboolean
chat_kafka_subscription_take (ChatKafkaSubscription *self, gsize most)
{
  g_autoptr (GPtrArray) batch = NULL;
  ssize_t count;

  if (self->moving > 0 || self->suspended || self->messages == NULL)
    return FALSE;
  count = rd_kafka_consume_batch_queue (self->consumer->messages, 0, self->taken, most);
  for (guint i = 0; i < self->consumer->failures->len; i++)
    take_failure (self, g_ptr_array_index (self->consumer->failures, i));
  g_ptr_array_set_size (self->consumer->failures, 0);
  if (count <= 0)
    return FALSE;
  batch = g_ptr_array_new_full ((guint)count, (GDestroyNotify)chat_record_unref);
  for (ssize_t i = 0; i < count; i++)
    {
      chat_kafka_subscription_take_message (self, self->taken[i], batch);
      rd_kafka_message_destroy (self->taken[i]);
    }
  chat_subscription_queue_records (CHAT_SUBSCRIPTION (self), batch);
  return (gsize)count == most;
}
