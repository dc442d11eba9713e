/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-test-message.h"

ChatMessage *
chat_test_message_new (const char *channel, const char *id, const char *data, gint64 timestamp)
{
  ChatMessage *message = chat_message_new (CHAT_KIND_MESSAGE);

  chat_message_set_id (message, id);
  chat_message_set_channel (message, channel);
  chat_message_set_author (message, "ana");
  chat_message_set_data (message, data);
  chat_message_set_timestamp (message, timestamp);
  return message;
}

GPtrArray *
chat_test_messages_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
}
