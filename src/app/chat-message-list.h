/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/chat-look.h"
#include "client/chat-timeline.h"

G_BEGIN_DECLS

#define CHAT_TYPE_MESSAGE_LIST (chat_message_list_get_type ())
G_DECLARE_FINAL_TYPE (ChatMessageList, chat_message_list, CHAT, MESSAGE_LIST, GtkWidget)

/**
 * ChatMessageList:
 *
 * A scrolled list over a ChatTimeline that never jumps: it sticks to the bottom only when it was there, keeps its place
 * when history is put above, and asks for more before an end is reached.
 *
 * Signals: `activate-menu (ChatMessageItem *, double x, double y)`: a row's menu was asked for, at a point of this
 * widget; `activate-quote (char *message_id)`: a quote was clicked; `moved`: other rows are in view. Properties:
 * `at-bottom` (boolean, notify).
 */
GtkWidget *chat_message_list_new (void);

/** chat_message_list_set_look: how rows are to look; once, before there are any. */
void chat_message_list_set_look (ChatMessageList *self, ChatLook *look);
/** chat_message_list_set_timeline: @timeline: (nullable) */
void chat_message_list_set_timeline (ChatMessageList *self, ChatTimeline *timeline);

/** chat_message_list_go_to_bottom: to the newest message, loading it where the window has slid away from it. */
void chat_message_list_go_to_bottom (ChatMessageList *self);
/** chat_message_list_go_to_item: brings a row into view, and marks it for a moment. */
void chat_message_list_go_to_item (ChatMessageList *self, ChatMessageItem *item);
/** chat_message_list_get_first_visible: (nullable) (transfer none): the uppermost message that can be seen. */
ChatMessageItem *chat_message_list_get_first_visible (ChatMessageList *self);
gboolean chat_message_list_get_at_bottom (ChatMessageList *self);

G_END_DECLS
