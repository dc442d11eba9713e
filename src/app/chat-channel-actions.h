/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "client/chat-workspace.h"

G_BEGIN_DECLS

#define CHAT_TYPE_CHANNEL_ACTIONS (chat_channel_actions_get_type ())
G_DECLARE_FINAL_TYPE (ChatChannelActions, chat_channel_actions, CHAT, CHANNEL_ACTIONS, GObject)

/**
 * ChatChannelActions:
 *
 * What can be done with one channel, as actions for a menu: `channel.open`, `channel.join`, `channel.leave`,
 * `channel.mark-read`, `channel.mute` (boolean), `channel.notify` (string), `channel.topic`, `channel.copy-name`.
 *
 * Signals: `chosen (ChatChannel *)`: it is to be opened; `told (char *)`: a sentence for the person: what went wrong.
 */

/** chat_channel_actions_new: @owner: (borrowed): the actions are for menus within it; outlives them. */
ChatChannelActions *chat_channel_actions_new (GtkWidget *owner);
/** chat_channel_actions_set_channel: @workspace, @channel: (nullable): what they are about from here on. */
void chat_channel_actions_set_channel (ChatChannelActions *self, ChatWorkspace *workspace, ChatChannel *channel);
/** chat_channel_actions_dup_menu: (transfer full) */
GMenuModel *chat_channel_actions_dup_menu (void);

G_END_DECLS
