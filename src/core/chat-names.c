/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-names.h"

#include "core/chat-core-error.h"
#include "core/chat-excerpt.h"

#include <string.h>

#define CONVERSATION_CHARS 26
#define FORBIDDEN_IN_USERS "@#:,/"

/* Characters that draw nothing although they are letters, marks or symbols to Unicode (its Default_Ignorable_Code_Point
 * beyond the category Cf, and the blank Braille pattern): two names that differ by one look the same. */
static const struct
{
  gunichar first, last;
} invisible[] = {
  { 0x034f, 0x034f },   { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f }, { 0x2060, 0x206f },
  { 0x2800, 0x2800 },   { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f },   { 0xffa0, 0xffa0 }, { 0xfff0, 0xfff8 },
  { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

static gboolean
is_invisible (gunichar c)
{
  switch ((int)g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return TRUE;
    default:
      break;
    }
  for (guint i = 0; i < G_N_ELEMENTS (invisible); i++)
    if (c >= invisible[i].first && c <= invisible[i].last)
      return TRUE;
  return FALSE;
}

static gboolean
check_utf8 (const char *text, const char *what, GError **error)
{
  if (g_utf8_validate (text, -1, NULL))
    return TRUE;
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_NOT_UTF8, "the %s is not valid UTF-8", what);
  return FALSE;
}

static gboolean
is_channel_char (char c)
{
  return (c >= 'a' && c <= 'z') || g_ascii_isdigit (c);
}

gboolean
chat_channel_name_check (const char *name, GError **error)
{
  gsize length;

  g_return_val_if_fail (name != NULL, FALSE);

  length = strlen (name);
  if (length == 0)
    {
      g_set_error_literal (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "a channel's name cannot be empty");
      return FALSE;
    }
  if (length > CHAT_CHANNEL_MAX_BYTES)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_TOO_LARGE,
                   "a channel's name has at most %d characters; this one has %" G_GSIZE_FORMAT, CHAT_CHANNEL_MAX_BYTES,
                   length);
      return FALSE;
    }
  for (gsize i = 0; i < length; i++)
    if (!is_channel_char (name[i]) && (i == 0 || strchr ("._-", name[i]) == NULL))
      {
        g_autofree char *found = chat_excerpt (name, (gssize)length);

        g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                     i == 0 ? "the channel's name “%s” should begin with a lower-case letter a–z or a digit"
                            : "the channel's name “%s” should have only lower-case letters a–z, digits, “.”, “_”, “-”",
                     found);
        return FALSE;
      }
  return TRUE;
}

gboolean
chat_channel_name_is_private (const char *name)
{
  g_return_val_if_fail (name != NULL, FALSE);

  return g_str_has_prefix (name, CHAT_CONVERSATION_PREFIX);
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* RFC 4648 §6, in lower case as a channel's name wants it. */
static void
append_base32 (GString *out, const guint8 *bytes, guint n_chars)
{
  for (guint i = 0; i < n_chars; i++)
    {
      guint bit = i * 5;
      guint two = (guint)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];

      g_string_append_c (out, "abcdefghijklmnopqrstuvwxyz234567"[two >> (11 - bit % 8) & 31]);
    }
}

char *
chat_conversation_name (const char *const *user_keys)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  g_autoptr (GChecksum) sha256 = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize size = sizeof digest;
  GString *name;

  g_return_val_if_fail (user_keys != NULL, NULL);

  for (guint i = 0; user_keys[i] != NULL; i++)
    g_ptr_array_add (sorted, (gpointer)user_keys[i]);
  g_ptr_array_sort (sorted, compare_keys);
  for (guint i = 0; i < sorted->len; i++)
    {
      const char *key = sorted->pdata[i];

      /* With its NUL, so that "ab", "c" is not "a", "bc"; whoever is named twice is there once. */
      if (i == 0 || strcmp (key, sorted->pdata[i - 1]) != 0)
        g_checksum_update (sha256, (const guchar *)key, (gssize)strlen (key) + 1);
    }
  g_checksum_get_digest (sha256, digest, &size);
  name = g_string_new (CHAT_CONVERSATION_PREFIX);
  append_base32 (name, digest, CONVERSATION_CHARS);
  return g_string_free (name, FALSE);
}

static gboolean
check_user_char (gunichar c, GError **error)
{
  if (is_invisible (c))
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                   "a user's name cannot have the invisible or control character U+%04X", c);
      return FALSE;
    }
  if (c < 128 && strchr (FORBIDDEN_IN_USERS, (char)c) != NULL)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                   "a user's name cannot have the character “%c” (nor any of %s)", (char)c, FORBIDDEN_IN_USERS);
      return FALSE;
    }
  return TRUE;
}

gboolean
chat_user_name_check (const char *name, GError **error)
{
  glong chars;

  g_return_val_if_fail (name != NULL, FALSE);

  if (!check_utf8 (name, "user's name", error))
    return FALSE;
  chars = g_utf8_strlen (name, -1);
  if (chars == 0)
    {
      g_set_error_literal (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "a user's name cannot be empty");
      return FALSE;
    }
  if (chars > CHAT_USER_MAX_CHARS)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_TOO_LARGE,
                   "a user's name has at most %d characters; this one has %ld", CHAT_USER_MAX_CHARS, chars);
      return FALSE;
    }
  for (const char *at = name; *at != '\0'; at = g_utf8_next_char (at))
    if (!check_user_char (g_utf8_get_char (at), error))
      return FALSE;
  if (g_unichar_isspace (g_utf8_get_char (name))
      || g_unichar_isspace (g_utf8_get_char (g_utf8_prev_char (name + strlen (name)))))
    {
      g_set_error_literal (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                           "a user's name cannot begin or end with white space");
      return FALSE;
    }
  return TRUE;
}

/* The first control character (C0 but newline and tab, DEL, C1) in valid UTF-8, or 0; counts the code points. */
static gunichar
find_control (const char *text, gsize *chars)
{
  gsize n = 0;

  for (const guchar *at = (const guchar *)text; *at != '\0'; at++)
    {
      if ((*at & 0xc0) == 0x80)
        continue;
      n++;
      if ((*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7f)
        return *at;
      if (*at == 0xc2 && at[1] < 0xa0)
        return at[1];
    }
  *chars = n;
  return 0;
}

gboolean
chat_text_check (const char *text, GError **error)
{
  gsize chars = 0;
  gunichar control;

  g_return_val_if_fail (text != NULL, FALSE);

  if (!check_utf8 (text, "text", error))
    return FALSE;
  control = find_control (text, &chars);
  if (control != 0)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                   "a text cannot have the control character U+%04X; only newline and tab are allowed", control);
      return FALSE;
    }
  if (chars == 0)
    {
      g_set_error_literal (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "a text cannot be empty");
      return FALSE;
    }
  if (chars > CHAT_TEXT_MAX_CHARS)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_TOO_LARGE,
                   "a text has at most %d characters; this one has %" G_GSIZE_FORMAT, CHAT_TEXT_MAX_CHARS, chars);
      return FALSE;
    }
  return TRUE;
}
