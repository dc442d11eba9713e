/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/chat-channel-store.h"

G_BEGIN_DECLS

/** ChatApiChannel: what deciding who may post and read needs: of a channel that is there it never changes. A
 * reference-counted, immutable value. */
typedef struct
{
  char *name;
  gboolean private;
  GHashTable *member_keys; /* (nullable): of a private one, the skeletons of its members' names */
} ChatApiChannel;

ChatApiChannel *chat_api_channel_ref (ChatApiChannel *self);
void chat_api_channel_unref (ChatApiChannel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiChannel, chat_api_channel_unref)

/** chat_api_channel_is_open_to: whether the user with this skeleton may post and read there. */
gboolean chat_api_channel_is_open_to (const ChatApiChannel *self, const char *user_key);

#define CHAT_TYPE_API_DIRECTORY (chat_api_directory_get_type ())
G_DECLARE_FINAL_TYPE (ChatApiDirectory, chat_api_directory, CHAT, API_DIRECTORY, GObject)

/**
 * ChatApiDirectory:
 *
 * The channels in memory, so that posting costs no query. Asks the store only for what it has not seen; that something
 * is not there is never remembered.
 */
ChatApiDirectory *chat_api_directory_new (ChatChannelStore *store);

/** chat_api_directory_find: (transfer none) (nullable): without asking the store. */
ChatApiChannel *chat_api_directory_find (ChatApiDirectory *self, const char *name);

/** chat_api_directory_add: (transfer none): what somebody has read from the store, or has just made there. */
ChatApiChannel *chat_api_directory_add (ChatApiDirectory *self, const ChatChannelInfo *info);

/** chat_api_directory_lookup_async: asks the store where need be; CHAT_API_ERROR_NO_CHANNEL where there is none, or
 * it is closed to @user_key (nullable: no check). The finish: (transfer full) */
void chat_api_directory_lookup_async (ChatApiDirectory *self, const char *name, const char *user_key,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
ChatApiChannel *chat_api_directory_lookup_finish (ChatApiDirectory *self, GAsyncResult *result, GError **error);

/** chat_api_directory_check: NO_CHANNEL where @channel is closed to @user_key: nobody learns that it is there. */
gboolean chat_api_directory_check (const ChatApiChannel *channel, const char *user_key, GError **error);

G_END_DECLS
