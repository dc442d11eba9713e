/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-workspace-private.h"

#include "core/chat-json.h"
#include "core/chat-names.h"

/* Read markers, and what is unread: as the service counts it, what came live since, what was read here or elsewhere. */

#define READ_SECONDS 1

gboolean
chat_workspace_is_reading (ChatWorkspace *self, ChatChannel *channel)
{
  return self->visible && g_strcmp0 (self->active, chat_channel_get_name (channel)) == 0;
}

static void
marked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (JsonObject) answer = chat_rest_call_finish (CHAT_REST (source), result, NULL, NULL);

  /* a marker that did not arrive is kept here, and told with the next sync */
}

void
chat_workspace_put_read (ChatWorkspace *self)
{
  GHashTableIter iter;
  gpointer name;

  g_clear_handle_id (&self->read_source, g_source_remove);
  /* without a service a read marker is kept here alone */
  if (self->site != NULL)
    g_hash_table_remove_all (self->unread_puts);
  g_hash_table_iter_init (&iter, self->unread_puts);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      ChatChannel *channel = chat_channel_list_find (self->channels, name);
      g_autofree char *path = g_strdup_printf ("v1/channels/%s/read", (const char *)name);
      g_autoptr (JsonObject) body = json_object_new ();

      if (channel == NULL || chat_channel_get_read (channel) == 0)
        continue;
      json_object_set_int_member (body, "seq", chat_channel_get_read (channel));
      chat_rest_call_async (self->rest, SOUP_METHOD_PUT, path, body, NULL, marked_cb, NULL);
    }
  g_hash_table_remove_all (self->unread_puts);
}

static gboolean
read_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;

  self->read_source = 0;
  if (self->session == CHAT_SESSION_OPEN)
    chat_workspace_put_read (self);
  return G_SOURCE_REMOVE;
}

void
chat_workspace_mark_read (ChatWorkspace *self, const char *channel)
{
  ChatChannel *found;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  found = chat_channel_list_find (self->channels, channel);
  if (found != NULL)
    chat_workspace_read_all (self, found);
}

void
chat_workspace_read_all (ChatWorkspace *self, ChatChannel *channel)
{
  gint64 head = chat_channel_get_head (channel);

  chat_unread_clear (chat_channel_get_counter (channel), head);
  chat_channel_update_unread (channel);
  if (head <= chat_channel_get_read (channel))
    return;
  chat_channel_set_read (channel, head);
  chat_cache_put_channel (self->cache, channel);
  g_hash_table_add (self->unread_puts, g_strdup (chat_channel_get_name (channel)));
  if (self->read_source == 0)
    self->read_source = g_timeout_add_seconds (READ_SECONDS, read_cb, self);
}

static void
read_number (JsonObject *object, const char *name, gint64 *value)
{
  chat_json_get_int (object, name, FALSE, value, NULL);
  *value = CLAMP (*value, 0, G_MAXINT32);
}

void
chat_workspace_take_counts (ChatWorkspace *self, ChatChannel *channel, JsonObject *object)
{
  gint64 head = 0, read = 0, unread = 0, mentions = 0;
  gint64 mine = chat_channel_get_read (channel);
  gboolean first;

  chat_json_get_int (object, "head", FALSE, &head, NULL);
  chat_json_get_int (object, "read", FALSE, &read, NULL);
  read_number (object, "unread", &unread);
  read_number (object, "mentions", &mentions);
  /* who comes to a public channel for the first time has not missed its past */
  first = chat_channel_meet (channel) && read == 0 && mine == 0 && chat_channel_get_head (channel) == 0
          && !chat_channel_get_joined (channel);
  chat_channel_set_head (channel, head);
  if (first || mine > read)
    g_hash_table_add (self->unread_puts, g_strdup (chat_channel_get_name (channel)));
  chat_channel_set_read (channel, first ? head : read);
  if (first || chat_channel_get_read (channel) >= head)
    chat_unread_take (chat_channel_get_counter (channel), head, 0, 0);
  else if (mine <= read)
    chat_unread_take (chat_channel_get_counter (channel), head, (guint)unread, (guint)mentions);
  else if (head > mine + chat_unread_get_unread (chat_channel_get_counter (channel)))
    /* the service counts from before what was read here: all that came behind it, at most */
    chat_unread_take (chat_channel_get_counter (channel), head, (guint)MIN (head - mine, unread), 0);
  chat_channel_update_unread (channel);
  if (chat_workspace_is_reading (self, channel))
    chat_workspace_read_all (self, channel);
}

void
chat_workspace_take_mark (ChatWorkspace *self, JsonObject *frame)
{
  const char *name = NULL;
  gint64 seq = 0;
  ChatChannel *channel;

  if (!chat_json_get_string (frame, "channel", TRUE, &name, NULL)
      || !chat_json_get_int (frame, "seq", TRUE, &seq, NULL))
    return;
  channel = chat_channel_list_find (self->channels, name);
  if (channel == NULL || seq <= chat_channel_get_read (channel))
    return;
  chat_channel_set_read (channel, seq);
  if (seq >= chat_channel_get_head (channel))
    chat_unread_clear (chat_channel_get_counter (channel), seq);
  else
    chat_workspace_sync_channel (self, name); /* how many that leaves, the service knows */
  chat_channel_update_unread (channel);
  chat_cache_put_channel (self->cache, channel);
}
