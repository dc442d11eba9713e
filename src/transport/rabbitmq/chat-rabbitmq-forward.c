/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/chat-timer.h"
#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-member-private.h"

/* Whether @inputs are what comes next in their shards; notes how many of each. */
static gboolean
take_inputs (ChatRabbitmqMember *self, GPtrArray *inputs)
{
  ChatRabbitmqShard *shard = NULL;

  for (guint i = 0; i < self->shards->len; i++)
    {
      ChatRabbitmqShard *each = g_ptr_array_index (self->shards, i);

      each->cursor = each->delivered.head;
      each->taken = 0;
    }
  for (guint i = 0; i < inputs->len; i++)
    {
      ChatRecord *input = g_ptr_array_index (inputs, i);

      if (shard == NULL || !chat_rabbitmq_shard_has (input, shard))
        shard = chat_rabbitmq_member_find_shard (self, input);
      if (shard == NULL || shard->stopping || shard->cursor == NULL
          || ((ChatRabbitmqDelivered *)shard->cursor->data)->record != input)
        return FALSE;
      shard->cursor = shard->cursor->next;
      shard->taken++;
    }
  return TRUE;
}

/* All that is unacknowledged is delivered again, after @task has been answered. */
static void
rewind_all (ChatRabbitmqMember *self, GTask *task)
{
  gboolean in_place;

  if (!chat_subscription_is_closed (CHAT_SUBSCRIPTION (self)))
    chat_subscription_hold (CHAT_SUBSCRIPTION (self), task);
  if (chat_rabbitmq_subscription_get_site (CHAT_RABBITMQ_SUBSCRIPTION (self)) == NULL || self->roll == NULL)
    return;
  in_place = chat_rabbitmq_subscription_is_in_place (CHAT_RABBITMQ_SUBSCRIPTION (self));
  for (guint i = 0; i < self->shards->len; i++)
    {
      ChatRabbitmqShard *shard = g_ptr_array_index (self->shards, i);

      if (shard->channel == NULL)
        continue;
      chat_rabbitmq_shard_close (shard, NULL, NULL);
      if (in_place)
        chat_rabbitmq_shard_open (shard, NULL, NULL);
    }
  if (in_place)
    chat_rabbitmq_member_claim (self);
  else if (self->waiting > 0)
    /* it was about to be put in place by these channels */
    chat_rabbitmq_member_consume (self);
}

static void
forward_abort (ChatRabbitmqMember *self, GTask *task)
{
  rewind_all (self, task);
  chat_subscription_end_forward (CHAT_SUBSCRIPTION (self));
  g_task_return_new_error (
      task, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED,
      _ ("These records are not ours to acknowledge any more: what is unacknowledged comes again"));
}

static void
finish_forward (ChatRabbitmqForward *forward)
{
  g_autoptr (ChatRabbitmqMember) self = forward->member;
  g_autoptr (GTask) task = forward->task;
  g_autoptr (GError) error = forward->error;
  ChatRabbitmqPublisher *publisher = forward->publisher;

  g_free (forward);
  chat_rabbitmq_subscription_set_trouble (CHAT_RABBITMQ_SUBSCRIPTION (self),
                                          !self->broken && chat_rabbitmq_is_denied (error) ? error->message : NULL);
  if (self->broken)
    {
      forward_abort (self, task);
    }
  else
    {
      chat_subscription_end_forward (CHAT_SUBSCRIPTION (self));
      if (error != NULL)
        g_task_return_error (task, g_steal_pointer (&error));
      else
        g_task_return_boolean (task, TRUE);
    }
  chat_rabbitmq_publisher_release (publisher);
}

/* All outputs are confirmed, or one is not. */
static void
forward_published (ChatRabbitmqForward *forward)
{
  ChatRabbitmqMember *self = forward->member;

  if (forward->error == NULL && !self->broken)
    for (guint i = 0; i < self->shards->len; i++)
      chat_rabbitmq_shard_acknowledge (g_ptr_array_index (self->shards, i));
  finish_forward (forward);
}

static void
output_cb (const GError *error, gpointer data)
{
  ChatRabbitmqForward *forward = data;

  if (error != NULL && forward->error == NULL)
    forward->error = g_error_copy (error);
  if (--forward->waiting == 0)
    forward_published (forward);
}

static gboolean
turn_cb (gpointer user_data)
{
  ChatRabbitmqForward *forward = user_data;

  chat_timer_clear (&forward->turn);
  output_cb (NULL, forward);
  return G_SOURCE_REMOVE;
}

void
chat_rabbitmq_member_forward (ChatRabbitmqMember *self, ChatRabbitmqPublisher *publisher, GPtrArray *inputs,
                              GPtrArray *outputs, GTask *task)
{
  GError *error = NULL;
  ChatRabbitmqForward *forward;

  g_return_if_fail (CHAT_IS_RABBITMQ_MEMBER (self));

  if (!chat_subscription_begin_forward (CHAT_SUBSCRIPTION (self), &error))
    {
      g_task_return_error (task, error);
      return;
    }
  self->broken = FALSE;
  if (!take_inputs (self, inputs))
    {
      forward_abort (self, task);
      return;
    }
  for (guint i = 0; i < outputs->len; i++)
    if (!chat_rabbitmq_publisher_check (g_ptr_array_index (outputs, i), &error))
      {
        chat_subscription_end_forward (CHAT_SUBSCRIPTION (self));
        g_task_return_error (task, error);
        return;
      }
  forward = g_new0 (ChatRabbitmqForward, 1);
  forward->member = g_object_ref (self);
  forward->task = g_object_ref (task);
  forward->publisher = publisher;
  chat_rabbitmq_publisher_hold (publisher);
  forward->waiting = outputs->len + 1;
  for (guint i = 0; i < outputs->len; i++)
    chat_rabbitmq_publisher_publish (publisher, g_ptr_array_index (outputs, i), output_cb, forward);
  forward->turn = chat_timer_new (0, turn_cb, forward);
}
