/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-channel-private.h"
#include "client/chat-local-database.h"

G_BEGIN_DECLS

/** CHAT_CACHE_KEPT: how many messages of each channel are kept, the newest ones. */
#define CHAT_CACHE_KEPT 500

#define CHAT_TYPE_CACHE (chat_cache_get_type ())
G_DECLARE_FINAL_TYPE (ChatCache, chat_cache, CHAT, CACHE, GObject)

/**
 * ChatCache:
 *
 * Channels, their drafts and read markers, and their newest messages on this disk, for a first frame without a network.
 * Written behind: what changes is collected and written at most once a second, and when it is flushed.
 *
 * Signal `written (GError *error)`: (nullable): after each write: NULL where it worked. What could not be written is
 * not tried again by itself: the next change of the same thing is.
 */
ChatCache *chat_cache_new (ChatLocalDatabase *database);
/** chat_cache_set_sparse: seqs are places in a broker's log, which other records have too: one that is missing is no
 * hole. */
void chat_cache_set_sparse (ChatCache *self, gboolean sparse);

/** ChatCacheContents: @channels: (element-type ChatChannelState); @values: (element-type utf8 utf8); @messages:
 * (element-type ChatMessage): of the channel asked for, ascending, without a hole. */
typedef struct
{
  GPtrArray *channels;
  GHashTable *values;
  GPtrArray *messages;
} ChatCacheContents;

void chat_cache_contents_free (ChatCacheContents *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatCacheContents, chat_cache_contents_free)

/** chat_cache_open_async: all of it but messages, of which only @channel's (nullable) newest, at most @limit. The
 * finish: (transfer full) */
void chat_cache_open_async (ChatCache *self, const char *channel, guint limit, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
ChatCacheContents *chat_cache_open_finish (ChatCache *self, GAsyncResult *result, GError **error);

/** chat_cache_load_async: the newest messages of one channel. The finish: (transfer full) (element-type ChatMessage) */
void chat_cache_load_async (ChatCache *self, const char *channel, guint limit, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
/** chat_cache_load_before_async: those that go up to @before without a hole, at most @limit; none where there is one.
 * The same finish. */
void chat_cache_load_before_async (ChatCache *self, const char *channel, gint64 before, guint limit,
                                   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *chat_cache_load_finish (ChatCache *self, GAsyncResult *result, GError **error);

void chat_cache_put_channel (ChatCache *self, ChatChannel *channel);
void chat_cache_remove_channel (ChatCache *self, const char *name);
/** chat_cache_put_value: @value: (nullable): NULL forgets it. */
void chat_cache_put_value (ChatCache *self, const char *key, const char *value);

/** chat_cache_add_live: kept as soon as its seq is known. */
void chat_cache_add_live (ChatCache *self, const char *channel, ChatMessage *message);
void chat_cache_add_receipts (ChatCache *self, const char *channel, ChatMessage *receipt);
/** chat_cache_add_page: @head: the channel's: one that is older than what was kept tells of another store. */
void chat_cache_add_page (ChatCache *self, const char *channel, GPtrArray *messages, gint64 head);

/** chat_cache_flush_async: writes what waits, now. */
void chat_cache_flush_async (ChatCache *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean chat_cache_flush_finish (ChatCache *self, GAsyncResult *result, GError **error);

G_END_DECLS
