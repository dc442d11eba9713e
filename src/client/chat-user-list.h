/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "client/chat-user.h"

G_BEGIN_DECLS

#define CHAT_TYPE_USER_LIST (chat_user_list_get_type ())
G_DECLARE_FINAL_TYPE (ChatUserList, chat_user_list, CHAT, USER_LIST, GObject)

/** ChatUserList: (implements GListModel of ChatUser): by name, whatever its case. Who goes stays in it, not connected.
 */
ChatUserList *chat_user_list_new (void);
/** chat_user_list_find: (transfer none) (nullable) */
ChatUser *chat_user_list_find (ChatUserList *self, const char *name);
/** chat_user_list_upsert: (transfer none): the user with this name, made where there is none. */
ChatUser *chat_user_list_upsert (ChatUserList *self, const char *name);

G_END_DECLS
