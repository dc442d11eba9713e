/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ChatTrie:
 *
 * The folded words of all lists, prefixes shared: what an automaton is made from. A word is a row of labels: folded
 * letters, and CHAT_FOLD_GAP between the words of a phrase. Node 0 is the root.
 */
typedef struct
{
  guint32 label; /* of the edge that leads here */
  guint32 first_child, next_sibling;
  GArray *words; /* (nullable) (element-type guint32): which words end here */
} ChatTrieNode;

typedef struct _ChatTrie ChatTrie;

ChatTrie *chat_trie_new (void);
void chat_trie_free (ChatTrie *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatTrie, chat_trie_free)

/** chat_trie_add: @word: any number by which the caller knows it. */
void chat_trie_add (ChatTrie *self, const guint32 *labels, gsize n_labels, guint32 word);

const ChatTrieNode *chat_trie_get_node (const ChatTrie *self, guint32 node);

G_END_DECLS
