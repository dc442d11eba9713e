/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation-test.h"

#include <locale.h>
#include <string.h>

#define OPENING 0x00ab /* « */
#define CLOSING 0x00bb /* » */

void
moderation_test_init (int *argc, char ***argv)
{
  setlocale (LC_ALL, ""); /* so that messages may quote any text */
  g_test_init (argc, argv, NULL);
}

ChatRules *
moderation_test_default_rules (void)
{
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  g_autoptr (GError) error = NULL;
  const char *data = g_getenv ("TERTULIA_DATA_DIR");
  g_autofree char *path = NULL;

  if (data == NULL)
    g_error ("TERTULIA_DATA_DIR is not set; run this with meson test or meson devenv");
  path = g_build_filename (data, "moderation", NULL);
  if (!chat_rules_builder_add_directory (builder, path, &error))
    g_error ("%s", error->message);
  return chat_rules_builder_compile (builder);
}

ChatRules *
moderation_test_rules (const char *list)
{
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  g_autoptr (GError) error = NULL;

  if (!chat_rules_builder_add_data (builder, list, strlen (list), "test", &error))
    g_error ("%s", error->message);
  return chat_rules_builder_compile (builder);
}

static char *
describe (const GArray *hits)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; hits != NULL && i < hits->len; i++)
    {
      const ChatHit *hit = &g_array_index (hits, ChatHit, i);

      g_string_append_printf (out, "%s%u+%u", i > 0 ? " " : "", hit->start, hit->length);
    }
  return g_string_free (out, FALSE);
}

/* Takes the marks out of @marked: the text, the text masked, and what describe() would say. */
static void
read_marked (const char *marked, char **text, char **masked, char **spans)
{
  GString *plain = g_string_new (NULL), *stars = g_string_new (NULL), *expected = g_string_new (NULL);
  gboolean inside = FALSE;
  guint n = 0, start = 0;

  for (const char *p = marked; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == OPENING || c == CLOSING)
        {
          g_assert_cmpint (inside, ==, c == CLOSING);
          inside = c == OPENING;
          if (inside)
            start = n;
          else
            g_string_append_printf (expected, "%s%u+%u", expected->len > 0 ? " " : "", start, n - start);
          continue;
        }
      g_string_append_unichar (plain, c);
      g_string_append_unichar (stars, inside ? '*' : c);
      n++;
    }
  g_assert_false (inside);
  *text = g_string_free (plain, FALSE);
  *masked = g_string_free (stars, FALSE);
  *spans = g_string_free (expected, FALSE);
}

void
moderation_test_check_hits (const char *text, const GArray *hits)
{
  glong length = g_utf8_strlen (text, -1);
  g_autofree char *masked = chat_rules_mask (text, hits);
  guint end = 0;

  for (guint i = 0; hits != NULL && i < hits->len; i++)
    {
      const ChatHit *hit = &g_array_index (hits, ChatHit, i);

      g_assert_cmpuint (hit->start, >=, end);
      g_assert_cmpuint (hit->length, >, 0);
      g_assert_nonnull (hit->rule);
      end = hit->start + hit->length;
    }
  g_assert_cmpint (end, <=, length);
  g_assert_true (hits == NULL || hits->len > 0);
  g_assert_true (g_utf8_validate (masked, -1, NULL));
  g_assert_cmpint (g_utf8_strlen (masked, -1), ==, length);
}

void
moderation_test_check (ChatRules *rules, const char *marked, const char *language)
{
  const char *const languages[] = { language, NULL };
  g_autofree char *text = NULL, *expected_mask = NULL, *expected = NULL, *found = NULL, *masked = NULL;
  g_autoptr (GArray) hits = NULL, again = NULL;

  read_marked (marked, &text, &expected_mask, &expected);
  hits = chat_rules_find (rules, text, language != NULL ? languages : NULL);
  moderation_test_check_hits (text, hits);
  found = describe (hits);
  masked = chat_rules_mask (text, hits);
  if (strcmp (found, expected) != 0 || strcmp (masked, expected_mask) != 0)
    {
      g_test_message ("“%s”: “%s” (%s) was expected, “%s” (%s) came", text, expected_mask, expected, masked, found);
      g_test_fail ();
    }
  again = chat_rules_find (rules, masked, language != NULL ? languages : NULL);
  if (again != NULL)
    {
      g_test_message ("“%s”: there are hits in what is masked already", masked);
      g_test_fail ();
    }
}
