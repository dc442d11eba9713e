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
 * Signal `open (char *channel, char *message_id)`: (message_id nullable) a result, a quote or a command leads there.
 * It activates the actions `win.show-members` and `win.exit` of whoever holds it.
 * Properties: `folded` (boolean, writable): the sidebar is folded away, show a way back.
 * Actions: `message.copy`, `message.copy-json`, `message.retry`, `message.discard` on the row whose menu is open.
 */
GtkWidget *chat_conversation_new (void);
/** chat_conversation_bind_settings: what a person can set about writing and the look of messages. Once. */
void chat_conversation_bind_settings (ChatConversation *self, GSettings *settings);
/** chat_conversation_group_header: its header bar is as high as those of the others in @group. */
void chat_conversation_group_header (ChatConversation *self, GtkSizeGroup *group);
void chat_conversation_set_workspace (ChatConversation *self, ChatWorkspace *workspace);
void chat_conversation_set_channel (ChatConversation *self, ChatChannel *channel);
ChatChannel *chat_conversation_get_channel (ChatConversation *self);
/** chat_conversation_go_to_message: shows it where it stands, loading that part of the channel. */
void chat_conversation_go_to_message (ChatConversation *self, const char *message_id);
/** chat_conversation_go_to_time: likewise the first message at or after @time, ms. */
void chat_conversation_go_to_time (ChatConversation *self, gint64 time);
/** chat_conversation_ask_date: a calendar to choose where to go. */
void chat_conversation_ask_date (ChatConversation *self);
/** chat_conversation_search: @everywhere: not only in this channel; @text: (nullable): what to look for */
void chat_conversation_search (ChatConversation *self, gboolean everywhere, const char *text);
/** chat_conversation_close_search: FALSE where there was none. */
gboolean chat_conversation_close_search (ChatConversation *self);
/** chat_conversation_keep_draft: what stands in the composer becomes the channel's draft. */
void chat_conversation_keep_draft (ChatConversation *self);
void chat_conversation_focus (ChatConversation *self);
/** chat_conversation_set_end_buttons: whether its head has the window's buttons: nothing stands beside it. */
void chat_conversation_set_end_buttons (ChatConversation *self, gboolean end_buttons);

G_END_DECLS
