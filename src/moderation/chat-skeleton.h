/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** chat_skeleton: (transfer full): the key under which names are unique: NFKC case folding, then ICU's confusables
 * skeleton (UTS #39), folded again. "Ana", "ana" and "аna" have the same. */
char *chat_skeleton (const char *name);

G_END_DECLS
