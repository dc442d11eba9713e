/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "moderation/chat-automaton.h"
#include "moderation/chat-glyphs.h"
#include "moderation/chat-rules.h"

G_BEGIN_DECLS

/** ChatMatcherWord: what the matcher knows of a word of the automaton. */
typedef struct
{
  const char *rule; /* Borrowed */
  guint8 language;  /* a bit of ChatMatcher.languages */
  guint8 severity;  /* a ChatSeverity */
  gboolean prefix;
  gboolean exception;
} ChatMatcherWord;

/** ChatMatcherChain: chunks of letters that may be parts of one word. */
typedef struct
{
  gsize end;         /* glyph after the last; 0: none yet */
  gsize first, last; /* what starts up to the one, and ends from the other on, is the whole chain */
} ChatMatcherChain;

/** ChatMatcher: the rules at hand, and what is found as it goes through a text stretch by stretch. */
typedef struct
{
  const ChatAutomaton *automaton; /* Borrowed */
  const ChatMatcherWord *words;   /* Borrowed */
  guint64 languages;              /* which are in force */
  GArray *hits;                   /* Owned by the caller once set (element-type ChatHit): in bytes of the text */

  /* of the stretch at hand, as numbers of glyphs */
  ChatGlyph *glyphs; /* Borrowed */
  gsize n_glyphs;
  gsize exception_end;
  ChatMatcherChain compound, run;
} ChatMatcher;

/** chat_matcher_run: adds the hits in @glyphs; uses their flags as it needs. */
void chat_matcher_run (ChatMatcher *self, ChatGlyphs *glyphs);

/** chat_matcher_run_whole: likewise, but only a hit from the first to the last letter counts. */
void chat_matcher_run_whole (ChatMatcher *self, ChatGlyphs *glyphs);

G_END_DECLS
