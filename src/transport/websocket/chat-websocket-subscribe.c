/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Subscribing, and what comes for subscriptions. */
#include "transport/websocket/chat-websocket-transport-private.h"

static void
unsubscribe (ChatWebsocketTransport *self, gint64 ref)
{
  g_autofree char *text = g_strdup_printf ("{\"op\":\"unsubscribe\",\"ref\":%" G_GINT64_FORMAT "}", ref);

  if (self->socket != NULL)
    chat_live_socket_send (self->socket, text);
}

/* Sends the request of @subscription. */
static gint64
request (ChatWebsocketTransport *self, ChatWebsocketSubscription *subscription)
{
  gint64 ref = ++self->last_ref;
  g_autofree char *text = chat_websocket_subscription_dup_request (subscription, ref);

  chat_live_socket_send (self->socket, text);
  return ref;
}

static void
request_new (ChatWebsocketTransport *self, GTask *task)
{
  gint64 ref = request (self, g_task_get_task_data (task));

  g_hash_table_insert (self->asked, g_memdup2 (&ref, sizeof ref), g_object_ref (task));
}

void
chat_websocket_transport_request_waiting (ChatWebsocketTransport *self)
{
  g_autoptr (GPtrArray) tasks = chat_waiters_list (chat_transport_base_get_subscribes (CHAT_TRANSPORT_BASE (self)));

  for (guint i = 0; i < tasks->len; i++)
    request_new (self, g_ptr_array_index (tasks, i));
}

gboolean
chat_websocket_transport_resume_all (ChatWebsocketTransport *self)
{
  for (guint i = 0; i < self->subscriptions->len; i++)
    {
      ChatWebsocketSubscription *subscription = g_ptr_array_index (self->subscriptions, i);
      gint64 ref = request (self, subscription);

      g_hash_table_insert (self->resuming, g_memdup2 (&ref, sizeof ref), subscription);
    }
  return self->subscriptions->len > 0;
}

void
chat_websocket_transport_forget_requests (ChatWebsocketTransport *self)
{
  g_hash_table_remove_all (self->asked);
  g_hash_table_remove_all (self->resuming);
  g_hash_table_remove_all (self->readers);
}

void
chat_websocket_transport_end_subscriptions (ChatWebsocketTransport *self, const GError *error)
{
  g_autoptr (GPtrArray) subscriptions = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->subscriptions->len; i++)
    g_ptr_array_add (subscriptions, g_object_ref (g_ptr_array_index (self->subscriptions, i)));
  g_ptr_array_set_size (self->subscriptions, 0);
  for (guint i = 0; i < subscriptions->len; i++)
    chat_subscription_emit_closed (g_ptr_array_index (subscriptions, i), error);
}

/* One less is waited for after a break; @ref: that was waited for. */
static void
end_resuming (ChatWebsocketTransport *self, gint64 ref)
{
  if (g_hash_table_remove (self->resuming, &ref) && g_hash_table_size (self->resuming) == 0)
    chat_websocket_transport_resumed (self);
}

/* Its owner has let it go. */
static void
gone_cb (ChatWebsocketSubscription *subscription, ChatWebsocketTransport *self)
{
  g_autoptr (ChatWebsocketTransport) hold = g_object_ref (self);
  gint64 ref = chat_websocket_subscription_get_ref (subscription);

  if (!g_ptr_array_remove (self->subscriptions, subscription))
    return;
  if (g_hash_table_remove (self->readers, &ref) || g_hash_table_contains (self->resuming, &ref))
    unsubscribe (self, ref);
  end_resuming (self, ref);
  /* it may be the one that did not read */
  if (chat_websocket_subscription_is_full (subscription))
    chat_websocket_transport_open (self);
}

static void
drained_cb (ChatWebsocketSubscription *subscription, ChatWebsocketTransport *self)
{
  chat_websocket_transport_open (self);
}

static void
put_in_place (ChatWebsocketTransport *self, gint64 ref, ChatWebsocketSubscription *subscription, GTask *task)
{
  g_ptr_array_add (self->subscriptions, subscription);
  g_hash_table_insert (self->readers, g_memdup2 (&ref, sizeof ref), subscription);
  g_signal_connect_object (subscription, "gone", G_CALLBACK (gone_cb), self, 0);
  g_signal_connect_object (subscription, "drained", G_CALLBACK (drained_cb), self, 0);
  chat_subscription_start (CHAT_SUBSCRIPTION (subscription), task);
  g_task_return_pointer (task, g_object_ref (subscription), g_object_unref);
}

/* (transfer full) (nullable): the subscribe that was sent under @ref, where it was not cancelled meanwhile. */
static GTask *
take_asked (ChatWebsocketTransport *self, gint64 ref)
{
  ChatWaiters *subscribes = chat_transport_base_get_subscribes (CHAT_TRANSPORT_BASE (self));
  g_autofree gint64 *key = NULL;
  g_autoptr (GTask) task = NULL;

  if (!g_hash_table_steal_extended (self->asked, &ref, (gpointer *)&key, (gpointer *)&task)
      || !chat_waiters_take (subscribes, task))
    return NULL;
  return g_steal_pointer (&task);
}

void
chat_websocket_transport_take_subscribed (ChatWebsocketTransport *self, const ChatLiveFrame *frame)
{
  ChatWebsocketSubscription *resuming = g_hash_table_lookup (self->resuming, &frame->ref);
  g_autoptr (GTask) task = take_asked (self, frame->ref);
  gint64 ref = frame->ref;
  GError *error = NULL;

  if (resuming != NULL)
    {
      chat_websocket_subscription_take_heads (resuming, frame->heads, NULL);
      g_hash_table_insert (self->readers, g_memdup2 (&ref, sizeof ref), resuming);
      end_resuming (self, ref);
    }
  else if (task == NULL)
    {
      /* nobody waits for it any more */
      if (!g_hash_table_contains (self->readers, &ref))
        unsubscribe (self, ref);
    }
  else if (chat_websocket_subscription_take_heads (g_task_get_task_data (task), frame->heads, &error))
    {
      put_in_place (self, ref, g_task_get_task_data (task), task);
    }
  else
    {
      unsubscribe (self, ref);
      g_task_return_error (task, error);
    }
}

gboolean
chat_websocket_transport_take_problem (ChatWebsocketTransport *self, const ChatLiveFrame *frame, const GError *error)
{
  ChatWebsocketSubscription *resuming = g_hash_table_lookup (self->resuming, &frame->ref);
  gboolean asked = g_hash_table_contains (self->asked, &frame->ref);
  g_autoptr (GTask) task = take_asked (self, frame->ref);

  if (task != NULL)
    {
      g_task_return_error (task, g_error_copy (error));
    }
  else if (resuming != NULL)
    {
      g_ptr_array_remove (self->subscriptions, resuming);
      chat_subscription_emit_closed (CHAT_SUBSCRIPTION (resuming), error);
      end_resuming (self, frame->ref);
    }
  return asked || resuming != NULL;
}

gboolean
chat_websocket_transport_is_full (ChatWebsocketTransport *self)
{
  for (guint i = 0; i < self->subscriptions->len; i++)
    if (chat_websocket_subscription_is_full (g_ptr_array_index (self->subscriptions, i)))
      return TRUE;
  return FALSE;
}

/* It may come yet for one that has just been let go. */

void
chat_websocket_transport_take_records (ChatWebsocketTransport *self, ChatLiveFrame *frame)
{
  ChatWebsocketSubscription *subscription = g_hash_table_lookup (self->readers, &frame->ref);

  if (subscription == NULL)
    return;
  chat_websocket_subscription_take_records (subscription, frame);
  if (chat_websocket_subscription_is_full (subscription))
    chat_websocket_transport_pause (self);
}

void
chat_websocket_transport_take_feed (ChatWebsocketTransport *self, const ChatLiveFrame *frame, GBytes *bytes)
{
  ChatWebsocketSubscription *subscription = g_hash_table_lookup (self->readers, &frame->ref);

  if (subscription == NULL)
    return;
  chat_websocket_subscription_take_feed (subscription, frame->topic, bytes);
  if (chat_websocket_subscription_is_full (subscription))
    chat_websocket_transport_pause (self);
}

void
chat_websocket_transport_subscribe_async (ChatTransport *transport, const char *const *topics,
                                          const char *const *channels, const ChatStart *start,
                                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatWebsocketTransport *self = CHAT_WEBSOCKET_TRANSPORT (transport);
  ChatTransportBase *base = CHAT_TRANSPORT_BASE (self);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_websocket_transport_subscribe_async);
  if (g_task_return_error_if_cancelled (task) || !chat_transport_base_lets_wait (base, task))
    return;
  g_task_set_task_data (task, chat_websocket_subscription_new (topics, channels, start), g_object_unref);
  chat_waiters_add (chat_transport_base_get_subscribes (base), task);
  if (chat_transport_base_is_connected (base))
    request_new (self, task);
}
