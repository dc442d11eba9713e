/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-automaton.h"

#include "moderation/chat-fold.h"

#include <stdlib.h>
#include <string.h>

/*
 * The subset construction (Rabin and Scott, 1959): a state of the automaton is the set of the trie's nodes where a
 * reader of the same text may be. Sets are small: what parts two ways of reading is a repeated letter or a digit.
 */
typedef struct
{
  guint32 label, node;
} Move;

typedef struct
{
  const ChatTrie *trie; /* Borrowed */
  GHashTable *numbers;  /* Owned: GBytes (a set of nodes, ascending) → state */
  GPtrArray *sets;      /* Borrowed from numbers: the set of each state */
  GArray *states, *labels, *targets, *words;
  GArray *moves; /* Owned, of the state at hand */
} Maker;

static int
compare_moves (const void *a, const void *b)
{
  const Move *x = a, *y = b;

  if (x->label != y->label)
    return x->label < y->label ? -1 : 1;
  if (x->node != y->node)
    return x->node < y->node ? -1 : 1;
  return 0;
}

/* Takes a set and returns its state, which is new the first time. */
static guint32
number_set (Maker *self, const guint32 *nodes, gsize n_nodes)
{
  GBytes *set = g_bytes_new (nodes, n_nodes * sizeof *nodes);
  gpointer known = g_hash_table_lookup (self->numbers, set);
  guint32 number;

  if (known != NULL)
    {
      g_bytes_unref (set);
      return GPOINTER_TO_UINT (known);
    }
  number = self->sets->len;
  g_ptr_array_add (self->sets, set);
  g_hash_table_insert (self->numbers, set, GUINT_TO_POINTER (number));
  return number;
}

static void
add_move (Maker *self, guint32 label, guint32 node)
{
  Move move = { .label = label, .node = node };

  g_array_append_val (self->moves, move);
}

/* Every label that reads as @letter leads to @node. */
static void
add_moves (Maker *self, guint32 letter, guint32 node)
{
  static const char signs[] = "0123456789@$!|+I";

  add_move (self, letter, node);
  for (const char *sign = signs; letter >= 'a' && letter <= 'z' && *sign != '\0'; sign++)
    if ((chat_fold_letters ((guint32)*sign) & (1u << (letter - 'a'))) != 0)
      add_move (self, (guint32)*sign, node);
}

static void
add_moves_to_children (Maker *self, guint32 node)
{
  for (guint32 child = chat_trie_get_node (self->trie, node)->first_child; child != 0;
       child = chat_trie_get_node (self->trie, child)->next_sibling)
    {
      guint32 label = chat_trie_get_node (self->trie, child)->label;

      add_moves (self, label, child);
      if (label == CHAT_FOLD_GAP) /* a gap may be left out */
        add_moves_to_children (self, child);
    }
}

/* Fills in the moves out of a set, sorted, each once. */
static void
collect_moves (Maker *self, const guint32 *nodes, gsize n_nodes)
{
  Move *moves;
  guint n_different = 0;

  g_array_set_size (self->moves, 0);
  for (gsize i = 0; i < n_nodes; i++)
    {
      guint32 label = chat_trie_get_node (self->trie, nodes[i])->label;

      add_moves_to_children (self, nodes[i]);
      if (nodes[i] != 0 && label != CHAT_FOLD_GAP) /* a letter may be repeated */
        add_moves (self, label, nodes[i]);
    }
  if (self->moves->len == 0)
    return;
  moves = (Move *)self->moves->data;
  qsort (moves, self->moves->len, sizeof (Move), compare_moves);
  for (guint i = 0; i < self->moves->len; i++)
    if (i == 0 || compare_moves (&moves[i], &moves[n_different - 1]) != 0)
      moves[n_different++] = moves[i];
  g_array_set_size (self->moves, n_different);
}

static void
make_edges (Maker *self)
{
  const Move *moves = (const Move *)self->moves->data;
  g_autoptr (GArray) nodes = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint i = 0, end; i < self->moves->len; i = end)
    {
      guint32 target;

      g_array_set_size (nodes, 0);
      for (end = i; end < self->moves->len && moves[end].label == moves[i].label; end++)
        g_array_append_val (nodes, moves[end].node);
      target = number_set (self, (const guint32 *)nodes->data, nodes->len);
      g_array_append_val (self->labels, moves[i].label);
      g_array_append_val (self->targets, target);
    }
}

static void
make_state (Maker *self, GBytes *set)
{
  gsize size;
  const guint32 *nodes = g_bytes_get_data (set, &size);
  gsize n_nodes = size / sizeof *nodes;
  ChatAutomatonState state = { .first_edge = self->labels->len, .first_word = self->words->len };

  collect_moves (self, nodes, n_nodes);
  make_edges (self);
  for (gsize i = 0; i < n_nodes; i++)
    {
      const GArray *words = chat_trie_get_node (self->trie, nodes[i])->words;

      if (words != NULL)
        g_array_append_vals (self->words, words->data, words->len);
    }
  state.n_edges = self->labels->len - state.first_edge;
  state.n_words = self->words->len - state.first_word;
  g_array_append_val (self->states, state);
}

static guint32 *
take_numbers (GArray *array)
{
  return (guint32 *)(gpointer)g_array_free (array, FALSE);
}

ChatAutomaton *
chat_automaton_new (const ChatTrie *trie)
{
  const guint32 root = 0;
  ChatAutomaton *self = g_new0 (ChatAutomaton, 1);
  Maker maker = {
    .trie = trie,
    .numbers = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL),
    .sets = g_ptr_array_new (),
    .states = g_array_new (FALSE, FALSE, sizeof (ChatAutomatonState)),
    .labels = g_array_new (FALSE, FALSE, sizeof (guint32)),
    .targets = g_array_new (FALSE, FALSE, sizeof (guint32)),
    .words = g_array_new (FALSE, FALSE, sizeof (guint32)),
    .moves = g_array_new (FALSE, FALSE, sizeof (Move)),
  };

  number_set (&maker, NULL, 0); /* CHAT_AUTOMATON_DEAD; no move leads to the empty set, so its 0 is never looked up */
  number_set (&maker, &root, 1);
  for (guint32 i = 0; i < maker.sets->len; i++)
    make_state (&maker, g_ptr_array_index (maker.sets, i));
  g_hash_table_unref (maker.numbers);
  g_ptr_array_unref (maker.sets);
  g_array_unref (maker.moves);

  self->n_states = maker.states->len;
  self->states = (ChatAutomatonState *)(gpointer)g_array_free (maker.states, FALSE);
  self->labels = take_numbers (maker.labels);
  self->targets = take_numbers (maker.targets);
  self->words = take_numbers (maker.words);
  for (guint32 i = 0; i < self->states[CHAT_AUTOMATON_START].n_edges; i++)
    {
      guint32 edge = self->states[CHAT_AUTOMATON_START].first_edge + i;

      if (self->labels[edge] < G_N_ELEMENTS (self->start))
        self->start[self->labels[edge]] = self->targets[edge];
    }
  return self;
}

void
chat_automaton_free (ChatAutomaton *self)
{
  g_free (self->states);
  g_free (self->labels);
  g_free (self->targets);
  g_free (self->words);
  g_free (self);
}
