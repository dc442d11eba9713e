/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "client/chat-channel.h"

G_BEGIN_DECLS

#define CHAT_TYPE_SIDEBAR_ROW (chat_sidebar_row_get_type ())
G_DECLARE_FINAL_TYPE (ChatSidebarRow, chat_sidebar_row, CHAT, SIDEBAR_ROW, GtkListBoxRow)

GtkWidget *chat_sidebar_row_new (ChatChannel *channel);
ChatChannel *chat_sidebar_row_get_channel (ChatSidebarRow *self);

G_END_DECLS
