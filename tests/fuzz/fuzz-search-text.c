/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever is typed to search, it becomes words or is refused; and what is to be indexed stays text. */
#include "server/store/chat-search-text.h"

#include <gio/gio.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
check_term (const ChatSearchTerm *term)
{
  g_assert_cmpuint (term->words->len, >, 0);
  for (guint i = 0; i < term->words->len; i++)
    {
      const char *word = term->words->pdata[i];

      g_assert_true (*word != '\0' && g_utf8_validate (word, -1, NULL));
      /* what would be syntax to the search of a database */
      for (const char *c = word; *c != '\0'; c++)
        g_assert_true ((guchar)*c >= 0x80 || g_ascii_isalnum (*c));
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *raw = g_strndup (size > 0 ? (const char *)data : "", size);
  g_autofree char *text = g_utf8_make_valid (raw, -1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) terms = chat_search_parse (text, &error);
  g_autofree char *split = chat_search_split (text);

  if (split != NULL)
    g_assert_true (g_utf8_validate (split, -1, NULL));
  if (terms == NULL)
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      return 0;
    }
  g_assert_cmpuint (terms->len, >, 0);
  g_assert_cmpuint (terms->len, <=, CHAT_SEARCH_MAX_TERMS);
  for (guint i = 0; i < terms->len; i++)
    check_term (terms->pdata[i]);
  return 0;
}
