/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-config.h"
#include "core/chat-service.h"

G_BEGIN_DECLS

#define CHAT_TYPE_SERVER (chat_server_get_type ())
G_DECLARE_FINAL_TYPE (ChatServer, chat_server, CHAT, SERVER, GObject)

/**
 * chat_server_new: (implements ChatService)
 * @config: checked
 * @embedded: whether it keeps all of its state to itself in its data directory
 *
 * tertulia-server: everything is put together here, and nowhere else. The start fails with a sentence for whoever
 * started it, and must be followed by a stop all the same.
 */
ChatServer *chat_server_new (ChatConfig *config, gboolean embedded);

/** chat_server_get_uri: (transfer none) (nullable): where the api is, once started. */
const char *chat_server_get_uri (ChatServer *self);

G_END_DECLS
