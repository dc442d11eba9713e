/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-worker.h"

typedef struct
{
  GTask *task;
  ChatWorkerFunc func;            /* either this */
  ChatWorkerBatchFunc batch_func; /* or this */
  guint max_batch;
} Job;

/* What the thread and the object share. The thread holds a reference of its own, so that the object may go first: its
 * last reference may well be dropped on the thread, by a task whose source object owns the worker. */
typedef struct
{
  gatomicrefcount ref_count;
  gpointer context; /* touched by the thread only */
  GDestroyNotify context_free;

  GMutex mutex;
  GCond wake;
  GQueue jobs; /* of Job */
  guint running;
  gboolean closing;       /* nothing more is let in */
  gboolean ended;         /* the context is gone */
  GPtrArray *close_tasks; /* what chat_worker_close_async() has to answer */
} Shared;

struct _ChatWorker
{
  GObject parent_instance;

  /* Owned */
  Shared *shared;
  GThread *thread;
};

G_DEFINE_FINAL_TYPE (ChatWorker, chat_worker, G_TYPE_OBJECT)

static void
job_free (Job *job)
{
  g_clear_object (&job->task);
  g_free (job);
}

static void
shared_unref (Shared *shared)
{
  if (!g_atomic_ref_count_dec (&shared->ref_count))
    return;
  g_ptr_array_unref (shared->close_tasks);
  g_mutex_clear (&shared->mutex);
  g_cond_clear (&shared->wake);
  g_free (shared);
}

/* Waits for work: the next job and, where it can be batched, its neighbours. NULL when there will be none any more. */
static GPtrArray *
wait_for_jobs (Shared *shared)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&shared->mutex);
  GPtrArray *jobs;
  Job *first, *next;

  while (g_queue_is_empty (&shared->jobs) && !shared->closing)
    g_cond_wait (&shared->wake, &shared->mutex);
  first = g_queue_pop_head (&shared->jobs);
  if (first == NULL)
    return NULL;
  jobs = g_ptr_array_new_with_free_func ((GDestroyNotify)job_free);
  g_ptr_array_add (jobs, first);
  while (first->batch_func != NULL && jobs->len < first->max_batch && (next = g_queue_peek_head (&shared->jobs)) != NULL
         && next->batch_func == first->batch_func)
    g_ptr_array_add (jobs, g_queue_pop_head (&shared->jobs));
  shared->running = jobs->len;
  return jobs;
}

static void
run_jobs (GPtrArray *jobs, gpointer context)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new ();
  Job *first = jobs->pdata[0];

  for (guint i = 0; i < jobs->len; i++)
    {
      Job *job = jobs->pdata[i];

      if (!g_task_return_error_if_cancelled (job->task))
        g_ptr_array_add (tasks, job->task);
    }
  if (tasks->len == 0)
    return;
  if (first->batch_func != NULL)
    first->batch_func (tasks, context);
  else
    first->func (first->task, context, g_task_get_task_data (first->task), g_task_get_cancellable (first->task));
}

static void
end (Shared *shared)
{
  g_autoptr (GPtrArray) tasks = NULL;

  if (shared->context_free != NULL)
    shared->context_free (shared->context);
  g_mutex_lock (&shared->mutex);
  shared->ended = TRUE;
  tasks = g_steal_pointer (&shared->close_tasks);
  shared->close_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_mutex_unlock (&shared->mutex);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (tasks->pdata[i], TRUE);
}

static gpointer
run (gpointer data)
{
  Shared *shared = data;
  GPtrArray *jobs;

  while ((jobs = wait_for_jobs (shared)) != NULL)
    {
      run_jobs (jobs, shared->context);
      g_mutex_lock (&shared->mutex);
      shared->running = 0;
      g_mutex_unlock (&shared->mutex);
      /* Drops tasks, and with them whatever they hold: not under the lock. */
      g_ptr_array_unref (jobs);
    }
  end (shared);
  shared_unref (shared);
  return NULL;
}

static void
stop (Shared *shared)
{
  g_mutex_lock (&shared->mutex);
  shared->closing = TRUE;
  g_cond_signal (&shared->wake);
  g_mutex_unlock (&shared->mutex);
}

static void
chat_worker_finalize (GObject *object)
{
  ChatWorker *self = CHAT_WORKER (object);

  stop (self->shared);
  /* On its own thread there is nobody to wait for: it ends by itself when it comes back from here. */
  if (self->thread == g_thread_self ())
    g_thread_unref (self->thread);
  else
    g_thread_join (self->thread);
  shared_unref (self->shared);
  G_OBJECT_CLASS (chat_worker_parent_class)->finalize (object);
}

static void
chat_worker_class_init (ChatWorkerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_worker_finalize;
}

static void
chat_worker_init (ChatWorker *self)
{
}

ChatWorker *
chat_worker_new (const char *name, gpointer context, GDestroyNotify context_free)
{
  ChatWorker *self;
  Shared *shared;

  g_return_val_if_fail (name != NULL, NULL);

  shared = g_new0 (Shared, 1);
  g_atomic_ref_count_init (&shared->ref_count);
  shared->context = context;
  shared->context_free = context_free;
  g_mutex_init (&shared->mutex);
  g_cond_init (&shared->wake);
  shared->close_tasks = g_ptr_array_new_with_free_func (g_object_unref);

  self = g_object_new (CHAT_TYPE_WORKER, NULL);
  self->shared = shared;
  g_atomic_ref_count_inc (&shared->ref_count);
  self->thread = g_thread_new (name, run, shared);
  return self;
}

static void
refuse (Job *job)
{
  g_task_return_new_error (job->task, G_IO_ERROR, G_IO_ERROR_CLOSED, "the worker is closed");
  job_free (job);
}

static void
push (ChatWorker *self, Job *job)
{
  Shared *shared = self->shared;
  gboolean closed;

  g_mutex_lock (&shared->mutex);
  closed = shared->closing;
  if (!closed)
    {
      g_queue_push_tail (&shared->jobs, job);
      g_cond_signal (&shared->wake);
    }
  g_mutex_unlock (&shared->mutex);
  if (closed)
    refuse (job);
}

void
chat_worker_push (ChatWorker *self, GTask *task, ChatWorkerFunc func)
{
  Job *job;

  g_return_if_fail (CHAT_IS_WORKER (self));
  g_return_if_fail (G_IS_TASK (task));
  g_return_if_fail (func != NULL);

  job = g_new0 (Job, 1);
  job->task = task;
  job->func = func;
  push (self, job);
}

void
chat_worker_push_batchable (ChatWorker *self, GTask *task, ChatWorkerBatchFunc func, guint max_batch)
{
  Job *job;

  g_return_if_fail (CHAT_IS_WORKER (self));
  g_return_if_fail (G_IS_TASK (task));
  g_return_if_fail (func != NULL);
  g_return_if_fail (max_batch > 0);

  job = g_new0 (Job, 1);
  job->task = task;
  job->batch_func = func;
  job->max_batch = max_batch;
  push (self, job);
}

void
chat_worker_drop_queued (ChatWorker *self)
{
  GQueue jobs;

  g_return_if_fail (CHAT_IS_WORKER (self));

  g_mutex_lock (&self->shared->mutex);
  jobs = self->shared->jobs;
  g_queue_init (&self->shared->jobs);
  g_mutex_unlock (&self->shared->mutex);
  for (Job *job = g_queue_pop_head (&jobs); job != NULL; job = g_queue_pop_head (&jobs))
    refuse (job);
}

guint
chat_worker_get_pending (ChatWorker *self)
{
  guint pending;

  g_return_val_if_fail (CHAT_IS_WORKER (self), 0);

  g_mutex_lock (&self->shared->mutex);
  pending = g_queue_get_length (&self->shared->jobs) + self->shared->running;
  g_mutex_unlock (&self->shared->mutex);
  return pending;
}

void
chat_worker_close_async (ChatWorker *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Shared *shared;
  gboolean ended;

  g_return_if_fail (CHAT_IS_WORKER (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_worker_close_async);
  shared = self->shared;
  stop (shared);
  g_mutex_lock (&shared->mutex);
  ended = shared->ended;
  if (!ended)
    g_ptr_array_add (shared->close_tasks, g_object_ref (task));
  g_mutex_unlock (&shared->mutex);
  if (ended)
    g_task_return_boolean (task, TRUE);
}

gboolean
chat_worker_close_finish (ChatWorker *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
