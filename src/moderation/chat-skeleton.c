/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-skeleton.h"

#include "moderation/chat-fold.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

/* UTF-16 that ICU works on, with room for what it makes of it. */
typedef struct
{
  UChar *units; /* Owned */
  int32_t length;
} Text;

typedef int32_t (*Transform) (gconstpointer how, const UChar *units, int32_t length, UChar *result, int32_t size,
                              UErrorCode *status);

static int32_t
normalize (gconstpointer how, const UChar *units, int32_t length, UChar *result, int32_t size, UErrorCode *status)
{
  return unorm2_normalize (how, units, length, result, size, status);
}

static int32_t
make_skeleton (gconstpointer how, const UChar *units, int32_t length, UChar *result, int32_t size, UErrorCode *status)
{
  return uspoof_getSkeleton (how, 0, units, length, result, size, status);
}

static void
transform (Text *text, Transform function, gconstpointer how)
{
  UErrorCode status = U_ZERO_ERROR;
  int32_t size = function (how, text->units, text->length, NULL, 0, &status);
  UChar *result = g_new (UChar, size + 1);

  status = U_ZERO_ERROR;
  text->length = function (how, text->units, text->length, result, size + 1, &status);
  g_free (text->units);
  text->units = result;
}

typedef enum
{
  SCRIPT_LATIN = 1 << 0,
  SCRIPT_OTHER = 1 << 1,
} Scripts;

static Scripts
script_of (UChar32 c)
{
  UErrorCode status = U_ZERO_ERROR;
  UScriptCode script = uscript_getScript (c, &status);

  if (!u_isalpha (c) || script == USCRIPT_COMMON || script == USCRIPT_INHERITED)
    return 0;
  return script == USCRIPT_LATIN ? SCRIPT_LATIN : SCRIPT_OTHER;
}

static Scripts
scripts_of (const Text *text)
{
  Scripts scripts = 0;

  for (int32_t at = 0; at < text->length;)
    {
      UChar32 c;

      U16_NEXT (text->units, at, text->length, c);
      scripts |= script_of (c);
    }
  return scripts;
}

/* Letters of the @scripts that look like a Latin one, perhaps only beside others (в, т), which the skeleton leaves
 * alone. */
static void
replace_look_alikes (Text *text, Scripts scripts)
{
  const ChatFoldTable *table = chat_fold_table_get ();
  int32_t n = 0;

  for (int32_t at = 0; at < text->length;)
    {
      UChar32 c;
      ChatFoldValue value;

      U16_NEXT (text->units, at, text->length, c);
      value = chat_fold_table_lookup (table, (gunichar)c);
      if ((script_of (c) & scripts) != 0 && CHAT_FOLD_KIND (value) == CHAT_GLYPH_LETTER && CHAT_FOLD_LABEL (value) > 0
          && CHAT_FOLD_LABEL (value) < 0x80)
        c = (UChar32)CHAT_FOLD_LABEL (value);
      U16_APPEND_UNSAFE (text->units, n, c); /* never longer than what was read */
    }
  text->length = n;
}

/* Small letters that are alike in some other case: "I" is the capital of i, and looks like an l. */
static void
join_cases (Text *text)
{
  for (int32_t at = 0; at < text->length; at++)
    if (text->units[at] == 'i')
      text->units[at] = 'l';
}

char *
chat_skeleton (const char *name)
{
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2 *casefold = unorm2_getNFKCCasefoldInstance (&status);
  const UNormalizer2 *decompose = unorm2_getNFDInstance (&status);
  USpoofChecker *spoof = uspoof_open (&status);
  glong length;
  Text text;
  char *key;

  text.units = (UChar *)g_utf8_to_utf16 (name, -1, NULL, &length, NULL);
  g_return_val_if_fail (text.units != NULL && U_SUCCESS (status), NULL);
  text.length = (int32_t)length;
  /* among Latin letters a foreign one looks as it is written: "Νora" begins with a capital ny, whose small letter looks
   * like a v */
  if (scripts_of (&text) == (SCRIPT_LATIN | SCRIPT_OTHER))
    replace_look_alikes (&text, SCRIPT_OTHER);
  transform (&text, normalize, casefold);
  transform (&text, normalize, decompose);
  replace_look_alikes (&text, SCRIPT_LATIN | SCRIPT_OTHER);
  transform (&text, make_skeleton, spoof);
  transform (&text, normalize, casefold);
  join_cases (&text);
  uspoof_close (spoof);
  key = g_utf16_to_utf8 ((const gunichar2 *)text.units, text.length, NULL, NULL, NULL);
  g_free (text.units);
  return key;
}
