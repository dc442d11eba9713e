/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/chat-timer.h"
#include "transport/rabbitmq/chat-rabbitmq-transport-private.h"

/* Between tries to be let in again by a broker that refuses us: it may count them. */
#define PATIENCE_FIRST_MS 2000
#define PATIENCE_LONGEST_MS 30000

static void chat_rabbitmq_transport_iface_init (ChatTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatRabbitmqTransport, chat_rabbitmq_transport, CHAT_TYPE_TRANSPORT_BASE,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_TRANSPORT, chat_rabbitmq_transport_iface_init))

/* ChatTransportBase */

static void
chat_rabbitmq_transport_open (ChatTransportBase *base)
{
  ChatRabbitmqTransport *self = CHAT_RABBITMQ_TRANSPORT (base);

  if (self->opening == NULL && !chat_rabbitmq_transport_is_connected (self))
    chat_rabbitmq_transport_open_session (self);
}

/* ChatTransport */

static const char *
chat_rabbitmq_transport_get_name (ChatTransport *transport)
{
  return "rabbitmq";
}

static ChatTransportFeatures
chat_rabbitmq_transport_get_features (ChatTransport *transport)
{
  ChatTransportFeatures features = CHAT_TRANSPORT_GROUPS;

  if (CHAT_RABBITMQ_TRANSPORT (transport)->has_streams)
    features |= CHAT_TRANSPORT_RESUMABLE | CHAT_TRANSPORT_SEEKABLE | CHAT_TRANSPORT_EARLIEST;
  return features;
}

static void
chat_rabbitmq_transport_subscribe_async (ChatTransport *transport, const char *const *topics,
                                         const char *const *channels, const ChatStart *start, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data)
{
  ChatRabbitmqTransport *self = CHAT_RABBITMQ_TRANSPORT (transport);
  ChatTransportBase *base = CHAT_TRANSPORT_BASE (self);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  gpointer subscription;

  g_task_set_source_tag (task, chat_rabbitmq_transport_subscribe_async);
  if (g_task_return_error_if_cancelled (task) || !chat_transport_base_lets_wait (base, task))
    return;
  if (start->kind == CHAT_START_GROUP)
    subscription = chat_rabbitmq_member_new (self->options, topics, start->group);
  else
    subscription = chat_rabbitmq_reader_new (topics, channels, start);
  g_task_set_task_data (task, subscription, g_object_unref);
  if (chat_transport_base_is_connected (base))
    chat_rabbitmq_transport_begin_subscribe (self, task);
  else
    chat_waiters_add (chat_transport_base_get_subscribes (base), task);
}

static void
published_cb (const GError *error, gpointer data)
{
  g_autoptr (GTask) task = data;
  ChatRabbitmqTransport *self = g_task_get_source_object (task);

  chat_rabbitmq_transport_note_published (self, chat_record_get_topic (g_task_get_task_data (task)), error);
  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
chat_rabbitmq_transport_publish_async (ChatTransport *transport, ChatRecord *record, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data)
{
  ChatRabbitmqTransport *self = CHAT_RABBITMQ_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, chat_rabbitmq_transport_publish_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  error = chat_transport_base_dup_obstacle (CHAT_TRANSPORT_BASE (self));
  if (error != NULL || !chat_rabbitmq_publisher_check (record, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  g_task_set_task_data (task, chat_record_ref (record), (GDestroyNotify)chat_record_unref);
  chat_rabbitmq_publisher_publish (self->publisher, record, published_cb, g_steal_pointer (&task));
}

static void
chat_rabbitmq_transport_forward_async (ChatTransport *transport, ChatSubscription *subscription, GPtrArray *inputs,
                                       GPtrArray *outputs, GCancellable *cancellable, GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  ChatRabbitmqTransport *self = CHAT_RABBITMQ_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_rabbitmq_transport_forward_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  g_task_set_check_cancellable (task, FALSE);
  if (!CHAT_IS_RABBITMQ_MEMBER (subscription))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             _ ("Only what a group was delivered can be forwarded"));
  else if (chat_transport_base_is_closing (CHAT_TRANSPORT_BASE (self)))
    g_task_return_error (task, chat_transport_base_dup_obstacle (CHAT_TRANSPORT_BASE (self)));
  else
    chat_rabbitmq_member_forward (CHAT_RABBITMQ_MEMBER (subscription), self->publisher, inputs, outputs, task);
}

static void
chat_rabbitmq_transport_seek_async (ChatTransport *transport, ChatSubscription *subscription, const ChatStart *start,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (transport, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_rabbitmq_transport_seek_async);
  if (!CHAT_IS_RABBITMQ_READER (subscription))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             _ ("A member of a group can't be moved: the group goes where it stands"));
  else if (!g_task_return_error_if_cancelled (task))
    chat_rabbitmq_reader_seek (CHAT_RABBITMQ_READER (subscription), start, task);
}

static void
chat_rabbitmq_transport_iface_init (ChatTransportInterface *iface)
{
  iface->get_name = chat_rabbitmq_transport_get_name;
  iface->get_features = chat_rabbitmq_transport_get_features;
  iface->subscribe_async = chat_rabbitmq_transport_subscribe_async;
  iface->publish_async = chat_rabbitmq_transport_publish_async;
  iface->forward_async = chat_rabbitmq_transport_forward_async;
  iface->seek_async = chat_rabbitmq_transport_seek_async;
}

/* Overrides */

static void
chat_rabbitmq_transport_dispose (GObject *object)
{
  ChatRabbitmqTransport *self = CHAT_RABBITMQ_TRANSPORT (object);

  chat_rabbitmq_transport_let_go (self, NULL);
  chat_timer_clear (&self->guard);
  chat_timer_clear (&self->pardon);
  if (self->publishing != NULL)
    chat_rabbitmq_transport_drop_session (self);
  g_ptr_array_set_size (self->subscriptions, 0);
  g_clear_object (&self->admin);
  G_OBJECT_CLASS (chat_rabbitmq_transport_parent_class)->dispose (object);
}

static void
chat_rabbitmq_transport_finalize (GObject *object)
{
  ChatRabbitmqTransport *self = CHAT_RABBITMQ_TRANSPORT (object);

  chat_rabbitmq_publisher_free (self->publisher);
  g_hash_table_unref (self->refused);
  g_ptr_array_unref (self->subscriptions);
  chat_broker_options_free (self->options);
  g_free (self->address);
  g_free (self->blocked);
  G_OBJECT_CLASS (chat_rabbitmq_transport_parent_class)->finalize (object);
}

static void
chat_rabbitmq_transport_class_init (ChatRabbitmqTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = chat_rabbitmq_transport_dispose;
  object_class->finalize = chat_rabbitmq_transport_finalize;
  CHAT_TRANSPORT_BASE_CLASS (klass)->open = chat_rabbitmq_transport_open;
  CHAT_TRANSPORT_BASE_CLASS (klass)->close = chat_rabbitmq_transport_close;
}

static void
chat_rabbitmq_transport_init (ChatRabbitmqTransport *self)
{
  self->subscriptions = g_ptr_array_new ();
  self->refused = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->patience = (ChatBackoff){ PATIENCE_FIRST_MS, PATIENCE_LONGEST_MS, 0 };
  self->has_streams = TRUE;
}

ChatTransport *
chat_rabbitmq_transport_new_full (const ChatBrokerOptions *options, guint heartbeat_s)
{
  g_autofree char *title = NULL;
  ChatRabbitmqTransport *self;

  g_return_val_if_fail (options != NULL && options->kind == CHAT_BROKER_RABBITMQ, NULL);

  self = g_object_new (CHAT_TYPE_RABBITMQ_TRANSPORT, NULL);
  self->options = chat_broker_options_copy (options);
  self->heartbeat_s = heartbeat_s;
  self->admin = chat_rabbitmq_admin_new (options, heartbeat_s);
  self->publisher = chat_rabbitmq_publisher_new (options, chat_rabbitmq_transport_idle, self);
  title = chat_broker_options_dup_title (options);
  chat_transport_base_set_title (CHAT_TRANSPORT_BASE (self), title);
  return CHAT_TRANSPORT (self);
}

ChatTransport *
chat_rabbitmq_transport_new (const ChatBrokerOptions *options)
{
  return chat_rabbitmq_transport_new_full (options, CHAT_RABBITMQ_HEARTBEAT_S);
}
