/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench-pipe.h"

#include <string.h>

void
pipe_fill (char payload[PIPE_PAYLOAD], guint number)
{
  char digits[16];

  memset (payload, 'x', PIPE_PAYLOAD);
  g_snprintf (digits, sizeof digits, "%08u", number);
  memcpy (payload, digits, 8);
}

guint
pipe_number (const char *payload)
{
  char digits[9] = { 0 };

  memcpy (digits, payload, 8);
  return (guint)g_ascii_strtoull (digits, NULL, 10);
}

void
pipe_wait_due (PipeRun *run, gint64 *began_us, guint number)
{
  gint64 wait_us;

  if (number == run->warm_up)
    {
      while ((guint)g_atomic_int_get (&run->n_seen) < run->warm_up)
        g_thread_yield ();
      *began_us = g_get_monotonic_time ();
    }
  if (number < run->warm_up || run->interval_us == 0)
    return;
  wait_us = *began_us + (gint64)(number - run->warm_up) * run->interval_us - g_get_monotonic_time ();
  if (wait_us > 0)
    {
      struct timespec pause = { wait_us / G_USEC_PER_SEC, (wait_us % G_USEC_PER_SEC) * 1000 };

      nanosleep (&pause, NULL);
    }
}

void
pipe_take (PipeRun *run, GPtrArray *payloads)
{
  gint64 now_us;

  if (payloads->len > 0 && run->sink != NULL)
    run->sink (payloads, run->sink_data);
  now_us = g_get_monotonic_time ();
  for (guint i = 0; i < payloads->len; i++)
    run->seen[pipe_number (payloads->pdata[i])] = now_us;
  g_atomic_int_add (&run->n_seen, (gint)payloads->len);
}
