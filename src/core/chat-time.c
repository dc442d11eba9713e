/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-time.h"

#include "core/chat-core-error.h"
#include "core/chat-excerpt.h"

#include <math.h>
#include <string.h>

#define MS_PER_DAY G_GINT64_CONSTANT (86400000)
#define FIRST_MS G_GINT64_CONSTANT (-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define LAST_MS G_GINT64_CONSTANT (253402300799999)  /* 9999-12-31T23:59:59.999Z */
#define MILLISECONDS_FROM 1e11                       /* see chat_time_from_number() */

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back. Both count years from 1 March, so that
 * the leap day is the last of its year, in eras of 400 years (146,097 days). */
static gint64
days_from_date (gint64 year, guint month, guint day)
{
  gint64 y = month <= 2 ? year - 1 : year;
  gint64 era = (y >= 0 ? y : y - 399) / 400;
  guint year_of_era = (guint)(y - era * 400);
  guint day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void
date_from_days (gint64 days, gint64 *year, guint *month, guint *day)
{
  gint64 z = days + 719468;
  gint64 era = (z >= 0 ? z : z - 146096) / 146097;
  guint day_of_era = (guint)(z - era * 146097);
  guint year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  guint day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  guint shifted = (5 * day_of_year + 2) / 153;

  *day = day_of_year - (153 * shifted + 2) / 5 + 1;
  *month = shifted < 10 ? shifted + 3 : shifted - 9;
  *year = era * 400 + year_of_era + (*month <= 2 ? 1 : 0);
}

static guint
days_in_month (guint year, guint month)
{
  static const guint8 days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

  if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
    return 29;
  return days[month - 1];
}

/* Exactly @n digits; moves *at behind them. */
static gboolean
read_digits (const char **at, guint n, guint *value)
{
  guint sum = 0;

  for (guint i = 0; i < n; i++)
    {
      char c = (*at)[i];

      if (c < '0' || c > '9')
        return FALSE;
      sum = sum * 10 + (guint)(c - '0');
    }
  *at += n;
  *value = sum;
  return TRUE;
}

static gboolean
read_literal (const char **at, char c)
{
  if (**at != c)
    return FALSE;
  (*at)++;
  return TRUE;
}

static gboolean
read_date (const char **at, gint64 *days)
{
  guint year, month, day;

  if (!read_digits (at, 4, &year) || !read_literal (at, '-') || !read_digits (at, 2, &month) || !read_literal (at, '-')
      || !read_digits (at, 2, &day))
    return FALSE;
  if (month < 1 || month > 12 || day < 1 || day > days_in_month (year, month))
    return FALSE;
  *days = days_from_date (year, month, day);
  return TRUE;
}

/* hh:mm:ss and 0–9 fractional digits, cut to milliseconds. A leap second is told apart, as only the offset shows
 * whether one can be there. */
static gboolean
read_clock (const char **at, gint64 *ms, gboolean *leap)
{
  guint hour, minute, second, fraction = 0;

  if (!read_digits (at, 2, &hour) || !read_literal (at, ':') || !read_digits (at, 2, &minute) || !read_literal (at, ':')
      || !read_digits (at, 2, &second))
    return FALSE;
  if (hour > 23 || minute > 59 || second > 60)
    return FALSE;
  if (read_literal (at, '.'))
    {
      guint digits = 0;

      for (guint scale = 100; digits < 9 && g_ascii_isdigit (**at); digits++, scale /= 10)
        fraction += scale * (guint)(*(*at)++ - '0');
      if (digits == 0)
        return FALSE;
    }
  *leap = second == 60;
  *ms = ((hour * 60 + minute) * 60 + MIN (second, 59)) * G_GINT64_CONSTANT (1000) + fraction;
  return TRUE;
}

static gboolean
read_offset (const char **at, gint64 *ms)
{
  guint hours, minutes;
  gint64 sign = **at == '-' ? -1 : 1;

  if (**at == 'Z' || **at == 'z')
    {
      (*at)++;
      *ms = 0;
      return TRUE;
    }
  if (**at != '+' && **at != '-')
    return FALSE;
  (*at)++;
  if (!read_digits (at, 2, &hours) || !read_literal (at, ':') || !read_digits (at, 2, &minutes))
    return FALSE;
  if (hours > 23 || minutes > 59)
    return FALSE;
  *ms = sign * (hours * 60 + minutes) * 60000;
  return TRUE;
}

static gboolean
parse (const char *text, gint64 *time_ms)
{
  const char *at = text;
  gint64 days, clock, offset = 0, time;
  gboolean spaced, leap;

  if (!read_date (&at, &days))
    return FALSE;
  spaced = *at == ' ';
  if (!spaced && *at != 'T' && *at != 't')
    return FALSE;
  at++;
  if (!read_clock (&at, &clock, &leap))
    return FALSE;
  if (!(spaced && *at == '\0') && !read_offset (&at, &offset))
    return FALSE;
  time = days * MS_PER_DAY + clock - offset;
  if (leap)
    {
      /* RFC 3339 §5.7: only as the last second of a day in UTC. */
      if ((time - FIRST_MS) % MS_PER_DAY / 1000 != 86399)
        return FALSE;
      time += 1000;
    }
  if (*at != '\0' || time < FIRST_MS || time > LAST_MS)
    return FALSE;
  *time_ms = time;
  return TRUE;
}

static void
write_digits (char *out, guint n, guint value)
{
  while (n-- > 0)
    {
      out[n] = (char)('0' + value % 10);
      value /= 10;
    }
}

/* Writes exactly 24 bytes, no NUL. */
static void
write_time (gint64 time_ms, char *out)
{
  gint64 since = time_ms - FIRST_MS;
  guint in_day = (guint)(since % MS_PER_DAY);
  gint64 year;
  guint month, day;

  date_from_days (since / MS_PER_DAY + FIRST_MS / MS_PER_DAY, &year, &month, &day);
  memcpy (out, "0000-00-00T00:00:00.000Z", 24);
  write_digits (out, 4, (guint)year);
  write_digits (out + 5, 2, month);
  write_digits (out + 8, 2, day);
  write_digits (out + 11, 2, in_day / 3600000);
  write_digits (out + 14, 2, in_day / 60000 % 60);
  write_digits (out + 17, 2, in_day / 1000 % 60);
  write_digits (out + 20, 3, in_day % 1000);
}

gint64
chat_time_now (void)
{
  return g_get_real_time () / 1000;
}

gboolean
chat_time_is_valid (gint64 time_ms)
{
  return time_ms >= FIRST_MS && time_ms <= LAST_MS;
}

char *
chat_time_format (gint64 time_ms)
{
  char *text;

  g_return_val_if_fail (chat_time_is_valid (time_ms), NULL);

  text = g_new0 (char, 25);
  write_time (time_ms, text);
  return text;
}

void
chat_time_append (GString *buffer, gint64 time_ms)
{
  char text[24];

  g_return_if_fail (chat_time_is_valid (time_ms));

  write_time (time_ms, text);
  g_string_append_len (buffer, text, sizeof text);
}

gboolean
chat_time_parse (const char *text, gint64 *time_ms, GError **error)
{
  g_autofree char *found = NULL;

  g_return_val_if_fail (text != NULL, FALSE);

  if (parse (text, time_ms))
    return TRUE;
  found = chat_excerpt (text, -1);
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
               "“%s” is no time: it should look like 2021-10-10T10:10:10.000Z (RFC 3339) or 2021-10-10 10:10:10 (UTC)",
               found);
  return FALSE;
}

gboolean
chat_time_from_number (double number, gint64 *time_ms, GError **error)
{
  double ms = number >= MILLISECONDS_FROM ? number : number * 1000;

  if (!(ms >= 0 && ms <= (double)LAST_MS)) /* so written that NaN fails too */
    {
      char found[G_ASCII_DTOSTR_BUF_SIZE];

      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                   "%s is no time: it should be seconds or milliseconds since 1970, up to the year 9999",
                   g_ascii_dtostr (found, sizeof found, number));
      return FALSE;
    }
  *time_ms = MIN ((gint64)floor (ms + 0.5), LAST_MS);
  return TRUE;
}
