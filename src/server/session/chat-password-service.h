/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "server/session/chat-password.h"

G_BEGIN_DECLS

#define CHAT_TYPE_PASSWORD_SERVICE (chat_password_service_get_type ())
G_DECLARE_FINAL_TYPE (ChatPasswordService, chat_password_service, CHAT, PASSWORD_SERVICE, GObject)

/**
 * ChatPasswordService:
 *
 * Hashes and checks passwords on threads of its own: a hash takes some 50 ms and some 64 MiB on purpose. What waits is
 * bounded: beyond that a call is CHAT_SESSION_ERROR_BUSY at once.
 *
 * @threads: from 1; each works with @cost's memory. @most_waiting: calls that wait or run, of all threads together
 */
ChatPasswordService *chat_password_service_new (const ChatPasswordCost *cost, guint threads, guint most_waiting);

/** chat_password_service_hash_async: @password: as it was typed; @user: whose it is to be. The finish: (transfer full):
 * the hash; CHAT_SESSION_ERROR PASSWORD_WEAK or BUSY. */
void chat_password_service_hash_async (ChatPasswordService *self, const char *password, const char *user,
                                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
char *chat_password_service_hash_finish (ChatPasswordService *self, GAsyncResult *result, GError **error);

/** chat_password_service_check_async: whether @hash is of @password. @hash: (nullable): there is none: it takes as long
 * all the same, and says no. */
void chat_password_service_check_async (ChatPasswordService *self, const char *password, const char *hash,
                                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/** chat_password_service_check_finish: FALSE with CHAT_SESSION_ERROR PASSWORD_WRONG or BUSY. @rehashed: (out) (transfer
 * full) (nullable): where it is right, but was hashed at another cost: what to keep from now on. */
gboolean chat_password_service_check_finish (ChatPasswordService *self, GAsyncResult *result, char **rehashed,
                                             GError **error);

/** chat_password_service_get_hashings: how many times the full cost was paid. */
guint64 chat_password_service_get_hashings (ChatPasswordService *self);

G_END_DECLS
