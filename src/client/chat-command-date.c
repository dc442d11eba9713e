/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "client/chat-command.h"
#include "core/chat-core-error.h"
#include "core/chat-time.h"

/*
 * Dates as people write them, word by word, in any order: "3.11.2026 10:30", "on Monday at 10 pm", "el 3 de noviembre",
 * "hace dos días". In English, in Spanish and in the words of the locale. It is about what was said: a date without a
 * year, a weekday or a time of day is the last one there was.
 */

typedef struct
{
  GDateTime *now;
  int year, month, day; /* 0: not told */
  int weekday;          /* 1–7, 0: not told */
  int hour, minute;     /* -1: not told */
  int ago;              /* how many, and of what; -1: not told */
  char unit;
  gboolean before; /* "last Monday": not today */
  gboolean clock;  /* "at": a number that follows is an hour */
} Parts;

/* Words, without case and accents; Spanish behind English. */
typedef struct
{
  const char *word;
  int value;
} Word;

static const Word weekdays[]
    = { { "monday", 1 },    { "tuesday", 2 }, { "wednesday", 3 }, { "thursday", 4 }, { "friday", 5 }, { "saturday", 6 },
        { "sunday", 7 },    { "mon", 1 },     { "tue", 2 },       { "tues", 2 },     { "wed", 3 },    { "thu", 4 },
        { "thurs", 4 },     { "fri", 5 },     { "sat", 6 },       { "sun", 7 },      { "lunes", 1 },  { "martes", 2 },
        { "miercoles", 3 }, { "jueves", 4 },  { "viernes", 5 },   { "sabado", 6 },   { "domingo", 7 } };

static const Word months[]
    = { { "january", 1 },    { "february", 2 },   { "march", 3 },      { "april", 4 },     { "may", 5 },
        { "june", 6 },       { "july", 7 },       { "august", 8 },     { "september", 9 }, { "october", 10 },
        { "november", 11 },  { "december", 12 },  { "jan", 1 },        { "feb", 2 },       { "mar", 3 },
        { "apr", 4 },        { "jun", 6 },        { "jul", 7 },        { "aug", 8 },       { "sep", 9 },
        { "sept", 9 },       { "oct", 10 },       { "nov", 11 },       { "dec", 12 },      { "enero", 1 },
        { "febrero", 2 },    { "marzo", 3 },      { "abril", 4 },      { "mayo", 5 },      { "junio", 6 },
        { "julio", 7 },      { "agosto", 8 },     { "septiembre", 9 }, { "setiembre", 9 }, { "octubre", 10 },
        { "noviembre", 11 }, { "diciembre", 12 }, { "ene", 1 },        { "abr", 4 },       { "ago", 8 },
        { "dic", 12 } };

static const Word days_back[]
    = { { "today", 0 }, { "yesterday", 1 }, { "hoy", 0 }, { "ayer", 1 }, { "anteayer", 2 }, { "antier", 2 } };

static const Word numbers[]
    = { { "a", 1 },    { "an", 1 },   { "one", 1 },    { "two", 2 },   { "three", 3 }, { "four", 4 },
        { "five", 5 }, { "six", 6 },  { "seven", 7 },  { "un", 1 },    { "una", 1 },   { "uno", 1 },
        { "dos", 2 },  { "tres", 3 }, { "cuatro", 4 }, { "cinco", 5 }, { "seis", 6 },  { "siete", 7 } };

static const Word units[]
    = { { "minute", 'M' }, { "minutes", 'M' }, { "hour", 'h' },  { "hours", 'h' },  { "day", 'd' },  { "days", 'd' },
        { "week", 'w' },   { "weeks", 'w' },   { "month", 'm' }, { "months", 'm' }, { "year", 'y' }, { "years", 'y' },
        { "minuto", 'M' }, { "minutos", 'M' }, { "hora", 'h' },  { "horas", 'h' },  { "dia", 'd' },  { "dias", 'd' },
        { "semana", 'w' }, { "semanas", 'w' }, { "mes", 'm' },   { "meses", 'm' },  { "ano", 'y' },  { "anos", 'y' } };

static const Word clocks[] = { { "at", 0 }, { "las", 0 } };

static const Word fillers[]
    = { { "a", 0 },  { "the", 0 }, { "on", 0 },  { "at", 0 }, { "of", 0 },  { "in", 0 }, { "el", 0 },
        { "la", 0 }, { "las", 0 }, { "los", 0 }, { "de", 0 }, { "del", 0 }, { "en", 0 }, { "hace", 0 } };

static const Word befores[] = { { "last", 0 }, { "pasado", 0 }, { "pasada", 0 } };

#define FIND(word, table) find_word ((word), (table), G_N_ELEMENTS (table))

static const Word *
find_word (const char *word, const Word *table, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (g_str_equal (table[i].word, word))
      return &table[i];
  return NULL;
}

/* (transfer full): without case and accents */
static char *
fold (const char *text)
{
  g_autofree char *parts = g_utf8_normalize (text, -1, G_NORMALIZE_ALL);
  GString *plain = g_string_new (NULL);

  for (const char *at = parts; at != NULL && *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar letter = g_utf8_get_char (at);

      if (!g_unichar_ismark (letter))
        g_string_append_unichar (plain, g_unichar_tolower (letter));
    }
  return g_string_free (plain, FALSE);
}

/* Whether @word is what the locale calls the weekday or month that @format makes of @date; a point behind an
 * abbreviation does not count. */
static gboolean
locale_says (GDateTime *date, const char *format, const char *word)
{
  g_autofree char *name = g_date_time_format (date, format);
  g_autofree char *folded = name != NULL ? fold (name) : NULL;
  gsize length;

  if (folded == NULL)
    return FALSE;
  length = strlen (folded);
  if (length > 0 && folded[length - 1] == '.')
    folded[length - 1] = '\0';
  return *folded != '\0' && g_str_equal (folded, word);
}

static int
find_weekday (const char *word)
{
  const Word *found = FIND (word, weekdays);

  for (int i = 1; found == NULL && i <= 7; i++)
    {
      /* the first of January 2024 was a Monday */
      g_autoptr (GDateTime) date = g_date_time_new_utc (2024, 1, i, 0, 0, 0);

      if (locale_says (date, "%A", word) || locale_says (date, "%a", word))
        return i;
    }
  return found != NULL ? found->value : 0;
}

static int
find_month (const char *word)
{
  const Word *found = FIND (word, months);

  for (int i = 1; found == NULL && i <= 12; i++)
    {
      g_autoptr (GDateTime) date = g_date_time_new_utc (2024, i, 1, 0, 0, 0);

      if (locale_says (date, "%B", word) || locale_says (date, "%OB", word) || locale_says (date, "%b", word))
        return i;
    }
  return found != NULL ? found->value : 0;
}

/* Whether the locale writes the month before the day. */
static gboolean
month_first (void)
{
  const char *format = nl_langinfo (D_FMT);
  const char *day = strstr (format, "%d"), *month = strstr (format, "%m");

  if (day == NULL)
    day = strstr (format, "%e");
  return strstr (format, "%D") != NULL || (day != NULL && month != NULL && month < day);
}

static gboolean
set_once (int *place, int value)
{
  if (*place > 0 || value <= 0)
    return FALSE;
  *place = value;
  return TRUE;
}

static int
whole_year (int year, int digits)
{
  return digits <= 2 ? 2000 + year : year;
}

/* "3.11.2026", "3/11", "3-11-26", "2026-11-03", "2026/11/3" */
static gboolean
take_numeric_date (Parts *parts, const char *word)
{
  int a = 0, b = 0, c = 0, end = 0, digits;
  const char *last = strpbrk (word, ".-/");
  char separator = last != NULL ? *last : '\0';
  gboolean swap;

  if (separator == '\0' || word[strspn (word, "0123456789.-/")] != '\0')
    return FALSE;
  last = strrchr (word, separator);
  digits = (int)strlen (last + 1);
  if ((sscanf (word, "%4d-%2d-%2d%n", &a, &b, &c, &end) == 3 || sscanf (word, "%4d/%2d/%2d%n", &a, &b, &c, &end) == 3)
      && word[end] == '\0' && strcspn (word, "-/") == 4)
    return set_once (&parts->year, a) && set_once (&parts->month, b) && set_once (&parts->day, c);
  c = end = 0;
  if (!(sscanf (word, "%2d%*1[./-]%2d%*1[./-]%4d%n", &a, &b, &c, &end) == 3 && word[end] == '\0'))
    {
      c = end = 0;
      if (!(sscanf (word, "%2d%*1[./-]%2d%n", &a, &b, &end) == 2
            && (word[end] == '\0' || g_str_equal (word + end, "."))))
        return FALSE;
    }
  /* where only one order makes sense it is that one */
  swap = (separator == '/' && month_first () && a <= 12) || b > 12;
  if (c > 0)
    set_once (&parts->year, whole_year (c, digits));
  return set_once (&parts->day, swap ? b : a) && set_once (&parts->month, swap ? a : b);
}

/* "10:30", "10:30:59", "10am", "10:30pm" */
static gboolean
take_time (Parts *parts, const char *word)
{
  int hour = -1, minute = 0, second, end = 0;
  gboolean half, has_minute;

  has_minute = sscanf (word, "%2d:%2d%n", &hour, &minute, &end) == 2;
  if (has_minute && sscanf (word + end, ":%2d", &second) == 1 && strlen (word + end) == 3)
    end += 3;
  if (!has_minute && sscanf (word, "%2d%n", &hour, &end) != 1)
    return FALSE;
  half = g_str_equal (word + end, "am") || g_str_equal (word + end, "pm");
  if (parts->hour >= 0 || (!half && (!has_minute || word[end] != '\0')) || hour < 0 || minute < 0)
    return FALSE;
  if (half && (hour < 1 || hour > 12))
    return FALSE;
  if (half)
    hour = hour % 12 + (word[end] == 'p' ? 12 : 0);
  parts->hour = hour;
  parts->minute = minute;
  return hour < 24 && minute < 60;
}

/* "3", "3rd", "2026": a day, a year, or how many of something. */
static gboolean
take_number (Parts *parts, const char *word, const char *next)
{
  char *end = NULL;
  guint64 number = g_ascii_strtoull (word, &end, 10);
  const Word *spelt = FIND (word, numbers);
  const Word *unit = next != NULL ? FIND (next, units) : NULL;

  if (end == word && spelt == NULL)
    return FALSE;
  if (spelt != NULL)
    number = (guint64)spelt->value;
  else if (*end != '\0' && !g_str_equal (end, "st") && !g_str_equal (end, "nd") && !g_str_equal (end, "rd")
           && !g_str_equal (end, "th") && !g_str_equal (end, "."))
    return FALSE;
  if (unit != NULL)
    {
      if (parts->ago >= 0 || number > 100000)
        return FALSE;
      parts->ago = (int)number;
      parts->unit = (char)unit->value;
      return TRUE;
    }
  if (spelt != NULL)
    return FALSE;
  if (parts->clock && number < 24 && parts->hour < 0)
    {
      parts->hour = (int)number;
      parts->minute = 0;
      return TRUE;
    }
  if (number >= 1000 && number <= 9999)
    return set_once (&parts->year, (int)number);
  return number <= 31 && set_once (&parts->day, (int)number);
}

static gboolean
take_word (Parts *parts, const char *word, const char *next)
{
  const Word *back = FIND (word, days_back);
  int found;

  if (back != NULL)
    {
      gboolean first = parts->ago < 0;

      parts->ago = back->value;
      parts->unit = 'd';
      return first;
    }
  if (FIND (word, befores) != NULL)
    {
      const Word *unit = next != NULL ? FIND (next, units) : NULL;

      parts->before = TRUE;
      if (unit != NULL && parts->ago < 0)
        {
          parts->ago = 1;
          parts->unit = (char)unit->value;
        }
      return TRUE;
    }
  /* "la semana pasada"; the unit of a number was taken with it */
  if (FIND (word, units) != NULL)
    {
      if (parts->ago < 0)
        {
          parts->ago = 1;
          parts->unit = (char)FIND (word, units)->value;
          return next != NULL && FIND (next, befores) != NULL;
        }
      return parts->unit == (char)FIND (word, units)->value;
    }
  /* "3 days ago" is not in August */
  if (parts->ago >= 0 && g_str_equal (word, "ago"))
    return TRUE;
  if ((found = find_month (word)) > 0)
    return set_once (&parts->month, found);
  if ((found = find_weekday (word)) > 0)
    return set_once (&parts->weekday, found);
  return take_time (parts, word) || take_numeric_date (parts, word) || take_number (parts, word, next)
         || FIND (word, fillers) != NULL;
}

/* (transfer full): the words of @text; "10 pm" and "10 p. m." are one */
static GPtrArray *
split_words (const char *text)
{
  g_autofree char *folded = fold (text);
  g_auto (GStrv) parts = g_strsplit_set (folded, " \t\n,", -1);
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      char *last = words->len > 0 ? g_ptr_array_index (words, words->len - 1) : NULL;
      char *word = parts[i];

      if (*word == '\0')
        continue;
      if (g_str_equal (word, "a.m.") || g_str_equal (word, "p.m."))
        memmove (word + 1, word + 2, strlen (word + 1)), word[2] = '\0';
      if (g_str_equal (word, "m.") && last != NULL && (g_str_has_suffix (last, "a.") || g_str_has_suffix (last, "p.")))
        {
          last[strlen (last) - 1] = 'm';
          continue;
        }
      if (last != NULL && g_ascii_isdigit (last[strlen (last) - 1])
          && (g_str_equal (word, "am") || g_str_equal (word, "pm") || g_str_equal (word, "a.")
              || g_str_equal (word, "p.")))
        {
          words->pdata[words->len - 1] = g_strconcat (last, word, NULL);
          g_free (last);
          continue;
        }
      /* "nov." */
      if (g_ascii_isalpha (*word) && g_str_has_suffix (word, "."))
        word[strlen (word) - 1] = '\0';
      g_ptr_array_add (words, g_strdup (word));
    }
  return words;
}

/* From parts to a time */

static GDateTime *
at_midnight (GDateTime *day)
{
  return g_date_time_new (g_date_time_get_timezone (day), g_date_time_get_year (day), g_date_time_get_month (day),
                          g_date_time_get_day_of_month (day), 0, 0, 0);
}

/* (nullable): the day that is so long ago. Minutes and hours are no days. */
static GDateTime *
count_back (const Parts *parts)
{
  int n = -parts->ago;
  g_autoptr (GDateTime) then = NULL;

  switch (parts->unit)
    {
    case 'M':
      return g_date_time_add_minutes (parts->now, n);
    case 'h':
      return g_date_time_add_hours (parts->now, n);
    case 'd':
      then = g_date_time_add_days (parts->now, n);
      break;
    case 'w':
      then = g_date_time_add_weeks (parts->now, n);
      break;
    case 'm':
      then = g_date_time_add_months (parts->now, n);
      break;
    default:
      then = g_date_time_add_years (parts->now, n);
      break;
    }
  return then != NULL ? at_midnight (then) : NULL;
}

static GDateTime *
last_weekday (const Parts *parts)
{
  int back = (g_date_time_get_day_of_week (parts->now) - parts->weekday + 7) % 7;
  g_autoptr (GDateTime) then = g_date_time_add_days (parts->now, -(back == 0 && parts->before ? 7 : back));

  return then != NULL ? at_midnight (then) : NULL;
}

/* (nullable): where there is no such day */
static GDateTime *
named_day (const Parts *parts)
{
  GTimeZone *zone = g_date_time_get_timezone (parts->now);
  int this_year = g_date_time_get_year (parts->now);
  int month = parts->month > 0 ? parts->month : parts->day > 0 ? g_date_time_get_month (parts->now) : 1;
  int day = parts->day > 0 ? parts->day : 1;
  g_autoptr (GDateTime) then = g_date_time_new (zone, parts->year > 0 ? parts->year : this_year, month, day, 0, 0, 0);

  if (parts->year > 0 || (then != NULL && g_date_time_compare (then, parts->now) <= 0))
    return g_steal_pointer (&then);
  /* the last one that there was; the 29th of February is up to eight years ago */
  g_clear_pointer (&then, g_date_time_unref);
  for (int back = 1; then == NULL && back <= 12; back++)
    {
      if (parts->month > 0)
        then = back <= 8 ? g_date_time_new (zone, this_year - back, month, day, 0, 0, 0) : NULL;
      else if (month > back)
        then = g_date_time_new (zone, this_year, month - back, day, 0, 0, 0);
      else
        then = g_date_time_new (zone, this_year - 1, month - back + 12, day, 0, 0, 0);
    }
  return g_steal_pointer (&then);
}

/* (nullable): where there is no such day, or too much was said */
static GDateTime *
resolve (const Parts *parts)
{
  gboolean named = parts->day > 0 || parts->month > 0 || parts->year > 0;
  g_autoptr (GDateTime) day = NULL;
  g_autoptr (GDateTime) then = NULL;

  if ((parts->ago >= 0) + named > 1 || (parts->ago >= 0 && parts->weekday > 0)
      || (parts->year > 0 && parts->day > 0 && parts->month == 0))
    return NULL;
  if (parts->ago >= 0)
    day = count_back (parts);
  else if (named)
    day = named_day (parts); /* a weekday beside it adds nothing */
  else if (parts->weekday > 0)
    day = last_weekday (parts);
  else if (parts->hour >= 0)
    day = at_midnight (parts->now);
  if (day == NULL || parts->hour < 0)
    return g_steal_pointer (&day);
  then = g_date_time_new (g_date_time_get_timezone (day), g_date_time_get_year (day), g_date_time_get_month (day),
                          g_date_time_get_day_of_month (day), parts->hour, parts->minute, 0);
  /* a time alone is the last one that there was */
  if (then != NULL && !named && parts->ago < 0 && parts->weekday == 0 && g_date_time_compare (then, parts->now) > 0)
    return g_date_time_add_days (then, -1);
  return g_steal_pointer (&then);
}

static gboolean
parse_words (Parts *parts, GPtrArray *words)
{
  for (guint i = 0; i < words->len; i++)
    {
      const char *word = g_ptr_array_index (words, i);

      if (!take_word (parts, word, i + 1 < words->len ? g_ptr_array_index (words, i + 1) : NULL))
        return FALSE;
      parts->clock = FIND (word, clocks) != NULL;
    }
  return TRUE;
}

/* "2026-11-03T10:30" without a zone is of here; with one it is what it says. */
static gboolean
parse_iso (const char *text, GDateTime *now, gint64 *time)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  g_autoptr (GDateTime) then = NULL;

  if (strlen (stripped) < 16 || g_ascii_toupper (stripped[10]) != 'T')
    return FALSE;
  if (chat_time_parse (stripped, time, NULL))
    return TRUE;
  then = g_date_time_new_from_iso8601 (stripped, g_date_time_get_timezone (now));
  if (then == NULL && strlen (stripped) == 16)
    {
      g_autofree char *longer = g_strconcat (stripped, ":00", NULL);

      then = g_date_time_new_from_iso8601 (longer, g_date_time_get_timezone (now));
    }
  if (then == NULL)
    return FALSE;
  *time = g_date_time_to_unix (then) * 1000;
  return TRUE;
}

gboolean
chat_command_parse_date (const char *text, GDateTime *now, gint64 *time, GError **error)
{
  Parts parts = { .now = now, .hour = -1, .minute = -1, .ago = -1 };
  g_autoptr (GPtrArray) words = NULL;
  g_autoptr (GDateTime) then = NULL;

  g_return_val_if_fail (text != NULL && now != NULL, FALSE);

  if (parse_iso (text, now, time))
    return TRUE;
  words = split_words (text);
  if (words->len > 0 && parse_words (&parts, words))
    then = resolve (&parts);
  if (then == NULL)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                   _ ("“%s” is no date. Write 2026-11-03, 3.11.2026, “yesterday” or “Monday”, with a time or without: "
                      "“yesterday 10:30”."),
                   text);
      return FALSE;
    }
  *time = g_date_time_to_unix (then) * 1000;
  return TRUE;
}
