/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "client/chat-workspace.h"

G_BEGIN_DECLS

#define CHAT_TYPE_SIDEBAR_LIST (chat_sidebar_list_get_type ())
G_DECLARE_FINAL_TYPE (ChatSidebarList, chat_sidebar_list, CHAT, SIDEBAR_LIST, GtkWidget)

/**
 * ChatSidebarList:
 *
 * The channels of a workspace in sections that fold, by name or by activity, each with its menu. A row stays the same
 * widget wherever the order puts it: neither the selection nor the focus moves with it.
 *
 * Signals: `channel-chosen`, `channel-shown (ChatChannel *)`: as of ChatSidebar; `told (char *)`: a sentence for the
 * person.
 */
void chat_sidebar_list_bind_settings (ChatSidebarList *self, GSettings *settings);
void chat_sidebar_list_set_workspace (ChatSidebarList *self, ChatWorkspace *workspace);
/** chat_sidebar_list_select: @channel: (nullable): the one that is open. */
void chat_sidebar_list_select (ChatSidebarList *self, ChatChannel *channel);

/** chat_sidebar_list_set_filter: @text: only what it finds is shown, folded or not; "": everything. */
void chat_sidebar_list_set_filter (ChatSidebarList *self, const char *text);
/** chat_sidebar_list_get_best: (transfer none) (nullable): what the filter finds first. */
ChatChannel *chat_sidebar_list_get_best (ChatSidebarList *self);

/** chat_sidebar_list_get_beside: (transfer none) (nullable): the channel @steps (1 or -1) from the open one as they are
 * shown, round the ends; @unread: of those with something unread only. */
ChatChannel *chat_sidebar_list_get_beside (ChatSidebarList *self, int steps, gboolean unread);
/** chat_sidebar_list_get_nth: (transfer none) (nullable): of those that are shown, from 0. */
ChatChannel *chat_sidebar_list_get_nth (ChatSidebarList *self, guint place);

G_END_DECLS
