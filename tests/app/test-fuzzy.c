/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/chat-fuzzy.h"

#include <string.h>

/* Each line: what is typed, then names from the best to the worst; after "!" those that do not match at all. */
static const char *const orders[][8] = {
  { "gen", "general", "agenda", "grande noche", "!", "incidencias" },
  { "inc", "incidencias", "linea-inc", "vinculos", "!", "general" },
  { "ld", "linea-dos", "heraldo", "!", "linea" },
  { "bt", "BigTable", "about", "!", "table" },
  { "ana", "ana", "anabel", "Susana", "!", "nata" },
  { "linea 2", "Línea 2", "linea-2-averias", "!", "linea" },
  { "ÑANDÚ", "ñandu", "nandus-y-mas", "!", "ñand" },
  { "сервер", "Сервер", "наш сервер", "!", "север" },
};

static void
test_order (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      guint last = G_MAXUINT;
      gboolean matching = TRUE;

      for (int n = 1; n < 8 && orders[i][n] != NULL; n++)
        {
          const char *name = orders[i][n];
          guint score;

          if (g_str_equal (name, "!"))
            {
              matching = FALSE;
              continue;
            }
          score = chat_fuzzy_score (orders[i][0], name);
          g_test_message ("%s ~ %s: %u", orders[i][0], name, score);
          if (!matching)
            g_assert_cmpuint (score, ==, 0);
          else
            {
              g_assert_cmpuint (score, >, 0);
              g_assert_cmpuint (score, <, last);
              last = score;
            }
        }
    }
}

static void
test_nothing_typed (void)
{
  g_assert_cmpuint (chat_fuzzy_score ("", "general"), ==, chat_fuzzy_score ("  ", "a much longer name than that"));
  g_assert_cmpuint (chat_fuzzy_score ("", ""), ==, 1);
  g_assert_cmpuint (chat_fuzzy_score ("a", ""), ==, 0);
}

/* As a slow but plain search over all ways to place the characters would have it. */
static gboolean
is_subsequence (const char *typed, const char *name)
{
  for (; *typed != '\0'; typed++)
    {
      name = strchr (name, *typed);
      if (name == NULL)
        return FALSE;
      name++;
    }
  return TRUE;
}

static void
test_random (void)
{
  for (int i = 0; i < 20000; i++)
    {
      char typed[5] = { 0 }, name[9] = { 0 };
      int n_typed = g_test_rand_int_range (1, 5), n_name = g_test_rand_int_range (1, 9);

      for (int n = 0; n < n_typed; n++)
        typed[n] = (char)('a' + g_test_rand_int_range (0, 3));
      for (int n = 0; n < n_name; n++)
        name[n] = (char)('a' + g_test_rand_int_range (0, 3));
      g_assert_cmpint (chat_fuzzy_score (typed, name) > 0, ==, is_subsequence (typed, name));
    }
}

static void
test_long (void)
{
  g_autofree char *name = g_strnfill (100000, 'x');
  g_autofree char *typed = g_strnfill (100000, 'x');

  g_assert_cmpuint (chat_fuzzy_score (typed, name), >, 0);
  g_assert_cmpuint (chat_fuzzy_score (typed, "x"), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/fuzzy/order", test_order);
  g_test_add_func ("/app/fuzzy/nothing-typed", test_nothing_typed);
  g_test_add_func ("/app/fuzzy/random", test_random);
  g_test_add_func ("/app/fuzzy/long", test_long);
  return g_test_run ();
}
