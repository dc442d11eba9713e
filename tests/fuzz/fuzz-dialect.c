/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Up to the first NUL a dialect's file, a record of it behind that. The file is taken or refused with its line; of a
 * record that is taken what the dialect has is written, and is read again as it was. */
#include "core/chat-core-error.h"
#include "core/chat-dialect.h"
#include "core/chat-names.h"
#include "core/chat-time.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static const ChatMessageHints hints = { .channel = "general", .id = "hint", .timestamp = 1633860610500 };

static void
check_again (ChatDialect *dialect, ChatMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = chat_dialect_encode (dialect, message, &error);
  g_autoptr (ChatMessage) again = NULL;

  if (bytes == NULL || g_bytes_get_size (bytes) > CHAT_RECORD_MAX_BYTES)
    return;
  again = chat_dialect_decode (dialect, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &hints, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (chat_message_get_data (again), ==, chat_message_get_data (message));
  if (chat_dialect_has (dialect, CHAT_DIALECT_AUTHOR))
    g_assert_cmpstr (chat_message_get_author (again), ==, chat_message_get_author (message));
  if (chat_dialect_has (dialect, CHAT_DIALECT_ID))
    g_assert_cmpstr (chat_message_get_id (again), ==, chat_message_get_id (message));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const uint8_t *end = size > 0 ? memchr (data, '\0', size) : NULL;
  size_t length = end != NULL ? (size_t)(end - data) : size;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatDialect) dialect = chat_dialect_load_data ((const char *)data, length, "/d.conf", &error);
  g_autoptr (ChatMessage) message = NULL;

  if (dialect == NULL)
    {
      g_assert_true (error->domain == CHAT_CORE_ERROR);
      g_assert_true (g_str_has_prefix (error->message, "/d.conf:"));
      g_assert_true (g_ascii_isdigit (error->message[8]));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  if (end == NULL)
    return 0;
  message = chat_dialect_decode (dialect, end + 1, size - length - 1, &hints, &error);
  g_assert_true ((message == NULL) == (error != NULL));
  if (message == NULL)
    return 0;
  g_assert_nonnull (chat_message_get_id (message));
  g_assert_true (chat_channel_name_check (chat_message_get_channel (message), NULL));
  g_assert_true (chat_time_is_valid (chat_message_get_timestamp (message)));
  check_again (dialect, message);
  return 0;
}
