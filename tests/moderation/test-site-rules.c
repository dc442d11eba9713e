/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A site's own rules, on top of those that are installed. */
#include "moderation-test.h"

#include <string.h>

#define SHIPPED                                                                                                        \
  "language: es\nrule: es/insults\nputa\nculo\nfolla*\n!follaje*\nlanguage: en\nrule: en/insults\nculo\nshit\n"        \
  "language: *\nrule: all\nacme\n"

static ChatRulesBuilder *
new_builder (const char *site)
{
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  g_autoptr (GError) error = NULL;

  chat_rules_builder_add_data (builder, SHIPPED, strlen (SHIPPED), "shipped", &error);
  g_assert_no_error (error);
  chat_rules_builder_add_data (builder, site, strlen (site), "site", &error);
  g_assert_no_error (error);
  return g_steal_pointer (&builder);
}

/* What the rules with @site on top make of @text in @language. */
static void
check (const char *site, const char *language, const char *text, const char *expected)
{
  const char *const languages[] = { language, NULL };
  g_autoptr (ChatRulesBuilder) builder = new_builder (site);
  g_autoptr (ChatRules) rules = chat_rules_builder_compile (builder);
  g_autoptr (GArray) hits = chat_rules_find (rules, text, languages);
  g_autofree char *masked = chat_rules_mask (text, hits);

  g_assert_cmpstr (masked, ==, expected);
}

static void
test_words (void)
{
  check ("", "es", "puta acme vogon", "**** **** vogon");
  check ("language: *\nrule: site\nvogon\n", "es", "puta acme vogon", "**** **** *****");
  check ("language: en\nrule: site\nvogon\n", "es", "puta vogon", "**** vogon");
  check ("language: es\nrule: site\n!puta acme\n", "es", "puta acme y puta", "puta acme y ****");
}

static void
test_removals (void)
{
  check ("language: es\nrule: site\n-culo\n", "es", "culo puta", "culo ****");
  check ("language: es\nrule: site\n-culo\n", "en", "culo shit", "**** ****");
  check ("language: *\nrule: site\n-culo\n", "en", "culo shit", "culo ****");
  check ("language: *\nrule: site\n- CULO\n", "es", "culo puta", "culo ****");
  check ("language: es\nrule: site\n-acme\n", "es", "acme", "****");
  check ("language: es\nrule: site\n-folla\n", "es", "follando follajes", "******** follajes");
  check ("language: es\nrule: site\n-folla*\n", "es", "follando", "follando");
  check ("language: es\nrule: site\n-!follaje*\n", "es", "follajes", "********");
  /* of earlier lists only: so a word can be put anew, here as mild */
  check ("language: es\nrule: site\n-puta\nseverity: mild\nputa\n", "es", "puta", "****");
}

static void
test_new_severity (void)
{
  static const char *const spanish[] = { "es", NULL };
  g_autoptr (ChatRulesBuilder) builder = new_builder ("language: es\nrule: site\nseverity: mild\n-puta\nputa\nculo\n");
  g_autoptr (ChatRules) rules = chat_rules_builder_compile (builder);
  g_autoptr (GArray) hits = chat_rules_find (rules, "puta culo", spanish);

  g_assert_cmpuint (hits->len, ==, 2);
  g_assert_cmpint (g_array_index (hits, ChatHit, 0).severity, ==, CHAT_SEVERITY_MILD);
  g_assert_cmpstr (g_array_index (hits, ChatHit, 0).rule, ==, "site");
  g_assert_cmpint (g_array_index (hits, ChatHit, 1).severity, ==, CHAT_SEVERITY_MASK); /* both are in force */
}

static void
check_removals (const char *site, const char *expected)
{
  g_autoptr (ChatRulesBuilder) builder = new_builder (site);
  g_autoptr (GError) error = NULL;

  if (chat_rules_builder_check_removals (builder, &error) == (expected == NULL))
    return;
  g_assert_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_UNKNOWN);
  g_assert_true (g_str_has_prefix (error->message, expected));
}

static void
test_removals_without_effect (void)
{
  check_removals ("", NULL);
  check_removals ("language: es\nrule: a\n-puta\n-!follaje*\nlanguage: *\n-culo\n-shit\n-acme\n", NULL);
  check_removals ("language: es\nrule: a\n-puta\n-puta\n", NULL);
  check_removals ("language: es\nrule: a\n-culo\nlanguage: *\n-culo\n", NULL);
  check_removals ("language: es\nrule: a\n\n-puta\n-puto\n", "site:5: found “-puto”; no list before it has that in "
                                                             "the language “es”");
  check_removals ("language: en\nrule: a\n-puta\n", "site:3: found “-puta”; ");
  check_removals ("language: es\nrule: a\n-folla\n", "site:3: found “-folla”; ");
  check_removals ("language: es\nrule: a\n-follaje*\n", "site:3: found “-follaje*”; ");
  check_removals ("language: es\nrule: a\nvogon\n-vogon\n", "site:4: found “-vogon”; ");
}

static const struct
{
  ChatRulesEntry entry;
  const char *expected; /* NULL: it is right */
} entries[] = {
  { { "es", "site", CHAT_SEVERITY_MASK, "vogon" }, NULL },
  { { "*", "site", CHAT_SEVERITY_MILD, "  vogon poetry " }, NULL },
  { { "es-MX", "site", CHAT_SEVERITY_MASK, "!puta acme" }, NULL },
  { { "es", "site", CHAT_SEVERITY_MASK, "-puta" }, NULL },
  { { "español", "site", CHAT_SEVERITY_MASK, "vogon" }, "entry 1: found “español”; a language should be" },
  { { "es", "Site", CHAT_SEVERITY_MASK, "vogon" }, "entry 1: found “Site”; a rule should" },
  { { "es\nrule: x", "site", CHAT_SEVERITY_MASK, "vogon" }, "entry 1: found “es" },
  { { "es", "site", CHAT_SEVERITY_MASK, "" }, "entry 1: found “”; a word should have at least two letters" },
  { { "es", "site", CHAT_SEVERITY_MASK, "vogon\nlanguage: *" }, "entry 1: found “vogon" },
  { { "es", "site", CHAT_SEVERITY_MASK, "rule: b" }, "entry 1: found “rule: b”; an entry should be one word" },
  { { "es", "site", CHAT_SEVERITY_MASK, "# vogon" }, "entry 1: found “# vogon”; an entry should be one word" },
  { { "es", "site", CHAT_SEVERITY_MASK, "vo\xff" }, "entry 1: found “?”; a word should be valid UTF-8" },
  { { "es", "site", CHAT_SEVERITY_MASK, "pu*" }, "entry 1: found “pu*”; so short" },
};

static void
test_entries (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      g_autoptr (ChatRulesBuilder) builder = new_builder ("");
      g_autoptr (GError) error = NULL;
      gboolean added = chat_rules_builder_add_entry (builder, &entries[i].entry, "entry 1", &error);

      if (added != (entries[i].expected == NULL)
          || (error != NULL && !g_str_has_prefix (error->message, entries[i].expected)))
        g_error ("“%s”: %s", entries[i].entry.word, error != NULL ? error->message : "was taken");
    }
}

static void
test_round_trip (void)
{
  g_autoptr (ChatRulesBuilder) builder = new_builder ("language: es\nrule: site\n-culo\nseverity: mild\nVogón  feo\n"
                                                      "!follaje*\nlanguage: *\nrule: all\nacme\n");
  g_autoptr (ChatRulesBuilder) again = chat_rules_builder_new ();
  g_autoptr (ChatRules) rules = chat_rules_builder_compile (builder), same = NULL;
  g_autofree char *text = chat_rules_builder_to_text (builder), *same_text = NULL;
  g_auto (GStrv) languages = chat_rules_dup_languages (rules);
  g_autofree char *joined = g_strjoinv (" ", languages);
  g_autoptr (GError) error = NULL;

  /* "!follaje*" of the site has another severity: it is another entry; "acme" is there once */
  g_assert_cmpstr (text, ==,
                   "language: es\nrule: es/insults\nseverity: mask\n\nputa\nfolla*\n!follaje*\n\n"
                   "language: en\nrule: en/insults\nseverity: mask\n\nculo\nshit\n\n"
                   "language: *\nrule: all\nseverity: mask\n\nacme\n\n"
                   "language: es\nrule: site\nseverity: mild\n\nVogón  feo\n!follaje*\n");
  g_assert_true (chat_rules_builder_add_data (again, text, strlen (text), "again", &error));
  g_assert_no_error (error);
  same = chat_rules_builder_compile (again);
  same_text = chat_rules_builder_to_text (again);
  g_assert_cmpstr (same_text, ==, text);
  g_assert_cmpstr (chat_rules_get_version (rules), ==, chat_rules_get_version (same));
  g_assert_cmpstr (joined, ==, "* en es");
}

static void
test_nothing (void)
{
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  g_autoptr (ChatRules) rules = chat_rules_builder_compile (builder);
  g_autofree char *text = chat_rules_builder_to_text (builder);
  g_auto (GStrv) languages = chat_rules_dup_languages (rules);

  g_assert_cmpstr (text, ==, "");
  g_assert_null (languages[0]);
  g_assert_true (chat_rules_builder_check_removals (builder, NULL));
}

/* What is installed as a text makes the same rules, entry by entry too. */
static void
test_default_rules (void)
{
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  g_autoptr (ChatRulesBuilder) from_text = chat_rules_builder_new ();
  g_autoptr (ChatRulesBuilder) from_entries = chat_rules_builder_new ();
  g_autofree char *path = g_build_filename (g_getenv ("TERTULIA_DATA_DIR"), "moderation", NULL);
  g_autoptr (GPtrArray) list = NULL;
  g_autofree char *text = NULL;
  g_autoptr (ChatRules) rules = NULL, second = NULL, third = NULL;
  g_autoptr (GError) error = NULL;

  chat_rules_builder_add_directory (builder, path, &error);
  g_assert_no_error (error);
  text = chat_rules_builder_to_text (builder);
  list = chat_rules_builder_list_entries (builder);
  chat_rules_builder_add_data (from_text, text, strlen (text), "text", &error);
  g_assert_no_error (error);
  for (guint i = 0; i < list->len; i++)
    g_assert_true (chat_rules_builder_add_entry (from_entries, g_ptr_array_index (list, i), "entry", NULL));
  rules = chat_rules_builder_compile (builder);
  second = chat_rules_builder_compile (from_text);
  third = chat_rules_builder_compile (from_entries);
  g_assert_cmpstr (chat_rules_get_version (rules), ==, chat_rules_get_version (second));
  g_assert_cmpstr (chat_rules_get_version (rules), ==, chat_rules_get_version (third));
}

int
main (int argc, char *argv[])
{
  moderation_test_init (&argc, &argv);
  g_test_add_func ("/moderation/site-rules/words", test_words);
  g_test_add_func ("/moderation/site-rules/removals", test_removals);
  g_test_add_func ("/moderation/site-rules/new-severity", test_new_severity);
  g_test_add_func ("/moderation/site-rules/removals-without-effect", test_removals_without_effect);
  g_test_add_func ("/moderation/site-rules/entries", test_entries);
  g_test_add_func ("/moderation/site-rules/round-trip", test_round_trip);
  g_test_add_func ("/moderation/site-rules/nothing", test_nothing);
  g_test_add_func ("/moderation/site-rules/default-rules", test_default_rules);
  return g_test_run ();
}
