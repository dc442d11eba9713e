/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-timer.h"

GSource *
chat_timer_new (guint milliseconds, GSourceFunc callback, gpointer data)
{
  GSource *timer = g_timeout_source_new (milliseconds);

  g_source_set_callback (timer, callback, data, NULL);
  g_source_attach (timer, g_main_context_get_thread_default ());
  return timer;
}

void
chat_timer_clear (GSource **timer)
{
  if (*timer == NULL)
    return;
  g_source_destroy (*timer);
  g_clear_pointer (timer, g_source_unref);
}
