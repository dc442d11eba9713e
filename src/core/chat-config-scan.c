/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-config-private.h"

#include "core/chat-core-error.h"
#include "core/chat-excerpt.h"

#include <string.h>

static guint
line_of (const char *data, const char *at)
{
  guint line = 1;

  for (; data < at; data++)
    if (*data == '\n')
      line++;
  return line;
}

static gboolean
check_encoding (const char *data, gsize length, const char *name, GError **error)
{
  const char *bad;

  if (length >= 3 && memcmp (data, "\xef\xbb\xbf", 3) == 0)
    {
      g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                   "%s:1: a byte order mark stands before the first line; save the file as UTF-8 without one", name);
      return FALSE;
    }
  if (length == 0 || g_utf8_validate_len (data, length, &bad))
    return TRUE;
  if (*bad == '\0')
    g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_NOT_UTF8,
                 "%s:%u: a NUL byte stands here; it should be a text file in UTF-8", name, line_of (data, bad));
  else
    g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_NOT_UTF8,
                 "%s:%u: the byte 0x%02X is not valid UTF-8; save the file as UTF-8", name, line_of (data, bad),
                 (guchar)*bad);
  return FALSE;
}

/* Newlines, tabs and the carriage returns of other systems aside, a control character is a slip that nobody can see. */
static gboolean
check_controls (const char *data, gsize length, const char *name, GError **error)
{
  for (gsize i = 0; i < length; i++)
    if (((guchar)data[i] < 0x20 && strchr ("\n\t\r", data[i]) == NULL) || data[i] == 0x7f)
      {
        g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
                     "%s:%u: found the control character U+%04X; it should be a text file in UTF-8", name,
                     line_of (data, data + i), (guint)data[i]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
fail (const char *name, guint line, const char *found, const char *right, GError **error)
{
  g_autofree char *excerpt = chat_excerpt (found, -1);

  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID, "%s:%u: found “%s”; %s", name, line, excerpt, right);
  return FALSE;
}

/* A group's name between its brackets, in place. */
static char *
scan_group (char *text, const char *name, guint line, GError **error)
{
  gsize length = strlen (text);

  if (length < 3 || text[length - 1] != ']' || strpbrk (text + 1, "[]") != text + length - 1)
    {
      fail (name, line, text, "a group should look like [group], alone on its line", error);
      return NULL;
    }
  text[length - 1] = '\0';
  return g_strstrip (text + 1);
}

typedef struct
{
  const char *name;
  ChatConfigGroupFunc group_func;
  ChatConfigLineFunc line_func;
  gpointer data;
  char *group; /* Owned */
} Scan;

static gboolean
scan_line (Scan *scan, char *text, guint line, GError **error)
{
  char *equals;

  g_strstrip (text);
  if (*text == '\0' || *text == '#')
    return TRUE;
  if (*text == ';')
    return fail (scan->name, line, text, "a comment should begin with #", error);
  if (*text == '[')
    {
      const char *group = scan_group (text, scan->name, line, error);

      if (group == NULL)
        return FALSE;
      g_free (scan->group);
      scan->group = g_strdup (group);
      return scan->group_func (group, line, scan->data, error);
    }
  equals = strchr (text, '=');
  if (equals == NULL)
    return fail (scan->name, line, text, "a line should be a [group], a key = value, or a # comment", error);
  if (equals == text)
    return fail (scan->name, line, text, "the name of a key should stand before the =", error);
  if (scan->group == NULL)
    return fail (scan->name, line, text, "a [group] should come before the first key", error);
  *equals = '\0';
  return scan->line_func (scan->group, g_strchomp (text), g_strchug (equals + 1), line, scan->data, error);
}

gboolean
chat_config_scan (const char *data, gsize length, const char *name, ChatConfigGroupFunc group_func,
                  ChatConfigLineFunc line_func, gpointer user_data, GError **error)
{
  g_autofree char *text = NULL;
  Scan scan = { .name = name, .group_func = group_func, .line_func = line_func, .data = user_data };
  gboolean ok = TRUE;
  guint line = 1;

  if (!check_encoding (data, length, name, error) || !check_controls (data, length, name, error))
    return FALSE;
  text = g_strndup (data, length);
  for (char *at = text, *next; ok && at != NULL; at = next, line++)
    {
      next = strchr (at, '\n');
      if (next != NULL)
        *next++ = '\0';
      ok = scan_line (&scan, at, line, error);
    }
  g_free (scan.group);
  return ok;
}
