/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CHAT_TYPE_CREDENTIALS (chat_credentials_get_type ())
G_DECLARE_FINAL_TYPE (ChatCredentials, chat_credentials, CHAT, CREDENTIALS, GObject)

/**
 * ChatCredentials:
 *
 * Tokens in the keyring (libsecret), never in a file of ours. Where there is no keyring they live as long as this
 * object, and `persistent` (boolean property, notify) is FALSE so that the window can say so.
 */
ChatCredentials *chat_credentials_new (void);
gboolean chat_credentials_get_persistent (ChatCredentials *self);

/** chat_credentials_lookup_async: the finish: (transfer full) (nullable): NULL without an error where there is none.
 * Never waits longer than 2 s for a keyring that does not answer. */
void chat_credentials_lookup_async (ChatCredentials *self, const char *uri, const char *user, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);
char *chat_credentials_lookup_finish (ChatCredentials *self, GAsyncResult *result, GError **error);
void chat_credentials_store_async (ChatCredentials *self, const char *uri, const char *user, const char *token,
                                   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_credentials_store_finish (ChatCredentials *self, GAsyncResult *result, GError **error);
void chat_credentials_clear_async (ChatCredentials *self, const char *uri, const char *user, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_credentials_clear_finish (ChatCredentials *self, GAsyncResult *result, GError **error);

G_END_DECLS
