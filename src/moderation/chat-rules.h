/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define CHAT_RULES_ERROR (chat_rules_error_quark ())
typedef enum
{
  CHAT_RULES_ERROR_SYNTAX, /* names file, line, what was found and what would be right */
  CHAT_RULES_ERROR_READ,
  CHAT_RULES_ERROR_UNKNOWN, /* likewise: an entry that is to be taken away, but is in no list */
} ChatRulesError;
GQuark chat_rules_error_quark (void);

typedef enum
{
  CHAT_SEVERITY_MASK, /* asterisks and a strike */
  CHAT_SEVERITY_MILD, /* asterisks, no strike */
} ChatSeverity;

/** chat_severity_to_string: (transfer none): "mask" or "mild", as in a list. */
const char *chat_severity_to_string (ChatSeverity severity);
/** chat_severity_from_string: the other way; FALSE where @string is neither. */
gboolean chat_severity_from_string (const char *string, ChatSeverity *severity);

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

/**
 * ChatRulesEntry:
 * @language: a tag of BCP 47, or "*"
 * @rule: the name that a warning gives
 * @word: as a line of a list has it: "word", "two words", "word*", "!exception", and to take an entry of earlier lists
 * away "-word", "-word*", "-!exception"
 */
typedef struct
{
  const char *language;
  const char *rule;
  ChatSeverity severity;
  const char *word;
} ChatRulesEntry;

/**
 * ChatRulesBuilder: collects lists, then compiles them.
 *
 * A site's own rules come after the lists that are installed: chat_rules_builder_add_directory() and then, for each
 * text or entry of the site, chat_rules_builder_add_data() or chat_rules_builder_add_entry(). Before they are published
 * chat_rules_builder_check_removals() says whether something in them has no effect; later, when the service starts with
 * them, that is no reason not to start (a new version may have dropped the entry by itself).
 */
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
 * line (words, phrases, `prefix*`), exceptions with `!`, what earlier lists say taken away with `-`, comments with #.
 *
 * Returns: TRUE, or FALSE with a CHAT_RULES_ERROR_SYNTAX and nothing of the list added
 */
gboolean chat_rules_builder_add_data (ChatRulesBuilder *self, const char *data, gsize length, const char *name,
                                      GError **error);

/**
 * chat_rules_builder_add_entry:
 * @name: where it came from, for errors, such as "entry 3"
 *
 * A list of one line. A word that would not be the same on a line of a list (with a line break, a colon or "#" in
 * front) is an error too.
 *
 * Returns: TRUE, or FALSE with a CHAT_RULES_ERROR_SYNTAX that begins with @name
 */
gboolean chat_rules_builder_add_entry (ChatRulesBuilder *self, const ChatRulesEntry *entry, const char *name,
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
 * chat_rules_builder_check_removals:
 *
 * Whether every "-word" takes something away: an entry of an earlier list with the same letters, `!` and `*`, and of
 * the same language or (in `language: *`) of any.
 *
 * Returns: TRUE, or FALSE with a CHAT_RULES_ERROR_UNKNOWN that names the first that does not
 */
gboolean chat_rules_builder_check_removals (ChatRulesBuilder *self, GError **error);

/**
 * chat_rules_builder_list_entries:
 *
 * Returns: (transfer full) (element-type ChatRulesEntry): what is in force, in the order of the lists: without what was
 * taken away and without the removals themselves, each entry once
 */
GPtrArray *chat_rules_builder_list_entries (ChatRulesBuilder *self);
void chat_rules_entry_free (ChatRulesEntry *self);

/**
 * chat_rules_builder_to_text:
 *
 * Returns: (transfer full): chat_rules_builder_list_entries() as one list: given to chat_rules_builder_add_data() of a
 * new builder it makes rules of the same version
 */
char *chat_rules_builder_to_text (ChatRulesBuilder *self);

/**
 * chat_rules_dup_languages:
 *
 * Returns: (transfer full) (array zero-terminated=1): the languages for which there are words, in small letters,
 * sorted, with "*" where some are for all. In a channel of any other language only these last are in force
 */
char **chat_rules_dup_languages (ChatRules *self);

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
