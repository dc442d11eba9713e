/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation-test.h"

#include <glib/gstdio.h>
#include <string.h>

static void
add (ChatRulesBuilder *builder, const char *list)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_rules_builder_add_data (builder, list, strlen (list), "test", &error));
  g_assert_no_error (error);
}

/* "rule+severity" of each hit, with spaces between. */
static char *
find (ChatRules *rules, const char *text, const char *language)
{
  const char *const languages[] = { language, NULL };
  g_autoptr (GArray) hits = chat_rules_find (rules, text, language != NULL ? languages : NULL);
  GString *out = g_string_new (NULL);

  moderation_test_check_hits (text, hits);
  for (guint i = 0; hits != NULL && i < hits->len; i++)
    {
      const ChatHit *hit = &g_array_index (hits, ChatHit, i);

      g_string_append_printf (out, "%s%s:%u+%u%s", i > 0 ? " " : "", hit->rule, hit->start, hit->length,
                              hit->severity == CHAT_SEVERITY_MILD ? "~" : "");
    }
  return g_string_free (out, FALSE);
}

static void
check (ChatRules *rules, const char *text, const char *language, const char *expected)
{
  g_autofree char *found = find (rules, text, language);

  if (strcmp (found, expected) != 0)
    g_error ("“%s” in %s: “%s” was expected, “%s” came", text, language, expected, found);
}

static void
test_languages (void)
{
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  g_autoptr (ChatRules) rules = NULL;

  add (builder, "language: fr\nrule: fr/sexual\nbite\nlanguage: es\nrule: es/insults\nputa\n!bite me\n");
  add (builder, "language: *\nrule: site\nacme\nlanguage: pt-BR\nrule: br\nmerda\n");
  rules = chat_rules_builder_compile (builder);
  check (rules, "bite puta acme merda", "en", "site:10+4");
  check (rules, "bite puta acme merda", "fr", "fr/sexual:0+4 site:10+4");
  check (rules, "bite puta acme merda", "es", "es/insults:5+4 site:10+4");
  check (rules, "bite puta acme merda", "ES-mx", "es/insults:5+4 site:10+4");
  check (rules, "bite puta acme merda", "est", "site:10+4");
  check (rules, "bite puta acme merda", "pt", "site:10+4");
  check (rules, "bite puta acme merda", "pt-br", "site:10+4 br:15+5");
  check (rules, "bite puta acme merda", "", "site:10+4");
  check (rules, "bite puta acme merda", NULL, "fr/sexual:0+4 es/insults:5+4 site:10+4 br:15+5");
  /* an exception too is of its language */
  check (rules, "bite me", "fr", "fr/sexual:0+4");
  check (rules, "bite me", NULL, "");
}

static void
test_several_languages (void)
{
  static const char *const languages[] = { "en", "es", NULL };
  static const char *const none[] = { NULL };
  g_autoptr (ChatRules) rules = moderation_test_rules ("language: es\nrule: a\nputa\nlanguage: en\nrule: b\nshit\n");
  g_autoptr (GArray) hits = chat_rules_find (rules, "puta shit", languages);

  g_assert_cmpuint (hits->len, ==, 2);
  g_assert_null (chat_rules_find (rules, "puta shit", none));
}

static void
test_longest (void)
{
  g_autoptr (ChatRules) rules
      = moderation_test_rules ("language: *\nrule: a\nputa\nputa madre\nput*\nrule: b\nmadre mia\n");

  check (rules, "puta", NULL, "a:0+4");
  check (rules, "puta madre", NULL, "a:0+10");
  check (rules, "putativa", NULL, "a:0+8");
  check (rules, "puta madre mia", NULL, "a:0+10"); /* the first of two that overlap */
  check (rules, "madre mia puta", NULL, "b:0+9 a:10+4");
}

static void
test_severity (void)
{
  g_autoptr (ChatRules) mild_first
      = moderation_test_rules ("language: *\nrule: a\nseverity: mild\nculo\nrule: b\nculo\nrule: c\nculo\n");
  g_autoptr (ChatRules) mild
      = moderation_test_rules ("language: *\nrule: a\nseverity: mild\nculo\nrule: b\nculo gordo\n");

  check (mild_first, "culo", NULL, "b:0+4");
  check (mild, "culo", NULL, "a:0+4~");
  check (mild, "culo gordo", NULL, "b:0+10");
}

static void
test_exceptions (void)
{
  g_autoptr (ChatRules) rules
      = moderation_test_rules ("language: *\nrule: a\ndick\nmoby\nseverity: mild\npene\n!moby "
                               "dick\n!penne\n!dick*\ndickhead\nhijo de puta\nputa\n!de puta madre\n");

  check (rules, "moby dick", NULL, "");
  check (rules, "moby, D1CK!", NULL, "");
  check (rules, "moby", NULL, "a:0+4");
  check (rules, "penne pene", NULL, "a:6+4~");
  check (rules, "pennne", NULL, "");
  check (rules, "dick dickens dickhead", NULL, "");
  check (rules, "de puta madre", NULL, "");
  check (rules, "d-e puta madre", NULL, "a:4+4~");
  check (rules, "hijo de puta madre", NULL, "a:0+12~"); /* is not covered as a whole */
  check (rules, "de puta madre puta", NULL, "a:14+4~");
}

static void
test_prefix (void)
{
  g_autoptr (ChatRules) rules = moderation_test_rules ("language: *\nrule: a\nfuck*\nvaya mierd*\n");

  check (rules, "fuck fucking fuckwits, fucker.", NULL, "a:0+4 a:5+7 a:13+8 a:23+6");
  check (rules, "fuc ffuck", NULL, "a:4+5");
  check (rules, "vaya mierdoso", NULL, "a:0+13");
  check (rules, "vaya mierdos-o", NULL, "a:0+12");
  check (rules, "fuck-that", NULL, "a:0+4");
  check (rules, "f-u-c-k-ing", NULL, "a:0+11");
  check (rules, "f u c k i n g", NULL, "a:0+13");
  check (rules, "fucking2", NULL, "a:0+7");
  check (rules, "fuck!ng", NULL, "a:0+4");
  check (rules, "xfuck", NULL, "");
}

static void
test_letters (void)
{
  g_autoptr (ChatRules) rules = moderation_test_rules ("language: *\nrule: a\nass\nano\nzas\nlol\n2g1c\n");

  check (rules, "as ass asss", NULL, "a:3+3 a:7+4");
  check (rules, "a55 4s5 as5 455 a$$ @$$ @s$", NULL, "a:16+3");
  check (rules, "año an\u0303o a\u00f1o ano", NULL, "a:13+3");
  check (rules, "2as zas 2a5", NULL, "a:0+3 a:4+3");
  check (rules, "1o1 lol l0l I0l", NULL, "a:4+3 a:8+3");
  check (rules, "2g1c 2G1C 2gic", NULL, "a:0+4 a:5+4");
}

/* A site's list in a script without spaces. */
static void
test_ideographs (void)
{
  g_autoptr (ChatRules) rules = moderation_test_rules ("language: *\nrule: a\n操你\n笨\nカバ\n");

  check (rules, "我操你啊", NULL, "a:1+2");
  check (rules, "笨笨笨啊笨", NULL, "a:0+3 a:4+1");
  check (rules, "操 你", NULL, "");
  check (rules, "おカバさん", NULL, "a:1+2");
  check (rules, "ok笨ok", NULL, "a:2+1");
}

static void
test_other_scripts (void)
{
  g_autoptr (ChatRules) rules
      = moderation_test_rules ("language: ru\nrule: ru\nсука\nхуй*\nlanguage: ar\nrule: ar\nكلب\n");

  check (rules, "вот сука, СУКА, сууука, с у к а, су-ка", "ru", "ru:4+4 ru:10+4 ru:16+6 ru:24+7 ru:33+5");
  check (rules, "барсука хуйня", "ru", "ru:8+5");
  check (rules, "يا كلب", "ar", "ar:3+3");
  check (rules, "كَلْب", "ar", "ar:0+5");
}

static void
test_nothing (void)
{
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  g_autoptr (ChatRules) rules = chat_rules_builder_compile (builder);

  check (rules, "puta", NULL, "");
  check (rules, "", NULL, "");
}

static void
test_version (void)
{
  g_autoptr (ChatRules) a = moderation_test_rules ("language: es\nrule: a\nputa\nputo\n");
  g_autoptr (ChatRules) same = moderation_test_rules ("# c\nrule: a\n\nlanguage: ES\nPUTO\n# d\npúta\n");
  g_autoptr (ChatRules) severity = moderation_test_rules ("language: es\nrule: a\nseverity: mild\nputa\nputo\n");
  g_autoptr (ChatRules) rule = moderation_test_rules ("language: es\nrule: b\nputa\nputo\n");
  g_autoptr (ChatRules) language = moderation_test_rules ("language: en\nrule: a\nputa\nputo\n");
  g_autoptr (ChatRules) exception = moderation_test_rules ("language: es\nrule: a\nputa\n!puto\n");
  g_autoptr (ChatRules) prefix = moderation_test_rules ("language: es\nrule: a\nputa\nputo*\n");
  ChatRules *others[] = { severity, rule, language, exception, prefix };

  g_assert_cmpuint (strlen (chat_rules_get_version (a)), ==, 12);
  g_assert_cmpstr (chat_rules_get_version (a), ==, chat_rules_get_version (same));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    for (guint k = 0; k <= i; k++)
      g_assert_cmpstr (chat_rules_get_version (others[i]), !=, chat_rules_get_version (k == i ? a : others[k]));
}

/* A list that is wrong adds nothing; the builder goes on. */
static void
test_builder_goes_on (void)
{
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  g_autoptr (ChatRules) before = NULL;
  g_autoptr (ChatRules) after = NULL;
  g_autoptr (GError) error = NULL;
  const char *list = "language: es\nrule: a\nputa\npu*to\n";

  g_assert_false (chat_rules_builder_add_data (builder, list, strlen (list), "mine", &error));
  g_assert_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_SYNTAX);
  before = chat_rules_builder_compile (builder);
  check (before, "puta", NULL, "");
  add (builder, "language: es\nrule: a\nputa\n");
  after = chat_rules_builder_compile (builder);
  check (after, "puta", NULL, "a:0+4");
  check (before, "puta", NULL, "");
}

static void
test_limits (void)
{
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  g_autoptr (GString) list = g_string_new ("rule: a\n");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 65; i++)
    g_string_append_printf (list, "language: x%c%c\nputa\n", 'a' + i / 26, 'a' + i % 26);
  g_assert_false (chat_rules_builder_add_data (builder, list->str, list->len, "mine", &error));
  g_assert_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_SYNTAX);
  g_assert_nonnull (strstr (error->message, "mine: "));
  g_assert_nonnull (strstr (error->message, "64 languages"));
  add (builder, "language: es\nrule: a\nputa\n"); /* nothing of the other one counts */
}

static void
test_directory (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_dir_make_tmp ("tertulia-rules-XXXXXX", &error);
  g_autofree char *missing = g_build_filename (path, "missing", NULL);
  g_autofree char *one = g_build_filename (path, "1.txt", NULL);
  g_autofree char *two = g_build_filename (path, "2.txt", NULL);
  g_autofree char *other = g_build_filename (path, "README.md", NULL);
  g_autofree char *hidden = g_build_filename (path, ".3.txt", NULL);
  g_autoptr (ChatRulesBuilder) builder = chat_rules_builder_new ();
  g_autoptr (ChatRules) rules = NULL;

  g_assert_false (chat_rules_builder_add_directory (builder, missing, &error));
  g_assert_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_READ);
  g_assert_nonnull (strstr (error->message, missing));
  g_clear_error (&error);

  g_assert_true (g_file_set_contents (other, "*", -1, NULL));
  g_assert_true (g_file_set_contents (hidden, "*", -1, NULL));
  g_assert_false (chat_rules_builder_add_directory (builder, path, &error));
  g_assert_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_READ);
  g_assert_nonnull (strstr (error->message, ".txt"));
  g_clear_error (&error);

  g_assert_true (g_file_set_contents (one, "language: es\nrule: a\nputa\n", -1, NULL));
  g_assert_true (g_file_set_contents (two, "language: es\nrule: b\n*\n", -1, NULL));
  g_assert_false (chat_rules_builder_add_directory (builder, path, &error));
  g_assert_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_SYNTAX);
  g_assert_true (g_str_has_prefix (error->message, two));
  g_assert_nonnull (strstr (error->message, "2.txt:3: found “*”"));
  g_clear_error (&error);

  g_unlink (two);
  g_mkdir (two, 0700); /* a directory cannot be read as a list */
  g_assert_false (chat_rules_builder_add_directory (builder, path, &error));
  g_assert_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_READ);
  g_assert_nonnull (strstr (error->message, two));
  g_clear_error (&error);

  g_rmdir (two);
  g_assert_true (g_file_set_contents (two, "language: es\nrule: b\nputa\nputo\n", -1, NULL));
  g_assert_true (chat_rules_builder_add_directory (builder, path, &error));
  g_assert_no_error (error);
  rules = chat_rules_builder_compile (builder);
  check (rules, "puta puto", NULL, "a:0+4 b:5+4"); /* of equals, the first list's */
  g_unlink (one);
  g_unlink (two);
  g_unlink (other);
  g_unlink (hidden);
  g_assert_cmpint (g_rmdir (path), ==, 0);
}

static void
test_mask (void)
{
  g_autoptr (GArray) hits = g_array_new (FALSE, FALSE, sizeof (ChatHit));
  const ChatHit two[] = { { .start = 1, .length = 2 }, { .start = 4, .length = 9 } };
  g_autofree char *none = chat_rules_mask ("aéz", NULL);
  g_autofree char *empty = chat_rules_mask ("aéz", hits);
  g_autofree char *masked = NULL, *shorter = NULL, *nothing = NULL;

  g_array_append_vals (hits, two, 2);
  masked = chat_rules_mask ("aé😀z\u0301m", hits);
  shorter = chat_rules_mask ("aé", hits);
  nothing = chat_rules_mask ("", hits);
  g_assert_cmpstr (none, ==, "aéz");
  g_assert_cmpstr (empty, ==, "aéz");
  g_assert_cmpstr (masked, ==, "a**z**");
  g_assert_cmpstr (shorter, ==, "a*");
  g_assert_cmpstr (nothing, ==, "");
}

static gpointer
find_often (gpointer data)
{
  ChatRules *rules = data;

  for (guint i = 0; i < 2000; i++)
    check (rules, "vaya pútа y 操 pu\u200bta", NULL, "a:5+4 a:14+5");
  chat_rules_unref (rules);
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (ChatRules) rules = moderation_test_rules ("language: *\nrule: a\nputa\n");
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("find", find_often, chat_rules_ref (rules));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char *argv[])
{
  moderation_test_init (&argc, &argv);
  g_test_add_func ("/moderation/rules/threads", test_threads); /* first: it makes the tables */
  g_test_add_func ("/moderation/rules/languages", test_languages);
  g_test_add_func ("/moderation/rules/several-languages", test_several_languages);
  g_test_add_func ("/moderation/rules/longest", test_longest);
  g_test_add_func ("/moderation/rules/severity", test_severity);
  g_test_add_func ("/moderation/rules/exceptions", test_exceptions);
  g_test_add_func ("/moderation/rules/prefix", test_prefix);
  g_test_add_func ("/moderation/rules/letters", test_letters);
  g_test_add_func ("/moderation/rules/ideographs", test_ideographs);
  g_test_add_func ("/moderation/rules/other-scripts", test_other_scripts);
  g_test_add_func ("/moderation/rules/nothing", test_nothing);
  g_test_add_func ("/moderation/rules/version", test_version);
  g_test_add_func ("/moderation/rules/builder-goes-on", test_builder_goes_on);
  g_test_add_func ("/moderation/rules/limits", test_limits);
  g_test_add_func ("/moderation/rules/directory", test_directory);
  g_test_add_func ("/moderation/rules/mask", test_mask);
  return g_test_run ();
}
