/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-router.h"

G_BEGIN_DECLS

/* The tables of the resources; each file `chat-api-NAME.c` ends with its own. */
extern const ChatApiRoute chat_api_workspace_routes[];
extern const ChatApiRoute chat_api_sessions_routes[];
extern const ChatApiRoute chat_api_channels_routes[];
extern const ChatApiRoute chat_api_creation_routes[];
extern const ChatApiRoute chat_api_messages_routes[];
extern const ChatApiRoute chat_api_posting_routes[];
extern const ChatApiRoute chat_api_users_routes[];
extern const ChatApiRoute chat_api_moderation_routes[];
extern const ChatApiRoute chat_api_health_routes[];
extern const ChatApiRoute chat_api_live_routes[];

G_END_DECLS
