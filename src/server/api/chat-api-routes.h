/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-router.h"

G_BEGIN_DECLS

/* The tables of the resources; each file `chat-api-NAME.c` ends with its own. */
extern const ChatApiRoute chat_api_workspace_routes[];
extern const ChatApiRoute chat_api_sessions_routes[];
extern const ChatApiRoute chat_api_channels_routes[];
extern const ChatApiRoute chat_api_creation_routes[];
extern const ChatApiRoute chat_api_membership_routes[];
extern const ChatApiRoute chat_api_search_routes[];
extern const ChatApiRoute chat_api_export_routes[];
extern const ChatApiRoute chat_api_statistics_routes[];
extern const ChatApiRoute chat_api_messages_routes[];
extern const ChatApiRoute chat_api_posting_routes[];
extern const ChatApiRoute chat_api_users_routes[];
extern const ChatApiRoute chat_api_moderation_warnings_routes[];
extern const ChatApiRoute chat_api_moderation_blocks_routes[];
extern const ChatApiRoute chat_api_moderation_appeals_routes[];
extern const ChatApiRoute chat_api_moderation_reports_routes[];
extern const ChatApiRoute chat_api_moderation_rules_routes[];
extern const ChatApiRoute chat_api_moderation_rehearsals_routes[];
extern const ChatApiRoute chat_api_moderation_audit_routes[];
extern const ChatApiRoute chat_api_health_routes[];
extern const ChatApiRoute chat_api_live_routes[];
extern const ChatApiRoute chat_api_metrics_routes[];
extern const ChatApiRoute chat_api_accounts_routes[];
extern const ChatApiRoute chat_api_invitations_routes[];

/** chat_api_routes_tables: (array zero-terminated=1): all of them. */
const ChatApiRoute *const *chat_api_routes_tables (void);

/** chat_api_routes_describe: (transfer full): a line for each: `METHOD PATH WHO`, where WHO is "anybody" or a role. */
char *chat_api_routes_describe (void);

G_END_DECLS
