/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever comes, a record is taken or refused with a reason; what is taken can be written, is taken again, and is then
 * written in the same way. */
#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
check_again (const ChatMessage *message)
{
  g_autoptr (GBytes) bytes = chat_message_encode (message);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessage) again = NULL;
  g_autoptr (GBytes) twice = NULL;
  g_autoptr (JsonObject) object = chat_message_encode_object (message);
  g_autoptr (ChatMessage) from_object = NULL;

  again = chat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  g_assert_true (chat_message_equal_content (message, again));
  twice = chat_message_encode (again);
  g_assert_true (g_bytes_equal (bytes, twice));
  from_object = chat_message_decode_object (object, &error);
  g_assert_no_error (error);
  g_assert_true (chat_message_equal_content (message, from_object));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const ChatMessageHints hints = { .channel = "general", .id = "hint", .timestamp = CHAT_TIME_UNKNOWN };
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) foreign_error = NULL;
  g_autoptr (ChatMessage) message = chat_message_decode (data, size, &error);
  g_autoptr (ChatMessage) foreign = chat_message_decode_foreign (data, size, &hints, &foreign_error);

  g_assert_true ((message == NULL) == (error != NULL));
  g_assert_true ((foreign == NULL) == (foreign_error != NULL));
  if (error != NULL)
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  if (message != NULL)
    check_again (message);
  if (foreign != NULL)
    check_again (foreign);
  return 0;
}
