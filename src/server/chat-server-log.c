/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/chat-server-log.h"

#include <string.h>
#include <unistd.h>

#include "core/chat-time.h"

static const char *
level_name (GLogLevelFlags level)
{
  if (level & G_LOG_LEVEL_ERROR)
    return "fatal";
  if (level & G_LOG_LEVEL_CRITICAL)
    return "critical";
  if (level & G_LOG_LEVEL_WARNING)
    return "warning";
  if (level & (G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO))
    return "info";
  return "debug";
}

/* A value that holds more than plain characters goes into quotes, so that one entry is one line whatever is in it. */
static void
append_value (GString *line, const char *value)
{
  char beyond_ascii[0x80 + 1] = "";
  g_autofree char *escaped = NULL;

  if (*value != '\0' && strpbrk (value, " \"\\=\n\t\r") == NULL)
    {
      g_string_append (line, value);
      return;
    }
  for (guint i = 0; i < sizeof beyond_ascii - 1; i++)
    beyond_ascii[i] = (char)(0x80 + i); /* UTF-8 stays as it is */
  escaped = g_strescape (value, beyond_ascii);
  g_string_append_printf (line, "\"%s\"", escaped);
}

static gboolean
is_extra (const GLogField *field)
{
  static const char *const known[]
      = { "MESSAGE", "PRIORITY", "GLIB_DOMAIN", "CODE_FILE", "CODE_LINE", "CODE_FUNC", "GLIB_OLD_LOG_API", NULL };

  return field->length < 0 && !g_strv_contains (known, field->key);
}

static GLogWriterOutput
write_cb (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  g_autoptr (GString) line = NULL;
  g_autofree char *now = NULL;

  if (!(level & GPOINTER_TO_UINT (user_data)))
    return G_LOG_WRITER_HANDLED;
  now = chat_time_format (chat_time_now ());
  line = g_string_new (NULL);
  g_string_append_printf (line, "time=%s level=%s", now, level_name (level));
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      {
        g_string_append (line, " message=");
        append_value (line, fields[i].value);
      }
  for (gsize i = 0; i < n_fields; i++)
    if (is_extra (&fields[i]))
      {
        g_autofree char *key = g_ascii_strdown (fields[i].key, -1);

        g_string_append_printf (line, " %s=", key);
        append_value (line, fields[i].value);
      }
  g_string_append_c (line, '\n');
  /* One write, so that lines of several threads do not mix. Where nobody takes it, there is nobody to tell. */
  return write (STDERR_FILENO, line->str, line->len) < 0 ? G_LOG_WRITER_UNHANDLED : G_LOG_WRITER_HANDLED;
}

static guint
mask_of (const char *level)
{
  guint mask = G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL;

  if (g_str_equal (level, "error"))
    return mask;
  mask |= G_LOG_LEVEL_WARNING;
  if (g_str_equal (level, "warning"))
    return mask;
  mask |= G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO;
  return g_str_equal (level, "debug") ? mask | G_LOG_LEVEL_DEBUG : mask;
}

void
chat_server_log_install (const char *level)
{
  g_log_set_writer_func (write_cb, GUINT_TO_POINTER (mask_of (level)), NULL);
}
