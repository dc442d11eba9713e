/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/websocket/chat-websocket-transport.h"

#include <glib/gi18n-lib.h>

#include "transport/chat-backoff.h"
#include "transport/chat-waiters.h"
#include "transport/websocket/chat-live-frame.h"
#include "transport/websocket/chat-live-publishes.h"
#include "transport/websocket/chat-live-socket.h"
#include "transport/websocket/chat-websocket-subscription.h"

/* How long a close waits for what is in flight. */
#define CLOSE_MS 3000
/* A connection that lasted so long was a good one: the next break begins with short waits again. */
#define GOOD_US G_USEC_PER_SEC

struct _ChatWebsocketTransport
{
  GObject parent_instance;

  /* Owned */
  SoupSession *session;
  char *uri;
  char *token;            /* nullable */
  ChatLiveSocket *socket; /* nullable: also while it connects */
  ChatWaiters *connects;
  ChatWaiters *subscribes; /* each with its subscription: not asked for yet */
  GHashTable *asked;       /* ref → GTask: asked for, not in place yet */
  GHashTable *resuming;    /* ref → ChatWebsocketSubscription (borrowed): in place before the break */
  GHashTable *readers;     /* ref → ChatWebsocketSubscription (borrowed): in place */
  ChatLivePublishes *publishes;
  GPtrArray *closers; /* GTask */
  char *reason;       /* nullable: why the last connection ended */
  char *status;

  /* Borrowed */
  GPtrArray *subscriptions; /* ChatWebsocketSubscription: all that were in place */

  ChatTransportState state;
  ChatBackoff backoff;
  gint64 last_ref;
  gint64 retry_at;     /* monotonic, µs */
  gint64 online_since; /* monotonic, µs */
  guint retry_source, tick_source, close_source;
  guint silence_ms;
  guint lost_publishes; /* that a close could not flush */
  gboolean wanted;      /* between connect and close */
  gboolean closed;
};

static void chat_websocket_transport_iface_init (ChatTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatWebsocketTransport, chat_websocket_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_TRANSPORT, chat_websocket_transport_iface_init))

enum
{
  PROP_SILENCE = 1,
  N_PROPS,
  /* of the interface */
  PROP_STATE = N_PROPS,
  PROP_STATUS,
};

static GParamSpec *properties[N_PROPS];

static void open_socket (ChatWebsocketTransport *self);
static void finish_close (ChatWebsocketTransport *self);

/* State and status */

/* (transfer full) */
static char *
describe (ChatWebsocketTransport *self)
{
  gint64 seconds = (self->retry_at - g_get_monotonic_time () + G_USEC_PER_SEC / 2) / G_USEC_PER_SEC;

  if (self->state == CHAT_TRANSPORT_ONLINE)
    return g_strdup_printf (_ ("Connected to %s"), self->uri);
  if (self->state == CHAT_TRANSPORT_OFFLINE)
    return g_strdup (self->reason != NULL ? self->reason : _ ("Not connected"));
  if (self->retry_source != 0 && seconds > 0)
    /* Translators: seconds, and why: "Reconnecting in 4 s: Connection refused" */
    return g_strdup_printf (_ ("Reconnecting in %d s: %s"), (int)seconds, self->reason);
  if (self->reason != NULL)
    return g_strdup_printf (_ ("Reconnecting: %s"), self->reason);
  return g_strdup_printf (_ ("Connecting to %s"), self->uri);
}

static void
update_status (ChatWebsocketTransport *self)
{
  g_autofree char *status = describe (self);

  if (g_strcmp0 (self->status, status) == 0)
    return;
  g_free (self->status);
  self->status = g_steal_pointer (&status);
  g_object_notify (G_OBJECT (self), "status");
}

static void
set_state (ChatWebsocketTransport *self, ChatTransportState state)
{
  gboolean changed = self->state != state;

  self->state = state;
  update_status (self);
  if (changed)
    g_object_notify (G_OBJECT (self), "state");
}

static void
set_reason (ChatWebsocketTransport *self, const char *reason)
{
  if (reason == self->reason)
    return;
  g_free (self->reason);
  self->reason = g_strdup (reason);
}

static gboolean
tick_cb (gpointer user_data)
{
  update_status (user_data);
  return G_SOURCE_CONTINUE;
}

static void
stop_retrying (ChatWebsocketTransport *self)
{
  g_clear_handle_id (&self->retry_source, g_source_remove);
  g_clear_handle_id (&self->tick_source, g_source_remove);
}

static GError *
closed_error (void)
{
  return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED, _ ("The connection was closed"));
}

static GError *
offline_error (ChatWebsocketTransport *self)
{
  return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("There is no connection to %s"),
                      self->uri);
}

/* Publishing */

static void
send_publishes (ChatWebsocketTransport *self)
{
  while (self->state == CHAT_TRANSPORT_ONLINE)
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
  g_autoptr (GError) error = offline_error (self);

  return chat_live_publishes_fail (self->publishes, error);
}

/* Ends a publish, and with it perhaps the wait of a close. */
static void
confirm (ChatWebsocketTransport *self, gint64 ref, GError *error)
{
  if (!chat_live_publishes_confirm (self->publishes, ref, error))
    return;
  send_publishes (self);
  if (self->closed && chat_live_publishes_is_empty (self->publishes))
    finish_close (self);
}

static GError *
problem_error (const ChatLiveFrame *frame)
{
  ChatTransportError code = CHAT_TRANSPORT_ERROR_REJECTED;

  if (frame->status == SOUP_STATUS_UNAUTHORIZED || frame->status == SOUP_STATUS_FORBIDDEN)
    code = CHAT_TRANSPORT_ERROR_DENIED;
  else if (frame->status == 429 || frame->status >= 500)
    code = CHAT_TRANSPORT_ERROR_FULL;
  else if (frame->status == SOUP_STATUS_GONE)
    code = CHAT_TRANSPORT_ERROR_LOST;
  return g_error_new_literal (CHAT_TRANSPORT_ERROR, (gint)code,
                              frame->detail != NULL ? frame->detail : _ ("The service refused it without a word"));
}

/* Subscribing */

static void
gone_cb (ChatWebsocketSubscription *subscription, ChatWebsocketTransport *self)
{
  gint64 ref = chat_websocket_subscription_get_ref (subscription);

  g_ptr_array_remove (self->subscriptions, subscription);
  g_hash_table_remove (self->resuming, &ref);
  if (g_hash_table_remove (self->readers, &ref) && self->state == CHAT_TRANSPORT_ONLINE)
    {
      g_autofree char *text = g_strdup_printf ("{\"op\":\"unsubscribe\",\"ref\":%" G_GINT64_FORMAT "}", ref);

      chat_live_socket_send (self->socket, text);
    }
}

static void
drained_cb (ChatWebsocketSubscription *subscription, ChatWebsocketTransport *self)
{
  if (self->wanted && self->socket == NULL && self->retry_source == 0)
    open_socket (self);
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
request_waiting (ChatWebsocketTransport *self)
{
  g_autoptr (GPtrArray) tasks = chat_waiters_take_all (self->subscribes);

  for (guint i = 0; i < tasks->len; i++)
    {
      GTask *task = g_ptr_array_index (tasks, i);
      gint64 ref = request (self, g_task_get_task_data (task));

      g_hash_table_insert (self->asked, g_memdup2 (&ref, sizeof ref), g_object_ref (task));
    }
}

static void
become_online (ChatWebsocketTransport *self)
{
  self->online_since = g_get_monotonic_time ();
  set_reason (self, NULL);
  set_state (self, CHAT_TRANSPORT_ONLINE);
  request_waiting (self);
  chat_waiters_answer (self->connects, NULL);
  send_publishes (self);
}

/* A reader that was in place goes on. */
static void
resumed (ChatWebsocketTransport *self, ChatWebsocketSubscription *subscription, const ChatLiveFrame *frame)
{
  gint64 ref = frame->ref;

  chat_websocket_subscription_take_heads (subscription, frame->heads, NULL);
  g_hash_table_insert (self->readers, g_memdup2 (&ref, sizeof ref), subscription);
  g_hash_table_remove (self->resuming, &ref);
  if (g_hash_table_size (self->resuming) == 0 && self->state != CHAT_TRANSPORT_ONLINE)
    become_online (self);
}

static void
subscribed (ChatWebsocketTransport *self, GTask *task, const ChatLiveFrame *frame)
{
  ChatWebsocketSubscription *subscription = g_task_get_task_data (task);
  gint64 ref = frame->ref;
  GError *error = NULL;

  if (!chat_websocket_subscription_take_heads (subscription, frame->heads, &error))
    {
      g_autofree char *text = g_strdup_printf ("{\"op\":\"unsubscribe\",\"ref\":%" G_GINT64_FORMAT "}", ref);

      chat_live_socket_send (self->socket, text);
      g_task_return_error (task, error);
      return;
    }
  g_ptr_array_add (self->subscriptions, subscription);
  g_hash_table_insert (self->readers, g_memdup2 (&ref, sizeof ref), subscription);
  g_signal_connect_object (subscription, "gone", G_CALLBACK (gone_cb), self, 0);
  g_signal_connect_object (subscription, "drained", G_CALLBACK (drained_cb), self, 0);
  chat_subscription_start (CHAT_SUBSCRIPTION (subscription), task);
  g_task_return_pointer (task, g_object_ref (subscription), g_object_unref);
}

static GTask *
take_asked (ChatWebsocketTransport *self, gint64 ref)
{
  gpointer key, task;

  if (!g_hash_table_steal_extended (self->asked, &ref, &key, &task))
    return NULL;
  g_free (key);
  return task;
}

static void
take_subscribed (ChatWebsocketTransport *self, const ChatLiveFrame *frame)
{
  ChatWebsocketSubscription *resuming = g_hash_table_lookup (self->resuming, &frame->ref);
  g_autoptr (GTask) task = take_asked (self, frame->ref);

  if (resuming != NULL)
    resumed (self, resuming, frame);
  else if (task != NULL)
    subscribed (self, task, frame);
}

static void
take_problem (ChatWebsocketTransport *self, const ChatLiveFrame *frame)
{
  ChatWebsocketSubscription *resuming = g_hash_table_lookup (self->resuming, &frame->ref);
  g_autoptr (GTask) task = take_asked (self, frame->ref);
  GError *error = problem_error (frame);

  if (task != NULL)
    {
      g_task_return_error (task, error);
    }
  else if (resuming != NULL)
    {
      g_ptr_array_remove (self->subscriptions, resuming);
      g_hash_table_remove (self->resuming, &frame->ref);
      chat_subscription_emit_closed (CHAT_SUBSCRIPTION (resuming), error);
      g_error_free (error);
      if (g_hash_table_size (self->resuming) == 0 && self->state != CHAT_TRANSPORT_ONLINE)
        become_online (self);
    }
  else
    {
      confirm (self, frame->ref, error);
    }
}

/* The socket */

/* A subscribe that was on its way when the connection broke is asked for again. */
static void
ask_again (ChatWebsocketTransport *self)
{
  GHashTableIter iter;
  gpointer task;

  g_hash_table_iter_init (&iter, self->asked);
  while (g_hash_table_iter_next (&iter, NULL, &task))
    {
      chat_waiters_add (self->subscribes, task);
      g_hash_table_iter_remove (&iter);
    }
  g_hash_table_remove_all (self->resuming);
  g_hash_table_remove_all (self->readers);
}

static void
drop_socket (ChatWebsocketTransport *self)
{
  if (self->socket == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->socket, self);
  chat_live_socket_close (self->socket);
  g_clear_object (&self->socket);
}

static gboolean
retry_cb (gpointer user_data)
{
  ChatWebsocketTransport *self = user_data;

  self->retry_source = 0;
  open_socket (self);
  return G_SOURCE_REMOVE;
}

static void
retry_later (ChatWebsocketTransport *self)
{
  guint wait_ms;

  if (self->online_since != 0 && g_get_monotonic_time () - self->online_since >= GOOD_US)
    chat_backoff_reset (&self->backoff);
  self->online_since = 0;
  wait_ms = chat_backoff_next (&self->backoff);
  self->retry_at = g_get_monotonic_time () + (gint64)wait_ms * 1000;
  self->retry_source = g_timeout_add (wait_ms, retry_cb, self);
  if (self->tick_source == 0)
    self->tick_source = g_timeout_add_seconds (1, tick_cb, self);
}

/* The end of a connection, or of the try to make one. */
static void
lost (ChatWebsocketTransport *self, const char *reason)
{
  drop_socket (self);
  ask_again (self);
  set_reason (self, reason);
  if (self->closed)
    {
      finish_close (self);
      return;
    }
  retry_later (self);
  set_state (self, CHAT_TRANSPORT_CONNECTING);
  fail_publishes (self);
}

/* Trying again can't help: the owner must bring another token. */
static void
denied (ChatWebsocketTransport *self, const char *reason)
{
  g_autoptr (GError) error = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED, reason);
  g_autoptr (GPtrArray) subscriptions = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) waiting = NULL;

  drop_socket (self);
  ask_again (self);
  self->wanted = FALSE;
  set_reason (self, reason);
  stop_retrying (self);
  set_state (self, CHAT_TRANSPORT_OFFLINE);
  for (guint i = 0; i < self->subscriptions->len; i++)
    g_ptr_array_add (subscriptions, g_object_ref (g_ptr_array_index (self->subscriptions, i)));
  g_ptr_array_set_size (self->subscriptions, 0);
  fail_publishes (self);
  chat_waiters_answer (self->connects, error);
  chat_waiters_answer (self->subscribes, error);
  for (guint i = 0; i < subscriptions->len; i++)
    chat_subscription_emit_closed (g_ptr_array_index (subscriptions, i), error);
}

static void
socket_closed_cb (ChatWebsocketTransport *self, gboolean refused, const char *reason)
{
  if (refused)
    denied (self, reason);
  else
    lost (self, reason);
}

static void
socket_opened_cb (ChatWebsocketTransport *self)
{
  stop_retrying (self);
  for (guint i = 0; i < self->subscriptions->len; i++)
    {
      ChatWebsocketSubscription *subscription = g_ptr_array_index (self->subscriptions, i);
      gint64 ref = request (self, subscription);

      g_hash_table_insert (self->resuming, g_memdup2 (&ref, sizeof ref), subscription);
    }
  if (g_hash_table_size (self->resuming) == 0)
    become_online (self);
}

static gboolean
is_full (ChatWebsocketTransport *self)
{
  for (guint i = 0; i < self->subscriptions->len; i++)
    if (chat_websocket_subscription_is_full (g_ptr_array_index (self->subscriptions, i)))
      return TRUE;
  return FALSE;
}

/* Its reader does not read: what is in flight would only grow here. It goes on from where it is when there is room. */
static void
wait_for_reader (ChatWebsocketTransport *self)
{
  drop_socket (self);
  ask_again (self);
  set_reason (self, _ ("too much is waiting to be read"));
  set_state (self, CHAT_TRANSPORT_CONNECTING);
  fail_publishes (self);
}

static void
take_records (ChatWebsocketTransport *self, ChatLiveFrame *frame)
{
  ChatWebsocketSubscription *subscription = g_hash_table_lookup (self->readers, &frame->ref);

  /* it may come yet for one that has just been let go */
  if (subscription == NULL)
    return;
  chat_websocket_subscription_take_records (subscription, frame);
  if (is_full (self))
    wait_for_reader (self);
}

static void
take_feed (ChatWebsocketTransport *self, const ChatLiveFrame *frame, GBytes *bytes)
{
  ChatWebsocketSubscription *subscription = g_hash_table_lookup (self->readers, &frame->ref);

  if (subscription == NULL)
    return;
  chat_websocket_subscription_take_feed (subscription, frame->topic, bytes);
  if (is_full (self))
    wait_for_reader (self);
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
      take_subscribed (self, frame);
      break;
    case CHAT_LIVE_RECORDS:
      take_records (self, frame);
      break;
    case CHAT_LIVE_FEED:
      take_feed (self, frame, bytes);
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

static void
open_socket (ChatWebsocketTransport *self)
{
  stop_retrying (self);
  set_state (self, CHAT_TRANSPORT_CONNECTING);
  self->socket = chat_live_socket_new (self->session, self->uri, self->token, self->silence_ms);
  g_signal_connect_object (self->socket, "opened", G_CALLBACK (socket_opened_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->socket, "frame", G_CALLBACK (socket_frame_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->socket, "closed", G_CALLBACK (socket_closed_cb), self, G_CONNECT_SWAPPED);
  chat_live_socket_open (self->socket);
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
chat_websocket_transport_connect_async (ChatTransport *transport, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data)
{
  ChatWebsocketTransport *self = CHAT_WEBSOCKET_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_websocket_transport_connect_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->closed)
    {
      g_task_return_error (task, closed_error ());
      return;
    }
  if (self->state == CHAT_TRANSPORT_ONLINE)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  self->wanted = TRUE;
  chat_waiters_add (self->connects, task);
  /* who asks while it waits for its next try does not want to wait */
  if (self->socket == NULL && !is_full (self))
    open_socket (self);
}

static gboolean
close_guard_cb (gpointer user_data)
{
  ChatWebsocketTransport *self = user_data;

  self->close_source = 0;
  finish_close (self);
  return G_SOURCE_REMOVE;
}

static void
finish_close (ChatWebsocketTransport *self)
{
  g_autoptr (ChatWebsocketTransport) hold = g_object_ref (self);
  g_autoptr (GPtrArray) closers = g_steal_pointer (&self->closers);

  self->closers = g_ptr_array_new_with_free_func (g_object_unref);
  g_clear_handle_id (&self->close_source, g_source_remove);
  drop_socket (self);
  ask_again (self);
  self->lost_publishes += fail_publishes (self);
  for (guint i = 0; i < closers->len; i++)
    {
      GTask *task = g_ptr_array_index (closers, i);

      if (self->lost_publishes > 0)
        g_task_return_new_error (task, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                 ngettext ("%u record could not be confirmed by %s",
                                           "%u records could not be confirmed by %s", self->lost_publishes),
                                 self->lost_publishes, self->uri);
      else
        g_task_return_boolean (task, TRUE);
    }
  set_state (self, CHAT_TRANSPORT_OFFLINE);
}

/* What can be told at once: nothing more comes, and nobody is let in. */
static void
begin_close (ChatWebsocketTransport *self)
{
  g_autoptr (GPtrArray) subscriptions = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = closed_error ();

  self->closed = TRUE;
  self->wanted = FALSE;
  stop_retrying (self);
  ask_again (self);
  chat_waiters_answer (self->connects, error);
  chat_waiters_answer (self->subscribes, error);
  for (guint i = 0; i < self->subscriptions->len; i++)
    g_ptr_array_add (subscriptions, g_object_ref (g_ptr_array_index (self->subscriptions, i)));
  g_ptr_array_set_size (self->subscriptions, 0);
  for (guint i = 0; i < subscriptions->len; i++)
    chat_subscription_emit_closed (g_ptr_array_index (subscriptions, i), NULL);
}

static void
chat_websocket_transport_close_async (ChatTransport *transport, GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  ChatWebsocketTransport *self = CHAT_WEBSOCKET_TRANSPORT (transport);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  gboolean first = !self->closed;

  g_task_set_source_tag (task, chat_websocket_transport_close_async);
  g_task_set_check_cancellable (task, FALSE);
  g_ptr_array_add (self->closers, task);
  if (first)
    begin_close (self);
  if (self->close_source != 0)
    return;
  if (first && self->state == CHAT_TRANSPORT_ONLINE && !chat_live_publishes_is_empty (self->publishes))
    self->close_source = g_timeout_add (CLOSE_MS, close_guard_cb, self);
  else
    finish_close (self);
}

static void
chat_websocket_transport_subscribe_async (ChatTransport *transport, const char *const *topics,
                                          const char *const *channels, const ChatStart *start,
                                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatWebsocketTransport *self = CHAT_WEBSOCKET_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_websocket_transport_subscribe_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->closed || !self->wanted)
    {
      g_task_return_error (task, self->closed ? closed_error () : offline_error (self));
      return;
    }
  g_task_set_task_data (task, chat_websocket_subscription_new (topics, channels, start), g_object_unref);
  chat_waiters_add (self->subscribes, task);
  if (self->state == CHAT_TRANSPORT_ONLINE)
    request_waiting (self);
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
  if (self->closed || self->state != CHAT_TRANSPORT_ONLINE)
    {
      g_task_return_error (task, self->closed ? closed_error () : offline_error (self));
      return;
    }
  text = chat_live_frame_publish (record, &error);
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
  iface->connect_async = chat_websocket_transport_connect_async;
  iface->close_async = chat_websocket_transport_close_async;
  iface->subscribe_async = chat_websocket_transport_subscribe_async;
  iface->publish_async = chat_websocket_transport_publish_async;
}

/* Overrides */

static void
chat_websocket_transport_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ChatWebsocketTransport *self = CHAT_WEBSOCKET_TRANSPORT (object);

  switch (id)
    {
    case PROP_SILENCE:
      g_value_set_uint (value, self->silence_ms);
      break;
    case PROP_STATE:
      g_value_set_enum (value, (gint)self->state);
      break;
    case PROP_STATUS:
      g_value_set_string (value, self->status);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
chat_websocket_transport_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_SILENCE)
    CHAT_WEBSOCKET_TRANSPORT (object)->silence_ms = g_value_get_uint (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
chat_websocket_transport_dispose (GObject *object)
{
  ChatWebsocketTransport *self = CHAT_WEBSOCKET_TRANSPORT (object);

  if (!self->closed)
    begin_close (self);
  stop_retrying (self);
  g_clear_handle_id (&self->close_source, g_source_remove);
  drop_socket (self);
  G_OBJECT_CLASS (chat_websocket_transport_parent_class)->dispose (object);
}

static void
chat_websocket_transport_finalize (GObject *object)
{
  ChatWebsocketTransport *self = CHAT_WEBSOCKET_TRANSPORT (object);

  g_clear_object (&self->session);
  chat_waiters_free (self->connects);
  chat_waiters_free (self->subscribes);
  g_hash_table_unref (self->asked);
  g_hash_table_unref (self->resuming);
  g_hash_table_unref (self->readers);
  chat_live_publishes_free (self->publishes);
  g_ptr_array_unref (self->closers);
  g_ptr_array_unref (self->subscriptions);
  g_free (self->uri);
  g_free (self->token);
  g_free (self->reason);
  g_free (self->status);
  G_OBJECT_CLASS (chat_websocket_transport_parent_class)->finalize (object);
}

static void
chat_websocket_transport_class_init (ChatWebsocketTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = chat_websocket_transport_get_property;
  object_class->set_property = chat_websocket_transport_set_property;
  object_class->dispose = chat_websocket_transport_dispose;
  object_class->finalize = chat_websocket_transport_finalize;

  properties[PROP_SILENCE] = g_param_spec_uint ("silence", NULL, NULL, 10, G_MAXINT, CHAT_WEBSOCKET_SILENCE_MS,
                                                G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_STATUS, "status");
}

static void
chat_websocket_transport_init (ChatWebsocketTransport *self)
{
  self->connects = chat_waiters_new ();
  self->subscribes = chat_waiters_new ();
  self->asked = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_object_unref);
  self->resuming = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->readers = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->publishes = chat_live_publishes_new ();
  self->closers = g_ptr_array_new_with_free_func (g_object_unref);
  self->subscriptions = g_ptr_array_new ();
  self->backoff = (ChatBackoff)CHAT_BACKOFF_INIT;
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
  update_status (self);
  return CHAT_TRANSPORT (self);
}

ChatTransport *
chat_websocket_transport_new (SoupSession *session, const char *uri, const char *token)
{
  return chat_websocket_transport_new_full (session, uri, token, CHAT_WEBSOCKET_SILENCE_MS);
}

void
chat_websocket_transport_set_token (ChatWebsocketTransport *self, const char *token)
{
  g_return_if_fail (CHAT_IS_WEBSOCKET_TRANSPORT (self));

  if (token == self->token)
    return;
  g_free (self->token);
  self->token = g_strdup (token);
}

void
chat_websocket_transport_reconnect_now (ChatWebsocketTransport *self)
{
  g_return_if_fail (CHAT_IS_WEBSOCKET_TRANSPORT (self));

  if (self->wanted && self->socket == NULL && !is_full (self))
    open_socket (self);
}
