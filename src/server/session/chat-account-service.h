/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/session/chat-password-service.h"
#include "server/session/chat-session-service.h"

G_BEGIN_DECLS

/** ChatRegistration: who may make an account for himself. */
typedef enum
{
  CHAT_REGISTRATION_OPEN,
  CHAT_REGISTRATION_INVITATION, /* who has an invitation */
  CHAT_REGISTRATION_CLOSED,     /* nobody: admins do it */
} ChatRegistration;

typedef struct
{
  gboolean accounts_only; /* mode password: else a name without an account is whoever's comes first */
  ChatRegistration registration;
} ChatAccountOptions;

/** ChatAccountEdit: what an admin changes; what is NULL stays. */
typedef struct
{
  const char *password; /* as it was typed */
  const ChatRole *role;
  const gboolean *disabled;
} ChatAccountEdit;

#define CHAT_TYPE_ACCOUNT_SERVICE (chat_account_service_get_type ())
G_DECLARE_FINAL_TYPE (ChatAccountService, chat_account_service, CHAT, ACCOUNT_SERVICE, GObject)

/**
 * ChatAccountService:
 *
 * Signing in with or without an account, making accounts, changing them, inviting to them. Errors are of
 * CHAT_SESSION_ERROR, or what the store says.
 */
ChatAccountService *chat_account_service_new (ChatUserStore *users, ChatSessionService *sessions,
                                              ChatPasswordService *passwords, const ChatAccountOptions *options);

/** chat_account_service_get_options: (transfer none) */
const ChatAccountOptions *chat_account_service_get_options (ChatAccountService *self);

/** chat_account_service_sign_in_async: opens a session. @password: (nullable). NAME_INVALID, NAME_TAKEN,
 * PASSWORD_WRONG (after the same time and in the same words whether there is such an account, a disabled one, or none),
 * BUSY. The finish: as chat_session_service_open_finish(). */
void chat_account_service_sign_in_async (ChatAccountService *self, const char *user, const char *password,
                                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
ChatSessionInfo *chat_account_service_sign_in_finish (ChatAccountService *self, GAsyncResult *result, char **token,
                                                      gint64 *held_ms, GError **error);

/** chat_account_service_register_async: somebody makes an account for himself, as the options allow; @invitation:
 * (nullable): its token. REGISTRATION_CLOSED, INVITATION_INVALID, NAME_INVALID, NAME_TAKEN (also by who is here without
 * an account), PASSWORD_WEAK, BUSY. The finish: (transfer full) */
void chat_account_service_register_async (ChatAccountService *self, const char *user, const char *password,
                                          const char *invitation, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
ChatAccount *chat_account_service_register_finish (ChatAccountService *self, GAsyncResult *result, GError **error);

/** chat_account_service_create_async: whatever the options say, with that role. NAME_INVALID, NAME_TAKEN,
 * PASSWORD_WEAK, BUSY. The finish: (transfer full) */
void chat_account_service_create_async (ChatAccountService *self, const char *user, const char *password, ChatRole role,
                                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
ChatAccount *chat_account_service_create_finish (ChatAccountService *self, GAsyncResult *result, GError **error);

/** chat_account_service_set_password_async: the owner of @session changes it, and his other sessions end. NO_ACCOUNT,
 * PASSWORD_WRONG, PASSWORD_WEAK, BUSY. */
void chat_account_service_set_password_async (ChatAccountService *self, const ChatSessionInfo *session,
                                              const char *old_password, const char *new_password,
                                              GCancellable *cancellable, GAsyncReadyCallback callback,
                                              gpointer user_data);
gboolean chat_account_service_set_password_finish (ChatAccountService *self, GAsyncResult *result, GError **error);

/** chat_account_service_edit_async: an admin changes the account of this name; with another password, or disabled, all
 * its sessions end. NO_ACCOUNT, LAST_ADMIN, PASSWORD_WEAK, BUSY. The finish: (transfer full): as it is now, without its
 * hash */
void chat_account_service_edit_async (ChatAccountService *self, const char *user, const ChatAccountEdit *edit,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
ChatAccount *chat_account_service_edit_finish (ChatAccountService *self, GAsyncResult *result, GError **error);

/** chat_account_service_invite_async: @lasts_ms: from now. The finish: (transfer full); @token: (out) (transfer full):
 * what the guest needs; it is kept nowhere */
void chat_account_service_invite_async (ChatAccountService *self, const char *by, ChatRole role, gint64 lasts_ms,
                                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
ChatInvitation *chat_account_service_invite_finish (ChatAccountService *self, GAsyncResult *result, char **token,
                                                    GError **error);

G_END_DECLS
