/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** The longest emoji there is has 35 bytes; whoever takes more takes it from no list of Unicode's. */
#define CHAT_EMOJI_MAX_BYTES 64

/**
 * chat_emoji_normalize:
 * @text: UTF-8
 *
 * Whether @text is one emoji that is recommended for general interchange (UTS #51, RGI_Emoji), skin tones, flags and
 * joined ones included. Variation selectors may be missing or too many; the answer has them as UTS #51 wants them, so
 * that the same emoji is always the same text.
 *
 * Returns: (transfer full) (nullable): it, or NULL where it is none, or more than one
 */
char *chat_emoji_normalize (const char *text);

G_END_DECLS
