/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/chat-sidebar-list.h"
#include "client/chat-workspace.h"

G_BEGIN_DECLS

#define CHAT_TYPE_SIDEBAR (chat_sidebar_get_type ())
G_DECLARE_FINAL_TYPE (ChatSidebar, chat_sidebar, CHAT, SIDEBAR, GtkWidget)

/**
 * ChatSidebar:
 *
 * The channels and conversations of a workspace, what waits in each, and at the foot how the feed is doing.
 *
 * Properties: `folded` (boolean, writable): it fills the window, and shows the window's buttons.
 * Signals: `channel-chosen (ChatChannel *)`: clicked or entered, also when it is open already;
 * `channel-shown (ChatChannel *)`: the selection has come to it, by the arrow keys for one: the focus stays where it
 * is; `told (char *)`: a sentence for the person.
 */
GtkWidget *chat_sidebar_new (void);
void chat_sidebar_set_workspace (ChatSidebar *self, ChatWorkspace *workspace);
void chat_sidebar_bind_settings (ChatSidebar *self, GSettings *settings);
/** chat_sidebar_group_header: its header bar is as high as those of the others in @group. */
void chat_sidebar_group_header (ChatSidebar *self, GtkSizeGroup *group);
void chat_sidebar_select (ChatSidebar *self, ChatChannel *channel);
/** chat_sidebar_get_list: (transfer none) */
ChatSidebarList *chat_sidebar_get_list (ChatSidebar *self);
/** chat_sidebar_find: to the entry that finds a channel. */
void chat_sidebar_find (ChatSidebar *self);

G_END_DECLS
