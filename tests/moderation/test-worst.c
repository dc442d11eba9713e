/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time is linear in the text, whatever the text. */
#include "crafted-texts.h"
#include "moderation-test.h"

#define TEXT_BYTES 131072u
/* At 1 MB/s, the floor that tests/bench holds, a text takes 0.13 s; what is quadratic takes minutes. */
#define DEADLINE_SECONDS 5

static char *
make_text (const char *unit)
{
  GString *text = g_string_sized_new (TEXT_BYTES + 128);

  while (text->len < TEXT_BYTES)
    g_string_append (text, unit);
  return g_string_free (text, FALSE);
}

static void
test_linear (gconstpointer data)
{
  g_autofree char *text = make_text (data);
  g_autoptr (ChatRules) rules = moderation_test_default_rules ();
  g_autoptr (GArray) hits = NULL;
  gint64 start = g_get_monotonic_time ();
  double seconds;

  hits = chat_rules_find (rules, text, NULL);
  seconds = (double)(g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  if (seconds > DEADLINE_SECONDS)
    g_error ("%u bytes of “%s” took %.1f s", TEXT_BYTES, (const char *)data, seconds);
  moderation_test_check_hits (text, hits);
}

int
main (int argc, char *argv[])
{
  moderation_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (crafted_texts); i++)
    {
      g_autofree char *path = g_strconcat ("/moderation/worst/", crafted_texts[i].name, NULL);

      g_test_add_data_func (path, crafted_texts[i].unit, test_linear);
    }
  return g_test_run ();
}
