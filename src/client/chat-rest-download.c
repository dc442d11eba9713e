/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-rest-private.h"

#include <glib/gi18n-lib.h>

/* What is too large for the memory: an answer that goes into a stream as it comes. */

/* The data of the task. */
typedef struct
{
  SoupMessage *message;
  GOutputStream *stream;
} Download;

static void
download_free (Download *download)
{
  g_clear_object (&download->message);
  g_object_unref (download->stream);
  g_free (download);
}

static void
refused_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Download *download = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  gssize length = g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, &error);
  g_autoptr (GBytes) bytes = NULL;

  if (length >= 0)
    bytes = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (source));
  g_task_return_error (task, chat_rest_error_of (g_task_get_source_object (task), download->message, bytes));
}

static void
spliced_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatRest *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;

  if (g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, &error) >= 0)
    g_task_return_boolean (task, TRUE);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_OFFLINE, _ ("Not all of it came from %s: %s"),
                             chat_rest_get_uri (self), error->message);
}

static void
sent_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatRest *self = g_task_get_source_object (task);
  Download *download = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) answer = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  const GOutputStreamSpliceFlags flags = G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET;

  if (answer == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (answer == NULL)
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_OFFLINE, _ ("Can't reach %s: %s"),
                             chat_rest_get_uri (self), error->message);
  else if (SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (download->message)))
    g_output_stream_splice_async (download->stream, answer, flags, G_PRIORITY_DEFAULT, g_task_get_cancellable (task),
                                  spliced_cb, g_object_ref (task));
  else
    {
      g_autoptr (GOutputStream) memory = g_memory_output_stream_new_resizable ();

      g_output_stream_splice_async (memory, answer, flags, G_PRIORITY_DEFAULT, g_task_get_cancellable (task),
                                    refused_cb, g_object_ref (task));
    }
}

void
chat_rest_download_async (ChatRest *self, const char *path, GOutputStream *stream, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;
  Download *download;

  g_return_if_fail (CHAT_IS_REST (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_rest_download_async);
  download = g_new0 (Download, 1);
  download->stream = g_object_ref (stream);
  g_task_set_task_data (task, download, (GDestroyNotify)download_free);
  download->message = chat_rest_make_message (self, SOUP_METHOD_GET, path, "*/*", &error);
  if (download->message == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  soup_session_send_async (chat_rest_get_session (self), download->message, G_PRIORITY_DEFAULT, cancellable, sent_cb,
                           g_steal_pointer (&task));
}

gboolean
chat_rest_download_finish (ChatRest *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
