/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/bot/chat-bot.h"

G_BEGIN_DECLS

#define CHAT_ECHO_BOT_NAME "eco"

#define CHAT_TYPE_ECHO_BOT (chat_echo_bot_get_type ())
G_DECLARE_FINAL_TYPE (ChatEchoBot, chat_echo_bot, CHAT, ECHO_BOT, ChatBot)

/** chat_echo_bot_new: (implements ChatService): `eco`: answers with the same text in conversations with it; in a public
 * channel where a message begins with `@eco`, with what follows. */
ChatEchoBot *chat_echo_bot_new (const ChatBotOptions *options);

G_END_DECLS
