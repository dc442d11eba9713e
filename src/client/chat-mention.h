/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** chat_mention_is_in: whether @text names @user: his name as a word, with an @ or without, whatever its case. */
gboolean chat_mention_is_in (const char *text, const char *user);

G_END_DECLS
