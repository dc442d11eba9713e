/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "client/chat-workspace.h"

G_BEGIN_DECLS

#define CHAT_TYPE_SEARCH_VIEW (chat_search_view_get_type ())
G_DECLARE_FINAL_TYPE (ChatSearchView, chat_search_view, CHAT, SEARCH_VIEW, GtkWidget)

/**
 * ChatSearchView:
 *
 * Search by text, author and dates in one channel or everywhere, newest first; and what the user has sent himself.
 *
 * Signals: `chosen (char *channel, char *message_id)`: a result was opened; `closed`: it is done with.
 */
void chat_search_view_set_workspace (ChatSearchView *self, ChatWorkspace *workspace);
/** chat_search_view_start: @channel: (nullable): the one on screen; @everywhere: not only in it; @text: (nullable) */
void chat_search_view_start (ChatSearchView *self, ChatChannel *channel, gboolean everywhere, const char *text);
/** chat_search_view_start_own: the user's own messages. */
void chat_search_view_start_own (ChatSearchView *self);

G_END_DECLS
