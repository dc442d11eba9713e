/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-csv.h"

#include <string.h>

/* Spreadsheets look for these at the beginning, some of them after spaces too. Fullwidth forms count in some. */
static gboolean
is_formula (const char *text)
{
  static const gunichar signs[] = { '=', '+', '-', '@', '\t', '\r', '\n', 0xFF1D, 0xFF0B, 0xFF0D, 0xFF20, 0x2212 };
  gunichar first = g_utf8_get_char (text + strspn (text, " "));

  for (guint i = 0; i < G_N_ELEMENTS (signs); i++)
    if (first == signs[i])
      return TRUE;
  return FALSE;
}

void
chat_api_csv_append (GString *buffer, const char *text)
{
  gboolean formula = is_formula (text);

  if (!formula && strpbrk (text, ",\"\r\n ") == NULL)
    {
      g_string_append (buffer, text);
      return;
    }
  g_string_append (buffer, formula ? "\"'" : "\"");
  for (; *text != '\0'; text++)
    {
      if (*text == '"')
        g_string_append_c (buffer, '"');
      g_string_append_c (buffer, *text);
    }
  g_string_append_c (buffer, '"');
}
