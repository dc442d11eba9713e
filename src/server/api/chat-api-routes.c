/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-routes.h"

const ChatApiRoute *const *
chat_api_routes_tables (void)
{
  /* what is asked for most comes first */
  static const ChatApiRoute *const tables[] = {
    chat_api_messages_routes,
    chat_api_posting_routes,
    chat_api_channels_routes,
    chat_api_live_routes,
    chat_api_sessions_routes,
    chat_api_search_routes,
    chat_api_users_routes,
    chat_api_creation_routes,
    chat_api_health_routes,
    chat_api_membership_routes,
    chat_api_moderation_warnings_routes,
    chat_api_moderation_blocks_routes,
    chat_api_moderation_appeals_routes,
    chat_api_moderation_reports_routes,
    chat_api_moderation_rules_routes,
    chat_api_moderation_rehearsals_routes,
    chat_api_moderation_audit_routes,
    chat_api_export_routes,
    chat_api_statistics_routes,
    chat_api_metrics_routes,
    chat_api_workspace_routes,
    chat_api_accounts_routes,
    chat_api_invitations_routes,
    NULL,
  };

  return tables;
}

char *
chat_api_routes_describe (void)
{
  GString *text = g_string_new (NULL);

  for (const ChatApiRoute *const *table = chat_api_routes_tables (); *table != NULL; table++)
    for (const ChatApiRoute *route = *table; route->method != NULL; route++)
      g_string_append_printf (text, "%s %s %s\n", route->method, route->path,
                              (route->flags & CHAT_API_OPEN) ? "anybody" : chat_role_to_string (route->role));
  return g_string_free (text, FALSE);
}
