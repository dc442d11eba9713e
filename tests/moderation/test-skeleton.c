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
  { "luis", "Iuis", "Luis", "LUIS", "lUlS", "ΙUIS", NULL },
  { "iuis", "luis", "|uıs", "ιuιs", "Іuіs", "ⅼuⅰs", NULL },
  { "Ivan", "lvan", "IVAN", "ivan", "1van", "Іvan", NULL },
  { "Ian", "ian", "lan", "ΙAN", "Iаn", "ｌan", NULL },
  { "nora", "NORA", "Νora", "ΝORA", "Nοrа", "𝓝ora", NULL },
  { "hugo", "Нugo", "Ηugo", "HUGO", "Hugο", "һugo", NULL },
  { "maria", "MARIA", "MarIa", "marla", "Маria", "Μaria", NULL },
  { "kafka", "Κafka", "Кafka", "KAFKA", "кafka", NULL },
  { "xavier", "Χavier", "Хavier", "XAVIER", NULL },
  { "zoe", "Ζoe", "ZOE", "zoе", NULL },
  { "teo", "Τeo", "Тeo", "ΤΕΟ", "тео", NULL },
  { "yago", "Υago", "Уago", "уago", NULL },
  { "ñigo", "ÑIGO", "ÑlGO", "n\u0303lgo", NULL },
};

static const char *const different[]
    = { "ana",  "aná",  "anna", "ana1", "ñandu", "nandu", "eco", "eсо2", "a na", "a-na",
        "あな", "アナ", "操",   "草",   "😀",     "😃",     "i",   "j",    "" };

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

/* Stored keys: who changes one of these has to write a migration. */
static void
test_stored (void)
{
  static const struct
  {
    const char *name, *key;
  } known[] = {
    { "ana", "ana" },     { "Bob", "bob" },       { "carmen", "carrnen" },
    { "Luis", "luls" },   { "eco", "eco" },       { "José", "jose\u0301" },
    { "ana_2", "ana_2" }, { "ops-10", "ops-lo" }, { "ÑANDÚ", "n\u0303andu\u0301" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autofree char *key = chat_skeleton (known[i].name);
      g_autofree char *expected = g_utf8_normalize (known[i].key, -1, G_NORMALIZE_NFC);

      g_assert_cmpstr (key, ==, expected);
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
  g_test_add_func ("/moderation/skeleton/stored", test_stored);
  g_test_add_func ("/moderation/skeleton/long", test_long);
  return g_test_run ();
}
