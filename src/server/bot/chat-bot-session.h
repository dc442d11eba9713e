/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/chat-user-store.h"

G_BEGIN_DECLS

#define CHAT_TYPE_BOT_SESSION (chat_bot_session_get_type ())
G_DECLARE_FINAL_TYPE (ChatBotSession, chat_bot_session, CHAT, BOT_SESSION, GObject)

/**
 * ChatBotSession:
 *
 * By what a bot that is built in is among the users and holds its name: a session of its own in each process that runs
 * it, so that one that stops does not take the others' with it. It is renewed while it is held; of a process that was
 * killed nothing is left a minute later.
 *
 * @name: the bot's
 */
ChatBotSession *chat_bot_session_new (ChatUserStore *users, const char *name);

/** chat_bot_session_hold_async: CHAT_STORE_ERROR_CONFLICT where somebody is here under that name, or it is an
 * account's: a sentence for people. Holding it again is no error. */
void chat_bot_session_hold_async (ChatBotSession *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean chat_bot_session_hold_finish (ChatBotSession *self, GAsyncResult *result, GError **error);

/** chat_bot_session_release_async: idempotent. */
void chat_bot_session_release_async (ChatBotSession *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean chat_bot_session_release_finish (ChatBotSession *self, GAsyncResult *result, GError **error);

G_END_DECLS
