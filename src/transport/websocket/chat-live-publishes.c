/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/websocket/chat-live-publishes.h"

/* The service takes 256; one that takes less is not filled to the brim. */
#define UNCONFIRMED_MOST 128

struct _ChatLivePublishes
{
  GQueue unsent;           /* GTask */
  GHashTable *unconfirmed; /* ref → GTask */
};

ChatLivePublishes *
chat_live_publishes_new (void)
{
  ChatLivePublishes *self = g_new0 (ChatLivePublishes, 1);

  g_queue_init (&self->unsent);
  self->unconfirmed = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_object_unref);
  return self;
}

void
chat_live_publishes_free (ChatLivePublishes *self)
{
  g_warn_if_fail (chat_live_publishes_is_empty (self));
  g_queue_clear_full (&self->unsent, g_object_unref);
  g_hash_table_unref (self->unconfirmed);
  g_free (self);
}

void
chat_live_publishes_push (ChatLivePublishes *self, GTask *task)
{
  g_queue_push_tail (&self->unsent, g_object_ref (task));
}

char *
chat_live_publishes_send (ChatLivePublishes *self, gint64 ref)
{
  GTask *task;
  gsize length;
  const char *text;

  if (self->unsent.length == 0 || g_hash_table_size (self->unconfirmed) >= UNCONFIRMED_MOST)
    return NULL;
  task = g_queue_pop_head (&self->unsent);
  text = g_bytes_get_data (g_task_get_task_data (task), &length);
  g_hash_table_insert (self->unconfirmed, g_memdup2 (&ref, sizeof ref), task);
  return g_strdup_printf ("{\"op\":\"publish\",\"ref\":%" G_GINT64_FORMAT ",%.*s", ref, (int)length, text);
}

gboolean
chat_live_publishes_confirm (ChatLivePublishes *self, gint64 ref, GError *error)
{
  g_autoptr (GTask) task = NULL;
  gpointer key, value;

  if (!g_hash_table_steal_extended (self->unconfirmed, &ref, &key, &value))
    {
      g_clear_error (&error);
      return FALSE;
    }
  g_free (key);
  task = value;
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  return TRUE;
}

guint
chat_live_publishes_fail (ChatLivePublishes *self, const GError *error)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer task;

  /* a callback may push another one */
  g_hash_table_iter_init (&iter, self->unconfirmed);
  while (g_hash_table_iter_next (&iter, NULL, &task))
    g_ptr_array_add (tasks, g_object_ref (task));
  g_hash_table_remove_all (self->unconfirmed);
  while ((task = g_queue_pop_head (&self->unsent)) != NULL)
    g_ptr_array_add (tasks, task);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_error (g_ptr_array_index (tasks, i), g_error_copy (error));
  return tasks->len;
}

gboolean
chat_live_publishes_is_empty (ChatLivePublishes *self)
{
  return self->unsent.length == 0 && g_hash_table_size (self->unconfirmed) == 0;
}
