/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-store-call.h"

gboolean
chat_store_accepts (gpointer self, gboolean offered, const char *problem, GAsyncReadyCallback callback,
                    gpointer user_data)
{
  if (!offered)
    g_task_report_new_error (self, callback, user_data, chat_store_accepts, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                             "%s does not offer this call", G_OBJECT_TYPE_NAME (self));
  else if (problem != NULL)
    g_task_report_new_error (self, callback, user_data, chat_store_accepts, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                             "%s", problem);
  return offered && problem == NULL;
}

gboolean
chat_store_refused (GAsyncResult *result, GError **error)
{
  if (!g_async_result_is_tagged (result, chat_store_accepts))
    return FALSE;
  g_task_propagate_boolean (G_TASK (result), error);
  return TRUE;
}
