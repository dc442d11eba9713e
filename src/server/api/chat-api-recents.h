/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message-digest.h"

G_BEGIN_DECLS

/** ChatApiRecent: a message that was posted lately. */
typedef struct
{
  char *id;
  guint8 digest[CHAT_MESSAGE_DIGEST_BYTES]; /* of its content */
  gint64 timestamp;
  ChatMessageKind kind;
  char *author, *user_key, *channel; /* interned (GRefString) */
  char *target;                      /* nullable */
  char *reaction;                    /* nullable: the key that finds it */
  gboolean accepted;                 /* the broker has confirmed it */
  gboolean learned;                  /* as the moderator let it through: its text may be another than what was posted */
  GPtrArray *waiters;                /* (element-type GTask): repeats that came before that */
} ChatApiRecent;

/**
 * ChatApiRecents:
 *
 * What makes posting idempotent without a query: the last ids with a digest of their content. It also knows whose those
 * are, and what was deleted and reacted to, while the store does not yet. A plain, bounded value.
 */
typedef struct _ChatApiRecents ChatApiRecents;

/** chat_api_recents_new: @max: most entries; @now: ms: of what was posted before, it knows nothing. */
ChatApiRecents *chat_api_recents_new (guint max, gint64 now);
void chat_api_recents_free (ChatApiRecents *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiRecents, chat_api_recents_free)

/** chat_api_recents_find: (transfer none) (nullable) */
ChatApiRecent *chat_api_recents_find (ChatApiRecents *self, const char *id);
/** chat_api_recents_add: (transfer none): for a message whose id is not there yet; forgets the oldest where full. */
ChatApiRecent *chat_api_recents_add (ChatApiRecents *self, const ChatMessage *message, const char *user_key);
void chat_api_recents_remove (ChatApiRecents *self, const char *id);

/** chat_api_recents_find_reaction: (transfer none) (nullable): the id of the last reaction with that emoji of that user
 * under that message. It may have been deleted since. */
const char *chat_api_recents_find_reaction (ChatApiRecents *self, const char *user_key, const char *target,
                                            const char *emoji);
/** chat_api_recents_has_deleted: whether the deletion of that record is among them. */
gboolean chat_api_recents_has_deleted (ChatApiRecents *self, const char *id);

/** chat_api_recent_is_same: whether @message has the content of the entry: then it is a repeat, else a conflict. */
gboolean chat_api_recent_is_same (const ChatApiRecent *recent, const ChatMessage *message);

/**
 * chat_api_recents_covers:
 * @now: ms
 *
 * Whether an id that is not found here can't have been posted before. A UUIDv7 says when it was made: later than all
 * that was forgotten, and not in the future, so that a wrong clock is no proof.
 */
gboolean chat_api_recents_covers (ChatApiRecents *self, const char *id, gint64 now);

G_END_DECLS
