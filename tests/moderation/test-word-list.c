/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-word-list.h"

#include "moderation-test.h"

#include <string.h>

#define HEAD "language: es\nrule: es/insults\n"

static const struct
{
  const char *list;
  const char *says; /* a part of the message, from its beginning */
  const char *also;
} wrong[] = {
  { "puta", "list.txt:1: found “puta”; the headings", "before the first word" },
  { "language: es\nputa", "list.txt:2: found “puta”; the headings", "“rule:”" },
  { "rule: a\n\n# c\nputa", "list.txt:4: found “puta”; the headings", "“language:”" },
  { "language: spanish of spain\n", "list.txt:1: found “spanish of spain”", "es or pt-BR" },
  { "language: e\n", "list.txt:1: found “e”", "tag" },
  { "language: es--mx\n", "list.txt:1: found “es--mx”", "tag" },
  { "language:\n", "list.txt:1: found “”", "tag" },
  { "language: 123\n", "list.txt:1: found “123”", "tag" },
  { "rule: es//x\n", "list.txt:1: found “es//x”", "es/insults" },
  { "rule: /x\n", "list.txt:1: found “/x”", "es/insults" },
  { "rule: x/\n", "list.txt:1: found “x/”", "es/insults" },
  { "rule: Es\n", "list.txt:1: found “Es”", "a-z" },
  { "rule:\n", "list.txt:1: found “”", "a-z" },
  { "rule: .x\n", "list.txt:1: found “.x”", "a-z" },
  { "rule: aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg\n", "list.txt:1: found “aaaa",
    "at most 64" },
  { "severity: harsh\n", "list.txt:1: found “harsh”", "mask (asterisks and a strike) or mild" },
  { "severity: MASK\n", "list.txt:1: found “MASK”", "mild" },
  { "lenguage: es\n", "list.txt:1: found “lenguage”", "language:, rule: or severity:" },
  { HEAD "a: b\n", "list.txt:3: found “a”", "language:, rule: or severity:" },
  { HEAD "pu*ta\n", "list.txt:3: found “pu*ta”", "at the end only" },
  { HEAD "*puta\n", "list.txt:3: found “*puta”", "at the end only" },
  { HEAD "puta**\n", "list.txt:3: found “puta**”", "at the end only" },
  { HEAD "pu!ta\n", "list.txt:3: found “pu!ta”", "in front only" },
  { HEAD "!!puta\n", "list.txt:3: found “!!puta”", "in front only" },
  { HEAD "!\n", "list.txt:3: found “!”", "two letters" },
  { HEAD "*\n", "list.txt:3: found “*”", "two letters" },
  { HEAD "p\n", "list.txt:3: found “p”", "two letters" },
  { HEAD "p1\n", "list.txt:3: found “p1”", "two letters" },
  { HEAD "123\n", "list.txt:3: found “123”", "two letters" },
  { HEAD "- -\n", "list.txt:3: found “- -”", "two letters" },
  { HEAD "pu*\n", "list.txt:3: found “pu*”", "at least three letters" },
  { HEAD "put@\n", "list.txt:3: found “put@”", "found by themselves" },
  { HEAD "a$$\n", "list.txt:3: found “a$$”", "found by themselves" },
  { HEAD "puta, puto\n", "list.txt:3: found “puta, puto”", "letters, digits, spaces and hyphens" },
  { HEAD "`puta`\n", "list.txt:3: found “`puta`”", "letters, digits, spaces and hyphens" },
  { HEAD "ok ok\npu\xff\n", "list.txt:4: the byte 0xFF is not valid UTF-8", "save" },
  { HEAD "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg\n", "list.txt:3: found “aaaa",
    "at most 64" },
};

static void
test_wrong (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatWordList) list
          = chat_word_list_new_from_data (wrong[i].list, strlen (wrong[i].list), "list.txt", &error);

      if (list != NULL)
        g_error ("“%s” was taken", wrong[i].list);
      g_assert_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_SYNTAX);
      if (!g_str_has_prefix (error->message, wrong[i].says) || strstr (error->message, wrong[i].also) == NULL)
        g_error ("“%s” should begin with “%s” and say “%s”", error->message, wrong[i].says, wrong[i].also);
    }
}

static void
test_nul (void)
{
  static const char list[] = HEAD "puta\nmier\0da\n";
  g_autoptr (GError) error = NULL;

  g_assert_null (chat_word_list_new_from_data (list, sizeof list - 1, "list.txt", &error));
  g_assert_error (error, CHAT_RULES_ERROR, CHAT_RULES_ERROR_SYNTAX);
  g_assert_true (g_str_has_prefix (error->message, "list.txt:4: a NUL byte"));
}

static char *
describe (const ChatWordList *list)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < list->words->len; i++)
    {
      const ChatWord *word = &g_array_index (list->words, ChatWord, i);
      const ChatWordSection *section = &g_array_index (list->sections, ChatWordSection, word->section);

      g_string_append_printf (out, "%s %s %s %s", section->language, section->rule,
                              section->severity == CHAT_SEVERITY_MILD ? "mild" : "mask", word->exception ? "!" : "");
      for (gsize k = 0; k < word->n_labels; k++)
        g_string_append_unichar (out, word->labels[k]);
      g_string_append (out, word->prefix ? "*\n" : "\n");
    }
  return g_string_free (out, FALSE);
}

static void
check (const char *text, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatWordList) list = chat_word_list_new_from_data (text, strlen (text), "list.txt", &error);
  g_autofree char *found = NULL;

  g_assert_no_error (error);
  found = describe (list);
  g_assert_cmpstr (found, ==, expected);
}

static void
test_right (void)
{
  check ("", "");
  check ("# nothing: here\n\n   \n", "");
  check (HEAD "puta", "es es/insults mask puta\n");
  check ("\ufeff" HEAD "puta\r\n", "es es/insults mask puta\n");
  check ("  rule :  a \n\tlanguage:ES-mx\n  puta  \n", "es-mx a mask puta\n");
  check (HEAD "severity: mild\nculo\nseverity: mask\nputa\nseverity: mild\nrule: b\njoder\nlanguage: *\nasno\n",
         "es es/insults mild culo\nes es/insults mask puta\nes b mask joder\n* b mask asno\n");
  check (HEAD "Hijo  de-la_Gran PUTA\n", "es es/insults mask hijo de la gran puta\n");
  check (HEAD "folla*\n!follaje*\n! moby dick\n", "es es/insults mask folla*\nes es/insults mask !follaje*\n"
                                                  "es es/insults mask !moby dick\n");
  check (HEAD "Cabrón\nCOÑO\ncon\u0303o\nIdiota\nрutа\n2g1c\n", "es es/insults mask cabron\nes es/insults mask coño\n"
                                                                "es es/insults mask coño\nes es/insults mask idiota\n"
                                                                "es es/insults mask puta\nes es/insults mask 2g1c\n");
  check (HEAD "操\n操你*\n", "es es/insults mask 操\nes es/insults mask 操你*\n");
}

/* Every list that is installed is right, says where it comes from, and is installed. */
static void
test_default_lists (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("TERTULIA_DATA_DIR"), "moderation", NULL);
  g_autofree char *build_file = g_build_filename (path, "meson.build", NULL);
  g_autofree char *build = NULL;
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  g_autoptr (GError) error = NULL;
  guint n_lists = 0;

  g_assert_true (g_file_get_contents (build_file, &build, NULL, &error));
  g_assert_nonnull (directory);
  for (const char *name; (name = g_dir_read_name (directory)) != NULL;)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autofree char *quoted = g_strdup_printf ("'%s'", name);
      g_autofree char *data = NULL;
      g_autoptr (ChatWordList) list = NULL;
      gsize length;

      if (!g_str_has_suffix (name, ".txt"))
        continue;
      g_assert_true (g_file_get_contents (file, &data, &length, &error));
      list = chat_word_list_new_from_data (data, length, name, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (list->words->len, >, 10);
      g_assert_true (g_str_has_prefix (data, "# SPDX-License-Identifier: CC-BY-4.0\n"));
      g_assert_nonnull (strstr (data, "List of Dirty, Naughty, Obscene, and Otherwise Bad Words"));
      g_assert_nonnull (strstr (build, quoted));
      n_lists++;
    }
  g_assert_cmpuint (n_lists, ==, 6);
}

int
main (int argc, char *argv[])
{
  moderation_test_init (&argc, &argv);
  g_test_add_func ("/moderation/word-list/right", test_right);
  g_test_add_func ("/moderation/word-list/wrong", test_wrong);
  g_test_add_func ("/moderation/word-list/nul", test_nul);
  g_test_add_func ("/moderation/word-list/default-lists", test_default_lists);
  return g_test_run ();
}
