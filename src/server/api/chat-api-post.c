/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-post.h"

#include <string.h>

#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "moderation/chat-skeleton.h"
#include "server/api/chat-api-error.h"

#define ID_MAX_BYTES 64
#define ID_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"

/* Members that only the service writes, or that say nothing in what is sent. */
static const char *const reserved[]
    = { "moderation", "moderator", "state", "seq", "bot", "user", "receipts", "reason", "target", NULL };

static void
target_clear (ChatApiTarget *target)
{
  g_free (target->channel);
  g_free (target->author);
  g_free (target->user_key);
  g_free (target->reaction);
  *target = (ChatApiTarget){ 0 };
}

void
chat_api_post_free (ChatApiPost *self)
{
  g_free (self->user_key);
  g_clear_pointer (&self->message, chat_message_unref);
  g_free (self->about);
  g_free (self->emoji);
  target_clear (&self->target);
  g_free (self);
}

/* Takes @message. */
static ChatApiPost *
post_new (const ChatSessionInfo *session, ChatApiPostKind kind, ChatMessage *message, const char *about)
{
  ChatApiPost *self = g_new0 (ChatApiPost, 1);

  self->kind = kind;
  self->user_key = g_strdup (session->user_key);
  self->role = session->role;
  self->message = message;
  self->about = g_strdup (about);
  chat_message_set_bot (message, session->bot);
  return self;
}

gboolean
chat_api_post_is_id (const char *text)
{
  gsize length = strspn (text, ID_CHARACTERS);

  return length > 0 && length <= ID_MAX_BYTES && text[length] == '\0';
}

/*
 * From what came
 */

static gboolean
check_own_member (JsonObject *record, const char *member, const char *own, GError **error)
{
  const char *given = own;

  if (!chat_json_get_string (record, member, FALSE, &given, error))
    return FALSE;
  if (g_str_equal (given, own))
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"%s\" is \"%s\", but here it is \"%s\": leave it out",
               member, given, own);
  return FALSE;
}

/* (transfer full) (nullable) */
static char *
make_id (const char *given, GError **error)
{
  if (given == NULL)
    return chat_uuid_v7 ();
  if (chat_uuid_is_valid (given))
    return g_ascii_strdown (given, -1);
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"id\" is \"%s\", which is not a UUID", given);
  return NULL;
}

static gboolean
set_id (JsonObject *record, GError **error)
{
  const char *given = NULL;
  g_autofree char *id = NULL;

  if (!chat_json_get_string (record, "id", FALSE, &given, error) || (id = make_id (given, error)) == NULL)
    return FALSE;
  json_object_set_string_member (record, "id", id);
  return TRUE;
}

static void
set_own_members (const ChatSessionInfo *session, JsonObject *record)
{
  g_autofree char *now = chat_time_format (chat_time_now ());

  for (guint i = 0; reserved[i] != NULL; i++)
    json_object_remove_member (record, reserved[i]);
  json_object_set_string_member (record, "author", session->user);
  json_object_set_string_member (record, "timestamp", now);
}

static gboolean
check_kind (const ChatMessage *message, GError **error)
{
  ChatMessageKind kind = chat_message_get_kind (message);

  if (kind == CHAT_KIND_MESSAGE || kind == CHAT_KIND_NOTICE)
    return TRUE;
  g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"kind\" must be \"message\" or \"notice\" here");
  return FALSE;
}

ChatApiPost *
chat_api_post_new_message (const ChatSessionInfo *session, const char *channel, JsonObject *record, GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr (ChatMessage) message = NULL;
  const char *reply_to;

  if (channel == NULL && !chat_json_get_string (record, "channel", TRUE, &channel, error))
    return NULL;
  name = g_strdup (channel); /* it may be the record's own, which is about to be set */
  if (!chat_channel_name_check (name, error) || !check_own_member (record, "channel", name, error)
      || !check_own_member (record, "author", session->user, error) || !set_id (record, error))
    return NULL;
  set_own_members (session, record);
  json_object_set_string_member (record, "channel", name);
  message = chat_message_decode_object (record, error);
  if (message == NULL || !check_kind (message, error))
    return NULL;
  reply_to = chat_message_get_reply_to (message);
  return post_new (session, CHAT_API_POST_MESSAGE, g_steal_pointer (&message), reply_to);
}

ChatApiPost *
chat_api_post_new_edit (const ChatSessionInfo *session, const char *target, JsonObject *record, GError **error)
{
  ChatMessage *message;

  if (!check_own_member (record, "author", session->user, error) || !set_id (record, error)
      || !check_own_member (record, "kind", "edit", error))
    return NULL;
  set_own_members (session, record);
  json_object_remove_member (record, "channel");
  json_object_remove_member (record, "reply_to");
  json_object_set_string_member (record, "kind", "edit");
  json_object_set_string_member (record, "target", target);
  message = chat_message_decode_object (record, error);
  return message != NULL ? post_new (session, CHAT_API_POST_EDIT, message, target) : NULL;
}

static ChatMessage *
make_record (const ChatSessionInfo *session, ChatMessageKind kind, const char *id)
{
  ChatMessage *message = chat_message_new (kind);

  chat_message_set_id (message, id);
  chat_message_set_author (message, session->user);
  chat_message_set_timestamp (message, chat_time_now ());
  return message;
}

ChatApiPost *
chat_api_post_new_change (const ChatSessionInfo *session, ChatApiPostKind kind, const char *id, const char *target,
                          const char *emoji, GError **error)
{
  g_autofree char *own_id = make_id (id, error);
  ChatMessage *message;
  ChatApiPost *self;

  if (own_id == NULL)
    return NULL;
  message = make_record (session, kind == CHAT_API_POST_REACT ? CHAT_KIND_REACTION : CHAT_KIND_DELETE, own_id);
  if (kind != CHAT_API_POST_UNREACT)
    chat_message_set_target (message, target);
  if (kind == CHAT_API_POST_REACT)
    chat_message_set_data (message, emoji);
  self = post_new (session, kind, message, target);
  self->emoji = g_strdup (emoji);
  return self;
}

ChatApiPost *
chat_api_post_new_announcement (const ChatSessionInfo *session, ChatMessageKind kind, const char *channel,
                                const char *data)
{
  g_autofree char *id = chat_uuid_v7 ();
  ChatMessage *message = make_record (session, kind, id);

  chat_message_set_channel (message, channel);
  chat_message_set_data (message, data);
  return post_new (session, CHAT_API_POST_ANNOUNCE, message, NULL);
}

/*
 * The message that it is about
 */

gboolean
chat_api_post_is_change (const ChatApiPost *self)
{
  return self->kind != CHAT_API_POST_MESSAGE && self->kind != CHAT_API_POST_ANNOUNCE;
}

static char *
find_reaction (const ChatApiPost *self, const ChatMessageState *state)
{
  for (guint i = 0; self->emoji != NULL && i < state->reactions->len; i++)
    {
      const ChatReaction *reaction = state->reactions->pdata[i];
      g_autofree char *key = chat_skeleton (reaction->author);

      if (g_str_equal (reaction->emoji, self->emoji) && g_str_equal (key, self->user_key))
        return g_strdup (reaction->id);
    }
  return NULL;
}

void
chat_api_post_set_target (ChatApiPost *self, const ChatMessage *stored)
{
  ChatApiTarget *target = &self->target;
  const ChatMessageState *state;
  ChatMessageKind kind;

  target_clear (target);
  target->known = TRUE;
  if (stored == NULL)
    return;
  kind = chat_message_get_kind (stored);
  state = chat_message_get_state (stored);
  target->fitting = kind == CHAT_KIND_MESSAGE || kind == CHAT_KIND_NOTICE;
  target->channel = g_strdup (chat_message_get_channel (stored));
  target->author = g_strdup (chat_message_get_author (stored));
  target->user_key = target->author != NULL ? chat_skeleton (target->author) : NULL;
  target->deleted = state != NULL && state->deleted != CHAT_TIME_UNKNOWN;
  target->reaction = state != NULL ? find_reaction (self, state) : NULL;
}

GError *
chat_api_post_error_no_message (const char *id)
{
  return g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_NO_MESSAGE, "There is no message %s", id);
}

static gboolean
check_reply (const ChatApiPost *self, GError **error)
{
  const char *channel = chat_message_get_channel (self->message);

  if (self->target.fitting && g_strcmp0 (self->target.channel, channel) == 0)
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER,
               "\"reply_to\" is \"%s\", but there is no such message in %s", self->about, channel);
  return FALSE;
}

static gboolean
check_owner (ChatApiPost *self, GError **error)
{
  if (self->kind == CHAT_API_POST_REACT || self->kind == CHAT_API_POST_UNREACT
      || g_strcmp0 (self->target.user_key, self->user_key) == 0)
    return TRUE;
  chat_message_set_moderator (self->message, self->role >= CHAT_ROLE_MODERATOR);
  if (self->role >= CHAT_ROLE_MODERATOR)
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_NOT_YOURS,
               "The message is by %s: only its author and moderators can change or delete it",
               self->target.author != NULL ? self->target.author : "somebody unknown");
  return FALSE;
}

gboolean
chat_api_post_check_target (ChatApiPost *self, gboolean *unchanged, GError **error)
{
  *unchanged = FALSE;
  if (self->about == NULL)
    return TRUE;
  if (self->kind == CHAT_API_POST_MESSAGE)
    return check_reply (self, error);
  if (!self->target.fitting)
    {
      g_propagate_error (error, chat_api_post_error_no_message (self->about));
      return FALSE;
    }
  if (!check_owner (self, error))
    return FALSE;
  *unchanged = (self->kind == CHAT_API_POST_DELETE && self->target.deleted)
               || (self->kind == CHAT_API_POST_REACT && self->target.reaction != NULL)
               || (self->kind == CHAT_API_POST_UNREACT && self->target.reaction == NULL);
  if (*unchanged || !self->target.deleted)
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MESSAGE_DELETED, "The message %s is deleted", self->about);
  return FALSE;
}
