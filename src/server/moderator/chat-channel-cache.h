/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/chat-channel-store.h"

G_BEGIN_DECLS

#define CHAT_TYPE_CHANNEL_CACHE (chat_channel_cache_get_type ())
G_DECLARE_FINAL_TYPE (ChatChannelCache, chat_channel_cache, CHAT, CHANNEL_CACHE, GObject)

/** chat_channel_cache_new: which word lists apply where, as the store says; asked again after @max_age_ms. */
ChatChannelCache *chat_channel_cache_new (ChatChannelStore *store, gint64 max_age_ms);

/** chat_channel_cache_ensure_async: @names: (element-type utf8): each once; calls back when all of them are known and
 * none is older than that. At most 1,024. */
void chat_channel_cache_ensure_async (ChatChannelCache *self, GPtrArray *names, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_channel_cache_ensure_finish (ChatChannelCache *self, GAsyncResult *result, GError **error);

/** chat_channel_cache_get_language: (transfer none) (nullable): NULL where the channel names none, or is not known. */
const char *chat_channel_cache_get_language (ChatChannelCache *self, const char *name);

/** chat_channel_cache_forget: @name: (nullable): NULL: all. */
void chat_channel_cache_forget (ChatChannelCache *self, const char *name);

G_END_DECLS
