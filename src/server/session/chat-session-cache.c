/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/session/chat-session-cache.h"

struct _ChatSessionCache
{
  guint idle_capacity;
  GHashTable *by_id;   /* borrowed id → (owned) ChatSessionEntry */
  GHashTable *by_hash; /* borrowed → borrowed */
  GHashTable *by_user; /* user key → GPtrArray of borrowed */
  GQueue idle;         /* those without a connection, the one used last first */
  guint64 stamp;
};

static void
entry_free (ChatSessionEntry *entry)
{
  chat_session_info_free (entry->info);
  g_free (entry);
}

ChatSessionCache *
chat_session_cache_new (guint idle_capacity)
{
  ChatSessionCache *self = g_new0 (ChatSessionCache, 1);
  self->idle_capacity = idle_capacity;
  self->by_id = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)entry_free);
  self->by_hash = g_hash_table_new (g_str_hash, g_str_equal);
  self->by_user = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  g_queue_init (&self->idle);
  return self;
}

void
chat_session_cache_free (ChatSessionCache *self)
{
  g_hash_table_unref (self->by_user);
  g_hash_table_unref (self->by_hash);
  g_hash_table_unref (self->by_id);
  g_free (self);
}

ChatSessionEntry *
chat_session_cache_find_hash (ChatSessionCache *self, const char *token_hash)
{
  return g_hash_table_lookup (self->by_hash, token_hash);
}

ChatSessionEntry *
chat_session_cache_find_id (ChatSessionCache *self, const char *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

GPtrArray *
chat_session_cache_find_user (ChatSessionCache *self, const char *user_key)
{
  return g_hash_table_lookup (self->by_user, user_key);
}

static void
index_add (ChatSessionCache *self, ChatSessionEntry *entry)
{
  GPtrArray *of_user = chat_session_cache_find_user (self, entry->info->user_key);

  if (of_user == NULL)
    {
      of_user = g_ptr_array_new ();
      g_hash_table_insert (self->by_user, g_strdup (entry->info->user_key), of_user);
    }
  g_ptr_array_add (of_user, entry);
  g_hash_table_insert (self->by_id, entry->info->id, entry);
  g_hash_table_insert (self->by_hash, entry->info->token_hash, entry);
}

/* @entry goes on to live. */
static void
index_remove (ChatSessionCache *self, ChatSessionEntry *entry)
{
  GPtrArray *of_user = chat_session_cache_find_user (self, entry->info->user_key);

  g_ptr_array_remove (of_user, entry);
  if (of_user->len == 0)
    g_hash_table_remove (self->by_user, entry->info->user_key);
  g_hash_table_remove (self->by_hash, entry->info->token_hash);
  g_hash_table_steal (self->by_id, entry->info->id);
}

ChatSessionEntry *
chat_session_cache_put (ChatSessionCache *self, ChatSessionInfo *info, gint64 now)
{
  ChatSessionEntry *entry = chat_session_cache_find_id (self, info->id);

  if (entry == NULL)
    {
      entry = g_new0 (ChatSessionEntry, 1);
      entry->link.data = entry;
      if (self->idle.length >= self->idle_capacity)
        chat_session_cache_remove (self, g_queue_peek_tail (&self->idle));
      g_queue_push_head_link (&self->idle, &entry->link);
    }
  else
    {
      index_remove (self, entry);
      chat_session_info_free (entry->info);
    }
  entry->info = info;
  entry->checked = now;
  entry->stamp = ++self->stamp;
  index_add (self, entry);
  return entry;
}

void
chat_session_cache_remove (ChatSessionCache *self, ChatSessionEntry *entry)
{
  index_remove (self, entry);
  if (entry->connections == 0)
    g_queue_unlink (&self->idle, &entry->link);
  entry_free (entry);
}

void
chat_session_cache_use (ChatSessionCache *self, ChatSessionEntry *entry)
{
  entry->active = TRUE;
  if (entry->connections > 0 || self->idle.head == &entry->link)
    return;
  g_queue_unlink (&self->idle, &entry->link);
  g_queue_push_head_link (&self->idle, &entry->link);
}

void
chat_session_cache_connect (ChatSessionCache *self, ChatSessionEntry *entry, gboolean connected)
{
  g_return_if_fail (connected || entry->connections > 0);

  if (connected && entry->connections++ == 0)
    g_queue_unlink (&self->idle, &entry->link);
  else if (!connected && --entry->connections == 0)
    g_queue_push_head_link (&self->idle, &entry->link);
}

guint64
chat_session_cache_get_stamp (ChatSessionCache *self)
{
  return self->stamp;
}

GPtrArray *
chat_session_cache_list (ChatSessionCache *self)
{
  GHashTableIter iter;
  gpointer entry;
  GPtrArray *list = g_ptr_array_sized_new (g_hash_table_size (self->by_id));

  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    g_ptr_array_add (list, entry);
  return list;
}
