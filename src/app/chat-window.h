/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "client/chat-workspace.h"

G_BEGIN_DECLS

#define CHAT_TYPE_WINDOW (chat_window_get_type ())
G_DECLARE_FINAL_TYPE (ChatWindow, chat_window, CHAT, WINDOW, AdwApplicationWindow)

/**
 * ChatWindow:
 *
 * The window: the welcome page, or a workspace's sidebar and conversation. It asks nobody for a workspace: the
 * application gives it one.
 *
 * Signals: `connect-to (char *uri, char *user)`: the person asked for that server; @uri is NULL for the one on this
 * computer.
 */
ChatWindow *chat_window_new (GtkApplication *application, GSettings *settings);

/** chat_window_show_welcome: @error: (nullable): why the last try failed. */
void chat_window_show_welcome (ChatWindow *self, const char *error);
/** chat_window_show_busy: the welcome page with a spinner. */
void chat_window_show_busy (ChatWindow *self, const char *text);
/** chat_window_show_workspace: @channel: (nullable): what to open; else the first. */
void chat_window_show_workspace (ChatWindow *self, ChatWorkspace *workspace, const char *channel);
/** chat_window_ask_connection: the dialog; @here: only the name. */
void chat_window_ask_connection (ChatWindow *self, const char *uri, const char *user, const char *error, gboolean here);
/** chat_window_tell: a passing word to the person. */
void chat_window_tell (ChatWindow *self, const char *text);
/** chat_window_keep: what is half written, and the window's size, before it goes. */
void chat_window_keep (ChatWindow *self);

G_END_DECLS
