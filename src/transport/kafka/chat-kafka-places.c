/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/kafka/chat-kafka-places.h"

#include <glib/gi18n-lib.h>

#include "transport/chat-transport-error.h"
#include "transport/kafka/chat-kafka-topics.h"

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

ChatKafkaPlace *
chat_kafka_places_get (GPtrArray *places, const char *topic, gint shard)
{
  for (guint i = 0; i < places->len; i++)
    {
      ChatKafkaPlace *place = g_ptr_array_index (places, i);

      if (place->shard == shard && g_str_equal (place->topic, topic))
        return place;
    }
  return NULL;
}

rd_kafka_topic_partition_list_t *
chat_kafka_places_list (GPtrArray *places, const ChatBrokerOptions *options)
{
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new ((int)places->len);

  for (guint i = 0; i < places->len; i++)
    {
      const ChatKafkaPlace *place = g_ptr_array_index (places, i);
      g_autofree char *name = chat_broker_options_dup_name (options, place->topic);

      rd_kafka_topic_partition_list_add (list, name, place->shard)->offset
          = place->next >= 0 ? place->next : RD_KAFKA_OFFSET_BEGINNING;
    }
  return list;
}

static gboolean
add_topic (rd_kafka_t *handle, const ChatBrokerOptions *options, const char *topic, gboolean ensure, GPtrArray *places,
           GError **error)
{
  guint count = ensure ? chat_kafka_topics_ensure (handle, options, topic, error)
                       : chat_kafka_topics_count (handle, options, topic, error);

  for (guint i = 0; i < count; i++)
    chat_kafka_places_add (places, topic, (gint)i, -1, -1);
  return count > 0;
}

static gboolean
find_extents (rd_kafka_t *handle, const ChatBrokerOptions *options, GPtrArray *places, GError **error)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = chat_kafka_places_list (places, options);

  if (!chat_kafka_topics_find_offsets (handle, list, RD_KAFKA_OFFSET_BEGINNING, error))
    return FALSE;
  for (guint i = 0; i < places->len; i++)
    ((ChatKafkaPlace *)g_ptr_array_index (places, i))->low = list->elems[i].offset;
  if (!chat_kafka_topics_find_offsets (handle, list, RD_KAFKA_OFFSET_END, error))
    return FALSE;
  for (guint i = 0; i < places->len; i++)
    ((ChatKafkaPlace *)g_ptr_array_index (places, i))->end = list->elems[i].offset;
  return TRUE;
}

GPtrArray *
chat_kafka_places_find (rd_kafka_t *handle, const ChatBrokerOptions *options, const char *const *topics,
                        gboolean ensure, gboolean extents, GError **error)
{
  g_autoptr (GPtrArray) places = chat_kafka_places_new ();

  for (guint i = 0; topics[i] != NULL; i++)
    if (!g_strv_contains (topics + i + 1, topics[i]) && !add_topic (handle, options, topics[i], ensure, places, error))
      return NULL;
  if (extents && !find_extents (handle, options, places, error))
    return NULL;
  return g_steal_pointer (&places);
}

static gboolean
find_time (rd_kafka_t *handle, const ChatBrokerOptions *options, GPtrArray *places, gint64 time_ms, GError **error)
{
  g_autoptr (rd_kafka_topic_partition_list_t) list = chat_kafka_places_list (places, options);

  if (!chat_kafka_topics_find_offsets (handle, list, MAX (time_ms, 0), error))
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
      g_autofree char *next = NULL, *end = NULL;

      place->next = chat_position_get (position, place->topic, shard);
      if (place->next < 0)
        place->next = place->end;
      if (place->next <= place->end)
        continue;
      next = g_strdup_printf ("%" G_GINT64_FORMAT, place->next);
      end = g_strdup_printf ("%" G_GINT64_FORMAT, place->end);
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST,
                   _ ("The position names record %s of %s/%d, which ends before %s: it is of another broker; start at "
                      "the earliest record, or live"),
                   next, place->topic, place->shard, end);
      return FALSE;
    }
  return TRUE;
}

GPtrArray *
chat_kafka_places_find_start (rd_kafka_t *handle, const ChatBrokerOptions *options, const ChatWish *wish,
                              GError **error)
{
  g_autoptr (GPtrArray) places
      = chat_kafka_places_find (handle, options, (const char *const *)wish->topics, TRUE, TRUE, error);

  if (places == NULL)
    return NULL;
  for (guint i = 0; i < places->len; i++)
    {
      ChatKafkaPlace *place = g_ptr_array_index (places, i);

      place->next = wish->start.kind == CHAT_START_EARLIEST ? place->low : place->end;
    }
  if (wish->start.kind == CHAT_START_TIME && !find_time (handle, options, places, wish->start.time_ms, error))
    return NULL;
  if (wish->start.kind == CHAT_START_POSITION && !find_position (places, wish->start.position, error))
    return NULL;
  return g_steal_pointer (&places);
}
