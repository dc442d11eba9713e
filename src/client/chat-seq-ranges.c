/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-seq-ranges.h"

typedef struct
{
  gint64 from, to;
} Range;

struct _ChatSeqRanges
{
  GArray *ranges; /* Range, ascending, at least one seq between two of them */
};

static Range *
range_at (const ChatSeqRanges *self, guint i)
{
  return &g_array_index (self->ranges, Range, i);
}

/* The first range that ends at or after @seq. Nearly always one of the last: the search begins there. */
static guint
find_range (const ChatSeqRanges *self, gint64 seq)
{
  guint i = self->ranges->len;

  while (i > 0 && range_at (self, i - 1)->to >= seq)
    i--;
  return i;
}

ChatSeqRanges *
chat_seq_ranges_new (void)
{
  ChatSeqRanges *self = g_new (ChatSeqRanges, 1);

  self->ranges = g_array_new (FALSE, FALSE, sizeof (Range));
  return self;
}

void
chat_seq_ranges_free (ChatSeqRanges *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->ranges);
  g_free (self);
}

void
chat_seq_ranges_add (ChatSeqRanges *self, gint64 from, gint64 to)
{
  Range joined = { from, to };
  guint first, past;

  if (to < from)
    return;
  first = find_range (self, from - 1);
  for (past = first; past < self->ranges->len && range_at (self, past)->from <= to + 1; past++)
    {
      joined.from = MIN (joined.from, range_at (self, past)->from);
      joined.to = MAX (joined.to, range_at (self, past)->to);
    }
  if (past == first)
    {
      g_array_insert_val (self->ranges, first, joined);
      return;
    }
  *range_at (self, first) = joined;
  g_array_remove_range (self->ranges, first + 1, past - first - 1);
}

void
chat_seq_ranges_add_all (ChatSeqRanges *self, const ChatSeqRanges *other)
{
  for (guint i = 0; i < other->ranges->len; i++)
    chat_seq_ranges_add (self, range_at (other, i)->from, range_at (other, i)->to);
}

void
chat_seq_ranges_cut (ChatSeqRanges *self, gint64 from, gint64 to)
{
  for (guint i = self->ranges->len; i > 0; i--)
    {
      Range *range = range_at (self, i - 1);

      range->from = MAX (range->from, from);
      range->to = MIN (range->to, to);
      if (range->to < range->from)
        g_array_remove_index (self->ranges, i - 1);
    }
}

gboolean
chat_seq_ranges_contains (const ChatSeqRanges *self, gint64 seq)
{
  guint i = find_range (self, seq);

  return i < self->ranges->len && range_at (self, i)->from <= seq;
}

gint64
chat_seq_ranges_reach_from (const ChatSeqRanges *self, gint64 seq)
{
  guint i = find_range (self, seq);

  return i < self->ranges->len && range_at (self, i)->from <= seq ? range_at (self, i)->to : seq - 1;
}

gint64
chat_seq_ranges_get_lowest (const ChatSeqRanges *self)
{
  return self->ranges->len > 0 ? range_at (self, 0)->from : 0;
}

gint64
chat_seq_ranges_get_highest (const ChatSeqRanges *self)
{
  return self->ranges->len > 0 ? range_at (self, self->ranges->len - 1)->to : 0;
}

gint64
chat_seq_ranges_get_reach (const ChatSeqRanges *self)
{
  return self->ranges->len > 0 ? range_at (self, 0)->to : 0;
}

gboolean
chat_seq_ranges_find_hole (const ChatSeqRanges *self, gint64 *from, gint64 *to)
{
  guint length = self->ranges->len;

  if (length < 2)
    return FALSE;
  *from = range_at (self, length - 2)->to + 1;
  *to = range_at (self, length - 1)->from - 1;
  return TRUE;
}
