/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-user.h"

G_BEGIN_DECLS

ChatUser *chat_user_new (const char *name);
void chat_user_set_bot (ChatUser *self, gboolean bot);
void chat_user_set_connected (ChatUser *self, gboolean connected);
void chat_user_set_role (ChatUser *self, ChatRole role);

G_END_DECLS
