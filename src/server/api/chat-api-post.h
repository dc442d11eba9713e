/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/chat-message.h"
#include "server/store/chat-user-store.h"

G_BEGIN_DECLS

/** ChatApiPostKind: what somebody wants to publish. */
typedef enum
{
  CHAT_API_POST_MESSAGE,  /* a message or notice */
  CHAT_API_POST_EDIT,     /* another text for a message */
  CHAT_API_POST_DELETE,   /* of a message */
  CHAT_API_POST_REACT,    /* an emoji under a message */
  CHAT_API_POST_UNREACT,  /* the removal of one's own */
  CHAT_API_POST_ANNOUNCE, /* join, leave, topic: of a channel */
} ChatApiPostKind;

/** ChatApiTarget: what is known of the message that a post is about. */
typedef struct
{
  gboolean known;   /* it was looked for; where it was not found, channel is NULL */
  gboolean fitting; /* it is a message or notice */
  gboolean deleted;
  char *channel;
  char *author;
  char *user_key; /* the author's; nullable */
  char *reaction; /* nullable: the id of the caller's own reaction with that emoji */
} ChatApiTarget;

/** ChatApiPost: one record on its way into the broker, and whose it is. */
typedef struct
{
  ChatApiPostKind kind;
  char *user_key;
  ChatRole role;
  ChatMessage *message; /* its channel, and an UNREACT's target, come from the target */
  char *about;          /* nullable: the id of the message that it is about */
  char *emoji;          /* nullable: of REACT and UNREACT */
  ChatApiTarget target;
  gboolean known_new; /* the store was asked */
  gboolean audited;
} ChatApiPost;

/* Each returns NULL with a CHAT_CORE_ERROR or CHAT_API_ERROR_MEMBER for what is wrong with what came from outside. The
 * author, the time and whether it is a bot's are the session's; members that only the service writes are dropped. */

/** chat_api_post_new_message: @channel: (nullable): else the record's own `channel`; @record: is changed. */
ChatApiPost *chat_api_post_new_message (const ChatSessionInfo *session, const char *channel, JsonObject *record,
                                        GError **error);
/** chat_api_post_new_edit: @target: the message's id; @record: `id`, `data`, `sent`; is changed. */
ChatApiPost *chat_api_post_new_edit (const ChatSessionInfo *session, const char *target, JsonObject *record,
                                     GError **error);
/** chat_api_post_new_change: DELETE, REACT or UNREACT. @id: (nullable): the record's own; @emoji: (nullable): as
 * chat_emoji_normalize() writes it. */
ChatApiPost *chat_api_post_new_change (const ChatSessionInfo *session, ChatApiPostKind kind, const char *id,
                                       const char *target, const char *emoji, GError **error);
/** chat_api_post_new_announcement: @kind: JOIN, LEAVE or TOPIC; @data: (nullable): the topic */
ChatApiPost *chat_api_post_new_announcement (const ChatSessionInfo *session, ChatMessageKind kind, const char *channel,
                                             const char *data);
void chat_api_post_free (ChatApiPost *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiPost, chat_api_post_free)

/** chat_api_post_is_change: whether it changes a message, so that the message says in which channel it is. */
gboolean chat_api_post_is_change (const ChatApiPost *self);

/** chat_api_post_set_target: @stored: (nullable): the message that it is about, as the store has it. */
void chat_api_post_set_target (ChatApiPost *self, const ChatMessage *stored);

/**
 * chat_api_post_check_target:
 * @unchanged: (out): whether all is so already
 *
 * Whether the caller may do this to that message, which he may see: NO_MESSAGE, NOT_YOURS, MESSAGE_DELETED, or MEMBER
 * for a reply. Sets `moderator` where he may only because he is one.
 */
gboolean chat_api_post_check_target (ChatApiPost *self, gboolean *unchanged, GError **error);

/** chat_api_post_error_no_message: (transfer full) */
GError *chat_api_post_error_no_message (const char *id);

/** chat_api_post_is_id: whether @text can be the id of a message: others' need not be UUIDs. */
gboolean chat_api_post_is_id (const char *text);

G_END_DECLS
