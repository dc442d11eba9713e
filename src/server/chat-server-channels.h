/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-config.h"
#include "server/store/chat-channel-store.h"

G_BEGIN_DECLS

/** chat_server_channels_make_async: the channels of [channels] initial, with its topic and language; those that are
 * there stay as they are. The finish fails with what the store says. */
void chat_server_channels_make_async (ChatChannelStore *store, ChatConfig *config, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_server_channels_make_finish (ChatChannelStore *store, GAsyncResult *result, GError **error);

G_END_DECLS
