/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-waiters.h"

struct _ChatWaiters
{
  GPtrArray *waiters; /* Waiter */
};

typedef struct
{
  ChatWaiters *waiters;
  GTask *task;
  GSource *cancelled; /* nullable */
} Waiter;

static void
waiter_free (Waiter *waiter)
{
  if (waiter->cancelled != NULL)
    g_source_destroy (waiter->cancelled);
  g_clear_pointer (&waiter->cancelled, g_source_unref);
  g_clear_object (&waiter->task);
  g_free (waiter);
}

static gboolean
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  Waiter *waiter = user_data;
  g_autoptr (GTask) task = g_object_ref (waiter->task);

  g_ptr_array_remove (waiter->waiters->waiters, waiter);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

ChatWaiters *
chat_waiters_new (void)
{
  ChatWaiters *self = g_new0 (ChatWaiters, 1);

  self->waiters = g_ptr_array_new_with_free_func ((GDestroyNotify)waiter_free);
  return self;
}

void
chat_waiters_free (ChatWaiters *self)
{
  g_autoptr (GError) error = NULL;

  g_return_if_fail (self != NULL);

  error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "What the call waited for is gone");
  chat_waiters_answer (self, error);
  g_ptr_array_unref (self->waiters);
  g_free (self);
}

void
chat_waiters_add (ChatWaiters *self, GTask *task)
{
  GCancellable *cancellable;
  Waiter *waiter;

  g_return_if_fail (self != NULL);
  g_return_if_fail (G_IS_TASK (task));

  waiter = g_new0 (Waiter, 1);
  waiter->waiters = self;
  waiter->task = g_object_ref (task);
  cancellable = g_task_get_cancellable (task);
  if (cancellable != NULL)
    {
      waiter->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_callback (waiter->cancelled, G_SOURCE_FUNC (cancelled_cb), waiter, NULL);
      g_source_attach (waiter->cancelled, g_task_get_context (task));
    }
  g_ptr_array_add (self->waiters, waiter);
}

guint
chat_waiters_get_length (const ChatWaiters *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->waiters->len;
}

gboolean
chat_waiters_take (ChatWaiters *self, GTask *task)
{
  g_return_val_if_fail (self != NULL, FALSE);

  for (guint i = 0; i < self->waiters->len; i++)
    if (((Waiter *)g_ptr_array_index (self->waiters, i))->task == task)
      {
        g_ptr_array_remove_index (self->waiters, i);
        return TRUE;
      }
  return FALSE;
}

GPtrArray *
chat_waiters_list (const ChatWaiters *self)
{
  GPtrArray *tasks;

  g_return_val_if_fail (self != NULL, NULL);

  tasks = g_ptr_array_new_full (self->waiters->len, g_object_unref);
  for (guint i = 0; i < self->waiters->len; i++)
    g_ptr_array_add (tasks, g_object_ref (((Waiter *)g_ptr_array_index (self->waiters, i))->task));
  return tasks;
}

GPtrArray *
chat_waiters_take_all (ChatWaiters *self)
{
  GPtrArray *tasks = chat_waiters_list (self);

  g_ptr_array_set_size (self->waiters, 0);
  return tasks;
}

void
chat_waiters_answer (ChatWaiters *self, const GError *error)
{
  g_autoptr (GPtrArray) tasks = NULL;

  g_return_if_fail (self != NULL);

  tasks = chat_waiters_take_all (self);
  for (guint i = 0; i < tasks->len; i++)
    {
      if (error != NULL)
        g_task_return_error (g_ptr_array_index (tasks, i), g_error_copy (error));
      else
        g_task_return_boolean (g_ptr_array_index (tasks, i), TRUE);
    }
}
