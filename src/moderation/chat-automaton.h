/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "moderation/chat-trie.h"

G_BEGIN_DECLS

/*
 * A deterministic automaton over labels. It takes every way to write the words of a trie: each letter once or more
 * (but at least as often as the word has it there), digits and signs in place of the letters as which they may be read,
 * and the gaps of a phrase or none.
 */
typedef struct
{
  guint32 first_edge, n_edges;
  guint32 first_word, n_words;
} ChatAutomatonState;

typedef struct
{
  ChatAutomatonState *states;
  guint32 n_states;
  guint32 *labels;  /* of the edges; ascending within a state */
  guint32 *targets; /* likewise */
  guint32 *words;   /* which end in a state */
  guint32 start[128];
} ChatAutomaton;

/* The state that nothing leads out of. The first word begins in CHAT_AUTOMATON_START. */
#define CHAT_AUTOMATON_DEAD 0u
#define CHAT_AUTOMATON_START 1u

ChatAutomaton *chat_automaton_new (const ChatTrie *trie);
void chat_automaton_free (ChatAutomaton *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatAutomaton, chat_automaton_free)

static inline guint32
chat_automaton_step (const ChatAutomaton *self, guint32 state, guint32 label)
{
  const guint32 *labels;
  guint32 low = self->states[state].first_edge, high = low + self->states[state].n_edges, end = high;

  if (state == CHAT_AUTOMATON_START && label < G_N_ELEMENTS (self->start))
    return self->start[label];
  labels = self->labels;
  while (low < high)
    {
      guint32 middle = low + (high - low) / 2;

      if (labels[middle] < label)
        low = middle + 1;
      else
        high = middle;
    }
  return low < end && labels[low] == label ? self->targets[low] : CHAT_AUTOMATON_DEAD;
}

G_END_DECLS
