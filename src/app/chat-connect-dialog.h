/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/** ChatConnectAsk: what the dialog is about besides a server's address and a name. */
typedef enum
{
  CHAT_CONNECT_HERE = 1 << 0,     /* no address: the server is the one on this computer */
  CHAT_CONNECT_PASSWORD = 1 << 1, /* the name needs a password */
} ChatConnectAsk;

#define CHAT_TYPE_CONNECT_DIALOG (chat_connect_dialog_get_type ())
G_DECLARE_FINAL_TYPE (ChatConnectDialog, chat_connect_dialog, CHAT, CONNECT_DIALOG, AdwWindow)

/**
 * chat_connect_dialog_new:
 * @uri: (nullable), @user: (nullable): to begin with
 * @error: (nullable): why the last try failed
 *
 * Emits `connect-to (char *uri, char *user, char *password, gboolean account, char *invitation)` with a uri that is
 * complete (NULL: here) and a name that can be one, then closes itself. @password and @invitation are nullable; with
 * @account that account is to be made first.
 */
GtkWidget *chat_connect_dialog_new (GtkWindow *parent, const char *uri, const char *user, const char *error,
                                    ChatConnectAsk ask);

/** chat_connect_dialog_complete_uri: (transfer full) (nullable): "chat.example:8080" → "http://chat.example:8080/";
 * NULL with an error that says what a server's address looks like. */
char *chat_connect_dialog_complete_uri (const char *text, GError **error);

G_END_DECLS
