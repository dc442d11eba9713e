/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-glyphs.h"

#define COMBINING_TILDE 0x0303u
#define MIN_PARTED 4 /* letters */

void
chat_glyphs_clear (ChatGlyphs *self)
{
  g_clear_pointer (&self->items, g_free);
  self->n_items = self->n_allocated = 0;
}

static void
reserve (ChatGlyphs *self, gsize n_more)
{
  if (self->n_allocated - self->n_items >= n_more)
    return;
  self->n_allocated = MAX (self->n_items + n_more, self->n_allocated * 2);
  self->items = g_renew (ChatGlyph, self->items, self->n_allocated);
}

static void
push (ChatGlyphs *self, ChatFoldValue value, gunichar c, gsize start, gsize end)
{
  guint32 label = CHAT_FOLD_LABEL (value);

  self->items[self->n_items++] = (ChatGlyph){ .label = label != 0 ? label : c,
                                              .start = (guint32)start,
                                              .end = (guint32)end,
                                              .kind = (guint8)CHAT_FOLD_KIND (value) };
}

/* A combining mark: part of what is before it, and else of no account, but that right behind an n it makes an ñ. */
static void
add_mark (ChatGlyphs *self, const char *text, gunichar mark, gsize start, gsize end)
{
  ChatGlyph *last;

  if (self->n_items == 0)
    return;
  last = &self->items[self->n_items - 1];
  if (mark == COMBINING_TILDE && last->label == 'n' && g_utf8_next_char (text + last->start) == text + start)
    last->label = CHAT_FOLD_ENYE;
  last->end = (guint32)end;
}

static gboolean
is_regional_indicator (gunichar c)
{
  return c >= 0x1f1e6 && c <= 0x1f1ff;
}

/* Two regional indicators are a flag, or look like one; a single one is a letter. */
static void
join_flag (ChatGlyphs *self, const char *text)
{
  ChatGlyph *last = &self->items[self->n_items - 1];

  if (self->n_items < 2 || last[-1].end != last->start
      || !is_regional_indicator (g_utf8_get_char (text + last[-1].start)))
    return;
  for (ChatGlyph *glyph = last - 1; glyph <= last; glyph++)
    {
      glyph->kind = CHAT_GLYPH_JOINER;
      glyph->label = g_utf8_get_char (text + glyph->start);
    }
}

static void
add_wide (ChatGlyphs *self, const ChatFoldTable *table, const char *text, gsize start, gsize end)
{
  gunichar c = g_utf8_get_char (text + start);
  ChatFoldValue value = chat_fold_table_lookup (table, c);
  const ChatFoldValue *expansion;

  switch (CHAT_FOLD_KIND (value))
    {
    case CHAT_GLYPH_MARK:
      add_mark (self, text, c, start, end);
      return;
    case CHAT_GLYPH_FORMAT:
      return;
    case CHAT_GLYPH_EXPANSION:
      expansion = table->expansions + CHAT_FOLD_LABEL (value);
      for (guint i = 1; i <= expansion[0]; i++)
        push (self, expansion[i], c, start, end);
      return;
    case CHAT_GLYPH_LETTER:
    case CHAT_GLYPH_IDEOGRAPH:
    case CHAT_GLYPH_DIGIT:
    case CHAT_GLYPH_SIGN:
    case CHAT_GLYPH_INNER:
    case CHAT_GLYPH_SPACE:
    case CHAT_GLYPH_JOINER:
    case CHAT_GLYPH_STOP:
    case CHAT_GLYPH_BREAK:
      push (self, value, c, start, end);
      if (is_regional_indicator (c))
        join_flag (self, text);
      return;
    }
}

/* A capital I looks like an l only where the letters around it are small. */
static guint32
read_capital_i (const char *text, gsize start, gsize at, gsize end)
{
  gboolean among_small
      = (at > start && g_ascii_islower (text[at - 1])) || (at + 1 < end && g_ascii_islower (text[at + 1]));

  return among_small ? CHAT_FOLD_CAPITAL_I : 'i';
}

/* Every glyph but the flags, and with the signs of CHAT_GLYPH_INNER wherever they are. */
static void
read_glyphs (ChatGlyphs *self, const char *text, gsize start, gsize end)
{
  const ChatFoldTable *table = chat_fold_table_get ();
  const ChatFoldValue *ascii = table->values + table->blocks[0] * CHAT_FOLD_BLOCK;

  reserve (self, end - start + CHAT_FOLD_MAX_EXPANSION);
  for (gsize at = start; at < end;)
    {
      guchar byte = (guchar)text[at];

      reserve (self, CHAT_FOLD_MAX_EXPANSION);
      if (G_LIKELY (byte < 0x80))
        {
          push (self, ascii[byte], byte, at, at + 1);
          if (byte == 'I')
            self->items[self->n_items - 1].label = read_capital_i (text, start, at, end);
          at++;
        }
      else
        {
          gsize next = (gsize)(g_utf8_next_char (text + at) - text);

          add_wide (self, table, text, at, next);
          at = next;
        }
    }
}

static gboolean
is_core (const ChatGlyph *glyph)
{
  return glyph->kind < CHAT_GLYPH_INNER;
}

/* Signs of CHAT_GLYPH_INNER that are not between two parts of a word are punctuation. Returns whether others are left.
 */
static gboolean
settle_inner (ChatGlyphs *self)
{
  gboolean left = FALSE;

  for (gsize i = 0, next; i < self->n_items; i = next)
    {
      gboolean inside;

      next = i + 1;
      if (self->items[i].kind != CHAT_GLYPH_INNER)
        continue;
      while (next < self->n_items && self->items[next].kind == CHAT_GLYPH_INNER)
        next++;
      inside = i > 0 && is_core (&self->items[i - 1]) && next < self->n_items && is_core (&self->items[next]);
      left = left || inside;
      for (gsize k = i; !inside && k < next; k++)
        {
          self->items[k].kind = CHAT_GLYPH_STOP;
          self->items[k].label = CHAT_FOLD_GAP;
        }
    }
  return left;
}

/* Where the letters that the same sign of CHAT_GLYPH_INNER parts one by one end: "p|u|t|a". @start: the first. */
static gsize
parted_end (const ChatGlyphs *self, gsize start)
{
  gsize end = start + 1;

  while (end + 1 < self->n_items && self->items[end].kind == CHAT_GLYPH_INNER
         && self->items[end].label == self->items[start + 1].label && is_core (&self->items[end + 1]))
    end += 2;
  return end;
}

/* Such signs are joiners. In fewer letters one may well stand for a letter ("l!l!"). */
static void
settle_parting (ChatGlyphs *self)
{
  for (gsize i = 0, end; i < self->n_items; i = end)
    {
      end = i + 1;
      if (!is_core (&self->items[i]) || (i > 0 && chat_glyph_is_word (&self->items[i - 1])))
        continue;
      end = parted_end (self, i);
      if (end - i < 2 * MIN_PARTED - 1 || (end < self->n_items && chat_glyph_is_word (&self->items[end])))
        continue;
      for (gsize k = i + 1; k < end; k += 2)
        self->items[k].kind = CHAT_GLYPH_JOINER;
    }
}

static gboolean
is_letter (const ChatGlyph *glyph)
{
  return glyph->kind == CHAT_GLYPH_LETTER || glyph->kind == CHAT_GLYPH_IDEOGRAPH;
}

/*
 * The words that a run of inner signs parts. What follows it begins no word where the signs, the letter before and the
 * letter behind all read as the same: a match from there could only be part of one from before, and in "i!i!i!i!…" each
 * would run to the end.
 */
static void
mark_around_inner (ChatGlyphs *self, gsize i)
{
  ChatGlyph *items = self->items;

  if (items[i].kind == CHAT_GLYPH_INNER && items[i - 1].kind != CHAT_GLYPH_INNER)
    items[i - 1].flags |= CHAT_GLYPH_ENDS_WORD;
  if (items[i].kind != CHAT_GLYPH_INNER && items[i - 1].kind == CHAT_GLYPH_INNER)
    {
      gsize before = i - 1;

      while (items[before].kind == CHAT_GLYPH_INNER) /* each run is gone back over once */
        before--;
      if (!chat_fold_overlap (items[i - 1].label, items[i].label)
          || !chat_fold_overlap (items[before].label, items[i].label))
        items[i].flags |= CHAT_GLYPH_STARTS_WORD;
    }
}

/* Every ideograph may be a word of its own; a repeated one begins no new match, for the same reason. */
static void
mark_around_ideograph (ChatGlyphs *self, gsize i)
{
  ChatGlyph *items = self->items;

  if (items[i].kind != CHAT_GLYPH_IDEOGRAPH && items[i - 1].kind != CHAT_GLYPH_IDEOGRAPH)
    return;
  items[i - 1].flags |= CHAT_GLYPH_ENDS_WORD;
  if (items[i].label != items[i - 1].label)
    items[i].flags |= CHAT_GLYPH_STARTS_WORD;
}

/* The flags of one chunk: a stretch of glyphs that may all be parts of words. */
static void
mark_chunk (ChatGlyphs *self, gsize start, gsize end)
{
  gsize first = start, last = end - 1;

  while (first < end && !is_letter (&self->items[first]))
    first++;
  if (first == end) /* no letter, no word */
    return;
  while (!is_letter (&self->items[last]))
    last--;
  self->items[start].flags |= CHAT_GLYPH_STARTS_WORD;
  self->items[first].flags |= CHAT_GLYPH_STARTS_WORD;
  self->items[last].flags |= CHAT_GLYPH_ENDS_WORD;
  self->items[end - 1].flags |= CHAT_GLYPH_ENDS_WORD;
  for (gsize i = start + 1; i < end; i++)
    {
      mark_around_inner (self, i);
      mark_around_ideograph (self, i);
    }
}

void
chat_glyphs_read (ChatGlyphs *self, const char *text, gsize start, gsize end)
{
  self->n_items = 0;
  read_glyphs (self, text, start, end);
  if (settle_inner (self))
    settle_parting (self);
  for (gsize i = 0, next; i < self->n_items; i = next)
    {
      next = i + 1;
      if (!chat_glyph_is_word (&self->items[i]))
        continue;
      while (next < self->n_items && chat_glyph_is_word (&self->items[next]))
        next++;
      mark_chunk (self, i, next);
    }
}
