/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/chat-timer.h"
#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-transport-private.h"

#define BASE(self) CHAT_TRANSPORT_BASE (self)

/* Subscriptions */

static void
gone_cb (ChatRabbitmqSubscription *subscription, ChatRabbitmqTransport *self)
{
  if (g_ptr_array_remove (self->subscriptions, subscription))
    chat_rabbitmq_transport_judge (self);
}

static void
troubled_cb (ChatRabbitmqSubscription *subscription, ChatRabbitmqTransport *self)
{
  chat_rabbitmq_transport_judge (self);
}

GPtrArray *
chat_rabbitmq_transport_list_subscriptions (ChatRabbitmqTransport *self)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->subscriptions->len; i++)
    g_ptr_array_add (list, g_object_ref (g_ptr_array_index (self->subscriptions, i)));
  return list;
}

static void
attach (ChatRabbitmqTransport *self, ChatRabbitmqSubscription *subscription)
{
  const ChatRabbitmqSite site = { self->consuming, self->publishing, self->admin };

  chat_rabbitmq_subscription_attach (subscription, &site);
}

void
chat_rabbitmq_transport_begin_subscribe (ChatRabbitmqTransport *self, GTask *task)
{
  ChatRabbitmqSubscription *subscription = g_task_get_task_data (task);

  if (g_task_return_error_if_cancelled (task))
    return;
  g_ptr_array_add (self->subscriptions, subscription);
  g_signal_connect_object (subscription, "gone", G_CALLBACK (gone_cb), self, 0);
  g_signal_connect_object (subscription, "troubled", G_CALLBACK (troubled_cb), self, 0);
  chat_rabbitmq_subscription_set_task (subscription, task);
  attach (self, subscription);
}

static void
begin_subscribes (ChatRabbitmqTransport *self)
{
  g_autoptr (GPtrArray) tasks = chat_waiters_take_all (chat_transport_base_get_subscribes (BASE (self)));

  for (guint i = 0; i < tasks->len; i++)
    chat_rabbitmq_transport_begin_subscribe (self, g_ptr_array_index (tasks, i));
}

/* The session */

/* The readers first: a forward in flight is undone, not merely unconfirmed, for its inputs come again. */
guint
chat_rabbitmq_transport_drop_session (ChatRabbitmqTransport *self)
{
  g_autoptr (GPtrArray) list = chat_rabbitmq_transport_list_subscriptions (self);
  /* from here on we are not connected: who is told of something judges by that */
  g_autoptr (ChatRabbitmqLink) publishing = g_steal_pointer (&self->publishing);
  g_autoptr (ChatRabbitmqLink) consuming = g_steal_pointer (&self->consuming);

  g_clear_pointer (&self->blocked, g_free);
  for (guint i = 0; i < list->len; i++)
    chat_rabbitmq_subscription_detach (g_ptr_array_index (list, i));
  return chat_rabbitmq_publisher_detach (self->publisher);
}

/* The end of a connection, or of the try to make one. */
static void
lost (ChatRabbitmqTransport *self, const char *reason)
{
  g_autoptr (ChatRabbitmqTransport) hold = g_object_ref (self);

  if (chat_transport_base_is_closing (BASE (self)))
    {
      chat_rabbitmq_transport_finish_close (self);
      return;
    }
  chat_transport_base_retry_later (BASE (self), reason, 0);
  chat_rabbitmq_transport_drop_session (self);
}

/* Trying again can't help: somebody must change something first. Where it was good once that may be the broker's side:
 * then it is tried again, and what was subscribed to goes on where it stood. */
static void
denied (ChatRabbitmqTransport *self, const GError *error)
{
  g_autoptr (ChatRabbitmqTransport) hold = g_object_ref (self);
  g_autoptr (GPtrArray) list = NULL;

  if (self->was_online)
    {
      self->next_address++;
      chat_transport_base_retry_later (BASE (self), error->message, chat_backoff_next (&self->patience));
      return;
    }
  list = chat_rabbitmq_transport_list_subscriptions (self);
  g_ptr_array_set_size (self->subscriptions, 0);
  chat_transport_base_deny (BASE (self), error);
  for (guint i = 0; i < list->len; i++)
    {
      ChatRabbitmqSubscription *subscription = g_ptr_array_index (list, i);

      chat_rabbitmq_subscription_answer (subscription, error);
      chat_subscription_emit_closed (CHAT_SUBSCRIPTION (subscription), error);
    }
}

static void
blocked_cb (gpointer data, const char *reason)
{
  ChatRabbitmqTransport *self = data;

  g_free (self->blocked);
  self->blocked = reason != NULL ? g_strdup_printf (_ ("it has no memory or no disk left (%s)"), reason) : NULL;
  chat_rabbitmq_publisher_set_blocked (self->publisher, self->blocked);
  chat_rabbitmq_transport_judge (self);
}

/* The consuming connection publishes nothing, so it is never held up. */
static void
ignore_blocked_cb (gpointer data, const char *reason)
{
}

static void
link_closed_cb (gpointer data, const GError *error)
{
  ChatRabbitmqTransport *self = data;

  if (self->closing_links)
    {
      if (--self->leaving == 0)
        chat_rabbitmq_transport_finish_close (self);
      return;
    }
  lost (self, error != NULL ? error->message : _ ("the broker closed the connection"));
}

static const ChatRabbitmqLinkFuncs publishing_funcs = { blocked_cb, link_closed_cb };
static const ChatRabbitmqLinkFuncs consuming_funcs = { ignore_blocked_cb, link_closed_cb };

static void
set_address (ChatRabbitmqTransport *self, const ChatRabbitmqSession *session)
{
  g_autofree char *title = g_strdup_printf (_ ("%s at %s"), "RabbitMQ", session->address), *remark = NULL;

  g_free (self->address);
  self->address = g_strdup (session->address);
  self->has_streams = session->has_streams;
  if (!self->has_streams)
    remark
        = g_strdup_printf (_ ("Connected to RabbitMQ at %s, without streams: what comes while nobody reads it stays in "
                              "the history alone"),
                           self->address);
  chat_transport_base_set_title (BASE (self), title);
  chat_transport_base_set_remark (BASE (self), remark);
}

static void
begin_session (ChatRabbitmqTransport *self, ChatRabbitmqSession *session)
{
  g_autoptr (ChatRabbitmqTransport) hold = g_object_ref (self);
  g_autoptr (GPtrArray) list = chat_rabbitmq_transport_list_subscriptions (self);
  gint64 budget_us = MAX (self->options->budget_us, 100);

  set_address (self, session);
  self->publishing
      = chat_rabbitmq_link_new (g_steal_pointer (&session->publishing), budget_us, &publishing_funcs, self);
  chat_rabbitmq_link_set_shards (self->publishing, self->options->shards);
  self->consuming = chat_rabbitmq_link_new (g_steal_pointer (&session->consuming), budget_us, &consuming_funcs, self);
  chat_rabbitmq_publisher_attach (self->publisher, self->publishing, self->admin);
  self->was_online = TRUE;
  chat_backoff_reset (&self->patience);
  for (guint i = 0; i < list->len; i++)
    attach (self, g_ptr_array_index (list, i));
  chat_rabbitmq_transport_judge (self);
  chat_transport_base_set_online (BASE (self));
  begin_subscribes (self);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GWeakRef *weak = user_data;
  g_autoptr (ChatRabbitmqTransport) self = g_weak_ref_get (weak);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatRabbitmqSession) session
      = chat_rabbitmq_admin_open_finish (CHAT_RABBITMQ_ADMIN (source), result, &error);

  g_weak_ref_clear (weak);
  g_free (weak);
  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || chat_transport_base_is_closing (BASE (self)))
    return;
  g_clear_object (&self->opening);
  if (session != NULL)
    {
      begin_session (self, session);
    }
  else if (chat_rabbitmq_is_denied (error))
    {
      denied (self, error);
    }
  else
    {
      /* the next round begins with another node */
      self->next_address++;
      lost (self, error->message);
    }
}

void
chat_rabbitmq_transport_open_session (ChatRabbitmqTransport *self)
{
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, self);
  self->opening = g_cancellable_new ();
  /* a broker that does not answer must not keep us */
  chat_rabbitmq_admin_open_async (self->admin, self->next_address, self->opening, opened_cb, weak);
  chat_transport_base_connecting (BASE (self), NULL);
}
