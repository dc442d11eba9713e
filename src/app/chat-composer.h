/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define CHAT_TYPE_COMPOSER (chat_composer_get_type ())
G_DECLARE_FINAL_TYPE (ChatComposer, chat_composer, CHAT, COMPOSER, GtkWidget)

/**
 * ChatComposer:
 *
 * Where a message is written: grows to eight lines, Enter sends and Shift+Enter breaks the line (the setting
 * `enter-sends` swaps them), counts near the limit.
 *
 * Property `enter-sends` (boolean, writable, TRUE at first).
 * Signals: `send (char *text)` → gboolean: TRUE where it was taken (the composer then empties itself).
 */
/** chat_composer_dup_text: (transfer full) */
char *chat_composer_dup_text (ChatComposer *self);
void chat_composer_set_text (ChatComposer *self, const char *text);
/** chat_composer_set_title: @title: what the placeholder names, such as "#general". */
void chat_composer_set_title (ChatComposer *self, const char *title);
void chat_composer_focus (ChatComposer *self);

G_END_DECLS
