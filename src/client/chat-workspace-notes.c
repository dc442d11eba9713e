/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-mention.h"
#include "client/chat-workspace-private.h"
#include "core/chat-time.h"

/* What somebody may want to be told of: each message once, over breaks of the feed and restarts. */

#define OLDEST_MS (24 * 3600 * 1000)

gboolean
chat_workspace_is_noteworthy (ChatWorkspace *self, ChatChannel *channel, ChatMessage *message)
{
  const char *id = chat_message_get_id (message);
  gint64 seq = chat_message_get_seq (message);

  if (id == NULL || !chat_channel_get_joined (channel) || chat_channel_get_muted (channel)
      || chat_workspace_is_own (self, message)
      || (chat_message_get_kind (message) != CHAT_KIND_MESSAGE && chat_message_get_kind (message) != CHAT_KIND_NOTICE))
    return FALSE;
  if (chat_message_get_timestamp (message) < chat_time_now () - OLDEST_MS)
    return FALSE;
  if (seq > 0 && (seq <= chat_channel_get_notified (channel) || seq <= chat_channel_get_read (channel)))
    return FALSE;
  return chat_lru_get (self->noted, id) == NULL;
}

void
chat_workspace_note (ChatWorkspace *self, ChatChannel *channel, ChatMessage *message)
{
  gboolean mention;

  if (!chat_workspace_is_noteworthy (self, channel, message))
    return;
  chat_lru_put (self->noted, chat_message_get_id (message), GINT_TO_POINTER (1));
  chat_workspace_place_note (self, channel, chat_message_get_id (message), chat_message_get_seq (message));
  mention = chat_mention_is_in (chat_message_get_data (message), self->user);
  chat_workspace_emit_noteworthy (self, channel, message, mention);
}

void
chat_workspace_place_note (ChatWorkspace *self, ChatChannel *channel, const char *id, gint64 seq)
{
  /* while earlier ones are still to come, a seq says nothing of them */
  if (self->resume == NULL && seq > 0 && chat_lru_get (self->noted, id) != NULL)
    chat_channel_set_notified (channel, seq);
}
