/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CHAT_TYPE_TEXT_DIALOG (chat_text_dialog_get_type ())
G_DECLARE_FINAL_TYPE (ChatTextDialog, chat_text_dialog, CHAT, TEXT_DIALOG, AdwMessageDialog)

/** chat_text_dialog_new: asks for a few lines and emits `written (char *text)`. @answer: the label of its own button;
 * @required: which stays off until something is written. */
GtkWidget *chat_text_dialog_new (GtkWindow *parent, const char *heading, const char *body, const char *answer,
                                 gboolean required);

G_END_DECLS
