/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-transport.h"

/*
 * Checked wrappers: what an implementation lacks, or an argument that no implementation could serve, is answered here,
 * through the callback. Whoever answers does so with a GTask of the transport's, so one finish does for all.
 */

G_DEFINE_INTERFACE (ChatTransport, chat_transport, G_TYPE_OBJECT)

GType
chat_transport_state_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    {
      static const GEnumValue values[] = {
        { CHAT_TRANSPORT_OFFLINE, "CHAT_TRANSPORT_OFFLINE", "offline" },
        { CHAT_TRANSPORT_CONNECTING, "CHAT_TRANSPORT_CONNECTING", "connecting" },
        { CHAT_TRANSPORT_ONLINE, "CHAT_TRANSPORT_ONLINE", "online" },
        { CHAT_TRANSPORT_DEGRADED, "CHAT_TRANSPORT_DEGRADED", "degraded" },
        { 0, NULL, NULL },
      };

      g_once_init_leave (&type, g_enum_register_static (g_intern_static_string ("ChatTransportState"), values));
    }
  return type;
}

GType
chat_transport_features_get_type (void)
{
  static gsize type = 0;

  if (g_once_init_enter (&type))
    {
      static const GFlagsValue values[] = {
        { CHAT_TRANSPORT_RESUMABLE, "CHAT_TRANSPORT_RESUMABLE", "resumable" },
        { CHAT_TRANSPORT_SEEKABLE, "CHAT_TRANSPORT_SEEKABLE", "seekable" },
        { CHAT_TRANSPORT_GROUPS, "CHAT_TRANSPORT_GROUPS", "groups" },
        { CHAT_TRANSPORT_ATOMIC_FORWARD, "CHAT_TRANSPORT_ATOMIC_FORWARD", "atomic-forward" },
        { CHAT_TRANSPORT_EARLIEST, "CHAT_TRANSPORT_EARLIEST", "earliest" },
        { CHAT_TRANSPORT_LISTABLE, "CHAT_TRANSPORT_LISTABLE", "listable" },
        { 0, NULL, NULL },
      };

      g_once_init_leave (&type, g_flags_register_static (g_intern_static_string ("ChatTransportFeatures"), values));
    }
  return type;
}

static void
chat_transport_default_init (ChatTransportInterface *iface)
{
  g_object_interface_install_property (iface, g_param_spec_enum ("state", NULL, NULL, CHAT_TYPE_TRANSPORT_STATE,
                                                                 CHAT_TRANSPORT_OFFLINE,
                                                                 G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  g_object_interface_install_property (iface, g_param_spec_string ("status", NULL, NULL, "",
                                                                   G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

/* Answers; the error is only made where there is one to make. */
static void
refuse (ChatTransport *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data, gpointer tag,
        GError *error)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_return_error (task, error);
}

static GError *
not_supported (ChatTransport *self, const char *what)
{
  return g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "The %s transport can't %s", chat_transport_get_name (self),
                      what);
}

/* Whether this transport can begin at @start, and whether @start says enough; otherwise why not. */
static gboolean
check_start (ChatTransport *self, const ChatStart *start, GError **error)
{
  static const struct
  {
    ChatTransportFeatures needs;
    const char *what;
  } kinds[] = {
    [CHAT_START_LIVE] = { 0, "follow live records" },
    [CHAT_START_EARLIEST] = { CHAT_TRANSPORT_EARLIEST, "start at the earliest record" },
    [CHAT_START_POSITION] = { CHAT_TRANSPORT_RESUMABLE, "start at a position" },
    [CHAT_START_TIME] = { CHAT_TRANSPORT_SEEKABLE, "start at a time" },
    [CHAT_START_GROUP] = { CHAT_TRANSPORT_GROUPS, "join a group" },
  };

  if (start->kind >= G_N_ELEMENTS (kinds))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "There is no kind of start %d", (int)start->kind);
      return FALSE;
    }
  if ((chat_transport_get_features (self) & kinds[start->kind].needs) != kinds[start->kind].needs)
    {
      g_propagate_error (error, not_supported (self, kinds[start->kind].what));
      return FALSE;
    }
  if ((start->kind == CHAT_START_POSITION && start->position == NULL)
      || (start->kind == CHAT_START_GROUP && (start->group == NULL || *start->group == '\0')))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "To %s, say which", kinds[start->kind].what);
      return FALSE;
    }
  return TRUE;
}

const char *
chat_transport_get_name (ChatTransport *self)
{
  ChatTransportInterface *iface = CHAT_TRANSPORT_GET_IFACE (self);

  g_return_val_if_fail (CHAT_IS_TRANSPORT (self), NULL);
  return iface->get_name != NULL ? iface->get_name (self) : G_OBJECT_TYPE_NAME (self);
}

ChatTransportFeatures
chat_transport_get_features (ChatTransport *self)
{
  ChatTransportInterface *iface = CHAT_TRANSPORT_GET_IFACE (self);

  g_return_val_if_fail (CHAT_IS_TRANSPORT (self), 0);
  return iface->get_features != NULL ? iface->get_features (self) : 0;
}

ChatTransportState
chat_transport_get_state (ChatTransport *self)
{
  ChatTransportState state;

  g_return_val_if_fail (CHAT_IS_TRANSPORT (self), CHAT_TRANSPORT_OFFLINE);
  g_object_get (self, "state", &state, NULL);
  return state;
}

char *
chat_transport_dup_status (ChatTransport *self)
{
  char *status;

  g_return_val_if_fail (CHAT_IS_TRANSPORT (self), NULL);
  g_object_get (self, "status", &status, NULL);
  return status;
}

void
chat_transport_connect_async (ChatTransport *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  ChatTransportInterface *iface = CHAT_TRANSPORT_GET_IFACE (self);

  g_return_if_fail (CHAT_IS_TRANSPORT (self));

  if (iface->connect_async == NULL)
    refuse (self, cancellable, callback, user_data, chat_transport_connect_async, not_supported (self, "connect"));
  else
    iface->connect_async (self, cancellable, callback, user_data);
}

gboolean
chat_transport_connect_finish (ChatTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
chat_transport_close_async (ChatTransport *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  ChatTransportInterface *iface = CHAT_TRANSPORT_GET_IFACE (self);

  g_return_if_fail (CHAT_IS_TRANSPORT (self));

  if (iface->close_async == NULL)
    refuse (self, cancellable, callback, user_data, chat_transport_close_async, not_supported (self, "close"));
  else
    iface->close_async (self, cancellable, callback, user_data);
}

gboolean
chat_transport_close_finish (ChatTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
chat_transport_subscribe_async (ChatTransport *self, const char *const *topics, const char *const *channels,
                                const ChatStart *start, GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data)
{
  ChatTransportInterface *iface = CHAT_TRANSPORT_GET_IFACE (self);
  GError *error = NULL;

  g_return_if_fail (CHAT_IS_TRANSPORT (self));
  g_return_if_fail (start != NULL);

  if (iface->subscribe_async == NULL)
    error = not_supported (self, "subscribe");
  else if (topics == NULL || topics[0] == NULL)
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "A subscription needs a topic");
  else if (start->kind == CHAT_START_GROUP && channels != NULL)
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "A group can't filter by channel");
  else
    check_start (self, start, &error);

  if (error != NULL)
    refuse (self, cancellable, callback, user_data, chat_transport_subscribe_async, error);
  else
    iface->subscribe_async (self, topics, channels, start, cancellable, callback, user_data);
}

ChatSubscription *
chat_transport_subscribe_finish (ChatTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
chat_transport_publish_async (ChatTransport *self, ChatRecord *record, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  ChatTransportInterface *iface = CHAT_TRANSPORT_GET_IFACE (self);

  g_return_if_fail (CHAT_IS_TRANSPORT (self));
  g_return_if_fail (record != NULL);

  if (iface->publish_async == NULL)
    refuse (self, cancellable, callback, user_data, chat_transport_publish_async, not_supported (self, "publish"));
  else
    iface->publish_async (self, record, cancellable, callback, user_data);
}

gboolean
chat_transport_publish_finish (ChatTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
chat_transport_forward_async (ChatTransport *self, ChatSubscription *subscription, GPtrArray *inputs,
                              GPtrArray *outputs, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  ChatTransportInterface *iface = CHAT_TRANSPORT_GET_IFACE (self);

  g_return_if_fail (CHAT_IS_TRANSPORT (self));
  g_return_if_fail (CHAT_IS_SUBSCRIPTION (subscription));
  g_return_if_fail (inputs != NULL && outputs != NULL);

  if (iface->forward_async == NULL || (chat_transport_get_features (self) & CHAT_TRANSPORT_GROUPS) == 0)
    refuse (self, cancellable, callback, user_data, chat_transport_forward_async, not_supported (self, "forward"));
  else
    iface->forward_async (self, subscription, inputs, outputs, cancellable, callback, user_data);
}

gboolean
chat_transport_forward_finish (ChatTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
chat_transport_seek_async (ChatTransport *self, ChatSubscription *subscription, const ChatStart *start,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatTransportInterface *iface = CHAT_TRANSPORT_GET_IFACE (self);
  GError *error = NULL;

  g_return_if_fail (CHAT_IS_TRANSPORT (self));
  g_return_if_fail (CHAT_IS_SUBSCRIPTION (subscription));
  g_return_if_fail (start != NULL);

  if (iface->seek_async == NULL || (chat_transport_get_features (self) & CHAT_TRANSPORT_SEEKABLE) == 0)
    error = not_supported (self, "seek");
  else if (start->kind == CHAT_START_GROUP)
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                                 "A subscription can't be moved into a group: subscribe with it");
  else
    check_start (self, start, &error);

  if (error != NULL)
    refuse (self, cancellable, callback, user_data, chat_transport_seek_async, error);
  else
    iface->seek_async (self, subscription, start, cancellable, callback, user_data);
}

gboolean
chat_transport_seek_finish (ChatTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
chat_transport_list_topics_async (ChatTransport *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  ChatTransportInterface *iface = CHAT_TRANSPORT_GET_IFACE (self);

  g_return_if_fail (CHAT_IS_TRANSPORT (self));

  if (iface->list_topics_async == NULL || (chat_transport_get_features (self) & CHAT_TRANSPORT_LISTABLE) == 0)
    refuse (self, cancellable, callback, user_data, chat_transport_list_topics_async,
            not_supported (self, "list topics"));
  else
    iface->list_topics_async (self, cancellable, callback, user_data);
}

char **
chat_transport_list_topics_finish (ChatTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
