/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-live-client.h"

#include "core/chat-json.h"
#include "core/chat-time.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-live-hub.h"
#include "server/api/chat-api-live-subscription.h"
#include "server/api/chat-api-error.h"

#define FRAME_MAX_DEPTH 32
#define SUBSCRIPTIONS_MAX 64
#define PUBLISHES_MAX 256

struct _ChatApiLiveClient
{
  GObject parent_instance;

  /* Owned */
  ChatApiLiveHub *hub; /* a cycle, which ends when the connection does */
  ChatApiLiveSocket *socket;
  ChatSessionInfo *session;
  char *address;
  GCancellable *cancellable;
  GHashTable *subscriptions; /* ref → ChatApiLiveSubscription */
  GQueue replays;            /* (element-type ChatApiLiveReader): one after the other */
  ChatApiLiveReader *replaying;

  guint publishing;
  gboolean advancing;
};

G_DEFINE_FINAL_TYPE (ChatApiLiveClient, chat_api_live_client, G_TYPE_OBJECT)

enum
{
  CLOSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* A call to the store or the broker for one frame. */
typedef struct
{
  ChatApiLiveClient *client;
  gint64 ref;
} Call;

static Call *
call_new (ChatApiLiveClient *client, gint64 ref)
{
  Call *call = g_new0 (Call, 1);

  call->client = g_object_ref (client);
  call->ref = ref;
  return call;
}

static void
call_free (Call *call)
{
  g_object_unref (call->client);
  g_free (call);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Call, call_free)

/*
 * Answers
 */

static JsonObject *
answer_new (const char *op, gint64 ref)
{
  JsonObject *answer = json_object_new ();

  json_object_set_string_member (answer, "op", op);
  json_object_set_int_member (answer, "ref", ref);
  return answer;
}

/* Takes @answer. */
static void
send_answer (ChatApiLiveClient *self, JsonObject *answer)
{
  chat_api_live_socket_send (self->socket, chat_json_to_string (answer));
  json_object_unref (answer);
}

/* @wait_ms: after which it can be sent again; 0: not known */
static void
send_problem_with_wait (ChatApiLiveClient *self, gint64 ref, const GError *error, gint64 wait_ms)
{
  JsonObject *answer = answer_new ("problem", ref);
  const ChatBlock *block = NULL;
  JsonObject *problem;
  guint status;

  if (g_error_matches (error, CHAT_API_ERROR, CHAT_API_ERROR_BLOCKED))
    block = chat_block_list_find (chat_api_live_hub_get_blocks (self->hub), self->session->user_key, chat_time_now ());
  if (chat_api_problem_is_ours (error))
    g_info ("live connection of %s: %s", self->session->user, error->message);
  problem = chat_api_problem_new (error, block, &status);
  if (wait_ms > 0)
    json_object_set_int_member (problem, "retry_after_ms", wait_ms);
  json_object_set_object_member (answer, "problem", problem);
  send_answer (self, answer);
}

static void
send_problem (ChatApiLiveClient *self, gint64 ref, const GError *error)
{
  send_problem_with_wait (self, ref, error, 0);
}

/* Whether this frame is not one too many in too short a time; else it has been answered. */
static gboolean
admit (ChatApiLiveClient *self, gint64 ref, ChatApiRate rate)
{
  g_autoptr (GError) error = NULL;
  gint64 wait_ms;

  if (chat_api_gate_admit (chat_api_live_hub_get_gate (self->hub), rate, self->address, self->session->user_key,
                           g_get_monotonic_time (), &wait_ms, &error))
    return TRUE;
  send_problem_with_wait (self, ref, error, wait_ms);
  return FALSE;
}

/*
 * Replays, one after the other: a connection that resumes many channels asks for one page at a time
 */

static void
replay_next (ChatApiLiveClient *self)
{
  if (self->advancing)
    return;
  self->advancing = TRUE;
  while (self->replaying == NULL && !g_queue_is_empty (&self->replays))
    {
      g_autoptr (ChatApiLiveReader) reader = g_queue_pop_head (&self->replays);

      self->replaying = g_object_ref (reader);
      chat_api_live_reader_advance (reader);
    }
  self->advancing = FALSE;
}

static void
settled_cb (ChatApiLiveReader *reader, gpointer user_data)
{
  ChatApiLiveClient *self = user_data;

  if (reader != self->replaying)
    return;
  g_clear_object (&self->replaying);
  replay_next (self);
}

static void
woken_cb (ChatApiLiveReader *reader, gpointer user_data)
{
  ChatApiLiveClient *self = user_data;

  g_queue_push_tail (&self->replays, g_object_ref (reader));
  replay_next (self);
}

static void
drained_cb (ChatApiLiveSocket *socket, gpointer user_data)
{
  ChatApiLiveClient *self = user_data;
  g_autoptr (ChatApiLiveReader) reader = self->replaying != NULL ? g_object_ref (self->replaying) : NULL;

  if (reader != NULL)
    chat_api_live_reader_advance (reader);
}

/*
 * subscribe, unsubscribe
 */

static void
add_reader (ChatApiLiveClient *self, ChatApiLiveSubscription *subscription, ChatApiLiveChannel *channel, gint64 after,
            gint64 head)
{
  const char *name = chat_api_live_channel_get_name (channel);
  ChatApiChannel *access = chat_api_live_channel_get_access (channel);
  ChatApiLiveWants wants = chat_api_live_subscription_get_wants (subscription, access->private);
  ChatMessageStore *messages = chat_store_get_messages (chat_api_live_hub_get_store (self->hub));
  ChatApiLiveReader *reader;

  if (wants == 0 || g_hash_table_contains (subscription->readers, name))
    return;
  reader = chat_api_live_reader_new (channel, self->socket, messages, subscription->ref, wants, after, head);
  g_signal_connect_object (reader, "settled", G_CALLBACK (settled_cb), self, 0);
  g_signal_connect_object (reader, "woken", G_CALLBACK (woken_cb), self, 0);
  g_hash_table_insert (subscription->readers, g_strdup (name), reader);
  g_queue_push_tail (&self->replays, g_object_ref (reader));
}

static gboolean
knows_all (const ChatApiLiveSubscription *subscription, GPtrArray *channels, GError **error)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < channels->len; i++)
    g_hash_table_add (names, ((ChatChannelInfo *)channels->pdata[i])->name);
  for (char **name = subscription->channels; name != NULL && *name != NULL; name++)
    if (!g_hash_table_contains (names, *name))
      {
        g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_NO_CHANNEL, "There is no channel \"%s\"", *name);
        return FALSE;
      }
  return TRUE;
}

static void
read_channel (ChatApiLiveClient *self, ChatApiLiveSubscription *subscription, const ChatChannelInfo *info)
{
  ChatApiChannel *access = chat_api_directory_add (chat_api_live_hub_get_directory (self->hub), info);

  add_reader (self, subscription, chat_api_live_hub_ensure_channel (self->hub, access),
              chat_api_live_subscription_get_after (subscription, info->name, info->head), info->head);
}

/* What has come into being while the store was listing. */
static void
read_newcomers (ChatApiLiveClient *self, ChatApiLiveSubscription *subscription)
{
  g_autoptr (GPtrArray) channels = chat_api_live_hub_list_channels (self->hub);

  subscription->ready = TRUE;
  for (guint i = 0; i < channels->len; i++)
    chat_api_live_client_offer (self, channels->pdata[i]);
}

static void
begin_presence (ChatApiLiveClient *self, gint64 ref)
{
  g_autoptr (GPtrArray) users = chat_presence_list (chat_api_live_hub_get_presence (self->hub));
  g_autoptr (GPtrArray) bodies = chat_api_live_feed_write_users (users, TRUE);
  const char *op = chat_api_live_feed_get (CHAT_API_LIVE_PRESENCE)->op;

  for (guint i = 0; i < bodies->len; i++)
    chat_api_live_socket_send_feed (self->socket, op, ref, bodies->pdata[i]);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  ChatApiLiveClient *self = call->client;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) channels = chat_channel_store_list_finish (CHAT_CHANNEL_STORE (source), result, &error);
  ChatApiLiveSubscription *subscription = g_hash_table_lookup (self->subscriptions, &call->ref);
  JsonObject *answer, *heads;

  if (subscription == NULL || subscription->ready)
    return; /* given up meanwhile */
  if (channels == NULL || !knows_all (subscription, channels, &error))
    {
      g_hash_table_remove (self->subscriptions, &call->ref);
      send_problem (self, call->ref, error);
      return;
    }
  heads = json_object_new ();
  for (guint i = 0; i < channels->len; i++)
    {
      const ChatChannelInfo *info = channels->pdata[i];

      if (chat_api_live_subscription_covers (subscription, info->name))
        json_object_set_int_member (heads, info->name, info->head);
    }
  answer = answer_new ("subscribed", call->ref);
  json_object_set_object_member (answer, "heads", heads);
  send_answer (self, answer);
  if (subscription->feeds & CHAT_API_LIVE_PRESENCE)
    begin_presence (self, call->ref);
  for (guint i = 0; i < channels->len; i++)
    if (chat_api_live_subscription_covers (subscription, ((ChatChannelInfo *)channels->pdata[i])->name))
      read_channel (self, subscription, channels->pdata[i]);
  read_newcomers (self, subscription);
  replay_next (self);
}

static void
subscribe (ChatApiLiveClient *self, gint64 ref, JsonObject *frame)
{
  g_autoptr (GError) error = NULL;
  ChatApiLiveSubscription *subscription;

  if (!admit (self, ref, CHAT_API_RATE_READ))
    return;
  if (g_hash_table_contains (self->subscriptions, &ref))
    error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_REF_IN_USE,
                         "ref %" G_GINT64_FORMAT " is another subscription's: choose one of its own", ref);
  else if (g_hash_table_size (self->subscriptions) >= SUBSCRIPTIONS_MAX)
    error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_TOO_MANY, "There are %d subscriptions already: end one first",
                         SUBSCRIPTIONS_MAX);
  if (error != NULL
      || (subscription = chat_api_live_subscription_new (ref, frame, self->session->role, &error)) == NULL)
    {
      send_problem (self, ref, error);
      return;
    }
  if (!chat_api_live_hub_may_read (self->hub, self->session->user_key))
    subscription->controlled = subscription->private = FALSE;
  g_hash_table_insert (self->subscriptions, &subscription->ref, subscription);
  chat_channel_store_list_async (chat_store_get_channels (chat_api_live_hub_get_store (self->hub)),
                                 self->session->user_key, self->cancellable, listed_cb, call_new (self, ref));
}

static void
unsubscribe (ChatApiLiveClient *self, gint64 ref, JsonObject *frame)
{
  g_hash_table_remove (self->subscriptions, &ref);
  send_answer (self, answer_new ("unsubscribed", ref));
}

/*
 * publish, ping
 */

static void
published_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiReceipt) receipt = chat_api_publisher_post_finish (CHAT_API_PUBLISHER (source), result, &error);
  JsonObject *answer;

  call->client->publishing--;
  if (receipt == NULL)
    {
      send_problem (call->client, call->ref, error);
      return;
    }
  answer = answer_new ("accepted", call->ref);
  json_object_set_string_member (answer, "id", receipt->id);
  chat_api_json_set_time (answer, "timestamp", receipt->timestamp);
  send_answer (call->client, answer);
}

static void
publish (ChatApiLiveClient *self, gint64 ref, JsonObject *frame)
{
  g_autoptr (GError) error = NULL;
  JsonObject *record;

  if (!admit (self, ref, CHAT_API_RATE_POST))
    return;
  if (self->publishing >= PUBLISHES_MAX)
    error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_TOO_MANY, "%d records are on their way already: wait for one",
                         PUBLISHES_MAX);
  if (error != NULL || !chat_json_get_object (frame, "record", TRUE, &record, &error))
    {
      send_problem (self, ref, error);
      return;
    }
  self->publishing++;
  chat_api_publisher_post_async (chat_api_live_hub_get_publisher (self->hub), self->session, NULL, record, NULL,
                                 published_cb, call_new (self, ref));
}

static void
ping (ChatApiLiveClient *self, gint64 ref, JsonObject *frame)
{
  send_answer (self, answer_new ("pong", ref));
}

/*
 * Frames
 */

static void
handle (ChatApiLiveClient *self, const char *op, gint64 ref, JsonObject *frame)
{
  static const struct
  {
    const char *op;
    void (*handle) (ChatApiLiveClient *self, gint64 ref, JsonObject *frame);
  } operations[] = {
    { "publish", publish },
    { "subscribe", subscribe },
    { "unsubscribe", unsubscribe },
    { "ping", ping },
  };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    if (g_str_equal (operations[i].op, op))
      {
        operations[i].handle (self, ref, frame);
        return;
      }
  error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_MEMBER,
                       "\"op\" is \"%s\", but must be publish, subscribe, unsubscribe or ping", op);
  send_problem (self, ref, error);
}

static void
frame_cb (ChatApiLiveSocket *socket, GBytes *text, gpointer user_data)
{
  ChatApiLiveClient *self = user_data;
  gsize length;
  const void *bytes = g_bytes_get_data (text, &length);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) frame = chat_json_parse_object (bytes, length, FRAME_MAX_DEPTH, &error);
  const char *op;
  gint64 ref;

  if (frame == NULL || !chat_json_get_string (frame, "op", TRUE, &op, &error)
      || !chat_json_get_int (frame, "ref", TRUE, &ref, &error))
    chat_api_live_client_close (self, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION, error->message);
  else
    handle (self, op, ref, frame);
}

static void
closed_cb (ChatApiLiveSocket *socket, gpointer user_data)
{
  g_autoptr (ChatApiLiveClient) self = g_object_ref (user_data);

  g_cancellable_cancel (self->cancellable);
  g_hash_table_remove_all (self->subscriptions);
  g_signal_emit (self, signals[CLOSED], 0);
}

static void
chat_api_live_client_dispose (GObject *object)
{
  ChatApiLiveClient *self = CHAT_API_LIVE_CLIENT (object);

  g_clear_pointer (&self->subscriptions, g_hash_table_unref);
  g_queue_clear_full (&self->replays, g_object_unref);
  g_clear_object (&self->replaying);
  if (self->socket != NULL)
    g_signal_handlers_disconnect_by_data (self->socket, self);
  g_clear_object (&self->socket);
  g_clear_object (&self->hub);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->session, chat_session_info_free);
  g_clear_pointer (&self->address, g_free);
  G_OBJECT_CLASS (chat_api_live_client_parent_class)->dispose (object);
}

static void
chat_api_live_client_class_init (ChatApiLiveClientClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = chat_api_live_client_dispose;
  signals[CLOSED]
      = g_signal_new ("closed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
chat_api_live_client_init (ChatApiLiveClient *self)
{
  self->cancellable = g_cancellable_new ();
  self->subscriptions
      = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)chat_api_live_subscription_free);
  g_queue_init (&self->replays);
}

ChatApiLiveClient *
chat_api_live_client_new (ChatApiLiveHub *hub, ChatApiLiveSocket *socket, const ChatSessionInfo *session,
                          const char *address)
{
  ChatApiLiveClient *self = g_object_new (CHAT_TYPE_API_LIVE_CLIENT, NULL);

  self->hub = g_object_ref (hub);
  self->socket = g_object_ref (socket);
  self->session = chat_session_info_copy (session);
  self->address = g_strdup (address);
  g_signal_connect (socket, "frame", G_CALLBACK (frame_cb), self);
  g_signal_connect (socket, "drained", G_CALLBACK (drained_cb), self);
  g_signal_connect (socket, "closed", G_CALLBACK (closed_cb), self);
  return self;
}

const ChatSessionInfo *
chat_api_live_client_get_session (ChatApiLiveClient *self)
{
  return self->session;
}

gsize
chat_api_live_client_get_backlog (ChatApiLiveClient *self)
{
  return chat_api_live_socket_get_backlog (self->socket);
}

gboolean
chat_api_live_client_was_too_slow (ChatApiLiveClient *self)
{
  return chat_api_live_socket_was_too_slow (self->socket);
}

void
chat_api_live_client_close (ChatApiLiveClient *self, gushort code, const char *reason)
{
  chat_api_live_socket_close (self->socket, code, reason);
}

void
chat_api_live_client_offer (ChatApiLiveClient *self, ChatApiLiveChannel *channel)
{
  ChatApiChannel *access = chat_api_live_channel_get_access (channel);
  GHashTableIter iter;
  ChatApiLiveSubscription *subscription;

  if (access == NULL || !chat_api_channel_is_open_to (access, self->session->user_key))
    return;
  g_hash_table_iter_init (&iter, self->subscriptions);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&subscription))
    if (subscription->ready && subscription->channels == NULL)
      add_reader (self, subscription, channel, chat_api_live_subscription_get_after (subscription, access->name, 0), 0);
  replay_next (self);
}

gboolean
chat_api_live_client_wants_warnings (ChatApiLiveClient *self)
{
  GHashTableIter iter;
  ChatApiLiveSubscription *subscription;

  g_hash_table_iter_init (&iter, self->subscriptions);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&subscription))
    if (subscription->ready && subscription->warnings)
      return TRUE;
  return FALSE;
}

void
chat_api_live_client_send_warnings (ChatApiLiveClient *self, GPtrArray *bodies)
{
  GHashTableIter iter;
  ChatApiLiveSubscription *subscription;

  g_hash_table_iter_init (&iter, self->subscriptions);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&subscription))
    for (guint i = 0; subscription->ready && subscription->warnings && i < bodies->len; i++)
      chat_api_live_socket_send_records (self->socket, subscription->ref, bodies->pdata[i], TRUE);
}

void
chat_api_live_client_tell (ChatApiLiveClient *self, const ChatApiLiveFeed *feed, GBytes *body)
{
  GHashTableIter iter;
  ChatApiLiveSubscription *subscription;

  g_hash_table_iter_init (&iter, self->subscriptions);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&subscription))
    if (subscription->ready && (subscription->feeds & feed->feed))
      chat_api_live_socket_send_feed (self->socket, feed->op, subscription->ref, body);
}
