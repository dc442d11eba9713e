/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a member of a group forwards: its outputs and its acknowledgement in one transaction; and, where that is undone,
 * back to what is acknowledged. */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/chat-timer.h"
#include "transport/chat-transport-error.h"
#include "transport/kafka/chat-kafka-subscription-private.h"

/* How long a forward waits for the end of a rebalance. */
#define PATIENCE_MS 15000

/* What is not acknowledged */

static guint
count_unacked (const ChatKafkaCursor *cursor)
{
  return cursor->unacked->len - cursor->head;
}

static void
acknowledge (ChatKafkaCursor *cursor, gint64 next)
{
  cursor->acked = next;
  while (count_unacked (cursor) > 0 && g_array_index (cursor->unacked, gint64, cursor->head) < next)
    cursor->head++;
  if (cursor->head > 1024 && cursor->head * 2 > cursor->unacked->len)
    {
      g_array_remove_range (cursor->unacked, 0, cursor->head);
      cursor->head = 0;
    }
}

/* Going back to what is acknowledged */

static void
rewound_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatKafkaSubscription) self = user_data;
  gboolean rewound = g_task_propagate_boolean (G_TASK (result), NULL);

  if (!rewound && !self->suspended && !self->stopped)
    {
      /* nothing is taken until it has worked */
      self->rewinding = TRUE;
      chat_kafka_member_retry_later (self);
      return;
    }
  chat_kafka_subscription_moved (self);
}

void
chat_kafka_member_seek (ChatKafkaSubscription *self)
{
  self->rewinding = FALSE;
  chat_kafka_subscription_push (self, chat_kafka_consumer_rewind, chat_kafka_subscription_dup_places (self),
                                (GDestroyNotify)g_ptr_array_unref, rewound_cb, g_object_ref (self));
}

void
chat_kafka_member_rewind (ChatKafkaSubscription *self)
{
  chat_subscription_drop_queued (CHAT_SUBSCRIPTION (self), NULL, NULL);
  for (guint i = 0; i < self->cursors->len; i++)
    {
      ChatKafkaCursor *cursor = g_ptr_array_index (self->cursors, i);

      chat_kafka_cursor_move (cursor, cursor->acked >= 0 ? cursor->acked : cursor->first);
    }
  /* who waits for shards has to say so again once it has them */
  self->rewound = self->suspended;
  if (self->suspended || self->stopped)
    return;
  self->moving++;
  chat_kafka_member_seek (self);
}

/* Forwards */

static ChatKafkaPlace *
find_or_add_place (GPtrArray *places, const ChatKafkaCursor *cursor)
{
  ChatKafkaPlace *found = chat_kafka_places_get (places, cursor->topic, cursor->shard);

  return found != NULL ? found
                       : chat_kafka_places_add (places, cursor->topic, cursor->shard, cursor->acked, cursor->acked);
}

/* Whether @input is what comes next in its shard, given the inputs before it, which are in @places. */
static gboolean
check_input (ChatKafkaSubscription *self, ChatRecord *input, GPtrArray *places)
{
  gint64 offset = chat_record_get_offset (input);
  ChatKafkaCursor *cursor
      = chat_kafka_subscription_find (self, chat_record_get_topic (input), chat_record_get_shard (input));
  ChatKafkaPlace *place;

  if (cursor == NULL || cursor->lost)
    return FALSE;
  place = find_or_add_place (places, cursor);
  for (guint i = cursor->head; i < cursor->unacked->len; i++)
    {
      gint64 expected = g_array_index (cursor->unacked, gint64, i);

      if (expected < place->next)
        continue;
      place->next = offset + 1;
      return expected == offset;
    }
  return FALSE;
}

static gboolean
check_inputs (ChatKafkaSubscription *self, GPtrArray *inputs, GPtrArray *places, GError **error)
{
  for (guint i = 0; i < inputs->len; i++)
    {
      ChatRecord *input = g_ptr_array_index (inputs, i);
      g_autofree char *offset = NULL;

      if (check_input (self, input, places))
        continue;
      offset = g_strdup_printf ("%" G_GINT64_FORMAT, chat_record_get_offset (input));
      g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED,
                   _ ("Record %s of %s/%d is not what this reader has to acknowledge next: all that is unacknowledged "
                      "comes again"),
                   offset, chat_record_get_topic (input), chat_record_get_shard (input));
      return FALSE;
    }
  return TRUE;
}

typedef struct
{
  ChatKafkaSubscription *self;
  GTask *task;
  ChatKafkaForward *forward;
} Forward;

static void
note_places (ChatKafkaSubscription *self, GPtrArray *places, gboolean done)
{
  for (guint i = 0; i < places->len; i++)
    {
      const ChatKafkaPlace *place = g_ptr_array_index (places, i);
      ChatKafkaCursor *cursor = chat_kafka_subscription_find (self, place->topic, place->shard);

      if (cursor == NULL)
        continue;
      if (done)
        acknowledge (cursor, place->next);
      else
        cursor->acked = place->acked;
    }
}

/* Before the answer: nothing comes again before that. @error: (transfer full) */
static void
answer_aborted (ChatKafkaSubscription *self, GTask *task, GError *error)
{
  if (!chat_subscription_is_closed (CHAT_SUBSCRIPTION (self)))
    {
      chat_subscription_hold (CHAT_SUBSCRIPTION (self), task);
      chat_kafka_member_rewind (self);
    }
  g_task_return_error (task, error);
}

static void
forwarded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Forward *forward = user_data;
  g_autoptr (ChatKafkaSubscription) self = forward->self;
  g_autoptr (GTask) task = forward->task;
  GError *error = NULL;
  gboolean done = g_task_propagate_boolean (G_TASK (result), &error);
  gboolean aborted = g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED);
  gboolean denied = g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);

  chat_kafka_subscription_set_trouble (self, self->wish->start.group, denied ? error->message : NULL);
  if (done || aborted)
    note_places (self, forward->forward->places, done);
  chat_kafka_forward_free (forward->forward);
  chat_subscription_end_forward (CHAT_SUBSCRIPTION (self));
  if (done)
    g_task_return_boolean (task, TRUE);
  else if (aborted)
    answer_aborted (self, task, error);
  else
    g_task_return_error (task, error);
}

/* @forward: (transfer full) */
static void
run_forward (ChatKafkaSubscription *self, GTask *task, ChatKafkaForward *what)
{
  Forward *forward = g_new (Forward, 1);

  *forward = (Forward){ g_object_ref (self), g_object_ref (task), what };
  chat_kafka_subscription_push (self, chat_kafka_transaction_run, what, NULL, forwarded_cb, forward);
}

/* Whether all that it acknowledges is still this member's. */
static gboolean
is_ours (ChatKafkaSubscription *self, const ChatKafkaForward *forward)
{
  for (guint i = 0; i < forward->places->len; i++)
    {
      const ChatKafkaPlace *place = g_ptr_array_index (forward->places, i);
      const ChatKafkaCursor *cursor = chat_kafka_subscription_find (self, place->topic, place->shard);

      if (cursor == NULL || cursor->acked != place->acked || count_unacked (cursor) == 0)
        return FALSE;
    }
  return TRUE;
}

void
chat_kafka_member_run_deferred (ChatKafkaSubscription *self, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->deferred);
  ChatKafkaForward *forward = g_steal_pointer (&self->forward);

  chat_timer_clear (&self->patience);
  if (task == NULL)
    {
      g_clear_error (&error);
      return;
    }
  if (error == NULL && is_ours (self, forward))
    {
      run_forward (self, task, forward);
      return;
    }
  chat_kafka_forward_free (forward);
  chat_subscription_end_forward (CHAT_SUBSCRIPTION (self));
  if (error != NULL)
    g_task_return_error (task, error);
  else
    answer_aborted (self, task,
                    g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED,
                                         _ ("Another member of the group has got some of these records")));
}

static gboolean
patience_cb (gpointer user_data)
{
  ChatKafkaSubscription *self = user_data;

  chat_kafka_member_run_deferred (
      self, g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                 _ ("Kafka does not say which member of the group has which records")));
  return G_SOURCE_REMOVE;
}

void
chat_kafka_subscription_forward (ChatKafkaSubscription *self, GPtrArray *inputs, GPtrArray *outputs, GTask *task)
{
  g_autoptr (GPtrArray) places = chat_kafka_places_new ();
  ChatKafkaForward *forward;
  GError *error = NULL;

  if (!chat_subscription_begin_forward (CHAT_SUBSCRIPTION (self), &error))
    {
      g_task_return_error (task, error);
      return;
    }
  if (!check_inputs (self, inputs, places, &error))
    {
      chat_subscription_end_forward (CHAT_SUBSCRIPTION (self));
      answer_aborted (self, task, error);
      return;
    }
  if (places->len == 0 && outputs->len == 0)
    {
      chat_subscription_end_forward (CHAT_SUBSCRIPTION (self));
      g_task_return_boolean (task, TRUE);
      return;
    }
  forward = chat_kafka_forward_new (outputs, places);
  if (!self->suspended)
    {
      run_forward (self, task, forward);
      return;
    }
  self->deferred = g_object_ref (task);
  self->forward = forward;
  self->patience = chat_timer_new (PATIENCE_MS, patience_cb, self);
}
