/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/chat-timer.h"
#include "transport/websocket/chat-websocket-transport-private.h"

/* How long a close waits for what is in flight. */
#define CLOSE_MS 3000

static void chat_websocket_transport_iface_init (ChatTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatWebsocketTransport, chat_websocket_transport, CHAT_TYPE_TRANSPORT_BASE,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_TRANSPORT, chat_websocket_transport_iface_init))

#define BASE(self) CHAT_TRANSPORT_BASE (self)

enum
{
  PROP_SILENCE = 1,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

/* Publishing */

static void
send_publishes (ChatWebsocketTransport *self)
{
  while (chat_transport_base_is_connected (BASE (self)) && self->socket != NULL)
    {
      g_autofree char *text = chat_live_publishes_send (self->publishes, self->last_ref + 1);

      if (text == NULL)
        return;
      self->last_ref++;
      chat_live_socket_send (self->socket, text);
    }
}

/* All that is not confirmed: it may have arrived or not. */
static guint
fail_publishes (ChatWebsocketTransport *self)
{
  g_autoptr (GError) error
      = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("There is no connection to %s"), self->uri);

  return chat_live_publishes_fail (self->publishes, error);
}

static void
drop_socket (ChatWebsocketTransport *self)
{
  if (self->socket != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->socket, self);
      chat_live_socket_close (self->socket);
    }
  g_clear_object (&self->socket);
  chat_websocket_transport_forget_requests (self);
}

static void
finish_close (ChatWebsocketTransport *self)
{
  chat_timer_clear (&self->guard);
  drop_socket (self);
  chat_transport_base_add_unconfirmed (BASE (self), fail_publishes (self));
  chat_transport_base_finish_close (BASE (self));
}

/* Ends a publish, and with it perhaps the wait of a close. */
static void
confirm (ChatWebsocketTransport *self, gint64 ref, GError *error)
{
  if (!chat_live_publishes_confirm (self->publishes, ref, error))
    return;
  send_publishes (self);
  if (self->guard != NULL && chat_live_publishes_is_empty (self->publishes))
    finish_close (self);
}

/* The socket */

/* The end of a connection, or of the try to make one. */
static void
lost (ChatWebsocketTransport *self, const char *reason)
{
  drop_socket (self);
  if (chat_transport_base_is_closing (BASE (self)))
    {
      finish_close (self);
      return;
    }
  chat_transport_base_retry_later (BASE (self), reason, 0);
  fail_publishes (self);
}

/* Trying again can't help: the owner must bring another token. */
static void
denied (ChatWebsocketTransport *self, const char *reason)
{
  g_autoptr (GError) error = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED, reason);

  drop_socket (self);
  chat_transport_base_deny (BASE (self), error);
  fail_publishes (self);
  chat_websocket_transport_end_subscriptions (self, error);
}

void
chat_websocket_transport_pause (ChatWebsocketTransport *self)
{
  drop_socket (self);
  chat_transport_base_connecting (BASE (self), _ ("too much is waiting to be read"));
  fail_publishes (self);
}

static void
socket_closed_cb (ChatWebsocketTransport *self, gboolean refused, const char *reason)
{
  g_autoptr (ChatWebsocketTransport) hold = g_object_ref (self);

  if (refused)
    denied (self, reason);
  else
    lost (self, reason);
}

void
chat_websocket_transport_resumed (ChatWebsocketTransport *self)
{
  chat_websocket_transport_request_waiting (self);
  chat_transport_base_set_online (BASE (self));
  send_publishes (self);
}

static void
socket_opened_cb (ChatWebsocketTransport *self)
{
  if (!chat_websocket_transport_resume_all (self))
    chat_websocket_transport_resumed (self);
}

static void
take_problem (ChatWebsocketTransport *self, const ChatLiveFrame *frame)
{
  ChatTransportError code = CHAT_TRANSPORT_ERROR_REJECTED;
  g_autoptr (GError) error = NULL;

  if (frame->status == SOUP_STATUS_UNAUTHORIZED || frame->status == SOUP_STATUS_FORBIDDEN)
    code = CHAT_TRANSPORT_ERROR_DENIED;
  else if (frame->status == 429 || frame->status >= 500)
    code = CHAT_TRANSPORT_ERROR_FULL;
  else if (frame->status == SOUP_STATUS_GONE)
    code = CHAT_TRANSPORT_ERROR_LOST;
  error = g_error_new_literal (CHAT_TRANSPORT_ERROR, (gint)code,
                               frame->detail != NULL ? frame->detail : _ ("The service refused it without a word"));
  if (!chat_websocket_transport_take_problem (self, frame, error))
    confirm (self, frame->ref, g_steal_pointer (&error));
}

static void
socket_frame_cb (ChatWebsocketTransport *self, GBytes *bytes)
{
  g_autoptr (ChatWebsocketTransport) hold = g_object_ref (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatLiveFrame) frame = chat_live_frame_parse (bytes, &error);

  if (frame == NULL)
    {
      g_autofree char *reason = g_strdup_printf (_ ("the service sent what can't be read: %s"), error->message);

      lost (self, reason);
      return;
    }
  switch (frame->op)
    {
    case CHAT_LIVE_SUBSCRIBED:
      chat_websocket_transport_take_subscribed (self, frame);
      break;
    case CHAT_LIVE_RECORDS:
      chat_websocket_transport_take_records (self, frame);
      break;
    case CHAT_LIVE_FEED:
      chat_websocket_transport_take_feed (self, frame, bytes);
      break;
    case CHAT_LIVE_ACCEPTED:
      confirm (self, frame->ref, NULL);
      break;
    case CHAT_LIVE_PROBLEM:
      take_problem (self, frame);
      break;
    case CHAT_LIVE_UNSUBSCRIBED:
    case CHAT_LIVE_PONG:
    case CHAT_LIVE_OTHER:
    default:
      break;
    }
}

void
chat_websocket_transport_open (ChatWebsocketTransport *self)
{
  if (self->socket != NULL || chat_transport_base_is_closing (BASE (self)) || chat_websocket_transport_is_full (self))
    return;
  self->socket = chat_live_socket_new (self->session, self->uri, self->token, self->silence_ms);
  g_signal_connect_object (self->socket, "opened", G_CALLBACK (socket_opened_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->socket, "frame", G_CALLBACK (socket_frame_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->socket, "closed", G_CALLBACK (socket_closed_cb), self, G_CONNECT_SWAPPED);
  chat_live_socket_open (self->socket);
  chat_transport_base_connecting (BASE (self), NULL);
}

/* ChatTransportBase */

static void
chat_websocket_transport_open_base (ChatTransportBase *base)
{
  chat_websocket_transport_open (CHAT_WEBSOCKET_TRANSPORT (base));
}

static gboolean
guard_cb (gpointer user_data)
{
  finish_close (user_data);
  return G_SOURCE_REMOVE;
}

static void
chat_websocket_transport_close (ChatTransportBase *base)
{
  ChatWebsocketTransport *self = CHAT_WEBSOCKET_TRANSPORT (base);

  if (chat_transport_base_is_connected (base) && !chat_live_publishes_is_empty (self->publishes))
    self->guard = chat_timer_new (CLOSE_MS, guard_cb, self);
  chat_websocket_transport_forget_requests (self);
  chat_websocket_transport_end_subscriptions (self, NULL);
  if (self->guard == NULL)
    finish_close (self);
}

/* ChatTransport */

static const char *
chat_websocket_transport_get_name (ChatTransport *transport)
{
  return "websocket";
}

static ChatTransportFeatures
chat_websocket_transport_get_features (ChatTransport *transport)
{
  return CHAT_TRANSPORT_RESUMABLE;
}

static void
chat_websocket_transport_publish_async (ChatTransport *transport, ChatRecord *record, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data)
{
  ChatWebsocketTransport *self = CHAT_WEBSOCKET_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;
  GBytes *text;

  g_task_set_source_tag (task, chat_websocket_transport_publish_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  error = chat_transport_base_dup_obstacle (BASE (self));
  text = error == NULL ? chat_live_frame_publish (record, &error) : NULL;
  if (text == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_task_set_task_data (task, text, (GDestroyNotify)g_bytes_unref);
  chat_live_publishes_push (self->publishes, task);
  send_publishes (self);
}

static void
chat_websocket_transport_iface_init (ChatTransportInterface *iface)
{
  iface->get_name = chat_websocket_transport_get_name;
  iface->get_features = chat_websocket_transport_get_features;
  iface->subscribe_async = chat_websocket_transport_subscribe_async;
  iface->publish_async = chat_websocket_transport_publish_async;
}

/* Overrides */

static void
chat_websocket_transport_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_SILENCE)
    g_value_set_uint (value, CHAT_WEBSOCKET_TRANSPORT (object)->silence_ms);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
chat_websocket_transport_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_SILENCE)
    CHAT_WEBSOCKET_TRANSPORT (object)->silence_ms = g_value_get_uint (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

/* No call is under way, or it would hold a reference. */
static void
chat_websocket_transport_dispose (GObject *object)
{
  ChatWebsocketTransport *self = CHAT_WEBSOCKET_TRANSPORT (object);

  chat_timer_clear (&self->guard);
  drop_socket (self);
  chat_websocket_transport_end_subscriptions (self, NULL);
  G_OBJECT_CLASS (chat_websocket_transport_parent_class)->dispose (object);
}

static void
chat_websocket_transport_finalize (GObject *object)
{
  ChatWebsocketTransport *self = CHAT_WEBSOCKET_TRANSPORT (object);

  g_clear_object (&self->session);
  g_hash_table_unref (self->asked);
  g_hash_table_unref (self->resuming);
  g_hash_table_unref (self->readers);
  chat_live_publishes_free (self->publishes);
  g_ptr_array_unref (self->subscriptions);
  g_free (self->uri);
  g_free (self->token);
  G_OBJECT_CLASS (chat_websocket_transport_parent_class)->finalize (object);
}

static void
chat_websocket_transport_class_init (ChatWebsocketTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ChatTransportBaseClass *base_class = CHAT_TRANSPORT_BASE_CLASS (klass);

  object_class->get_property = chat_websocket_transport_get_property;
  object_class->set_property = chat_websocket_transport_set_property;
  object_class->dispose = chat_websocket_transport_dispose;
  object_class->finalize = chat_websocket_transport_finalize;
  base_class->open = chat_websocket_transport_open_base;
  base_class->close = chat_websocket_transport_close;

  properties[PROP_SILENCE] = g_param_spec_uint ("silence", NULL, NULL, 10, G_MAXINT, CHAT_WEBSOCKET_SILENCE_MS,
                                                G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
chat_websocket_transport_init (ChatWebsocketTransport *self)
{
  self->asked = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_object_unref);
  self->resuming = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->readers = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->publishes = chat_live_publishes_new ();
  self->subscriptions = g_ptr_array_new ();
}

ChatTransport *
chat_websocket_transport_new_full (SoupSession *session, const char *uri, const char *token, guint silence_ms)
{
  ChatWebsocketTransport *self;

  g_return_val_if_fail (SOUP_IS_SESSION (session), NULL);
  g_return_val_if_fail (uri != NULL, NULL);

  self = g_object_new (CHAT_TYPE_WEBSOCKET_TRANSPORT, "silence", silence_ms, NULL);
  self->session = g_object_ref (session);
  self->uri = g_strdup (uri);
  self->token = g_strdup (token);
  chat_transport_base_set_title (BASE (self), uri);
  return CHAT_TRANSPORT (self);
}

ChatTransport *
chat_websocket_transport_new (SoupSession *session, const char *uri, const char *token)
{
  return chat_websocket_transport_new_full (session, uri, token, CHAT_WEBSOCKET_SILENCE_MS);
}

void
chat_websocket_transport_reconnect_now (ChatWebsocketTransport *self)
{
  g_return_if_fail (CHAT_IS_WEBSOCKET_TRANSPORT (self));

  if (chat_transport_base_is_retrying (BASE (self)))
    chat_websocket_transport_open (self);
}
