/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChatGlyphKind:
 *
 * What part a character plays in finding words.
 */
typedef enum
{
  CHAT_GLYPH_LETTER,    /* joins with its neighbours into a word */
  CHAT_GLYPH_IDEOGRAPH, /* a letter of a script that puts no spaces between words: a word of its own */
  CHAT_GLYPH_DIGIT,     /* stands for a letter inside a word; at either end it may be just a digit */
  CHAT_GLYPH_SIGN,      /* @ $ €: likewise */
  CHAT_GLYPH_INNER,     /* ! | + § …: stand for a letter between two of the above only */
  CHAT_GLYPH_SPACE,
  CHAT_GLYPH_JOINER, /* - _ . / emoji …: may be thrown into a word to split it */
  CHAT_GLYPH_STOP,   /* , ; ? ( " ' …: end a word, as a space does ("who're" is no word split in two) */
  CHAT_GLYPH_BREAK,  /* * `: nothing matches across one, but single letters with an asterisk between any two */
  /* those below leave no glyph */
  CHAT_GLYPH_MARK,   /* combining: belongs to what is before it */
  CHAT_GLYPH_FORMAT, /* zero-width or otherwise ignorable */
  CHAT_GLYPH_EXPANSION,
} ChatGlyphKind;

/* A character as it is read: its kind, and its label in the low 24 bits. The label is a folded code point, a sign that
 * may stand for letters, or 0 for the code point itself. Of an expansion it is a place in the table's expansions: their
 * number, then the values. */
typedef guint32 ChatFoldValue;
#define CHAT_FOLD_VALUE(kind, label) (((guint32)(kind) << 24) | (label))
#define CHAT_FOLD_KIND(value) ((ChatGlyphKind)((value) >> 24))
#define CHAT_FOLD_LABEL(value) ((value)&0xffffffu)

/* The most glyphs that one code point becomes. */
#define CHAT_FOLD_MAX_EXPANSION 4

/* The label of a capital I among small letters: it reads as an i, and it looks like an l. */
#define CHAT_FOLD_CAPITAL_I ((guint32)'I')
/* The label of a gap between words. */
#define CHAT_FOLD_GAP ((guint32)' ')
#define CHAT_FOLD_ENYE 0x00f1u

#define CHAT_FOLD_BLOCK 256u

/**
 * ChatFoldTable:
 *
 * How every code point of Unicode is read: NFKC case folding, marks dropped, look-alikes of Latin letters by ICU's
 * confusables. It is made once in a process (some 60 ms) and never changes.
 */
typedef struct
{
  guint16 blocks[0x110000 / CHAT_FOLD_BLOCK];
  const ChatFoldValue *values; /* CHAT_FOLD_BLOCK for each different block */
  const ChatFoldValue *expansions;
} ChatFoldTable;

const ChatFoldTable *chat_fold_table_get (void);

static inline ChatFoldValue
chat_fold_table_lookup (const ChatFoldTable *table, gunichar c)
{
  return table->values[table->blocks[c / CHAT_FOLD_BLOCK] * CHAT_FOLD_BLOCK + c % CHAT_FOLD_BLOCK];
}

/**
 * chat_fold_letters:
 * @label: of a glyph
 *
 * Returns: the letters a–z as which @label may be read, bit 0 for a; 0 where it is none of them
 */
guint32 chat_fold_letters (guint32 label);

/** chat_fold_overlap: whether both labels may be read as the same letter. */
gboolean chat_fold_overlap (guint32 a, guint32 b);

G_END_DECLS
