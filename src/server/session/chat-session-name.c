/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/session/chat-session-name.h"

#include "core/chat-names.h"
#include "moderation/chat-skeleton.h"
#include "server/session/chat-session-service.h"

#include <string.h>

gboolean
chat_session_name_check (const char *name, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autofree char *key = NULL;

  g_return_val_if_fail (name != NULL, FALSE);

  if (!chat_user_name_check (name, &reason))
    {
      g_set_error_literal (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_INVALID, reason->message);
      return FALSE;
    }
  key = chat_skeleton (name);
  if (g_str_has_suffix (key, ")") && strstr (key, " (") != NULL)
    {
      g_set_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_INVALID,
                   "“%s” reads like a guest of a broker; take a name that does not end in brackets", name);
      return FALSE;
    }
  return TRUE;
}
