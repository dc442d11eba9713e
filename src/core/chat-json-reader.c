/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-json-reader.h"

#include "core/chat-core-error.h"
#include "core/chat-excerpt.h"

#include <math.h>
#include <string.h>

/* A number with an exponent or of more digits than this may be beyond a double's range (1.8e308). */
#define PLAIN_NUMBER_MAX 300

static gboolean
fail (ChatJsonReader *self, const char *expected, GError **error)
{
  g_autofree char *found = NULL;

  if (self->at == self->end)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_NOT_JSON, "not JSON: it ends where %s should follow",
                   expected);
      return FALSE;
    }
  found = chat_excerpt (self->at, MIN (self->end - self->at, g_utf8_next_char (self->at) - self->at));
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_NOT_JSON,
               "not JSON at byte %" G_GSIZE_FORMAT ": “%s” where %s should be", (gsize)(self->at - self->start), found,
               expected);
  return FALSE;
}

gboolean
chat_json_reader_init (ChatJsonReader *self, const void *bytes, gsize length, guint max_depth, GError **error)
{
  const char *bad;

  *self = (ChatJsonReader){ .start = bytes, .at = bytes, .max_depth = max_depth };
  g_return_val_if_fail (max_depth <= CHAT_JSON_DEEPEST, FALSE);

  if (length == 0)
    self->start = self->at = "";
  self->end = self->start + length;
  /* With a length, g_utf8_validate_len() takes a NUL for invalid too. */
  if (!g_utf8_validate_len (self->start, length, &bad))
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_NOT_UTF8,
                   *bad == '\0' ? "a NUL byte at byte %" G_GSIZE_FORMAT : "not valid UTF-8 at byte %" G_GSIZE_FORMAT,
                   (gsize)(bad - self->start));
      return FALSE;
    }
  if (length >= 3 && memcmp (self->start, "\xef\xbb\xbf", 3) == 0)
    self->at += 3;
  return TRUE;
}

void
chat_json_reader_clear (ChatJsonReader *self)
{
  g_clear_error (&self->invalid);
}

void
chat_json_reader_refuse (ChatJsonReader *self, const char *format, ...)
{
  va_list args;

  if (self->invalid != NULL)
    return;
  va_start (args, format);
  self->invalid = g_error_new_valist (CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, format, args);
  va_end (args);
}

static inline void
skip_space (ChatJsonReader *self)
{
  while (self->at < self->end && (*self->at == ' ' || *self->at == '\n' || *self->at == '\r' || *self->at == '\t'))
    self->at++;
}

char
chat_json_reader_peek (ChatJsonReader *self)
{
  skip_space (self);
  return self->at < self->end ? *self->at : '\0';
}

static gboolean
take (ChatJsonReader *self, char c)
{
  if (chat_json_reader_peek (self) != c)
    return FALSE;
  self->at++;
  return TRUE;
}

/* The four digits of \uXXXX, or -1. */
static gint
read_hex4 (const char *at, const char *end)
{
  gint value = 0;

  if (end - at < 4)
    return -1;
  for (guint i = 0; i < 4; i++)
    {
      gint digit = g_ascii_xdigit_value (at[i]);

      if (digit < 0)
        return -1;
      value = value << 4 | digit;
    }
  return value;
}

/* Behind the "u" of an escape. */
static gboolean
scan_unicode_escape (ChatJsonReader *self, GError **error)
{
  gint unit = read_hex4 (self->at, self->end);

  if (unit < 0)
    return fail (self, "four hexadecimal digits of a \\u escape", error);
  self->at += 4;
  if (unit == 0)
    chat_json_reader_refuse (self, "an escaped NUL (\\u0000) before byte %" G_GSIZE_FORMAT,
                             (gsize)(self->at - self->start));
  if (unit < 0xd800 || unit > 0xdfff)
    return TRUE;
  if (unit < 0xdc00 && self->end - self->at >= 6 && self->at[0] == '\\' && self->at[1] == 'u')
    {
      gint low = read_hex4 (self->at + 2, self->end);

      if (low >= 0xdc00 && low <= 0xdfff)
        {
          self->at += 6;
          return TRUE;
        }
    }
  chat_json_reader_refuse (self, "half a surrogate pair (\\u%04x) before byte %" G_GSIZE_FORMAT, (guint)unit,
                           (gsize)(self->at - self->start));
  return TRUE;
}

static gboolean
scan_string (ChatJsonReader *self, ChatJsonToken *token, GError **error)
{
  token->type = CHAT_JSON_STRING;
  token->escaped = FALSE;
  token->raw = self->at++;
  for (;;)
    {
      while (self->at < self->end && *self->at != '"' && *self->at != '\\' && (guchar)*self->at >= 0x20)
        self->at++;
      if (self->at == self->end)
        return fail (self, "the closing quotation mark of a string", error);
      if ((guchar)*self->at < 0x20)
        return fail (self, "an escape (no control character may stand in a string)", error);
      if (*self->at++ == '"')
        break;
      token->escaped = TRUE;
      if (self->at == self->end || strchr ("\"\\/bfnrtu", *self->at) == NULL)
        return fail (self, "one of \" \\ / b f n r t u after a backslash", error);
      if (*self->at++ == 'u' && !scan_unicode_escape (self, error))
        return FALSE;
    }
  token->length = (gsize)(self->at - token->raw);
  return TRUE;
}

static gboolean
scan_digits (ChatJsonReader *self, GError **error)
{
  if (self->at == self->end || !g_ascii_isdigit (*self->at))
    return fail (self, "a digit of a number", error);
  while (self->at < self->end && g_ascii_isdigit (*self->at))
    self->at++;
  return TRUE;
}

static gboolean
scan_number (ChatJsonReader *self, ChatJsonToken *token, GError **error)
{
  gboolean exponent = FALSE;

  token->type = CHAT_JSON_INTEGER;
  token->raw = self->at;
  if (*self->at == '-')
    self->at++;
  if (self->at < self->end && *self->at == '0')
    self->at++; /* a digit behind it is found out by whoever comes next */
  else if (!scan_digits (self, error))
    return FALSE;
  if (self->at < self->end && *self->at == '.')
    {
      token->type = CHAT_JSON_REAL;
      self->at++;
      if (!scan_digits (self, error))
        return FALSE;
    }
  if (self->at < self->end && (*self->at == 'e' || *self->at == 'E'))
    {
      token->type = CHAT_JSON_REAL;
      exponent = TRUE;
      self->at++;
      if (self->at < self->end && (*self->at == '+' || *self->at == '-'))
        self->at++;
      if (!scan_digits (self, error))
        return FALSE;
    }
  token->length = (gsize)(self->at - token->raw);
  if ((exponent || token->length > PLAIN_NUMBER_MAX) && !isfinite (chat_json_token_get_double (token)))
    {
      g_autofree char *found = chat_excerpt (token->raw, (gssize)token->length);

      chat_json_reader_refuse (self, "the number %s is beyond what a double can hold (±1.8e308)", found);
    }
  return TRUE;
}

static gboolean
scan_word (ChatJsonReader *self, ChatJsonToken *token, ChatJsonType type, const char *word, GError **error)
{
  gsize length = strlen (word);

  if ((gsize)(self->end - self->at) < length || memcmp (self->at, word, length) != 0)
    return fail (self, "a value (an object, array, string, number, true, false or null)", error);
  token->type = type;
  token->raw = self->at;
  token->length = length;
  self->at += length;
  return TRUE;
}

gboolean
chat_json_reader_open (ChatJsonReader *self, char bracket, GError **error)
{
  if (!take (self, bracket))
    return fail (self, bracket == '{' ? "the “{” of an object" : "the “[” of an array", error);
  if (self->depth == self->max_depth)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "nested more than %u deep at byte %" G_GSIZE_FORMAT,
                   self->max_depth, (gsize)(self->at - self->start));
      return FALSE;
    }
  self->depth++;
  return TRUE;
}

/* Reads a closing bracket or what must stand before the next entry. */
static gboolean
next_entry (ChatJsonReader *self, char closing, gboolean *first, gboolean *more, const char *expected, GError **error)
{
  gboolean was_first = *first;

  *first = FALSE;
  *more = FALSE;
  if (take (self, closing))
    {
      self->depth--;
      return TRUE;
    }
  if (!was_first && !take (self, ','))
    return fail (self, expected, error);
  *more = TRUE;
  return TRUE;
}

gboolean
chat_json_reader_next_member (ChatJsonReader *self, gboolean *first, gboolean *more, ChatJsonToken *name,
                              GError **error)
{
  if (!next_entry (self, '}', first, more, "“,” or “}” after a member", error))
    return FALSE;
  if (!*more)
    return TRUE;
  if (chat_json_reader_peek (self) != '"')
    return fail (self, "the name of a member, in quotation marks,", error);
  if (!scan_string (self, name, error))
    return FALSE;
  if (!take (self, ':'))
    return fail (self, "“:” after a member's name", error);
  return TRUE;
}

gboolean
chat_json_reader_next_element (ChatJsonReader *self, gboolean *first, gboolean *more, GError **error)
{
  return next_entry (self, ']', first, more, "“,” or “]” after an element", error);
}

static gboolean
skip_container (ChatJsonReader *self, char bracket, GError **error)
{
  gboolean first = TRUE, more;
  ChatJsonToken ignored;

  if (!chat_json_reader_open (self, bracket, error))
    return FALSE;
  for (;;)
    {
      if (bracket == '{' ? !chat_json_reader_next_member (self, &first, &more, &ignored, error)
                         : !chat_json_reader_next_element (self, &first, &more, error))
        return FALSE;
      if (!more)
        return TRUE;
      if (!chat_json_reader_value (self, &ignored, error))
        return FALSE;
    }
}

gboolean
chat_json_reader_value (ChatJsonReader *self, ChatJsonToken *token, GError **error)
{
  char c = chat_json_reader_peek (self);

  token->escaped = FALSE;
  switch (c)
    {
    case '"':
      return scan_string (self, token, error);
    case 't':
      return scan_word (self, token, CHAT_JSON_BOOLEAN, "true", error);
    case 'f':
      return scan_word (self, token, CHAT_JSON_BOOLEAN, "false", error);
    case '{':
    case '[':
      token->type = c == '{' ? CHAT_JSON_OBJECT : CHAT_JSON_ARRAY;
      token->raw = self->at;
      if (!skip_container (self, c, error))
        return FALSE;
      token->length = (gsize)(self->at - token->raw);
      return TRUE;
    default:
      if (c == '-' || g_ascii_isdigit (c))
        return scan_number (self, token, error);
      return scan_word (self, token, CHAT_JSON_NULL, "null", error);
    }
}

gboolean
chat_json_reader_finish (ChatJsonReader *self, GError **error)
{
  skip_space (self);
  if (self->at != self->end)
    return fail (self, "the end", error);
  if (self->invalid == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->invalid));
  return FALSE;
}

/* One escape of a string that was scanned; half a surrogate pair (refused already) becomes U+FFFD. */
static const char *
unescape_one (const char *at, const char *end, GString *out)
{
  static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
  const char *known = strchr (from, *at);
  gint unit, low;

  if (*at != 'u')
    {
      g_string_append_c (out, known != NULL ? to[known - from] : *at);
      return at + 1;
    }
  unit = read_hex4 (at + 1, end);
  at += 5;
  if (unit >= 0xd800 && unit <= 0xdbff && end - at >= 6 && at[0] == '\\' && at[1] == 'u')
    {
      low = read_hex4 (at + 2, end);
      if (low >= 0xdc00 && low <= 0xdfff)
        {
          g_string_append_unichar (out, (gunichar)(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)));
          return at + 6;
        }
    }
  if (unit >= 0xd800 && unit <= 0xdfff)
    unit = 0xfffd;
  g_string_append_unichar (out, (gunichar)unit);
  return at;
}

char *
chat_json_token_dup_string (const ChatJsonToken *self)
{
  const char *at = self->raw + 1;
  const char *end = self->raw + self->length - 1;
  GString *out;

  if (!self->escaped)
    return g_strndup (at, (gsize)(end - at));
  out = g_string_sized_new (self->length);
  while (at < end)
    {
      const char *run = at;

      while (at < end && *at != '\\')
        at++;
      g_string_append_len (out, run, at - run);
      if (at < end)
        at = unescape_one (at + 1, end, out);
    }
  return g_string_free (out, FALSE);
}

gboolean
chat_json_token_equals (const ChatJsonToken *self, const char *text, gsize length)
{
  return self->length == length + 2 && !self->escaped && memcmp (self->raw + 1, text, length) == 0;
}

gboolean
chat_json_token_get_int (const ChatJsonToken *self, gint64 *value)
{
  gboolean negative = self->raw[0] == '-';
  guint64 limit = negative ? (guint64)G_MAXINT64 + 1 : (guint64)G_MAXINT64;
  guint64 sum = 0;

  if (self->type != CHAT_JSON_INTEGER)
    return FALSE;
  for (gsize i = negative ? 1 : 0; i < self->length; i++)
    {
      guint digit = (guint)(self->raw[i] - '0');

      if (sum > (limit - digit) / 10)
        return FALSE;
      sum = sum * 10 + digit;
    }
  *value = negative ? (gint64)(0 - sum) : (gint64)sum;
  return TRUE;
}

double
chat_json_token_get_double (const ChatJsonToken *self)
{
  g_autofree char *text = g_strndup (self->raw, self->length);

  return g_ascii_strtod (text, NULL);
}

void
chat_json_token_append (const ChatJsonToken *self, GString *buffer)
{
  const char *end = self->raw + self->length;
  gboolean in_string = FALSE;

  if (self->type != CHAT_JSON_ARRAY && self->type != CHAT_JSON_OBJECT)
    {
      g_string_append_len (buffer, self->raw, (gssize)self->length);
      return;
    }
  for (const char *at = self->raw; at < end; at++)
    {
      if (*at == '"')
        in_string = !in_string;
      else if (!in_string && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        continue;
      g_string_append_c (buffer, *at);
      if (in_string && *at == '\\')
        g_string_append_c (buffer, *++at);
    }
}

const char *
chat_json_type_to_string (ChatJsonType type)
{
  static const char *const names[]
      = { "null", "a boolean", "an integer", "a number", "a string", "an array", "an object" };

  return names[type];
}
