/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-directory.h"

#include "moderation/chat-skeleton.h"
#include "server/api/chat-api-error.h"
#include "server/store/chat-store.h"

/* Past this many it forgets them all and learns anew: memory is bounded, whatever is made. */
#define CHANNELS_MAX 50000

struct _ChatApiDirectory
{
  GObject parent_instance;

  /* Owned */
  ChatChannelStore *store;
  GHashTable *channels; /* name → ChatApiChannel */
};

G_DEFINE_FINAL_TYPE (ChatApiDirectory, chat_api_directory, G_TYPE_OBJECT)

typedef struct
{
  char *name;
  char *user_key;
} Lookup;

static void
lookup_free (gpointer data)
{
  Lookup *lookup = data;

  g_free (lookup->name);
  g_free (lookup->user_key);
  g_free (lookup);
}

static void
channel_clear (gpointer data)
{
  ChatApiChannel *self = data;

  g_free (self->name);
  g_clear_pointer (&self->member_keys, g_hash_table_unref);
}

ChatApiChannel *
chat_api_channel_ref (ChatApiChannel *self)
{
  return g_rc_box_acquire (self);
}

void
chat_api_channel_unref (ChatApiChannel *self)
{
  g_rc_box_release_full (self, channel_clear);
}

static ChatApiChannel *
channel_new (const ChatChannelInfo *info)
{
  ChatApiChannel *self = g_rc_box_new0 (ChatApiChannel);

  self->name = g_strdup (info->name);
  self->private = info->kind == CHAT_CHANNEL_PRIVATE;
  if (!self->private)
    return self;
  self->member_keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (char **member = info->members; member != NULL && *member != NULL; member++)
    g_hash_table_add (self->member_keys, chat_skeleton (*member));
  return self;
}

gboolean
chat_api_channel_is_open_to (const ChatApiChannel *self, const char *user_key)
{
  return !self->private || g_hash_table_contains (self->member_keys, user_key);
}

static void
got_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApiDirectory *self = g_task_get_source_object (task);
  const Lookup *lookup = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (ChatChannelInfo) info = chat_channel_store_get_finish (CHAT_CHANNEL_STORE (source), result, &error);
  ChatApiChannel *channel;

  if (info == NULL)
    {
      if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
        {
          g_clear_error (&error);
          error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_NO_CHANNEL, "There is no channel \"%s\"", lookup->name);
        }
      g_task_return_error (task, error);
      return;
    }
  channel = chat_api_directory_add (self, info);
  if (lookup->user_key != NULL && !chat_api_directory_check (channel, lookup->user_key, &error))
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, chat_api_channel_ref (channel), (GDestroyNotify)chat_api_channel_unref);
}

static void
chat_api_directory_dispose (GObject *object)
{
  ChatApiDirectory *self = CHAT_API_DIRECTORY (object);

  g_clear_pointer (&self->channels, g_hash_table_unref);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (chat_api_directory_parent_class)->dispose (object);
}

static void
chat_api_directory_class_init (ChatApiDirectoryClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = chat_api_directory_dispose;
}

static void
chat_api_directory_init (ChatApiDirectory *self)
{
  self->channels = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)chat_api_channel_unref);
}

ChatApiDirectory *
chat_api_directory_new (ChatChannelStore *store)
{
  ChatApiDirectory *self = g_object_new (CHAT_TYPE_API_DIRECTORY, NULL);

  self->store = g_object_ref (store);
  return self;
}

ChatApiChannel *
chat_api_directory_find (ChatApiDirectory *self, const char *name)
{
  return g_hash_table_lookup (self->channels, name);
}

ChatApiChannel *
chat_api_directory_add (ChatApiDirectory *self, const ChatChannelInfo *info)
{
  ChatApiChannel *channel = chat_api_directory_find (self, info->name);

  if (channel != NULL)
    return channel;
  if (g_hash_table_size (self->channels) >= CHANNELS_MAX)
    g_hash_table_remove_all (self->channels);
  channel = channel_new (info);
  g_hash_table_insert (self->channels, channel->name, channel);
  return channel;
}

gboolean
chat_api_directory_check (const ChatApiChannel *channel, const char *user_key, GError **error)
{
  if (chat_api_channel_is_open_to (channel, user_key))
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_NO_CHANNEL, "There is no channel \"%s\"", channel->name);
  return FALSE;
}

void
chat_api_directory_lookup_async (ChatApiDirectory *self, const char *name, const char *user_key,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  ChatApiChannel *channel = chat_api_directory_find (self, name);
  GError *error = NULL;
  Lookup *lookup;

  g_task_set_source_tag (task, chat_api_directory_lookup_async);
  if (channel != NULL)
    {
      if (user_key != NULL && !chat_api_directory_check (channel, user_key, &error))
        g_task_return_error (task, error);
      else
        g_task_return_pointer (task, chat_api_channel_ref (channel), (GDestroyNotify)chat_api_channel_unref);
      return;
    }
  lookup = g_new0 (Lookup, 1);
  lookup->name = g_strdup (name);
  lookup->user_key = g_strdup (user_key);
  g_task_set_task_data (task, lookup, lookup_free);
  chat_channel_store_get_async (self->store, name, NULL, cancellable, got_cb, g_steal_pointer (&task));
}

ChatApiChannel *
chat_api_directory_lookup_finish (ChatApiDirectory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
