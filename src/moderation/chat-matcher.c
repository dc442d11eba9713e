/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-matcher.h"

#include <string.h>

/*
 * The automaton is walked from each place where a word may start, in one of three ways:
 *
 * - words: letters as they are, a gap between words as one step. Every match ends where a word does.
 * - compounds, such as "pu-ta" and "p.uta": chunks of letters with one joiner between any two. The joiners are passed
 *   over.
 * - runs of single letters, such as "p u t a" and "p, u, t, a": all between the letters is passed over.
 *
 * In the latter two a match does not begin just anywhere, for "c-u-l-o" is a part of "v-e-h-i-c-u-l-o". It is the whole
 * chain of chunks, perhaps less a one-letter word at an end ("y p u t a"), or all that have the same between them
 * ("hola/pu-ta", "u n a  p u t a").
 *
 * The longest match counts, and an exception that covers it wins. Time is linear: of two walks that are alive at the
 * same glyph, the one that began first is further on in its word by a letter or more (the places where words start are
 * chosen so), and words have at most 64.
 */

#define MIN_RUN_CHUNKS 3
#define MIN_STARRED_CHUNKS 4 /* "a*s*s" is a product */
#define MAX_RUN_GAP 5

typedef struct
{
  gsize end;                   /* after its last glyph; 0: nothing found */
  const ChatMatcherWord *word; /* Borrowed */
} Match;

typedef struct
{
  gsize start, limit;      /* glyphs */
  ChatGlyphFlags end_flag; /* that a match's last glyph must have */
  gboolean joins;          /* passes over what is between letters */
  gboolean whole;          /* begins where the chain does */
  gsize last;              /* where its end begins */
  guint min_chunks;
  gboolean in_path; /* "fuck*" is no "fuck/configure" */

  guint letters, digits, signs, gaps; /* so far */
  gboolean joined, uneven;            /* has passed over something; over different things */
  guint32 gap;                        /* what it has passed over first: see describe_gap() */
  gsize word_end;                     /* a cache of find_word_end() */
  Match match;
} Walk;

static gboolean
is_word (const ChatMatcher *self, gsize at)
{
  return at < self->n_glyphs && chat_glyph_is_word (&self->glyphs[at]);
}

/* Where the chunk, the stretch of letters and the like, that @at is in ends. */
static gsize
chunk_end (const ChatMatcher *self, gsize at)
{
  while (is_word (self, at))
    at++;
  return at;
}

/* The first glyph from @at on that may end a match. */
static gsize
find_word_end (const ChatMatcher *self, Walk *walk, gsize at)
{
  if (walk->word_end > at)
    return walk->word_end;
  for (; at < walk->limit; at++)
    if (self->glyphs[at].flags & walk->end_flag)
      return walk->word_end = at + 1;
  return walk->word_end = walk->limit;
}

/* "a55" is a telephone and "455" a number, "a$$" and "4ss" are neither. */
static gboolean
has_letters (const Walk *walk)
{
  return walk->letters >= (walk->digits > 0 ? 2 : 1) && walk->gaps + 1 >= walk->min_chunks;
}

/* Nor is "AS5" anything but a number plate, or "D1C-K005" but a part number. */
static gboolean
is_code (const ChatMatcher *self, const Walk *walk, gsize at)
{
  if (walk->digits == 0)
    return FALSE;
  return (walk->letters + walk->digits + walk->signs == 3 && self->glyphs[at].kind == CHAT_GLYPH_DIGIT)
         || (walk->joins && is_word (self, at + 1));
}

static gboolean
passes_slash (const ChatMatcher *self, gsize at, gsize end)
{
  for (; at < end; at++)
    if (self->glyphs[at].label == '/' || self->glyphs[at].label == '\\')
      return TRUE;
  return FALSE;
}

static void
consider (ChatMatcher *self, Walk *walk, gsize at, const ChatMatcherWord *word)
{
  gsize end = at + 1;

  if ((self->languages & ((guint64)1 << word->language)) == 0)
    return;
  /* in "fuck-that" the word is in one piece: a walk that passes over joiners leaves it alone */
  if (word->prefix && !(walk->joins && !walk->joined))
    end = find_word_end (self, walk, at);
  else if ((self->glyphs[at].flags & walk->end_flag) == 0)
    return;
  if (!has_letters (walk) || is_code (self, walk, at) || (walk->in_path && passes_slash (self, at, end))
      || (walk->uneven && !(walk->whole && at >= walk->last)))
    return;
  if (word->exception)
    self->exception_end = MAX (self->exception_end, end);
  else if (end > walk->match.end || (end == walk->match.end && word->severity < walk->match.word->severity))
    walk->match = (Match){ .end = end, .word = word };
}

/* One asterisk, and a letter behind it. */
static gboolean
is_star (const ChatMatcher *self, gsize at)
{
  return self->glyphs[at].kind == CHAT_GLYPH_BREAK && self->glyphs[at].label == '*' && is_word (self, at + 1);
}

static gsize
skip_gap (const ChatMatcher *self, gsize at, gsize limit)
{
  while (at < limit && !chat_glyph_is_word (&self->glyphs[at]) && self->glyphs[at].kind != CHAT_GLYPH_BREAK)
    at++;
  return at;
}

/* How wide the gap is and what it begins with, never 0: to be compared with others. */
static guint32
describe_gap (const ChatMatcher *self, gsize start, gsize end)
{
  return (guint32)(end - start) << 24 | self->glyphs[start].label;
}

/* Passes over the gap at @at and returns its end. */
static gsize
pass_gap (const ChatMatcher *self, Walk *walk, gsize at)
{
  gsize end = is_star (self, at) ? at + 1 : skip_gap (self, at, walk->limit);
  guint32 gap = describe_gap (self, at, end);

  walk->uneven = walk->joins && (walk->uneven || (walk->gap != 0 && gap != walk->gap));
  walk->gap = gap;
  walk->gaps++;
  walk->joined = TRUE;
  return end;
}

static void
count (Walk *walk, ChatGlyphKind kind)
{
  if (kind == CHAT_GLYPH_LETTER || kind == CHAT_GLYPH_IDEOGRAPH)
    walk->letters++;
  else if (kind == CHAT_GLYPH_DIGIT)
    walk->digits++;
  else
    walk->signs++;
}

static void
walk_on (ChatMatcher *self, Walk *walk)
{
  guint32 state = CHAT_AUTOMATON_START;

  for (gsize at = walk->start; at < walk->limit;)
    {
      const ChatGlyph *glyph = &self->glyphs[at];
      const ChatAutomatonState *reached;

      if (glyph->kind == CHAT_GLYPH_BREAK)
        {
          if (walk->min_chunks == 0 || !is_star (self, at))
            return;
          walk->min_chunks = MIN_STARRED_CHUNKS;
        }
      if (!chat_glyph_is_word (glyph))
        {
          at = pass_gap (self, walk, at);
          if (!walk->joins)
            state = chat_automaton_step (self->automaton, state, CHAT_FOLD_GAP);
          if (state == CHAT_AUTOMATON_DEAD)
            return;
          continue;
        }
      state = chat_automaton_step (self->automaton, state, glyph->label);
      if (state == CHAT_AUTOMATON_DEAD)
        return;
      count (walk, (ChatGlyphKind)glyph->kind);
      reached = &self->automaton->states[state];
      for (guint32 i = 0; i < reached->n_words; i++)
        consider (self, walk, at, &self->words[self->automaton->words[reached->first_word + i]]);
      at++;
    }
}

/* Compounds and runs: chains of chunks */

typedef struct
{
  gsize start, end; /* glyphs */
} Chunk;

/*
 * GapFunc:
 * @at: after a chunk
 * @next: (out): where the next chunk of the chain begins
 *
 * Returns: describe_gap(), or 0 where the chain ends
 */
typedef guint32 (*GapFunc) (const ChatMatcher *self, gsize at, gsize *next);

static guint32
find_joiner (const ChatMatcher *self, gsize at, gsize *next)
{
  *next = at + 1;
  return at < self->n_glyphs && self->glyphs[at].kind == CHAT_GLYPH_JOINER && is_word (self, *next)
             ? describe_gap (self, at, *next)
             : 0;
}

/* Whether the chunk that begins at @start is one letter, perhaps repeated. */
static gboolean
is_single (const ChatMatcher *self, gsize start)
{
  gsize end = start;

  while (is_word (self, end) && self->glyphs[end].label == self->glyphs[start].label)
    end++;
  return end > start && !is_word (self, end);
}

static guint32
find_run_gap (const ChatMatcher *self, gsize at, gsize *next)
{
  *next = at < self->n_glyphs && is_star (self, at) ? at + 1
                                                    : skip_gap (self, at, MIN (at + MAX_RUN_GAP, self->n_glyphs));
  return *next > at && is_single (self, *next) ? describe_gap (self, at, *next) : 0;
}

/* A word of one letter in Spanish or English. */
static gboolean
is_short_word (const ChatMatcher *self, Chunk chunk)
{
  static const char letters[] = "aeiouyI";

  return chunk.end == chunk.start + 1 && self->glyphs[chunk.start].label < 0x80
         && strchr (letters, (int)self->glyphs[chunk.start].label) != NULL;
}

static void
mark_ends (ChatMatcher *self, Chunk chunk, ChatGlyphFlags ends)
{
  for (gsize i = chunk.start; i < chunk.end; i++)
    if ((self->glyphs[i].flags & CHAT_GLYPH_ENDS_WORD) != 0 || i + 1 == chunk.end)
      self->glyphs[i].flags |= ends;
}

/* Marks with @starts and @ends where in the chain that begins at @start matches may begin and end. */
static ChatMatcherChain
mark_chain (ChatMatcher *self, gsize start, GapFunc find_gap, ChatGlyphFlags starts, ChatGlyphFlags ends)
{
  Chunk previous = { 0 }, chunk = { start, chunk_end (self, start) };
  ChatMatcherChain chain = { .first = start };
  guint32 before = 0;

  for (guint n = 0;; n++)
    {
      gsize next;
      guint32 after = find_gap (self, chunk.end, &next);
      /* not where the letter goes on: see chat_glyphs_read() on inner signs */
      gboolean begins
          = n == 0 || !chat_fold_overlap (self->glyphs[chunk.start].label, self->glyphs[previous.end - 1].label);

      if (n == 1 && is_short_word (self, previous))
        chain.first = chunk.start;
      if (chain.first == chunk.start || (after != 0 && after != before && begins))
        self->glyphs[chunk.start].flags |= starts;
      if (n > 0 && after != before)
        mark_ends (self, chunk, ends);
      if (after == 0)
        {
          gboolean longer = n > 1 && is_short_word (self, chunk);

          if (longer)
            mark_ends (self, previous, ends);
          chain.last = longer ? previous.start : chunk.start;
          chain.end = chunk.end;
          return chain;
        }
      previous = chunk;
      chunk = (Chunk){ next, chunk_end (self, next) };
      before = after;
    }
}

/* Looks for the chains that begin at @at, once for each. */
static void
mark_chains (ChatMatcher *self, gsize at)
{
  if (at >= self->compound.end)
    self->compound = mark_chain (self, at, find_joiner, CHAT_GLYPH_STARTS_COMPOUND, CHAT_GLYPH_ENDS_COMPOUND);
  if (at < self->run.end)
    return;
  if (is_single (self, at))
    self->run = mark_chain (self, at, find_run_gap, CHAT_GLYPH_STARTS_RUN, CHAT_GLYPH_ENDS_RUN);
  else
    self->run.end = at + 1;
}

/* All three ways */

static Match
match_longer (Match a, Match b)
{
  return b.end > a.end ? b : a;
}

static gboolean
begins_chunk (const ChatMatcher *self, gsize at)
{
  return is_word (self, at) && (at == 0 || !is_word (self, at - 1));
}

static gboolean
may_start (const ChatMatcher *self, gsize at)
{
  return (self->glyphs[at].flags & CHAT_GLYPH_STARTS_WORD) != 0 || begins_chunk (self, at);
}

static Match
walk_chain (ChatMatcher *self, gsize at, const ChatMatcherChain *chain, ChatGlyphFlags end_flag, guint min_chunks)
{
  Walk walk = {
    .start = at,
    .limit = chain->end,
    .end_flag = end_flag,
    .joins = TRUE,
    .whole = at <= chain->first,
    .last = chain->last,
    .min_chunks = min_chunks,
  };

  walk_on (self, &walk);
  return walk.match;
}

static Match
find_match (ChatMatcher *self, gsize at)
{
  Walk words = { .start = at, .limit = self->n_glyphs, .end_flag = CHAT_GLYPH_ENDS_WORD };
  Match match = { 0 };

  if (begins_chunk (self, at))
    mark_chains (self, at);
  if (self->glyphs[at].flags & CHAT_GLYPH_STARTS_COMPOUND)
    match = walk_chain (self, at, &self->compound, CHAT_GLYPH_ENDS_COMPOUND, 0);
  if (self->glyphs[at].flags & CHAT_GLYPH_STARTS_RUN)
    match = match_longer (match, walk_chain (self, at, &self->run, CHAT_GLYPH_ENDS_RUN, MIN_RUN_CHUNKS));
  if (self->glyphs[at].flags & CHAT_GLYPH_STARTS_WORD)
    walk_on (self, &words);
  return match_longer (match, words.match);
}

static void
add_hit (ChatMatcher *self, gsize start, const Match *match)
{
  ChatHit hit = {
    .start = self->glyphs[start].start,
    .length = self->glyphs[match->end - 1].end - self->glyphs[start].start,
    .severity = (ChatSeverity)match->word->severity,
    .rule = match->word->rule,
  };

  if (self->hits == NULL)
    self->hits = g_array_new (FALSE, FALSE, sizeof (ChatHit));
  g_array_append_val (self->hits, hit);
}

static void
take (ChatMatcher *self, ChatGlyphs *glyphs)
{
  self->glyphs = glyphs->items;
  self->n_glyphs = glyphs->n_items;
  self->exception_end = self->compound.end = self->run.end = 0;
}

void
chat_matcher_run (ChatMatcher *self, ChatGlyphs *glyphs)
{
  take (self, glyphs);
  for (gsize at = 0; at < self->n_glyphs;)
    {
      Match match = { 0 };

      if (may_start (self, at))
        match = find_match (self, at);
      if (match.end > self->exception_end)
        {
          add_hit (self, at, &match);
          at = match.end;
        }
      else
        at++;
    }
}

void
chat_matcher_run_whole (ChatMatcher *self, ChatGlyphs *glyphs)
{
  /* joined from the start: no other walk looks for "/fucking" */
  Walk walk = { .end_flag = CHAT_GLYPH_ENDS_COMPOUND, .joins = TRUE, .joined = TRUE, .whole = TRUE, .in_path = TRUE };

  take (self, glyphs);
  walk.limit = self->n_glyphs;
  while (walk.limit > 0 && !is_word (self, walk.limit - 1))
    walk.limit--;
  while (walk.start < walk.limit && !is_word (self, walk.start))
    walk.start++;
  if (walk.start == walk.limit)
    return;
  self->glyphs[walk.limit - 1].flags |= CHAT_GLYPH_ENDS_COMPOUND;
  walk_on (self, &walk);
  if (walk.match.end > self->exception_end)
    add_hit (self, walk.start, &walk.match);
}
