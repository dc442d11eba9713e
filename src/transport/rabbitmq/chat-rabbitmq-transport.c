/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "transport/rabbitmq/chat-rabbitmq-transport.h"

#include <glib/gi18n-lib.h>

#include "core/chat-timer.h"
#include "transport/chat-backoff.h"
#include "transport/chat-waiters.h"
#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-member.h"
#include "transport/rabbitmq/chat-rabbitmq-reader.h"

/* How long a close waits for what is in flight, and then for the broker to take leave. */
#define CLOSE_MS 3000
/* A connection that lasted so long was a good one: the next break begins with short waits again. */
#define GOOD_US G_USEC_PER_SEC

struct _ChatRabbitmqTransport
{
  GObject parent_instance;

  /* Owned */
  ChatBrokerOptions *options;
  ChatRabbitmqAdmin *admin;
  ChatRabbitmqPublisher *publisher;
  ChatRabbitmqLink *publishing, *consuming; /* nullable: not connected */
  GCancellable *opening;                    /* nullable */
  ChatWaiters *connects;
  ChatWaiters *subscribes; /* each with its subscription: not attached yet */
  GPtrArray *closers;      /* GTask */
  GSource *retry, *tick, *guard;
  char *address; /* nullable: the node that we are connected to */
  char *reason;  /* nullable: why the last connection ended */
  char *blocked; /* nullable: what the broker lacks */
  char *status;

  /* Borrowed */
  GPtrArray *subscriptions; /* ChatRabbitmqSubscription */

  ChatTransportState state;
  ChatBackoff backoff;
  gint64 retry_at;     /* monotonic, µs */
  gint64 online_since; /* monotonic, µs */
  guint next_address, heartbeat_s;
  guint lost_publishes; /* that a close could not flush */
  guint leaving;        /* links that take leave */
  gboolean has_streams, wanted, closed, closing_links, finished;
};

static void chat_rabbitmq_transport_iface_init (ChatTransportInterface *iface);
static void open_session (ChatRabbitmqTransport *self);
static void finish_close (ChatRabbitmqTransport *self);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatRabbitmqTransport, chat_rabbitmq_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_TRANSPORT, chat_rabbitmq_transport_iface_init))

enum
{
  PROP_STATE = 1,
  PROP_STATUS,
};

/* State and status */

static const char *
find_trouble (ChatRabbitmqTransport *self)
{
  for (guint i = 0; i < self->subscriptions->len; i++)
    {
      const char *trouble = chat_rabbitmq_subscription_get_trouble (g_ptr_array_index (self->subscriptions, i));

      if (trouble != NULL)
        return trouble;
    }
  return NULL;
}

/* (transfer full) */
static char *
describe (ChatRabbitmqTransport *self)
{
  gint64 seconds = (self->retry_at - g_get_monotonic_time () + G_USEC_PER_SEC / 2) / G_USEC_PER_SEC;
  const char *trouble;

  switch (self->state)
    {
    case CHAT_TRANSPORT_ONLINE:
      return g_strdup_printf (_ ("Connected to RabbitMQ at %s"), self->address);
    case CHAT_TRANSPORT_DEGRADED:
      if (self->blocked != NULL)
        return g_strdup_printf (_ ("RabbitMQ at %s takes nothing: %s"), self->address, self->blocked);
      trouble = find_trouble (self);
      return g_strdup_printf (_ ("Something can't be read from RabbitMQ at %s: %s"), self->address,
                              trouble != NULL ? trouble : "");
    case CHAT_TRANSPORT_OFFLINE:
      return g_strdup (self->reason != NULL ? self->reason : _ ("Not connected"));
    case CHAT_TRANSPORT_CONNECTING:
    default:
      if (self->retry != NULL && seconds > 0)
        return g_strdup_printf (_ ("Reconnecting in %d s: %s"), (int)seconds, self->reason);
      if (self->reason != NULL)
        return g_strdup_printf (_ ("Reconnecting: %s"), self->reason);
      return g_strdup_printf (_ ("Connecting to RabbitMQ at %s"), self->options->addresses[0]);
    }
}

static void
update_status (ChatRabbitmqTransport *self)
{
  g_autofree char *status = describe (self);

  if (g_strcmp0 (self->status, status) == 0)
    return;
  g_free (self->status);
  self->status = g_steal_pointer (&status);
  g_object_notify (G_OBJECT (self), "status");
}

static void
set_state (ChatRabbitmqTransport *self, ChatTransportState state)
{
  gboolean changed = self->state != state;

  self->state = state;
  update_status (self);
  if (changed)
    g_object_notify (G_OBJECT (self), "state");
}

/* What is missing while there is a connection. */
static void
judge (ChatRabbitmqTransport *self)
{
  if (self->publishing == NULL || self->closed)
    return;
  set_state (self,
             self->blocked != NULL || find_trouble (self) != NULL ? CHAT_TRANSPORT_DEGRADED : CHAT_TRANSPORT_ONLINE);
}

static gboolean
is_connected (ChatRabbitmqTransport *self)
{
  return self->publishing != NULL;
}

static void
set_reason (ChatRabbitmqTransport *self, const char *reason)
{
  g_autofree char *before = self->reason;

  self->reason = g_strdup (reason);
}

static gboolean
tick_cb (gpointer user_data)
{
  update_status (user_data);
  return G_SOURCE_CONTINUE;
}

static void
stop_retrying (ChatRabbitmqTransport *self)
{
  chat_timer_clear (&self->retry);
  chat_timer_clear (&self->tick);
}

static GError *
closed_error (void)
{
  return g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED, _ ("The connection was closed"));
}

static GError *
offline_error (ChatRabbitmqTransport *self)
{
  g_autofree char *title = chat_broker_options_dup_title (self->options);

  return g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("There is no connection to %s"), title);
}

/* Subscriptions */

static void
gone_cb (ChatRabbitmqSubscription *subscription, ChatRabbitmqTransport *self)
{
  if (g_ptr_array_remove (self->subscriptions, subscription))
    judge (self);
}

static void
troubled_cb (ChatRabbitmqSubscription *subscription, ChatRabbitmqTransport *self)
{
  judge (self);
}

/* (transfer full) (element-type ChatRabbitmqSubscription): they may go while they are told something. */
static GPtrArray *
list_subscriptions (ChatRabbitmqTransport *self)
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

/* A subscribe whose time has come. While it is put in place it is among the subscriptions, which its task holds. */
static void
begin_subscribe (ChatRabbitmqTransport *self, GTask *task)
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
  g_autoptr (GPtrArray) tasks = chat_waiters_take_all (self->subscribes);

  for (guint i = 0; i < tasks->len; i++)
    begin_subscribe (self, g_ptr_array_index (tasks, i));
}

/* The session */

static void
free_links (ChatRabbitmqTransport *self)
{
  g_clear_pointer (&self->publishing, chat_rabbitmq_link_free);
  g_clear_pointer (&self->consuming, chat_rabbitmq_link_free);
}

/* The readers first: a forward in flight is undone, not merely unconfirmed, for its inputs come again. */
static guint
drop_session (ChatRabbitmqTransport *self)
{
  g_autoptr (GPtrArray) list = list_subscriptions (self);
  guint lost;

  g_clear_pointer (&self->blocked, g_free);
  for (guint i = 0; i < list->len; i++)
    chat_rabbitmq_subscription_detach (g_ptr_array_index (list, i));
  lost = chat_rabbitmq_publisher_detach (self->publisher);
  free_links (self);
  return lost;
}

static gboolean
retry_cb (gpointer user_data)
{
  ChatRabbitmqTransport *self = user_data;

  chat_timer_clear (&self->retry);
  open_session (self);
  return G_SOURCE_REMOVE;
}

static void
retry_later (ChatRabbitmqTransport *self)
{
  guint wait_ms;

  if (self->online_since != 0 && g_get_monotonic_time () - self->online_since >= GOOD_US)
    chat_backoff_reset (&self->backoff);
  self->online_since = 0;
  wait_ms = chat_backoff_next (&self->backoff);
  self->retry_at = g_get_monotonic_time () + (gint64)wait_ms * 1000;
  self->retry = chat_timer_new (wait_ms, retry_cb, self);
  if (self->tick == NULL)
    self->tick = chat_timer_new (1000, tick_cb, self);
}

/* The end of a connection, or of the try to make one. */
static void
lost (ChatRabbitmqTransport *self, const char *reason)
{
  g_autoptr (ChatRabbitmqTransport) hold = g_object_ref (self);

  set_reason (self, reason);
  if (!self->closed)
    {
      retry_later (self);
      set_state (self, CHAT_TRANSPORT_CONNECTING);
    }
  self->lost_publishes += drop_session (self);
  if (self->closed)
    finish_close (self);
}

/* Trying again can't help. */
static void
denied (ChatRabbitmqTransport *self, const GError *error)
{
  g_autoptr (ChatRabbitmqTransport) hold = g_object_ref (self);
  g_autoptr (GPtrArray) list = list_subscriptions (self);

  self->wanted = FALSE;
  set_reason (self, error->message);
  stop_retrying (self);
  set_state (self, CHAT_TRANSPORT_OFFLINE);
  chat_waiters_answer (self->connects, error);
  chat_waiters_answer (self->subscribes, error);
  g_ptr_array_set_size (self->subscriptions, 0);
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
  judge (self);
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
        finish_close (self);
      return;
    }
  lost (self, error != NULL ? error->message : _ ("the broker closed the connection"));
}

static const ChatRabbitmqLinkFuncs publishing_funcs = { blocked_cb, link_closed_cb };
static const ChatRabbitmqLinkFuncs consuming_funcs = { ignore_blocked_cb, link_closed_cb };

static void
begin_session (ChatRabbitmqTransport *self, ChatRabbitmqSession *session)
{
  g_autoptr (ChatRabbitmqTransport) hold = g_object_ref (self);
  g_autoptr (GPtrArray) list = list_subscriptions (self);
  gint64 budget_us = MAX (self->options->budget_us, 100);

  stop_retrying (self);
  g_free (self->address);
  self->address = g_strdup (session->address);
  self->has_streams = session->has_streams;
  self->publishing
      = chat_rabbitmq_link_new (g_steal_pointer (&session->publishing), budget_us, &publishing_funcs, self);
  self->consuming = chat_rabbitmq_link_new (g_steal_pointer (&session->consuming), budget_us, &consuming_funcs, self);
  chat_rabbitmq_publisher_attach (self->publisher, self->publishing, self->admin);
  self->online_since = g_get_monotonic_time ();
  set_reason (self, NULL);
  for (guint i = 0; i < list->len; i++)
    attach (self, g_ptr_array_index (list, i));
  judge (self);
  begin_subscribes (self);
  chat_waiters_answer (self->connects, NULL);
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
  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->closed)
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

static void
open_session (ChatRabbitmqTransport *self)
{
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, self);
  stop_retrying (self);
  set_state (self, CHAT_TRANSPORT_CONNECTING);
  self->opening = g_cancellable_new ();
  /* a broker that does not answer must not keep us */
  chat_rabbitmq_admin_open_async (self->admin, self->next_address, self->opening, opened_cb, weak);
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
chat_rabbitmq_transport_connect_async (ChatTransport *transport, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data)
{
  ChatRabbitmqTransport *self = CHAT_RABBITMQ_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_rabbitmq_transport_connect_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->closed)
    {
      g_task_return_error (task, closed_error ());
      return;
    }
  if (is_connected (self))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  self->wanted = TRUE;
  chat_waiters_add (self->connects, task);
  /* who asks while it waits for its next try does not want to wait */
  if (self->opening == NULL)
    open_session (self);
}

/* Closing: flush; take leave; answer. */

static void
finish_close (ChatRabbitmqTransport *self)
{
  g_autoptr (ChatRabbitmqTransport) hold = g_object_ref (self);
  g_autoptr (GPtrArray) closers = g_steal_pointer (&self->closers);

  self->closers = g_ptr_array_new_with_free_func (g_object_unref);
  chat_timer_clear (&self->guard);
  self->lost_publishes += drop_session (self);
  self->finished = TRUE;
  g_ptr_array_set_size (self->subscriptions, 0);
  set_state (self, CHAT_TRANSPORT_OFFLINE);
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
  finish_close (user_data);
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

static void
idle_cb (gpointer data)
{
  ChatRabbitmqTransport *self = data;

  if (self->closed && is_connected (self))
    take_leave (self);
}

/* What can be told at once: nothing more comes, and nobody is let in. */
static void
begin_close (ChatRabbitmqTransport *self)
{
  g_autoptr (GPtrArray) list = list_subscriptions (self);
  g_autoptr (GError) error = closed_error ();

  self->closed = TRUE;
  self->wanted = FALSE;
  stop_retrying (self);
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

static void
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
    begin_close (self);
  if (self->finished || !is_connected (self))
    {
      finish_close (self);
      return;
    }
  if (!first)
    return;
  self->guard = chat_timer_new (CLOSE_MS, guard_cb, self);
  if (chat_rabbitmq_publisher_get_pending (self->publisher) == 0)
    take_leave (self);
}

static void
chat_rabbitmq_transport_subscribe_async (ChatTransport *transport, const char *const *topics,
                                         const char *const *channels, const ChatStart *start, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data)
{
  ChatRabbitmqTransport *self = CHAT_RABBITMQ_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  gpointer subscription;

  g_task_set_source_tag (task, chat_rabbitmq_transport_subscribe_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (self->closed || !self->wanted)
    {
      g_task_return_error (task, self->closed ? closed_error () : offline_error (self));
      return;
    }
  if (start->kind == CHAT_START_GROUP)
    subscription = chat_rabbitmq_member_new (self->options, topics, start->group);
  else
    subscription = chat_rabbitmq_reader_new (topics, channels, start);
  g_task_set_task_data (task, subscription, g_object_unref);
  if (is_connected (self))
    begin_subscribe (self, task);
  else
    chat_waiters_add (self->subscribes, task);
}

static void
published_cb (const GError *error, gpointer data)
{
  g_autoptr (GTask) task = data;

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
  if (self->closed)
    error = closed_error ();
  else if (!is_connected (self))
    error = offline_error (self);
  if (error != NULL || !chat_rabbitmq_publisher_check (record, &error))
    {
      g_task_return_error (task, error);
      return;
    }
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
  else if (self->closed)
    g_task_return_error (task, closed_error ());
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
  iface->connect_async = chat_rabbitmq_transport_connect_async;
  iface->close_async = chat_rabbitmq_transport_close_async;
  iface->subscribe_async = chat_rabbitmq_transport_subscribe_async;
  iface->publish_async = chat_rabbitmq_transport_publish_async;
  iface->forward_async = chat_rabbitmq_transport_forward_async;
  iface->seek_async = chat_rabbitmq_transport_seek_async;
}

/* Overrides */

static void
chat_rabbitmq_transport_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ChatRabbitmqTransport *self = CHAT_RABBITMQ_TRANSPORT (object);

  switch (id)
    {
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
chat_rabbitmq_transport_dispose (GObject *object)
{
  ChatRabbitmqTransport *self = CHAT_RABBITMQ_TRANSPORT (object);

  if (!self->closed)
    begin_close (self);
  chat_timer_clear (&self->guard);
  if (self->publishing != NULL)
    drop_session (self);
  g_ptr_array_set_size (self->subscriptions, 0);
  g_clear_object (&self->admin);
  G_OBJECT_CLASS (chat_rabbitmq_transport_parent_class)->dispose (object);
}

static void
chat_rabbitmq_transport_finalize (GObject *object)
{
  ChatRabbitmqTransport *self = CHAT_RABBITMQ_TRANSPORT (object);

  chat_rabbitmq_publisher_free (self->publisher);
  chat_waiters_free (self->connects);
  chat_waiters_free (self->subscribes);
  g_ptr_array_unref (self->closers);
  g_ptr_array_unref (self->subscriptions);
  chat_broker_options_free (self->options);
  g_free (self->address);
  g_free (self->reason);
  g_free (self->blocked);
  g_free (self->status);
  G_OBJECT_CLASS (chat_rabbitmq_transport_parent_class)->finalize (object);
}

static void
chat_rabbitmq_transport_class_init (ChatRabbitmqTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = chat_rabbitmq_transport_get_property;
  object_class->dispose = chat_rabbitmq_transport_dispose;
  object_class->finalize = chat_rabbitmq_transport_finalize;

  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_STATUS, "status");
}

static void
chat_rabbitmq_transport_init (ChatRabbitmqTransport *self)
{
  self->connects = chat_waiters_new ();
  self->subscribes = chat_waiters_new ();
  self->closers = g_ptr_array_new_with_free_func (g_object_unref);
  self->subscriptions = g_ptr_array_new ();
  self->backoff = (ChatBackoff)CHAT_BACKOFF_INIT;
  self->has_streams = TRUE;
}

ChatTransport *
chat_rabbitmq_transport_new_full (const ChatBrokerOptions *options, guint heartbeat_s)
{
  ChatRabbitmqTransport *self;

  g_return_val_if_fail (options != NULL && options->kind == CHAT_BROKER_RABBITMQ, NULL);

  self = g_object_new (CHAT_TYPE_RABBITMQ_TRANSPORT, NULL);
  self->options = chat_broker_options_copy (options);
  self->heartbeat_s = heartbeat_s;
  self->admin = chat_rabbitmq_admin_new (options, heartbeat_s);
  self->publisher = chat_rabbitmq_publisher_new (options, idle_cb, self);
  update_status (self);
  return CHAT_TRANSPORT (self);
}

ChatTransport *
chat_rabbitmq_transport_new (const ChatBrokerOptions *options)
{
  return chat_rabbitmq_transport_new_full (options, CHAT_RABBITMQ_HEARTBEAT_S);
}
