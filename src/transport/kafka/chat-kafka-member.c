/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A member of a group. A rebalance takes all shards from all members (librdkafka's eager protocol) and gives each of
 * them its new ones. A member lets a forward that is in flight end, gives its shards back, and delivers nothing until
 * it knows what it gets. A shard that it gets again goes on where it was, if the group has acknowledged what this
 * member knows of and no more; what it does not get again is `revoked` then. So the owner of this subscription sees
 * those shards come and go that do change hands.
 */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/chat-timer.h"
#include "transport/chat-transport-error.h"
#include "transport/kafka/chat-kafka-producer.h"
#include "transport/kafka/chat-kafka-subscription-private.h"

#define RETRY_MS 300
/* A member without shards asks what its group has at least after so many looks. */
#define BARE_MOST 30

static void take_over (ChatKafkaSubscription *self);
static void join_again (ChatKafkaSubscription *self);

/* What is not acknowledged */

void
chat_kafka_member_delivering (ChatKafkaSubscription *self, ChatKafkaCursor *cursor, gint64 offset)
{
  g_array_append_val (cursor->unacked, offset);
}

/* Rebalances: giving back */

static void
given_back_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_object_unref (user_data);
}

static void
give_back (ChatKafkaSubscription *self)
{
  self->give_back = FALSE;
  chat_kafka_subscription_push (self, chat_kafka_consumer_give_back, NULL, NULL, given_back_cb, g_object_ref (self));
}

/* Nothing is delivered or taken from here on. */
static void
suspend (ChatKafkaSubscription *self)
{
  if (self->suspended)
    return;
  self->suspended = TRUE;
  if (self->held == NULL)
    {
      self->held = g_task_new (NULL, NULL, NULL, NULL);
      g_task_set_source_tag (self->held, suspend);
      chat_subscription_hold (CHAT_SUBSCRIPTION (self), self->held);
    }
}

static void
lose_shards (ChatKafkaSubscription *self)
{
  suspend (self);
  /* whatever was given before is void */
  self->rebalances++;
  g_clear_pointer (&self->offered, rd_kafka_topic_partition_list_destroy);
  /* the broker did not wait for this member: whatever it had may be another's already */
  if (rd_kafka_assignment_lost (self->consumer->handle))
    for (guint i = 0; i < self->cursors->len; i++)
      ((ChatKafkaCursor *)g_ptr_array_index (self->cursors, i))->lost = TRUE;
  if (chat_subscription_is_forwarding (CHAT_SUBSCRIPTION (self)) && self->deferred == NULL)
    self->give_back = TRUE;
  else
    give_back (self);
}

void
chat_kafka_member_forward_ended (ChatKafkaSubscription *self)
{
  if (self->give_back && !self->stopped)
    give_back (self);
}

/* Rebalances: taking over */

static void
drop_cursor (ChatKafkaSubscription *self, ChatKafkaCursor *cursor, GHashTable *revoked)
{
  GArray *shards = g_hash_table_lookup (revoked, cursor->topic);

  if (shards == NULL)
    {
      shards = g_array_new (FALSE, FALSE, sizeof (gint));
      g_hash_table_insert (revoked, g_strdup (cursor->topic), shards);
    }
  g_array_append_val (shards, cursor->shard);
  chat_subscription_drop_queued (CHAT_SUBSCRIPTION (self), chat_kafka_cursor_owns, cursor);
  g_ptr_array_remove (self->cursors, cursor);
  self->last = NULL;
}

/* What it has now is @places. (transfer full): shards by topic that it had and has no longer */
static GHashTable *
take_places (ChatKafkaSubscription *self, GPtrArray *places)
{
  GHashTable *revoked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);

  for (guint i = self->cursors->len; i-- > 0;)
    {
      ChatKafkaCursor *cursor = g_ptr_array_index (self->cursors, i);
      const ChatKafkaPlace *place = chat_kafka_places_get (places, cursor->topic, cursor->shard);

      if (place == NULL || !place->owned)
        drop_cursor (self, cursor, revoked);
    }
  for (guint i = 0; i < places->len; i++)
    {
      const ChatKafkaPlace *place = g_ptr_array_index (places, i);

      if (!place->owned)
        chat_kafka_subscription_add_cursor (self, place->topic, place->shard, place->next)->acked = place->acked;
    }
  return revoked;
}

static void
emit_revoked (ChatKafkaSubscription *self, GHashTable *revoked)
{
  GHashTableIter iter;
  gpointer topic, shards;

  g_hash_table_iter_init (&iter, revoked);
  while (g_hash_table_iter_next (&iter, &topic, &shards))
    chat_subscription_emit_revoked (CHAT_SUBSCRIPTION (self), topic, shards);
}

static void
release_hold (ChatKafkaSubscription *self)
{
  g_autoptr (GTask) held = g_steal_pointer (&self->held);

  if (held != NULL)
    g_task_return_boolean (held, TRUE);
}

static gboolean
retry_cb (gpointer user_data)
{
  ChatKafkaSubscription *self = user_data;

  chat_timer_clear (&self->retry);
  if (self->offered != NULL && !self->taking)
    take_over (self);
  if (self->rewinding)
    chat_kafka_member_seek (self);
  if (self->rejoining)
    join_again (self);
  return G_SOURCE_REMOVE;
}

void
chat_kafka_member_retry_later (ChatKafkaSubscription *self)
{
  if (self->retry == NULL && !self->stopped)
    self->retry = chat_timer_new (RETRY_MS, retry_cb, self);
}

typedef struct
{
  ChatKafkaSubscription *self;
  GPtrArray *places;
  guint rebalance;
} TakingOver;

static void
taken_over_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree TakingOver *taking = user_data;
  g_autoptr (ChatKafkaSubscription) self = taking->self;
  g_autoptr (GPtrArray) places = taking->places;
  g_autoptr (GHashTable) revoked = NULL;
  g_autoptr (GError) error = NULL;

  self->moving--;
  self->taking = FALSE;
  g_task_propagate_boolean (G_TASK (result), &error);
  if (self->stopped)
    return;
  if (taking->rebalance != self->rebalances)
    {
      /* taken away again meanwhile */
      if (self->offered != NULL)
        take_over (self);
      return;
    }
  if (error != NULL)
    {
      if (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED))
        {
          chat_kafka_subscription_set_trouble (self, self->wish->start.group, error->message);
          chat_kafka_subscription_answer_open (self, g_steal_pointer (&error));
        }
      chat_kafka_member_retry_later (self);
      return;
    }
  g_clear_pointer (&self->offered, rd_kafka_topic_partition_list_destroy);
  self->suspended = FALSE;
  revoked = take_places (self, places);
  if (self->rewound)
    chat_kafka_member_rewind (self);
  release_hold (self);
  chat_subscription_refill (CHAT_SUBSCRIPTION (self));
  chat_kafka_subscription_answer_open (self, NULL);
  chat_kafka_subscription_set_trouble (self, self->wish->start.group, NULL);
  chat_kafka_member_run_deferred (self, NULL);
  emit_revoked (self, revoked);
}

static void
take_over (ChatKafkaSubscription *self)
{
  TakingOver *taking = g_new (TakingOver, 1);

  *taking = (TakingOver){ g_object_ref (self), chat_kafka_places_new (), self->rebalances };
  for (int i = 0; i < self->offered->cnt; i++)
    {
      const rd_kafka_topic_partition_t *offer = &self->offered->elems[i];
      const char *topic = chat_broker_options_strip (self->options, offer->topic);
      ChatKafkaCursor *cursor = topic != NULL ? chat_kafka_subscription_find (self, topic, offer->partition) : NULL;

      if (topic != NULL)
        chat_kafka_places_add (taking->places, topic, offer->partition, cursor != NULL ? cursor->next : -1,
                               cursor != NULL ? cursor->acked : -1)
            ->owned
            = cursor != NULL && !cursor->lost;
    }
  self->moving++;
  self->taking = TRUE;
  chat_kafka_subscription_push (self, chat_kafka_consumer_take_over, taking->places, NULL, taken_over_cb, taking);
}

void
chat_kafka_member_rebalance (ChatKafkaSubscription *self, rd_kafka_event_t *event)
{
  if (rd_kafka_event_error (event) != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
    {
      lose_shards (self);
      return;
    }
  suspend (self);
  g_clear_pointer (&self->offered, rd_kafka_topic_partition_list_destroy);
  self->offered = rd_kafka_topic_partition_list_copy (rd_kafka_event_topic_partition_list (event));
  self->rebalances++;
  if (!self->taking)
    take_over (self);
}

static gboolean
is_bare (ChatKafkaSubscription *self)
{
  for (char **topic = self->wish->topics; *topic != NULL; topic++)
    {
      gboolean found = FALSE;

      for (guint i = 0; i < self->cursors->len && !found; i++)
        found = g_str_equal (((ChatKafkaCursor *)g_ptr_array_index (self->cursors, i))->topic, *topic);
      if (!found)
        return TRUE;
    }
  return FALSE;
}

/* Joining again */

static void
rejoined_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatKafkaSubscription) self = user_data;

  self->rejoining = !g_task_propagate_boolean (G_TASK (result), NULL) && !self->stopped;
  if (self->rejoining)
    chat_kafka_member_retry_later (self);
}

static void
join_again (ChatKafkaSubscription *self)
{
  self->rejoining = FALSE;
  chat_kafka_subscription_push (self, chat_kafka_consumer_join_again, NULL, NULL, rejoined_cb, g_object_ref (self));
}

/* By a rebalance, which takes every shard and looks up where each begins. */
void
chat_kafka_member_back (ChatKafkaSubscription *self)
{
  if (self->suspended || self->stopped)
    return;
  for (guint i = 0; i < self->cursors->len; i++)
    {
      ChatKafkaCursor *cursor = g_ptr_array_index (self->cursors, i);

      cursor->lost |= cursor->gone;
    }
  suspend (self);
  join_again (self);
}

/* What nobody has */

static void
checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatKafkaSubscription) self = user_data;
  gboolean left_out = g_task_propagate_boolean (G_TASK (result), NULL);

  self->resetting = FALSE;
  if (left_out && !self->stopped && !self->suspended && is_bare (self))
    join_again (self);
}

void
chat_kafka_member_look (ChatKafkaSubscription *self)
{
  if (self->stopped || self->suspended || self->resetting || self->opening != NULL)
    return;
  if (!is_bare (self))
    {
      self->bare_looks = 0;
      return;
    }
  /* that others have all is as it should be where there are more members than shards: it is asked ever more seldom */
  self->bare_looks++;
  if ((self->bare_looks & (self->bare_looks - 1)) != 0 && self->bare_looks % BARE_MOST != 0)
    return;
  self->resetting = TRUE;
  chat_kafka_subscription_ask (self, chat_kafka_producer_check_group, self->wish, checked_cb, g_object_ref (self));
}

void
chat_kafka_member_stop (ChatKafkaSubscription *self)
{
  chat_timer_clear (&self->retry);
  chat_timer_clear (&self->patience);
  release_hold (self);
  if (self->deferred != NULL)
    chat_kafka_member_run_deferred (self, g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED,
                                                               _ ("The subscription is closed")));
}
