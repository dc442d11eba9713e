/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-test-loop.h"

#define DEADLINE_MS 25000
#define DEADLINE_SANITIZED_MS 50000

typedef struct
{
  const guint *counter;
  guint least;
} Count;

static gboolean
wake_cb (gpointer user_data)
{
  gboolean *woken = user_data;

  *woken = TRUE;
  return G_SOURCE_CONTINUE;
}

static GSource *
timer_new (guint milliseconds, gboolean *woken)
{
  GSource *timer = g_timeout_source_new (milliseconds);

  g_source_set_callback (timer, wake_cb, woken, NULL);
  g_source_attach (timer, g_main_context_get_thread_default ());
  return timer;
}

guint
chat_test_get_deadline_ms (void)
{
  return g_getenv ("ASAN_OPTIONS") != NULL ? DEADLINE_SANITIZED_MS : DEADLINE_MS;
}

void
chat_test_wait_until (ChatTestCondition condition, gpointer data, const char *what)
{
  gboolean late = FALSE;
  guint deadline_ms = chat_test_get_deadline_ms ();
  GSource *timer = timer_new (deadline_ms, &late);

  while (!condition (data))
    {
      if (late)
        g_error ("Waited %u ms in vain for %s", deadline_ms, what);
      g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
    }
  g_source_destroy (timer);
  g_source_unref (timer);
}

static gboolean
count_reached (gpointer data)
{
  const Count *count = data;

  return *count->counter >= count->least;
}

void
chat_test_wait_count (const guint *counter, guint least, const char *what)
{
  Count count = { counter, least };

  chat_test_wait_until (count_reached, &count, what);
}

void
chat_test_run_for (guint milliseconds)
{
  gboolean over = FALSE;
  GSource *timer = timer_new (milliseconds, &over);

  while (!over)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  g_source_destroy (timer);
  g_source_unref (timer);
}

void
chat_test_run_pending (void)
{
  while (g_main_context_iteration (g_main_context_get_thread_default (), FALSE))
    ;
}

void
chat_test_result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  g_assert_null (*slot);
  *slot = g_object_ref (result);
}

static gboolean
result_is_there (gpointer data)
{
  GAsyncResult **slot = data;

  return *slot != NULL;
}

GAsyncResult *
chat_test_await (GAsyncResult **result, const char *what)
{
  chat_test_wait_until (result_is_there, result, what);
  return g_steal_pointer (result);
}

static void
gone_cb (gpointer data, GObject *where_it_was)
{
  g_atomic_int_set ((int *)data, TRUE);
  g_main_context_wakeup (NULL);
}

static gboolean
is_gone (gpointer data)
{
  return g_atomic_int_get ((int *)data);
}

void
chat_test_wait_finalized (gpointer object)
{
  g_autofree char *what = g_strdup_printf ("the end of a %s", G_OBJECT_TYPE_NAME (object));
  int gone = FALSE;

  /* so that a wake-up is of the loop that waits */
  g_assert_null (g_main_context_get_thread_default ());
  g_object_weak_ref (object, gone_cb, &gone);
  g_object_unref (object);
  chat_test_wait_until (is_gone, &gone, what);
}
