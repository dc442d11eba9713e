/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/kafka/chat-kafka-consumer.h"

#include <glib/gi18n-lib.h>

#include "transport/kafka/chat-kafka-error.h"
#include "transport/kafka/chat-kafka-topics.h"
#include "transport/kafka/chat-kafka-transaction.h"

static void
place_free (gpointer data)
{
  ChatKafkaPlace *place = data;

  g_free (place->topic);
  g_free (place);
}

GPtrArray *
chat_kafka_places_new (void)
{
  return g_ptr_array_new_with_free_func (place_free);
}

ChatKafkaPlace *
chat_kafka_places_add (GPtrArray *places, const char *topic, gint shard, gint64 next, gint64 acked)
{
  ChatKafkaPlace *place = g_new0 (ChatKafkaPlace, 1);

  place->topic = g_strdup (topic);
  place->shard = shard;
  place->next = next;
  place->acked = acked;
  place->end = -1;
  g_ptr_array_add (places, place);
  return place;
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
  g_hash_table_unref (self->known);
  g_free (self);
}

static gboolean
open_handle (ChatKafkaConsumer *self, GError **error)
{
  if (self->handle != NULL)
    return TRUE;
  self->handle = chat_kafka_handle_new (self->options, self->group != NULL ? CHAT_KAFKA_MEMBER : CHAT_KAFKA_READER,
                                        self->group, NULL, NULL, error);
  if (self->handle == NULL)
    return FALSE;
  self->control = rd_kafka_queue_get_consumer (self->handle);
  self->messages = rd_kafka_queue_new (self->handle);
  return TRUE;
}

/* librdkafka's lists */

rd_kafka_topic_partition_list_t *
chat_kafka_consumer_list (ChatKafkaConsumer *self, GPtrArray *places)
{
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new ((int)places->len);

  for (guint i = 0; i < places->len; i++)
    {
      const ChatKafkaPlace *place = g_ptr_array_index (places, i);
      g_autofree char *name = chat_broker_options_dup_name (self->options, place->topic);

      rd_kafka_topic_partition_list_add (list, name, place->shard)->offset
          = place->next >= 0 ? place->next : RD_KAFKA_OFFSET_BEGINNING;
    }
  return list;
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

/* Where things are */

static gboolean
add_topic (ChatKafkaConsumer *self, const char *topic, gboolean ensure, GPtrArray *places, GError **error)
{
  guint count = ensure ? chat_kafka_topics_ensure (self->handle, self->options, topic, error)
                       : chat_kafka_topics_count (self->handle, self->options, topic, error);

  for (guint i = 0; i < count; i++)
    chat_kafka_places_add (places, topic, (gint)i, -1, -1);
  return count > 0;
}

/* (transfer full): all partitions of all topics */
static GPtrArray *
list_places (ChatKafkaConsumer *self, gboolean ensure, GError **error)
{
  g_autoptr (GPtrArray) places = chat_kafka_places_new ();

  for (char **topic = self->topics; *topic != NULL; topic++)
    if (!g_strv_contains ((const char *const *)(topic + 1), *topic) && !add_topic (self, *topic, ensure, places, error))
      return NULL;
  return g_steal_pointer (&places);
}

static gboolean
find_extents (ChatKafkaConsumer *self, GPtrArray *places, GError **error)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = chat_kafka_consumer_list (self, places);

  if (!chat_kafka_topics_find_offsets (self->handle, list, RD_KAFKA_OFFSET_BEGINNING, error))
    return FALSE;
  for (guint i = 0; i < places->len; i++)
    ((ChatKafkaPlace *)g_ptr_array_index (places, i))->low = list->elems[i].offset;
  if (!chat_kafka_topics_find_offsets (self->handle, list, RD_KAFKA_OFFSET_END, error))
    return FALSE;
  for (guint i = 0; i < places->len; i++)
    ((ChatKafkaPlace *)g_ptr_array_index (places, i))->end = list->elems[i].offset;
  return TRUE;
}

static gboolean
find_time (ChatKafkaConsumer *self, GPtrArray *places, gint64 time_ms, GError **error)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = chat_kafka_consumer_list (self, places);

  if (!chat_kafka_topics_find_offsets (self->handle, list, MAX (time_ms, 0), error))
    return FALSE;
  for (guint i = 0; i < places->len; i++)
    {
      ChatKafkaPlace *place = g_ptr_array_index (places, i);

      /* none is so late: live */
      place->next = list->elems[i].offset >= 0 ? list->elems[i].offset : place->end;
    }
  return TRUE;
}

static gboolean
find_position (GPtrArray *places, const ChatPosition *position, GError **error)
{
  for (guint i = 0; i < places->len; i++)
    {
      ChatKafkaPlace *place = g_ptr_array_index (places, i);
      g_autofree char *shard = g_strdup_printf ("%d", place->shard);

      place->next = chat_position_get (position, place->topic, shard);
      if (place->next < 0)
        place->next = place->end;
      if (place->next <= place->end)
        continue;
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST,
                   _ ("The position names record %" G_GINT64_FORMAT " of %s/%d, which ends before %" G_GINT64_FORMAT
                      ": it is of another broker; start at the earliest record, or live"),
                   place->next, place->topic, place->shard, place->end);
      return FALSE;
    }
  return TRUE;
}

/* (transfer full): where @wish begins. */
static GPtrArray *
find_start (ChatKafkaConsumer *self, const ChatWish *wish, GError **error)
{
  g_autoptr (GPtrArray) places = list_places (self, TRUE, error);

  if (places == NULL || !find_extents (self, places, error))
    return NULL;
  for (guint i = 0; i < places->len; i++)
    {
      ChatKafkaPlace *place = g_ptr_array_index (places, i);

      place->next = wish->start.kind == CHAT_START_EARLIEST ? place->low : place->end;
    }
  if (wish->start.kind == CHAT_START_TIME && !find_time (self, places, wish->start.time_ms, error))
    return NULL;
  if (wish->start.kind == CHAT_START_POSITION && !find_position (places, wish->start.position, error))
    return NULL;
  return g_steal_pointer (&places);
}

/* Jobs of a reader */

static void
answer_places (GTask *task, GPtrArray *places, GError *error)
{
  if (places != NULL)
    g_task_return_pointer (task, places, (GDestroyNotify)g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

/* What retention has overtaken begins with what is left; the main context tells of the gap. */
static rd_kafka_topic_partition_list_t *
list_reachable (ChatKafkaConsumer *self, GPtrArray *places)
{
  rd_kafka_topic_partition_list_t *list = chat_kafka_consumer_list (self, places);

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
  GPtrArray *places = open_handle (self, &error) ? find_start (self, wish, &error) : NULL;

  if (places != NULL && !read_places (self, places, &error))
    g_clear_pointer (&places, g_ptr_array_unref);
  answer_places (task, places, error);
}

void
chat_kafka_consumer_find (GTask *task, gpointer consumer, gpointer wish, GCancellable *cancellable)
{
  GError *error = NULL;
  GPtrArray *places = find_start (consumer, wish, &error);

  answer_places (task, places, error);
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

void
chat_kafka_consumer_look (GTask *task, gpointer consumer, gpointer nothing, GCancellable *cancellable)
{
  GError *error = NULL;
  g_autoptr (GPtrArray) places = list_places (consumer, FALSE, &error);

  if (places != NULL && !find_extents (consumer, places, &error))
    g_clear_pointer (&places, g_ptr_array_unref);
  answer_places (task, g_steal_pointer (&places), error);
}

/* Jobs of a member */

void
chat_kafka_consumer_open_member (GTask *task, gpointer consumer, gpointer nothing, GCancellable *cancellable)
{
  ChatKafkaConsumer *self = consumer;
  g_autoptr (GPtrArray) places = NULL;
  g_autoptr (rd_kafka_topic_partition_list_t) list = NULL;
  GError *error = NULL;
  rd_kafka_resp_err_t code;

  /* first the producer: it ends what one of the same slot has left undone, which would hold up who reads */
  if (!open_handle (self, &error) || (places = list_places (self, TRUE, &error)) == NULL
      || !chat_kafka_transaction_begin (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  list = rd_kafka_topic_partition_list_new ((int)g_strv_length (self->topics));
  for (char **topic = self->topics; *topic != NULL; topic++)
    {
      g_autofree char *name = chat_broker_options_dup_name (self->options, *topic);

      rd_kafka_topic_partition_list_add (list, name, RD_KAFKA_PARTITION_UA);
    }
  code = rd_kafka_subscribe (self->handle, list);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, chat_kafka_error_new (code, self->group, NULL));
}

static gboolean
find_acknowledged (ChatKafkaConsumer *self, GPtrArray *places, GError **error)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = chat_kafka_consumer_list (self, places);
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

  if (places->len == 0 || (find_acknowledged (self, places, &error) && find_extents (self, places, &error)))
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
  g_autoptr (rd_kafka_topic_partition_list_t) list = chat_kafka_consumer_list (self, places);
  g_autoptr (rd_kafka_error_t) failure = NULL;

  if (list->cnt > 0)
    failure = rd_kafka_seek_partitions (self->handle, list, CHAT_KAFKA_CALL_MS);
  if (failure != NULL)
    g_task_return_error (task, chat_kafka_error_new (rd_kafka_error_code (failure), self->group,
                                                     rd_kafka_error_string (failure)));
  else
    g_task_return_boolean (task, TRUE);
}
