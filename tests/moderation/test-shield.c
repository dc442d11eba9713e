/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-shield.h"

#include <locale.h>
#include <string.h>

/* ‹› stand around what is opaque, «» around what counts as a whole only. */
static const char *const marked[] = {
  "",
  "nothing here",
  "a ‹http://x› b",
  "‹http://example.com/a_b/@c?d=e#f:8080›",
  "‹https://a.b›",
  "(‹https://a.b)› c",
  "<‹https://a.b›> \"‹ws://a›\"",
  "[x](‹http://a.b)›",
  "‹HTTP://A.B›\u3000c",
  "‹http://a.b/ñ/漢›\u00a0c",
  "xhttp://a http:/a http://",
  "foo://bar puta://x ://",
  "‹www.a.b› ‹WWW.a/b› www. awww.b www.-",
  "‹example.com/a› ‹a.example.com:80/x› example.com a.b/c example.c1/x",
  "‹a.b.cc/x› .com/x -.com/x a..com/x",
  "‹ana@example.com›, <‹a.b+c@d-e.org›> ana@example ana@ @",
  "‹josé@españa.es›. a@b.c a@.com",
  "«@ana» «@ana.b_c-d». hola «@ñandú»! a@b @ a @@",
  "(«@ana»)",
  "‹`a`› ‹`b`›",
  "‹``a`b``› `a\nb ‹`c`›",
  "‹```a\n`b\n```› c ```d",
  "‹````a```› b",
  "‹` `` `›a ‹` b`› `` c",
  "«/usr/bin» «./a» «../a/b» «~/a», / // . .. ./ ~ a/b /-",
  "(«/usr/bin») \"«/a»\" x/usr",
  "«C:\\a\\b» «\\\\host\\share». C: \\ \\a a\\\\b aC:\\b",
  "«src/main.c», «a-b/c_d/e.txt». a/b a/b. puto/a. y/o",
  "«foo_bar» «a_b_c»(d_)",
  "__init__ _a_ _ __ a_ «x__y»",
  "«ñ_ñ»",
  "‹550e8400-e29b-41d4-a716-446655440000› ‹550E8400-E29B-41D4-A716-446655440000›.",
  "‹deadbeef01› deadbeef 1234567890 dead12 ‹dead123› ‹4c4b4a4f0e›",
  "xdeadbeef01 deadbeef01x",
  "‹http://[::1]:80/a› ‹file:///a/b› http://- http://.",
  "‹2001:db8::1› (‹fe80::1ff:fe23:4567:890a›) ‹00:1a:2b:a5:5e:0b›, 10:30:45 a::b std::dead1 x2001:db8::1 ::",
  "«src/main.c»:45:7: x, «a/b.c»:12 a/b:12",
  "«--dry-run»=1 «--a» -a --1 a--b -- («--x_y»)",
  "at ‹com.example.Main.run(Main.java:45)› ‹aa.bb.cc()› a.b.c(d) aa.bb(c) aa.bb.cc(d e) aa.bb.cc (d) aa.bb.cc(s) "
  "aa..bb.cc(d)",
  NULL,
};

static void
read_marked (const char *text, GString *plain, GArray *shields)
{
  ChatShield shield = { 0 };

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    switch (g_utf8_get_char (p))
      {
      case 0x2039: /* ‹ */
        shield = (ChatShield){ .start = plain->len, .kind = CHAT_SHIELD_OPAQUE };
        break;
      case 0x00ab: /* « */
        shield = (ChatShield){ .start = plain->len, .kind = CHAT_SHIELD_WHOLE };
        break;
      case 0x203a: /* › */
      case 0x00bb: /* » */
        shield.end = plain->len;
        g_array_append_val (shields, shield);
        break;
      default:
        g_string_append_unichar (plain, g_utf8_get_char (p));
      }
}

static char *
describe (const GArray *shields)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; shields != NULL && i < shields->len; i++)
    {
      const ChatShield *shield = &g_array_index (shields, ChatShield, i);

      g_string_append_printf (out, "%s%" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT " ",
                              shield->kind == CHAT_SHIELD_WHOLE ? "whole " : "", shield->start, shield->end);
    }
  return g_string_free (out, FALSE);
}

static void
test_marked (void)
{
  for (guint i = 0; marked[i] != NULL; i++)
    {
      g_autoptr (GString) plain = g_string_new (NULL);
      g_autoptr (GArray) expected = g_array_new (FALSE, FALSE, sizeof (ChatShield));
      g_autoptr (GArray) found = NULL;
      g_autofree char *expected_text = NULL, *found_text = NULL;

      read_marked (marked[i], plain, expected);
      found = chat_shields_find (plain->str, plain->len);
      expected_text = describe (expected);
      found_text = describe (found);
      if (strcmp (expected_text, found_text) != 0)
        {
          g_test_message ("“%s”: %s was expected, %s came", plain->str, expected_text, found_text);
          g_test_fail ();
        }
    }
}

int
main (int argc, char *argv[])
{
  setlocale (LC_ALL, ""); /* so that messages may quote any text */
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/moderation/shield/marked", test_marked);
  return g_test_run ();
}
