/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "moderation/chat-rules.h"
#include "moderation/chat-word-list.h"

G_BEGIN_DECLS

/** ChatRulesWord: a word that is in force, of one of the builder's lists. */
typedef struct
{
  const ChatWordSection *section; /* Borrowed */
  const ChatWord *word;           /* Borrowed */
} ChatRulesWord;

/** chat_rules_new: (transfer full): @words: (element-type ChatRulesWord): where two are equal, the first counts. */
ChatRules *chat_rules_new (const GArray *words);

G_END_DECLS
