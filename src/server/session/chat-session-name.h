/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** chat_session_name_check: whether somebody may have @name for himself: a user's name (chat_user_name_check()), but
 * not one like "ana (kafka)", in whatever look-alikes: that is what the moderator calls the guests of a broker. FALSE
 * with CHAT_SESSION_ERROR_NAME_INVALID. */
gboolean chat_session_name_check (const char *name, GError **error);

G_END_DECLS
