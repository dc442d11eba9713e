/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much of what people write the default lists find, and how much they should have left alone: over the phrases in
 * phrases/, against floors. With --table it prints the table of tests/bench/README.md instead. */
#include "moderation-test.h"

#include <locale.h>
#include <string.h>

#define OPENING "«"
#define CLOSING "»"

typedef struct
{
  const char *name; /* of the file, less its suffix */
  const char *what; /* for the table */
  double floor;     /* of recall; of innocent text: the greatest share of phrases with a hit */
  gboolean innocent;
} Kind;

static const Kind kinds[] = {
  { "plain", "as it is", 0.98, FALSE },
  { "case", "capitals", 0.98, FALSE },
  { "accents", "accents and marks", 0.98, FALSE },
  { "leet", "digits and signs for letters", 0.95, FALSE },
  { "repeats", "repeated letters", 0.95, FALSE },
  { "spaces", "spaced out and split", 0.95, FALSE },
  { "zero-width", "invisible characters", 0.98, FALSE },
  { "look-alikes", "other styles and scripts", 0.98, FALSE },
  { "cyrillic", "Cyrillic letters", 0.98, FALSE },
  { "names", "names", 0.01, TRUE },
  { "places", "places", 0.01, TRUE },
  { "words-inside", "words that contain others", 0.01, TRUE },
  { "ids", "ids, amounts, units", 0, TRUE },
  { "urls", "URLs and addresses", 0, TRUE },
  { "code", "code, paths, logs", 0, TRUE },
};

static const char *const languages[] = { "es", "en" };

typedef struct
{
  guint n, n_hit;
} Score;

/* Takes the marks out of @marked; @wanted then has a byte for each of the text's, 1 where one is to be found. */
static char *
read_marked (const char *marked, GByteArray *wanted)
{
  GString *text = g_string_new (NULL);
  guint8 inside = 0;

  g_byte_array_set_size (wanted, 0);
  for (const char *p = marked; *p != '\0';)
    if (g_str_has_prefix (p, OPENING) || g_str_has_prefix (p, CLOSING))
      {
        g_assert_cmpint (inside, ==, g_str_has_prefix (p, CLOSING));
        inside = !inside;
        p = g_utf8_next_char (p);
      }
    else
      {
        g_string_append_c (text, *p++);
        g_byte_array_append (wanted, &inside, 1);
      }
  g_assert_cmpint (inside, ==, 0);
  return g_string_free (text, FALSE);
}

/* Whether of each marked stretch half of the letters or more are in a hit: enough for nobody to read it, and for a
 * warning. */
static gboolean
finds (const char *text, const GByteArray *wanted, const GArray *hits)
{
  g_autofree guint8 *hit = g_malloc0 (wanted->len + 1);
  guint n = 0, n_hit = 0; /* bytes of the stretch at hand */

  for (guint i = 0; hits != NULL && i < hits->len; i++)
    {
      const ChatHit *one = &g_array_index (hits, ChatHit, i);
      const char *start = g_utf8_offset_to_pointer (text, one->start);

      memset (hit + (start - text), 1, (gsize)(g_utf8_offset_to_pointer (start, one->length) - start));
    }
  for (guint i = 0; i <= wanted->len; i++)
    {
      gboolean inside = i < wanted->len && wanted->data[i];

      if (!inside && 2 * n_hit < n)
        return FALSE;
      if (!inside)
        n = n_hit = 0;
      else if (!g_unichar_isspace (g_utf8_get_char_validated (text + i, -1)))
        {
          n++;
          n_hit += hit[i];
        }
    }
  return TRUE;
}

/* One phrase; @language: NULL: with all lists. */
static void
judge (const Kind *kind, ChatRules *rules, const char *phrase, const char *language, Score *score)
{
  const char *const tags[] = { language, NULL };
  g_autoptr (GByteArray) wanted = g_byte_array_new ();
  g_autofree char *text = kind->innocent ? g_strdup (phrase) : read_marked (phrase, wanted);
  g_autoptr (GArray) hits = chat_rules_find (rules, text, language != NULL ? tags : NULL);
  gboolean hit = kind->innocent ? hits != NULL : finds (text, wanted, hits);

  moderation_test_check_hits (text, hits);
  score->n++;
  score->n_hit += hit ? 1 : 0;
  if (hit == kind->innocent && g_test_initialized ())
    {
      g_autofree char *masked = chat_rules_mask (text, hits);

      g_test_message ("%s, %s: “%s” becomes “%s”", kind->name, language != NULL ? language : "all", phrase, masked);
    }
}

static char *
read_phrases (const Kind *kind)
{
  g_autofree char *file = g_strconcat (kind->name, ".txt", NULL);
  g_autofree char *path = g_build_filename (PHRASES_DIR, file, NULL);
  g_autoptr (GError) error = NULL;
  char *data;

  if (!g_file_get_contents (path, &data, NULL, &error))
    g_error ("%s", error->message);
  return data;
}

/* The phrases of @language in the file of @kind; with the lists of that language, or with all. */
static Score
measure (const Kind *kind, ChatRules *rules, const char *language, gboolean all)
{
  g_autofree char *data = read_phrases (kind);
  g_auto (GStrv) lines = g_strsplit (data, "\n", -1);
  g_autofree char *heading = g_strdup_printf ("[%s]", language);
  gboolean here = FALSE;
  Score score = { 0 };

  for (guint i = 0; lines[i] != NULL; i++)
    if (strcmp (lines[i], "[es]") == 0 || strcmp (lines[i], "[en]") == 0)
      here = strcmp (lines[i], heading) == 0;
    else if (here && *lines[i] != '\0' && (*lines[i] != '#' || lines[i][1] != ' '))
      judge (kind, rules, lines[i], all ? NULL : language, &score);
  return score;
}

static double
share (Score score)
{
  return (double)score.n_hit / score.n;
}

static void
test_kind (gconstpointer data)
{
  const Kind *kind = data;
  g_autoptr (ChatRules) rules = moderation_test_default_rules ();

  for (guint i = 0; i < G_N_ELEMENTS (languages); i++)
    {
      Score score = measure (kind, rules, languages[i], FALSE);

      g_assert_cmpuint (score.n, >=, kind->innocent ? 70 : 55);
      g_test_message ("%s, %s: %u of %u", kind->name, languages[i], score.n_hit, score.n);
      if (kind->innocent ? share (score) > kind->floor : share (score) < kind->floor)
        {
          g_test_message ("%.3f is beyond %.2f", share (score), kind->floor);
          g_test_fail ();
        }
    }
}

static void
print_rows (ChatRules *rules, gboolean innocent)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (kinds[i].innocent != innocent)
        continue;
      g_print ("| %s |", kinds[i].what);
      for (guint k = 0; k < 2 * G_N_ELEMENTS (languages); k++)
        {
          Score score = measure (&kinds[i], rules, languages[k / 2], k % 2 == 1);

          g_print (" %u of %u (%.1f %%) |", score.n_hit, score.n, 100 * share (score));
        }
      g_print (" %s %g %% |\n", innocent ? "≤" : "≥", 100 * kinds[i].floor);
    }
}

static int
print_table (void)
{
  g_autoptr (ChatRules) rules = moderation_test_default_rules ();

  g_print ("| written | Spanish | with all lists | English | with all lists | floor |\n"
           "| --- | --- | --- | --- | --- | --- |\n");
  print_rows (rules, FALSE);
  g_print ("\n| innocent text | Spanish | with all lists | English | with all lists | at most |\n"
           "| --- | --- | --- | --- | --- | --- |\n");
  print_rows (rules, TRUE);
  return 0;
}

int
main (int argc, char *argv[])
{
  gboolean table = argc == 2 && strcmp (argv[1], "--table") == 0;

  if (table)
    {
      setlocale (LC_ALL, "");
      return print_table ();
    }
  moderation_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = g_strconcat ("/moderation/quality/", kinds[i].name, NULL);

      g_test_add_data_func (path, &kinds[i], test_kind);
    }
  return g_test_run ();
}
