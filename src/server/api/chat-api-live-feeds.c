/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-live-feeds.h"

#include "core/chat-json.h"
#include "transport/chat-record.h"

/* A frame that has so much takes no more users: so that it fits what may wait for a reader. */
#define FRAME_FULL_BYTES (32 * 1024)

static const ChatApiLiveFeed feeds[] = {
  { CHAT_API_LIVE_PRESENCE, CHAT_TOPIC_PRESENCE, "presence", CHAT_ROLE_MEMBER },
  { CHAT_API_LIVE_MARKS, CHAT_TOPIC_MARKS, "mark", CHAT_ROLE_MEMBER },
  { CHAT_API_LIVE_MODERATION, CHAT_TOPIC_MODERATION, "moderation", CHAT_ROLE_MODERATOR },
};

const ChatApiLiveFeed *
chat_api_live_feed_find (const char *topic)
{
  for (guint i = 0; i < G_N_ELEMENTS (feeds); i++)
    if (g_strcmp0 (feeds[i].topic, topic) == 0)
      return &feeds[i];
  return NULL;
}

const ChatApiLiveFeed *
chat_api_live_feed_get (ChatApiLiveFeeds feed)
{
  for (guint i = 0; i < G_N_ELEMENTS (feeds); i++)
    if (feeds[i].feed == feed)
      return &feeds[i];
  g_return_val_if_reached (NULL);
}

static void
append_user (GString *text, const ChatPresentUser *user)
{
  g_string_append (text, "{\"user\":");
  chat_json_append_string (text, user->user);
  g_string_append_printf (text, ",\"bot\":%s,\"connected\":%s}", user->bot ? "true" : "false",
                          user->connected ? "true" : "false");
}

GPtrArray *
chat_api_live_feed_write_users (GPtrArray *users, gboolean all)
{
  GPtrArray *bodies = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  guint next = 0;

  while (next < users->len || (all && bodies->len == 0))
    {
      GString *text = g_string_new (all && bodies->len == 0 ? ",\"all\":true,\"users\":[" : ",\"users\":[");

      for (guint first = next; next < users->len && text->len < FRAME_FULL_BYTES; next++)
        {
          if (next > first)
            g_string_append_c (text, ',');
          append_user (text, users->pdata[next]);
        }
      g_string_append (text, "]}");
      g_ptr_array_add (bodies, g_string_free_to_bytes (text));
    }
  return bodies;
}

GBytes *
chat_api_live_feed_write_mark (const char *channel, gint64 seq)
{
  GString *text = g_string_new (",\"channel\":");

  chat_json_append_string (text, channel);
  g_string_append_printf (text, ",\"seq\":%" G_GINT64_FORMAT "}", seq);
  return g_string_free_to_bytes (text);
}

GBytes *
chat_api_live_feed_write_moderation (const char *what)
{
  GString *text = g_string_new (",\"what\":");

  chat_json_append_string (text, what);
  g_string_append_c (text, '}');
  return g_string_free_to_bytes (text);
}
