/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-channel.h"

G_BEGIN_DECLS

#define CHAT_TYPE_CHANNEL_LIST (chat_channel_list_get_type ())
G_DECLARE_FINAL_TYPE (ChatChannelList, chat_channel_list, CHAT, CHANNEL_LIST, GObject)

/** ChatChannelList: (implements GListModel of ChatChannel): in the order of the sidebar, which follows their titles. */
ChatChannelList *chat_channel_list_new (void);
/** chat_channel_list_add: one that is not in it yet. */
void chat_channel_list_add (ChatChannelList *self, ChatChannel *channel);
void chat_channel_list_remove (ChatChannelList *self, ChatChannel *channel);
/** chat_channel_list_find: (transfer none) (nullable) */
ChatChannel *chat_channel_list_find (ChatChannelList *self, const char *name);

/** chat_channel_list_get_length, chat_channel_list_get: (transfer none): for loops. */
guint chat_channel_list_get_length (ChatChannelList *self);
ChatChannel *chat_channel_list_get (ChatChannelList *self, guint place);

G_END_DECLS
