/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-nearest.h"

#include <string.h>

#define LONGEST 64 /* longer is no slip of anything, and not worth the square of its length */

/* How many insertions, deletions, replacements and swaps of neighbours lead from one to the other (optimal string
 * alignment); letters count the same in either case. Both are at most LONGEST bytes. */
static guint
distance (const char *a, const char *b)
{
  guint rows[3][LONGEST + 1];
  guint *before = rows[0], *last = rows[1], *row = rows[2];
  gsize n = strlen (b);

  for (guint j = 0; j <= n; j++)
    row[j] = j;
  for (guint i = 1; a[i - 1] != '\0'; i++)
    {
      guint *spare = before;

      before = last;
      last = row;
      row = spare;
      row[0] = i;
      for (guint j = 1; j <= n; j++)
        {
          char x = g_ascii_tolower (a[i - 1]), y = g_ascii_tolower (b[j - 1]);

          row[j] = MIN (last[j - 1] + (x != y ? 1 : 0), MIN (last[j], row[j - 1]) + 1);
          if (i > 1 && j > 1 && x == g_ascii_tolower (b[j - 2]) && y == g_ascii_tolower (a[i - 2]))
            row[j] = MIN (row[j], before[j - 2] + 1);
        }
    }
  return row[n];
}

const char *
chat_nearest (const char *name, const char *const *names)
{
  const char *nearest = NULL;
  guint least = G_MAXUINT;

  if (strlen (name) > LONGEST)
    return NULL;
  for (guint i = 0; names[i] != NULL; i++)
    {
      guint d = strlen (names[i]) <= LONGEST ? distance (name, names[i]) : G_MAXUINT;

      if (d < least)
        {
          least = d;
          nearest = names[i];
        }
    }
  /* One slip in three letters; more is another word. */
  return nearest != NULL && least <= MAX (1, strlen (nearest) / 3) ? nearest : NULL;
}
