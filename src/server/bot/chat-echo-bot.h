/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-signature.h"
#include "server/store/chat-store.h"
#include "transport/chat-forwarder.h"

G_BEGIN_DECLS

#define CHAT_TYPE_ECHO_BOT (chat_echo_bot_get_type ())
G_DECLARE_FINAL_TYPE (ChatEchoBot, chat_echo_bot, CHAT, ECHO_BOT, ChatForwarder)

/**
 * chat_echo_bot_new: (implements ChatService)
 * @signer: (transfer none): must outlive it
 *
 * `eco`: answers with the same text in conversations with it; in a public channel where a message begins with `@eco`,
 * with what follows. Reads chat_controlled and chat_private in the group "eco", publishes to `chat` signed, as a reply,
 * with ids that are UUIDv5 of the message it answers: an answer is given once, whatever is delivered again. Never
 * answers a bot.
 *
 * From its start to its stop it holds its name by a session of its own, so that it is among the users; the start fails
 * with CHAT_STORE_ERROR_CONFLICT where somebody else has the name.
 */
ChatEchoBot *chat_echo_bot_new (ChatTransport *transport, ChatStore *store, ChatSigner *signer);

G_END_DECLS
