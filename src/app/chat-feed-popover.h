/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "client/chat-workspace.h"

G_BEGIN_DECLS

#define CHAT_TYPE_FEED_POPOVER (chat_feed_popover_get_type ())
G_DECLARE_FINAL_TYPE (ChatFeedPopover, chat_feed_popover, CHAT, FEED_POPOVER, GtkPopover)

/**
 * ChatFeedPopover:
 *
 * All that the foot leaves out: which feed brings messages, from where, how far behind it is, how the service is
 * reached. Kept true while it is on screen.
 */
void chat_feed_popover_set_workspace (ChatFeedPopover *self, ChatWorkspace *workspace);

G_END_DECLS
