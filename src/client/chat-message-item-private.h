/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-message-item.h"

G_BEGIN_DECLS

/** ChatItemState: what later records made of a message. */
typedef struct
{
  char *text;             /* nullable: as it was written */
  gint64 edited, deleted; /* ms; CHAT_TIME_UNKNOWN */
  char *deleted_by;       /* nullable: its author */
  GPtrArray *reactions;   /* ChatReactionGroup */
} ChatItemState;

ChatItemState *chat_item_state_new (void);
void chat_item_state_free (ChatItemState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatItemState, chat_item_state_free)
/** chat_reaction_group_new: @users: (transfer full) */
ChatReactionGroup *chat_reaction_group_new (const char *emoji, char **users, gboolean mine);

/*
 * What the timeline writes into its rows. A setter says whether it changed what a row shows; the timeline then emits
 * `changed` for it, once, with the next splice.
 */
gboolean chat_message_item_set_message (ChatMessageItem *self, ChatMessage *message);
/** chat_message_item_set_delivery: a delivery never goes back: TRUE where this one is a step forward. */
gboolean chat_message_item_set_delivery (ChatMessageItem *self, ChatDelivery delivery, const char *reason);
gboolean chat_message_item_set_context (ChatMessageItem *self, gboolean starts_day, gboolean continues,
                                        guint unread_above);
/** chat_message_item_take_state: @state: (transfer full) (nullable): NULL: as it was written. */
gboolean chat_message_item_take_state (ChatMessageItem *self, ChatItemState *state);
gboolean chat_message_item_set_quoted (ChatMessageItem *self, ChatMessage *quoted);
/** chat_message_item_set_warning: the same warning, of a later moment. */
gboolean chat_message_item_set_warning (ChatMessageItem *self, const ChatWarning *warning);
void chat_message_item_set_own (ChatMessageItem *self, gboolean own);
/** chat_message_item_set_seq: no row shows it, so it is not told. */
void chat_message_item_set_seq (ChatMessageItem *self, gint64 seq);

/** chat_message_item_set_dirty: TRUE where it was not dirty before; chat_message_item_emit_changed() cleans it. */
gboolean chat_message_item_set_dirty (ChatMessageItem *self);
void chat_message_item_emit_changed (ChatMessageItem *self);

/* A number that the timeline keeps in a row while it compares two lists. */
void chat_message_item_set_mark (ChatMessageItem *self, guint mark);
guint chat_message_item_get_mark (ChatMessageItem *self);

G_END_DECLS
