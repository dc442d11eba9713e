/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-skeleton.h"

/* names that look the same, in rows up to NULL */
static const char *const same[][8] = {
  { "Ana", "ana", "ANA", "аna", "Аna", "ａｎａ", "𝓐𝓷𝓪", NULL },
  { "bob", "Вob", "вob", "ВОВ", "b0b", NULL },
  { "José", "jose\u0301", "JOSÉ", "ｊｏｓé", NULL },
  { "ñandú", "n\u0303andu\u0301", "ÑANDÚ", NULL },
  { "Straße", "STRASSE", "strasse", NULL },
  { "carmen", "carrnen", NULL },
  { "l1", "ll", "11", NULL },
  { "Σίσυφος", "ΣΊΣΥΦΟΣ", NULL },
  { "ﬁn", "fin", "FIN", NULL },
  { "ana\u200b", "ana", NULL },
  { "paypal", "раураl", "PAYPAL", NULL },
  { "", "\u200b", NULL },
};

static const char *const different[]
    = { "ana",  "aná",  "anna", "ana1", "ñandu", "nandu", "eco", "eсо2", "a na", "a-na",
        "あな", "アナ", "操",   "草",   "😀",     "😃",     "i",   "l",    "" };

static void
test_same (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    for (guint k = 1; same[i][k] != NULL; k++)
      {
        g_autofree char *first = chat_skeleton (same[i][0]);
        g_autofree char *other = chat_skeleton (same[i][k]);

        if (g_strcmp0 (first, other) != 0)
          g_error ("%s (%s), %s (%s)", same[i][0], first, same[i][k], other);
      }
}

static void
test_different (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (different); i++)
    for (guint k = 0; k < i; k++)
      {
        g_autofree char *one = chat_skeleton (different[i]);
        g_autofree char *other = chat_skeleton (different[k]);

        g_assert_cmpstr (one, !=, other);
      }
}

/* Case makes no difference. */
static void
test_case (void)
{
  for (gunichar c = 1; c < 0x20000; c++)
    {
      char lower[8] = { 0 }, upper[8] = { 0 };
      g_autofree char *key = NULL, *upper_key = NULL;

      if (!g_unichar_validate (c) || c == 0x0130) /* İ: its small letter has a second dot */
        continue;
      g_unichar_to_utf8 (g_unichar_tolower (c), lower);
      g_unichar_to_utf8 (g_unichar_toupper (c), upper);
      key = chat_skeleton (lower);
      upper_key = chat_skeleton (upper);
      if (g_strcmp0 (key, upper_key) != 0)
        g_error ("U+%04X: %s, %s", c, key, upper_key);
    }
}

static void
test_long (void)
{
  g_autoptr (GString) name = g_string_new (NULL);
  g_autofree char *key = NULL;

  for (guint i = 0; i < 10000; i++)
    g_string_append (name, "ﷺm");
  key = chat_skeleton (name->str);
  g_assert_cmpint (g_utf8_strlen (key, -1), ==, 10000 * (18 + 2));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/moderation/skeleton/same", test_same);
  g_test_add_func ("/moderation/skeleton/different", test_different);
  g_test_add_func ("/moderation/skeleton/case", test_case);
  g_test_add_func ("/moderation/skeleton/long", test_long);
  return g_test_run ();
}
