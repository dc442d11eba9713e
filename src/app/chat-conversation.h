/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "client/chat-workspace.h"

G_BEGIN_DECLS

#define CHAT_TYPE_CONVERSATION (chat_conversation_get_type ())
G_DECLARE_FINAL_TYPE (ChatConversation, chat_conversation, CHAT, CONVERSATION, GtkWidget)

/**
 * ChatConversation:
 *
 * One channel: its head, its messages, and the composer or, for a blocked user, why there is none.
 *
 * Properties: `folded` (boolean, writable): the sidebar is folded away, show a way back.
 * Actions: `message.copy`, `message.copy-json`, `message.retry`, `message.discard` on the row whose menu is open.
 */
GtkWidget *chat_conversation_new (void);
/** chat_conversation_bind_settings: what a person can set about writing and the look of messages. Once. */
void chat_conversation_bind_settings (ChatConversation *self, GSettings *settings);
void chat_conversation_set_workspace (ChatConversation *self, ChatWorkspace *workspace);
void chat_conversation_set_channel (ChatConversation *self, ChatChannel *channel);
ChatChannel *chat_conversation_get_channel (ChatConversation *self);
/** chat_conversation_keep_draft: what stands in the composer becomes the channel's draft. */
void chat_conversation_keep_draft (ChatConversation *self);
void chat_conversation_focus (ChatConversation *self);

G_END_DECLS
