/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-workspace-private.h"

#include "client/chat-mention.h"
#include "client/chat-timeline-private.h"
#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-names.h"
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

/* The service says only what is true. */
static ChatMessage *
decode (ChatWorkspace *self, ChatRecord *record)
{
  GBytes *bytes = chat_record_get_bytes (record);
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);
  ChatMessage *message = chat_message_decode (data, length, NULL);
  g_autofree char *id = NULL;
  ChatMessageHints hints;

  if (message != NULL && chat_message_get_id (message) != NULL && chat_message_get_channel (message) != NULL)
    return message;
  g_clear_pointer (&message, chat_message_unref);
  id = chat_record_dup_id (record, chat_feed_get_name (self->feed));
  hints = (ChatMessageHints){ chat_record_get_key (record), id, chat_record_get_time (record) };
  return chat_message_decode_foreign (data, length, &hints, NULL);
}

/* On a broker others may write, too. What did not come through the moderator is no part of the history, so it is not
 * shown either; and what only the store can know is a claim there. Whose words they are can't be told here: who may
 * write to that topic is the broker's to say. */
static ChatMessage *
decode_claim (ChatRecord *record)
{
  GBytes *bytes = chat_record_get_bytes (record);
  g_autoptr (ChatMessage) message
      = chat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  const char *channel = message != NULL ? chat_message_get_channel (message) : NULL;

  if (message == NULL || chat_message_get_id (message) == NULL
      || chat_message_get_timestamp (message) == CHAT_TIME_UNKNOWN)
    return NULL;
  if (g_str_equal (chat_record_get_topic (record), CHAT_TOPIC_CONTROLLED)
      && (channel == NULL || chat_channel_name_is_private (channel)
          || chat_message_kind_is_of_service (chat_message_get_kind (message))))
    return NULL;
  chat_message_take_state (message, NULL);
  chat_message_set_seq (message, 0);
  return g_steal_pointer (&message);
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

void
chat_workspace_take_messages (ChatWorkspace *self, ChatChannel *channel, GPtrArray *messages, gint64 from, gint64 to)
{
  ChatTimeline *timeline = chat_channel_peek_timeline (channel);
  ChatMessage *last = g_ptr_array_index (messages, messages->len - 1);

  for (guint i = 0; i < messages->len; i++)
    take_message (self, channel, g_ptr_array_index (messages, i));
  if (timeline != NULL && to > 0)
    chat_timeline_add_run (timeline, messages, from, to);
  else if (timeline != NULL)
    chat_timeline_add_live (timeline, messages);
  chat_channel_set_active (channel, chat_message_get_timestamp (last));
  for (guint i = 0; i < messages->len; i++)
    chat_workspace_note (self, channel, g_ptr_array_index (messages, i));
  chat_channel_update_unread (channel);
  if (chat_workspace_is_reading (self, channel))
    chat_workspace_read_all (self, channel);
  chat_cache_put_channel (self->cache, channel);
}

static void
take_receipt (ChatWorkspace *self, ChatMessage *receipt)
{
  const char *name = chat_message_get_channel (receipt);
  ChatChannel *channel = chat_channel_list_find (self->channels, name);
  GHashTable *receipts = chat_message_get_receipts (receipt);
  GHashTableIter iter;
  gpointer id, seq;

  if (receipts == NULL || name == NULL)
    return;
  g_hash_table_iter_init (&iter, receipts);
  while (self->merge != NULL && g_hash_table_iter_next (&iter, &id, &seq))
    chat_feed_merge_add_receipt (self->merge, name, id, *(gint64 *)seq);
  if (channel == NULL)
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

/* Whether a record of a channel counts: it is the first of its id, or brings its seq. */
static gboolean
merge (ChatWorkspace *self, ChatMessage *message, ChatCarrier carrier)
{
  const char *id = chat_message_get_id (message);
  gint64 seq = chat_message_get_seq (message);
  gboolean first;

  if (self->merge == NULL)
    return TRUE;
  first = chat_feed_merge_take (self->merge, id, carrier);
  if (seq == 0 && !first)
    return FALSE;
  seq = chat_feed_merge_add_record (self->merge, chat_message_get_channel (message), id, seq);
  chat_message_set_seq (message, seq);
  return TRUE;
}

static void
take_record (ChatWorkspace *self, ChatRecord *record, ChatCarrier carrier, GPtrArray *groups)
{
  const char *topic = chat_record_get_topic (record);
  g_autoptr (ChatMessage) message = NULL;

  if (carrier == CHAT_CARRIER_SERVICE && take_frame (self, record))
    return;
  message = carrier == CHAT_CARRIER_SERVICE ? decode (self, record) : decode_claim (record);
  /* what can't be read was counted and put aside by the service */
  if (message == NULL)
    return;
  if (g_str_equal (topic, CHAT_TOPIC_WARNINGS))
    chat_workspace_take_private_word (self, message, carrier == CHAT_CARRIER_SERVICE);
  else if (chat_message_get_kind (message) == CHAT_KIND_RECEIPT)
    take_receipt (self, message);
  else if (merge (self, message, carrier))
    {
      GPtrArray *group = find_group (self, groups, chat_message_get_channel (message))->messages;

      g_ptr_array_add (group, g_steal_pointer (&message));
    }
}

static void
take_groups (ChatWorkspace *self, GPtrArray *groups)
{
  for (guint i = 0; i < groups->len; i++)
    {
      const Group *group = g_ptr_array_index (groups, i);

      chat_workspace_take_messages (self, group->channel, group->messages, 0, 0);
    }
  g_ptr_array_set_size (groups, 0);
}

void
chat_workspace_take_records (ChatWorkspace *self, GPtrArray *batch, ChatCarrier carrier)
{
  g_autoptr (GPtrArray) groups = g_ptr_array_new_with_free_func ((GDestroyNotify)group_free);

  for (guint i = 0; i < batch->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (batch, i);

      /* a receipt comes after its record there, and is to find it here */
      if (g_str_equal (chat_record_get_topic (record), CHAT_TOPIC_RECEIPTS))
        take_groups (self, groups);
      take_record (self, record, carrier, groups);
    }
  take_groups (self, groups);
}

/* The service's feed */

static void
records_cb (ChatWorkspace *self, GPtrArray *batch)
{
  chat_workspace_take_records (self, batch, CHAT_CARRIER_SERVICE);
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

/* The feed is on: what was missed, and what waits to be sent, is due. */
static void
feed_online (ChatWorkspace *self)
{
  self->feed_online = TRUE;
  chat_outbox_start (self->outbox);
  chat_workspace_broker_service_online (self);
  chat_workspace_sync (self);
}

static void
changed_cb (ChatWorkspace *self)
{
  gboolean online = chat_feed_is_online (self->feed);

  if (self->feed_online && !online)
    {
      self->feed_online = FALSE;
      chat_workspace_broker_service_offline (self);
    }
  else if (!self->feed_online && online)
    {
      feed_online (self);
    }
  chat_workspace_update_state (self);
}

static void
denied_cb (ChatWorkspace *self, const GError *error)
{
  if (self->session == CHAT_SESSION_OPEN)
    chat_workspace_session_lost (self);
}

static ChatTransport *
make_feed (gpointer data)
{
  ChatWorkspace *self = data;

  return self->factory (self->http, self->uri, self->token, self->factory_data);
}

void
chat_workspace_feed_start (ChatWorkspace *self)
{
  if (self->feed != NULL || self->closing)
    return;
  if (self->site != NULL)
    {
      chat_workspace_site_start (self);
      return;
    }
  self->feed = chat_feed_new (make_feed, self);
  g_signal_connect_object (self->feed, "records", G_CALLBACK (records_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->feed, "gap", G_CALLBACK (gap_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->feed, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->feed, "placed", G_CALLBACK (chat_workspace_broker_service_placed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->feed, "denied", G_CALLBACK (denied_cb), self, G_CONNECT_SWAPPED);
  chat_workspace_broker_feed_made (self);
  chat_feed_start (self->feed);
}

void
chat_workspace_feed_stop (ChatWorkspace *self)
{
  if (self->site != NULL)
    chat_workspace_site_stop (self);
  chat_workspace_broker_stop (self);
  if (self->feed != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->feed, self);
      chat_feed_stop (self->feed);
    }
  g_clear_object (&self->feed);
  self->feed_online = FALSE;
  self->present = FALSE;
}

void
chat_workspace_feed_again (ChatWorkspace *self)
{
  if (self->feed != NULL)
    chat_feed_retry (self->feed);
  else
    chat_workspace_feed_start (self);
  chat_workspace_broker_retry (self);
}
