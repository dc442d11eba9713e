/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-live-hub.h"

#include <string.h>

#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-timer.h"
#include "server/api/chat-api-error.h"
#include "server/api/chat-api-live-channel.h"
#include "server/api/chat-api-live-warnings.h"
#include "server/api/chat-api-store-feed.h"

/* How long a stop waits for the other sides to close. */
#define CLOSE_WAIT_MS 1000
#define GATHER_GAPS_MS 300

struct _ChatApiLiveHub
{
  GObject parent_instance;

  /* Owned */
  ChatTransport *transport;
  ChatStore *store;
  ChatSessionService *sessions;
  ChatPresence *presence;
  ChatApiDirectory *directory;
  ChatApiPublisher *publisher;
  ChatBlockList *blocks;
  ChatApiGate *gate;
  ChatSubscription *subscription;
  ChatApiStoreFeed *feed; /* (nullable): with notify = store */
  ChatApiLiveWarnings *warnings;
  GHashTable *channels; /* name → ChatApiLiveChannel */
  GHashTable *clients;  /* set of ChatApiLiveClient */
  GTask *stop;          /* while it waits for the clients */

  gsize backlog;
  guint64 dropped;
  gboolean blocked_may_read;
  GSource *begin_anew; /* (nullable): after a gap */
  GSource *stop_wait;
  gboolean stopped;
};

static void service_iface_init (ChatServiceInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatApiLiveHub, chat_api_live_hub, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_SERVICE, service_iface_init))

/*
 * Channels
 */

static void
idle_cb (ChatApiLiveChannel *channel, gpointer user_data)
{
  ChatApiLiveHub *self = user_data;

  g_signal_handlers_disconnect_by_data (channel, self);
  g_hash_table_remove (self->channels, chat_api_live_channel_get_name (channel));
}

static void
offer (ChatApiLiveHub *self, ChatApiLiveChannel *channel)
{
  GHashTableIter iter;
  ChatApiLiveClient *client;

  g_hash_table_iter_init (&iter, self->clients);
  while (g_hash_table_iter_next (&iter, (gpointer *)&client, NULL))
    chat_api_live_client_offer (client, channel);
}

static ChatApiLiveChannel *
add_channel (ChatApiLiveHub *self, const char *name, const char *topic, ChatApiChannel *access)
{
  ChatApiLiveChannel *channel = chat_api_live_channel_new (name, topic, access, chat_store_get_messages (self->store));

  g_hash_table_insert (self->channels, g_strdup (name), channel);
  g_signal_connect (channel, "idle", G_CALLBACK (idle_cb), self);
  if (access != NULL)
    offer (self, channel);
  return channel;
}

static const char *
topic_of (const ChatApiChannel *access)
{
  return access->private ? CHAT_TOPIC_PRIVATE : CHAT_TOPIC_CONTROLLED;
}

ChatApiLiveChannel *
chat_api_live_hub_ensure_channel (ChatApiLiveHub *self, ChatApiChannel *access)
{
  ChatApiLiveChannel *channel = g_hash_table_lookup (self->channels, access->name);
  gboolean waits = channel != NULL && chat_api_live_channel_get_access (channel) == NULL;

  if (waits && !g_str_equal (chat_api_live_channel_get_topic (channel), topic_of (access)))
    {
      /* What waits there came by the wrong topic: it is nobody's. */
      idle_cb (channel, self);
      channel = NULL;
    }
  if (channel == NULL)
    return add_channel (self, access->name, topic_of (access), access);
  if (waits)
    {
      chat_api_live_channel_set_access (channel, access);
      offer (self, channel);
    }
  return channel;
}

GPtrArray *
chat_api_live_hub_list_channels (ChatApiLiveHub *self)
{
  GPtrArray *channels = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer channel;

  g_hash_table_iter_init (&iter, self->channels);
  while (g_hash_table_iter_next (&iter, NULL, &channel))
    g_ptr_array_add (channels, channel);
  return channels;
}

/* A channel that the directory had not seen: until the store says who may read it, its records wait. */
typedef struct
{
  ChatApiLiveHub *hub;
  char *name;
} Lookup;

static void
looked_up_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Lookup *lookup = user_data;
  g_autofree char *name = lookup->name;
  g_autoptr (ChatApiLiveHub) self = lookup->hub;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiChannel) access = chat_api_directory_lookup_finish (CHAT_API_DIRECTORY (source), result, &error);
  ChatApiLiveChannel *channel = g_hash_table_lookup (self->channels, name);

  if (access != NULL)
    chat_api_live_hub_ensure_channel (self, access);
  else if (channel != NULL && chat_api_live_channel_get_access (channel) == NULL)
    {
      /* Nobody may read it, for all that is known. The next record asks again. */
      if (!g_error_matches (error, CHAT_API_ERROR, CHAT_API_ERROR_NO_CHANNEL))
        g_info ("the live feed leaves out records of %s: %s", name, error->message);
      idle_cb (channel, self);
    }
}

static ChatApiLiveChannel *
find_channel (ChatApiLiveHub *self, const char *name, const char *topic)
{
  ChatApiLiveChannel *channel = g_hash_table_lookup (self->channels, name);
  ChatApiChannel *access = chat_api_directory_find (self->directory, name);
  Lookup *lookup;

  if (channel != NULL)
    return channel;
  /* A public one that another producer has just begun: the archiver is about to make it. */
  if (access == NULL && g_str_equal (topic, CHAT_TOPIC_CONTROLLED) && !chat_channel_name_is_private (name))
    access = chat_api_directory_add (self->directory, &(ChatChannelInfo){ .name = (char *)name });
  if (access != NULL)
    return chat_api_live_hub_ensure_channel (self, access);
  lookup = g_new0 (Lookup, 1);
  lookup->hub = g_object_ref (self);
  lookup->name = g_strdup (name);
  channel = add_channel (self, name, topic, NULL);
  chat_api_directory_lookup_async (self->directory, name, NULL, NULL, looked_up_cb, lookup);
  return channel;
}

/*
 * What the broker brings
 */

static gboolean
is_history (const ChatMessage *message)
{
  ChatMessageKind kind = chat_message_get_kind (message);

  return chat_message_get_id (message) != NULL && chat_message_get_channel (message) != NULL && kind != CHAT_KIND_READ
         && !chat_message_kind_is_of_service (kind);
}

/* Only what the archiver will store comes into a tail: else it would wait there for a receipt. */
static void
deliver_record (ChatApiLiveHub *self, const char *topic, ChatMessage *message, GHashTable *touched)
{
  g_autoptr (GBytes) json = NULL;
  ChatApiLiveChannel *channel;

  if (!is_history (message))
    return;
  channel = find_channel (self, chat_message_get_channel (message), topic);
  /* A record on the wrong topic would be shown to those who may not see it. */
  if (!g_str_equal (chat_api_live_channel_get_topic (channel), topic))
    return;
  chat_api_publisher_learn (self->publisher, message);
  chat_message_set_seq (message, 0);
  json = chat_message_encode (message);
  chat_api_live_channel_deliver (channel, chat_message_get_id (message), json);
  g_hash_table_add (touched, g_object_ref (channel));
}

static void
deliver_receipt (ChatApiLiveHub *self, ChatMessage *message)
{
  const char *name = chat_message_get_channel (message);
  ChatApiLiveChannel *channel = name != NULL ? g_hash_table_lookup (self->channels, name) : NULL;
  g_autoptr (GBytes) json = NULL;

  if (channel == NULL || chat_message_get_kind (message) != CHAT_KIND_RECEIPT)
    return;
  json = chat_message_encode (message);
  chat_api_live_channel_receive (channel, message, json);
}

static void
deliver (ChatApiLiveHub *self, ChatRecord *record, GHashTable *touched)
{
  const char *topic = chat_record_get_topic (record);
  GBytes *bytes = chat_record_get_bytes (record);
  g_autoptr (ChatMessage) message
      = chat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);

  if (message == NULL)
    return; /* the archiver puts it aside and says so */
  if (g_str_equal (topic, CHAT_TOPIC_WARNINGS))
    chat_api_live_warnings_deliver (self->warnings, message);
  else if (g_str_equal (topic, CHAT_TOPIC_RECEIPTS))
    deliver_receipt (self, message);
  else
    deliver_record (self, topic, message, touched);
}

/* From the broker or the store. */
static void
records_cb (gpointer source, GPtrArray *batch, gpointer user_data)
{
  ChatApiLiveHub *self = user_data;
  g_autoptr (GHashTable) touched = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  GHashTableIter iter;
  gpointer channel;

  for (guint i = 0; i < batch->len; i++)
    deliver (self, batch->pdata[i], touched);
  g_hash_table_iter_init (&iter, touched);
  while (g_hash_table_iter_next (&iter, &channel, NULL))
    chat_api_live_channel_flush (channel);
}

static void
subscription_closed_cb (ChatSubscription *subscription, const GError *error, gpointer user_data)
{
  if (error != NULL)
    chat_service_emit_failed (CHAT_SERVICE (user_data), error);
}

/*
 * Clients
 */

static gboolean
forget_channel_cb (gpointer name, gpointer channel, gpointer user_data)
{
  g_signal_handlers_disconnect_by_data (channel, user_data);
  return TRUE;
}

/* Something is gone that nobody will bring: all begin anew with what the store has. */
static gboolean
begin_anew_cb (gpointer user_data)
{
  ChatApiLiveHub *self = user_data;
  GHashTableIter iter;
  ChatApiLiveClient *client;

  chat_timer_clear (&self->begin_anew);
  g_hash_table_foreach_remove (self->channels, forget_channel_cb, self);
  g_hash_table_iter_init (&iter, self->clients);
  while (g_hash_table_iter_next (&iter, (gpointer *)&client, NULL))
    chat_api_live_client_close (client, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "the broker has lost something; resume");
  return G_SOURCE_REMOVE;
}

/* It seldom comes alone: each topic has its own, and a queue that overflows has many. */
static void
gap_cb (ChatSubscription *subscription, const char *topic, const char *shard, gint64 from, gint64 to,
        gpointer user_data)
{
  ChatApiLiveHub *self = user_data;

  if (self->begin_anew != NULL || self->stopped)
    return;
  g_info ("The live feed has missed records of %s: its connections are to resume", topic);
  self->begin_anew = chat_timer_new (GATHER_GAPS_MS, begin_anew_cb, self);
}

static void
end_stop (ChatApiLiveHub *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->stop);

  chat_timer_clear (&self->stop_wait);
  if (task != NULL)
    g_task_return_boolean (task, TRUE);
}

static void
client_closed_cb (ChatApiLiveClient *client, gpointer user_data)
{
  ChatApiLiveHub *self = user_data;

  chat_session_service_connected (self->sessions, chat_api_live_client_get_session (client)->id, FALSE);
  chat_api_live_warnings_remove_client (self->warnings, client);
  self->dropped += chat_api_live_client_was_too_slow (client);
  g_hash_table_remove (self->clients, client);
  if (self->stop != NULL && g_hash_table_size (self->clients) == 0)
    end_stop (self);
}

static void
session_ended_cb (ChatSessionService *sessions, const char *session_id, const char *reason, gpointer user_data)
{
  ChatApiLiveHub *self = user_data;
  GHashTableIter iter;
  ChatApiLiveClient *client;

  g_hash_table_iter_init (&iter, self->clients);
  while (g_hash_table_iter_next (&iter, (gpointer *)&client, NULL))
    if (g_str_equal (chat_api_live_client_get_session (client)->id, session_id))
      chat_api_live_client_close (client, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, reason);
}

/* What somebody may is looked at when he subscribes. */
static void
session_changed_cb (ChatSessionService *sessions, const char *session_id, gpointer user_data)
{
  ChatApiLiveHub *self = user_data;
  GHashTableIter iter;
  ChatApiLiveClient *client;

  g_hash_table_iter_init (&iter, self->clients);
  while (g_hash_table_iter_next (&iter, (gpointer *)&client, NULL))
    if (g_str_equal (chat_api_live_client_get_session (client)->id, session_id))
      chat_api_live_client_close (client, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "your role has changed; resume");
}

static void
presence_changed_cb (ChatPresence *presence, GPtrArray *users, gpointer user_data)
{
  g_autoptr (GPtrArray) bodies = chat_api_live_feed_write_users (users, FALSE);

  for (guint i = 0; i < bodies->len; i++)
    chat_api_live_hub_tell (user_data, CHAT_API_LIVE_PRESENCE, NULL, NULL, bodies->pdata[i]);
}

void
chat_api_live_hub_tell (ChatApiLiveHub *self, ChatApiLiveFeeds feed, const char *user_key, const char *except,
                        GBytes *body)
{
  const ChatApiLiveFeed *row = chat_api_live_feed_get (feed);
  GHashTableIter iter;
  ChatApiLiveClient *client;

  g_hash_table_iter_init (&iter, self->clients);
  while (g_hash_table_iter_next (&iter, (gpointer *)&client, NULL))
    {
      const ChatSessionInfo *session = chat_api_live_client_get_session (client);

      if ((user_key == NULL || g_str_equal (session->user_key, user_key)) && g_strcmp0 (session->id, except) != 0)
        chat_api_live_client_tell (client, row, body);
    }
}

static void
block_changed_cb (ChatBlockList *blocks, const char *user_key, gpointer user_data)
{
  ChatApiLiveHub *self = user_data;
  GHashTableIter iter;
  ChatApiLiveClient *client;

  if (self->blocked_may_read)
    return;
  g_hash_table_iter_init (&iter, self->clients);
  while (g_hash_table_iter_next (&iter, (gpointer *)&client, NULL))
    if (g_str_equal (chat_api_live_client_get_session (client)->user_key, user_key))
      chat_api_live_client_close (client, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "a block began or ended; resume");
}

void
chat_api_live_hub_adopt (ChatApiLiveHub *self, GIOStream *stream, GUri *uri, const ChatSessionInfo *session,
                         const char *address)
{
  g_autoptr (ChatApiLiveSocket) socket = chat_api_live_socket_new (stream, uri, self->backlog);
  ChatApiLiveClient *client = chat_api_live_client_new (self, socket, session, address);

  g_hash_table_add (self->clients, client);
  g_signal_connect_object (client, "closed", G_CALLBACK (client_closed_cb), self, 0);
  chat_api_live_warnings_add_client (self->warnings, client);
  chat_session_service_connected (self->sessions, session->id, TRUE);
  if (self->stopped)
    chat_api_live_client_close (client, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "the service is stopping");
}

/*
 * ChatService
 */

static const char *
chat_api_live_hub_get_name (ChatService *service)
{
  return "live";
}

static void
feed_started_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (chat_service_start_finish (CHAT_SERVICE (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
subscribed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApiLiveHub *self = g_task_get_source_object (task);
  GCancellable *cancellable;
  GError *error = NULL;

  self->subscription = chat_transport_subscribe_finish (CHAT_TRANSPORT (source), result, &error);
  if (self->subscription == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  chat_subscription_set_priority (self->subscription, G_PRIORITY_DEFAULT);
  g_signal_connect_object (self->subscription, "records", G_CALLBACK (records_cb), self, 0);
  g_signal_connect_object (self->subscription, "gap", G_CALLBACK (gap_cb), self, 0);
  g_signal_connect_object (self->subscription, "closed", G_CALLBACK (subscription_closed_cb), self, 0);
  g_signal_connect_object (self->sessions, "ended", G_CALLBACK (session_ended_cb), self, 0);
  g_signal_connect_object (self->sessions, "changed", G_CALLBACK (session_changed_cb), self, 0);
  g_signal_connect_object (self->presence, "changed", G_CALLBACK (presence_changed_cb), self, 0);
  g_signal_connect_object (self->blocks, "changed", G_CALLBACK (block_changed_cb), self, 0);
  if (self->feed == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_signal_connect_object (self->feed, "records", G_CALLBACK (records_cb), self, 0);
  cancellable = g_task_get_cancellable (task);
  chat_service_start_async (CHAT_SERVICE (self->feed), cancellable, feed_started_cb, g_steal_pointer (&task));
}

static void
chat_api_live_hub_start_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  ChatApiLiveHub *self = CHAT_API_LIVE_HUB (service);
  /* Records before what speaks of them. */
  const char *const topics[]
      = { CHAT_TOPIC_CONTROLLED, CHAT_TOPIC_PRIVATE, CHAT_TOPIC_WARNINGS, CHAT_TOPIC_RECEIPTS, NULL };
  const char *const warnings[] = { CHAT_TOPIC_WARNINGS, NULL };
  const ChatStart start = CHAT_START_LIVE_INIT;
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_api_live_hub_start_async);
  chat_transport_subscribe_async (self->transport, self->feed != NULL ? warnings : topics, NULL, &start, cancellable,
                                  subscribed_cb, task);
}

static gboolean
stop_waited_cb (gpointer user_data)
{
  ChatApiLiveHub *self = user_data;

  g_clear_pointer (&self->stop_wait, g_source_unref);
  end_stop (self);
  return G_SOURCE_REMOVE;
}

static void
subscription_stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApiLiveHub *self = g_task_get_source_object (task);
  GHashTableIter iter;
  ChatApiLiveClient *client;

  chat_subscription_close_finish (CHAT_SUBSCRIPTION (source), result, NULL);
  if (g_hash_table_size (self->clients) == 0)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  self->stop = g_steal_pointer (&task);
  self->stop_wait = chat_timer_new (CLOSE_WAIT_MS, stop_waited_cb, self);
  g_hash_table_iter_init (&iter, self->clients);
  while (g_hash_table_iter_next (&iter, (gpointer *)&client, NULL))
    chat_api_live_client_close (client, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "the service is stopping");
}

static void
chat_api_live_hub_stop_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  ChatApiLiveHub *self = CHAT_API_LIVE_HUB (service);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_api_live_hub_stop_async);
  if (self->stopped || self->subscription == NULL)
    {
      self->stopped = TRUE;
      g_task_return_boolean (task, TRUE);
      return;
    }
  self->stopped = TRUE;
  chat_timer_clear (&self->begin_anew);
  if (self->feed != NULL)
    chat_service_stop_async (CHAT_SERVICE (self->feed), NULL, NULL, NULL);
  chat_subscription_close_async (self->subscription, cancellable, subscription_stopped_cb, g_steal_pointer (&task));
}

static gboolean
chat_api_live_hub_finish (ChatService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
service_iface_init (ChatServiceInterface *iface)
{
  iface->get_name = chat_api_live_hub_get_name;
  iface->start_async = chat_api_live_hub_start_async;
  iface->start_finish = chat_api_live_hub_finish;
  iface->stop_async = chat_api_live_hub_stop_async;
  iface->stop_finish = chat_api_live_hub_finish;
}

static void
channel_free (gpointer data)
{
  g_object_unref (data);
}

static void
chat_api_live_hub_dispose (GObject *object)
{
  ChatApiLiveHub *self = CHAT_API_LIVE_HUB (object);

  chat_timer_clear (&self->begin_anew);
  chat_timer_clear (&self->stop_wait);
  g_clear_pointer (&self->clients, g_hash_table_unref);
  g_clear_pointer (&self->channels, g_hash_table_unref);
  g_clear_object (&self->warnings);
  g_clear_object (&self->subscription);
  g_clear_object (&self->feed);
  g_clear_pointer (&self->gate, chat_api_gate_unref);
  g_clear_object (&self->blocks);
  g_clear_object (&self->publisher);
  g_clear_object (&self->directory);
  g_clear_object (&self->presence);
  g_clear_object (&self->sessions);
  g_clear_object (&self->store);
  g_clear_object (&self->transport);
  G_OBJECT_CLASS (chat_api_live_hub_parent_class)->dispose (object);
}

static void
chat_api_live_hub_class_init (ChatApiLiveHubClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = chat_api_live_hub_dispose;
}

static void
chat_api_live_hub_init (ChatApiLiveHub *self)
{
  self->channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, channel_free);
  self->clients = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
}

ChatApiLiveHub *
chat_api_live_hub_new (ChatTransport *transport, ChatStore *store, ChatSessionService *sessions, ChatPresence *presence,
                       ChatApiDirectory *directory, ChatApiPublisher *publisher, ChatBlockList *blocks,
                       ChatApiGate *gate, gsize backlog, gboolean blocked_may_read)
{
  ChatApiLiveHub *self = g_object_new (CHAT_TYPE_API_LIVE_HUB, NULL);

  self->transport = g_object_ref (transport);
  self->store = g_object_ref (store);
  self->sessions = g_object_ref (sessions);
  self->presence = g_object_ref (presence);
  self->directory = g_object_ref (directory);
  self->publisher = g_object_ref (publisher);
  self->blocks = g_object_ref (blocks);
  self->gate = chat_api_gate_ref (gate);
  self->warnings = chat_api_live_warnings_new (chat_store_get_moderation (store));
  self->backlog = backlog;
  self->blocked_may_read = blocked_may_read;
  return self;
}

void
chat_api_live_hub_read_store (ChatApiLiveHub *self)
{
  self->feed = chat_api_store_feed_new (self->store);
}

ChatApiLiveCounters
chat_api_live_hub_get_counters (ChatApiLiveHub *self)
{
  ChatApiLiveCounters counters = { .connections = g_hash_table_size (self->clients), .dropped = self->dropped };
  GHashTableIter iter;
  ChatApiLiveClient *client;

  g_hash_table_iter_init (&iter, self->clients);
  while (g_hash_table_iter_next (&iter, (gpointer *)&client, NULL))
    counters.backlog_bytes += chat_api_live_client_get_backlog (client);
  return counters;
}

ChatStore *
chat_api_live_hub_get_store (ChatApiLiveHub *self)
{
  return self->store;
}

ChatApiDirectory *
chat_api_live_hub_get_directory (ChatApiLiveHub *self)
{
  return self->directory;
}

ChatApiPublisher *
chat_api_live_hub_get_publisher (ChatApiLiveHub *self)
{
  return self->publisher;
}

ChatBlockList *
chat_api_live_hub_get_blocks (ChatApiLiveHub *self)
{
  return self->blocks;
}

ChatApiGate *
chat_api_live_hub_get_gate (ChatApiLiveHub *self)
{
  return self->gate;
}

gboolean
chat_api_live_hub_may_read (ChatApiLiveHub *self, const char *user_key)
{
  return self->blocked_may_read || chat_block_list_find (self->blocks, user_key, chat_time_now ()) == NULL;
}

ChatPresence *
chat_api_live_hub_get_presence (ChatApiLiveHub *self)
{
  return self->presence;
}

gboolean
chat_api_live_hub_has_others (ChatApiLiveHub *self, const char *user_key, const char *session_id)
{
  GHashTableIter iter;
  ChatApiLiveClient *client;

  g_hash_table_iter_init (&iter, self->clients);
  while (g_hash_table_iter_next (&iter, (gpointer *)&client, NULL))
    {
      const ChatSessionInfo *other = chat_api_live_client_get_session (client);

      if (g_str_equal (other->user_key, user_key) && g_strcmp0 (other->id, session_id) != 0)
        return TRUE;
    }
  return FALSE;
}
