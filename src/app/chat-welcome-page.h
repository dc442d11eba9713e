/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CHAT_TYPE_WELCOME_PAGE (chat_welcome_page_get_type ())
G_DECLARE_FINAL_TYPE (ChatWelcomePage, chat_welcome_page, CHAT, WELCOME_PAGE, GtkWidget)

/** ChatWelcomePage: the ways in: actions `app.start-here`, `win.connect` and `win.connect-broker`. */
GtkWidget *chat_welcome_page_new (void);
/** chat_welcome_page_set_busy: @text: (nullable): what is being done: shown with a spinner in place of the buttons. */
void chat_welcome_page_set_busy (ChatWelcomePage *self, const char *text);
/** chat_welcome_page_set_error: @text: (nullable): why the last try failed. */
void chat_welcome_page_set_error (ChatWelcomePage *self, const char *text);

G_END_DECLS
