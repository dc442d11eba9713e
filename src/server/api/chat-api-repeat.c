/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-repeat.h"

#include "core/chat-time.h"

/* Whether the text of a stored message is @text but for what moderation has masked: an asterisk for each character of
 * its spans. */
static gboolean
is_masked_text (const ChatMessage *stored, const char *text)
{
  const ChatModerationNote *note = chat_message_get_moderation (stored);
  const char *masked = chat_message_get_data (stored);
  g_autoptr (GString) restored = g_string_new (NULL);
  const char *original = text;

  if (note == NULL || note->spans == NULL || masked == NULL || text == NULL)
    return FALSE;
  for (guint place = 0, span = 0; *masked != '\0' && *original != '\0'; place++)
    {
      while (span < note->spans->len
             && place >= g_array_index (note->spans, ChatSpan, span).start
                             + g_array_index (note->spans, ChatSpan, span).length)
        span++;
      if (span < note->spans->len && place >= g_array_index (note->spans, ChatSpan, span).start)
        g_string_append_unichar (restored, g_utf8_get_char (original));
      else
        g_string_append_unichar (restored, g_utf8_get_char (masked));
      masked = g_utf8_next_char (masked);
      original = g_utf8_next_char (original);
    }
  return *masked == '\0' && *original == '\0' && g_str_equal (restored->str, text);
}

/* Whether the text that was sent first is no longer there to be compared. */
static gboolean
has_lost_text (const ChatMessage *stored)
{
  const ChatMessageState *state = chat_message_get_state (stored);
  const char *text = chat_message_get_data (stored);

  if (state != NULL && (state->edited != CHAT_TIME_UNKNOWN || state->deleted != CHAT_TIME_UNKNOWN))
    return TRUE;
  return chat_message_get_kind (stored) == CHAT_KIND_EDIT && (text == NULL || *text == '\0');
}

gboolean
chat_api_repeat_is_of (const ChatMessage *stored, const ChatMessage *message)
{
  const char *text = chat_message_get_data (message);
  g_autoptr (ChatMessage) copy = NULL;

  if (chat_message_equal_content (stored, message))
    return TRUE;
  if (!has_lost_text (stored) && !is_masked_text (stored, text))
    return FALSE;
  copy = chat_message_copy (stored);
  chat_message_set_data (copy, text);
  return chat_message_equal_content (copy, message);
}
