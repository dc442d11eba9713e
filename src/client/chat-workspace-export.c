/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-rest-private.h"
#include "client/chat-workspace-private.h"

#include <glib/gi18n-lib.h>

#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"

/*
 * A channel's log as a file: the service's stream goes into a file beside it, and that is moved over it when it is
 * whole.
 */

/* The data of the task. */
typedef struct
{
  GFile *file;
  GFile *part; /* beside it */
  char *path;  /* of the call */
} Export;

static void
export_free (Export *export)
{
  g_object_unref (export->file);
  g_object_unref (export->part);
  g_free (export->path);
  g_free (export);
}

/* (transfer full) */
static Export *
export_new (GFile *file)
{
  g_autoptr (GFile) folder = g_file_get_parent (file);
  g_autofree char *name = g_file_get_basename (file), *id = chat_uuid_v7 ();
  g_autofree char *part = g_strdup_printf (".%s.%s.part", name, id);
  Export *export = g_new0 (Export, 1);

  export->file = g_object_ref (file);
  export->part = folder != NULL ? g_file_get_child (folder, part) : g_file_new_for_path (part);
  return export;
}

static void
deleted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_file_delete_finish (G_FILE (source), result, NULL);
}

/* What came of it goes; @error: (transfer full) */
static void
fail (GTask *task, GError *error)
{
  Export *export = g_task_get_task_data (task);

  g_file_delete_async (export->part, G_PRIORITY_DEFAULT, NULL, deleted_cb, NULL);
  g_task_return_error (task, error);
}

/* (transfer full): an error of this disk, in the words of the client */
static GError *
disk_error (GFile *file, GError *error)
{
  g_autofree char *name = g_file_get_parse_name (file);
  GError *words;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return error;
  words
      = g_error_new (CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_STORAGE, _ ("%s can't be written: %s"), name, error->message);
  g_error_free (error);
  return words;
}

static void
moved_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Export *export = g_task_get_task_data (task);
  GError *error = NULL;

  if (g_file_move_finish (G_FILE (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    fail (task, disk_error (export->file, error));
}

static void
downloaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Export *export = g_task_get_task_data (task);
  GError *error = NULL;

  if (!chat_rest_download_finish (CHAT_REST (source), result, &error))
    {
      fail (task, error);
      return;
    }
  g_file_move_async (export->part, export->file, G_FILE_COPY_OVERWRITE, G_PRIORITY_DEFAULT,
                     g_task_get_cancellable (task), NULL, NULL, moved_cb, g_object_ref (task));
}

static void
created_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatWorkspace *self = g_task_get_source_object (task);
  Export *export = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GFileOutputStream) stream = g_file_create_finish (G_FILE (source), result, &error);

  if (stream == NULL)
    {
      g_task_return_error (task, disk_error (export->file, error));
      return;
    }
  chat_rest_download_async (self->rest, export->path, G_OUTPUT_STREAM (stream), g_task_get_cancellable (task),
                            downloaded_cb, g_object_ref (task));
}

/* (transfer full) */
static char *
make_path (const char *channel, const char *format, gint64 since, gint64 until)
{
  GString *path = g_string_new (NULL);
  gint64 bounds[] = { since, until };
  static const char *const names[] = { "since", "until" };

  g_string_printf (path, "v1/export?channel=%s&format=%s", channel, format);
  for (guint i = 0; i < G_N_ELEMENTS (bounds); i++)
    if (bounds[i] != CHAT_TIME_UNKNOWN)
      {
        g_autofree char *time = chat_time_format (bounds[i]);

        g_string_append_printf (path, "&%s=%s", names[i], time);
      }
  return g_string_free (path, FALSE);
}

void
chat_workspace_export_async (ChatWorkspace *self, const char *channel, const char *format, gint64 since, gint64 until,
                             GFile *file, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;
  Export *export;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));
  g_return_if_fail (G_IS_FILE (file));
  g_return_if_fail (g_str_equal (format, "jsonl") || g_str_equal (format, "text"));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_workspace_export_async);
  if (!chat_channel_name_check (channel, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  export = export_new (file);
  export->path = make_path (channel, format, since, until);
  g_task_set_task_data (task, export, (GDestroyNotify)export_free);
  g_file_create_async (export->part, G_FILE_CREATE_PRIVATE, G_PRIORITY_DEFAULT, cancellable, created_cb,
                       g_steal_pointer (&task));
}

gboolean
chat_workspace_export_finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
