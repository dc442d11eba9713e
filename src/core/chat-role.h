/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** ChatRole: what somebody may do, each all that the one before may. */
typedef enum
{
  CHAT_ROLE_MEMBER,
  CHAT_ROLE_MODERATOR, /* others' messages, warnings, blocks, appeals, rules, the audit log */
  CHAT_ROLE_ADMIN,     /* accounts, roles, invitations, everybody's sessions */
} ChatRole;

#define CHAT_N_ROLES (CHAT_ROLE_ADMIN + 1)

/** chat_role_to_string: (transfer none): "member", "moderator", "admin". */
const char *chat_role_to_string (ChatRole role);
/** chat_role_from_string: FALSE with a CHAT_CORE_ERROR that names the roles there are. */
gboolean chat_role_from_string (const char *name, ChatRole *role, GError **error);

G_END_DECLS
