/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "moderation/chat-fold.h"

G_BEGIN_DECLS

typedef enum
{
  CHAT_GLYPH_STARTS_WORD = 1 << 0,
  CHAT_GLYPH_ENDS_WORD = 1 << 1,
  /* the matcher's own: see chat-matcher.c */
  CHAT_GLYPH_STARTS_COMPOUND = 1 << 2,
  CHAT_GLYPH_ENDS_COMPOUND = 1 << 3,
  CHAT_GLYPH_STARTS_RUN = 1 << 4,
  CHAT_GLYPH_ENDS_RUN = 1 << 5,
} ChatGlyphFlags;

/** ChatGlyph: one character as it is read, and the bytes of the text that it comes from (its combining marks
 * included). */
typedef struct
{
  guint32 label;
  guint32 start, end;
  guint8 kind;  /* a ChatGlyphKind */
  guint8 flags; /* ChatGlyphFlags */
} ChatGlyph;

/** ChatGlyphs: a stretch of text as it is read. Starts as all zero; may be used again and again. */
typedef struct
{
  ChatGlyph *items;
  gsize n_items, n_allocated;
} ChatGlyphs;

void chat_glyphs_clear (ChatGlyphs *self);

/**
 * chat_glyphs_read:
 * @text: valid UTF-8, less than 4 GiB
 * @start, @end: the bytes of it to read, at character boundaries
 *
 * Replaces what @self holds by the glyphs of this stretch, with the places marked where words start and end. Digits and
 * signs at either end of a word may belong to it or not ("puta2", "4ss"), so both places are marked; one between two
 * letters stands for a letter ("p4ta"). A sign of CHAT_GLYPH_INNER does that too, but it also parts words ("eh!puta");
 * where it is not between two letters it is a CHAT_GLYPH_STOP, and where the same one parts four letters or more
 * ("p|u|t|a") a CHAT_GLYPH_JOINER.
 */
void chat_glyphs_read (ChatGlyphs *self, const char *text, gsize start, gsize end);

/** chat_glyph_is_word: whether it may be part of a word by itself. */
static inline gboolean
chat_glyph_is_word (const ChatGlyph *glyph)
{
  return glyph->kind <= CHAT_GLYPH_INNER;
}

G_END_DECLS
