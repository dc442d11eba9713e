/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-excerpt.h"

#include <glib.h>

static void
test_plain (void)
{
  g_autofree char *text = chat_excerpt ("¿Qué tal? 👍", -1);
  g_autofree char *empty = chat_excerpt ("", -1);

  g_assert_cmpstr (text, ==, "¿Qué tal? 👍");
  g_assert_cmpstr (empty, ==, "");
}

static void
test_invisible (void)
{
  g_autofree char *control = chat_excerpt ("a\x1b[31m\nb", -1);
  g_autofree char *override = chat_excerpt ("a\u202eb\u00a0", -1);

  g_assert_cmpstr (control, ==, "a<U+001B>[31m<U+000A>b");
  g_assert_cmpstr (override, ==, "a<U+202E>b<U+00A0>");
}

static void
test_bytes (void)
{
  g_autofree char *broken = chat_excerpt ("a\xff\xc3", -1);
  g_autofree char *with_nul = chat_excerpt ("a\0b", 3);
  g_autofree char *cut = chat_excerpt ("año", 2);

  g_assert_cmpstr (broken, ==, "a<0xFF><0xC3>");
  g_assert_cmpstr (with_nul, ==, "a<0x00>b");
  g_assert_cmpstr (cut, ==, "a<0xC3>");
}

static void
test_long (void)
{
  g_autofree char *forty = chat_excerpt ("ññññññññññññññññññññññññññññññññññññññññ", -1);
  g_autofree char *more = chat_excerpt ("ñññññññññññññññññññññññññññññññññññññññññ", -1);

  g_assert_cmpint (g_utf8_strlen (forty, -1), ==, 40);
  g_assert_true (g_str_has_suffix (forty, "ñ"));
  g_assert_cmpint (g_utf8_strlen (more, -1), ==, 41);
  g_assert_true (g_str_has_suffix (more, "…"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/excerpt/plain", test_plain);
  g_test_add_func ("/core/excerpt/invisible", test_invisible);
  g_test_add_func ("/core/excerpt/bytes", test_bytes);
  g_test_add_func ("/core/excerpt/long", test_long);
  return g_test_run ();
}
