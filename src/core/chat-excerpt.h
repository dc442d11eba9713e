/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * chat_excerpt:
 * @text: (array length=length): bytes from anywhere
 * @length: -1 where it ends with a NUL
 *
 * What may be quoted in a message to people of input that cannot be trusted: at most 40 characters and an ellipsis;
 * control, formatting and private characters as `<U+202E>`, bytes that are not UTF-8 as `<0xFF>`.
 *
 * Returns: (transfer full): the excerpt, without quotation marks
 */
char *chat_excerpt (const char *text, gssize length);

G_END_DECLS
