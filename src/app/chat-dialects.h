/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-dialect.h"

G_BEGIN_DECLS

/** chat_dialects_list: (transfer full) (array zero-terminated=1): the names of those that can be chosen: the shipped
 * ones first, then the user's own, files that end in .conf in ~/.config/tertulia/dialects/. */
char **chat_dialects_list (void);
/** chat_dialects_load: (transfer full) (nullable): or NULL with an error that names the file and its line */
ChatDialect *chat_dialects_load (const char *name, GError **error);
/** chat_dialects_dup_title: (transfer full): what people call it; its name where its file can't be read. */
char *chat_dialects_dup_title (const char *name);

G_END_DECLS
