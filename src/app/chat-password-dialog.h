/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "client/chat-workspace.h"

G_BEGIN_DECLS

#define CHAT_TYPE_PASSWORD_DIALOG (chat_password_dialog_get_type ())
G_DECLARE_FINAL_TYPE (ChatPasswordDialog, chat_password_dialog, CHAT, PASSWORD_DIALOG, AdwWindow)

/** chat_password_dialog_new: changes the password of the user's own account; emits `told (char *)` when it is done and
 * closes itself. */
GtkWidget *chat_password_dialog_new (GtkWindow *parent, ChatWorkspace *workspace);

G_END_DECLS
