/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-control-feed.h"

#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "core/chat-timer.h"
#include "core/chat-uuid.h"
#include "transport/chat-backoff.h"

#define KEY "control"
#define REFRESH_MS (60 * 1000)

struct _ChatControlFeed
{
  GObject parent_instance;

  /* Borrowed */
  ChatSigner *signer;

  /* Owned */
  ChatTransport *transport;
  ChatSubscription *subscription;
  GCancellable *cancellable;
  GQueue announcements; /* of ChatRecord; the first is on its way or waits for the next try */
  ChatBackoff backoff;
  GSource *retry;
  GSource *refresh;
  gboolean publishing, stopped;
};

static void service_iface_init (ChatServiceInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatControlFeed, chat_control_feed, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_SERVICE, service_iface_init))

enum
{
  RECEIVED,
  REFRESH,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* Records */

static ChatMessage *
message_new (ChatMessageKind kind, const char *target, const char *user, const char *data)
{
  ChatMessage *message = chat_message_new (kind);
  g_autofree char *id = chat_uuid_v7 ();

  chat_message_set_id (message, id);
  chat_message_set_target (message, target != NULL ? target : id); /* blocks must have one */
  chat_message_set_user (message, user);
  chat_message_set_data (message, data);
  chat_message_set_timestamp (message, chat_time_now ());
  return message;
}

static ChatRecord *
record_new (ChatSigner *signer, const char *topic, const char *key, const ChatMessage *message)
{
  g_autoptr (GBytes) bytes = chat_message_encode (message);
  g_autofree char *signature = chat_signer_sign (signer, message);
  ChatRecord *record = chat_record_new (topic, key, bytes);

  chat_record_set_header (record, CHAT_SIGNATURE_HEADER, signature);
  return record;
}

ChatRecord *
chat_control_record_new (ChatSigner *signer, ChatMessageKind kind, const char *target, const char *user,
                         const char *data)
{
  g_autoptr (ChatMessage) message = message_new (kind, target, user, data);

  return record_new (signer, CHAT_TOPIC_CONTROL, KEY, message);
}

/* Announcing */

static void publish_next (ChatControlFeed *self);

static gboolean
retry_cb (gpointer user_data)
{
  ChatControlFeed *self = user_data;

  g_clear_pointer (&self->retry, g_source_unref);
  publish_next (self);
  return G_SOURCE_REMOVE;
}

static void
published_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatControlFeed) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean is_done = chat_transport_publish_finish (CHAT_TRANSPORT (source), result, &error);

  self->publishing = FALSE;
  if (self->stopped)
    return;
  if (!is_done && !g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED))
    {
      self->retry = chat_timer_new (chat_backoff_next (&self->backoff), retry_cb, self);
      return;
    }
  chat_backoff_reset (&self->backoff);
  chat_record_unref (g_queue_pop_head (&self->announcements));
  publish_next (self);
}

static void
publish_next (ChatControlFeed *self)
{
  if (self->publishing || self->retry != NULL || self->stopped || g_queue_is_empty (&self->announcements))
    return;
  self->publishing = TRUE;
  chat_transport_publish_async (self->transport, g_queue_peek_head (&self->announcements), NULL, published_cb,
                                g_object_ref (self));
}

/* @record: (transfer full) */
static void
announce (ChatControlFeed *self, ChatRecord *record)
{
  g_queue_push_tail (&self->announcements, record);
  publish_next (self);
}

void
chat_control_feed_announce (ChatControlFeed *self, ChatMessageKind kind, const char *target, const char *user,
                            const char *data)
{
  g_return_if_fail (CHAT_IS_CONTROL_FEED (self));

  announce (self, chat_control_record_new (self->signer, kind, target, user, data));
}

void
chat_control_feed_announce_block (ChatControlFeed *self, const char *user, gboolean blocked, const char *record_id)
{
  ChatMessageKind kind = blocked ? CHAT_KIND_BLOCK : CHAT_KIND_UNBLOCK;

  g_return_if_fail (CHAT_IS_CONTROL_FEED (self));
  g_return_if_fail (user != NULL);

  g_autoptr (ChatMessage) notice = message_new (kind, record_id, user, NULL);
  announce (self, chat_control_record_new (self->signer, kind, record_id, user, NULL));
  announce (self, record_new (self->signer, CHAT_TOPIC_WARNINGS, user, notice));
}

static void
told_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  chat_transport_publish_finish (CHAT_TRANSPORT (source), result, NULL); /* they see it when they list their channels */
}

void
chat_control_feed_tell_mark (ChatControlFeed *self, const char *session, const char *user, const char *channel)
{
  g_return_if_fail (CHAT_IS_CONTROL_FEED (self));

  g_autoptr (ChatMessage) message = message_new (CHAT_KIND_CONTROL, session, user, CHAT_CONTROL_MARK);
  chat_message_set_channel (message, channel);
  g_autoptr (ChatRecord) record = record_new (self->signer, CHAT_TOPIC_CONTROL, KEY, message);
  chat_transport_publish_async (self->transport, record, NULL, told_cb, NULL);
}

/* Receiving */

static void
receive (ChatControlFeed *self, const ChatRecord *record)
{
  gsize size;
  const void *data = g_bytes_get_data (chat_record_get_bytes (record), &size);
  g_autoptr (ChatMessage) message = chat_message_decode (data, size, NULL);

  if (message != NULL
      && chat_signer_verify (self->signer, message, chat_record_get_header (record, CHAT_SIGNATURE_HEADER)))
    g_signal_emit (self, signals[RECEIVED], 0, message);
}

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, ChatControlFeed *self)
{
  for (guint i = 0; i < batch->len; i++)
    receive (self, g_ptr_array_index (batch, i));
}

static void
emit_refresh (ChatControlFeed *self)
{
  if (!self->stopped)
    g_signal_emit (self, signals[REFRESH], 0);
}

static void
gap_cb (ChatSubscription *subscription, const char *topic, const char *shard, gint64 from, gint64 to,
        ChatControlFeed *self)
{
  emit_refresh (self);
}

static void
state_cb (ChatTransport *transport, GParamSpec *property, ChatControlFeed *self)
{
  if (self->subscription != NULL && chat_transport_get_state (transport) == CHAT_TRANSPORT_ONLINE)
    emit_refresh (self);
}

static gboolean
refresh_cb (gpointer user_data)
{
  emit_refresh (user_data);
  return G_SOURCE_CONTINUE;
}

static void
closed_cb (ChatSubscription *subscription, const GError *error, ChatControlFeed *self)
{
  if (error != NULL && !self->stopped)
    chat_service_emit_failed (CHAT_SERVICE (self), error);
}

/* ChatService */

static const char *
chat_control_feed_get_name (ChatService *service)
{
  return "control";
}

static void
subscribe_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatControlFeed *self = g_task_get_source_object (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;
  g_autoptr (ChatSubscription) subscription = chat_transport_subscribe_finish (CHAT_TRANSPORT (source), result, &error);

  /* it cancels the start, and not what comes after */
  if (cancellable != NULL)
    g_signal_handlers_disconnect_by_func (cancellable, g_cancellable_cancel, self->cancellable);
  if (subscription != NULL && self->stopped)
    g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Stopped while it started");
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  self->subscription = g_steal_pointer (&subscription);
  chat_subscription_set_priority (self->subscription, G_PRIORITY_DEFAULT);
  g_signal_connect_object (self->subscription, "records", G_CALLBACK (records_cb), self, 0);
  g_signal_connect_object (self->subscription, "gap", G_CALLBACK (gap_cb), self, 0);
  g_signal_connect_object (self->subscription, "closed", G_CALLBACK (closed_cb), self, 0);
  g_signal_connect_object (self->transport, "notify::state", G_CALLBACK (state_cb), self, 0);
  self->refresh = chat_timer_new (REFRESH_MS, refresh_cb, self);
  g_task_return_boolean (task, TRUE);
}

static void
chat_control_feed_start_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  ChatControlFeed *self = CHAT_CONTROL_FEED (service);
  const char *const topics[] = { CHAT_TOPIC_CONTROL, NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_control_feed_start_async);
  if (cancellable != NULL)
    g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (g_cancellable_cancel), self->cancellable,
                             G_CONNECT_SWAPPED);
  chat_transport_subscribe_async (self->transport, topics, NULL, &live, self->cancellable, subscribe_cb, task);
}

static void
close_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  chat_subscription_close_finish (CHAT_SUBSCRIPTION (source), result, NULL);
  g_task_return_boolean (task, TRUE);
}

static void
chat_control_feed_stop_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  ChatControlFeed *self = CHAT_CONTROL_FEED (service);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_control_feed_stop_async);
  self->stopped = TRUE;
  chat_timer_clear (&self->retry);
  chat_timer_clear (&self->refresh);
  g_cancellable_cancel (self->cancellable);
  if (self->subscription != NULL)
    chat_subscription_close_async (self->subscription, NULL, close_cb, g_steal_pointer (&task));
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
chat_control_feed_finish (ChatService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
service_iface_init (ChatServiceInterface *iface)
{
  iface->get_name = chat_control_feed_get_name;
  iface->start_async = chat_control_feed_start_async;
  iface->start_finish = chat_control_feed_finish;
  iface->stop_async = chat_control_feed_stop_async;
  iface->stop_finish = chat_control_feed_finish;
}

/* GObject */

static void
chat_control_feed_finalize (GObject *object)
{
  ChatControlFeed *self = CHAT_CONTROL_FEED (object);

  chat_timer_clear (&self->retry);
  chat_timer_clear (&self->refresh);
  g_queue_clear_full (&self->announcements, (GDestroyNotify)chat_record_unref);
  g_clear_object (&self->subscription);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->transport);
  G_OBJECT_CLASS (chat_control_feed_parent_class)->finalize (object);
}

static void
chat_control_feed_class_init (ChatControlFeedClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_control_feed_finalize;
  signals[RECEIVED] = g_signal_new ("received", CHAT_TYPE_CONTROL_FEED, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                    G_TYPE_NONE, 1, CHAT_TYPE_MESSAGE);
  signals[REFRESH]
      = g_signal_new ("refresh", CHAT_TYPE_CONTROL_FEED, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
chat_control_feed_init (ChatControlFeed *self)
{
  const ChatBackoff backoff = CHAT_BACKOFF_INIT;

  self->backoff = backoff;
  self->cancellable = g_cancellable_new ();
  g_queue_init (&self->announcements);
}

ChatControlFeed *
chat_control_feed_new (ChatTransport *transport, ChatSigner *signer)
{
  g_return_val_if_fail (CHAT_IS_TRANSPORT (transport), NULL);
  g_return_val_if_fail (signer != NULL, NULL);

  ChatControlFeed *self = g_object_new (CHAT_TYPE_CONTROL_FEED, NULL);
  self->transport = g_object_ref (transport);
  self->signer = signer;
  return self;
}
