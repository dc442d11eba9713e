/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "client/chat-warning.h"

G_BEGIN_DECLS

#define CHAT_TYPE_WARNING_CARD (chat_warning_card_get_type ())
G_DECLARE_FINAL_TYPE (ChatWarningCard, chat_warning_card, CHAT, WARNING_CARD, GtkWidget)

/** chat_warning_card_new: which rule, which word, strike n of limit, what happens at the limit: only its receiver sees
 * it. */
GtkWidget *chat_warning_card_new (const ChatWarning *warning);
/** chat_warning_card_set_warning: the same warning, of a later moment: a broker's hint has the words later. */
void chat_warning_card_set_warning (ChatWarningCard *self, const ChatWarning *warning);
/** chat_warning_card_dup_text: (transfer full): which rule, which word; over a broker a warning comes without them. */
char *chat_warning_card_dup_text (const ChatWarning *warning);

G_END_DECLS
