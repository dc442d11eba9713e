/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-emoji.h"

#include <string.h>

static void
check (const char *text, const char *expected)
{
  g_autofree char *found = chat_emoji_normalize (text);

  if (g_strcmp0 (found, expected) != 0)
    g_error ("“%s” became “%s”, not “%s”", text, found, expected != NULL ? expected : "nothing");
}

static void
test_one (void)
{
  static const char *const emojis[] = {
    "👍",
    "👍🏽",
    "❤️",
    "1️⃣",
    "#️⃣",
    "🇪🇸",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "🏳️‍🌈",
    "👁️‍🗨️",
    "👩‍❤️‍💋‍👨",
    "👩🏻‍❤️‍💋‍👨🏿",
    "⛹🏽‍♀️",
    "☝🏽",
    "©️",
    "🤷🏾‍♂️",
    "👨‍👩‍👧‍👦",
  };

  for (guint i = 0; i < G_N_ELEMENTS (emojis); i++)
    check (emojis[i], emojis[i]);
}

/* However a keyboard writes it, it is the same reaction. */
static void
test_selectors (void)
{
  check ("\u2764", "\u2764\ufe0f");
  check ("👍\ufe0f", "👍");
  check ("\u2764\ufe0f\ufe0f", "\u2764\ufe0f");
  check ("🏳\u200d🌈", "🏳\ufe0f\u200d🌈");
  check ("1\u20e3", "1\ufe0f\u20e3");
  check ("⛹\ufe0f🏽\u200d♀", "⛹🏽\u200d♀\ufe0f");
}

static void
test_none (void)
{
  static const char *const others[] = {
    "",         "a",           "1",      "1\ufe0f",      "hola",
    "👍👍",       "👍 ",          " 👍",     "👍\n",          "👍a",
    "🇪",        "🇪🇪🇸",         "\u200d", "\ufe0f",       "🏽👍",
    "<script>", "' OR 1=1 --", "\xff",   "\xf0\x9f\x91", "👩‍👩‍👩‍👩‍👩",
  };
  g_autofree char *longer = g_strnfill (CHAT_EMOJI_MAX_BYTES + 1, '1');

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    check (others[i], NULL);
  check (longer, NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/moderation/emoji/one", test_one);
  g_test_add_func ("/moderation/emoji/selectors", test_selectors);
  g_test_add_func ("/moderation/emoji/none", test_none);
  return g_test_run ();
}
