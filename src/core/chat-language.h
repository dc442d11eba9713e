/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CHAT_LANGUAGES_MAX 8

/** chat_language_is_tag: whether @tag has the form of a BCP 47 tag ("es", "es-MX"): subtags of at most eight ASCII
 * letters and digits, the first of two letters or more, at most 35 bytes in all. No registry is asked. */
gboolean chat_language_is_tag (const char *tag);

/** chat_languages_check: TRUE when @languages is one to eight tags with commas between them, as a channel's language is
 * written ("es", "es,en"), perhaps with spaces around; else sets a CHAT_CORE_ERROR that says what is wrong. */
gboolean chat_languages_check (const char *languages, GError **error);

/** chat_languages_split: (transfer full) (array zero-terminated=1): the tags of what chat_languages_check() takes. */
char **chat_languages_split (const char *languages);

G_END_DECLS
