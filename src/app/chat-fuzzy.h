/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * chat_fuzzy_score:
 * @typed: what a person types to find something: capitals, accents and spaces make no difference
 * @name: what it is held against
 *
 * The characters of @typed must be in @name, in order. The more of them follow each other or begin words, the better;
 * among equals the shorter @name.
 *
 * Returns: 0: no match; else the more the better. Nothing typed matches everything alike (1).
 */
guint chat_fuzzy_score (const char *typed, const char *name);

G_END_DECLS
