/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * chat_help_answer:
 * @question: what somebody asks, perhaps nothing
 * @strike_limit: strikes until somebody is blocked
 *
 * Finds the topic most of whose words are in the question, and the language whose words they are. A question about
 * nothing that it knows gets the list of what it does know; one of no language that it knows, in Spanish with a line of
 * English.
 *
 * Returns: (transfer full): the answer, a text of several lines
 */
char *chat_help_answer (const char *question, guint strike_limit);

G_END_DECLS
