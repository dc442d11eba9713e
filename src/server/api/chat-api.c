/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api.h"

#include <libsoup/soup.h>

#include "core/chat-timer.h"
#include "server/api/chat-api-context.h"
#include "server/api/chat-api-dispatch.h"
#include "server/api/chat-api-listener.h"
#include "server/api/chat-api-live-hub.h"
#include "server/api/chat-api-live-marks.h"
#include "server/api/chat-api-metrics.h"
#include "server/api/chat-api-request.h"

/* How long a stop waits for answers to go out. */
#define DRAIN_MS 3000
/* How often it looks whether somebody has waited too long for an answer. */
#define EXPIRE_MS 500

struct _ChatApi
{
  GObject parent_instance;

  /* Owned */
  ChatApiContext *context;
  SoupServer *server;
  ChatApiListener *listener;
  ChatMetrics *metrics;
  char *address;
  char *uri;

  guint collector;
  guint port;
  GSource *expire;
  gboolean stopped;
};

static void service_iface_init (ChatServiceInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatApi, chat_api, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_SERVICE, service_iface_init))

static const char *
chat_api_get_name (ChatService *service)
{
  return "api";
}

/*
 * Starting: who is blocked, the live feed, and then the door
 */

static void
hub_started_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApi *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (chat_service_start_finish (CHAT_SERVICE (source), result, &error))
    self->uri = chat_api_listener_listen (self->listener, self->address, self->port, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* The blocks, or the outbox. */
static void
started_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApi *self = g_task_get_source_object (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;

  if (!chat_service_start_finish (CHAT_SERVICE (source), result, &error))
    g_task_return_error (task, error);
  else if (self->context->outbox != NULL && CHAT_SERVICE (source) != CHAT_SERVICE (self->context->outbox))
    chat_service_start_async (CHAT_SERVICE (self->context->outbox), cancellable, started_cb, g_steal_pointer (&task));
  else
    chat_service_start_async (CHAT_SERVICE (self->context->hub), cancellable, hub_started_cb, g_steal_pointer (&task));
}

static void
chat_api_start_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatApi *self = CHAT_API (service);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_api_start_async);
  chat_service_start_async (CHAT_SERVICE (self->context->blocks), cancellable, started_cb, task);
}

/*
 * Stopping: the door, the live feed, what is still to be published, and who is blocked
 */

static void
blocks_stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (chat_service_stop_finish (CHAT_SERVICE (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
outbox_stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatApi *self = g_task_get_source_object (user_data);

  chat_service_stop_finish (CHAT_SERVICE (source), result, NULL);
  chat_service_stop_async (CHAT_SERVICE (self->context->blocks), NULL, blocks_stopped_cb, user_data);
}

static void
drained_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatApi *self = CHAT_API (source);

  soup_server_disconnect (self->server);
  if (self->context->outbox != NULL)
    chat_service_stop_async (CHAT_SERVICE (self->context->outbox), NULL, outbox_stopped_cb, user_data);
  else
    chat_service_stop_async (CHAT_SERVICE (self->context->blocks), NULL, blocks_stopped_cb, user_data);
}

static void
hub_stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatApi *self = g_task_get_source_object (user_data);

  chat_service_stop_finish (CHAT_SERVICE (source), result, NULL);
  chat_api_context_drain (self->context, g_task_new (self, NULL, drained_cb, user_data), DRAIN_MS);
}

static void
chat_api_stop_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatApi *self = CHAT_API (service);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_api_stop_async);
  if (self->stopped)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  self->stopped = TRUE;
  self->context->stopping = TRUE;
  chat_rehearsals_cancel_all (self->context->rehearsals);
  chat_statistics_service_cancel (self->context->statistics);
  chat_service_stop_async (CHAT_SERVICE (self->context->hub), NULL, hub_stopped_cb, g_steal_pointer (&task));
}

static gboolean
chat_api_finish (ChatService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
service_iface_init (ChatServiceInterface *iface)
{
  iface->get_name = chat_api_get_name;
  iface->start_async = chat_api_start_async;
  iface->start_finish = chat_api_finish;
  iface->stop_async = chat_api_stop_async;
  iface->stop_finish = chat_api_finish;
}

static gboolean
expire_cb (gpointer user_data)
{
  chat_api_request_expire (CHAT_API (user_data)->context, g_get_monotonic_time ());
  return G_SOURCE_CONTINUE;
}

static void
chat_api_dispose (GObject *object)
{
  ChatApi *self = CHAT_API (object);

  chat_timer_clear (&self->expire);
  if (self->metrics != NULL)
    chat_metrics_remove_collector (self->metrics, self->collector);
  g_clear_pointer (&self->metrics, chat_metrics_unref);
  if (self->server != NULL)
    soup_server_disconnect (self->server);
  g_clear_pointer (&self->listener, chat_api_listener_free);
  g_clear_object (&self->server);
  g_clear_pointer (&self->context, chat_api_context_unref);
  G_OBJECT_CLASS (chat_api_parent_class)->dispose (object);
}

static void
chat_api_finalize (GObject *object)
{
  ChatApi *self = CHAT_API (object);

  g_free (self->address);
  g_free (self->uri);
  G_OBJECT_CLASS (chat_api_parent_class)->finalize (object);
}

static void
chat_api_class_init (ChatApiClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = chat_api_dispose;
  G_OBJECT_CLASS (klass)->finalize = chat_api_finalize;
}

static void
chat_api_init (ChatApi *self)
{
}

static void
failed_cb (ChatService *service, const GError *error, gpointer user_data)
{
  chat_service_emit_failed (CHAT_SERVICE (user_data), error);
}

static void
collect (gpointer data)
{
  ChatApi *self = data;

  chat_api_metrics_collect (self->context->metrics, self->context, self->listener);
}

static ChatApiContext *
make_context (ChatTransport *transport, ChatStore *store, ChatSessionService *sessions, ChatAccountService *accounts,
              ChatSigner *signer, ChatControlFeed *control, ChatRulesSource *rules, const ChatApiOptions *options)
{
  ChatApiContext *context = chat_api_context_new ();
  g_autoptr (ChatApiGate) gate = chat_api_gate_new (&options->rates);

  context->transport = g_object_ref (transport);
  context->store = g_object_ref (store);
  context->sessions = g_object_ref (sessions);
  context->accounts = g_object_ref (accounts);
  context->presence = chat_presence_new (sessions, options->lease_ms, CHAT_PRESENCE_GRACE_MS);
  context->control = g_object_ref (control);
  context->rules = g_object_ref (rules);
  context->rehearsals = chat_rehearsals_new (store);
  context->language = g_strdup (options->language);
  context->blocks = chat_block_list_new (control, chat_store_get_moderation (store));
  context->directory = chat_api_directory_new (chat_store_get_channels (store));
  if (options->direct != NULL)
    context->outbox = chat_api_outbox_new (chat_store_get_outbox (store), transport, options->direct);
  context->publisher = chat_api_publisher_new (transport, store, context->directory, context->blocks, signer,
                                               context->outbox, options->alone);
  context->hub
      = chat_api_live_hub_new (transport, store, sessions, context->presence, context->directory, context->publisher,
                               context->blocks, gate, options->live_backlog_bytes, options->blocked_may_read);
  if (options->notify_store)
    chat_api_live_hub_read_store (context->hub);
  context->gate = g_steal_pointer (&gate);
  context->proxies = g_strdupv ((char **)options->limits.proxies);
  context->answer_ms = options->answer_ms;
  context->statistics = chat_statistics_service_new (chat_store_get_counters (store));
  context->metrics_access = options->metrics_access;
  context->metrics_token = g_strdup (options->metrics_token);
  context->workspace = g_strdup (options->workspace);
  context->version = g_strdup (options->version);
  context->feed = options->feed != NULL ? chat_broker_options_copy (options->feed) : NULL;
  context->feed_ca = g_strdup (options->feed_ca);
  context->lease_ms = options->lease_ms;
  context->strike_limit = options->strike_limit;
  context->blocked_may_read = options->blocked_may_read;
  context->alone = options->alone;
  return context;
}

/* What there is to look at for the moderators who are connected here. */
static void
control_cb (ChatControlFeed *control, ChatMessage *message, ChatApi *self)
{
  ChatMessageKind kind = chat_message_get_kind (message);
  const char *what = NULL;
  g_autoptr (GBytes) body = NULL;

  if (kind == CHAT_KIND_CONTROL && g_strcmp0 (chat_message_get_data (message), CHAT_CONTROL_MARK) == 0)
    chat_api_live_marks_heard (self->context->hub, message);
  else if (kind == CHAT_KIND_CONTROL)
    what = chat_message_get_data (message);
  else if (kind == CHAT_KIND_RULES)
    what = "rules";
  else if (kind == CHAT_KIND_BLOCK || kind == CHAT_KIND_UNBLOCK)
    what = "block";
  if (what == NULL)
    return;
  body = chat_api_live_feed_write_moderation (what);
  chat_api_live_hub_tell (self->context->hub, CHAT_API_LIVE_MODERATION, NULL, NULL, body);
}

ChatApi *
chat_api_new (ChatTransport *transport, ChatStore *store, ChatSessionService *sessions, ChatAccountService *accounts,
              ChatSigner *signer, ChatControlFeed *control, ChatRulesSource *rules, const ChatApiOptions *options)
{
  ChatApi *self = g_object_new (CHAT_TYPE_API, NULL);

  self->metrics = options->metrics != NULL ? chat_metrics_ref (options->metrics) : chat_metrics_new ();
  self->context = make_context (transport, store, sessions, accounts, signer, control, rules, options);
  self->context->metrics = chat_api_metrics_new (self->metrics);
  self->collector = chat_metrics_add_collector (self->metrics, collect, self);
  self->address = g_strdup (options->address);
  self->port = options->port;
  self->server = soup_server_new ("raw-paths", TRUE, NULL);
  self->listener = chat_api_listener_new (self->server, &options->limits);
  chat_api_dispatch_install (self->server, self->context);
  self->expire = chat_timer_new (EXPIRE_MS, expire_cb, self);
  g_signal_connect_object (control, "received", G_CALLBACK (control_cb), self, 0);
  g_signal_connect_object (self->context->blocks, "failed", G_CALLBACK (failed_cb), self, 0);
  g_signal_connect_object (self->context->hub, "failed", G_CALLBACK (failed_cb), self, 0);
  return self;
}

const char *
chat_api_get_uri (ChatApi *self)
{
  return self->uri;
}
