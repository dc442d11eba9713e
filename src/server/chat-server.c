/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server.h"

#include "config.h"
#include "core/chat-signature.h"
#include "server/api/chat-api.h"
#include "server/archiver/chat-archiver.h"
#include "server/bot/chat-echo-bot.h"
#include "server/bot/chat-help-bot.h"
#include "server/chat-broker-factory.h"
#include "server/chat-server-accounts.h"
#include "server/chat-server-bots.h"
#include "server/chat-server-broker-watch.h"
#include "server/chat-server-broker.h"
#include "server/chat-server-channels.h"
#include "server/chat-server-config.h"
#include "server/chat-server-directory.h"
#include "server/chat-server-limits.h"
#include "server/chat-server-metrics.h"
#include "server/chat-server-rejections.h"
#include "server/chat-server-waits.h"
#include "server/chat-store-factory.h"
#include "server/moderator/chat-moderation-keeper.h"
#include "server/moderator/chat-moderator.h"
#include "server/session/chat-session-service.h"

struct _ChatServer
{
  GObject parent_instance;

  /* Owned */
  ChatConfig *config;
  ChatServerDirectory *directory;
  ChatSigner *signer;
  ChatServerFeed *feed; /* (nullable): what desktops are offered of the broker */
  ChatTransport *transport;
  ChatStore *store;
  ChatSessionService *sessions;
  ChatAccountService *accounts;
  GBytes *lists;
  GError *lists_error; /* why there are none */
  ChatControlFeed *control;
  ChatRulesSource *rules;
  ChatApi *api;
  ChatMetrics *metrics;
  ChatServerMetrics *figures;
  GPtrArray *services; /* (element-type ChatService): the roles, in the order in which they are started */
  GTask *start;        /* while it starts */
  GTask *stop;         /* while it stops */
  GPtrArray *stops;    /* (element-type GTask): further ones, which wait for that */

  gboolean embedded;
  gboolean lists_read;
  gboolean awaits_lists;
  gboolean stopped;
  guint step;    /* of the start or the stop */
  guint started; /* services, the first of the array */
  guint stopping;
};

static void service_iface_init (ChatServiceInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatServer, chat_server, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_SERVICE, service_iface_init))

static void start_next (ChatServer *self);
static void stop_next (ChatServer *self);

static void
fail_start (ChatServer *self, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->start);

  g_task_return_error (task, error);
}

/*
 * The steps of a start. Each calls start_next() or fail_start().
 */

static gboolean
tighten_databases (ChatServer *self, GError **error)
{
  g_autofree char *store = chat_server_config_dup_path (self->config, "store", "store.db");
  g_autofree char *broker = chat_server_config_dup_path (self->config, "broker", "broker.db");

  return chat_server_directory_tighten (store, error) && chat_server_directory_tighten (broker, error);
}

static void
open_directory (ChatServer *self)
{
  const char *path = chat_config_get_string (self->config, "server", "data_directory");
  GError *error = NULL;
  g_autoptr (GBytes) key = NULL;
  g_autofree char *hash = NULL;
  g_autofree char *key_id = NULL;

  self->directory = chat_server_directory_open (path, self->embedded, &error);
  if (self->directory != NULL && tighten_databases (self, &error))
    key = chat_server_directory_load_key (self->directory,
                                          chat_config_get_string (self->config, "server", "signing_key"), &error);
  if (key == NULL)
    {
      fail_start (self, error);
      return;
    }
  hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, key);
  key_id = g_strndup (hash, 8); /* tells keys apart, and nothing of what they are */
  self->signer = chat_signer_new (key_id, key);
  start_next (self);
}

static void
store_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatServer) self = user_data;
  GError *error = NULL;

  if (chat_store_open_finish (CHAT_STORE (source), result, &error))
    start_next (self);
  else
    fail_start (self, error);
}

static void
open_store (ChatServer *self)
{
  self->store = chat_store_factory_new_store (self->config);
  chat_store_open_async (self->store, g_task_get_cancellable (self->start), store_opened_cb, g_object_ref (self));
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatServer) self = user_data;
  GError *error = NULL;

  if (chat_transport_connect_finish (CHAT_TRANSPORT (source), result, &error))
    start_next (self);
  else
    fail_start (self, error);
}

/* What everybody may know is nobody's: said once, for what it means is not plain. */
static void
warn_of_open_broker (const ChatBrokerOptions *feed)
{
  if (feed->user == NULL)
    g_warning ("Desktops reach the broker without a user: whoever reaches it reads everything on it, private "
               "conversations too, unless its own rules forbid it");
}

static void
read_feed (ChatServer *self)
{
  GError *error = NULL;

  if (chat_server_broker_offers_feed (self->config))
    {
      self->feed = chat_server_broker_read_feed (self->config, &error);
      if (self->feed == NULL)
        {
          fail_start (self, error);
          return;
        }
      warn_of_open_broker (self->feed->options);
    }
  start_next (self);
}

static void
connect_broker (ChatServer *self)
{
  GError *error = NULL;

  self->transport = chat_broker_factory_new_transport (self->config, &error);
  if (self->transport == NULL)
    {
      fail_start (self, error);
      return;
    }
  chat_server_broker_watch (self->transport);
  chat_transport_connect_async (self->transport, g_task_get_cancellable (self->start), connected_cb,
                                g_object_ref (self));
}

/*
 * The word lists are read in a thread while store and broker are opened: it takes as long as all the rest.
 */

static void
read_lists_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  GBytes *lists = chat_server_config_read_lists (CHAT_SERVER (source)->config, &error);

  if (lists != NULL)
    g_task_return_pointer (task, lists, (GDestroyNotify)g_bytes_unref);
  else
    g_task_return_error (task, error);
}

static void
take_lists (ChatServer *self)
{
  if (self->lists == NULL)
    {
      fail_start (self, g_steal_pointer (&self->lists_error));
      return;
    }
  start_next (self);
}

static void
lists_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatServer *self = CHAT_SERVER (source);

  self->lists = g_task_propagate_pointer (G_TASK (result), &self->lists_error);
  self->lists_read = TRUE;
  if (self->awaits_lists)
    take_lists (self);
}

static void
begin_lists (ChatServer *self)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, lists_read_cb, NULL);

  g_task_set_source_tag (task, begin_lists);
  g_task_run_in_thread (task, read_lists_thread);
  start_next (self);
}

static void
await_lists (ChatServer *self)
{
  self->awaits_lists = TRUE;
  if (self->lists_read)
    take_lists (self);
}

static void
channels_made_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatServer) self = user_data;
  GError *error = NULL;

  if (chat_server_channels_make_finish (CHAT_CHANNEL_STORE (source), result, &error))
    start_next (self);
  else
    fail_start (self, error);
}

static void
make_channels (ChatServer *self)
{
  chat_server_channels_make_async (chat_store_get_channels (self->store), self->config,
                                   g_task_get_cancellable (self->start), channels_made_cb, g_object_ref (self));
}

static void
bots_forgotten_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatServer) self = user_data;
  GError *error = NULL;

  if (chat_server_bots_forget_finish (CHAT_TRANSPORT (source), result, &error))
    start_next (self);
  else
    fail_start (self, error);
}

static void
forget_bots (ChatServer *self)
{
  if (chat_server_config_has_role (self->config, "bots"))
    chat_server_bots_forget_async (self->transport, self->store, self->config, g_task_get_cancellable (self->start),
                                   bots_forgotten_cb, g_object_ref (self));
  else
    start_next (self);
}

/*
 * The roles
 */

static void
failed_cb (ChatService *service, const GError *error, gpointer user_data)
{
  g_autoptr (GError) named = g_error_copy (error);

  g_prefix_error (&named, "%s: ", chat_service_get_name (service));
  chat_service_emit_failed (CHAT_SERVICE (user_data), named);
}

/* Takes @service. */
static void
add_service (ChatServer *self, gpointer service)
{
  g_signal_connect_object (service, "failed", G_CALLBACK (failed_cb), self, 0);
  if (CHAT_IS_FORWARDER (service))
    chat_server_waits_watch (service);
  g_ptr_array_add (self->services, service);
}

static void
rules_invalid_cb (ChatRulesSource *rules, gint64 revision, const GError *error, gpointer user_data)
{
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "MESSAGE",
                    "Revision %" G_GINT64_FORMAT " of the rules can't be used, what was in force before is: %s",
                    revision, error->message);
}

static void
rules_changed_cb (ChatRulesSource *rules, gpointer user_data)
{
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_INFO, "RULES",
                    chat_rules_get_version (chat_rules_source_get_rules (rules)), "MESSAGE",
                    "Revision %" G_GINT64_FORMAT " of the rules is in force", chat_rules_source_get_revision (rules));
}

/* What moderator and api share: it is started before them. */
static void
add_control (ChatServer *self)
{
  self->control = chat_control_feed_new (self->transport, self->signer);
  self->rules = chat_rules_source_new (self->control, chat_store_get_moderation (self->store), self->lists);
  g_signal_connect_object (self->rules, "changed", G_CALLBACK (rules_changed_cb), self, 0);
  g_signal_connect_object (self->rules, "invalid", G_CALLBACK (rules_invalid_cb), self, 0);
  add_service (self, g_object_ref (self->control));
  add_service (self, g_object_ref (self->rules));
}

static void
add_moderator (ChatServer *self)
{
  /* checked with the configuration */
  g_autoptr (ChatDialect) dialect = chat_config_get_string (self->config, "broker", "dialect") != NULL
                                        ? chat_server_broker_read_dialect (self->config, NULL)
                                        : NULL;
  const ChatModeratorOptions options = {
    .dialect = dialect,
    .limit = (guint)chat_config_get_int (self->config, "moderation", "limit"),
    .language = chat_config_get_string (self->config, "moderation", "language"),
    .guests = g_str_equal (chat_config_get_string (self->config, "sessions", "mode"), "password"),
  };
  gint64 originals_ms = chat_config_get_int (self->config, "moderation", "originals_retention");
  ChatModerator *moderator
      = chat_moderator_new (self->transport, self->store, self->control, self->rules, self->signer, &options);

  add_service (self, chat_moderation_keeper_new (self->control, chat_store_get_moderation (self->store), originals_ms));
  chat_server_rejections_watch (G_OBJECT (moderator), "moderator");
  add_service (self, moderator);
}

static void
add_archiver (ChatServer *self)
{
  ChatArchiver *archiver = chat_archiver_new (self->transport, chat_store_get_messages (self->store));

  chat_server_rejections_watch (G_OBJECT (archiver), "archiver");
  add_service (self, archiver);
}

static void
add_bots (ChatServer *self)
{
  guint limit = (guint)chat_config_get_int (self->config, "moderation", "limit");
  const ChatBotOptions options = {
    .transport = self->transport,
    .store = self->store,
    .signer = self->signer,
    .channels = chat_config_get_list (self->config, "channels", "initial"),
  };

  if (chat_config_get_boolean (self->config, "bots", CHAT_ECHO_BOT_NAME))
    add_service (self, chat_echo_bot_new (&options));
  if (chat_config_get_boolean (self->config, "bots", CHAT_HELP_BOT_NAME))
    add_service (self, chat_help_bot_new (&options, limit));
}

static void
add_api (ChatServer *self)
{
  ChatUserStore *users = chat_store_get_users (self->store);
  g_autofree char *slot = chat_server_broker_dup_slot (self->config);
  ChatApiOptions options = {
    .address = chat_config_get_string (self->config, "server", "address"),
    .port = (guint)chat_config_get_int (self->config, "server", "port"),
    .workspace = chat_config_get_string (self->config, "server", "name"),
    .version = CHAT_VERSION,
    .lease_ms = chat_config_get_int (self->config, "sessions", "lease"),
    .strike_limit = (guint)chat_config_get_int (self->config, "moderation", "limit"),
    .language = chat_config_get_string (self->config, "moderation", "language"),
    .blocked_may_read = chat_config_get_boolean (self->config, "moderation", "blocked_may_read"),
    .live_backlog_bytes = (gsize)chat_config_get_int (self->config, "live", "backlog"),
  };

  options.metrics = self->metrics;
  options.notify_store = g_str_equal (chat_config_get_string (self->config, "live", "notify"), "store");
  options.alone = g_str_equal (chat_config_get_string (self->config, "broker", "kind"), "log");
  if (g_str_equal (chat_config_get_string (self->config, "store", "write"), "direct"))
    options.direct = slot;
  if (self->feed != NULL)
    {
      options.feed = self->feed->options;
      options.feed_ca = self->feed->ca;
    }
  chat_server_limits_fill (self->config, &options);
  self->sessions = chat_server_accounts_new_sessions (self->config, users);
  self->accounts = chat_server_accounts_new (self->config, users, self->sessions);
  self->api = chat_api_new (self->transport, self->store, self->sessions, self->accounts, self->signer, self->control,
                            self->rules, &options);
  chat_server_accounts_advise (self->config, users);
  add_service (self, g_object_ref (self->api));
}

static void
service_started_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatServer) self = user_data;
  GError *error = NULL;

  self->started++; /* one whose start failed is stopped too: part of it may run */
  if (chat_service_start_finish (CHAT_SERVICE (source), result, &error))
    start_next (self);
  else
    fail_start (self, error);
}

static void
start_services (ChatServer *self)
{
  if (self->started < self->services->len)
    {
      self->step--; /* comes here again for the next one */
      chat_service_start_async (self->services->pdata[self->started], g_task_get_cancellable (self->start),
                                service_started_cb, g_object_ref (self));
      return;
    }
  start_next (self);
}

/* What comes first reads what comes behind it sends: the door opens last. */
static void
add_services (ChatServer *self)
{
  static const struct
  {
    const char *role;
    void (*add) (ChatServer *self);
  } roles[] = {
    { "archiver", add_archiver },
    { "moderator", add_moderator },
    { "bots", add_bots },
    { "api", add_api },
  };

  add_control (self);
  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    if (chat_server_config_has_role (self->config, roles[i].role))
      roles[i].add (self);
  start_next (self);
}

static void
start_next (ChatServer *self)
{
  static void (*const steps[]) (ChatServer * self) = {
    open_directory, begin_lists, open_store,  read_feed,    connect_broker,
    make_channels,  forget_bots, await_lists, add_services, start_services,
  };
  GError *error = NULL;

  if (g_cancellable_set_error_if_cancelled (g_task_get_cancellable (self->start), &error))
    fail_start (self, error);
  else if (self->step < G_N_ELEMENTS (steps))
    steps[self->step++](self);
  else
    {
      g_autoptr (GTask) task = g_steal_pointer (&self->start);

      g_task_return_boolean (task, TRUE);
    }
}

/*
 * The steps of a stop. Each calls stop_next(); what fails is logged, and the stop goes on.
 */

static void
log_failed_stop (const char *what, const GError *error)
{
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "PART", what, "MESSAGE", "Did not stop in order: %s",
                    error->message);
}

static void
service_stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatServer) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!chat_service_stop_finish (CHAT_SERVICE (source), result, &error))
    log_failed_stop (chat_service_get_name (CHAT_SERVICE (source)), error);
  if (--self->stopping == 0)
    stop_next (self);
}

static gboolean
is_bot (ChatServer *self, guint service)
{
  return CHAT_IS_BOT (self->services->pdata[service]);
}

/* One after the other, the last first; bots, which owe each other nothing, all at once: a store that does not answer
 * costs its time-out only once. */
static void
stop_services (ChatServer *self)
{
  if (self->started == 0)
    {
      stop_next (self);
      return;
    }
  self->step--; /* comes here again for the next one */
  do
    {
      self->started--;
      self->stopping++;
      chat_service_stop_async (self->services->pdata[self->started], NULL, service_stopped_cb, g_object_ref (self));
    }
  while (self->started > 0 && is_bot (self, self->started) && is_bot (self, self->started - 1));
}

static void
broker_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatServer) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!chat_transport_close_finish (CHAT_TRANSPORT (source), result, &error))
    log_failed_stop ("broker", error);
  stop_next (self);
}

static void
close_broker (ChatServer *self)
{
  if (self->transport != NULL)
    chat_transport_close_async (self->transport, NULL, broker_closed_cb, g_object_ref (self));
  else
    stop_next (self);
}

static void
store_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatServer) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!chat_store_close_finish (CHAT_STORE (source), result, &error))
    log_failed_stop ("store", error);
  stop_next (self);
}

static void
close_store (ChatServer *self)
{
  if (self->store != NULL)
    chat_store_close_async (self->store, NULL, store_closed_cb, g_object_ref (self));
  else
    stop_next (self);
}

static void
close_directory (ChatServer *self)
{
  g_clear_pointer (&self->directory, chat_server_directory_free);
  stop_next (self);
}

static void
stop_next (ChatServer *self)
{
  static void (*const steps[]) (ChatServer * self) = { stop_services, close_broker, close_store, close_directory };

  if (self->step < G_N_ELEMENTS (steps))
    steps[self->step++](self);
  else
    {
      g_autoptr (GTask) task = g_steal_pointer (&self->stop);
      g_autoptr (GPtrArray) others = g_steal_pointer (&self->stops);

      g_task_return_boolean (task, TRUE);
      for (guint i = 0; others != NULL && i < others->len; i++)
        g_task_return_boolean (others->pdata[i], TRUE);
    }
}

/*
 * ChatService
 */

static const char *
chat_server_get_name (ChatService *service)
{
  return "server";
}

static void
chat_server_start_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  ChatServer *self = CHAT_SERVER (service);

  self->start = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (self->start, chat_server_start_async);
  self->step = 0;
  start_next (self);
}

static void
chat_server_stop_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  ChatServer *self = CHAT_SERVER (service);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_server_stop_async);
  if (self->stop != NULL)
    {
      if (self->stops == NULL)
        self->stops = g_ptr_array_new_with_free_func (g_object_unref);
      g_ptr_array_add (self->stops, g_steal_pointer (&task));
      return;
    }
  if (self->stopped)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  self->stopped = TRUE;
  self->stop = g_steal_pointer (&task);
  self->step = 0;
  stop_next (self);
}

static gboolean
chat_server_finish (ChatService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
service_iface_init (ChatServiceInterface *iface)
{
  iface->get_name = chat_server_get_name;
  iface->start_async = chat_server_start_async;
  iface->start_finish = chat_server_finish;
  iface->stop_async = chat_server_stop_async;
  iface->stop_finish = chat_server_finish;
}

static void
chat_server_finalize (GObject *object)
{
  ChatServer *self = CHAT_SERVER (object);

  chat_server_metrics_free (self->figures);
  g_ptr_array_unref (self->services);
  chat_metrics_unref (self->metrics);
  g_clear_error (&self->lists_error);
  g_clear_object (&self->api);
  g_clear_object (&self->accounts);
  g_clear_object (&self->sessions);
  g_clear_object (&self->rules);
  g_clear_object (&self->control);
  g_clear_pointer (&self->lists, g_bytes_unref);
  g_clear_object (&self->transport);
  g_clear_pointer (&self->feed, chat_server_feed_free);
  g_clear_object (&self->store);
  g_clear_pointer (&self->signer, chat_signer_free);
  g_clear_pointer (&self->directory, chat_server_directory_free);
  g_object_unref (self->config);
  G_OBJECT_CLASS (chat_server_parent_class)->finalize (object);
}

static void
chat_server_class_init (ChatServerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_server_finalize;
}

static void
chat_server_init (ChatServer *self)
{
  self->services = g_ptr_array_new_with_free_func (g_object_unref);
  self->metrics = chat_metrics_new ();
  self->figures = chat_server_metrics_new (self->metrics, self->services);
}

ChatServer *
chat_server_new (ChatConfig *config, gboolean embedded)
{
  ChatServer *self = g_object_new (CHAT_TYPE_SERVER, NULL);

  self->config = g_object_ref (config);
  self->embedded = embedded;
  return self;
}

const char *
chat_server_get_uri (ChatServer *self)
{
  return self->api != NULL ? chat_api_get_uri (self->api) : NULL;
}
