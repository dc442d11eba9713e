/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-language.h"

#include "core/chat-core-error.h"
#include "core/chat-excerpt.h"

#include <string.h>

#define SUBTAG_MAX 8
#define TAG_MAX 35 /* the length that RFC 5646, 4.4.1 recommends to provide for */

static gboolean
is_subtag (const char *subtag, gboolean first)
{
  gsize length = strlen (subtag);

  if (length < (first ? 2 : 1) || length > SUBTAG_MAX)
    return FALSE;
  for (const char *p = subtag; *p != '\0'; p++)
    if (!g_ascii_isalpha (*p) && (first || !g_ascii_isdigit (*p)))
      return FALSE;
  return TRUE;
}

gboolean
chat_language_is_tag (const char *tag)
{
  g_auto (GStrv) subtags = NULL;

  if (*tag == '\0' || strlen (tag) > TAG_MAX)
    return FALSE;
  subtags = g_strsplit (tag, "-", -1);
  for (guint i = 0; subtags[i] != NULL; i++)
    if (!is_subtag (subtags[i], i == 0))
      return FALSE;
  return TRUE;
}

gboolean
chat_languages_check (const char *languages, GError **error)
{
  g_auto (GStrv) tags = chat_languages_split (languages);

  for (guint i = 0; tags[i] != NULL; i++)
    if (!chat_language_is_tag (tags[i]))
      {
        g_autofree char *excerpt = chat_excerpt (tags[i], -1);

        g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                     "\"%s\" is not a language tag: write it like es, en or es-MX, and several like es,en", excerpt);
        return FALSE;
      }
  if (g_strv_length (tags) <= CHAT_LANGUAGES_MAX)
    return TRUE;
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
               "there are %u languages, but at most %d are allowed: leave the language out for the word lists of all",
               g_strv_length (tags), CHAT_LANGUAGES_MAX);
  return FALSE;
}

char **
chat_languages_split (const char *languages)
{
  /* of an empty string g_strsplit() makes no tag at all, which would be no language at all */
  char **tags = g_strsplit (*languages != '\0' ? languages : ",", ",", -1);

  for (guint i = 0; tags[i] != NULL; i++)
    g_strstrip (tags[i]);
  return tags;
}
