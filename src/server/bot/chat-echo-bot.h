/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-service.h"
#include "core/chat-signature.h"
#include "server/store/chat-store.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

#define CHAT_TYPE_ECHO_BOT (chat_echo_bot_get_type ())
G_DECLARE_FINAL_TYPE (ChatEchoBot, chat_echo_bot, CHAT, ECHO_BOT, GObject)

/**
 * chat_echo_bot_new: (implements ChatService)
 *
 * `eco`: answers with the same text in conversations with it, and in a public channel where a message begins with
 * `@eco`. Reads chat_controlled and chat_private in the group "eco", publishes to `chat` signed, with ids that are
 * UUIDv5 of the message it answers: an answer is given once, whatever is delivered again. Never answers a bot.
 */
ChatEchoBot *chat_echo_bot_new (ChatTransport *transport, ChatStore *store, ChatSigner *signer);

G_END_DECLS
