/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-search-text.h"

#include <string.h>

#include <gio/gio.h>

#define FIRST_SPLIT 0xe2 /* the first byte of all that is split or left out, in UTF-8 */

static gboolean
is_word_of_its_own (gunichar c)
{
  if (c < 0x2e80)
    return FALSE;
  switch ((int)g_unichar_get_script (c))
    {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_BOPOMOFO:
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
begins_word (gunichar c)
{
  return g_unichar_isalnum (c);
}

static gboolean
continues_word (gunichar c)
{
  return g_unichar_isalnum (c) || g_unichar_ismark (c);
}

/* Texts */

static gboolean
needs_split (const char *text)
{
  for (const guchar *at = (const guchar *)text; *at != '\0'; at++)
    if (*at >= FIRST_SPLIT)
      return TRUE;
  return FALSE;
}

char *
chat_search_split (const char *text)
{
  GString *split;

  if (!needs_split (text))
    return NULL;
  split = g_string_sized_new (strlen (text) + 16);
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (is_word_of_its_own (c))
        {
          g_string_append_c (split, ' ');
          g_string_append_unichar (split, c);
          g_string_append_c (split, ' ');
        }
      else if (g_unichar_type (c) == G_UNICODE_PRIVATE_USE)
        g_string_append_c (split, ' ');
      else
        g_string_append_unichar (split, c);
    }
  return g_string_free (split, FALSE);
}

/* Folding */

static gboolean
is_accent (gunichar c)
{
  return c >= 0x300 && c < 0x370;
}

/* letters without their case and their accents; other marks, which in many scripts are vowels, stay */
static char *
fold (const char *text)
{
  g_autofree char *lower = g_utf8_casefold (text, -1);
  g_autofree char *decomposed = NULL;
  GString *folded;
  char *composed;

  if (g_str_is_ascii (lower))
    return g_steal_pointer (&lower);
  decomposed = g_utf8_normalize (lower, -1, G_NORMALIZE_NFD);
  folded = g_string_sized_new (strlen (decomposed));
  for (const char *at = decomposed; *at != '\0'; at = g_utf8_next_char (at))
    if (!is_accent (g_utf8_get_char (at)))
      g_string_append_unichar (folded, g_utf8_get_char (at));
  composed = g_utf8_normalize (folded->str, -1, G_NORMALIZE_NFC);
  g_string_free (folded, TRUE);
  return composed;
}

GPtrArray *
chat_search_cut (const char *text)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *split = chat_search_split (text);
  g_autofree char *folded = fold (split != NULL ? split : text);
  const char *at = folded;

  while (*at != '\0')
    {
      const char *begin = at;

      if (!begins_word (g_utf8_get_char (at)))
        {
          at = g_utf8_next_char (at);
          continue;
        }
      while (*at != '\0' && continues_word (g_utf8_get_char (at)))
        at = g_utf8_next_char (at);
      g_ptr_array_add (words, g_strndup (begin, (gsize)(at - begin)));
    }
  return words;
}

/* What was typed */

void
chat_search_term_free (ChatSearchTerm *self)
{
  g_ptr_array_unref (self->words);
  g_free (self);
}

static ChatSearchTerm *
term_new (void)
{
  ChatSearchTerm *self = g_new0 (ChatSearchTerm, 1);

  self->words = g_ptr_array_new_with_free_func (g_free);
  return self;
}

/* Puts the words of one run of letters at the end of @term. Returns: where it ends */
static const char *
read_run (ChatSearchTerm *term, const char *at)
{
  const char *begin = at;

  while (*at != '\0' && continues_word (g_utf8_get_char (at)))
    {
      const char *next = g_utf8_next_char (at);

      if (is_word_of_its_own (g_utf8_get_char (at)))
        {
          if (at > begin)
            g_ptr_array_add (term->words, g_strndup (begin, (gsize)(at - begin)));
          g_ptr_array_add (term->words, g_strndup (at, (gsize)(next - at)));
          begin = next;
        }
      at = next;
    }
  if (at > begin)
    g_ptr_array_add (term->words, g_strndup (begin, (gsize)(at - begin)));
  return at;
}

static gboolean
terms_equal (gconstpointer a, gconstpointer b)
{
  const ChatSearchTerm *first = a, *second = b;

  if (first->words->len != second->words->len || first->prefix != second->prefix)
    return FALSE;
  for (guint i = 0; i < first->words->len; i++)
    if (!g_str_equal (first->words->pdata[i], second->words->pdata[i]))
      return FALSE;
  return TRUE;
}

/* Takes @term, which ends at @at. Returns: behind the “*”, if there is one */
static const char *
end_term (GPtrArray *terms, ChatSearchTerm *term, const char *at)
{
  gboolean star = *at == '*';

  if (term->words->len == 0)
    {
      chat_search_term_free (term);
      return at;
    }
  term->prefix = star && g_utf8_strlen (term->words->pdata[term->words->len - 1], -1) >= CHAT_SEARCH_MIN_PREFIX;
  if (g_ptr_array_find_with_equal_func (terms, term, terms_equal, NULL))
    chat_search_term_free (term);
  else
    g_ptr_array_add (terms, term);
  return star ? at + 1 : at;
}

/* A phrase whose opening quote is at @at; one that is never closed is none. Returns: where to go on */
static const char *
read_phrase (GPtrArray *terms, const char *at)
{
  const char *end = strchr (at + 1, '"');
  ChatSearchTerm *term;

  if (end == NULL)
    return at + 1;
  term = term_new ();
  for (at++; at < end;)
    at = begins_word (g_utf8_get_char (at)) ? read_run (term, at) : g_utf8_next_char (at);
  return end_term (terms, term, end + 1);
}

static const char *
read_word (GPtrArray *terms, const char *at)
{
  ChatSearchTerm *term = term_new ();

  at = read_run (term, at);
  return end_term (terms, term, at);
}

GPtrArray *
chat_search_parse (const char *text, GError **error)
{
  g_autoptr (GPtrArray) terms = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_search_term_free);
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  const char *at = valid;

  while (*at != '\0' && terms->len <= CHAT_SEARCH_MAX_TERMS)
    {
      gunichar c = g_utf8_get_char (at);

      if (c == '"')
        at = read_phrase (terms, at);
      else if (begins_word (c))
        at = read_word (terms, at);
      else
        at = g_utf8_next_char (at);
    }
  if (terms->len == 0 || terms->len > CHAT_SEARCH_MAX_TERMS)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   terms->len == 0 ? "There is no word to look for: type at least one of letters or digits"
                                   : "A search has at most %d words: leave some out",
                   CHAT_SEARCH_MAX_TERMS);
      return NULL;
    }
  return g_steal_pointer (&terms);
}
