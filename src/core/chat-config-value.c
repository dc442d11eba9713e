/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-config-private.h"

#include "core/chat-core-error.h"
#include "core/chat-excerpt.h"
#include "core/chat-nearest.h"

#include <string.h>

typedef struct
{
  const char *name;
  gint64 factor;
} Unit;

/* The largest first; the last row ends the table. */
static const Unit duration_units[]
    = { { "d", 86400000 }, { "h", 3600000 }, { "min", 60000 }, { "s", 1000 }, { "ms", 1 }, { NULL, 0 } };
static const Unit size_units[] = { { "GiB", 1 << 30 }, { "MiB", 1 << 20 }, { "KiB", 1 << 10 }, { "", 1 }, { NULL, 0 } };

void
chat_config_value_clear (ChatConfigValue *value)
{
  g_clear_pointer (&value->string, g_free);
  g_clear_pointer (&value->list, g_strfreev);
  g_clear_pointer (&value->place, g_free);
  value->number = 0;
  value->set = FALSE;
}

void
chat_config_value_copy (const ChatConfigValue *from, ChatConfigValue *to)
{
  to->set = from->set;
  to->number = from->number;
  to->string = g_strdup (from->string);
  to->list = g_strdupv (from->list);
  to->place = g_strdup (from->place);
}

static const Unit *
units_of (const ChatConfigKey *key)
{
  if (key->type == CHAT_CONFIG_DURATION)
    return duration_units;
  return key->type == CHAT_CONFIG_SIZE ? size_units : NULL;
}

/* The number as it would stand in the file, in the largest unit that divides it. */
static char *
format_number (const ChatConfigKey *key, gint64 number)
{
  const Unit *unit = units_of (key);

  if (unit == NULL || number == 0)
    return g_strdup_printf ("%" G_GINT64_FORMAT, number);
  while (number % unit->factor != 0)
    unit++;
  return g_strdup_printf ("%" G_GINT64_FORMAT "%s", number / unit->factor, unit->name);
}

static char *
join_choices (const ChatConfigKey *key)
{
  return g_strjoinv (", ", (char **)key->choices);
}

char *
chat_config_value_describe (const ChatConfigKey *key)
{
  g_autofree char *from = format_number (key, key->minimum);
  g_autofree char *to = format_number (key, key->maximum);
  g_autofree char *choices = key->choices != NULL ? join_choices (key) : NULL;

  switch (key->type)
    {
    case CHAT_CONFIG_PATH:
      return g_strdup ("a path; relative to this file, or with ~/ to the home directory");
    case CHAT_CONFIG_INT:
      return g_strdup_printf ("a whole number from %s to %s", from, to);
    case CHAT_CONFIG_BOOLEAN:
      return g_strdup ("true or false");
    case CHAT_CONFIG_CHOICE:
      return g_strdup_printf ("one of %s", choices);
    case CHAT_CONFIG_LIST:
      return choices != NULL ? g_strdup_printf ("any of %s; separated by semicolons", choices)
                             : g_strdup ("values separated by semicolons");
    case CHAT_CONFIG_DURATION:
      return g_strdup_printf ("a time from %s to %s, with its unit (ms, s, min, h, d)", from, to);
    case CHAT_CONFIG_SIZE:
      return g_strdup_printf ("a size from %s to %s, in bytes or with its unit (KiB, MiB, GiB)", from, to);
    case CHAT_CONFIG_STRING:
    default:
      return g_strdup ("a text");
    }
}

/* Always FALSE. @why: (nullable) */
static gboolean
refuse (const ChatConfigKey *key, const char *text, const char *why, GError **error)
{
  g_autofree char *found = chat_excerpt (text, -1);
  g_autofree char *right = chat_config_value_describe (key);

  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "found “%s”%s%s; it should be %s", found,
               why != NULL ? ", " : "", why != NULL ? why : "", right);
  return FALSE;
}

/* The escapes of a key file: \s space, \n, \t, \r, \\ and, in lists, \; */
static char *
unescape (const ChatConfigKey *key, const char *text, gsize length, GError **error)
{
  static const char from[] = "sntr\\;", to[] = " \n\t\r\\;";
  g_autoptr (GString) out = g_string_sized_new (length);

  for (gsize i = 0; i < length; i++)
    {
      const char *escape;

      if (text[i] != '\\')
        {
          g_string_append_c (out, text[i]);
          continue;
        }
      escape = i + 1 < length ? strchr (from, text[++i]) : NULL;
      if (escape == NULL || (*escape == ';' && key->type != CHAT_CONFIG_LIST))
        {
          refuse (key, text, "where a backslash begins no known escape (\\\\ is a backslash, \\s a space)", error);
          return NULL;
        }
      g_string_append_c (out, to[escape - from]);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static gboolean
check_choice (const ChatConfigKey *key, const char *found, GError **error)
{
  const char *nearest;
  g_autofree char *hint = NULL;

  if (key->choices == NULL || g_strv_contains (key->choices, found))
    return TRUE;
  nearest = chat_nearest (found, key->choices);
  if (nearest != NULL)
    hint = g_strdup_printf ("perhaps meant as “%s”", nearest);
  return refuse (key, found, *found == '\0' ? "which is empty" : hint, error);
}

static gboolean
parse_path (const ChatConfigKey *key, const char *text, const char *directory, ChatConfigValue *value, GError **error)
{
  g_autofree char *path = unescape (key, text, strlen (text), error);

  if (path == NULL)
    return FALSE;
  if (*path == '\0')
    return refuse (key, text, "which is empty", error);
  if (path[0] == '~' && path[1] != '/' && path[1] != '\0')
    return refuse (key, text, "the home directory of another user, which is not looked up", error);
  if (path[0] == '~')
    value->string = g_build_filename (g_get_home_dir (), path + 1, NULL);
  else
    value->string = g_canonicalize_filename (path, directory);
  return TRUE;
}

/* Digits, then one of the units. */
static gboolean
parse_number (const ChatConfigKey *key, const char *text, ChatConfigValue *value, GError **error)
{
  const Unit *unit = units_of (key);
  gint64 number;
  char *rest;
  int digits = (*text == '-' || *text == '+') ? 1 : 0;

  if (!g_ascii_isdigit (text[digits]))
    return refuse (key, text, *text == '\0' ? "which is empty" : "which is no number", error);
  number = g_ascii_strtoll (text, &rest, 10); /* at an overflow the largest there is, which the range refuses */
  if (unit == NULL && *rest != '\0')
    return refuse (key, text, "which is no number (a comment stands on a line of its own)", error);
  if (unit != NULL && !(number == 0 && *rest == '\0'))
    {
      while (unit->name != NULL && strcmp (unit->name, rest) != 0)
        unit++;
      if (unit->name == NULL)
        return refuse (key, text, *rest == '\0' ? "which has no unit" : "which has an unknown unit", error);
      if (!g_ascii_isdigit (*text) || number > G_MAXINT64 / unit->factor)
        return refuse (key, text, "which is out of range", error);
      number *= unit->factor;
    }
  if (number < key->minimum)
    return refuse (key, text, "which is too small", error);
  if (number > key->maximum)
    return refuse (key, text, "which is too large", error);
  value->number = number;
  return TRUE;
}

static gboolean
parse_boolean (const ChatConfigKey *key, const char *text, ChatConfigValue *value, GError **error)
{
  value->number = strcmp (text, "true") == 0;
  return value->number != 0 || strcmp (text, "false") == 0
         || refuse (key, text, *text == '\0' ? "which is empty" : NULL, error);
}

static gboolean
parse_list (const ChatConfigKey *key, const char *text, ChatConfigValue *value, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const char *at = text;

  while (*at != '\0')
    {
      const char *end = at;
      g_autofree char *item = NULL;

      while (*end != '\0' && *end != ';')
        end += *end == '\\' && end[1] != '\0' ? 2 : 1;
      item = unescape (key, at, (gsize)(end - at), error);
      if (item == NULL)
        return FALSE;
      g_strstrip (item);
      if (*item == '\0')
        return refuse (key, text, "with an empty entry", error);
      if (!check_choice (key, item, error))
        return FALSE;
      g_strv_builder_add (builder, item);
      at = *end == ';' ? end + 1 : end;
      while (g_ascii_isspace (*at))
        at++;
    }
  value->list = g_strv_builder_end (builder);
  return TRUE;
}

gboolean
chat_config_value_parse (const ChatConfigKey *key, const char *text, const char *directory, ChatConfigValue *value,
                         GError **error)
{
  switch (key->type)
    {
    case CHAT_CONFIG_PATH:
      return parse_path (key, text, directory, value, error);
    case CHAT_CONFIG_INT:
    case CHAT_CONFIG_DURATION:
    case CHAT_CONFIG_SIZE:
      return parse_number (key, text, value, error);
    case CHAT_CONFIG_BOOLEAN:
      return parse_boolean (key, text, value, error);
    case CHAT_CONFIG_LIST:
      return parse_list (key, text, value, error);
    case CHAT_CONFIG_CHOICE:
    case CHAT_CONFIG_STRING:
    default:
      value->string = unescape (key, text, strlen (text), error);
      return value->string != NULL && (key->type == CHAT_CONFIG_STRING || check_choice (key, value->string, error));
    }
}
