/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold for texts made at random. G_TEST's --seed repeats a run. */
#include "moderation-test.h"

#include <string.h>

#define ROUNDS 4000

/* words of the lists in many guises, and what may stand around and inside them */
static const char *const pieces[] = {
  "puta",
  "mierda",
  "hijo de puta",
  "culo",
  "fuck",
  "ass",
  "a$$",
  "put4",
  "m!erda",
  "p u t a",
  "f.u.c.k",
  "pu-ta",
  "coño",
  "con\u0303o",
  "рutа",
  "ｐｕｔａ",
  "ﬀuck",
  "puuuta",
  "pu\u200bta",
  "p\u0301u\u0301ta",
  "hola",
  "vehículo",
  "class",
  "a",
  "y",
  "i",
  "s",
  "1",
  "4",
  "!",
  "@",
  "$",
  "|",
  "*",
  "**",
  "`",
  "```",
  "_",
  "-",
  ".",
  ",",
  "/",
  "\\",
  ":",
  " ",
  " ",
  " ",
  "  ",
  "\n",
  "\t",
  "http://",
  "www.",
  "a@b.es",
  "@ana",
  "get_ass",
  "😀",
  "👨‍👩‍👧",
  "\u0301",
  "\u0303",
  "\u200b",
  "\u202e",
  "操",
  "ﷺ",
  "½",
  "İ",
  "ñ",
  "n",
  "é",
  "К",
  "т",
  "moby dick",
  "cum laude",
  "follaje",
  "penne",
  "deadbeef01",
};

static char *
make_text (guint n_pieces)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n_pieces; i++)
    g_string_append (text, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
  return g_string_free (text, FALSE);
}

/* Spans are inside the text, in order, apart, and as long as their asterisks. */
static void
test_spans (void)
{
  g_autoptr (ChatRules) rules = moderation_test_default_rules ();

  for (guint round = 0; round < ROUNDS; round++)
    {
      g_autofree char *text = make_text ((guint)g_test_rand_int_range (1, 24));
      g_autoptr (GArray) hits = chat_rules_find (rules, text, NULL);

      moderation_test_check_hits (text, hits);
    }
}

/* The same text gives the same hits, and what is before and behind it as words of their own shifts them only. */
static void
test_shift (void)
{
  g_autoptr (ChatRules) rules = moderation_test_default_rules ();

  for (guint round = 0; round < ROUNDS; round++)
    {
      g_autofree char *text = make_text ((guint)g_test_rand_int_range (1, 8));
      g_autofree char *longer = g_strconcat ("¿Qué tal? *\n*", text, NULL);
      guint shift = (guint)(g_utf8_strlen (longer, -1) - g_utf8_strlen (text, -1));
      g_autoptr (GArray) hits = chat_rules_find (rules, text, NULL);
      g_autoptr (GArray) shifted = chat_rules_find (rules, longer, NULL);
      guint n_hits = hits != NULL ? hits->len : 0;

      /* a mark, or a sign that shields something, may belong to what is before it */
      if (strpbrk (text, "`@/\\_") != NULL || g_unichar_ismark (g_utf8_get_char (text)))
        continue;
      g_assert_cmpuint (n_hits, ==, shifted != NULL ? shifted->len : 0);
      for (guint i = 0; i < n_hits; i++)
        {
          const ChatHit *hit = &g_array_index (hits, ChatHit, i), *other = &g_array_index (shifted, ChatHit, i);

          if (hit->start + shift != other->start || hit->length != other->length)
            g_error ("“%s”: %u+%u, with %u more in front %u+%u", text, hit->start, hit->length, shift, other->start,
                     other->length);
        }
    }
}

/* Masking leaves nothing to mask, but for the odd text where a hit stood close before another in disguise. */
static void
test_masked (void)
{
  g_autoptr (ChatRules) rules = moderation_test_default_rules ();
  guint n_odd = 0;

  for (guint round = 0; round < ROUNDS; round++)
    {
      g_autofree char *text = make_text ((guint)g_test_rand_int_range (1, 24));
      guint times = 0;

      for (GArray *hits; (hits = chat_rules_find (rules, text, NULL)) != NULL; times++)
        {
          char *masked = chat_rules_mask (text, hits);

          g_array_unref (hits);
          g_free (text);
          text = masked;
        }
      g_assert_cmpuint (times, <=, 3);
      n_odd += times > 1;
    }
  g_assert_cmpuint (n_odd, <, ROUNDS / 100);
}

/* One random world for everybody; others in the full runs. */
int
main (int argc, char *argv[])
{
  char seed[] = "--seed=R02Sb73e274353942eb5fe681bc3cbdf7ce9";
  char *usual[] = { argv[0], seed, NULL };
  char **arguments = usual;
  int n = 2;

  if (argc == 1 && g_getenv ("TERTULIA_TEST_FULL") == NULL)
    moderation_test_init (&n, &arguments);
  else
    moderation_test_init (&argc, &argv);
  g_test_add_func ("/moderation/properties/spans", test_spans);
  g_test_add_func ("/moderation/properties/shift", test_shift);
  g_test_add_func ("/moderation/properties/masked", test_masked);
  return g_test_run ();
}
