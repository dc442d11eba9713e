/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * chat_skeleton:
 * @name: valid UTF-8
 *
 * NFKC case folding, then ICU's confusables skeleton (UTS #39), folded again; and letters that look like a Latin one
 * only among others (в, т) as that. "Ana", "ana" and "аna" have the same, "Aná" has not. As a capital I is both an i
 * and like an l, all of "Iuis", "luis", "iuis" and "LUlS" have the same too. For comparing, not for showing.
 *
 * Keys are stored: what changes them needs a migration of the store.
 *
 * Returns: (transfer full): the key under which names are unique
 */
char *chat_skeleton (const char *name);

G_END_DECLS
