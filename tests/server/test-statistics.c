/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting anew: in steps, one at a time, to be cancelled, and past what passes. The store is one of its own, which
 * has nothing but steps. */
#include "chat-test-call.h"
#include "server/statistics/chat-statistics-service.h"
#include "server/store/chat-store.h"

#define STEPS 5

#define STEP_TYPE_STORE (step_store_get_type ())
G_DECLARE_FINAL_TYPE (StepStore, step_store, STEP, STORE, GObject)

struct _StepStore
{
  GObject parent_instance;
  GTask *held; /* the step that is not answered yet */
  gboolean hold;
  guint refuse; /* the next so many calls */
  int code;
  guint calls;
};

static void
step (ChatCounterStore *store, gint64 after, guint limit, GCancellable *cancellable, GAsyncReadyCallback callback,
      gpointer user_data)
{
  StepStore *self = STEP_STORE (store);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  gint64 *next = g_new (gint64, 1);

  g_assert_cmpuint (limit, >, 0);
  self->calls++;
  *next = after + 1 < STEPS ? after + 1 : 0;
  g_task_set_task_data (task, next, g_free);
  if (self->refuse > 0)
    {
      self->refuse--;
      g_task_return_new_error (task, CHAT_STORE_ERROR, self->code, "refused");
    }
  else if (self->hold)
    self->held = g_steal_pointer (&task);
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
step_end (ChatCounterStore *store, GAsyncResult *result, gint64 *next, GError **error)
{
  *next = *(gint64 *)g_task_get_task_data (G_TASK (result));
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
counter_store_iface_init (ChatCounterStoreInterface *iface)
{
  iface->rebuild_async = step;
  iface->rebuild_finish = step_end;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (StepStore, step_store, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_COUNTER_STORE, counter_store_iface_init))

static void
step_store_class_init (StepStoreClass *klass)
{
}

static void
step_store_init (StepStore *self)
{
}

static void
release (StepStore *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->held);

  self->hold = FALSE;
  g_task_return_boolean (task, TRUE);
}

static gboolean
is_held (gpointer store)
{
  return ((StepStore *)store)->held != NULL;
}

typedef struct
{
  StepStore *store;
  ChatStatisticsService *service;
} Test;

static void
set_up (Test *self, gconstpointer data)
{
  self->store = g_object_new (STEP_TYPE_STORE, NULL);
  self->service = chat_statistics_service_new (CHAT_COUNTER_STORE (self->store));
}

static void
tear_down (Test *self, gconstpointer data)
{
  g_assert_finalize_object (self->service);
  g_assert_finalize_object (self->store);
}

static void
test_whole (Test *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (chat_statistics_service_get_state (self->service), ==, CHAT_STATISTICS_IDLE);
  for (guint i = 1; i <= 2; i++)
    {
      g_assert_true (chat_test_call (chat_statistics_service_rebuild, self->service, &error));
      g_assert_cmpint (chat_statistics_service_get_state (self->service), ==, CHAT_STATISTICS_DONE);
      g_assert_cmpuint (self->store->calls, ==, i * STEPS);
      g_assert_cmpint (chat_statistics_service_get_counted (self->service), >, 0);
    }
}

static void
begin (Test *self, GCancellable *cancellable, GAsyncResult **awaited)
{
  self->store->hold = TRUE;
  chat_statistics_service_rebuild_async (self->service, cancellable, chat_test_result_cb, awaited);
  chat_test_wait_until (is_held, self->store, "a step");
  g_assert_cmpint (chat_statistics_service_get_state (self->service), ==, CHAT_STATISTICS_RUNNING);
}

static void
check_cancelled (Test *self, GAsyncResult **awaited)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  release (self->store); /* the step whose turn has come is done; there is no other behind it */
  result = chat_test_await (awaited, "the end");
  g_assert_false (chat_statistics_service_rebuild_finish (self->service, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (chat_statistics_service_get_state (self->service), ==, CHAT_STATISTICS_CANCELLED);
  g_assert_cmpuint (self->store->calls, ==, 1);
}

static void
test_cancel (Test *self, gconstpointer data)
{
  GAsyncResult *awaited = NULL;

  chat_statistics_service_cancel (self->service); /* nothing is running */
  begin (self, NULL, &awaited);
  chat_statistics_service_cancel (self->service);
  check_cancelled (self, &awaited);
  g_assert_true (chat_test_call (chat_statistics_service_rebuild, self->service, NULL));
  g_assert_cmpint (chat_statistics_service_get_state (self->service), ==, CHAT_STATISTICS_DONE);
}

static void
test_cancellable (Test *self, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *awaited = NULL;

  begin (self, cancellable, &awaited);
  g_cancellable_cancel (cancellable);
  check_cancelled (self, &awaited);
}

static void
test_one_at_a_time (Test *self, gconstpointer data)
{
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  begin (self, NULL, &awaited);
  g_assert_false (chat_test_call (chat_statistics_service_rebuild, self->service, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_assert_cmpint (chat_statistics_service_get_state (self->service), ==, CHAT_STATISTICS_RUNNING);
  release (self->store);
  result = chat_test_await (&awaited, "the end");
  g_assert_true (chat_statistics_service_rebuild_finish (self->service, result, NULL));
}

static void
test_failure (Test *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->store->refuse = 1;
  self->store->code = CHAT_STORE_ERROR_DAMAGED;
  g_assert_false (chat_test_call (chat_statistics_service_rebuild, self->service, &error));
  g_assert_error (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_DAMAGED);
  g_assert_cmpint (chat_statistics_service_get_state (self->service), ==, CHAT_STATISTICS_FAILED);
}

static void
test_passing (Test *self, gconstpointer data)
{
  self->store->refuse = 1;
  self->store->code = CHAT_STORE_ERROR_BUSY;
  g_assert_true (chat_test_call (chat_statistics_service_rebuild, self->service, NULL));
  g_assert_cmpuint (self->store->calls, ==, STEPS + 1);
}

static gboolean
is_refused (gpointer store)
{
  return ((StepStore *)store)->calls > 0;
}

/* It does not wait for the next attempt. */
static void
test_cancel_between (Test *self, gconstpointer data)
{
  GAsyncResult *awaited = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  self->store->refuse = G_MAXUINT;
  self->store->code = CHAT_STORE_ERROR_BUSY;
  chat_statistics_service_rebuild_async (self->service, NULL, chat_test_result_cb, &awaited);
  chat_test_wait_until (is_refused, self->store, "a step");
  chat_test_run_pending ();
  chat_statistics_service_cancel (self->service);
  result = chat_test_await (&awaited, "the end");
  g_assert_false (chat_statistics_service_rebuild_finish (self->service, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (self->store->calls, ==, 1);
}

#define ADD(path, function) g_test_add (path, Test, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/statistics/whole", test_whole);
  ADD ("/statistics/cancel", test_cancel);
  ADD ("/statistics/cancellable", test_cancellable);
  ADD ("/statistics/one-at-a-time", test_one_at_a_time);
  ADD ("/statistics/failure", test_failure);
  ADD ("/statistics/passing", test_passing);
  ADD ("/statistics/cancel-between", test_cancel_between);
  return g_test_run ();
}
