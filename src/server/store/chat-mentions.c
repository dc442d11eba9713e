/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-mentions.h"

#include <string.h>

#include "core/chat-names.h"
#include "moderation/chat-skeleton.h"

#define WORDS_MAX 3

static gboolean
is_boundary (const char *text, const char *at)
{
  return at == text || !g_unichar_isalnum (g_utf8_get_char (g_utf8_prev_char (at)));
}

static gboolean
ends_word (gunichar c)
{
  return c == '\0' || g_unichar_isspace (c) || (c < 128 && strchr ("@#:,/", (char)c) != NULL);
}

/* The end of @from without the punctuation before it; @from where there is nothing else. */
static const char *
trim (const char *from, const char *end)
{
  while (end > from)
    {
      const char *last = g_utf8_prev_char (end);

      if (!g_unichar_ispunct (g_utf8_get_char (last)))
        break;
      end = last;
    }
  return end;
}

static void
add_name (GPtrArray *keys, const char *from, const char *end)
{
  g_autofree char *name = g_strndup (from, (gsize)(end - from));

  if (keys->len < CHAT_MENTIONS_MAX && chat_user_name_check (name, NULL))
    {
      g_autofree char *key = chat_skeleton (name);

      if (!g_ptr_array_find_with_equal_func (keys, key, g_str_equal, NULL))
        g_ptr_array_add (keys, g_steal_pointer (&key));
    }
}

static void
add_names (GPtrArray *keys, const char *from)
{
  const char *at = from;

  for (guint word = 0; word < WORDS_MAX; word++)
    {
      const char *begin = at;

      while (!ends_word (g_utf8_get_char (at)))
        at = g_utf8_next_char (at);
      if (at == begin)
        return;
      if (trim (begin, at) > begin)
        add_name (keys, from, trim (begin, at));
      /* only one space, and no punctuation before it, is within a name */
      if (*at != ' ' || trim (begin, at) != at)
        return;
      at++;
    }
}

GPtrArray *
chat_mentions_find (const char *text)
{
  GPtrArray *keys = NULL;

  for (const char *at = text != NULL ? strchr (text, '@') : NULL; at != NULL; at = strchr (at + 1, '@'))
    {
      if (keys != NULL && keys->len >= CHAT_MENTIONS_MAX)
        break;
      if (!is_boundary (text, at))
        continue;
      if (keys == NULL)
        keys = g_ptr_array_new_with_free_func (g_free);
      add_names (keys, at + 1);
    }
  if (keys != NULL && keys->len == 0)
    g_clear_pointer (&keys, g_ptr_array_unref);
  return keys;
}
