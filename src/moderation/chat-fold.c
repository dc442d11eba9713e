/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-fold.h"

#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>
#include <unicode/utf16.h>

#define TEXT_MAX 64 /* UTF-16 units: U+FDFA, the longest, becomes 18 */
#define COMBINING_TILDE 0x0303

typedef struct
{
  const UNormalizer2 *casefold, *decompose, *compose; /* Borrowed */
  USpoofChecker *spoof;                               /* Owned */
  GArray *values;                                     /* Owned */
  GArray *expansions;                                 /* Owned */
  GHashTable *known_blocks;                           /* Owned: GBytes → number */
} TableMaker;

typedef struct
{
  UChar units[TEXT_MAX];
  int32_t length;
} Text;

/* What ICU's confusables leave alone, or map to something else than a letter of ASCII. */
static const struct
{
  gunichar from;
  char to;
} look_alikes[] = {
  /* small capitals, the "small caps" of text generators; several Cyrillic letters lead here */
  { 0x1d00, 'a' },
  { 0x0299, 'b' },
  { 0x1d04, 'c' },
  { 0x1d05, 'd' },
  { 0x1d07, 'e' },
  { 0xa730, 'f' },
  { 0x0262, 'g' },
  { 0x029c, 'h' },
  { 0x026a, 'i' },
  { 0x1d0a, 'j' },
  { 0x1d0b, 'k' },
  { 0x0138, 'k' },
  { 0x029f, 'l' },
  { 0x1d0d, 'm' },
  { 0x0274, 'n' },
  { 0x1d0f, 'o' },
  { 0x1d18, 'p' },
  { 0xa7af, 'q' },
  { 0x0280, 'r' },
  { 0xa731, 's' },
  { 0x1d1b, 't' },
  { 0x1d1c, 'u' },
  { 0x1d20, 'v' },
  { 0x1d21, 'w' },
  { 0x028f, 'y' },
  { 0x1d22, 'z' },
  { 0x025c, '3' }, /* ɜ, and Cyrillic з */
  { 0x03bc, 'u' }, /* μ */
  { 0x03f2, 'c' }, /* ϲ: a sigma to case folding */
  { 0x03f9, 'c' },
  { 0x04cf, 'I' }, /* palochka: an l, or an i without its dot */
  { 0x04c0, 'I' },
  { 0x01c0, 'I' }, /* ǀ */
  { 0x0433, 'r' }, /* г */
  { 0x0438, 'u' }, /* и, as it is in italics */
  { 0x043f, 'n' }, /* п */
  /* signs */
  { 0x00a1, 'i' }, /* ¡ */
  { 0x00a2, 'c' }, /* ¢ */
  { 0x00a3, 'l' }, /* £ */
  { 0x00a5, 'y' }, /* ¥ */
  { 0x00a7, 's' }, /* § */
  { 0x00a9, 'c' }, /* © */
  { 0x00ae, 'r' }, /* ® */
  { 0x00b0, 'o' }, /* ° */
  { 0x00d7, 'x' }, /* × */
  { 0x2020, 't' }, /* † */
  { 0x20ac, 'e' }, /* € */
};

static ChatFoldValue
read_ascii (guchar c)
{
  if (c == 'I')
    return CHAT_FOLD_VALUE (CHAT_GLYPH_LETTER, CHAT_FOLD_CAPITAL_I);
  if (g_ascii_isalpha (c))
    return CHAT_FOLD_VALUE (CHAT_GLYPH_LETTER, (guint32)g_ascii_tolower (c));
  if (g_ascii_isdigit (c))
    return CHAT_FOLD_VALUE (CHAT_GLYPH_DIGIT, c);
  if (c <= ' ' || c == 0x7f)
    return CHAT_FOLD_VALUE (CHAT_GLYPH_SPACE, CHAT_FOLD_GAP);
  if (strchr ("@$", c) != NULL)
    return CHAT_FOLD_VALUE (CHAT_GLYPH_SIGN, c);
  if (strchr ("!|+", c) != NULL)
    return CHAT_FOLD_VALUE (CHAT_GLYPH_INNER, c);
  /* asterisks are what masking writes: they must not become part of a new find */
  if (strchr ("*`", c) != NULL)
    return CHAT_FOLD_VALUE (CHAT_GLYPH_BREAK, c);
  if (strchr ("-_./\\~^=#%&", c) != NULL)
    return CHAT_FOLD_VALUE (CHAT_GLYPH_JOINER, c);
  return CHAT_FOLD_VALUE (CHAT_GLYPH_STOP, CHAT_FOLD_GAP);
}

static gboolean
is_mark (gunichar c)
{
  int8_t type = u_charType ((UChar32)c);

  return type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK;
}

static gunichar
text_next (const Text *text, int32_t *at)
{
  UChar32 c;

  U16_NEXT (text->units, *at, text->length, c);
  return (gunichar)c;
}

static void
text_append (Text *text, gunichar c)
{
  if (text->length + U16_LENGTH (c) <= TEXT_MAX)
    U16_APPEND_UNSAFE (text->units, text->length, c);
}

static gunichar
text_single (const Text *text)
{
  int32_t at = 0;
  gunichar c;

  if (text->length == 0)
    return 0;
  c = text_next (text, &at);
  return at == text->length ? c : 0;
}

/* Through one of ICU's normalisers; what does not fit becomes empty, and the caller then leaves the character alone. */
static void
text_normalize (Text *text, const UNormalizer2 *normalizer)
{
  UErrorCode status = U_ZERO_ERROR;
  Text result;

  result.length = unorm2_normalize (normalizer, text->units, text->length, result.units, TEXT_MAX, &status);
  if (U_FAILURE (status))
    result.length = 0;
  *text = result;
}

static void
text_drop_marks (const TableMaker *self, Text *text)
{
  Text bare = { .length = 0 };

  text_normalize (text, self->decompose);
  for (int32_t at = 0; at < text->length;)
    {
      gunichar c = text_next (text, &at);

      if (!is_mark (c))
        text_append (&bare, c);
    }
  *text = bare;
  text_normalize (text, self->compose);
}

/* @c through our own look-alikes: a character of ASCII, or 0. */
static char
find_own_look_alike (gunichar c)
{
  for (gsize i = 0; i < G_N_ELEMENTS (look_alikes); i++)
    if (look_alikes[i].from == c)
      return look_alikes[i].to;
  return 0;
}

/* One or two characters of ASCII that look like @c, or nothing. */
static gboolean
find_confusable (const TableMaker *self, gunichar c, char result[3])
{
  UErrorCode status = U_ZERO_ERROR;
  Text in = { .length = 0 }, out;
  int n = 0;

  text_append (&in, c);
  out.length = uspoof_getSkeleton (self->spoof, 0, in.units, in.length, out.units, TEXT_MAX, &status);
  if (U_FAILURE (status))
    return FALSE;
  text_drop_marks (self, &out);
  for (int32_t at = 0; at < out.length; n++)
    {
      gunichar looks = text_next (&out, &at);

      if (looks >= 0x80)
        looks = (guchar)find_own_look_alike (looks);
      if (looks == 0 || n == 2)
        return FALSE;
      result[n] = g_ascii_tolower ((char)looks);
    }
  result[n] = '\0';
  if (strcmp (result, "rn") == 0) /* UTS #39 writes every m so */
    strcpy (result, "m");
  return n > 0;
}

/* Letters or digits of ASCII only; two look alike only as letters. */
static gboolean
find_letters (const TableMaker *self, gunichar c, char result[3])
{
  return find_confusable (self, c, result) && g_ascii_isalnum (result[0])
         && (result[1] == '\0' || g_ascii_isalpha (result[1]));
}

/* The Latin letters, or the digit, that the letter @c looks like. A capital looks like another one than its small
 * letter may (Ν and ν, В and в); where that is no help, the capital may be the one that does: в is no b to ICU, but В
 * is a B. */
static gboolean
find_look_alike (const TableMaker *self, gunichar c, gunichar original, char result[3])
{
  const gunichar tries[] = { c, original, (gunichar)u_toupper ((UChar32)c) };

  if (u_isupper ((UChar32)original) && find_letters (self, original, result))
    {
      if (strcmp (result, "l") == 0) /* what ICU makes of every capital I too */
        result[0] = CHAT_FOLD_CAPITAL_I;
      return TRUE;
    }
  result[0] = find_own_look_alike (original);
  if (result[0] == 0)
    result[0] = find_own_look_alike (c);
  result[1] = '\0';
  if (result[0] != 0)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (tries); i++)
    if (find_letters (self, tries[i], result))
      return TRUE;
  return FALSE;
}

static gboolean
is_ideograph (gunichar c)
{
  UErrorCode status = U_ZERO_ERROR;

  if (u_hasBinaryProperty ((UChar32)c, UCHAR_IDEOGRAPHIC))
    return TRUE;
  switch ((int)uscript_getScript ((UChar32)c, &status))
    {
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
      return TRUE;
    default:
      return FALSE;
    }
}

static guint
read_letter (const TableMaker *self, gunichar c, gunichar original, ChatFoldValue *values)
{
  char looks[3];
  guint n = 0;

  if (is_ideograph (c))
    values[n++] = CHAT_FOLD_VALUE (CHAT_GLYPH_IDEOGRAPH, c == original ? 0 : c);
  else if (find_look_alike (self, c, original, looks))
    for (; looks[n] != '\0'; n++)
      values[n] = CHAT_FOLD_VALUE (CHAT_GLYPH_LETTER, (guint32)looks[n]);
  else
    values[n++] = CHAT_FOLD_VALUE (CHAT_GLYPH_LETTER, c == original ? 0 : c);
  return n;
}

static ChatFoldValue
read_sign (const TableMaker *self, gunichar c)
{
  int8_t type = u_charType ((UChar32)c);
  char looks[3] = { find_own_look_alike (c), '\0', '\0' };

  if (u_hasBinaryProperty ((UChar32)c, UCHAR_EXTENDED_PICTOGRAPHIC) && looks[0] == '\0')
    return CHAT_FOLD_VALUE (CHAT_GLYPH_JOINER, 0);
  if (looks[0] == '\0' && !(find_confusable (self, c, looks) && looks[1] == '\0'))
    looks[0] = '\0';
  if (g_ascii_isalnum (looks[0])) /* € and its like are no punctuation */
    return CHAT_FOLD_VALUE (type == U_CURRENCY_SYMBOL ? CHAT_GLYPH_SIGN : CHAT_GLYPH_INNER, (guint32)looks[0]);
  if (looks[0] != '\0')
    return read_ascii ((guchar)looks[0]);
  switch ((int)type)
    {
    case U_DASH_PUNCTUATION:
    case U_CONNECTOR_PUNCTUATION:
    case U_MATH_SYMBOL:
    case U_CURRENCY_SYMBOL:
    case U_OTHER_SYMBOL:
      return CHAT_FOLD_VALUE (CHAT_GLYPH_JOINER, 0);
    default:
      return CHAT_FOLD_VALUE (CHAT_GLYPH_STOP, CHAT_FOLD_GAP);
    }
}

/* A character that normalising and dropping marks left, of the code point @original. */
static guint
read_normal (const TableMaker *self, gunichar c, gunichar original, ChatFoldValue *values)
{
  int8_t type = u_charType ((UChar32)c);

  if (c < 0x80)
    values[0] = read_ascii ((guchar)c);
  else if (u_isalpha ((UChar32)c) || type == U_COMBINING_SPACING_MARK)
    return read_letter (self, c, original, values);
  else if (type == U_DECIMAL_DIGIT_NUMBER || type == U_OTHER_NUMBER || type == U_LETTER_NUMBER)
    values[0] = CHAT_FOLD_VALUE (CHAT_GLYPH_DIGIT, c == original ? 0 : c);
  else if (u_isspace ((UChar32)c))
    values[0] = CHAT_FOLD_VALUE (CHAT_GLYPH_SPACE, CHAT_FOLD_GAP);
  else
    values[0] = read_sign (self, c);
  return 1;
}

/* Those whose place is plain without normalising; FALSE for the others. */
static gboolean
read_special (gunichar c, ChatFoldValue *value)
{
  int8_t type = u_charType ((UChar32)c);

  if (c < 0x80)
    *value = read_ascii ((guchar)c);
  else if (is_mark (c))
    *value = CHAT_FOLD_VALUE (CHAT_GLYPH_MARK, 0);
  else if (u_hasBinaryProperty ((UChar32)c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) || type == U_FORMAT_CHAR)
    *value = CHAT_FOLD_VALUE (CHAT_GLYPH_FORMAT, 0);
  else if (type == U_CONTROL_CHAR)
    *value = CHAT_FOLD_VALUE (CHAT_GLYPH_SPACE, CHAT_FOLD_GAP);
  else if (type == U_UNASSIGNED || type == U_PRIVATE_USE_CHAR || type == U_SURROGATE)
    *value = CHAT_FOLD_VALUE (CHAT_GLYPH_STOP, CHAT_FOLD_GAP);
  else if (c == 0x2122 || c == 0x2120) /* ™ ℠: NFKC would make letters of them, and glue them to the word */
    *value = CHAT_FOLD_VALUE (CHAT_GLYPH_STOP, CHAT_FOLD_GAP);
  else if (type == U_MODIFIER_SYMBOL) /* ´ ¨: NFKC would make a space of them, and who´re is no whore */
    *value = CHAT_FOLD_VALUE (CHAT_GLYPH_STOP, CHAT_FOLD_GAP);
  else if ((c >= 0x4e00 && c <= 0x9fff) || (c >= 0x20000 && c <= 0x2a6df))
    *value = CHAT_FOLD_VALUE (CHAT_GLYPH_IDEOGRAPH, 0); /* for speed */
  else if (c >= 0xac00 && c <= 0xd7a3)
    *value = CHAT_FOLD_VALUE (CHAT_GLYPH_LETTER, 0); /* Hangul: likewise */
  else if (c == 0x212e)                              /* ℮ */
    *value = CHAT_FOLD_VALUE (CHAT_GLYPH_LETTER, 'e');
  else if (c == 0x237a) /* ⍺: a symbol of APL */
    *value = CHAT_FOLD_VALUE (CHAT_GLYPH_LETTER, 'a');
  else if (c >= 0x1f150 && c <= 0x1f169) /* 🅐 */
    *value = CHAT_FOLD_VALUE (CHAT_GLYPH_LETTER, 'a' + (c - 0x1f150));
  else if (c >= 0x1f170 && c <= 0x1f189) /* 🅰 */
    *value = CHAT_FOLD_VALUE (CHAT_GLYPH_LETTER, 'a' + (c - 0x1f170));
  else if (c >= 0x1f1e6 && c <= 0x1f1ff) /* 🇦, see join_flag () in chat-glyphs.c */
    *value = CHAT_FOLD_VALUE (CHAT_GLYPH_LETTER, 'a' + (c - 0x1f1e6));
  else
    return FALSE;
  return TRUE;
}

static ChatFoldValue
read_code_point (TableMaker *self, gunichar c)
{
  ChatFoldValue values[CHAT_FOLD_MAX_EXPANSION + 2], value;
  Text text = { .length = 0 };
  guint n = 0;

  if (read_special (c, &value))
    return value;
  text_append (&text, c);
  text_normalize (&text, self->casefold);
  if (text_single (&text) == CHAT_FOLD_ENYE)
    return CHAT_FOLD_VALUE (CHAT_GLYPH_LETTER, CHAT_FOLD_ENYE);
  text_drop_marks (self, &text);
  for (int32_t at = 0; at < text.length && n <= CHAT_FOLD_MAX_EXPANSION;)
    n += read_normal (self, text_next (&text, &at), c, &values[n]);
  if (n == 0)
    return CHAT_FOLD_VALUE (CHAT_GLYPH_FORMAT, 0);
  if (n == 1)
    return values[0];
  if (n > CHAT_FOLD_MAX_EXPANSION) /* ﷺ: no part of a word that a list has */
    return CHAT_FOLD_VALUE (CHAT_GLYPH_LETTER, 0);
  value = CHAT_FOLD_VALUE (CHAT_GLYPH_EXPANSION, self->expansions->len);
  g_array_append_val (self->expansions, n);
  g_array_append_vals (self->expansions, values, n);
  return value;
}

/* The number of the block that begins at @first; most of Unicode shares a few. */
static guint16
make_block (TableMaker *self, gunichar first)
{
  ChatFoldValue block[CHAT_FOLD_BLOCK];
  GBytes *key;
  gpointer number;

  for (guint i = 0; i < CHAT_FOLD_BLOCK; i++)
    block[i] = read_code_point (self, first + i);
  key = g_bytes_new (block, sizeof block);
  if (g_hash_table_lookup_extended (self->known_blocks, key, NULL, &number))
    {
      g_bytes_unref (key);
      return (guint16)GPOINTER_TO_UINT (number);
    }
  number = GUINT_TO_POINTER (self->values->len / CHAT_FOLD_BLOCK);
  g_hash_table_insert (self->known_blocks, key, number);
  g_array_append_vals (self->values, block, CHAT_FOLD_BLOCK);
  return (guint16)GPOINTER_TO_UINT (number);
}

static ChatFoldTable *
make_table (void)
{
  UErrorCode status = U_ZERO_ERROR;
  TableMaker self = {
    .casefold = unorm2_getNFKCCasefoldInstance (&status),
    .decompose = unorm2_getNFDInstance (&status),
    .compose = unorm2_getNFCInstance (&status),
    .spoof = uspoof_open (&status),
    .values = g_array_new (FALSE, FALSE, sizeof (ChatFoldValue)),
    .expansions = g_array_new (FALSE, FALSE, sizeof (ChatFoldValue)),
    .known_blocks = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL),
  };
  ChatFoldTable *table = g_new0 (ChatFoldTable, 1);

  if (U_FAILURE (status)) /* its data is linked in: only without memory */
    g_error ("ICU cannot be used: %s", u_errorName (status));
  for (gunichar first = 0; first < 0x110000; first += CHAT_FOLD_BLOCK)
    table->blocks[first / CHAT_FOLD_BLOCK] = make_block (&self, first);
  uspoof_close (self.spoof);
  g_hash_table_unref (self.known_blocks);
  table->values = (ChatFoldValue *)g_array_free (self.values, FALSE);
  table->expansions = (ChatFoldValue *)g_array_free (self.expansions, FALSE);
  return table;
}

const ChatFoldTable *
chat_fold_table_get (void)
{
  static gsize table;

  if (g_once_init_enter (&table))
    g_once_init_leave (&table, GPOINTER_TO_SIZE (make_table ()));
  return GSIZE_TO_POINTER (table);
}

#define BIT(letter) (1u << ((letter) - 'a'))

guint32
chat_fold_letters (guint32 label)
{
  if (label >= 'a' && label <= 'z')
    return BIT (label);
  switch (label)
    {
    case '0':
      return BIT ('o');
    case '1':
    case '|':
    case CHAT_FOLD_CAPITAL_I:
      return BIT ('i') | BIT ('l');
    case '!':
      return BIT ('i');
    case '2':
      return BIT ('z');
    case '3':
      return BIT ('e');
    case '4':
    case '@':
      return BIT ('a');
    case '5':
    case '$':
      return BIT ('s');
    case '7':
    case '+':
      return BIT ('t');
    case '8':
      return BIT ('b');
    case '6':
      return BIT ('b') | BIT ('g');
    case '9':
      return BIT ('g');
    default:
      return 0;
    }
}

gboolean
chat_fold_overlap (guint32 a, guint32 b)
{
  return a == b || (chat_fold_letters (a) & chat_fold_letters (b)) != 0;
}
