/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-workspace-private.h"

#include <glib/gi18n-lib.h>

#include "client/chat-mention.h"
#include "client/chat-timeline-private.h"
#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"

#define FRAME_DEPTH 8

/* The records of one channel in one batch, on their way to its timeline. */
typedef struct
{
  ChatChannel *channel;
  GPtrArray *messages; /* ChatMessage */
} Group;

static void
group_free (Group *group)
{
  g_object_unref (group->channel);
  g_ptr_array_unref (group->messages);
  g_free (group);
}

/* Routing */

/* A record of a topic that others write to as well may be silent about what the transport knows. */
static ChatMessage *
decode (ChatWorkspace *self, ChatRecord *record)
{
  GBytes *bytes = chat_record_get_bytes (record);
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);
  ChatMessage *message = chat_message_decode (data, length, NULL);
  g_autofree char *id = NULL;
  ChatMessageHints hints;

  /* `state` is the store's to say: on a broker it is a claim */
  if (message != NULL && chat_message_get_state (message) != NULL
      && !g_str_equal (chat_transport_get_name (self->feed), "websocket"))
    chat_message_take_state (message, NULL);
  if (message != NULL && chat_message_get_id (message) != NULL && chat_message_get_channel (message) != NULL)
    return message;
  g_clear_pointer (&message, chat_message_unref);
  id = chat_record_dup_id (record, chat_transport_get_name (self->feed));
  hints = (ChatMessageHints){ chat_record_get_key (record), id, chat_record_get_time (record) };
  return chat_message_decode_foreign (data, length, &hints, NULL);
}

static ChatChannel *
find_channel (ChatWorkspace *self, const char *name)
{
  ChatChannel *channel = chat_channel_list_find (self->channels, name);

  if (channel != NULL)
    return channel;
  /* its topic, or who is in it, is asked for; what it brings is shown at once */
  chat_workspace_sync_channels_soon (self);
  return chat_workspace_upsert_channel (self, name);
}

static Group *
find_group (ChatWorkspace *self, GPtrArray *groups, const char *name)
{
  Group *group;

  for (guint i = groups->len; i > 0; i--)
    {
      group = g_ptr_array_index (groups, i - 1);
      if (g_str_equal (chat_channel_get_name (group->channel), name))
        return group;
    }
  group = g_new0 (Group, 1);
  group->channel = g_object_ref (find_channel (self, name));
  group->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
  g_ptr_array_add (groups, group);
  return group;
}

/* A record that says something of its channel. */
static void
take_channel_record (ChatWorkspace *self, ChatChannel *channel, ChatMessage *message)
{
  ChatMessageKind kind = chat_message_get_kind (message);
  gboolean own = chat_workspace_is_own (self, message);

  if (kind == CHAT_KIND_TOPIC)
    chat_channel_set_topic (channel, chat_message_get_data (message));
  else if (kind == CHAT_KIND_JOIN || kind == CHAT_KIND_LEAVE)
    {
      if (own)
        chat_channel_set_joined (channel, kind == CHAT_KIND_JOIN);
      if (g_strcmp0 (self->active, chat_channel_get_name (channel)) == 0)
        chat_workspace_sync_active_people_soon (self);
    }
}

static void
take_message (ChatWorkspace *self, ChatChannel *channel, ChatMessage *message)
{
  const char *id = chat_message_get_id (message);

  if (chat_workspace_is_own (self, message))
    chat_outbox_settle (self->outbox, id);
  else if (chat_timeline_is_row (message))
    chat_unread_add (chat_channel_get_counter (channel), id, chat_message_get_seq (message),
                     chat_mention_is_in (chat_message_get_data (message), self->user));
  take_channel_record (self, channel, message);
  chat_channel_set_head (channel, chat_message_get_seq (message));
  chat_cache_add_live (self->cache, chat_channel_get_name (channel), message);
}

static void
take_group (ChatWorkspace *self, Group *group)
{
  ChatTimeline *timeline = chat_channel_peek_timeline (group->channel);
  ChatMessage *last = g_ptr_array_index (group->messages, group->messages->len - 1);

  for (guint i = 0; i < group->messages->len; i++)
    take_message (self, group->channel, g_ptr_array_index (group->messages, i));
  if (timeline != NULL)
    chat_timeline_add_live (timeline, group->messages);
  chat_channel_set_active (group->channel, chat_message_get_timestamp (last));
  for (guint i = 0; i < group->messages->len; i++)
    chat_workspace_note (self, group->channel, g_ptr_array_index (group->messages, i));
  chat_channel_update_unread (group->channel);
  if (chat_workspace_is_reading (self, group->channel))
    chat_workspace_read_all (self, group->channel);
  chat_cache_put_channel (self->cache, group->channel);
}

static void
take_receipt (ChatWorkspace *self, ChatMessage *receipt)
{
  const char *name = chat_message_get_channel (receipt);
  ChatChannel *channel = chat_channel_list_find (self->channels, name);
  GHashTable *receipts = chat_message_get_receipts (receipt);
  GHashTableIter iter;
  gpointer id, seq;

  if (channel == NULL || receipts == NULL)
    return;
  g_hash_table_iter_init (&iter, receipts);
  while (g_hash_table_iter_next (&iter, &id, &seq))
    {
      chat_channel_set_head (channel, *(gint64 *)seq);
      chat_unread_place (chat_channel_get_counter (channel), id, *(gint64 *)seq);
      chat_workspace_place_note (self, channel, id, *(gint64 *)seq);
    }
  chat_channel_update_unread (channel);
  chat_cache_put_channel (self->cache, channel);
  chat_cache_add_receipts (self->cache, name, receipt);
  if (chat_channel_peek_timeline (channel) != NULL)
    chat_timeline_add_receipts (chat_channel_peek_timeline (channel), receipt);
  if (chat_workspace_is_reading (self, channel))
    chat_workspace_read_all (self, channel);
}

/* Frames of the service's own feed. */
static gboolean
take_frame (ChatWorkspace *self, ChatRecord *record)
{
  const char *topic = chat_record_get_topic (record);
  gboolean presence = g_str_equal (topic, CHAT_TOPIC_PRESENCE), mark = g_str_equal (topic, CHAT_TOPIC_MARKS);
  GBytes *bytes = chat_record_get_bytes (record);
  g_autoptr (JsonObject) frame = NULL;

  if (!presence && !mark)
    return FALSE;
  frame = chat_json_parse_object (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), FRAME_DEPTH, NULL);
  if (frame != NULL && presence)
    chat_workspace_take_presence (self, frame);
  else if (frame != NULL)
    chat_workspace_take_mark (self, frame);
  return TRUE;
}

/* What is for this user only. */
static void
take_private_word (ChatWorkspace *self, ChatMessage *message)
{
  const char *target = chat_message_get_target (message);
  g_autoptr (ChatWarning) warning = NULL;

  switch ((int)chat_message_get_kind (message))
    {
    case CHAT_KIND_WARNING:
      warning = chat_warning_new_from_message (message);
      if (warning != NULL)
        chat_workspace_add_warning (self, warning, TRUE);
      break;
    case CHAT_KIND_BLOCK:
      chat_workspace_set_block (self, TRUE, chat_message_get_reason (message), chat_message_get_timestamp (message),
                                self->block_until);
      chat_workspace_sync_block (self);
      break;
    case CHAT_KIND_UNBLOCK:
      chat_workspace_set_block (self, FALSE, NULL, CHAT_TIME_UNKNOWN, CHAT_TIME_UNKNOWN);
      break;
    case CHAT_KIND_REFUSED:
      if (target != NULL)
        chat_outbox_refuse (self->outbox, target, chat_message_get_reason (message));
      break;
    default:
      break;
    }
}

static void
take_record (ChatWorkspace *self, ChatRecord *record, GPtrArray *groups)
{
  const char *topic = chat_record_get_topic (record);
  g_autoptr (ChatMessage) message = NULL;
  GPtrArray *group;

  if (take_frame (self, record))
    return;
  message = decode (self, record);
  /* what can't be read was counted and put aside by the service */
  if (message == NULL)
    return;
  if (g_str_equal (topic, CHAT_TOPIC_WARNINGS))
    take_private_word (self, message);
  else if (chat_message_get_kind (message) == CHAT_KIND_RECEIPT)
    take_receipt (self, message);
  else
    {
      group = find_group (self, groups, chat_message_get_channel (message))->messages;
      g_ptr_array_add (group, g_steal_pointer (&message));
    }
}

static void
take_groups (ChatWorkspace *self, GPtrArray *groups)
{
  for (guint i = 0; i < groups->len; i++)
    take_group (self, g_ptr_array_index (groups, i));
  g_ptr_array_set_size (groups, 0);
}

static void
records_cb (ChatWorkspace *self, GPtrArray *batch)
{
  g_autoptr (GPtrArray) groups = g_ptr_array_new_with_free_func ((GDestroyNotify)group_free);

  for (guint i = 0; i < batch->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (batch, i);

      /* a receipt comes after its record there, and is to find it here */
      if (g_str_equal (chat_record_get_topic (record), CHAT_TOPIC_RECEIPTS))
        take_groups (self, groups);
      take_record (self, record, groups);
    }
  take_groups (self, groups);
}

static void
gap_cb (ChatWorkspace *self, const char *topic, const char *shard, gint64 from, gint64 to)
{
  ChatChannel *channel = chat_channel_list_find (self->channels, shard);

  /* on a broker of shards any channel may have lost something */
  if (channel == NULL)
    chat_workspace_sync (self);
  else if (chat_channel_peek_timeline (channel) != NULL)
    chat_timeline_resync (chat_channel_peek_timeline (channel));
}

/* The feed */

static gboolean
feed_again_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;

  self->feed_source = 0;
  chat_workspace_feed_start (self);
  return G_SOURCE_REMOVE;
}

static void
feed_failed (ChatWorkspace *self, const GError *error)
{
  if (self->session != CHAT_SESSION_OPEN)
    return;
  if (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED))
    {
      chat_workspace_session_lost (self);
      return;
    }
  /* by its other end: begin anew, what was missed comes from the history */
  chat_workspace_feed_stop (self);
  self->feed_source = g_timeout_add (chat_backoff_next (&self->feed_backoff), feed_again_cb, self);
}

static void
feed_closed_cb (ChatWorkspace *self, const GError *error)
{
  if (error != NULL)
    feed_failed (self, error);
}

/* The feed is on: what was missed, and what waits to be sent, is due. */
static void
feed_online (ChatWorkspace *self)
{
  self->feed_online = TRUE;
  chat_backoff_reset (&self->feed_backoff);
  chat_outbox_start (self->outbox);
  chat_workspace_sync (self);
}

static void
feed_state_cb (ChatWorkspace *self)
{
  ChatTransportState state = chat_transport_get_state (self->feed);
  gboolean online = state == CHAT_TRANSPORT_ONLINE || state == CHAT_TRANSPORT_DEGRADED;

  if (self->feed_online && !online)
    self->feed_online = FALSE;
  else if (!self->feed_online && online && self->subscription != NULL)
    feed_online (self);
  chat_workspace_update_state (self);
}

/* An answer about a feed that may have been replaced meanwhile. */
static ChatWorkspace *
end_call (gpointer user_data, GObject *source)
{
  ChatWorkspace *self = g_weak_ref_get (user_data);

  if (self != NULL && self->feed != (ChatTransport *)source)
    g_clear_object (&self);
  g_weak_ref_clear (user_data);
  g_free (user_data);
  return self;
}

static gpointer
begin_call (ChatWorkspace *self)
{
  GWeakRef *call = g_new0 (GWeakRef, 1);

  g_weak_ref_init (call, self);
  return call;
}

static void
subscribed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatWorkspace) self = end_call (user_data, source);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatSubscription) subscription = chat_transport_subscribe_finish (CHAT_TRANSPORT (source), result, &error);

  if (self == NULL)
    return;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (subscription == NULL)
    {
      feed_failed (self, error);
      return;
    }
  self->subscription = g_steal_pointer (&subscription);
  g_signal_connect_object (self->subscription, "records", G_CALLBACK (records_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->subscription, "gap", G_CALLBACK (gap_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->subscription, "closed", G_CALLBACK (feed_closed_cb), self, G_CONNECT_SWAPPED);
  feed_state_cb (self);
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  static const char *const topics[] = { CHAT_TOPIC_CONTROLLED,
                                        CHAT_TOPIC_PRIVATE,
                                        CHAT_TOPIC_WARNINGS,
                                        CHAT_TOPIC_RECEIPTS,
                                        CHAT_TOPIC_PRESENCE,
                                        CHAT_TOPIC_MARKS,
                                        NULL };
  static const ChatStart start = CHAT_START_LIVE_INIT;
  g_autoptr (ChatWorkspace) self = end_call (user_data, source);
  g_autoptr (GError) error = NULL;

  chat_transport_connect_finish (CHAT_TRANSPORT (source), result, &error);
  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (error != NULL)
    {
      feed_failed (self, error);
      return;
    }
  chat_transport_subscribe_async (self->feed, topics, NULL, &start, self->cancellable, subscribed_cb,
                                  begin_call (self));
}

void
chat_workspace_feed_start (ChatWorkspace *self)
{
  if (self->feed != NULL || self->closing)
    return;
  g_clear_handle_id (&self->feed_source, g_source_remove);
  self->feed = self->factory (self->http, self->uri, self->token, self->factory_data);
  g_signal_connect_object (self->feed, "notify::state", G_CALLBACK (feed_state_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->feed, "notify::status", G_CALLBACK (chat_workspace_update_state), self,
                           G_CONNECT_SWAPPED);
  chat_transport_connect_async (self->feed, self->cancellable, connected_cb, begin_call (self));
  chat_workspace_update_state (self);
}

void
chat_workspace_feed_stop (ChatWorkspace *self)
{
  g_clear_handle_id (&self->feed_source, g_source_remove);
  if (self->subscription != NULL)
    g_signal_handlers_disconnect_by_data (self->subscription, self);
  g_clear_object (&self->subscription);
  if (self->feed != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->feed, self);
      chat_transport_close_async (self->feed, NULL, NULL, NULL);
    }
  g_clear_object (&self->feed);
  self->feed_online = FALSE;
  self->present = FALSE;
}

void
chat_workspace_feed_again (ChatWorkspace *self)
{
  /* idempotent; and a transport that waits for its next try tries at once */
  if (self->feed != NULL)
    chat_transport_connect_async (self->feed, NULL, NULL, NULL);
  else
    chat_workspace_feed_start (self);
}

/* State and status */

static gboolean
is_catching_up (ChatWorkspace *self)
{
  if (self->syncing > 0)
    return TRUE;
  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatTimeline *timeline = chat_channel_peek_timeline (chat_channel_list_get (self->channels, i));

      if (timeline != NULL && chat_timeline_is_resyncing (timeline))
        return TRUE;
    }
  return FALSE;
}

static ChatWorkspaceState
find_state (ChatWorkspace *self)
{
  if (self->session == CHAT_SESSION_NONE)
    return CHAT_WORKSPACE_OFFLINE;
  if (!self->feed_online)
    return CHAT_WORKSPACE_CONNECTING;
  return is_catching_up (self) ? CHAT_WORKSPACE_CATCHING_UP : CHAT_WORKSPACE_LIVE;
}

/* What people call the feed. */
static const char *
feed_name (ChatWorkspace *self)
{
  static const struct
  {
    const char *name, *title;
  } names[] = { { "websocket", "WebSocket" }, { "kafka", "Kafka" }, { "rabbitmq", "RabbitMQ" } };
  const char *name = chat_transport_get_name (self->feed);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i].name, name))
      return names[i].title;
  return name;
}

/* (transfer full) */
static char *
describe_state (ChatWorkspace *self, ChatWorkspaceState state)
{
  if (self->feed == NULL && self->session_status != NULL)
    return g_strdup (self->session_status);
  if (state == CHAT_WORKSPACE_OFFLINE)
    return g_strdup (_ ("Offline"));
  if (self->feed == NULL)
    return g_strdup_printf (_ ("Connecting to %s"), self->uri);
  if (state == CHAT_WORKSPACE_CONNECTING || chat_transport_get_state (self->feed) == CHAT_TRANSPORT_DEGRADED)
    return chat_transport_dup_status (self->feed);
  if (state == CHAT_WORKSPACE_CATCHING_UP)
    /* Translators: the name of a feed: "WebSocket · catching up" */
    return g_strdup_printf (_ ("%s · catching up"), feed_name (self));
  /* Translators: the name of a feed: "WebSocket · live" */
  return g_strdup_printf (_ ("%s · live"), feed_name (self));
}

/* (transfer full) */
static char *
describe (ChatWorkspace *self, ChatWorkspaceState state)
{
  g_autofree char *text = describe_state (self, state);
  guint waiting = chat_outbox_get_waiting (self->outbox);
  g_autofree char *queue = NULL;

  /* what is accepted within a moment is not worth a word */
  if (waiting == 0 || state == CHAT_WORKSPACE_LIVE)
    return g_steal_pointer (&text);
  queue = g_strdup_printf (ngettext ("%u message waiting", "%u messages waiting", waiting), waiting);
  return g_strdup_printf ("%s · %s", text, queue);
}

void
chat_workspace_update_state (ChatWorkspace *self)
{
  ChatWorkspaceState state = find_state (self);
  g_autofree char *status = describe (self, state);

  g_object_freeze_notify (G_OBJECT (self));
  if (self->state != state)
    {
      self->state = state;
      chat_workspace_notify (self, "state");
    }
  if (g_strcmp0 (self->status, status) != 0)
    {
      g_free (self->status);
      self->status = g_steal_pointer (&status);
      chat_workspace_notify (self, "status");
    }
  g_object_thaw_notify (G_OBJECT (self));
}
