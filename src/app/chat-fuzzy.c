/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/chat-fuzzy.h"

#include <string.h>

#define LONGEST 256 /* characters that are looked at */

/* Points of a character that was found */
#define FOUND 16
#define CONSECUTIVE 24
#define WORD_START 20
#define NAME_START 28
/* Lost with what lies between two, and once with the length of the name */
#define GAP 2
#define MOST_GAP 12
#define MOST_LENGTH 15

typedef struct
{
  gunichar chars[LONGEST];
  gboolean starts[LONGEST]; /* a word */
  int length;
} Folded;

static gboolean
is_word (gunichar c)
{
  return g_unichar_isalnum (c);
}

/* Lower case without accents; of @spaces FALSE also without what stands between words. */
static void
fold (const char *text, gboolean spaces, Folded *folded)
{
  g_autofree char *decomposed = g_utf8_normalize (text, -1, G_NORMALIZE_ALL);
  gunichar before = ' ';

  folded->length = 0;
  for (const char *at = decomposed; at != NULL && *at != '\0' && folded->length < LONGEST; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (g_unichar_ismark (c) || (!spaces && g_unichar_isspace (c)))
        continue;
      folded->starts[folded->length]
          = is_word (c) && (!is_word (before) || (g_unichar_isupper (c) && g_unichar_islower (before)));
      folded->chars[folded->length++] = g_unichar_tolower (c);
      before = c;
    }
}

static int
points_of (const Folded *name, int place)
{
  if (place == 0)
    return FOUND + NAME_START;
  return name->starts[place] ? FOUND + WORD_START : FOUND;
}

/* One more character of what was typed: @row: the best with the one before at each place, negative: none. */
static gboolean
advance (const Folded *name, gunichar c, gboolean first, int *row)
{
  int best_before = -1;      /* over the places before the last, less the gap up to here */
  int left = first ? 0 : -1; /* at the place before */
  gboolean found = FALSE;

  for (int place = 0; place < name->length; place++)
    {
      int here = row[place], from;

      if (first)
        from = place == 0 ? 0 : -MIN (place * GAP, MOST_GAP);
      else
        from = MAX (left < 0 ? -1 : left + CONSECUTIVE, best_before);
      if (name->chars[place] == c && (first || from >= 0))
        {
          row[place] = MAX (from + points_of (name, place), 0);
          found = TRUE;
        }
      else
        row[place] = -1;
      if (!first)
        best_before = MAX (best_before, left) - (MAX (best_before, left) > GAP ? GAP : 0);
      left = here;
    }
  return found;
}

guint
chat_fuzzy_score (const char *typed, const char *name)
{
  Folded wanted, folded;
  int row[LONGEST] = { 0 };
  int best = 0;

  g_return_val_if_fail (typed != NULL && name != NULL, 0);

  fold (typed, FALSE, &wanted);
  if (wanted.length == 0)
    return 1;
  fold (name, TRUE, &folded);
  if (wanted.length > folded.length)
    return 0;
  for (int i = 0; i < wanted.length; i++)
    if (!advance (&folded, wanted.chars[i], i == 0, row))
      return 0;
  for (int place = 0; place < folded.length; place++)
    best = MAX (best, row[place]);
  return (guint)(best * 16 + MAX (MOST_LENGTH - folded.length / 2, 0) + 1);
}
