/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-live-subscription.h"

#include "core/chat-json.h"
#include "core/chat-names.h"
#include "server/api/chat-api-error.h"
#include "transport/chat-record.h"

#define CHANNELS_MAX 1024

/* One that the feed has of itself. */
static gboolean
read_feed (ChatApiLiveSubscription *self, const char *topic, ChatRole role, GError **error)
{
  const ChatApiLiveFeed *feed = chat_api_live_feed_find (topic);

  if (feed != NULL && role >= feed->role)
    {
      self->feeds |= feed->feed;
      return TRUE;
    }
  if (feed != NULL)
    g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_ROLE, "The topic \"%s\" needs the role \"%s\"; yours is \"%s\"",
                 topic, chat_role_to_string (feed->role), chat_role_to_string (role));
  else
    g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER,
                 "\"topics\" may hold \"%s\", \"%s\", \"%s\", \"%s\", \"%s\", \"%s\" and \"%s\", and nothing else",
                 CHAT_TOPIC_CONTROLLED, CHAT_TOPIC_PRIVATE, CHAT_TOPIC_RECEIPTS, CHAT_TOPIC_WARNINGS,
                 CHAT_TOPIC_PRESENCE, CHAT_TOPIC_MARKS, CHAT_TOPIC_MODERATION);
  return FALSE;
}

static gboolean
read_topic (ChatApiLiveSubscription *self, const char *topic, ChatRole role, GError **error)
{
  if (g_strcmp0 (topic, CHAT_TOPIC_CONTROLLED) == 0)
    self->controlled = TRUE;
  else if (g_strcmp0 (topic, CHAT_TOPIC_PRIVATE) == 0)
    self->private = TRUE;
  else if (g_strcmp0 (topic, CHAT_TOPIC_RECEIPTS) == 0)
    self->receipts = TRUE;
  else if (g_strcmp0 (topic, CHAT_TOPIC_WARNINGS) == 0)
    self->warnings = TRUE;
  else
    return read_feed (self, topic, role, error);
  return TRUE;
}

static const char *
get_string_at (JsonArray *array, guint i)
{
  JsonNode *node = json_array_get_element (array, i);

  return json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

static gboolean
read_topics (ChatApiLiveSubscription *self, JsonObject *frame, ChatRole role, GError **error)
{
  JsonArray *topics;

  if (!chat_json_get_array (frame, "topics", TRUE, &topics, error))
    return FALSE;
  if (json_array_get_length (topics) == 0)
    {
      g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"topics\" is empty, but must name one");
      return FALSE;
    }
  for (guint i = 0; i < json_array_get_length (topics); i++)
    if (!read_topic (self, get_string_at (topics, i), role, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_channels (ChatApiLiveSubscription *self, JsonObject *frame, GError **error)
{
  JsonArray *channels = NULL;
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  if (!chat_json_get_array (frame, "channels", FALSE, &channels, error))
    return FALSE;
  if (channels == NULL)
    return TRUE;
  if (json_array_get_length (channels) > CHANNELS_MAX)
    {
      g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER,
                   "\"channels\" holds more than %d names: leave it out to get all", CHANNELS_MAX);
      return FALSE;
    }
  for (guint i = 0; i < json_array_get_length (channels); i++)
    {
      const char *name = get_string_at (channels, i);

      if (name == NULL)
        {
          g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"channels\" must hold names only");
          return FALSE;
        }
      if (!chat_channel_name_check (name, error))
        return FALSE;
      g_strv_builder_add (names, name);
    }
  self->channels = g_strv_builder_end (names);
  return TRUE;
}

static gboolean
read_after (ChatApiLiveSubscription *self, JsonObject *frame, GError **error)
{
  JsonObject *after = NULL;
  JsonObjectIter iter;
  const char *name;

  if (!chat_json_get_object (frame, "after", FALSE, &after, error))
    return FALSE;
  if (after == NULL)
    return TRUE;
  self->after = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  json_object_iter_init (&iter, after);
  while (json_object_iter_next (&iter, &name, NULL))
    {
      gint64 seq = 0;

      if (!chat_json_get_int (after, name, TRUE, &seq, error))
        {
          g_prefix_error (error, "\"after\": ");
          return FALSE;
        }
      if (seq < 0 || !chat_api_live_subscription_covers (self, name))
        {
          g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER,
                       "\"after\": \"%s\" must be one of \"channels\", and its seq 0 or more", name);
          return FALSE;
        }
      g_hash_table_insert (self->after, g_strdup (name), g_memdup2 (&seq, sizeof seq));
    }
  return TRUE;
}

static void
reader_free (gpointer data)
{
  chat_api_live_reader_close (data);
  g_object_unref (data);
}

ChatApiLiveSubscription *
chat_api_live_subscription_new (gint64 ref, JsonObject *frame, ChatRole role, GError **error)
{
  g_autoptr (ChatApiLiveSubscription) self = g_new0 (ChatApiLiveSubscription, 1);

  self->ref = ref;
  self->readers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, reader_free);
  if (!read_topics (self, frame, role, error) || !read_channels (self, frame, error)
      || !read_after (self, frame, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
chat_api_live_subscription_free (ChatApiLiveSubscription *self)
{
  g_clear_pointer (&self->readers, g_hash_table_unref);
  g_clear_pointer (&self->after, g_hash_table_unref);
  g_clear_pointer (&self->channels, g_strfreev);
  g_free (self);
}

gboolean
chat_api_live_subscription_covers (const ChatApiLiveSubscription *self, const char *channel)
{
  return self->channels == NULL || g_strv_contains ((const char *const *)self->channels, channel);
}

gint64
chat_api_live_subscription_get_after (const ChatApiLiveSubscription *self, const char *channel, gint64 head)
{
  const gint64 *after = self->after != NULL ? g_hash_table_lookup (self->after, channel) : NULL;

  return after != NULL ? *after : head;
}

ChatApiLiveWants
chat_api_live_subscription_get_wants (const ChatApiLiveSubscription *self, gboolean private)
{
  ChatApiLiveWants wants = 0;

  if (private ? self->private : self->controlled)
    wants |= CHAT_API_LIVE_RECORDS;
  if (self->receipts)
    wants |= CHAT_API_LIVE_RECEIPTS;
  return wants;
}
