/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** ChatEmojiName: what `:name:` stands for. */
typedef struct
{
  const char *name; /* [a-z0-9_+-] */
  const char *emoji;
} ChatEmojiName;

/** chat_emoji_names: (transfer none) (array length=n): by name. */
const ChatEmojiName *chat_emoji_names (gsize *n);

/** chat_emoji_find: (nullable) (transfer none): the emoji of exactly this name. */
const char *chat_emoji_find (const char *name);

/** chat_emoji_replace: (transfer full): @text with every known `:name:` outside of code as its emoji. */
char *chat_emoji_replace (const char *text);

G_END_DECLS
