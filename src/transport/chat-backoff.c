/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/chat-backoff.h"

#define JITTER_PERCENT 25

guint
chat_backoff_next (ChatBackoff *self)
{
  guint64 wait_ms, jitter_ms;

  g_return_val_if_fail (self != NULL, 0);

  /* Past 2^31 the shift could wrap; every sensible longest_ms is reached long before. */
  wait_ms = MIN ((guint64)self->first_ms << MIN (self->tries, 31u), (guint64)self->longest_ms);
  if (self->tries < G_MAXUINT)
    self->tries++;

  jitter_ms = wait_ms * JITTER_PERCENT / 100;
  if (jitter_ms > 0)
    wait_ms = wait_ms - jitter_ms + (guint64)(g_random_double () * (double)(2 * jitter_ms + 1));
  return (guint)MIN (wait_ms, (guint64)G_MAXUINT);
}

void
chat_backoff_reset (ChatBackoff *self)
{
  g_return_if_fail (self != NULL);
  self->tries = 0;
}
