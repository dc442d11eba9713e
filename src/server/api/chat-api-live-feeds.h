/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "core/chat-role.h"
#include "server/session/chat-presence.h"

G_BEGIN_DECLS

/** ChatApiLiveFeeds: the topics that the live feed has of itself (src/README.md, "The live protocol"). */
typedef enum
{
  CHAT_API_LIVE_PRESENCE = 1 << 0,
  CHAT_API_LIVE_MARKS = 1 << 1,
  CHAT_API_LIVE_MODERATION = 1 << 2,
} ChatApiLiveFeeds;

/** ChatApiLiveFeed: one of them: its topic, the `op` of its frames, and who may subscribe to it. A new one is a row in
 * chat-api-live-feeds.c; whoever has something to tell calls chat_api_live_hub_tell(). */
typedef struct
{
  ChatApiLiveFeeds feed;
  const char *topic;
  const char *op;
  ChatRole role;
} ChatApiLiveFeed;

/** chat_api_live_feed_find: (nullable): by its topic. */
const ChatApiLiveFeed *chat_api_live_feed_find (const char *topic);
/** chat_api_live_feed_get: one of them. */
const ChatApiLiveFeed *chat_api_live_feed_get (ChatApiLiveFeeds feed);

/* The bodies of their frames: what stands behind the `ref`, so that they are the same for all. */

/** chat_api_live_feed_write_users: (transfer full) (element-type GBytes): as many as they need. @users: (element-type
 * ChatPresentUser). @all: they are all who are there: one frame at least, and the first says so */
GPtrArray *chat_api_live_feed_write_users (GPtrArray *users, gboolean all);
/** chat_api_live_feed_write_mark: (transfer full) */
GBytes *chat_api_live_feed_write_mark (const char *channel, gint64 seq);
/** chat_api_live_feed_write_moderation: (transfer full): @what: "appeal", "report", "rules", "block" */
GBytes *chat_api_live_feed_write_moderation (const char *what);

G_END_DECLS
