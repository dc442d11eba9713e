/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/chat-user-store.h"

G_BEGIN_DECLS

/**
 * ChatFakeUsers: (implements ChatUserStore)
 *
 * Sessions, accounts and invitations in memory, by the contract. Several services may share one, as processes share a
 * database.
 */
#define CHAT_TYPE_FAKE_USERS (chat_fake_users_get_type ())
G_DECLARE_FINAL_TYPE (ChatFakeUsers, chat_fake_users, CHAT, FAKE_USERS, GObject)

ChatFakeUsers *chat_fake_users_new (void);

/** ChatFakeUsersHook: something that happens in between. */
typedef void (*ChatFakeUsersHook) (ChatFakeUsers *self, gpointer data);
/** chat_fake_users_before_open: before the next session is opened. */
void chat_fake_users_before_open (ChatFakeUsers *self, ChatFakeUsersHook hook, gpointer data);

/** chat_fake_users_find: (nullable) (transfer none): the account itself. */
ChatAccount *chat_fake_users_find (ChatFakeUsers *self, const char *user_key);

G_END_DECLS
