/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/statistics/chat-statistics-service.h"

#include "core/chat-timer.h"
#include "server/store/chat-store.h"

/* Records a step: a few milliseconds of the store's. */
#define STEP 2000
#define RETRY_MS 500
#define RETRIES_MAX 120

struct _ChatStatisticsService
{
  GObject parent_instance;

  /* Owned */
  ChatCounterStore *counters;
  GCancellable *cancellable; /* of the rebuild that is running; else NULL */
  GSource *retry;

  ChatStatisticsState state;
  gint64 counted;
};

G_DEFINE_FINAL_TYPE (ChatStatisticsService, chat_statistics_service, G_TYPE_OBJECT)

/* A rebuild: the task's data. */
typedef struct
{
  GCancellable *callers; /* nullable */
  gulong callers_id;
  gint64 after;
  guint retries;
} Rebuild;

static void
rebuild_free (gpointer data)
{
  Rebuild *rebuild = data;

  g_cancellable_disconnect (rebuild->callers, rebuild->callers_id);
  g_clear_object (&rebuild->callers);
  g_free (rebuild);
}

static void count_step (GTask *task);

/* Takes @task and @error, which is NULL where it is done. */
static void
end (GTask *task, GError *error)
{
  ChatStatisticsService *self = g_task_get_source_object (task);

  if (error == NULL)
    self->state = CHAT_STATISTICS_DONE;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    self->state = CHAT_STATISTICS_CANCELLED;
  else
    self->state = CHAT_STATISTICS_FAILED;
  g_clear_object (&self->cancellable);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static gboolean
retry_cb (gpointer user_data)
{
  ChatStatisticsService *self = g_task_get_source_object (user_data);

  chat_timer_clear (&self->retry);
  count_step (user_data);
  return G_SOURCE_REMOVE;
}

static void
counted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  ChatStatisticsService *self = g_task_get_source_object (task);
  Rebuild *rebuild = g_task_get_task_data (task);
  gint64 next = 0;
  GError *error = NULL;

  if (!chat_counter_store_rebuild_finish (CHAT_COUNTER_STORE (source), result, &next, &error))
    {
      if (chat_store_error_is_passing (error) && rebuild->retries++ < RETRIES_MAX)
        {
          g_error_free (error);
          self->retry = chat_timer_new (RETRY_MS, retry_cb, task);
        }
      else
        end (task, error);
      return;
    }
  rebuild->retries = 0;
  rebuild->after = next;
  self->counted += STEP;
  if (next == 0)
    end (task, NULL);
  else
    count_step (task);
}

static void
count_step (GTask *task)
{
  ChatStatisticsService *self = g_task_get_source_object (task);
  const Rebuild *rebuild = g_task_get_task_data (task);
  GError *error = NULL;

  if (g_cancellable_set_error_if_cancelled (self->cancellable, &error))
    end (task, error);
  else
    chat_counter_store_rebuild_async (self->counters, rebuild->after, STEP, self->cancellable, counted_cb, task);
}

static void
chat_statistics_service_dispose (GObject *object)
{
  ChatStatisticsService *self = CHAT_STATISTICS_SERVICE (object);

  g_clear_object (&self->cancellable);
  g_clear_object (&self->counters);
  G_OBJECT_CLASS (chat_statistics_service_parent_class)->dispose (object);
}

static void
chat_statistics_service_class_init (ChatStatisticsServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = chat_statistics_service_dispose;
}

static void
chat_statistics_service_init (ChatStatisticsService *self)
{
}

ChatStatisticsService *
chat_statistics_service_new (ChatCounterStore *counters)
{
  ChatStatisticsService *self = g_object_new (CHAT_TYPE_STATISTICS_SERVICE, NULL);

  self->counters = g_object_ref (counters);
  return self;
}

static void
callers_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

void
chat_statistics_service_rebuild_async (ChatStatisticsService *self, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Rebuild *rebuild;

  g_task_set_source_tag (task, chat_statistics_service_rebuild_async);
  if (self->cancellable != NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "The counters are being counted anew already");
      g_object_unref (task);
      return;
    }
  self->cancellable = g_cancellable_new ();
  self->state = CHAT_STATISTICS_RUNNING;
  self->counted = 0;
  rebuild = g_new0 (Rebuild, 1);
  g_task_set_task_data (task, rebuild, rebuild_free);
  if (cancellable != NULL)
    {
      rebuild->callers = g_object_ref (cancellable);
      rebuild->callers_id = g_cancellable_connect (cancellable, G_CALLBACK (callers_cancelled_cb),
                                                   g_object_ref (self->cancellable), g_object_unref);
    }
  count_step (task);
}

gboolean
chat_statistics_service_rebuild_finish (ChatStatisticsService *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
chat_statistics_service_cancel (ChatStatisticsService *self)
{
  if (self->cancellable == NULL)
    return;
  g_cancellable_cancel (self->cancellable);
  if (self->retry != NULL)
    g_source_set_ready_time (self->retry, 0);
}

ChatStatisticsState
chat_statistics_service_get_state (ChatStatisticsService *self)
{
  return self->state;
}

gint64
chat_statistics_service_get_counted (ChatStatisticsService *self)
{
  return self->counted;
}
