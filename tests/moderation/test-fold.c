/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-glyphs.h"

#include <string.h>

static const struct
{
  gunichar c;
  ChatGlyphKind kind;
  guint32 label;
} table[] = {
  { 'a', CHAT_GLYPH_LETTER, 'a' },          { 'A', CHAT_GLYPH_LETTER, 'a' },    { 'I', CHAT_GLYPH_LETTER, 'I' },
  { '7', CHAT_GLYPH_DIGIT, '7' },           { '@', CHAT_GLYPH_SIGN, '@' },      { '!', CHAT_GLYPH_INNER, '!' },
  { '\n', CHAT_GLYPH_SPACE, ' ' },          { '-', CHAT_GLYPH_JOINER, '-' },    { '\'', CHAT_GLYPH_STOP, ' ' },
  { '*', CHAT_GLYPH_BREAK, '*' },           { 0x00e1, CHAT_GLYPH_LETTER, 'a' }, /* á */
  { 0x00f1, CHAT_GLYPH_LETTER, 0x00f1 },                                        /* ñ */
  { 0x00d1, CHAT_GLYPH_LETTER, 0x00f1 },                                        /* Ñ */
  { 0x0144, CHAT_GLYPH_LETTER, 'n' },                                           /* ń */
  { 0x00e7, CHAT_GLYPH_LETTER, 'c' },                                           /* ç */
  { 0x0130, CHAT_GLYPH_LETTER, 'i' },                                           /* İ */
  { 0x0131, CHAT_GLYPH_LETTER, 'i' },                                           /* ı */
  { 0x017f, CHAT_GLYPH_LETTER, 's' },                                           /* ſ */
  { 0x212a, CHAT_GLYPH_LETTER, 'k' },                                           /* K, the kelvin sign */
  { 0x0430, CHAT_GLYPH_LETTER, 'a' },                                           /* а */
  { 0x0432, CHAT_GLYPH_LETTER, 'b' },                                           /* в */
  { 0x0442, CHAT_GLYPH_LETTER, 't' },                                           /* т */
  { 0x0416, CHAT_GLYPH_LETTER, 0x0436 },                                        /* Ж looks like nothing */
  { 0x03b1, CHAT_GLYPH_LETTER, 'a' },                                           /* α */
  { 0x03bc, CHAT_GLYPH_LETTER, 'u' },                                           /* μ */
  { 0x00b5, CHAT_GLYPH_LETTER, 'u' },                                           /* µ */
  { 0x0271, CHAT_GLYPH_LETTER, 'm' },                                           /* ɱ */
  { 0x00f8, CHAT_GLYPH_LETTER, 'o' },                                           /* ø */
  { 0x0142, CHAT_GLYPH_LETTER, 'l' },                                           /* ł */
  { 0x1d00, CHAT_GLYPH_LETTER, 'a' },                                           /* ᴀ */
  { 0xff50, CHAT_GLYPH_LETTER, 'p' },                                           /* ｐ */
  { 0xff14, CHAT_GLYPH_DIGIT, '4' },                                            /* ４ */
  { 0xff20, CHAT_GLYPH_SIGN, '@' },                                             /* ＠ */
  { 0x1d4f9, CHAT_GLYPH_LETTER, 'p' },                                          /* 𝓹 */
  { 0x24df, CHAT_GLYPH_LETTER, 'p' },                                           /* ⓟ */
  { 0x1f17f, CHAT_GLYPH_LETTER, 'p' },                                          /* 🅿 */
  { 0x1f15f, CHAT_GLYPH_LETTER, 'p' },                                          /* 🅟 */
  { 0x1f1f5, CHAT_GLYPH_LETTER, 'p' },                                          /* 🇵 */
  { 0x20ac, CHAT_GLYPH_SIGN, 'e' },                                             /* € */
  { 0x00a1, CHAT_GLYPH_INNER, 'i' },                                            /* ¡ */
  { 0x2223, CHAT_GLYPH_INNER, 'l' },                                            /* ∣ */
  { 0x2019, CHAT_GLYPH_STOP, ' ' },                                             /* ’ */
  { 0x00b4, CHAT_GLYPH_STOP, ' ' },                                             /* ´ */
  { 0x2010, CHAT_GLYPH_JOINER, '-' },                                           /* ‐ */
  { 0x2014, CHAT_GLYPH_JOINER, 0x2014 },                                        /* — */
  { 0x1f600, CHAT_GLYPH_JOINER, 0x1f600 },                                      /* 😀 */
  { 0xff0a, CHAT_GLYPH_BREAK, '*' },                                            /* ＊ */
  { 0x00a0, CHAT_GLYPH_SPACE, ' ' },        { 0x3000, CHAT_GLYPH_SPACE, ' ' },  { 0x2028, CHAT_GLYPH_SPACE, ' ' },
  { 0x2122, CHAT_GLYPH_STOP, ' ' },         /* ™ */
  { 0xe000, CHAT_GLYPH_STOP, ' ' },         /* private use */
  { 0x0378, CHAT_GLYPH_STOP, ' ' },         /* unassigned */
  { 0x64cd, CHAT_GLYPH_IDEOGRAPH, 0x64cd }, /* 操 */
  { 0xf900, CHAT_GLYPH_IDEOGRAPH, 0x8c48 }, /* 豈, a compatibility ideograph */
  { 0x304b, CHAT_GLYPH_IDEOGRAPH, 0x304b }, /* か */
  { 0xff76, CHAT_GLYPH_IDEOGRAPH, 0x30ab }, /* ｶ */
  { 0xac00, CHAT_GLYPH_LETTER, 0xac00 },    /* 가 */
  { 0x0301, CHAT_GLYPH_MARK, 0 },           { 0xfe0f, CHAT_GLYPH_MARK, 0 },     { 0x200b, CHAT_GLYPH_FORMAT, 0 },
  { 0x200d, CHAT_GLYPH_FORMAT, 0 },         { 0x00ad, CHAT_GLYPH_FORMAT, 0 },   { 0x202e, CHAT_GLYPH_FORMAT, 0 },
  { 0x3164, CHAT_GLYPH_FORMAT, 0 }, /* Hangul filler: a blank */
  { 0xe0041, CHAT_GLYPH_FORMAT, 0 },
};

static void
test_table (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      ChatFoldValue value = chat_fold_table_lookup (chat_fold_table_get (), table[i].c);
      gboolean gone = table[i].kind == CHAT_GLYPH_MARK || table[i].kind == CHAT_GLYPH_FORMAT;
      guint32 label = CHAT_FOLD_LABEL (value) != 0 || gone ? CHAT_FOLD_LABEL (value) : table[i].c;

      if (CHAT_FOLD_KIND (value) != table[i].kind || label != table[i].label)
        g_error ("U+%04X is read as kind %d, U+%04X", table[i].c, (int)CHAT_FOLD_KIND (value), label);
    }
}

static void
check_value (const ChatFoldTable *fold, gunichar c, ChatFoldValue value)
{
  guint32 label = CHAT_FOLD_LABEL (value) != 0 ? CHAT_FOLD_LABEL (value) : c;
  ChatFoldValue again;

  g_assert_cmpuint (CHAT_FOLD_KIND (value), <, CHAT_GLYPH_MARK);
  if (CHAT_FOLD_KIND (value) != CHAT_GLYPH_LETTER && CHAT_FOLD_KIND (value) != CHAT_GLYPH_IDEOGRAPH)
    return;
  if (g_unichar_isdigit (label)) /* Cyrillic З looks like a 3 */
    return;
  again = chat_fold_table_lookup (fold, label);
  if (CHAT_FOLD_KIND (again) != CHAT_FOLD_KIND (value)
      || (CHAT_FOLD_LABEL (again) != 0 && CHAT_FOLD_LABEL (again) != label))
    g_error ("U+%04X is read as U+%04X, but that as U+%04X", c, label, CHAT_FOLD_LABEL (again));
}

/* What a letter is read as is read as itself: else a list and a text could differ. */
static void
test_settled (void)
{
  const ChatFoldTable *fold = chat_fold_table_get ();

  for (gunichar c = 0; c < 0x110000; c++)
    {
      ChatFoldValue value = chat_fold_table_lookup (fold, c);
      const ChatFoldValue *expansion = fold->expansions + CHAT_FOLD_LABEL (value);

      if (CHAT_FOLD_KIND (value) == CHAT_GLYPH_MARK || CHAT_FOLD_KIND (value) == CHAT_GLYPH_FORMAT)
        continue;
      if (CHAT_FOLD_KIND (value) != CHAT_GLYPH_EXPANSION)
        {
          check_value (fold, c, value);
          continue;
        }
      g_assert_cmpuint (expansion[0], >=, 2);
      g_assert_cmpuint (expansion[0], <=, CHAT_FOLD_MAX_EXPANSION);
      for (guint i = 1; i <= expansion[0]; i++)
        check_value (fold, c, expansion[i]);
    }
}

static void
test_letters (void)
{
  g_assert_cmpuint (chat_fold_letters ('a'), ==, 1);
  g_assert_cmpuint (chat_fold_letters ('4'), ==, 1);
  g_assert_cmpuint (chat_fold_letters ('1'), ==, 1u << ('i' - 'a') | 1u << ('l' - 'a'));
  g_assert_cmpuint (chat_fold_letters (0x4e00), ==, 0);
  g_assert_true (chat_fold_overlap ('1', '!'));
  g_assert_true (chat_fold_overlap (0x4e00, 0x4e00));
  g_assert_false (chat_fold_overlap (0x4e00, 0x4e01));
  g_assert_false (chat_fold_overlap ('a', 's'));
}

/* Labels as text, with < before a glyph that starts a word and > behind one that ends one. */
static void
check_glyphs (const char *text, const char *expected)
{
  ChatGlyphs glyphs = { 0 };
  g_autoptr (GString) found = g_string_new (NULL);

  chat_glyphs_read (&glyphs, text, 0, strlen (text));
  for (gsize i = 0; i < glyphs.n_items; i++)
    {
      const ChatGlyph *glyph = &glyphs.items[i];

      if (glyph->flags & CHAT_GLYPH_STARTS_WORD)
        g_string_append_c (found, '<');
      g_string_append_unichar (found, glyph->label);
      if (glyph->flags & CHAT_GLYPH_ENDS_WORD)
        g_string_append_c (found, '>');
      g_assert_cmpuint (glyph->start, <, glyph->end);
      g_assert_cmpuint (glyph->end, <=, strlen (text));
      g_assert_cmpuint (glyph->start, >=, i > 0 ? glyph[-1].start : 0);
    }
  g_assert_cmpstr (found->str, ==, expected);
  chat_glyphs_clear (&glyphs);
}

static void
test_words (void)
{
  check_glyphs ("", "");
  check_glyphs ("Hola, Ana", "<hola>  <ana>");
  check_glyphs ("a", "<a>");
  check_glyphs ("12 3", "12 3");
  check_glyphs ("2ab3", "<2<ab>3>");
  check_glyphs ("a1b", "<a1b>");
  check_glyphs ("a!b", "<a>!<b>");
  check_glyphs ("!a!", " <a> ");
  check_glyphs ("mi!i!i", "<mi>!i>!i>");
  check_glyphs ("a!!b", "<a>!!<b>");
  check_glyphs ("a! b", "<a>  <b>");
  check_glyphs ("$a$", "<$<a>$>");
  check_glyphs ("操你a", "<操><你><a>");
  check_glyphs ("操操", "<操>操>");
}

static void
test_marks (void)
{
  check_glyphs ("e\u0301n\u0303e", "<eñe>");
  check_glyphs ("n\u0301\u0303", "<n>");
  check_glyphs ("n\u200b\u0303", "<n>");
  check_glyphs ("\u0301a", "<a>");
  check_glyphs ("a\u200b\u200db", "<ab>");
  check_glyphs ("\ufb03", "<ffi>");
  check_glyphs ("Iglu IGLU aI", "<Iglu> <iglu> <aI>");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/moderation/fold/table", test_table);
  g_test_add_func ("/moderation/fold/settled", test_settled);
  g_test_add_func ("/moderation/fold/letters", test_letters);
  g_test_add_func ("/moderation/glyphs/words", test_words);
  g_test_add_func ("/moderation/glyphs/marks", test_marks);
  return g_test_run ();
}
