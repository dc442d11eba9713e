/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-channels.h"

#include "core/chat-time.h"

/* One after the other: what is still to be made. */
typedef struct
{
  ChatConfig *config;
  guint next;
} Making;

static void
making_free (gpointer data)
{
  Making *making = data;

  g_object_unref (making->config);
  g_free (making);
}

static void make_next (GTask *task);

static void
ensured_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  gboolean created;

  if (chat_channel_store_ensure_finish (CHAT_CHANNEL_STORE (source), result, &created, &error))
    make_next (g_steal_pointer (&task));
  else
    g_task_return_error (task, error);
}

/* Takes @task. */
static void
make_next (GTask *task)
{
  Making *making = g_task_get_task_data (task);
  const char *const *names = chat_config_get_list (making->config, "channels", "initial");
  const char *name = names != NULL ? names[making->next++] : NULL;
  ChatChannelInfo info = { .name = (char *)name,
                           .kind = CHAT_CHANNEL_PUBLIC,
                           .topic = (char *)chat_config_get_string (making->config, "channels", "topic"),
                           .language = (char *)chat_config_get_string (making->config, "channels", "language"),
                           .active = chat_time_now () };

  if (name != NULL)
    {
      chat_channel_store_ensure_async (g_task_get_source_object (task), &info, NULL, g_task_get_cancellable (task),
                                       ensured_cb, task);
      return;
    }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

void
chat_server_channels_make_async (ChatChannelStore *store, ChatConfig *config, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (store, cancellable, callback, user_data);
  Making *making = g_new0 (Making, 1);

  g_task_set_source_tag (task, chat_server_channels_make_async);
  making->config = g_object_ref (config);
  g_task_set_task_data (task, making, making_free);
  make_next (task);
}

gboolean
chat_server_channels_make_finish (ChatChannelStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, store), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
