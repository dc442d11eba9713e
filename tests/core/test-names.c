/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-names.h"

#include "core-test.h"

typedef gboolean (*Check) (const char *name, GError **error);

static void
assert_right (Check check, const char *name)
{
  g_autoptr (GError) error = NULL;

  if (!check (name, &error))
    g_error ("“%s”: %s", name, error->message);
}

static void
assert_wrong (Check check, const char *name, ChatCoreError code, const char *part)
{
  g_autoptr (GError) error = NULL;

  if (check (name, &error))
    g_error ("“%s” was taken", name);
  assert_says (&error, code, part);
}

static char *
repeat (const char *text, guint n)
{
  GString *out = g_string_new (NULL);

  while (n-- > 0)
    g_string_append (out, text);
  return g_string_free (out, FALSE);
}

static void
test_channel (void)
{
  g_autofree char *longest = repeat ("a", 63);
  g_autofree char *longer = repeat ("a", 64);

  assert_right (chat_channel_name_check, "general");
  assert_right (chat_channel_name_check, "0");
  assert_right (chat_channel_name_check, "a.b_c-d..");
  assert_right (chat_channel_name_check, longest);
  assert_wrong (chat_channel_name_check, longer, CHAT_CORE_ERROR_TOO_LARGE, "63");
  assert_wrong (chat_channel_name_check, "", CHAT_CORE_ERROR_INVALID, "empty");
  assert_wrong (chat_channel_name_check, ".general", CHAT_CORE_ERROR_INVALID, "begin");
  assert_wrong (chat_channel_name_check, "-", CHAT_CORE_ERROR_INVALID, "begin");
  assert_wrong (chat_channel_name_check, "General", CHAT_CORE_ERROR_INVALID, "“General”");
  assert_wrong (chat_channel_name_check, "gen eral", CHAT_CORE_ERROR_INVALID, "digits");
  assert_wrong (chat_channel_name_check, "café", CHAT_CORE_ERROR_INVALID, "“café”");
  assert_wrong (chat_channel_name_check, "a\u202eb", CHAT_CORE_ERROR_INVALID, "a<U+202E>b");
  assert_wrong (chat_channel_name_check, "a/b", CHAT_CORE_ERROR_INVALID, "“a/b”");
  assert_wrong (chat_channel_name_check, "a\xff", CHAT_CORE_ERROR_INVALID, "a<0xFF>");
  assert_wrong (chat_channel_name_check, "a\n", CHAT_CORE_ERROR_INVALID, "a<U+000A>");
}

static void
test_private (void)
{
  g_assert_true (chat_channel_name_is_private ("dm.4jc2f3eclfolws7qxwwbzt6fng"));
  g_assert_false (chat_channel_name_is_private ("general"));
  g_assert_false (chat_channel_name_is_private ("dm"));
  g_assert_false (chat_channel_name_is_private ("admin.dm.x"));
}

static char *
conversation (const char *a, const char *b, const char *c)
{
  const char *keys[] = { a, b, c, NULL };

  return chat_conversation_name (keys);
}

static void
test_conversation (void)
{
  g_autofree char *two = conversation ("ana", "bob", NULL);
  g_autofree char *swapped = conversation ("bob", "ana", NULL);
  g_autofree char *twice = conversation ("bob", "ana", "bob");
  g_autofree char *other = conversation ("anab", "ob", NULL);
  g_autofree char *three = conversation ("ana", "bob", "eva");

  /* Written in stores, so it may never come out differently: base32 of SHA-256 over "ana\0bob\0". */
  g_assert_cmpstr (two, ==, "dm.4jc2f3eclfolws7qxwwbzt6fng");
  g_assert_cmpstr (swapped, ==, two);
  g_assert_cmpstr (twice, ==, two);
  g_assert_cmpstr (other, !=, two);
  g_assert_cmpstr (three, !=, two);
  assert_right (chat_channel_name_check, three);
  g_assert_true (chat_channel_name_is_private (three));
}

static void
test_user (void)
{
  g_autofree char *longest = repeat ("ñ", 64);
  g_autofree char *longer = repeat ("ñ", 65);

  assert_right (chat_user_name_check, "ana");
  assert_right (chat_user_name_check, "Ana María");
  assert_right (chat_user_name_check, "ana (kafka)");
  assert_right (chat_user_name_check, "Łukasz");
  assert_right (chat_user_name_check, "e\u0301va");
  assert_right (chat_user_name_check, "李小龍");
  assert_right (chat_user_name_check, "🦊");
  assert_right (chat_user_name_check, longest);
  assert_wrong (chat_user_name_check, longer, CHAT_CORE_ERROR_TOO_LARGE, "65");
  assert_wrong (chat_user_name_check, "", CHAT_CORE_ERROR_INVALID, "empty");
  assert_wrong (chat_user_name_check, "a\xff", CHAT_CORE_ERROR_NOT_UTF8, "UTF-8");
  assert_wrong (chat_user_name_check, " ana", CHAT_CORE_ERROR_INVALID, "white space");
  assert_wrong (chat_user_name_check, "ana ", CHAT_CORE_ERROR_INVALID, "white space");
  assert_wrong (chat_user_name_check, "ana\u00a0", CHAT_CORE_ERROR_INVALID, "white space");
  assert_wrong (chat_user_name_check, "\u3000ana", CHAT_CORE_ERROR_INVALID, "white space");
}

static void
test_user_characters (void)
{
  static const char *const forbidden[] = { "@", "#", ":", ",", "/" };
  static const char *const invisible[]
      = { "\n",     "\t",     "\x1b",   "\x7f",   "\xc2\x85", "\u00ad", "\u034f",     "\u061c",    "\u115f", "\u180e",
          "\u200b", "\u200d", "\u200e", "\u202e", "\u2028",   "\u2029", "\u2060",     "\u2066",    "\u2800", "\u3164",
          "\ufe0f", "\ufeff", "\uffa0", "\ufff9", "\u2064",   "\u17b4", "\U000e0041", "\U0001d173" };

  for (guint i = 0; i < G_N_ELEMENTS (forbidden); i++)
    {
      g_autofree char *name = g_strdup_printf ("a%sb", forbidden[i]);
      g_autofree char *quoted = g_strdup_printf ("“%s”", forbidden[i]);

      assert_wrong (chat_user_name_check, name, CHAT_CORE_ERROR_INVALID, quoted);
    }
  for (guint i = 0; i < G_N_ELEMENTS (invisible); i++)
    {
      g_autofree char *name = g_strdup_printf ("a%sb", invisible[i]);
      g_autofree char *code = g_strdup_printf ("U+%04X", g_utf8_get_char (invisible[i]));

      assert_wrong (chat_user_name_check, name, CHAT_CORE_ERROR_INVALID, code);
    }
}

static void
test_text (void)
{
  g_autofree char *longest = repeat ("👍", 8000);
  g_autofree char *longer = repeat ("👍", 8001);

  assert_right (chat_text_check, "hola");
  assert_right (chat_text_check, " ");
  assert_right (chat_text_check, "one\n\ttwo");
  assert_right (chat_text_check, "\u202egnp.exe\u200b\u00a0\ufeff\uffff");
  assert_right (chat_text_check, longest);
  assert_wrong (chat_text_check, longer, CHAT_CORE_ERROR_TOO_LARGE, "8001");
  assert_wrong (chat_text_check, "", CHAT_CORE_ERROR_INVALID, "empty");
  assert_wrong (chat_text_check, "a\xc3", CHAT_CORE_ERROR_NOT_UTF8, "UTF-8");
  assert_wrong (chat_text_check, "a\xed\xa0\x80", CHAT_CORE_ERROR_NOT_UTF8, "UTF-8");
  assert_wrong (chat_text_check, "a\x1b[0m", CHAT_CORE_ERROR_INVALID, "U+001B");
  assert_wrong (chat_text_check, "a\r\n", CHAT_CORE_ERROR_INVALID, "U+000D");
  assert_wrong (chat_text_check, "a\x7f", CHAT_CORE_ERROR_INVALID, "U+007F");
  assert_wrong (chat_text_check, "a\xc2\x85", CHAT_CORE_ERROR_INVALID, "U+0085");
  assert_wrong (chat_text_check, "a\xc2\x9f", CHAT_CORE_ERROR_INVALID, "U+009F");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/names/channel", test_channel);
  g_test_add_func ("/core/names/private", test_private);
  g_test_add_func ("/core/names/conversation", test_conversation);
  g_test_add_func ("/core/names/user", test_user);
  g_test_add_func ("/core/names/user-characters", test_user_characters);
  g_test_add_func ("/core/names/text", test_text);
  return g_test_run ();
}
