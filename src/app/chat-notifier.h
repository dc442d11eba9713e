/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/chat-window.h"

G_BEGIN_DECLS

#define CHAT_TYPE_NOTIFIER (chat_notifier_get_type ())
G_DECLARE_FINAL_TYPE (ChatNotifier, chat_notifier, CHAT, NOTIFIER, GObject)

/**
 * ChatNotifier:
 *
 * Notifies of what is worth it, as the settings and the channels say: a message each, or one for many of a channel; at
 * most once; never of what is on screen. What is read meanwhile is withdrawn. Clicked they activate `app.open-message
 * ((ss))`. Whether they may disturb is the shell's to know.
 */
ChatNotifier *chat_notifier_new (GApplication *application, GSettings *settings);
/** chat_notifier_set_workspace: @workspace: (nullable) */
void chat_notifier_set_workspace (ChatNotifier *self, ChatWorkspace *workspace);
/** chat_notifier_set_window: @window: (nullable) (borrowed): what is on screen there is not notified. */
void chat_notifier_set_window (ChatNotifier *self, ChatWindow *window);

G_END_DECLS
