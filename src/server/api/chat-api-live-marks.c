/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-live-marks.h"

#include "moderation/chat-skeleton.h"

typedef struct
{
  ChatApiLiveHub *hub;
  char *user_key;
  char *session_id;
} Move;

static void
move_free (Move *self)
{
  g_object_unref (self->hub);
  g_free (self->user_key);
  g_free (self->session_id);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Move, move_free)

/* The marker is where the store has it: it goes neither back nor past the head. */
static void
got_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Move) move = user_data;
  g_autoptr (ChatChannelInfo) info = chat_channel_store_get_finish (CHAT_CHANNEL_STORE (source), result, NULL);
  g_autoptr (GBytes) body = NULL;

  if (info == NULL)
    return; /* the others see it when they list their channels */
  body = chat_api_live_feed_write_mark (info->name, info->read);
  chat_api_live_hub_tell (move->hub, CHAT_API_LIVE_MARKS, move->user_key, move->session_id, body);
}

static void
tell_others (ChatApiLiveHub *hub, const char *user_key, const char *session_id, const char *channel)
{
  Move *move;

  if (!chat_api_live_hub_has_others (hub, user_key, session_id))
    return;
  move = g_new0 (Move, 1);
  move->hub = g_object_ref (hub);
  move->user_key = g_strdup (user_key);
  move->session_id = g_strdup (session_id);
  chat_channel_store_get_async (chat_store_get_channels (chat_api_live_hub_get_store (hub)), channel, user_key, NULL,
                                got_cb, move);
}

void
chat_api_live_marks_moved (ChatApiLiveHub *hub, const ChatSessionInfo *session, const char *channel)
{
  tell_others (hub, session->user_key, session->id, channel);
}

void
chat_api_live_marks_heard (ChatApiLiveHub *hub, const ChatMessage *mark)
{
  const char *user = chat_message_get_user (mark);
  const char *channel = chat_message_get_channel (mark);
  g_autofree char *user_key = user != NULL ? chat_skeleton (user) : NULL;

  if (user_key != NULL && channel != NULL)
    tell_others (hub, user_key, chat_message_get_target (mark), channel);
}
