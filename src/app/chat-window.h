/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/chat-connect-dialog.h"
#include "client/chat-broker-site.h"
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
 * Signals: `connect-to (char *uri, char *user, char *password, gboolean account, char *invitation)`: as of
 * ChatConnectDialog. Property `show-people` (boolean, writable): the people beside the conversation.
 *
 * Actions (`win.`): `switch`, `new-channel`, `new-conversation`, `open-channel (s)`, `talk-to (s)`, `open-message
 * ((ss): channel, message id)`, `next-channel`, `previous-channel`, `next-unread`, `previous-unread`, `nth-channel
 * (i)`, `find-channel`, `search`, `search-everywhere`, `go-to-date`, `show-people` (a toggle), `show-members`,
 * `change-password`, `shortcuts`, `show-sidebar`, `connect`.
 */
ChatWindow *chat_window_new (GtkApplication *application, GSettings *settings);
/** chat_window_set_broker_factory: with what the dialog about a broker tries a connection. */
void chat_window_set_broker_factory (ChatWindow *self, ChatBrokerFactory factory);

/** chat_window_show_welcome: @error: (nullable): why the last try failed. */
void chat_window_show_welcome (ChatWindow *self, const char *error);
/** chat_window_show_busy: the welcome page with a spinner. */
void chat_window_show_busy (ChatWindow *self, const char *text);
/** chat_window_show_workspace: @channel: (nullable): what to open; else the first. @first: never here before: joins it.
 */
void chat_window_show_workspace (ChatWindow *self, ChatWorkspace *workspace, const char *channel, gboolean first);
/** chat_window_ask_connection: the dialog. */
void chat_window_ask_connection (ChatWindow *self, const char *uri, const char *user, const char *error,
                                 ChatConnectAsk ask);
/** chat_window_ask_broker: the dialog about a broker without a server. @key, @user, @error: (nullable) */
void chat_window_ask_broker (ChatWindow *self, const char *key, const char *user, const char *error);
/** chat_window_get_channel: (transfer none) (nullable): the one that is open. */
ChatChannel *chat_window_get_channel (ChatWindow *self);
/** chat_window_open_message: goes to a channel and there to a message. @message_id: (nullable) */
void chat_window_open_message (ChatWindow *self, const char *channel, const char *message_id);
/** chat_window_tell: a passing word to the person. */
void chat_window_tell (ChatWindow *self, const char *text);
/** chat_window_keep: what is half written, and the window's size, before it goes. */
void chat_window_keep (ChatWindow *self);

G_END_DECLS
