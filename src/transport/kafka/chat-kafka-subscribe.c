/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Subscribing, and what is done with a subscription. */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "transport/kafka/chat-kafka-record.h"
#include "transport/kafka/chat-kafka-transport-private.h"

static void
failed_cb (ChatKafkaTransport *self, int code, const char *detail)
{
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    chat_kafka_transport_probe (self);
  else
    chat_kafka_transport_note_error (self, (rd_kafka_resp_err_t)code, detail);
}

static void
gone_cb (gpointer data, GObject *subscription)
{
  g_autoptr (GPtrArray) subscriptions = data;

  g_ptr_array_remove (subscriptions, subscription);
}

static void
add_subscription (ChatKafkaTransport *self, ChatKafkaSubscription *subscription)
{
  g_ptr_array_add (self->subscriptions, subscription);
  /* the array is kept as long as there is one in it */
  g_object_weak_ref (G_OBJECT (subscription), gone_cb, g_ptr_array_ref (self->subscriptions));
}

typedef struct
{
  GTask *task;
  ChatKafkaSubscription *subscription;
} Opening;

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Opening *opening = user_data;
  g_autoptr (GTask) task = opening->task;
  g_autoptr (ChatKafkaSubscription) subscription = opening->subscription;
  ChatKafkaTransport *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;

  chat_kafka_subscription_open_finish (subscription, result, &error);
  g_ptr_array_remove (self->opening, subscription);
  /* cancelled, or closed, meanwhile */
  if (!chat_waiters_take (self->calls, task))
    return;
  if (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE))
    {
      chat_waiters_add (chat_transport_base_get_subscribes (CHAT_TRANSPORT_BASE (self)), task);
      chat_kafka_transport_check (self);
    }
  else if (error != NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
    }
  else
    {
      add_subscription (self, subscription);
      chat_subscription_start (CHAT_SUBSCRIPTION (subscription), task);
      g_task_return_pointer (task, g_object_ref (subscription), g_object_unref);
    }
}

static gboolean
is_taken (GPtrArray *subscriptions, const char *id)
{
  for (guint i = 0; i < subscriptions->len; i++)
    if (g_strcmp0 (chat_kafka_subscription_get_transactional_id (g_ptr_array_index (subscriptions, i)), id) == 0)
      return TRUE;
  return FALSE;
}

/* (transfer full): PREFIX + GROUP.SLOT; a second member of one group in one process has a number behind that. */
static char *
dup_transactional_id (ChatKafkaTransport *self, const char *group)
{
  g_autofree char *name = chat_broker_options_dup_name (self->options, group);
  char *id = g_strdup_printf ("%s.%s", name, self->options->slot);

  for (guint i = 2; is_taken (self->opening, id) || is_taken (self->subscriptions, id); i++)
    {
      g_free (id);
      id = g_strdup_printf ("%s.%s.%u", name, self->options->slot, i);
    }
  return id;
}

void
chat_kafka_transport_subscribe_now (ChatKafkaTransport *self, GTask *task)
{
  const ChatWish *wish = g_task_get_task_data (task);
  g_autofree char *id = wish->start.group != NULL ? dup_transactional_id (self, wish->start.group) : NULL;
  Opening *opening = g_new (Opening, 1);

  opening->task = g_object_ref (task);
  opening->subscription = chat_kafka_subscription_new (self->options, self->worker, wish, id);
  g_signal_connect_object (opening->subscription, "failed", G_CALLBACK (failed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (opening->subscription, "troubled", G_CALLBACK (chat_kafka_transport_judge), self,
                           G_CONNECT_SWAPPED);
  g_ptr_array_add (self->opening, g_object_ref (opening->subscription));
  chat_waiters_add (self->calls, task);
  chat_kafka_subscription_open_async (opening->subscription, opened_cb, opening);
}

void
chat_kafka_transport_subscribe_async (ChatTransport *transport, const char *const *topics, const char *const *channels,
                                      const ChatStart *start, GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  ChatTransportBase *base = CHAT_TRANSPORT_BASE (transport);
  g_autoptr (GTask) task = g_task_new (base, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_kafka_transport_subscribe_async);
  g_task_set_task_data (task, chat_wish_new (topics, channels, start), (GDestroyNotify)chat_wish_free);
  if (g_task_return_error_if_cancelled (task) || !chat_transport_base_lets_wait (base, task))
    return;
  if (chat_transport_base_is_connected (base))
    chat_kafka_transport_subscribe_now (CHAT_KAFKA_TRANSPORT (base), task);
  else
    chat_waiters_add (chat_transport_base_get_subscribes (base), task);
}

void
chat_kafka_transport_seek_async (ChatTransport *transport, ChatSubscription *subscription, const ChatStart *start,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatKafkaTransport *self = CHAT_KAFKA_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error;

  g_task_set_source_tag (task, chat_kafka_transport_seek_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  g_task_set_check_cancellable (task, FALSE);
  error = chat_transport_base_dup_obstacle (CHAT_TRANSPORT_BASE (self));
  if (error == NULL && chat_kafka_subscription_has_group (CHAT_KAFKA_SUBSCRIPTION (subscription)))
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                                 _ ("A member of a group can't seek: it begins at what the group has acknowledged"));
  if (error != NULL)
    g_task_return_error (task, error);
  else
    chat_kafka_subscription_seek (CHAT_KAFKA_SUBSCRIPTION (subscription), start, task);
}

static GError *
check_forward (ChatKafkaTransport *self, ChatSubscription *subscription, GPtrArray *outputs)
{
  GError *error = chat_transport_base_dup_obstacle (CHAT_TRANSPORT_BASE (self));

  if (error == NULL && !chat_kafka_subscription_has_group (CHAT_KAFKA_SUBSCRIPTION (subscription)))
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                                 _ ("Only a member of a group can forward: this subscription has none"));
  for (guint i = 0; i < outputs->len && error == NULL; i++)
    chat_kafka_record_check (self->options, g_ptr_array_index (outputs, i), &error);
  return error;
}

void
chat_kafka_transport_forward_async (ChatTransport *transport, ChatSubscription *subscription, GPtrArray *inputs,
                                    GPtrArray *outputs, GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  ChatKafkaTransport *self = CHAT_KAFKA_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error;

  g_task_set_source_tag (task, chat_kafka_transport_forward_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  g_task_set_check_cancellable (task, FALSE);
  error = check_forward (self, subscription, outputs);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    chat_kafka_subscription_forward (CHAT_KAFKA_SUBSCRIPTION (subscription), inputs, outputs, task);
}
