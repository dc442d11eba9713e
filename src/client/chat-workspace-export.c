/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-workspace-private.h"

#include <glib/gi18n-lib.h>

void
chat_workspace_export_async (ChatWorkspace *self, const char *channel, const char *format, gint64 since, gint64 until,
                             GFile *file, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_workspace_export_async);
  g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, _ ("Not offered"));
}

gboolean
chat_workspace_export_finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
