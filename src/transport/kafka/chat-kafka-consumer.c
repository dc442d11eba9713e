/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/kafka/chat-kafka-consumer.h"

#include "transport/kafka/chat-kafka-error.h"
#include "transport/kafka/chat-kafka-topics.h"
#include "transport/kafka/chat-kafka-transaction.h"

static void
failure_free (gpointer data)
{
  ChatKafkaFailure *failure = data;

  g_free (failure->detail);
  g_free (failure);
}

ChatKafkaConsumer *
chat_kafka_consumer_new (const ChatBrokerOptions *options, const char *const *topics, const char *group,
                         const char *transactional_id)
{
  ChatKafkaConsumer *self = g_new0 (ChatKafkaConsumer, 1);

  self->options = chat_broker_options_copy (options);
  self->topics = g_strdupv ((char **)topics);
  self->group = g_strdup (group);
  self->transactional_id = g_strdup (transactional_id);
  self->failures = g_ptr_array_new_with_free_func (failure_free);
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
chat_kafka_consumer_free (ChatKafkaConsumer *self)
{
  chat_kafka_transaction_end (self);
  if (self->handle != NULL)
    {
      rd_kafka_consumer_close (self->handle);
      rd_kafka_queue_destroy (self->messages);
      rd_kafka_queue_destroy (self->control);
      rd_kafka_destroy (self->handle);
    }
  chat_broker_options_free (self->options);
  g_strfreev (self->topics);
  g_free (self->group);
  g_free (self->transactional_id);
  g_free (self->output_topic);
  g_ptr_array_unref (self->failures);
  g_hash_table_unref (self->known);
  g_free (self);
}

/* In the main context; in the worker's thread only once the main context is done. */
static void
failed_cb (rd_kafka_t *handle, int code, const char *detail, void *opaque)
{
  ChatKafkaConsumer *self = opaque;
  ChatKafkaFailure *failure = g_new (ChatKafkaFailure, 1);

  *failure = (ChatKafkaFailure){ (rd_kafka_resp_err_t)code, g_strdup (detail) };
  g_ptr_array_add (self->failures, failure);
}

static gboolean
open_handle (ChatKafkaConsumer *self, GError **error)
{
  const ChatKafkaCallbacks callbacks = { NULL, failed_cb, self, NULL };

  if (self->handle != NULL)
    return TRUE;
  self->handle = chat_kafka_handle_new (self->options, self->group != NULL ? CHAT_KAFKA_MEMBER : CHAT_KAFKA_READER,
                                        self->group, &callbacks, error);
  if (self->handle == NULL)
    return FALSE;
  self->control = rd_kafka_queue_get_consumer (self->handle);
  self->messages = rd_kafka_queue_new (self->handle);
  return TRUE;
}

/* The messages of all partitions go to a queue of their own: so they can wait there while the handle's events are
 * served. That holds until a partition is stopped. */
static void
forward_queues (ChatKafkaConsumer *self, const rd_kafka_topic_partition_list_t *list)
{
  for (int i = 0; i < list->cnt; i++)
    {
      g_autoptr (rd_kafka_queue_t) queue
          = rd_kafka_queue_get_partition (self->handle, list->elems[i].topic, list->elems[i].partition);

      if (queue != NULL)
        rd_kafka_queue_forward (queue, self->messages);
    }
}

static gboolean
assign (ChatKafkaConsumer *self, const rd_kafka_topic_partition_list_t *list, GError **error)
{
  rd_kafka_resp_err_t code;

  forward_queues (self, list);
  code = rd_kafka_assign (self->handle, list);
  self->assigned = code == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (self->assigned)
    return TRUE;
  g_propagate_error (error, chat_kafka_error_new (code, NULL, NULL));
  return FALSE;
}

/* Jobs of a reader */

/* What retention has overtaken begins with what is left; the main context tells of the gap. */
static rd_kafka_topic_partition_list_t *
list_reachable (ChatKafkaConsumer *self, GPtrArray *places)
{
  rd_kafka_topic_partition_list_t *list = chat_kafka_places_list (places, self->options);

  for (guint i = 0; i < places->len; i++)
    list->elems[i].offset = MAX (list->elems[i].offset, ((ChatKafkaPlace *)g_ptr_array_index (places, i))->low);
  return list;
}

/* Stops what is read; once that is so new queues can be forwarded. A seek, which fails, comes behind the stop in the
 * queue of librdkafka's thread. */
static void
unassign (ChatKafkaConsumer *self)
{
  g_autoptr (rd_kafka_error_t) ignored = NULL;
  rd_kafka_topic_partition_list_t *list = NULL;

  if (!self->assigned || rd_kafka_assignment (self->handle, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return;
  rd_kafka_assign (self->handle, NULL);
  self->assigned = FALSE;
  if (list->cnt > 0)
    {
      for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = 0;
      ignored = rd_kafka_seek_partitions (self->handle, list, CHAT_KAFKA_CALL_MS);
    }
  rd_kafka_topic_partition_list_destroy (list);
}

static gboolean
read_places (ChatKafkaConsumer *self, GPtrArray *places, GError **error)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = list_reachable (self, places);

  unassign (self);
  return assign (self, list, error);
}

void
chat_kafka_consumer_open_reader (GTask *task, gpointer consumer, gpointer wish, GCancellable *cancellable)
{
  ChatKafkaConsumer *self = consumer;
  GError *error = NULL;
  GPtrArray *places
      = open_handle (self, &error) ? chat_kafka_places_find_start (self->handle, self->options, wish, &error) : NULL;

  if (places != NULL && !read_places (self, places, &error))
    g_clear_pointer (&places, g_ptr_array_unref);
  if (places != NULL)
    g_task_return_pointer (task, places, (GDestroyNotify)g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
chat_kafka_consumer_assign (GTask *task, gpointer consumer, gpointer places, GCancellable *cancellable)
{
  GError *error = NULL;

  if (read_places (consumer, places, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* Jobs of a member */

/* Whoever has joined already does so anew: all shards are given out again. */
static gboolean
join (ChatKafkaConsumer *self, GError **error)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list
      = rd_kafka_topic_partition_list_new ((int)g_strv_length (self->topics));
  rd_kafka_resp_err_t code;

  for (char **topic = self->topics; *topic != NULL; topic++)
    {
      g_autofree char *name = chat_broker_options_dup_name (self->options, *topic);

      rd_kafka_topic_partition_list_add (list, name, RD_KAFKA_PARTITION_UA);
    }
  code = rd_kafka_subscribe (self->handle, list);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    return TRUE;
  g_propagate_error (error, chat_kafka_error_new (code, self->group, NULL));
  return FALSE;
}

void
chat_kafka_consumer_open_member (GTask *task, gpointer consumer, gpointer nothing, GCancellable *cancellable)
{
  ChatKafkaConsumer *self = consumer;
  g_autoptr (GPtrArray) places = NULL;
  GError *error = NULL;

  /* first the producer: it ends what one of the same slot has left undone, which would hold up who reads */
  if (!open_handle (self, &error)
      || (places = chat_kafka_places_find (self->handle, self->options, (const char *const *)self->topics, TRUE, FALSE,
                                           &error))
             == NULL
      || !chat_kafka_transaction_begin (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (join (self, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
chat_kafka_consumer_join_again (GTask *task, gpointer consumer, gpointer nothing, GCancellable *cancellable)
{
  GError *error = NULL;

  if (join (consumer, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
find_acknowledged (ChatKafkaConsumer *self, GPtrArray *places, GError **error)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = chat_kafka_places_list (places, self->options);
  rd_kafka_resp_err_t code = rd_kafka_committed (self->handle, list, CHAT_KAFKA_CALL_MS);

  for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
    code = list->elems[i].err;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    {
      g_propagate_error (error, chat_kafka_error_new (code, self->group, NULL));
      return FALSE;
    }
  for (guint i = 0; i < places->len; i++)
    {
      ChatKafkaPlace *place = g_ptr_array_index (places, i);
      gint64 acked = list->elems[i].offset >= 0 ? list->elems[i].offset : -1;

      /* another member may have had it in between, without a word about it here */
      place->owned = place->owned && place->acked == acked;
      if (!place->owned)
        place->next = acked;
      place->acked = acked;
    }
  return TRUE;
}

void
chat_kafka_consumer_take_over (GTask *task, gpointer consumer, gpointer data, GCancellable *cancellable)
{
  ChatKafkaConsumer *self = consumer;
  GPtrArray *places = data;
  g_autoptr (rd_kafka_topic_partition_list_t) list = NULL;
  GError *error = NULL;

  if (places->len == 0 || find_acknowledged (self, places, &error))
    {
      list = list_reachable (self, places);
      if (assign (self, list, &error))
        {
          g_task_return_boolean (task, TRUE);
          return;
        }
    }
  g_task_return_error (task, error);
}

void
chat_kafka_consumer_give_back (GTask *task, gpointer consumer, gpointer nothing, GCancellable *cancellable)
{
  ChatKafkaConsumer *self = consumer;

  rd_kafka_assign (self->handle, NULL);
  self->assigned = FALSE;
  g_task_return_boolean (task, TRUE);
}

void
chat_kafka_consumer_rewind (GTask *task, gpointer consumer, gpointer places, GCancellable *cancellable)
{
  ChatKafkaConsumer *self = consumer;
  g_autoptr (rd_kafka_topic_partition_list_t) list = chat_kafka_places_list (places, self->options);
  g_autoptr (rd_kafka_error_t) failure = NULL;

  if (list->cnt > 0)
    failure = rd_kafka_seek_partitions (self->handle, list, CHAT_KAFKA_CALL_MS);
  if (failure != NULL)
    g_task_return_error (task, chat_kafka_error_new (rd_kafka_error_code (failure), self->group,
                                                     rd_kafka_error_string (failure)));
  else
    g_task_return_boolean (task, TRUE);
}
