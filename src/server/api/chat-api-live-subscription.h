/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "server/api/chat-api-live-channel.h"
#include "server/api/chat-api-live-feeds.h"

G_BEGIN_DECLS

/** ChatApiLiveSubscription: one `subscribe`: what it asks for, and its reader in each channel. A plain value. */
typedef struct
{
  gint64 ref;
  gboolean controlled, private, receipts, warnings; /* its topics */
  ChatApiLiveFeeds feeds;                           /* and those that the feed has of itself */
  GStrv channels;                                   /* NULL: all that the caller may read */
  GHashTable *after;                                /* (nullable): channel → gint64: replay what is behind it */
  GHashTable *readers;                              /* channel → ChatApiLiveReader */
  gboolean ready;                                   /* it has been answered */
} ChatApiLiveSubscription;

/** chat_api_live_subscription_new: reads a `subscribe` frame; CHAT_CORE_ERROR or CHAT_API_ERROR says what is wrong with
 * it. @role: the caller's. */
ChatApiLiveSubscription *chat_api_live_subscription_new (gint64 ref, JsonObject *frame, ChatRole role, GError **error);
void chat_api_live_subscription_free (ChatApiLiveSubscription *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiLiveSubscription, chat_api_live_subscription_free)

/** chat_api_live_subscription_covers: whether it asks for the channel of this name. */
gboolean chat_api_live_subscription_covers (const ChatApiLiveSubscription *self, const char *channel);

/** chat_api_live_subscription_get_after: where its replay of a channel begins; @head where it asks for none. */
gint64 chat_api_live_subscription_get_after (const ChatApiLiveSubscription *self, const char *channel, gint64 head);

/** chat_api_live_subscription_get_wants: what a reader of a public or private channel is to bring; 0: nothing. */
ChatApiLiveWants chat_api_live_subscription_get_wants (const ChatApiLiveSubscription *self, gboolean private);

G_END_DECLS
