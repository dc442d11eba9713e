/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** chat_nearest: (transfer none) (nullable): which of @names (NULL-terminated) @name is a slip of: what somebody may
 * have meant. */
const char *chat_nearest (const char *name, const char *const *names);

G_END_DECLS
