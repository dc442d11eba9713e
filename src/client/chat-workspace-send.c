/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-workspace-private.h"

#include "client/chat-message-changes.h"
#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"

/* What the user writes: it is shown and kept at once, and the outbox sends it. */

/* (transfer full): one of the user's own, of now */
static ChatMessage *
make_message (ChatWorkspace *self, ChatMessageKind kind, const char *channel)
{
  ChatMessage *message = chat_message_new (kind);
  g_autofree char *id = chat_uuid_v7 ();

  chat_message_set_id (message, id);
  chat_message_set_channel (message, channel);
  chat_message_set_author (message, self->user);
  chat_message_set_sent (message, chat_time_now ());
  /* until the server's clock is known */
  chat_message_set_timestamp (message, chat_message_get_sent (message));
  return message;
}

static void
send_message (ChatWorkspace *self, ChatMessage *message)
{
  ChatTimeline *timeline = chat_workspace_peek_timeline (self, chat_message_get_channel (message));

  if (timeline != NULL)
    chat_timeline_add_pending (timeline, message, CHAT_DELIVERY_NONE);
  chat_outbox_add (self->outbox, message);
}

static gboolean
send_text (ChatWorkspace *self, ChatMessageKind kind, const char *channel, const char *text, const char *reply_to,
           GError **error)
{
  g_autoptr (ChatMessage) message = NULL;

  if (!chat_channel_name_check (channel, error) || !chat_text_check (text, error))
    return FALSE;
  message = make_message (self, kind, channel);
  chat_message_set_data (message, text);
  chat_message_set_reply_to (message, reply_to);
  send_message (self, message);
  return TRUE;
}

gboolean
chat_workspace_send (ChatWorkspace *self, const char *channel, const char *text, const char *reply_to, GError **error)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), FALSE);
  return send_text (self, CHAT_KIND_MESSAGE, channel, text, reply_to, error);
}

gboolean
chat_workspace_send_notice (ChatWorkspace *self, const char *channel, const char *text, GError **error)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), FALSE);
  return send_text (self, CHAT_KIND_NOTICE, channel, text, NULL, error);
}

/* (transfer full) (nullable): an own message that the service would not take: it is not edited or deleted there, but
 * another one, or none. */
static ChatMessage *
find_unsent (ChatWorkspace *self, const char *message_id)
{
  ChatDelivery delivery = CHAT_DELIVERY_NONE;
  ChatMessage *message = chat_outbox_find (self->outbox, message_id, &delivery);

  if (message == NULL || (delivery != CHAT_DELIVERY_FAILED && delivery != CHAT_DELIVERY_REFUSED))
    return NULL;
  return chat_message_ref (message);
}

gboolean
chat_workspace_edit (ChatWorkspace *self, const char *channel, const char *message_id, const char *text, GError **error)
{
  g_autoptr (ChatMessage) message = NULL;
  g_autoptr (ChatMessage) unsent = NULL;

  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), FALSE);
  g_return_val_if_fail (channel != NULL && message_id != NULL, FALSE);

  if (!chat_text_check (text, error))
    return FALSE;
  unsent = find_unsent (self, message_id);
  if (unsent != NULL)
    {
      chat_workspace_discard (self, message_id);
      return send_text (self, chat_message_get_kind (unsent), channel, text, chat_message_get_reply_to (unsent), error);
    }
  message = make_message (self, CHAT_KIND_EDIT, channel);
  chat_message_set_target (message, message_id);
  chat_message_set_data (message, text);
  send_message (self, message);
  return TRUE;
}

void
chat_workspace_delete (ChatWorkspace *self, const char *channel, const char *message_id)
{
  g_autoptr (ChatMessage) message = NULL;
  g_autoptr (ChatMessage) unsent = NULL;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));
  g_return_if_fail (channel != NULL && message_id != NULL);

  unsent = find_unsent (self, message_id);
  if (unsent != NULL)
    {
      chat_workspace_discard (self, message_id);
      return;
    }
  message = make_message (self, CHAT_KIND_DELETE, channel);
  chat_message_set_target (message, message_id);
  send_message (self, message);
}

/* (transfer full): what takes a reaction away says so in a member that no other record has */
static ChatMessage *
make_removal (ChatMessage *reaction)
{
  g_autoptr (JsonObject) object = chat_message_encode_object (reaction);

  json_object_set_boolean_member (object, CHAT_REMOVAL_MEMBER, TRUE);
  return chat_message_decode_object (object, NULL);
}

void
chat_workspace_react (ChatWorkspace *self, const char *channel, const char *message_id, const char *emoji, gboolean add)
{
  g_autoptr (ChatMessage) message = NULL;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));
  g_return_if_fail (channel != NULL && message_id != NULL && emoji != NULL);

  message = make_message (self, CHAT_KIND_REACTION, channel);
  chat_message_set_target (message, message_id);
  chat_message_set_data (message, emoji);
  if (!add)
    {
      g_autoptr (ChatMessage) removal = make_removal (message);

      g_return_if_fail (removal != NULL);
      send_message (self, removal);
      return;
    }
  send_message (self, message);
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
