/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What a person types to search, and how texts are cut into words: the same for every back-end.
 *
 * A word is a run of letters, digits and marks; Chinese and Japanese, which put no spaces between words, are cut into
 * single characters, so that a run of them is found wherever it stands.
 */

#define CHAT_SEARCH_MAX_TERMS 32
#define CHAT_SEARCH_MIN_PREFIX 2 /* characters before a “*”: with fewer it is no prefix, but the word itself */

/** ChatSearchTerm: words that follow each other. */
typedef struct
{
  GPtrArray *words; /* (element-type utf8), as they were typed; at least one */
  gboolean prefix;  /* whether the last one may go on */
} ChatSearchTerm;

void chat_search_term_free (ChatSearchTerm *self);

/**
 * chat_search_parse:
 * @text: whatever was typed
 *
 * Words, "exact phrases", each with a trailing * for a prefix; everything else separates.
 *
 * Returns: (transfer full) (element-type ChatSearchTerm): what has to occur, each term once; NULL with
 *   G_IO_ERROR_INVALID_ARGUMENT where there is no word in it, or more than CHAT_SEARCH_MAX_TERMS
 */
GPtrArray *chat_search_parse (const char *text, GError **error);

/** chat_search_split: (transfer full) (nullable): @text as it is to be indexed: with spaces around characters that are
 * words of their own, and without private ones; NULL where it needs no change. */
char *chat_search_split (const char *text);

/** chat_search_cut: (transfer full) (element-type utf8): the words of @text in their order, as they are compared:
 * without case and accents. For back-ends that don't cut and fold themselves: what is indexed and what is looked for
 * are both to be cut by it. */
GPtrArray *chat_search_cut (const char *text);

G_END_DECLS
