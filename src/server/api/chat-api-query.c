/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-query.h"

#include "core/chat-excerpt.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "moderation/chat-skeleton.h"

static gboolean
refuse (const char *name, const char *text, const char *expected, GError **error)
{
  g_autofree char *excerpt = chat_excerpt (text, -1);

  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER, "%s is \"%s\", but must be %s", name, excerpt,
               expected);
  return FALSE;
}

gboolean
chat_api_query_check_names (ChatApiRequest *request, const char *const *names, GError **error)
{
  GHashTableIter iter;
  gpointer name;

  if (request->query == NULL)
    return TRUE;
  g_hash_table_iter_init (&iter, request->query);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_strv_contains (names, name))
      {
        g_autofree char *known = g_strjoinv (", ", (char **)names);
        g_autofree char *excerpt = chat_excerpt (name, -1);

        g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER, "There is no parameter \"%s\" here, only %s",
                     excerpt, known);
        return FALSE;
      }
  return TRUE;
}

gboolean
chat_api_query_get_limit (ChatApiRequest *request, guint max, guint *limit, GError **error)
{
  const char *text = chat_api_request_get_query (request, "limit");
  g_autofree char *expected = NULL;
  guint64 value;

  if (text == NULL)
    return TRUE;
  if (g_ascii_string_to_unsigned (text, 10, 1, max, &value, NULL))
    {
      *limit = (guint)value;
      return TRUE;
    }
  expected = g_strdup_printf ("a number from 1 to %u", max);
  return refuse ("limit", text, expected, error);
}

gboolean
chat_api_query_get_time (ChatApiRequest *request, const char *name, gint64 *time_ms, GError **error)
{
  const char *text = chat_api_request_get_query (request, name);

  if (text == NULL || chat_time_parse (text, time_ms, NULL))
    return TRUE;
  return refuse (name, text, "an RFC 3339 time, such as 2026-11-20T10:10:10Z", error);
}

gboolean
chat_api_query_get_number (ChatApiRequest *request, const char *name, gint64 *number, GError **error)
{
  const char *text = chat_api_request_get_query (request, name);
  guint64 value;

  if (text == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &value, NULL))
    return refuse (name, text, "a number from 0", error);
  *number = (gint64)value;
  return TRUE;
}

gboolean
chat_api_query_get_choice (ChatApiRequest *request, const char *name, const char *const *choices, guint *index,
                           GError **error)
{
  const char *text = chat_api_request_get_query (request, name);
  g_autofree char *known = NULL;
  g_autofree char *expected = NULL;

  if (text == NULL)
    return TRUE;
  for (guint i = 0; choices[i] != NULL; i++)
    if (g_str_equal (choices[i], text))
      {
        *index = i;
        return TRUE;
      }
  known = g_strjoinv (", ", (char **)choices);
  expected = g_strdup_printf ("one of %s", known);
  return refuse (name, text, expected, error);
}

gboolean
chat_api_query_get_user (ChatApiRequest *request, const char *name, char **user_key, GError **error)
{
  const char *text = chat_api_request_get_query (request, name);
  g_autoptr (GError) reason = NULL;

  if (text == NULL)
    return TRUE;
  if (chat_user_name_check (text, &reason))
    {
      g_free (*user_key);
      *user_key = chat_skeleton (text);
      return TRUE;
    }
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER, "%s: %s", name, reason->message);
  return FALSE;
}
