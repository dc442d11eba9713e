/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-message-item-private.h"

G_BEGIN_DECLS

/** CHAT_REMOVAL_MEMBER: the member by which a reaction of the user's own says that it is one to be taken away. */
#define CHAT_REMOVAL_MEMBER "removal"

/**
 * ChatMessageChanges:
 *
 * What is known of a channel's edits, deletions and reactions: by what they are about, each once by its id, in the
 * order of their seqs, behind them those whose seq is not known yet, as they came, and last the user's own ones that
 * nobody has seen yet. Whether they come before or after their target, twice or out of order makes no difference.
 *
 * A message that the store gives back has a `state`, which has everything up to its seq in it: only what came later is
 * applied on top. One applies where its author is its target's, or is a moderator (the store's rule); a deleted message
 * stays deleted; each user has each emoji once under a message.
 */
typedef struct _ChatMessageChanges ChatMessageChanges;

ChatMessageChanges *chat_message_changes_new (void);
void chat_message_changes_free (ChatMessageChanges *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatMessageChanges, chat_message_changes_free)

/** chat_message_changes_is: whether @message is an edit, a deletion or a reaction. */
gboolean chat_message_changes_is (const ChatMessage *message);
/** chat_message_changes_is_removal: whether @message, of the user's own, takes a reaction away: a record of that kind
 * exists on this computer only. */
gboolean chat_message_changes_is_removal (const ChatMessage *message);

/** chat_message_changes_add: @seq: 0: not known; @pending: the user's own, not seen yet: one that was seen replaces it.
 * FALSE where it is there already. */
gboolean chat_message_changes_add (ChatMessageChanges *self, ChatMessage *record, gint64 seq, gboolean pending);
/** chat_message_changes_place: the seq of a record became known. FALSE where it is not here. */
gboolean chat_message_changes_place (ChatMessageChanges *self, const char *id, gint64 seq);
/** chat_message_changes_remove: FALSE where it is not here. */
gboolean chat_message_changes_remove (ChatMessageChanges *self, const char *id);
/** chat_message_changes_find_target: (transfer none) (nullable): what the record with @id is about. */
const char *chat_message_changes_find_target (ChatMessageChanges *self, const char *id);

/** chat_message_changes_apply: (transfer full) (nullable): what they make of @message as @user sees it; NULL: it stands
 * as it was written. @user: (nullable) */
ChatItemState *chat_message_changes_apply (ChatMessageChanges *self, ChatMessage *message, const char *user);

/** chat_message_changes_get_size: how many there are. */
guint chat_message_changes_get_size (ChatMessageChanges *self);
/** chat_message_changes_prune: forgets those about what is not in @targets (a set of ids), but for the @keep that came
 * last and those that are pending. */
void chat_message_changes_prune (ChatMessageChanges *self, GHashTable *targets, guint keep);

G_END_DECLS
