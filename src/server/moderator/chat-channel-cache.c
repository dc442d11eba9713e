/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/moderator/chat-channel-cache.h"

#include "core/chat-lru.h"
#include "server/store/chat-store.h"

/* More than one call of ensure may ask for, so that what it has looked up is still there when it calls back. */
#define CAPACITY 4096

typedef struct
{
  char *language; /* nullable */
  gint64 asked;   /* monotonic, µs */
} Entry;

struct _ChatChannelCache
{
  GObject parent_instance;

  /* Owned */
  ChatChannelStore *store;
  ChatLru *entries; /* channel → Entry */
  gint64 max_age_us;
};

G_DEFINE_FINAL_TYPE (ChatChannelCache, chat_channel_cache, G_TYPE_OBJECT)

/* The questions of one call of ensure. */
typedef struct
{
  guint open;
  GError *error; /* the first */
} Questions;

/* One question. */
typedef struct
{
  GTask *task;
  char *name;
  gint64 asked;
} Question;

static void
entry_free (Entry *entry)
{
  g_free (entry->language);
  g_free (entry);
}

static void
questions_free (Questions *self)
{
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
is_fresh (ChatChannelCache *self, const char *name, gint64 now)
{
  const Entry *entry = chat_lru_get (self->entries, name);

  return entry != NULL && now - entry->asked < self->max_age_us;
}

static void
answered (GTask *task)
{
  Questions *questions = g_task_get_task_data (task);

  if (--questions->open > 0)
    return;
  if (questions->error != NULL)
    g_task_return_error (task, g_steal_pointer (&questions->error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
get_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Question *question = user_data;
  g_autoptr (GTask) task = question->task;
  ChatChannelCache *self = g_task_get_source_object (task);
  Questions *questions = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatChannelInfo) info = chat_channel_store_get_finish (CHAT_CHANNEL_STORE (source), result, &error);

  /* a channel that is not there yet is made by its first message */
  if (info != NULL || g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    {
      Entry *entry = g_new0 (Entry, 1);
      entry->language = info != NULL ? g_strdup (info->language) : NULL;
      entry->asked = question->asked;
      chat_lru_put (self->entries, question->name, entry);
    }
  else if (questions->error == NULL)
    questions->error = g_steal_pointer (&error);
  g_free (question->name);
  g_free (question);
  answered (task);
}

void
chat_channel_cache_ensure_async (ChatChannelCache *self, GPtrArray *names, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_CHANNEL_CACHE (self));
  g_return_if_fail (names->len <= CAPACITY / 4);

  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Questions *questions = g_new0 (Questions, 1);
  gint64 now = g_get_monotonic_time ();

  g_task_set_source_tag (task, chat_channel_cache_ensure_async);
  g_task_set_task_data (task, questions, (GDestroyNotify)questions_free);
  questions->open = 1; /* this loop: no answer ends the task before every question is asked */
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      if (is_fresh (self, name, now))
        continue;
      Question *question = g_new0 (Question, 1);
      question->task = g_object_ref (task);
      question->name = g_strdup (name);
      question->asked = now;
      questions->open++;
      chat_channel_store_get_async (self->store, name, NULL, cancellable, get_cb, question);
    }
  answered (task);
}

gboolean
chat_channel_cache_ensure_finish (ChatChannelCache *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

const char *
chat_channel_cache_get_language (ChatChannelCache *self, const char *name)
{
  g_return_val_if_fail (CHAT_IS_CHANNEL_CACHE (self), NULL);

  const Entry *entry = chat_lru_get (self->entries, name);
  return entry != NULL ? entry->language : NULL;
}

void
chat_channel_cache_forget (ChatChannelCache *self, const char *name)
{
  g_return_if_fail (CHAT_IS_CHANNEL_CACHE (self));

  if (name != NULL)
    chat_lru_remove (self->entries, name);
  else
    chat_lru_clear (self->entries);
}

static void
chat_channel_cache_finalize (GObject *object)
{
  ChatChannelCache *self = CHAT_CHANNEL_CACHE (object);

  g_clear_pointer (&self->entries, chat_lru_free);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (chat_channel_cache_parent_class)->finalize (object);
}

static void
chat_channel_cache_class_init (ChatChannelCacheClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_channel_cache_finalize;
}

static void
chat_channel_cache_init (ChatChannelCache *self)
{
  self->entries = chat_lru_new (CAPACITY, (GDestroyNotify)entry_free);
}

ChatChannelCache *
chat_channel_cache_new (ChatChannelStore *store, gint64 max_age_ms)
{
  g_return_val_if_fail (CHAT_IS_CHANNEL_STORE (store), NULL);

  ChatChannelCache *self = g_object_new (CHAT_TYPE_CHANNEL_CACHE, NULL);
  self->store = g_object_ref (store);
  self->max_age_us = max_age_ms * 1000;
  return self;
}
