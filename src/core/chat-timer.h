/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** chat_timer_new: (transfer full): like g_timeout_add(), but in the thread's own main context, where the callbacks of
 * asynchronous calls come too: g_timeout_add() always takes the process's. @callback: TRUE: again. */
GSource *chat_timer_new (guint milliseconds, GSourceFunc callback, gpointer data);

/** chat_timer_clear: @timer: (inout) (nullable): ends it and drops it. */
void chat_timer_clear (GSource **timer);

G_END_DECLS
