/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

#include "core/chat-role.h"

G_BEGIN_DECLS

#define CHAT_TYPE_USER (chat_user_get_type ())
G_DECLARE_FINAL_TYPE (ChatUser, chat_user, CHAT, USER, GObject)

/**
 * ChatUser:
 *
 * Somebody of the workspace. Properties (all notify): `name`; `bot`, `connected` (boolean); `role` (guint, ChatRole).
 */
const char *chat_user_get_name (ChatUser *self);
gboolean chat_user_get_bot (ChatUser *self);
gboolean chat_user_get_connected (ChatUser *self);
ChatRole chat_user_get_role (ChatUser *self);

G_END_DECLS
