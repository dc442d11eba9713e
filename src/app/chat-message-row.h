/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/chat-look.h"
#include "client/chat-message-item.h"

G_BEGIN_DECLS

#define CHAT_TYPE_MESSAGE_ROW (chat_message_row_get_type ())
G_DECLARE_FINAL_TYPE (ChatMessageRow, chat_message_row, CHAT, MESSAGE_ROW, GtkWidget)

/**
 * ChatMessageRow:
 *
 * One message in one light widget: it lays its texts out with Pango and draws them in its snapshot. A child widget is
 * made only for a warning's card and for reactions. Composite rows of boxes and labels were measured to cost three
 * times as much to show and ten times as much under a flood.
 */
/* @look: (nullable): followed */
GtkWidget *chat_message_row_new (ChatLook *look);

/** chat_message_row_set_item: @item: (nullable): what to show; the row follows its `changed`. */
void chat_message_row_set_item (ChatMessageRow *self, ChatMessageItem *item);
ChatMessageItem *chat_message_row_get_item (ChatMessageRow *self);

/** chat_message_row_get_link_at: (nullable) (transfer none): the link at a point of the widget. */
const char *chat_message_row_get_link_at (ChatMessageRow *self, double x, double y);

/** chat_message_row_get_quote_at: (nullable) (transfer none): the id of the message that is quoted at a point of the
 * widget. */
const char *chat_message_row_get_quote_at (ChatMessageRow *self, double x, double y);

G_END_DECLS
