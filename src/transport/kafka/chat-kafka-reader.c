/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A subscription without a group: where it begins, and is moved to. */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "transport/chat-transport-error.h"
#include "transport/kafka/chat-kafka-error.h"
#include "transport/kafka/chat-kafka-producer.h"
#include "transport/kafka/chat-kafka-subscription-private.h"

/* What is gone before @place is told of in its place among the records. */
static void
begin_at (ChatKafkaSubscription *self, ChatKafkaCursor *cursor, const ChatKafkaPlace *place)
{
  g_autofree char *name = g_strdup_printf ("%d", place->shard);

  chat_kafka_cursor_move (cursor, place->next);
  cursor->end = MAX (cursor->end, place->end);
  if (place->next >= place->low)
    return;
  chat_subscription_queue_gap (CHAT_SUBSCRIPTION (self), place->topic, name, place->next, place->low);
  chat_kafka_cursor_move (cursor, place->low);
}

static void
begin_at_all (ChatKafkaSubscription *self, GPtrArray *places)
{
  for (guint i = 0; i < places->len; i++)
    {
      const ChatKafkaPlace *place = g_ptr_array_index (places, i);
      ChatKafkaCursor *cursor = chat_kafka_subscription_find (self, place->topic, place->shard);

      if (cursor == NULL)
        cursor = chat_kafka_subscription_add_cursor (self, place->topic, place->shard, place->next);
      begin_at (self, cursor, place);
    }
}

void
chat_kafka_reader_opened (ChatKafkaSubscription *self, GPtrArray *places)
{
  begin_at_all (self, places);
  chat_kafka_subscription_listen (self);
}

/* New partitions, and what is not where it was */

static void
assigned_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatKafkaSubscription) self = user_data;

  /* where that failed the next look finds what is missing */
  g_task_propagate_boolean (G_TASK (result), NULL);
  chat_kafka_subscription_moved (self);
}

/* Reads on at the cursors. */
static void
reassign (ChatKafkaSubscription *self)
{
  self->moving++;
  chat_kafka_subscription_push (self, chat_kafka_consumer_assign, chat_kafka_subscription_dup_places (self),
                                (GDestroyNotify)g_ptr_array_unref, assigned_cb, g_object_ref (self));
}

/* Whether something changed that librdkafka has to be told. */
static gboolean
compare (ChatKafkaSubscription *self, ChatKafkaPlace *place)
{
  ChatKafkaCursor *cursor = chat_kafka_subscription_find (self, place->topic, place->shard);

  if (cursor == NULL)
    {
      /* it is new: all that is in it came after this reader began */
      place->next = place->low;
      cursor = chat_kafka_subscription_add_cursor (self, place->topic, place->shard, place->next);
      begin_at (self, cursor, place);
      return TRUE;
    }
  if (!cursor->astray)
    return FALSE;
  if (cursor->queued > 0)
    {
      /* once that is delivered */
      self->look_soon = TRUE;
      return FALSE;
    }
  /* an end before where it was: another topic of that name */
  place->next = cursor->next > place->end ? place->low : cursor->next;
  cursor->astray = FALSE;
  cursor->end = place->end;
  begin_at (self, cursor, place);
  return TRUE;
}

static void
looked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatKafkaSubscription) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) places = g_task_propagate_pointer (G_TASK (result), &error);
  gboolean changed = FALSE;

  self->resetting = FALSE;
  if (self->stopped || places == NULL || self->moving > 0)
    return;
  self->look_soon = FALSE;
  for (guint i = 0; i < places->len; i++)
    changed = compare (self, g_ptr_array_index (places, i)) || changed;
  if (changed)
    reassign (self);
}

void
chat_kafka_reader_look (ChatKafkaSubscription *self)
{
  if (self->stopped || self->resetting || self->moving > 0)
    return;
  self->resetting = TRUE;
  chat_kafka_subscription_ask (self, chat_kafka_producer_look, self->wish, looked_cb, g_object_ref (self));
}

void
chat_kafka_reader_reset (ChatKafkaSubscription *self, ChatKafkaCursor *cursor)
{
  cursor->astray = TRUE;
  self->look_soon = TRUE;
  chat_kafka_reader_look (self);
}

/* Seeking */

typedef struct
{
  ChatKafkaSubscription *self;
  GTask *task;
  ChatWish *wish;
  GPtrArray *places;
} Seek;

static void
seek_free (Seek *seek)
{
  g_clear_pointer (&seek->places, g_ptr_array_unref);
  chat_wish_free (seek->wish);
  g_object_unref (seek->task);
  g_object_unref (seek->self);
  g_free (seek);
}

static gboolean
answer_closed (Seek *seek)
{
  if (!seek->self->stopped && !chat_subscription_is_closed (CHAT_SUBSCRIPTION (seek->self)))
    return FALSE;
  g_task_return_new_error (seek->task, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED,
                           _ ("The subscription is closed"));
  seek_free (seek);
  return TRUE;
}

static void
sought_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Seek *seek = user_data;
  ChatKafkaSubscription *self = seek->self;
  GError *error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  chat_kafka_subscription_moved (self);
  if (answer_closed (seek))
    {
      g_clear_error (&error);
      return;
    }
  if (error == NULL)
    {
      chat_subscription_drop_queued (CHAT_SUBSCRIPTION (self), NULL, NULL);
      begin_at_all (self, seek->places);
      chat_subscription_hold (CHAT_SUBSCRIPTION (self), seek->task);
      g_task_return_boolean (seek->task, TRUE);
    }
  else
    {
      g_task_return_error (seek->task, error);
    }
  seek_free (seek);
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Seek *seek = user_data;
  GError *error = NULL;

  seek->places = g_task_propagate_pointer (G_TASK (result), &error);
  if (seek->places == NULL)
    {
      g_task_return_error (seek->task, chat_kafka_error_of_job (error));
      seek_free (seek);
      return;
    }
  if (answer_closed (seek))
    return;
  if (g_task_return_error_if_cancelled (seek->task))
    {
      seek_free (seek);
      return;
    }
  seek->self->moving++;
  chat_kafka_subscription_push (seek->self, chat_kafka_consumer_assign, g_ptr_array_ref (seek->places),
                                (GDestroyNotify)g_ptr_array_unref, sought_cb, seek);
}

void
chat_kafka_subscription_seek (ChatKafkaSubscription *self, const ChatStart *start, GTask *task)
{
  Seek *seek = g_new0 (Seek, 1);

  seek->self = g_object_ref (self);
  seek->task = g_object_ref (task);
  seek->wish = chat_wish_new ((const char *const *)self->wish->topics, NULL, start);
  chat_kafka_subscription_ask (self, chat_kafka_producer_find, seek->wish, found_cb, seek);
}
