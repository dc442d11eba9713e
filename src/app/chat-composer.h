/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/chat-completer.h"

G_BEGIN_DECLS

#define CHAT_TYPE_COMPOSER (chat_composer_get_type ())
G_DECLARE_FINAL_TYPE (ChatComposer, chat_composer, CHAT, COMPOSER, GtkWidget)

/** ChatComposerMode: what is being written. */
typedef enum
{
  CHAT_COMPOSER_NEW,
  CHAT_COMPOSER_REPLY,
  CHAT_COMPOSER_EDIT,
} ChatComposerMode;

/**
 * ChatComposer:
 *
 * Where a message is written: grows to eight lines, Enter sends and Shift+Enter breaks the line (the setting
 * `enter-sends` swaps them), counts near the limit, offers completions, and makes emoji of their names. A bar above it
 * says what is being answered or edited; Escape takes that back.
 *
 * Property `enter-sends` (boolean, writable, TRUE at first).
 * Signals: `send (char *text)` → gboolean: TRUE where it was taken (the composer then empties itself, and its mode is
 * CHAT_COMPOSER_NEW); `cancelled`: the mode was taken back; `edit-last`: ↑ was pressed while it was empty; `rested`:
 * nothing was typed for a moment after something was: a draft is worth keeping.
 */
/** chat_composer_dup_text: (transfer full) */
char *chat_composer_dup_text (ChatComposer *self);
void chat_composer_set_text (ChatComposer *self, const char *text);
/** chat_composer_set_title: @title: what the placeholder names, such as "#general". */
void chat_composer_set_title (ChatComposer *self, const char *title);
/**
 * chat_composer_set_mode:
 * @title: (nullable): such as "Reply to ana"
 * @excerpt: (nullable): of the message that it is about
 *
 * What was written stays; with CHAT_COMPOSER_EDIT it is put aside, and comes back when the mode ends.
 */
void chat_composer_set_mode (ChatComposer *self, ChatComposerMode mode, const char *title, const char *excerpt);
ChatComposerMode chat_composer_get_mode (ChatComposer *self);
/** chat_composer_dup_draft: (transfer full): what is worth keeping: never the text of an edit. */
char *chat_composer_dup_draft (ChatComposer *self);
/** chat_composer_set_completer: @completer: (nullable) */
void chat_composer_set_completer (ChatComposer *self, ChatCompleter *completer);
void chat_composer_focus (ChatComposer *self);

G_END_DECLS
