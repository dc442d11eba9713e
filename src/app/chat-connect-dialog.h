/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CHAT_TYPE_CONNECT_DIALOG (chat_connect_dialog_get_type ())
G_DECLARE_FINAL_TYPE (ChatConnectDialog, chat_connect_dialog, CHAT, CONNECT_DIALOG, AdwWindow)

/**
 * chat_connect_dialog_new:
 * @uri: (nullable), @user: (nullable): to begin with
 * @error: (nullable): why the last try failed
 * @here: only the name is asked: the server is the one on this computer
 *
 * Emits `connect-to (char *uri, char *user)` with a uri that is complete and a name that can be one, then closes
 * itself.
 */
GtkWidget *chat_connect_dialog_new (GtkWindow *parent, const char *uri, const char *user, const char *error,
                                    gboolean here);

/** chat_connect_dialog_complete_uri: (transfer full) (nullable): "chat.example:8080" → "http://chat.example:8080/";
 * NULL with an error that says what a server's address looks like. */
char *chat_connect_dialog_complete_uri (const char *text, GError **error);

G_END_DECLS
