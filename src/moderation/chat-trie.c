/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-trie.h"

struct _ChatTrie
{
  GArray *nodes;        /* ChatTrieNode */
  GHashTable *children; /* parent and label in 64 bits → node */
};

static gint64
child_key (guint32 node, guint32 label)
{
  return (gint64)(((guint64)node << 32) | label);
}

static guint32
add_node (ChatTrie *self, guint32 label)
{
  ChatTrieNode node = { .label = label };

  g_array_append_val (self->nodes, node);
  return self->nodes->len - 1;
}

ChatTrie *
chat_trie_new (void)
{
  ChatTrie *self = g_new0 (ChatTrie, 1);

  self->nodes = g_array_new (FALSE, FALSE, sizeof (ChatTrieNode));
  self->children = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  add_node (self, 0);
  return self;
}

void
chat_trie_free (ChatTrie *self)
{
  for (guint i = 0; i < self->nodes->len; i++)
    g_clear_pointer (&g_array_index (self->nodes, ChatTrieNode, i).words, g_array_unref);
  g_array_unref (self->nodes);
  g_hash_table_unref (self->children);
  g_free (self);
}

static guint32
ensure_child (ChatTrie *self, guint32 parent, guint32 label)
{
  gint64 key = child_key (parent, label);
  guint32 child = GPOINTER_TO_UINT (g_hash_table_lookup (self->children, &key));

  if (child != 0)
    return child;
  child = add_node (self, label);
  g_array_index (self->nodes, ChatTrieNode, child).next_sibling
      = g_array_index (self->nodes, ChatTrieNode, parent).first_child;
  g_array_index (self->nodes, ChatTrieNode, parent).first_child = child;
  g_hash_table_insert (self->children, g_memdup2 (&key, sizeof key), GUINT_TO_POINTER (child));
  return child;
}

void
chat_trie_add (ChatTrie *self, const guint32 *labels, gsize n_labels, guint32 word)
{
  guint32 at = 0;
  ChatTrieNode *node;

  for (gsize i = 0; i < n_labels; i++)
    at = ensure_child (self, at, labels[i]);
  node = &g_array_index (self->nodes, ChatTrieNode, at);
  if (node->words == NULL)
    node->words = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_array_append_val (node->words, word);
}

const ChatTrieNode *
chat_trie_get_node (const ChatTrie *self, guint32 node)
{
  return &g_array_index (self->nodes, ChatTrieNode, node);
}
