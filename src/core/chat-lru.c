/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-lru.h"

#include <string.h>

typedef struct
{
  GList link; /* in the queue of use; its data is the entry itself */
  gpointer value;
  char key[]; /* also the key of the table */
} Entry;

struct _ChatLru
{
  guint capacity;
  GDestroyNotify value_free;
  GHashTable *entries; /* borrowed key → (owned) Entry */
  GQueue use;          /* the one used last first */
};

ChatLru *
chat_lru_new (guint capacity, GDestroyNotify value_free)
{
  g_return_val_if_fail (capacity > 0, NULL);

  ChatLru *self = g_new0 (ChatLru, 1);
  self->capacity = capacity;
  self->value_free = value_free;
  self->entries = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&self->use);
  return self;
}

static void
drop (ChatLru *self, Entry *entry)
{
  g_hash_table_remove (self->entries, entry->key);
  g_queue_unlink (&self->use, &entry->link);
  if (self->value_free != NULL)
    self->value_free (entry->value);
  g_free (entry);
}

void
chat_lru_free (ChatLru *self)
{
  chat_lru_clear (self);
  g_hash_table_unref (self->entries);
  g_free (self);
}

gpointer
chat_lru_get (ChatLru *self, const char *key)
{
  Entry *entry = g_hash_table_lookup (self->entries, key);
  if (entry == NULL)
    return NULL;
  if (self->use.head != &entry->link)
    {
      g_queue_unlink (&self->use, &entry->link);
      g_queue_push_head_link (&self->use, &entry->link);
    }
  return entry->value;
}

void
chat_lru_put (ChatLru *self, const char *key, gpointer value)
{
  g_return_if_fail (key != NULL);
  g_return_if_fail (value != NULL);

  /* made before the old one goes: @key may be the old one's own */
  gsize size = strlen (key) + 1;
  Entry *entry = g_malloc (sizeof (Entry) + size);
  *entry = (Entry){ .link = { .data = entry }, .value = value };
  memcpy (entry->key, key, size);

  Entry *old = g_hash_table_lookup (self->entries, key);
  if (old != NULL)
    drop (self, old);
  else if (self->use.length >= self->capacity)
    drop (self, g_queue_peek_tail (&self->use));

  g_hash_table_insert (self->entries, entry->key, entry);
  g_queue_push_head_link (&self->use, &entry->link);
}

void
chat_lru_remove (ChatLru *self, const char *key)
{
  Entry *entry = g_hash_table_lookup (self->entries, key);
  if (entry != NULL)
    drop (self, entry);
}

void
chat_lru_clear (ChatLru *self)
{
  while (self->use.length > 0)
    drop (self, g_queue_peek_tail (&self->use));
}

guint
chat_lru_get_size (const ChatLru *self)
{
  return self->use.length;
}
