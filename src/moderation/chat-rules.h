/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define CHAT_RULES_ERROR (chat_rules_error_quark ())
typedef enum
{
  CHAT_RULES_ERROR_SYNTAX, /* names file, line, what was found and what would be right */
  CHAT_RULES_ERROR_READ,
} ChatRulesError;
GQuark chat_rules_error_quark (void);

typedef enum
{
  CHAT_SEVERITY_MASK, /* asterisks and a strike */
  CHAT_SEVERITY_MILD, /* asterisks, no strike */
} ChatSeverity;

/** ChatHit: what one rule found: a run of code points of the original text. */
typedef struct
{
  guint start, length;
  ChatSeverity severity;
  const char *rule; /* "es/insults": owned by the rules that found it */
} ChatHit;

/**
 * ChatRules:
 *
 * A compiled, immutable, reference-counted set of word lists: safe to use from several threads at once. A pure library:
 * no broker, no store, no main loop.
 */
typedef struct _ChatRules ChatRules;
ChatRules *chat_rules_ref (ChatRules *self);
void chat_rules_unref (ChatRules *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatRules, chat_rules_unref)

/** ChatRulesBuilder: collects lists, then compiles them. */
typedef struct _ChatRulesBuilder ChatRulesBuilder;
ChatRulesBuilder *chat_rules_builder_new (void);
void chat_rules_builder_free (ChatRulesBuilder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatRulesBuilder, chat_rules_builder_free)

/**
 * chat_rules_builder_add_data:
 * @data: (array length=length): what a list says
 * @name: where it came from, for errors
 *
 * One word list in the format of data/moderation/README.md: `language:`, `rule:` and `severity:` headings, an entry a
 * line (words, phrases, `prefix*`), exceptions with `!`, comments with #.
 *
 * Returns: TRUE, or FALSE with a CHAT_RULES_ERROR_SYNTAX and nothing of the list added
 */
gboolean chat_rules_builder_add_data (ChatRulesBuilder *self, const char *data, gsize length, const char *name,
                                      GError **error);

/**
 * chat_rules_builder_add_directory:
 *
 * Every `*.txt` in the directory, but hidden ones, in the order of their names.
 *
 * Returns: TRUE, or FALSE with a CHAT_RULES_ERROR: the first list that is wrong, or CHAT_RULES_ERROR_READ where a file
 * or the directory cannot be read or no list is there. Some lists may have been added then
 */
gboolean chat_rules_builder_add_directory (ChatRulesBuilder *self, const char *path, GError **error);

/** chat_rules_builder_compile: (transfer full): the rules so far; the builder may be given more lists and compile
 * again. The default lists take some 10 ms in all, and the first list of a process some 60 ms more. */
ChatRules *chat_rules_builder_compile (ChatRulesBuilder *self);

/**
 * chat_rules_find:
 * @text: valid UTF-8, less than 4 GiB
 * @languages: (array zero-terminated=1) (nullable): tags such as "es" or "es-MX": only lists of these languages and of
 * "*"; NULL: all
 *
 * Normalises (NFKC, case folding, zero-width and combining marks dropped, look-alikes, digits and signs for letters,
 * repeated and spaced-out letters), matches in one pass, and maps every hit back to the original. URLs, e-mail
 * addresses, identifiers and code spans are left alone; data/moderation/README.md has the rules in full. Time is linear
 * in the text.
 *
 * Returns: (transfer full) (nullable) (element-type ChatHit): hits by start, not overlapping; NULL where there is none
 */
GArray *chat_rules_find (ChatRules *self, const char *text, const char *const *languages);

/**
 * chat_rules_mask:
 * @text: valid UTF-8
 * @hits: (nullable) (element-type ChatHit): by start, not overlapping; what lies beyond the end of @text is ignored
 *
 * Returns: (transfer full): @text with one asterisk for each code point of each hit
 */
char *chat_rules_mask (const char *text, const GArray *hits);

/** chat_rules_get_version: (transfer none): a short hash over what all lists say: the same for the same rules, whatever
 * the comments and the order. */
const char *chat_rules_get_version (ChatRules *self);

G_END_DECLS
