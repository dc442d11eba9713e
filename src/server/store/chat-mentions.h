/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CHAT_MENTIONS_MAX 50

/**
 * chat_mentions_find:
 * @text: (nullable): of a message
 *
 * Who is named in it: `@name` at the beginning or after what is neither a letter nor a digit, up to white space or what
 * no name has; punctuation behind it does not count. Names may have up to three words, and nothing says where one ends:
 * "@Ana María Ruiz" names "Ana", "Ana María" and "Ana María Ruiz".
 *
 * Returns: (transfer full) (nullable) (element-type utf8): their keys, each once, at most CHAT_MENTIONS_MAX, in any
 *   order; NULL where there are none
 */
GPtrArray *chat_mentions_find (const char *text);

G_END_DECLS
