/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <gio/gio.h>

#include "server/store/chat-search-text.h"

/* Terms as "one two* | three": words, a star for a prefix, a bar between terms. */
static char *
describe (GPtrArray *terms)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < terms->len; i++)
    {
      const ChatSearchTerm *term = g_ptr_array_index (terms, i);

      g_string_append (text, i > 0 ? " |" : "");
      for (guint j = 0; j < term->words->len; j++)
        g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", (const char *)term->words->pdata[j]);
      g_string_append (text, term->prefix ? "*" : "");
    }
  return g_string_free (text, FALSE);
}

static void
parsed (void)
{
  static const struct
  {
    const char *text, *terms;
  } rows[] = {
    { "one", "one" },
    { "one two one", "one | two" },
    { "One one", "One | one" },
    { "\"one two\"", "one two" },
    { "\"one two\"*", "one two*" },
    { "\"one two\" *", "one two" },
    { "\"one, two!\" three", "one two | three" },
    { "one*", "one*" },
    { "o*", "o" },
    { "ñu*", "ñu*" },
    { "one* one", "one* | one" },
    { "one *", "one" },
    { "one*two", "one* | two" },
    { "one\"two\"three", "one | two | three" },
    { "\"one", "one" },
    { "one\" two", "one | two" },
    { "\"\"one", "one" },
    { "NEAR(a b, 2)", "NEAR | a | b | 2" },
    { "-a ^b c:d {e}", "a | b | c | d | e" },
    { "it's", "it | s" },
    { "日本", "日 本" },
    { "a日b", "a 日 b" },
    { "日本*", "日 本" },
    { "\"日本 go\"", "日 本 go" },
    { "e\u0301te\u0301", "e\u0301te\u0301" },
    { "\u0301a", "a" },
    { "\xff"
      "a\xc3",
      "a" },
    { "👍 ok", "ok" },
    { "½ Ⅷ", "½ | Ⅷ" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) terms = chat_search_parse (rows[i].text, &error);
      g_autofree char *found = NULL;

      g_assert_no_error (error);
      found = describe (terms);
      g_assert_cmpstr (found, ==, rows[i].terms);
    }
}

static void
refused (void)
{
  static const char *const texts[] = { "", " ", "*", "\"\"", "\"*\"*", "-^{}:()", "👍", "\u0301", "\uE000", "\xff" };
  g_autoptr (GString) many = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (chat_search_parse (texts[i], &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    }
  for (guint i = 0; i <= CHAT_SEARCH_MAX_TERMS; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) terms = NULL;

      g_string_append_printf (many, "w%u ", i);
      terms = chat_search_parse (many->str, &error);
      g_assert_cmpint (terms != NULL, ==, i < CHAT_SEARCH_MAX_TERMS);
    }
}

static void
split (void)
{
  static const struct
  {
    const char *text, *split; /* NULL: as it is */
  } rows[] = {
    { "", NULL },
    { "plain text, with punctuation", NULL },
    { "ñandú árbol нет", NULL },
    { "日本", " 日  本 " },
    { "aのb", "a の b" },
    { "한국어", "한국어" },
    { "👍 ok", "👍 ok" },
    { "\uE000p", " p" },
    { "a\U000F0000b\U0010FFFDc", "a b c" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *found = chat_search_split (rows[i].text);

      g_assert_cmpstr (found, ==, rows[i].split);
    }
}

/* Anything at all: every term has a word, and no word has what ends a quoted one. */
static void
random_bytes (void)
{
  static const char *const pieces[]
      = { "a", "\"", "*", " ", "日", "\u0301", "\uE000", "👍", "\xff", "\xc3", "'", "\\", "NEAR", "(", ":", "\n", "x1" };

  for (guint round = 0; round < 20000; round++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GPtrArray) terms = NULL;

      for (int i = g_test_rand_int_range (0, 30); i > 0; i--)
        g_string_append (text, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
      terms = chat_search_parse (text->str, NULL);
      for (guint i = 0; terms != NULL && i < terms->len; i++)
        {
          const ChatSearchTerm *term = g_ptr_array_index (terms, i);

          g_assert_cmpuint (term->words->len, >, 0);
          for (guint j = 0; j < term->words->len; j++)
            {
              const char *word = g_ptr_array_index (term->words, j);

              g_assert_true (*word != '\0' && g_utf8_validate (word, -1, NULL));
              g_assert_null (strpbrk (word, "\"* '\\(:\n"));
            }
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/search-text/parsed", parsed);
  g_test_add_func ("/store/search-text/refused", refused);
  g_test_add_func ("/store/search-text/split", split);
  g_test_add_func ("/store/search-text/random-bytes", random_bytes);
  return g_test_run ();
}
