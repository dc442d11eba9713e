/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * chat_skeleton:
 * @name: valid UTF-8
 *
 * NFKC case folding, then ICU's confusables skeleton (UTS #39), folded again; and letters that look like a Latin one
 * only among others (в, т) as that. "Ana", "ana" and "аna" have the same, "Aná" has not. For comparing, not for
 * showing.
 *
 * Returns: (transfer full): the key under which names are unique
 */
char *chat_skeleton (const char *name);

G_END_DECLS
