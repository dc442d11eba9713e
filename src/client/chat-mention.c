/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-mention.h"

#include <string.h>

/* (transfer full) */
static char *
fold (const char *text)
{
  g_autofree char *whole = g_utf8_normalize (text, -1, G_NORMALIZE_ALL_COMPOSE);

  return g_utf8_casefold (whole != NULL ? whole : text, -1);
}

static gboolean
is_of_word (gunichar letter)
{
  return g_unichar_isalnum (letter) || g_unichar_ismark (letter) || letter == '_';
}

gboolean
chat_mention_is_in (const char *text, const char *user)
{
  g_autofree char *folded = NULL, *name = NULL;
  gsize length;

  if (text == NULL || user == NULL || *user == '\0')
    return FALSE;
  folded = fold (text);
  name = fold (user);
  length = strlen (name);
  for (const char *at = strstr (folded, name); at != NULL; at = strstr (g_utf8_next_char (at), name))
    {
      const char *before = at > folded ? g_utf8_prev_char (at) : NULL;

      if ((before == NULL || !is_of_word (g_utf8_get_char (before))) && !is_of_word (g_utf8_get_char (at + length)))
        return TRUE;
    }
  return FALSE;
}
