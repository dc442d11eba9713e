/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CHAT_TYPE_WORKER (chat_worker_get_type ())
G_DECLARE_FINAL_TYPE (ChatWorker, chat_worker, CHAT, WORKER, GObject)

/**
 * ChatWorkerFunc:
 * @task: as for GTaskThreadFunc: return a value or an error through it, once
 * @context: what the worker owns (a database connection, say); only ever touched on the worker's thread
 * @data: the job's own data (the task's task data)
 */
typedef void (*ChatWorkerFunc) (GTask *task, gpointer context, gpointer data, GCancellable *cancellable);

/**
 * chat_worker_new:
 * @name: thread name, at most 15 bytes
 * @context: (nullable): handed to every job
 * @context_free: (nullable): run on the worker's thread after its last job
 *
 * One thread with an ordered queue: the home of a blocking driver. Jobs run one at a time, in the order in which they
 * were pushed. A task that is cancelled while it waits is answered at its turn, without being run. As with
 * g_task_run_in_thread(), the thread's reference to a task may be the last, and so finalize its source object there.
 *
 * Dropping the last reference without chat_worker_close_async() runs what is queued too, and waits for it; on the
 * worker's own thread (where a task may be what held it) it does not wait.
 */
ChatWorker *chat_worker_new (const char *name, gpointer context, GDestroyNotify context_free);

/** chat_worker_push: @task: (transfer full): its callback comes in the main context where the task was made, always,
 * also when cancelled or after a close (G_IO_ERROR_CLOSED). */
void chat_worker_push (ChatWorker *self, GTask *task, ChatWorkerFunc func);

/** ChatWorkerBatchFunc: like ChatWorkerFunc for several jobs at once: must return through every task. */
typedef void (*ChatWorkerBatchFunc) (GPtrArray *tasks, gpointer context);

/**
 * chat_worker_push_batchable:
 *
 * Like chat_worker_push(), but neighbours in the queue with the same @func are run in one call, at most @max_batch: how
 * many small writes share one commit.
 */
void chat_worker_push_batchable (ChatWorker *self, GTask *task, ChatWorkerBatchFunc func, guint max_batch);

/** chat_worker_get_pending: jobs that wait or run; one that has just returned through its task may be still among them.
 */
guint chat_worker_get_pending (ChatWorker *self);

/** chat_worker_drop_queued: what waits is not run, and answered with G_IO_ERROR_CLOSED: before a close that is not to
 * wait for it. */
void chat_worker_drop_queued (ChatWorker *self);

/** chat_worker_close_async: runs what is queued, refuses what comes later, frees the context, ends the thread.
 * Idempotent. */
void chat_worker_close_async (ChatWorker *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean chat_worker_close_finish (ChatWorker *self, GAsyncResult *result, GError **error);

G_END_DECLS
