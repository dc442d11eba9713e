/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-workspace-private.h"

/* What is here before the service is: channels, their timelines and what they are filled with from the disk. */

/* Of one channel, for the first frame. */
#define PRELOAD 60
/* Timelines that are filled before anybody looks at them. */
#define OPEN_AHEAD 24

typedef struct
{
  ChatTimeline *timeline;
  const char *channel;
} AddPending;

static void
add_pending_cb (ChatMessage *message, ChatDelivery delivery, const char *reason, gpointer data)
{
  AddPending *add = data;

  if (g_strcmp0 (chat_message_get_channel (message), add->channel) != 0)
    return;
  chat_timeline_add_pending (add->timeline, message, delivery);
  if (reason != NULL)
    chat_timeline_set_delivery (add->timeline, chat_message_get_id (message), delivery, reason);
}

static void
fetched_cb (ChatTimeline *timeline, GPtrArray *messages, gint64 head, ChatWorkspace *self)
{
  const char *name = chat_timeline_get_channel (timeline);
  ChatChannel *channel = chat_channel_list_find (self->channels, name);

  chat_cache_add_page (self->cache, name, messages, head);
  for (guint i = 0; i < messages->len; i++)
    if (chat_workspace_is_own (self, g_ptr_array_index (messages, i)))
      chat_outbox_settle (self->outbox, chat_message_get_id (g_ptr_array_index (messages, i)));
  if (channel == NULL)
    return;
  chat_channel_set_head (channel, head);
  if (chat_workspace_is_reading (self, channel))
    chat_workspace_read_all (self, channel);
}

typedef struct
{
  GWeakRef timeline;
} LoadCached;

static void
cached_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LoadCached *load = user_data;
  g_autoptr (ChatTimeline) timeline = g_weak_ref_get (&load->timeline);
  g_autoptr (GPtrArray) messages = chat_cache_load_finish (CHAT_CACHE (source), result, NULL);

  /* without a cache the history fills it; what is wrong with the disk was said when it was opened */
  if (timeline != NULL && messages != NULL)
    chat_timeline_add_cached (timeline, messages);
  g_weak_ref_clear (&load->timeline);
  g_free (load);
}

static void
fill_from_cache (ChatWorkspace *self, ChatTimeline *timeline)
{
  const char *name = chat_timeline_get_channel (timeline);
  GPtrArray *messages = g_hash_table_lookup (self->preloaded, name);
  LoadCached *load;

  if (messages != NULL)
    {
      chat_timeline_add_cached (timeline, messages);
      g_hash_table_remove (self->preloaded, name);
      return;
    }
  load = g_new0 (LoadCached, 1);
  g_weak_ref_init (&load->timeline, timeline);
  chat_cache_load_async (self->cache, name, PRELOAD, self->cancellable, cached_cb, load);
}

/* Somebody looks at a timeline that was opened ahead. */
static void
wake_timeline (ChatWorkspace *self, ChatChannel *channel)
{
  ChatTimeline *timeline = chat_channel_peek_timeline (channel);

  if (chat_channel_get_unread (channel) > 0)
    chat_timeline_set_read (timeline, chat_channel_get_read (channel));
  if (self->feed_online)
    chat_timeline_resync (timeline);
}

static ChatTimeline *
open_timeline (ChatChannel *channel, gpointer data, gboolean awake)
{
  ChatWorkspace *self = data;
  const char *name = chat_channel_get_name (channel);
  ChatTimeline *timeline;
  GHashTableIter iter;
  gpointer warning;

  if (awake)
    {
      wake_timeline (self, channel);
      return NULL;
    }
  timeline = chat_timeline_new (name, self->user, CHAT_HISTORY (self->history));
  g_signal_connect_object (timeline, "fetched", G_CALLBACK (fetched_cb), self, 0);
  g_signal_connect_object (timeline, "notify::loading-older", G_CALLBACK (chat_workspace_update_state), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (timeline, "notify::loading-newer", G_CALLBACK (chat_workspace_update_state), self,
                           G_CONNECT_SWAPPED);
  g_hash_table_iter_init (&iter, self->warnings);
  while (g_hash_table_iter_next (&iter, NULL, &warning))
    if (g_strcmp0 (((ChatWarning *)warning)->channel, name) == 0)
      chat_timeline_add_warning (timeline, warning);
  chat_outbox_foreach (self->outbox, add_pending_cb, &(AddPending){ timeline, name });
  if (chat_channel_get_unread (channel) > 0)
    chat_timeline_set_read (timeline, chat_channel_get_read (channel));
  fill_from_cache (self, timeline);
  if (self->feed_online && !chat_channel_is_asleep (channel))
    chat_timeline_resync (timeline);
  return timeline;
}

/* Channels */

static void
kept_cb (ChatChannel *channel, GParamSpec *pspec, ChatWorkspace *self)
{
  chat_cache_put_channel (self->cache, channel);
}

ChatChannel *
chat_workspace_upsert_channel (ChatWorkspace *self, const char *name)
{
  ChatChannel *channel = chat_channel_list_find (self->channels, name);

  if (channel != NULL)
    return channel;
  channel = chat_channel_new (name, open_timeline, self);
  g_signal_connect_object (channel, "notify::draft", G_CALLBACK (kept_cb), self, 0);
  g_signal_connect_object (channel, "notify::muted", G_CALLBACK (kept_cb), self, 0);
  g_signal_connect_object (channel, "notify::notify", G_CALLBACK (kept_cb), self, 0);
  if (self->site != NULL)
    chat_channel_set_joined (channel, TRUE);
  chat_channel_list_add (self->channels, channel);
  g_object_unref (channel);
  return channel;
}

/* Timelines that are likely to be looked at next are filled from the cache when nothing else is to be done, and kept
 * true by the feed from there on: they are there at once. */

static gboolean
open_ahead_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;
  ChatChannel *next = NULL;
  guint open = 0;

  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatChannel *channel = chat_channel_list_get (self->channels, i);

      if (chat_channel_peek_timeline (channel) != NULL)
        open++;
      else if (next == NULL || chat_channel_get_active (channel) > chat_channel_get_active (next))
        next = channel;
    }
  if (next != NULL && open < OPEN_AHEAD)
    {
      chat_channel_open_ahead (next);
      return G_SOURCE_CONTINUE;
    }
  self->ahead_source = 0;
  return G_SOURCE_REMOVE;
}

static void
open_ahead_soon (ChatWorkspace *self)
{
  if (self->ahead_source == 0 && !self->closing)
    self->ahead_source = g_idle_add_full (G_PRIORITY_LOW, open_ahead_cb, self, NULL);
}

/* Opening: the cache, then the outbox; the second goes on where the first failed, so that one error is enough. */

static void
outbox_loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (chat_outbox_load_finish (CHAT_OUTBOX (source), result, &error))
    {
      open_ahead_soon (g_task_get_source_object (task));
      g_task_return_boolean (task, TRUE);
      return;
    }
  chat_workspace_set_storage_error (g_task_get_source_object (task), error);
  g_task_return_error (task, g_steal_pointer (&error));
}

static void
cache_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatWorkspace *self = g_task_get_source_object (task);
  const char *preload = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatCacheContents) contents = chat_cache_open_finish (CHAT_CACHE (source), result, &error);

  if (contents == NULL)
    {
      chat_workspace_set_storage_error (self, error);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  for (guint i = 0; i < contents->channels->len; i++)
    {
      ChatChannelState *state = g_ptr_array_index (contents->channels, i);

      chat_channel_apply_state (chat_workspace_upsert_channel (self, state->name), state);
    }
  if (preload != NULL)
    g_hash_table_insert (self->preloaded, g_strdup (preload), g_ptr_array_ref (contents->messages));
  self->was_here = g_strcmp0 (g_hash_table_lookup (contents->values, "session"), self->user) == 0;
  chat_workspace_set_name (self, g_hash_table_lookup (contents->values, "name"));
  chat_workspace_site_restore (self, contents->values);
  chat_outbox_load_async (self->outbox, NULL, outbox_loaded_cb, g_steal_pointer (&task));
}

void
chat_workspace_open_async (ChatWorkspace *self, const char *channel, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_workspace_open_async);
  g_task_set_task_data (task, g_strdup (channel), g_free);
  chat_cache_open_async (self->cache, channel, PRELOAD, NULL, cache_opened_cb, task);
}

gboolean
chat_workspace_open_finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
