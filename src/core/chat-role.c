/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-role.h"

#include "core/chat-core-error.h"

#include <string.h>

static const char *const names[CHAT_N_ROLES] = {
  [CHAT_ROLE_MEMBER] = "member",
  [CHAT_ROLE_MODERATOR] = "moderator",
  [CHAT_ROLE_ADMIN] = "admin",
};

const char *
chat_role_to_string (ChatRole role)
{
  g_return_val_if_fail ((guint)role < CHAT_N_ROLES, names[CHAT_ROLE_MEMBER]);

  return names[role];
}

gboolean
chat_role_from_string (const char *name, ChatRole *role, GError **error)
{
  g_return_val_if_fail (name != NULL && role != NULL, FALSE);

  for (guint i = 0; i < CHAT_N_ROLES; i++)
    if (strcmp (name, names[i]) == 0)
      {
        *role = (ChatRole)i;
        return TRUE;
      }
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
               "there is no role “%s”; the roles are member, moderator and admin", name);
  return FALSE;
}
