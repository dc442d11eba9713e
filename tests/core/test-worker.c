/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-worker.h"

#define DEADLINE_S 10

/* What the jobs of a test touch: the worker's context, but for the gate, which both threads use. */
typedef struct
{
  GString *log; /* the jobs that were run, in order */
  GThread *thread;
  guint calls;
  gboolean freed;

  GMutex mutex;
  GCond opened; /* or reached */
  gboolean open;
  gboolean reached; /* a job waits at the gate */
} Context;

typedef struct
{
  Context context;
  GString *answers; /* what the callbacks saw, in order */
  guint n_answers;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->context.log = g_string_new (NULL);
  self->answers = g_string_new (NULL);
  g_mutex_init (&self->context.mutex);
  g_cond_init (&self->context.opened);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_string_free (self->context.log, TRUE);
  g_string_free (self->answers, TRUE);
  g_mutex_clear (&self->context.mutex);
  g_cond_clear (&self->context.opened);
}

static void
context_free (gpointer data)
{
  Context *context = data;

  g_assert_false (context->freed);
  if (context->thread != NULL)
    g_assert_true (context->thread == g_thread_self ());
  context->freed = TRUE;
}

static gboolean
late_cb (gpointer data)
{
  g_error ("the answer did not come in %d seconds", DEADLINE_S);
  return G_SOURCE_REMOVE;
}

static void
wait_for (Fixture *self, guint n_answers)
{
  guint late = g_timeout_add_seconds (DEADLINE_S, late_cb, NULL);

  while (self->n_answers < n_answers)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (late);
}

static void
open_gate (Context *context)
{
  g_mutex_lock (&context->mutex);
  context->open = TRUE;
  g_cond_broadcast (&context->opened);
  g_mutex_unlock (&context->mutex);
}

static void
wait_for_gate (Context *context)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE_S * G_TIME_SPAN_SECOND;

  g_mutex_lock (&context->mutex);
  while (!context->reached)
    g_assert_true (g_cond_wait_until (&context->opened, &context->mutex, deadline));
  g_mutex_unlock (&context->mutex);
}

static void
note (Context *context, const char *name)
{
  if (context->thread == NULL)
    context->thread = g_thread_self ();
  g_assert_true (context->thread == g_thread_self ());
  g_assert_false (context->freed);
  g_string_append (context->log, name);
}

/* The task data is the job's name: "!" fails, "|" waits until the gate is open. */
static void
job (GTask *task, gpointer data, gpointer name, GCancellable *cancellable)
{
  Context *context = data;

  context->calls++;
  note (context, name);
  if (g_str_equal (name, "|"))
    {
      g_mutex_lock (&context->mutex);
      context->reached = TRUE;
      g_cond_broadcast (&context->opened);
      while (!context->open)
        g_cond_wait (&context->opened, &context->mutex);
      g_mutex_unlock (&context->mutex);
    }
  if (g_str_equal (name, "!"))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "as it should");
  else
    g_task_return_pointer (task, g_strdup (name), g_free);
}

static void
batch (GPtrArray *tasks, gpointer data)
{
  Context *context = data;

  context->calls++;
  g_string_append_c (context->log, '(');
  for (guint i = 0; i < tasks->len; i++)
    {
      note (context, g_task_get_task_data (tasks->pdata[i]));
      g_task_return_pointer (tasks->pdata[i], g_strdup (g_task_get_task_data (tasks->pdata[i])), g_free);
    }
  g_string_append_c (context->log, ')');
}

static void
other_batch (GPtrArray *tasks, gpointer data)
{
  batch (tasks, data);
}

static void
answer_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_string_append_c (self->answers, 'X');
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    g_string_append_c (self->answers, 'C');
  else
    g_string_append (self->answers, error != NULL ? "!" : name);
  self->n_answers++;
}

static void
close_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *self = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_worker_close_finish (CHAT_WORKER (source), result, &error));
  g_assert_no_error (error);
  g_assert_true (self->context.freed);
  g_string_append_c (self->answers, '.');
  self->n_answers++;
}

static GTask *
make_task (Fixture *self, const char *name, GCancellable *cancellable)
{
  GTask *task = g_task_new (NULL, cancellable, answer_cb, self);

  g_task_set_source_tag (task, make_task);
  g_task_set_task_data (task, g_strdup (name), g_free);
  return task;
}

static ChatWorker *
make_worker (Fixture *self)
{
  return chat_worker_new ("test-worker", &self->context, context_free);
}

static void
push (Fixture *self, ChatWorker *worker, const char *name)
{
  chat_worker_push (worker, make_task (self, name, NULL), job);
}

static void
test_order (Fixture *self, gconstpointer data)
{
  g_autoptr (ChatWorker) worker = make_worker (self);
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *name = i % 7 == 0 ? g_strdup ("!") : g_strdup_printf ("%u,", i);

      push (self, worker, name);
      g_string_append (expected, name);
    }
  wait_for (self, 500);
  g_assert_cmpstr (self->answers->str, ==, expected->str);
  g_clear_object (&worker);
  g_assert_cmpstr (self->context.log->str, ==, expected->str);
  g_assert_true (self->context.freed);
  g_assert_true (self->context.thread != g_thread_self ());
}

static void
test_main_context (Fixture *self, gconstpointer data)
{
  g_autoptr (ChatWorker) worker = make_worker (self);
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  push (self, worker, "a");
  g_main_context_pop_thread_default (context);
  while (self->n_answers < 1)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpstr (self->answers->str, ==, "a");
}

static void
test_pending (Fixture *self, gconstpointer data)
{
  g_autoptr (ChatWorker) worker = make_worker (self);

  g_assert_cmpuint (chat_worker_get_pending (worker), ==, 0);
  push (self, worker, "|");
  push (self, worker, "a");
  push (self, worker, "b");
  wait_for_gate (&self->context);
  g_assert_cmpuint (chat_worker_get_pending (worker), ==, 3);
  open_gate (&self->context);
  wait_for (self, 3);
  chat_worker_close_async (worker, NULL, close_cb, self);
  wait_for (self, 4);
  g_assert_cmpuint (chat_worker_get_pending (worker), ==, 0);
}

static void
test_cancel (Fixture *self, gconstpointer data)
{
  g_autoptr (ChatWorker) worker = make_worker (self);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  push (self, worker, "|");
  chat_worker_push (worker, make_task (self, "a", cancellable), job);
  push (self, worker, "b");
  chat_worker_push_batchable (worker, make_task (self, "c", cancellable), batch, 10);
  chat_worker_push_batchable (worker, make_task (self, "d", NULL), batch, 10);
  chat_worker_push_batchable (worker, make_task (self, "e", cancellable), other_batch, 10);
  g_cancellable_cancel (cancellable);
  open_gate (&self->context);
  wait_for (self, 6);
  g_assert_cmpstr (self->answers->str, ==, "|XbXdX");
  g_clear_object (&worker);
  g_assert_cmpstr (self->context.log->str, ==, "|b(d)");
}

static void
test_batches (Fixture *self, gconstpointer data)
{
  g_autoptr (ChatWorker) worker = make_worker (self);

  push (self, worker, "|");
  for (const char *name = "abcde"; *name != '\0'; name++)
    chat_worker_push_batchable (worker, make_task (self, (char[]){ *name, '\0' }, NULL), batch, 3);
  push (self, worker, "f");
  chat_worker_push_batchable (worker, make_task (self, "g", NULL), batch, 3);
  chat_worker_push_batchable (worker, make_task (self, "h", NULL), other_batch, 3);
  chat_worker_push_batchable (worker, make_task (self, "i", NULL), other_batch, 1);
  open_gate (&self->context);
  wait_for (self, 10);
  g_assert_cmpstr (self->answers->str, ==, "|abcdefghi");
  g_clear_object (&worker);
  g_assert_cmpstr (self->context.log->str, ==, "|(abc)(de)f(g)(hi)");
  g_assert_cmpuint (self->context.calls, ==, 6);
}

static void
test_close (Fixture *self, gconstpointer data)
{
  g_autoptr (ChatWorker) worker = make_worker (self);

  push (self, worker, "|");
  push (self, worker, "a");
  chat_worker_close_async (worker, NULL, close_cb, self);
  chat_worker_close_async (worker, NULL, close_cb, self);
  push (self, worker, "b");
  chat_worker_push_batchable (worker, make_task (self, "c", NULL), batch, 3);
  wait_for (self, 2);
  g_assert_cmpstr (self->answers->str, ==, "CC");
  open_gate (&self->context);
  wait_for (self, 6);
  g_assert_cmpstr (self->answers->str, ==, "CC|a..");
  chat_worker_close_async (worker, NULL, close_cb, self);
  push (self, worker, "d");
  wait_for (self, 8);
  g_assert_cmpstr (self->answers->str, ==, "CC|a...C");
  g_assert_cmpstr (self->context.log->str, ==, "|a");
}

static void
close_cancelled_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *self = data;
  g_autoptr (GError) error = NULL;

  g_assert_false (chat_worker_close_finish (CHAT_WORKER (source), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  self->n_answers++;
}

/* The caller need not wait, but what was queued is done all the same. */
static void
test_close_cancelled (Fixture *self, gconstpointer data)
{
  g_autoptr (ChatWorker) worker = make_worker (self);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  push (self, worker, "a");
  g_cancellable_cancel (cancellable);
  chat_worker_close_async (worker, cancellable, close_cancelled_cb, self);
  wait_for (self, 2);
  g_assert_cmpstr (self->answers->str, ==, "a");
  g_assert_true (self->context.freed);
}

static void
test_close_empty (Fixture *self, gconstpointer data)
{
  ChatWorker *worker = make_worker (self);

  /* The close itself holds the worker. */
  chat_worker_close_async (worker, NULL, close_cb, self);
  g_object_unref (worker);
  wait_for (self, 1);
  g_assert_cmpstr (self->answers->str, ==, ".");
}

/* What runs goes on, what waits does not run, what comes later does. */
static void
test_drop_queued (Fixture *self, gconstpointer data)
{
  g_autoptr (ChatWorker) worker = make_worker (self);

  push (self, worker, "|");
  push (self, worker, "a");
  chat_worker_push_batchable (worker, make_task (self, "b", NULL), batch, 3);
  wait_for_gate (&self->context);
  chat_worker_drop_queued (worker);
  wait_for (self, 2);
  g_assert_cmpstr (self->answers->str, ==, "CC");
  push (self, worker, "c");
  open_gate (&self->context);
  wait_for (self, 4);
  g_assert_cmpstr (self->answers->str, ==, "CC|c");
  g_assert_cmpstr (self->context.log->str, ==, "|c");
}

static void
test_drop_runs_what_is_queued (Fixture *self, gconstpointer data)
{
  ChatWorker *worker = make_worker (self);

  push (self, worker, "a");
  push (self, worker, "b");
  push (self, worker, "c");
  g_object_unref (worker);
  g_assert_true (self->context.freed);
  g_assert_cmpstr (self->context.log->str, ==, "abc");
  wait_for (self, 3);
  g_assert_cmpstr (self->answers->str, ==, "abc");
}

static void
test_without_context (Fixture *self, gconstpointer data)
{
  g_autoptr (ChatWorker) worker = chat_worker_new ("test-worker", NULL, NULL);

  chat_worker_close_async (worker, NULL, NULL, NULL);
}

static void
drop_worker_job (GTask *task, gpointer context, gpointer data, GCancellable *cancellable)
{
  g_object_unref (data); /* the last one: the worker's own thread finalizes it */
  g_task_return_pointer (task, g_strdup ("dropped"), g_free);
}

static void
context_free_notify (gpointer data)
{
  Context *context = data;

  g_mutex_lock (&context->mutex);
  context->freed = TRUE;
  g_cond_signal (&context->opened);
  g_mutex_unlock (&context->mutex);
}

static void
test_last_reference_on_its_own_thread (Fixture *self, gconstpointer data)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE_S * G_TIME_SPAN_SECOND;

  for (guint i = 0; i < 50; i++)
    {
      ChatWorker *worker = chat_worker_new ("test-worker", &self->context, context_free_notify);
      GTask *task = g_task_new (NULL, NULL, answer_cb, self);

      self->context.freed = FALSE;
      g_task_set_task_data (task, worker, NULL);
      chat_worker_push (worker, task, drop_worker_job);
      wait_for (self, i + 1);
      g_mutex_lock (&self->context.mutex);
      while (!self->context.freed)
        g_assert_true (g_cond_wait_until (&self->context.opened, &self->context.mutex, deadline));
      g_mutex_unlock (&self->context.mutex);
    }
}

/* As a driver has it: each task's source object is what owns the worker, and the caller lets go of it at once. */
static void
test_owner_dropped (Fixture *self, gconstpointer data)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE_S * G_TIME_SPAN_SECOND;

  for (guint i = 0; i < 50; i++)
    {
      GObject *owner = g_object_new (G_TYPE_OBJECT, NULL);
      ChatWorker *worker = chat_worker_new ("test-worker", &self->context, context_free_notify);
      GTask *task = g_task_new (owner, NULL, answer_cb, self);

      self->context.freed = FALSE;
      self->context.thread = NULL;
      g_object_set_data_full (owner, "worker", worker, g_object_unref);
      g_task_set_task_data (task, g_strdup ("a"), g_free);
      chat_worker_push (worker, task, job);
      g_object_unref (owner);
      wait_for (self, i + 1);
      g_mutex_lock (&self->context.mutex);
      while (!self->context.freed)
        g_assert_true (g_cond_wait_until (&self->context.opened, &self->context.mutex, deadline));
      g_mutex_unlock (&self->context.mutex);
    }
}

typedef struct
{
  Fixture *fixture;
  ChatWorker *worker;
} Pusher;

static gpointer
push_many (gpointer data)
{
  Pusher *self = data;

  for (guint i = 0; i < 200; i++)
    chat_worker_push_batchable (self->worker, make_task (self->fixture, "a", NULL), batch, 16);
  return NULL;
}

static void
test_pushed_from_threads (Fixture *self, gconstpointer data)
{
  g_autoptr (ChatWorker) worker = make_worker (self);
  Pusher pusher = { self, worker };
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("pusher", push_many, &pusher);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  wait_for (self, 800);
  g_assert_cmpuint (self->answers->len, ==, 800);
}

#define ADD(name, func) g_test_add ("/core/worker/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("order", test_order);
  ADD ("main-context", test_main_context);
  ADD ("pending", test_pending);
  ADD ("cancel", test_cancel);
  ADD ("batches", test_batches);
  ADD ("close", test_close);
  ADD ("close-cancelled", test_close_cancelled);
  ADD ("close-empty", test_close_empty);
  ADD ("drop-queued", test_drop_queued);
  ADD ("drop-runs-what-is-queued", test_drop_runs_what_is_queued);
  ADD ("without-context", test_without_context);
  ADD ("last-reference-on-its-own-thread", test_last_reference_on_its_own_thread);
  ADD ("owner-dropped", test_owner_dropped);
  ADD ("pushed-from-threads", test_pushed_from_threads);
  return g_test_run ();
}
