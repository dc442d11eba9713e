/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-timer.h"
#include "transport/rabbitmq/chat-rabbitmq-transport-private.h"

/* How long a close waits for what is in flight, and then for the broker to take leave. */
#define CLOSE_MS 3000

/* Flush; take leave; answer. */

void
chat_rabbitmq_transport_finish_close (ChatRabbitmqTransport *self)
{
  ChatTransportBase *base = CHAT_TRANSPORT_BASE (self);

  chat_timer_clear (&self->guard);
  chat_transport_base_add_unconfirmed (base, chat_rabbitmq_transport_drop_session (self));
  g_ptr_array_set_size (self->subscriptions, 0);
  chat_transport_base_finish_close (base);
}

static gboolean
guard_cb (gpointer user_data)
{
  chat_rabbitmq_transport_finish_close (user_data);
  return G_SOURCE_REMOVE;
}

/* All is confirmed: what is sent to the broker before this (acknowledgements, some of which the subscriptions may have
 * held back) is heeded before it answers. */
static void
take_leave (ChatRabbitmqTransport *self)
{
  g_autoptr (GPtrArray) list = chat_rabbitmq_transport_list_subscriptions (self);

  if (self->closing_links)
    return;
  self->closing_links = TRUE;
  for (guint i = 0; i < list->len; i++)
    chat_rabbitmq_subscription_detach (g_ptr_array_index (list, i));
  self->leaving = 2;
  chat_rabbitmq_link_end (self->publishing);
  chat_rabbitmq_link_end (self->consuming);
}

void
chat_rabbitmq_transport_idle (gpointer data)
{
  ChatRabbitmqTransport *self = data;

  if (chat_transport_base_is_closing (CHAT_TRANSPORT_BASE (self)) && chat_rabbitmq_transport_is_connected (self))
    take_leave (self);
}

void
chat_rabbitmq_transport_let_go (ChatRabbitmqTransport *self, const GError *error)
{
  g_autoptr (GPtrArray) list = chat_rabbitmq_transport_list_subscriptions (self);

  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
  for (guint i = 0; i < list->len; i++)
    {
      if (error != NULL)
        chat_rabbitmq_subscription_answer (g_ptr_array_index (list, i), error);
      chat_subscription_emit_closed (g_ptr_array_index (list, i), NULL);
    }
}

void
chat_rabbitmq_transport_close (ChatTransportBase *base)
{
  ChatRabbitmqTransport *self = CHAT_RABBITMQ_TRANSPORT (base);
  g_autoptr (GError) error = chat_transport_base_dup_obstacle (base);

  chat_rabbitmq_transport_let_go (self, error);
  if (!chat_rabbitmq_transport_is_connected (self))
    {
      chat_rabbitmq_transport_finish_close (self);
      return;
    }
  self->guard = chat_timer_new (CLOSE_MS, guard_cb, self);
  if (chat_rabbitmq_publisher_is_idle (self->publisher))
    take_leave (self);
}
