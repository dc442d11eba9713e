/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-service.h"
#include "server/store/chat-store.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

#define CHAT_TYPE_ARCHIVER (chat_archiver_get_type ())
G_DECLARE_FINAL_TYPE (ChatArchiver, chat_archiver, CHAT, ARCHIVER, GObject)

/**
 * chat_archiver_new: (implements ChatService)
 *
 * Reads chat_controlled and chat_private in the group "archiver", appends each batch to the store, then forwards one
 * receipt per channel of the batch to chat_receipts (and a `refused` to chat_warnings for an id that was known with
 * another text).
 */
ChatArchiver *chat_archiver_new (ChatTransport *transport, ChatMessageStore *messages);

G_END_DECLS
