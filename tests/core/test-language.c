/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-language.h"

#include "core/chat-core-error.h"

#include <string.h>

static void
test_tags (void)
{
  static const char *const right[] = { "es", "ES", "es-MX", "pt-br", "zh-Hant-TW", "sl-rozaj-biske-1994", "ast" };
  static const char *const wrong[] = {
    "",      "e",       "*",     "123",       "i18n",         "es-",   "-es",  "es--MX",
    "es_MX", "español", "es MX", "abcdefghi", "es-abcdefghi", "es,en", "es\n", "aa-bbbbbbbb-cccccccc-dddddddd-eeeeeeee"
  };

  for (guint i = 0; i < G_N_ELEMENTS (right); i++)
    g_assert_true (chat_language_is_tag (right[i]));
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    if (chat_language_is_tag (wrong[i]))
      g_error ("“%s” was taken", wrong[i]);
}

static void
test_lists (void)
{
  static const struct
  {
    const char *languages;
    const char *says; /* NULL: it is right */
  } lists[] = {
    { "es", NULL },
    { "es,en", NULL },
    { " es , en-GB ", NULL },
    { "es,en,fr,de,it,pt,nl,pl", NULL },
    { "es,en,fr,de,it,pt,nl,pl,ru", "there are 9 languages" },
    { "", "\"\" is not a language tag: write it like" },
    { "es,", "\"\" is not a language tag" },
    { ",es", "\"\" is not a language tag" },
    { "es;en", "\"es;en\" is not a language tag" },
    { "es en", "\"es en\" is not a language tag" },
    { "es,spanish of spain", "\"spanish of spain\" is not a language tag" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean right = chat_languages_check (lists[i].languages, &error);

      g_assert_cmpint (right, ==, lists[i].says == NULL);
      if (right)
        continue;
      g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID);
      g_assert_true (g_str_has_prefix (error->message, lists[i].says));
    }
}

static void
test_split (void)
{
  g_auto (GStrv) two = chat_languages_split (" es , en-GB");
  g_auto (GStrv) one = chat_languages_split ("es");

  g_assert_cmpuint (g_strv_length (two), ==, 2);
  g_assert_cmpstr (two[0], ==, "es");
  g_assert_cmpstr (two[1], ==, "en-GB");
  g_assert_cmpuint (g_strv_length (one), ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/language/tags", test_tags);
  g_test_add_func ("/core/language/lists", test_lists);
  g_test_add_func ("/core/language/split", test_split);
  return g_test_run ();
}
