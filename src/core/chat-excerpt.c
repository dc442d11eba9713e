/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-excerpt.h"

#include <string.h>

#define EXCERPT_CHARS 40

static gboolean
is_plain (gunichar c)
{
  if (c == ' ')
    return TRUE;
  switch ((int)g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SPACE_SEPARATOR:
      return FALSE;
    default:
      return TRUE;
    }
}

char *
chat_excerpt (const char *text, gssize length)
{
  GString *out = g_string_new (NULL);
  const char *at = text;
  const char *end = text + (length < 0 ? (gssize)strlen (text) : length);

  for (guint n = 0; at < end; n++)
    {
      gunichar c;

      if (n == EXCERPT_CHARS)
        {
          g_string_append (out, "…");
          break;
        }
      c = g_utf8_get_char_validated (at, end - at);
      if (c == (gunichar)-1 || c == (gunichar)-2)
        {
          g_string_append_printf (out, "<0x%02X>", (guchar)*at++);
          continue;
        }
      if (is_plain (c))
        g_string_append_unichar (out, c);
      else
        g_string_append_printf (out, "<U+%04X>", c);
      at += g_unichar_to_utf8 (c, NULL);
    }
  return g_string_free (out, FALSE);
}
