/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moderation/chat-shield.h"

#include <string.h>

#define UUID_LENGTH 36
#define MIN_HEX_ID 7 /* what git abbreviates a commit to */
#define MIN_LABEL 2  /* letters of each part of a dotted name */

/*
 * One pass with a cursor: at each of a few bytes, what may stand around it is looked at. No look ahead or back passes
 * over a byte that a later one passes over again more than a fixed number of times, so the time stays linear.
 */
typedef struct
{
  const char *text;
  gsize length;
  gsize floor;      /* before it all is decided */
  gsize path_ended; /* up to here it is known that no relative path is around */
  gsize colons_end; /* up to here it is known that no IPv6 or MAC address is around */
  GArray *shields;  /* ChatShield; Owned */
} Scan;

static gboolean
is_space (char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static char
byte_at (const Scan *self, gsize at)
{
  return at < self->length ? self->text[at] : ' ';
}

static char
byte_before (const Scan *self, gsize at)
{
  return at > self->floor ? self->text[at - 1] : ' ';
}

/* The bytes of the letter, mark or digit at @at; 0 where there is another character. */
static gsize
alnum_at (const Scan *self, gsize at)
{
  const char *p = self->text + at;
  gunichar c;

  if (at >= self->length)
    return 0;
  if ((guchar)*p < 0x80)
    return g_ascii_isalnum (*p) ? 1 : 0;
  c = g_utf8_get_char (p);
  return g_unichar_isalnum (c) || g_unichar_ismark (c) ? (gsize)(g_utf8_next_char (p) - p) : 0;
}

/* Likewise of the one before @at. */
static gsize
alnum_before (const Scan *self, gsize at)
{
  const char *p;

  if (at <= self->floor)
    return 0;
  p = g_utf8_prev_char (self->text + at);
  return alnum_at (self, (gsize)(p - self->text));
}

/* Back over letters, digits and the bytes of @others, and forward. */
static gsize
skip_back (const Scan *self, gsize at, const char *others)
{
  for (gsize n; at > self->floor; at -= n)
    {
      n = strchr (others, self->text[at - 1]) != NULL ? 1 : alnum_before (self, at);
      if (n == 0)
        break;
    }
  return at;
}

static gsize
skip_forward (const Scan *self, gsize at, const char *others)
{
  for (gsize n; at < self->length; at += n)
    {
      n = strchr (others, self->text[at]) != NULL ? 1 : alnum_at (self, at);
      if (n == 0)
        break;
    }
  return at;
}

/* Whether a token may begin at @at: after a space, a quotation mark or an opening bracket. */
static gboolean
at_token_start (const Scan *self, gsize at)
{
  char before = byte_before (self, at);

  return is_space (before) || strchr ("\"'([{<,;=", before) != NULL;
}

/* The next space of any script from @at on, or one of @others. */
static gsize
skip_to_space (const Scan *self, gsize at, const char *others)
{
  while (at < self->length)
    {
      const char *p = self->text + at;

      if ((guchar)*p < 0x80 ? is_space (*p) || strchr (others, *p) != NULL : g_unichar_isspace (g_utf8_get_char (p)))
        break;
      at = (gsize)(g_utf8_next_char (p) - self->text);
    }
  return at;
}

/* Where the token that goes on at @at ends, less the punctuation of the sentence around it. */
static gsize
token_end (const Scan *self, gsize at)
{
  gsize start = at;

  at = skip_to_space (self, at, "");
  while (at > start && strchr (".,;:!?\"')]}>", self->text[at - 1]) != NULL)
    at--;
  return at;
}

static gsize
add (Scan *self, gsize start, gsize end, ChatShieldKind kind)
{
  ChatShield shield = { start, end, kind };

  if (self->shields == NULL)
    self->shields = g_array_new (FALSE, FALSE, sizeof (ChatShield));
  g_array_append_val (self->shields, shield);
  self->floor = end;
  return end;
}

/* Code */

static gsize
count_backticks (const Scan *self, gsize at)
{
  gsize n = 0;

  while (at + n < self->length && self->text[at + n] == '`')
    n++;
  return n;
}

/* Where the span that @n backticks before @at open ends, or 0. One or two are closed by as many on the same line, three
 * or more by three or more anywhere. */
static gsize
find_closing (const Scan *self, gsize at, gsize n)
{
  while (at < self->length && (n >= 3 || self->text[at] != '\n'))
    {
      gsize found = count_backticks (self, at);

      if (found == n || (n >= 3 && found >= 3))
        return at + found;
      at += MAX (found, 1);
    }
  return 0;
}

/* Where nothing closes it, it is no code. That is looked for to the end of the text once only: any fence behind would
 * have closed the first. */
static gsize
scan_backtick (Scan *self, gsize at)
{
  gsize n = count_backticks (self, at);
  gsize end = find_closing (self, at + n, n);

  return end > 0 ? add (self, at, end, CHAT_SHIELD_OPAQUE) : at + n;
}

/* URLs and addresses */

/* Where a URL that goes on at @at ends. */
static gsize
url_end (const Scan *self, gsize at)
{
  return skip_to_space (self, at, "<>\"`");
}

/* "http" + "://" and so on; @at is the colon. */
static gsize
scan_colon (Scan *self, gsize at)
{
  static const char *const schemes[] = { "http", "https", "ws",    "wss",   "ftp",  "ftps",       "sftp",  "ssh", "git",
                                         "svn",  "file",  "irc",   "ircs",  "xmpp", "amqp",       "amqps", "smb", "nfs",
                                         "ldap", "jdbc",  "mysql", "redis", "s3",   "postgresql", "kafka", "mqtt" };

  if (byte_at (self, at + 1) != '/' || byte_at (self, at + 2) != '/'
      || (alnum_at (self, at + 3) == 0 && strchr ("[/", byte_at (self, at + 3)) == NULL))
    return at + 1;
  for (gsize i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      gsize length = strlen (schemes[i]);

      if (at >= self->floor + length && g_ascii_strncasecmp (self->text + at - length, schemes[i], length) == 0
          && alnum_before (self, at - length) == 0)
        return add (self, at - length, url_end (self, at), CHAT_SHIELD_OPAQUE);
    }
  return at + 1;
}

/* "2001:db8::1", "00:1a:2b:3c:4d:5e": hexadecimal digits and colons, two together or four in all, and a digit; @at is a
 * colon. Returns @at where it is none. */
static gsize
scan_colons (Scan *self, gsize at)
{
  gsize start = at, end = at;
  guint n_colons = 0;
  gboolean digits = FALSE, pair = FALSE;

  if (at < self->colons_end)
    return at;
  while (start > self->floor && (g_ascii_isxdigit (self->text[start - 1]) || self->text[start - 1] == ':'))
    start--;
  for (end = start; end < self->length && (g_ascii_isxdigit (self->text[end]) || self->text[end] == ':'); end++)
    {
      n_colons += self->text[end] == ':' ? 1 : 0;
      digits = digits || g_ascii_isdigit (self->text[end]);
      pair = pair || (end > start && self->text[end] == ':' && self->text[end - 1] == ':');
    }
  self->colons_end = end;
  if (!digits || n_colons < 2 || !(pair || n_colons >= 4) || alnum_before (self, start) > 0 || alnum_at (self, end) > 0)
    return at;
  return add (self, start, end, CHAT_SHIELD_OPAQUE);
}

static gsize
scan_www (Scan *self, gsize at)
{
  if (g_ascii_strncasecmp (self->text + at, "www.", MIN (4, self->length - at)) == 0 && alnum_at (self, at + 4) > 0
      && alnum_before (self, at) == 0)
    return add (self, at, url_end (self, at), CHAT_SHIELD_OPAQUE);
  return at + 1;
}

static gboolean
is_host_byte (char c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '.';
}

/* Whether the bytes are labels with dots between them and a top-level domain of two small letters or more. */
static gboolean
is_host (const char *start, const char *end)
{
  const char *dot = end;

  while (dot > start && g_ascii_islower (dot[-1]))
    dot--;
  return end - dot >= 2 && dot - start >= 2 && dot[-1] == '.' && g_ascii_isalnum (dot[-2]) && g_ascii_isalnum (*start);
}

/* "example.com/path", "example.com:80"; @at is the byte after the host name. Returns @at where it is none. */
static gsize
scan_host (Scan *self, gsize at)
{
  gsize start = at;

  while (start > self->floor && is_host_byte (self->text[start - 1]))
    start--;
  if (!is_host (self->text + start, self->text + at))
    return at;
  return add (self, start, url_end (self, at), CHAT_SHIELD_OPAQUE);
}

/* "ana@example.com"; @at is the sign. Returns @at where it is no address. */
static gsize
scan_address (Scan *self, gsize at)
{
  gsize start = skip_back (self, at, "._%+-"), end = skip_forward (self, at + 1, ".-"), last_dot = 0;

  while (start < at && strchr ("._%+-", self->text[start]) != NULL)
    start++;
  while (end > at + 1 && strchr (".-", self->text[end - 1]) != NULL)
    end--;
  for (gsize i = at + 2; i < end; i++)
    if (self->text[i] == '.')
      last_dot = i;
  if (start == at || last_dot == 0 || end - last_dot < 3 || alnum_at (self, at + 1) == 0)
    return at;
  return add (self, start, end, CHAT_SHIELD_OPAQUE);
}

static gsize
scan_at_sign (Scan *self, gsize at)
{
  gsize end = scan_address (self, at);

  if (end != at)
    return end;
  if (alnum_before (self, at) > 0 || alnum_at (self, at + 1) == 0)
    return at + 1;
  end = skip_forward (self, at + 1, "._-");
  while (strchr ("._-", self->text[end - 1]) != NULL)
    end--;
  return add (self, at, end, CHAT_SHIELD_WHOLE);
}

/* Paths */

/* Whether the token up to @end ends like a file name: a dot, and a suffix of one to five letters and digits. */
static gboolean
has_suffix (const Scan *self, gsize start, gsize end)
{
  gsize dot = end;

  while (dot > start && g_ascii_isalnum (self->text[dot - 1]))
    dot--;
  return dot > start + 1 && self->text[dot - 1] == '.' && alnum_before (self, dot - 1) > 0 && end - dot >= 1
         && end - dot <= 5 && g_ascii_isalpha (self->text[dot]);
}

/* "/usr/bin", "./a", "../a", "~/a": @at is the first byte of the token. */
static gsize
scan_path_start (Scan *self, gsize at)
{
  gsize slash = at;

  while (slash < at + 2 && byte_at (self, slash) == '.')
    slash++;
  if (slash == at && byte_at (self, at) == '~')
    slash++;
  if (!at_token_start (self, at) || byte_at (self, slash) != '/' || alnum_at (self, slash + 1) == 0)
    return at;
  return add (self, at, token_end (self, slash + 1), CHAT_SHIELD_WHOLE);
}

/* Where "main.c:45:7" is but a file name. */
static gsize
drop_line_number (const Scan *self, gsize start, gsize end)
{
  for (;;)
    {
      gsize colon = end;

      while (colon > start && g_ascii_isdigit (self->text[colon - 1]))
        colon--;
      if (colon == start || colon == end || self->text[colon - 1] != ':')
        return end;
      end = colon - 1;
    }
}

/* "src/main.c": only the suffix tells it from "puto/a". */
static gsize
scan_relative_path (Scan *self, gsize at)
{
  gsize start, end;

  if (at < self->path_ended)
    return at;
  start = skip_back (self, at, "._-");
  end = drop_line_number (self, at, token_end (self, at));
  self->path_ended = skip_to_space (self, at, "");
  if (end <= at + 1 || start == at || !has_suffix (self, at + 1, end))
    return at;
  return add (self, start, end, CHAT_SHIELD_WHOLE);
}

static gsize
scan_slash (Scan *self, gsize at)
{
  gsize end = scan_path_start (self, at);

  if (end == at)
    end = scan_host (self, at);
  if (end == at)
    end = scan_relative_path (self, at);
  return end == at ? at + 1 : end;
}

/* "C:\dir", "\\server\share" */
static gsize
scan_backslash (Scan *self, gsize at)
{
  gsize start = at;

  if (at >= self->floor + 2 && self->text[at - 1] == ':' && g_ascii_isalpha (self->text[at - 2]))
    start = at - 2;
  else if (byte_at (self, at + 1) != '\\')
    return at + 1;
  if (!at_token_start (self, start))
    return at + 1;
  return add (self, start, token_end (self, at + 1), CHAT_SHIELD_WHOLE);
}

/* Identifiers */

/* "snake_case_id": letters on both sides of an underscore; @at is the first of a run of these. */
static gsize
scan_underscore (Scan *self, gsize at)
{
  gsize start = skip_back (self, at, ""), end = at;

  while (byte_at (self, end) == '_')
    end++;
  if (start == at || alnum_at (self, end) == 0)
    return end;
  end = skip_forward (self, end, "_");
  while (self->text[end - 1] == '_')
    end--;
  return add (self, start, end, CHAT_SHIELD_WHOLE);
}

/* "com.example.Main.run(Main.java:45)", as stack traces have it; @at is the bracket. Returns @at where it is none. */
static gsize
scan_call (Scan *self, gsize at)
{
  gsize start = skip_back (self, at, "._$"), end = skip_forward (self, at + 1, "._$:<>-"), label = 0;
  guint n_dots = 0;

  for (gsize i = start; i < at; i++)
    if (self->text[i] != '.')
      label++;
    else if (label < MIN_LABEL)
      return at;
    else
      {
        n_dots++;
        label = 0;
      }
  if (n_dots < 2 || label < MIN_LABEL || byte_at (self, end) != ')')
    return at;
  if (end > at + 1 && memchr (self->text + at, '.', end - at) == NULL) /* "no.seas.idiota(s)" */
    return at;
  return add (self, start, end + 1, CHAT_SHIELD_OPAQUE);
}

/* "--dry-run"; @at is the first hyphen. Returns @at where it is none. */
static gsize
scan_option (Scan *self, gsize at)
{
  if (byte_at (self, at + 1) != '-' || !g_ascii_isalpha (byte_at (self, at + 2)) || !at_token_start (self, at))
    return at;
  return add (self, at, skip_forward (self, at + 2, "-_"), CHAT_SHIELD_WHOLE);
}

static gboolean
is_uuid (const char *text)
{
  for (guint i = 0; i < UUID_LENGTH; i++)
    if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' : !g_ascii_isxdigit (text[i]))
      return FALSE;
  return TRUE;
}

/* A UUID, or seven or more hexadecimal digits of which some are letters and some not; @at is the first of them. */
static gsize
scan_hex (Scan *self, gsize at)
{
  gsize end = at;
  gboolean letters = FALSE, digits = FALSE;

  if (alnum_before (self, at) > 0)
    return at;
  if (at + UUID_LENGTH <= self->length && is_uuid (self->text + at) && alnum_at (self, at + UUID_LENGTH) == 0)
    return add (self, at, at + UUID_LENGTH, CHAT_SHIELD_OPAQUE);
  for (; end < self->length && g_ascii_isxdigit (self->text[end]); end++)
    if (g_ascii_isdigit (self->text[end]))
      digits = TRUE;
    else
      letters = TRUE;
  if (end - at < MIN_HEX_ID || !letters || !digits || alnum_at (self, end) > 0)
    return at;
  return add (self, at, end, CHAT_SHIELD_OPAQUE);
}

/* Any other byte: what may begin there, with the cursor then behind it. */
static gsize
scan_other (Scan *self, gsize at)
{
  char c = self->text[at];
  gsize end = at;

  if (c == 'w' || c == 'W')
    return scan_www (self, at);
  if (c == '.' || c == '~')
    end = scan_path_start (self, at);
  else if (c == '-')
    end = scan_option (self, at);
  else if (c == '(')
    end = scan_call (self, at);
  else if (g_ascii_isxdigit (c))
    end = scan_hex (self, at);
  return end == at ? at + 1 : end;
}

GArray *
chat_shields_find (const char *text, gsize length)
{
  Scan self = { .text = text, .length = length };

  for (gsize at = 0; at < length;)
    switch (text[at])
      {
      case '`':
        at = scan_backtick (&self, at);
        break;
      case ':':
        if (g_ascii_isdigit (byte_at (&self, at + 1)) && scan_host (&self, at) != at)
          at = self.floor;
        else if (scan_colons (&self, at) != at)
          at = self.floor;
        else
          at = scan_colon (&self, at);
        break;
      case '@':
        at = scan_at_sign (&self, at);
        break;
      case '/':
        at = scan_slash (&self, at);
        break;
      case '\\':
        at = scan_backslash (&self, at);
        break;
      case '_':
        at = scan_underscore (&self, at);
        break;
      default:
        at = scan_other (&self, at);
        break;
      }
  return self.shields;
}
