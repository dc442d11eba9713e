/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CHAT_CHANNEL_MAX_BYTES 63
#define CHAT_USER_MAX_CHARS 64
#define CHAT_TEXT_MAX_CHARS 8000
#define CHAT_CONVERSATION_PREFIX "dm."

/** chat_channel_name_check: TRUE when @name is `[a-z0-9][a-z0-9._-]{0,62}`; else sets a CHAT_CORE_ERROR that says which
 * rule it breaks. */
gboolean chat_channel_name_check (const char *name, GError **error);

/** chat_channel_name_is_private: whether @name is a private conversation's (see chat_conversation_name()). */
gboolean chat_channel_name_is_private (const char *name);

/**
 * chat_conversation_name:
 * @user_keys: (array zero-terminated=1): the members' case-folded names (or skeletons), in any order
 *
 * The channel name of the private conversation among exactly these users: `dm.` and 26 base32 characters of a SHA-256
 * over the sorted keys, so the same people always meet in the same conversation.
 *
 * Returns: (transfer full): the name
 */
char *chat_conversation_name (const char *const *user_keys);

/**
 * chat_user_name_check:
 *
 * TRUE when @name is 1–64 characters of valid UTF-8, has no control or invisible formatting character, no white space
 * at an end, and none of `@#:,/`; else sets a CHAT_CORE_ERROR that says which rule it breaks.
 */
gboolean chat_user_name_check (const char *name, GError **error);

/** chat_text_check: TRUE when @text has 1–8,000 characters and no control character but newline and tab; else sets a
 * CHAT_CORE_ERROR. */
gboolean chat_text_check (const char *text, GError **error);

G_END_DECLS
