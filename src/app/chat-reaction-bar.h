/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "client/chat-message-item.h"

G_BEGIN_DECLS

#define CHAT_TYPE_REACTION_BAR (chat_reaction_bar_get_type ())
G_DECLARE_FINAL_TYPE (ChatReactionBar, chat_reaction_bar, CHAT, REACTION_BAR, GtkWidget)

/**
 * ChatReactionBar:
 *
 * The emoji under a message, each a button with its count, one's own ones raised; a click takes part or takes it back
 * by the action `conversation.react` (message id, emoji, whether to add). Wraps.
 */
GtkWidget *chat_reaction_bar_new (void);

/** chat_reaction_bar_set_item: shows the reactions that @item has now. */
void chat_reaction_bar_set_item (ChatReactionBar *self, ChatMessageItem *item);

G_END_DECLS
