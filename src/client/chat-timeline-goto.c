/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-timeline-private.h"

#include <glib/gi18n-lib.h>

#include "client/chat-client-error.h"

/* Going to a place of the channel that is not in the window. */

static void
begin (ChatTimeline *self, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, _ ("Not offered"));
}

void
chat_timeline_go_to_time_async (ChatTimeline *self, gint64 time, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_TIMELINE (self));
  begin (self, chat_timeline_go_to_time_async, cancellable, callback, user_data);
}

void
chat_timeline_go_to_message_async (ChatTimeline *self, const char *id, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_TIMELINE (self));
  begin (self, chat_timeline_go_to_message_async, cancellable, callback, user_data);
}

ChatMessageItem *
chat_timeline_go_to_finish (ChatTimeline *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
chat_timeline_get_away (ChatTimeline *self)
{
  g_return_val_if_fail (CHAT_IS_TIMELINE (self), FALSE);
  return self->away;
}
