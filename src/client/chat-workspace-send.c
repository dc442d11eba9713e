/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-workspace-private.h"

#include <glib/gi18n-lib.h>

#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"

/* What the user writes: it is shown and kept at once, and the outbox sends it. */

static gboolean
send_kind (ChatWorkspace *self, ChatMessageKind kind, const char *channel, const char *text, const char *reply_to,
           GError **error)
{
  g_autoptr (ChatMessage) message = NULL;
  g_autofree char *id = NULL;
  ChatTimeline *timeline;

  if (!chat_channel_name_check (channel, error) || !chat_text_check (text, error))
    return FALSE;
  id = chat_uuid_v7 ();
  message = chat_message_new (kind);
  chat_message_set_id (message, id);
  chat_message_set_channel (message, channel);
  chat_message_set_author (message, self->user);
  chat_message_set_data (message, text);
  chat_message_set_reply_to (message, reply_to);
  chat_message_set_sent (message, chat_time_now ());
  /* until the server's clock is known */
  chat_message_set_timestamp (message, chat_message_get_sent (message));

  timeline = chat_workspace_peek_timeline (self, channel);
  if (timeline != NULL)
    chat_timeline_add_pending (timeline, message, CHAT_DELIVERY_NONE);
  chat_outbox_add (self->outbox, message);
  return TRUE;
}

gboolean
chat_workspace_send (ChatWorkspace *self, const char *channel, const char *text, const char *reply_to, GError **error)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), FALSE);

  return send_kind (self, CHAT_KIND_MESSAGE, channel, text, reply_to, error);
}

gboolean
chat_workspace_send_notice (ChatWorkspace *self, const char *channel, const char *text, GError **error)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), FALSE);

  return send_kind (self, CHAT_KIND_NOTICE, channel, text, NULL, error);
}

void
chat_workspace_retry (ChatWorkspace *self, const char *message_id)
{
  g_return_if_fail (CHAT_IS_WORKSPACE (self));
  chat_outbox_retry (self->outbox, message_id);
}

void
chat_workspace_discard (ChatWorkspace *self, const char *message_id)
{
  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  if (!chat_outbox_discard (self->outbox, message_id))
    return;
  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatTimeline *timeline = chat_channel_peek_timeline (chat_channel_list_get (self->channels, i));

      if (timeline != NULL)
        chat_timeline_remove_pending (timeline, message_id);
    }
}

gboolean
chat_workspace_edit (ChatWorkspace *self, const char *channel, const char *message_id, const char *text, GError **error)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), FALSE);

  g_set_error (error, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, _ ("Not offered"));
  return FALSE;
}

void
chat_workspace_delete (ChatWorkspace *self, const char *channel, const char *message_id)
{
  g_return_if_fail (CHAT_IS_WORKSPACE (self));
  chat_workspace_emit_refused (self, message_id, _ ("Not offered"));
}

void
chat_workspace_react (ChatWorkspace *self, const char *channel, const char *message_id, const char *emoji, gboolean add)
{
  g_return_if_fail (CHAT_IS_WORKSPACE (self));
  chat_workspace_emit_refused (self, message_id, _ ("Not offered"));
}
