/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/chat-completer.h"

G_BEGIN_DECLS

#define CHAT_TYPE_COMPLETION_POPOVER (chat_completion_popover_get_type ())
G_DECLARE_FINAL_TYPE (ChatCompletionPopover, chat_completion_popover, CHAT, COMPLETION_POPOVER, GtkPopover)

/**
 * ChatCompletionPopover:
 *
 * The completions at the cursor. It never takes the focus: who is typing goes on typing, and moves through it with
 * chat_completion_popover_handle_key().
 *
 * Signal `chosen (ChatCompletion *)`.
 */
GtkWidget *chat_completion_popover_new (void);

/** chat_completion_popover_show: @completions: (transfer full) (element-type ChatCompletion): none closes it. @at: the
 * cursor, in the coordinates of its parent. */
void chat_completion_popover_show (ChatCompletionPopover *self, GPtrArray *completions, const GdkRectangle *at);

/** chat_completion_popover_handle_key: TRUE where the key was for it. */
gboolean chat_completion_popover_handle_key (ChatCompletionPopover *self, guint key, GdkModifierType state);

G_END_DECLS
