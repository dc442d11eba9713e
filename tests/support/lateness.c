/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For LD_PRELOAD: a timer that is due every 10 ms in the main loop of a program that knows nothing of it. How late it
 * is, is how long that program's window would not have answered a key. TERTULIA_TEST_LATENESS names the file to which
 * each tick appends three numbers of 64 bits: when it came (CLOCK_MONOTONIC), how late, and for how much of that the
 * thread wanted a processor and others had them; all in microseconds.
 */
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

#define TICK_MS 10

typedef struct
{
  gint64 due_us, waited_us;
  int out, schedule;
} Watch;

/* Time that this thread has spent in the queue for a processor: the second number there
 * (https://docs.kernel.org/scheduler/sched-stats.html). */
static gint64
get_waited_us (const Watch *watch)
{
  char text[128] = "";
  char *rest = NULL;

  if (pread (watch->schedule, text, sizeof text - 1, 0) <= 0)
    return 0;
  g_ascii_strtoll (text, &rest, 10);
  return g_ascii_strtoll (rest, NULL, 10) / 1000;
}

static gboolean
tick_cb (gpointer data)
{
  Watch *watch = data;
  const gint64 now = g_get_monotonic_time (), waited = get_waited_us (watch);
  const gint64 tick[] = { now, now - watch->due_us, waited - watch->waited_us };

  if (write (watch->out, tick, sizeof tick) != sizeof tick)
    return G_SOURCE_REMOVE;
  watch->waited_us = waited;
  watch->due_us = g_get_monotonic_time () + TICK_MS * 1000;
  g_timeout_add_full (G_PRIORITY_DEFAULT, TICK_MS, tick_cb, watch, NULL);
  return G_SOURCE_REMOVE;
}

/* In the main thread, before main(). What this program starts is not watched. */
static void __attribute__ ((constructor)) begin (void)
{
  const char *path = getenv ("TERTULIA_TEST_LATENESS");
  Watch *watch;

  if (path == NULL)
    return;
  watch = g_new0 (Watch, 1);
  watch->out = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  watch->schedule = open ("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  unsetenv ("LD_PRELOAD");
  unsetenv ("TERTULIA_TEST_LATENESS");
  watch->due_us = g_get_monotonic_time ();
  watch->waited_us = get_waited_us (watch);
  g_timeout_add_full (G_PRIORITY_DEFAULT, TICK_MS, tick_cb, watch, NULL);
}
