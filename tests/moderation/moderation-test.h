/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "moderation/chat-rules.h"

G_BEGIN_DECLS

/** moderation_test_init: g_test_init(), for programs that quote what they test. */
void moderation_test_init (int *argc, char ***argv);

/** moderation_test_default_rules: (transfer full): the lists that are installed (TERTULIA_DATA_DIR). */
ChatRules *moderation_test_default_rules (void);

/** moderation_test_rules: (transfer full): the rules of one list, which must be right. */
ChatRules *moderation_test_rules (const char *list);

/**
 * moderation_test_check:
 * @marked: a text in which «» stand around what is to be found, and nowhere else
 * @language: (nullable): NULL for all
 *
 * Fails the test where chat_rules_find() finds anything else in the text (the marks taken out), or where what
 * chat_rules_mask() makes of it is not the text with as many asterisks.
 */
void moderation_test_check (ChatRules *rules, const char *marked, const char *language);

/** moderation_test_check_hits: what must hold for the hits in any text. */
void moderation_test_check_hits (const char *text, const GArray *hits);

G_END_DECLS
