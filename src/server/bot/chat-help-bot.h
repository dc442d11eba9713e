/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/bot/chat-bot.h"

G_BEGIN_DECLS

#define CHAT_HELP_BOT_NAME "ayuda"

#define CHAT_TYPE_HELP_BOT (chat_help_bot_get_type ())
G_DECLARE_FINAL_TYPE (ChatHelpBot, chat_help_bot, CHAT, HELP_BOT, ChatBot)

/**
 * chat_help_bot_new: (implements ChatService)
 * @strike_limit: strikes until somebody is blocked: it says so
 *
 * `ayuda`: says how things are done here, in conversations with it and where a text has `@ayuda` in it, in the language
 * of the question (chat-help-topics.h). In a public channel at most six times a minute.
 */
ChatHelpBot *chat_help_bot_new (const ChatBotOptions *options, guint strike_limit);

G_END_DECLS
