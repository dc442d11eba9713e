/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The automaton against a reader that tries every way. */
#include "moderation/chat-automaton.h"
#include "moderation/chat-fold.h"

#include <string.h>

#define MAX_WORDS 12
#define MAX_LENGTH 6
#define MAX_TEXT 10

typedef struct
{
  guint32 labels[MAX_LENGTH];
  gsize length;
} Word;

static gboolean
reads_as (guint32 label, guint32 letter)
{
  return label == letter
         || (letter >= 'a' && letter <= 'z' && (chat_fold_letters (label) & (1u << (letter - 'a'))) != 0);
}

/* Whether the word from @at on is a way to read all of the text. @begun: its letter before @at may go on. */
static gboolean
reads (const Word *word, gsize at, gboolean begun, const guint32 *text, gsize length)
{
  if (at < word->length && word->labels[at] == CHAT_FOLD_GAP && reads (word, at + 1, FALSE, text, length))
    return TRUE;
  if (length == 0)
    return at == word->length;
  if (begun && word->labels[at - 1] != CHAT_FOLD_GAP && reads_as (text[0], word->labels[at - 1])
      && reads (word, at, TRUE, text + 1, length - 1))
    return TRUE;
  return at < word->length && reads_as (text[0], word->labels[at]) && reads (word, at + 1, TRUE, text + 1, length - 1);
}

static guint32
pick (const char *from)
{
  return (guint32)from[g_test_rand_int_range (0, (gint32)strlen (from))];
}

static void
make_word (Word *word)
{
  word->length = (gsize)g_test_rand_int_range (1, MAX_LENGTH + 1);
  for (gsize i = 0; i < word->length; i++)
    word->labels[i] = pick ("ailsailsz2");
  /* no gap at an end, and no two together */
  if (word->length > 2 && g_test_rand_bit ())
    word->labels[g_test_rand_int_range (1, (gint32)word->length - 1)] = CHAT_FOLD_GAP;
}

static void
check_text (const ChatAutomaton *automaton, const Word *words, guint n_words, const guint32 *text, gsize length)
{
  guint32 state = CHAT_AUTOMATON_START;

  for (gsize i = 0; i < length; i++)
    state = chat_automaton_step (automaton, state, text[i]);
  for (guint w = 0; w < n_words; w++)
    {
      const ChatAutomatonState *reached = &automaton->states[state];
      gboolean found = FALSE;

      for (guint32 k = 0; k < reached->n_words; k++)
        found = found || automaton->words[reached->first_word + k] == w;
      g_assert_cmpint (found, ==, reads (&words[w], 0, FALSE, text, length));
    }
}

static void
test_random (void)
{
  for (guint round = 0; round < 300; round++)
    {
      guint n_words = (guint)g_test_rand_int_range (1, MAX_WORDS + 1);
      g_autoptr (ChatTrie) trie = chat_trie_new ();
      g_autoptr (ChatAutomaton) automaton = NULL;
      Word words[MAX_WORDS];

      for (guint w = 0; w < n_words; w++)
        {
          make_word (&words[w]);
          chat_trie_add (trie, words[w].labels, words[w].length, w);
        }
      automaton = chat_automaton_new (trie);
      for (guint t = 0; t < 200; t++)
        {
          guint32 text[MAX_TEXT];
          gsize length = (gsize)g_test_rand_int_range (1, MAX_TEXT + 1);

          for (gsize i = 0; i < length; i++)
            text[i] = pick ("ailsail15!|4@I$ z2");
          check_text (automaton, words, n_words, text, length);
        }
    }
}

/* Each word reads as itself, and as itself with every letter twice. */
static void
test_itself (void)
{
  for (guint round = 0; round < 300; round++)
    {
      g_autoptr (ChatTrie) trie = chat_trie_new ();
      g_autoptr (ChatAutomaton) automaton = NULL;
      guint32 twice[MAX_LENGTH * 2];
      gsize n = 0;
      Word word;

      make_word (&word);
      chat_trie_add (trie, word.labels, word.length, 0);
      automaton = chat_automaton_new (trie);
      check_text (automaton, &word, 1, word.labels, word.length);
      for (gsize i = 0; i < word.length; i++)
        {
          twice[n++] = word.labels[i];
          if (word.labels[i] != CHAT_FOLD_GAP)
            twice[n++] = word.labels[i];
        }
      g_assert_true (reads (&word, 0, FALSE, word.labels, word.length));
      g_assert_true (reads (&word, 0, FALSE, twice, n));
      check_text (automaton, &word, 1, twice, n);
    }
}

static void
test_empty (void)
{
  g_autoptr (ChatTrie) trie = chat_trie_new ();
  g_autoptr (ChatAutomaton) automaton = chat_automaton_new (trie);

  g_assert_cmpuint (chat_automaton_step (automaton, CHAT_AUTOMATON_START, 'a'), ==, CHAT_AUTOMATON_DEAD);
  g_assert_cmpuint (chat_automaton_step (automaton, CHAT_AUTOMATON_DEAD, 'a'), ==, CHAT_AUTOMATON_DEAD);
  g_assert_cmpuint (chat_automaton_step (automaton, CHAT_AUTOMATON_START, 0x4e00), ==, CHAT_AUTOMATON_DEAD);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/moderation/automaton/random", test_random);
  g_test_add_func ("/moderation/automaton/itself", test_itself);
  g_test_add_func ("/moderation/automaton/empty", test_empty);
  return g_test_run ();
}
