/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"

G_BEGIN_DECLS

/**
 * ChatExtra:
 *
 * The members of a record that this version does not know: as text, to be written as they came, and as an object, to be
 * looked at. Immutable and shared by the copies of a message, with an atomic count of its own because that of a
 * JsonObject is not.
 */
typedef struct
{
  gatomicrefcount ref_count;
  char *members; /* `"a":1,"b":[2]`, compact */
  JsonObject *object;
} ChatExtra;

struct _ChatMessage
{
  gatomicrefcount ref_count;

  ChatMessageKind kind;
  gboolean bot;
  gboolean moderator;
  gint64 timestamp;
  gint64 sent;
  gint64 seq;

  /* Owned */
  char *id;
  char *channel;
  char *author;
  char *data;
  char *target;
  char *reply_to;
  char *user;
  char *reason;
  ChatMessageState *state;
  ChatModerationNote *moderation;
  char *moderation_extra; /* members of `moderation` that are not known: `,"a":1` */
  GHashTable *receipts;
  ChatExtra *extra;
};

/** chat_message_set_extra_members: @members: as ChatExtra.members. FALSE with CHAT_CORE_ERROR_INVALID where one is
 * there twice. */
gboolean chat_message_set_extra_members (ChatMessage *self, const char *members, GError **error);

/** chat_message_state_append: as JSON. */
void chat_message_state_append (const ChatMessageState *self, GString *buffer);
/** chat_message_state_from_json: (transfer full) (nullable): NULL with a CHAT_CORE_ERROR. */
ChatMessageState *chat_message_state_from_json (JsonObject *object, GError **error);

G_END_DECLS
