/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/bot/chat-echo-bot.h"

struct _ChatEchoBot
{
  ChatBot parent_instance;
};

G_DEFINE_FINAL_TYPE (ChatEchoBot, chat_echo_bot, CHAT_TYPE_BOT)

static char *
chat_echo_bot_answer (ChatBot *bot, const ChatMessage *message, const char *text)
{
  return *text != '\0' ? g_strdup (text) : NULL;
}

static void
chat_echo_bot_class_init (ChatEchoBotClass *klass)
{
  CHAT_BOT_CLASS (klass)->answer = chat_echo_bot_answer;
}

static void
chat_echo_bot_init (ChatEchoBot *self)
{
}

ChatEchoBot *
chat_echo_bot_new (const ChatBotOptions *options)
{
  return chat_bot_new (CHAT_TYPE_ECHO_BOT, CHAT_ECHO_BOT_NAME, options);
}
