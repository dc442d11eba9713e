/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-emoji.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>

#define EMOJI_STYLE 0xFE0F /* VARIATION SELECTOR-16 */

/* What would be drawn as text without a selector behind it (UTS #51, ED-9a: fully-qualified). */
static gboolean
needs_selector (gunichar c, gunichar next)
{
  return u_hasBinaryProperty ((UChar32)c, UCHAR_EMOJI) && !u_hasBinaryProperty ((UChar32)c, UCHAR_EMOJI_PRESENTATION)
         && !u_hasBinaryProperty ((UChar32)next, UCHAR_EMOJI_MODIFIER);
}

static GString *
qualify (const char *text)
{
  GString *qualified = g_string_new (NULL);
  g_autofree gunichar *points = g_utf8_to_ucs4_fast (text, -1, NULL);

  for (gunichar *c = points; *c != 0; c++)
    {
      gunichar *next = c + 1;

      if (*c == EMOJI_STYLE)
        continue;
      while (*next == EMOJI_STYLE)
        next++;
      g_string_append_unichar (qualified, *c);
      if (needs_selector (*c, *next))
        g_string_append_unichar (qualified, EMOJI_STYLE);
    }
  return qualified;
}

static gboolean
is_recommended (const GString *text)
{
  UChar units[CHAT_EMOJI_MAX_BYTES * 2];
  int32_t length = 0;
  UErrorCode status = U_ZERO_ERROR;

  u_strFromUTF8 (units, G_N_ELEMENTS (units), &length, text->str, (int32_t)text->len, &status);
  return U_SUCCESS (status) && length > 0 && u_stringHasBinaryProperty (units, length, UCHAR_RGI_EMOJI);
}

char *
chat_emoji_normalize (const char *text)
{
  GString *qualified;

  g_return_val_if_fail (text != NULL, NULL);

  if (*text == '\0' || strlen (text) > CHAT_EMOJI_MAX_BYTES || !g_utf8_validate (text, -1, NULL))
    return NULL;
  qualified = qualify (text);
  return g_string_free (qualified, !is_recommended (qualified));
}
