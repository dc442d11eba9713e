/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-export-text.h"

#include "core/chat-time.h"

static gboolean
ends_line (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR
         || (type == G_UNICODE_CONTROL && c != '\t');
}

static void
append_lines (GString *buffer, const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (ends_line (g_utf8_get_char (text)))
      g_string_append (buffer, "\n\t");
    else
      g_string_append_unichar (buffer, g_utf8_get_char (text));
}

/* What frames a name, or would end its line, must not be in it. */
static void
append_name (GString *buffer, const char *name)
{
  for (; name != NULL && *name != '\0'; name = g_utf8_next_char (name))
    {
      gunichar c = g_utf8_get_char (name);

      if (c == '<' || c == '>' || c == '[' || c == ']' || ends_line (c))
        c = 0xFFFD;
      g_string_append_unichar (buffer, c);
    }
}

static void
append_clock (GString *buffer, const char *what, gint64 time_ms)
{
  if (time_ms == CHAT_TIME_UNKNOWN)
    return;
  g_string_append_printf (buffer, "[%s ", what);
  chat_time_append (buffer, time_ms);
  g_string_append (buffer, "] ");
}

static void
append_state (GString *buffer, const ChatMessageState *state)
{
  if (state == NULL)
    return;
  append_clock (buffer, "edited", state->edited);
  if (state->deleted == CHAT_TIME_UNKNOWN)
    return;
  append_clock (buffer, "deleted", state->deleted);
  if (state->deleted_by == NULL)
    return;
  g_string_append (buffer, "[by ");
  append_name (buffer, state->deleted_by);
  g_string_append (buffer, "] ");
}

static void
append_said (GString *buffer, const ChatMessage *message, const char *before, const char *after)
{
  append_state (buffer, chat_message_get_state (message));
  g_string_append (buffer, before);
  append_name (buffer, chat_message_get_author (message));
  g_string_append (buffer, after);
  if (chat_message_get_data (message) != NULL)
    append_lines (buffer, chat_message_get_data (message));
}

gboolean
chat_api_export_append_text (GString *buffer, const ChatMessage *message)
{
  static const struct
  {
    const char *before, *after; /* of the author's name; NULL: not a line of its own */
  } frames[CHAT_KIND_UNKNOWN] = {
    [CHAT_KIND_MESSAGE] = { "<", "> " },
    [CHAT_KIND_NOTICE] = { "-", "- " },
    [CHAT_KIND_JOIN] = { "* ", " joined" },
    [CHAT_KIND_LEAVE] = { "* ", " left" },
    [CHAT_KIND_TOPIC] = { "* ", " set the topic: " },
  };
  ChatMessageKind kind = chat_message_get_kind (message);

  if (kind >= CHAT_KIND_UNKNOWN || frames[kind].before == NULL)
    return FALSE;
  if (chat_message_get_timestamp (message) != CHAT_TIME_UNKNOWN)
    chat_time_append (buffer, chat_message_get_timestamp (message));
  else
    g_string_append_c (buffer, '?');
  g_string_append_c (buffer, ' ');
  append_clock (buffer, "sent", chat_message_get_sent (message));
  append_said (buffer, message, frames[kind].before, frames[kind].after);
  g_string_append_c (buffer, '\n');
  return TRUE;
}
