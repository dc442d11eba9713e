/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/bot/chat-help-bot.h"

#include "server/bot/chat-help-topics.h"

#define MOST_IN_A_MINUTE 6

struct _ChatHelpBot
{
  ChatBot parent_instance;

  guint strike_limit;
};

G_DEFINE_FINAL_TYPE (ChatHelpBot, chat_help_bot, CHAT_TYPE_BOT)

static char *
chat_help_bot_answer (ChatBot *bot, const ChatMessage *message, const char *text)
{
  return chat_help_answer (text, CHAT_HELP_BOT (bot)->strike_limit);
}

static void
chat_help_bot_class_init (ChatHelpBotClass *klass)
{
  ChatBotClass *bot_class = CHAT_BOT_CLASS (klass);

  bot_class->answer = chat_help_bot_answer;
  bot_class->listens_within = TRUE;
  bot_class->most_in_a_minute = MOST_IN_A_MINUTE;
}

static void
chat_help_bot_init (ChatHelpBot *self)
{
}

ChatHelpBot *
chat_help_bot_new (const ChatBotOptions *options, guint strike_limit)
{
  ChatHelpBot *self = chat_bot_new (CHAT_TYPE_HELP_BOT, CHAT_HELP_BOT_NAME, options);

  self->strike_limit = strike_limit;
  return self;
}
