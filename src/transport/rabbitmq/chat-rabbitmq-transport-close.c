/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/chat-timer.h"
#include "transport/rabbitmq/chat-rabbitmq-transport-private.h"

/* How long a close waits for what is in flight, and then for the broker to take leave. */
#define CLOSE_MS 3000

GError *
chat_rabbitmq_transport_closed_error (void)
{
  return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED, _ ("The connection was closed"));
}

/* Flush; take leave; answer. */

void
chat_rabbitmq_transport_finish_close (ChatRabbitmqTransport *self)
{
  g_autoptr (ChatRabbitmqTransport) hold = g_object_ref (self);
  g_autoptr (GPtrArray) closers = g_steal_pointer (&self->closers);

  self->closers = g_ptr_array_new_with_free_func (g_object_unref);
  chat_timer_clear (&self->guard);
  self->lost_publishes += chat_rabbitmq_transport_drop_session (self);
  self->finished = TRUE;
  g_ptr_array_set_size (self->subscriptions, 0);
  chat_rabbitmq_transport_set_state (self, CHAT_TRANSPORT_OFFLINE);
  for (guint i = 0; i < closers->len; i++)
    {
      GTask *task = g_ptr_array_index (closers, i);

      if (self->lost_publishes > 0)
        g_task_return_new_error (task, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                 ngettext ("%u record could not be confirmed by the broker",
                                           "%u records could not be confirmed by the broker", self->lost_publishes),
                                 self->lost_publishes);
      else
        g_task_return_boolean (task, TRUE);
    }
}

static gboolean
guard_cb (gpointer user_data)
{
  chat_rabbitmq_transport_finish_close (user_data);
  return G_SOURCE_REMOVE;
}

/* All is confirmed: what was sent to the broker (acknowledgements) is heeded before it answers this. */
static void
take_leave (ChatRabbitmqTransport *self)
{
  if (self->closing_links)
    return;
  self->closing_links = TRUE;
  self->leaving = 2;
  chat_rabbitmq_link_end (self->publishing);
  chat_rabbitmq_link_end (self->consuming);
}

void
chat_rabbitmq_transport_idle (gpointer data)
{
  ChatRabbitmqTransport *self = data;

  if (self->closed && chat_rabbitmq_transport_is_connected (self))
    take_leave (self);
}

void
chat_rabbitmq_transport_begin_close (ChatRabbitmqTransport *self)
{
  g_autoptr (GPtrArray) list = chat_rabbitmq_transport_list_subscriptions (self);
  g_autoptr (GError) error = chat_rabbitmq_transport_closed_error ();

  self->closed = TRUE;
  self->wanted = FALSE;
  chat_rabbitmq_transport_stop_retrying (self);
  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
  chat_waiters_answer (self->connects, error);
  chat_waiters_answer (self->subscribes, error);
  for (guint i = 0; i < list->len; i++)
    {
      chat_rabbitmq_subscription_answer (g_ptr_array_index (list, i), error);
      chat_subscription_emit_closed (g_ptr_array_index (list, i), NULL);
    }
}

void
chat_rabbitmq_transport_close_async (ChatTransport *transport, GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  ChatRabbitmqTransport *self = CHAT_RABBITMQ_TRANSPORT (transport);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  gboolean first = !self->closed;

  g_task_set_source_tag (task, chat_rabbitmq_transport_close_async);
  g_task_set_check_cancellable (task, FALSE);
  g_ptr_array_add (self->closers, task);
  if (first)
    chat_rabbitmq_transport_begin_close (self);
  if (self->finished || !chat_rabbitmq_transport_is_connected (self))
    {
      chat_rabbitmq_transport_finish_close (self);
      return;
    }
  if (!first)
    return;
  self->guard = chat_timer_new (CLOSE_MS, guard_cb, self);
  if (chat_rabbitmq_publisher_get_pending (self->publisher) == 0)
    take_leave (self);
}
