/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-config.h"
#include "server/session/chat-account-service.h"

G_BEGIN_DECLS

/** chat_server_accounts_new_sessions: (transfer full): as `[sessions]` says. */
ChatSessionService *chat_server_accounts_new_sessions (ChatConfig *config, ChatUserStore *users);
/** chat_server_accounts_new: (transfer full): as `[sessions]` says. */
ChatAccountService *chat_server_accounts_new (ChatConfig *config, ChatUserStore *users, ChatSessionService *sessions);

/** chat_server_accounts_advise: where only accounts get in and none is an admin's who can sign in, the log says once
 * how to make one. */
void chat_server_accounts_advise (ChatConfig *config, ChatUserStore *users);

G_END_DECLS
