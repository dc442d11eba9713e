/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-cache.h"
#include "client/chat-history.h"

G_BEGIN_DECLS

#define CHAT_TYPE_LOCAL_HISTORY (chat_local_history_get_type ())
G_DECLARE_FINAL_TYPE (ChatLocalHistory, chat_local_history, CHAT, LOCAL_HISTORY, GObject)

/** ChatLocalHistory: (implements ChatHistory): @service's; and while it can't be had, older messages that are kept on
 * this computer. */
ChatLocalHistory *chat_local_history_new (ChatHistory *service, ChatCache *cache);

G_END_DECLS
