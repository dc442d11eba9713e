/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/chat-user-store.h"

#include "server/store/chat-store-call.h"

G_DEFINE_INTERFACE (ChatUserStore, chat_user_store, G_TYPE_OBJECT)

static void
chat_user_store_default_init (ChatUserStoreInterface *iface)
{
}

static const char *
session_problem (const ChatSessionInfo *session)
{
  if (session == NULL || session->id == NULL || session->user == NULL || session->user_key == NULL
      || session->token_hash == NULL)
    return "A session needs its id, its user, the user's key and the token's hash";
  return NULL;
}

ChatSessionInfo *
chat_session_info_copy (const ChatSessionInfo *self)
{
  ChatSessionInfo *copy = g_new (ChatSessionInfo, 1);

  *copy = *self;
  copy->id = g_strdup (self->id);
  copy->user = g_strdup (self->user);
  copy->user_key = g_strdup (self->user_key);
  copy->token_hash = g_strdup (self->token_hash);
  return copy;
}

void
chat_session_info_free (ChatSessionInfo *self)
{
  g_free (self->id);
  g_free (self->user);
  g_free (self->user_key);
  g_free (self->token_hash);
  g_free (self);
}

ChatAccount *
chat_account_copy (const ChatAccount *self)
{
  ChatAccount *copy = g_new (ChatAccount, 1);

  *copy = *self;
  copy->user = g_strdup (self->user);
  copy->user_key = g_strdup (self->user_key);
  copy->password_hash = g_strdup (self->password_hash);
  return copy;
}

void
chat_account_free (ChatAccount *self)
{
  g_free (self->user);
  g_free (self->user_key);
  g_free (self->password_hash);
  g_free (self);
}

ChatInvitation *
chat_invitation_copy (const ChatInvitation *self)
{
  ChatInvitation *copy = g_new (ChatInvitation, 1);

  *copy = *self;
  copy->id = g_strdup (self->id);
  copy->token_hash = g_strdup (self->token_hash);
  copy->by = g_strdup (self->by);
  copy->used_by = g_strdup (self->used_by);
  return copy;
}

void
chat_invitation_free (ChatInvitation *self)
{
  g_free (self->id);
  g_free (self->token_hash);
  g_free (self->by);
  g_free (self->used_by);
  g_free (self);
}

static const char *
key_problem (const char *user_key)
{
  return user_key != NULL ? NULL : "The user's key is missing";
}

static gboolean
is_role (ChatRole role)
{
  return (guint)role < CHAT_N_ROLES;
}

static const char *
account_problem (const ChatAccount *account)
{
  if (account == NULL || account->user == NULL || account->user_key == NULL || account->password_hash == NULL)
    return "An account needs its user, the user's key and the password's hash";
  return is_role (account->role) ? NULL : "An account's role is not known";
}

static const char *
change_problem (const char *user_key, const ChatAccountChange *change)
{
  if (user_key == NULL || change == NULL)
    return "Whose account changes, or what, is missing";
  return !change->set_role || is_role (change->role) ? NULL : "An account's role is not known";
}

static const char *
invitation_problem (const ChatInvitation *invitation)
{
  if (invitation == NULL || invitation->id == NULL || invitation->token_hash == NULL || invitation->by == NULL)
    return "An invitation needs its id, the token's hash and who invites";
  return is_role (invitation->role) ? NULL : "An invitation's role is not known";
}

void
chat_user_store_open_session_async (ChatUserStore *self, const ChatSessionInfo *session, guint most, gint64 now,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_USER_STORE (self));

  if (chat_store_accepts (self, CHAT_USER_STORE_GET_IFACE (self)->open_session_async != NULL, session_problem (session),
                          callback, user_data))
    CHAT_USER_STORE_GET_IFACE (self)->open_session_async (self, session, most, now, cancellable, callback, user_data);
}

gboolean
chat_user_store_open_session_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_USER_STORE_GET_IFACE (self)->open_session_finish (self, result, error);
}

void
chat_user_store_find_session_async (ChatUserStore *self, const char *token_hash, gint64 now, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_USER_STORE (self));

  if (chat_store_accepts (self, CHAT_USER_STORE_GET_IFACE (self)->find_session_async != NULL,
                          token_hash != NULL ? NULL : "The hash of the token is missing", callback, user_data))
    CHAT_USER_STORE_GET_IFACE (self)->find_session_async (self, token_hash, now, cancellable, callback, user_data);
}

ChatSessionInfo *
chat_user_store_find_session_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_USER_STORE_GET_IFACE (self)->find_session_finish (self, result, error);
}

void
chat_user_store_renew_sessions_async (ChatUserStore *self, const char *const *ids, gint64 lease,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_USER_STORE (self));

  if (chat_store_accepts (self, CHAT_USER_STORE_GET_IFACE (self)->renew_sessions_async != NULL,
                          ids != NULL ? NULL : "The ids of the sessions are missing", callback, user_data))
    CHAT_USER_STORE_GET_IFACE (self)->renew_sessions_async (self, ids, lease, cancellable, callback, user_data);
}

gboolean
chat_user_store_renew_sessions_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_USER_STORE_GET_IFACE (self)->renew_sessions_finish (self, result, error);
}

void
chat_user_store_close_session_async (ChatUserStore *self, const char *id, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_USER_STORE (self));

  if (chat_store_accepts (self, CHAT_USER_STORE_GET_IFACE (self)->close_session_async != NULL,
                          id != NULL ? NULL : "The id of the session is missing", callback, user_data))
    CHAT_USER_STORE_GET_IFACE (self)->close_session_async (self, id, cancellable, callback, user_data);
}

gboolean
chat_user_store_close_session_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_USER_STORE_GET_IFACE (self)->close_session_finish (self, result, error);
}

void
chat_user_store_list_sessions_async (ChatUserStore *self, gint64 now, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_USER_STORE (self));

  if (chat_store_accepts (self, CHAT_USER_STORE_GET_IFACE (self)->list_sessions_async != NULL, NULL, callback,
                          user_data))
    CHAT_USER_STORE_GET_IFACE (self)->list_sessions_async (self, now, cancellable, callback, user_data);
}

GPtrArray *
chat_user_store_list_sessions_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_USER_STORE_GET_IFACE (self)->list_sessions_finish (self, result, error);
}

void
chat_user_store_create_account_async (ChatUserStore *self, const ChatAccount *account, const char *invitation_hash,
                                      gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  g_return_if_fail (CHAT_IS_USER_STORE (self));

  if (chat_store_accepts (self, CHAT_USER_STORE_GET_IFACE (self)->create_account_async != NULL,
                          account_problem (account), callback, user_data))
    CHAT_USER_STORE_GET_IFACE (self)->create_account_async (self, account, invitation_hash, now, cancellable, callback,
                                                            user_data);
}

gboolean
chat_user_store_create_account_finish (ChatUserStore *self, GAsyncResult *result, ChatRole *role, GError **error)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_USER_STORE_GET_IFACE (self)->create_account_finish (self, result, role, error);
}

void
chat_user_store_get_account_async (ChatUserStore *self, const char *user_key, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_USER_STORE (self));

  if (chat_store_accepts (self, CHAT_USER_STORE_GET_IFACE (self)->get_account_async != NULL, key_problem (user_key),
                          callback, user_data))
    CHAT_USER_STORE_GET_IFACE (self)->get_account_async (self, user_key, cancellable, callback, user_data);
}

ChatAccount *
chat_user_store_get_account_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_USER_STORE_GET_IFACE (self)->get_account_finish (self, result, error);
}

void
chat_user_store_change_account_async (ChatUserStore *self, const char *user_key, const ChatAccountChange *change,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_USER_STORE (self));

  if (chat_store_accepts (self, CHAT_USER_STORE_GET_IFACE (self)->change_account_async != NULL,
                          change_problem (user_key, change), callback, user_data))
    CHAT_USER_STORE_GET_IFACE (self)->change_account_async (self, user_key, change, cancellable, callback, user_data);
}

gboolean
chat_user_store_change_account_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_USER_STORE_GET_IFACE (self)->change_account_finish (self, result, error);
}

void
chat_user_store_list_accounts_async (ChatUserStore *self, const char *after_key, guint limit, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_USER_STORE (self));

  if (chat_store_accepts (self, CHAT_USER_STORE_GET_IFACE (self)->list_accounts_async != NULL,
                          limit >= 1 ? NULL : "A list has 1 entry or more", callback, user_data))
    CHAT_USER_STORE_GET_IFACE (self)->list_accounts_async (self, after_key, limit, cancellable, callback, user_data);
}

GPtrArray *
chat_user_store_list_accounts_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_USER_STORE_GET_IFACE (self)->list_accounts_finish (self, result, error);
}

void
chat_user_store_add_invitation_async (ChatUserStore *self, const ChatInvitation *invitation, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_USER_STORE (self));

  if (chat_store_accepts (self, CHAT_USER_STORE_GET_IFACE (self)->add_invitation_async != NULL,
                          invitation_problem (invitation), callback, user_data))
    CHAT_USER_STORE_GET_IFACE (self)->add_invitation_async (self, invitation, cancellable, callback, user_data);
}

gboolean
chat_user_store_add_invitation_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_USER_STORE_GET_IFACE (self)->add_invitation_finish (self, result, error);
}

void
chat_user_store_list_invitations_async (ChatUserStore *self, gint64 now, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_USER_STORE (self));

  if (chat_store_accepts (self, CHAT_USER_STORE_GET_IFACE (self)->list_invitations_async != NULL, NULL, callback,
                          user_data))
    CHAT_USER_STORE_GET_IFACE (self)->list_invitations_async (self, now, cancellable, callback, user_data);
}

GPtrArray *
chat_user_store_list_invitations_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (self), NULL);

  if (chat_store_refused (result, error))
    return NULL;
  return CHAT_USER_STORE_GET_IFACE (self)->list_invitations_finish (self, result, error);
}

void
chat_user_store_remove_invitation_async (ChatUserStore *self, const char *id, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_USER_STORE (self));

  if (chat_store_accepts (self, CHAT_USER_STORE_GET_IFACE (self)->remove_invitation_async != NULL,
                          id != NULL ? NULL : "The id of the invitation is missing", callback, user_data))
    CHAT_USER_STORE_GET_IFACE (self)->remove_invitation_async (self, id, cancellable, callback, user_data);
}

gboolean
chat_user_store_remove_invitation_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CHAT_IS_USER_STORE (self), FALSE);

  return !chat_store_refused (result, error)
         && CHAT_USER_STORE_GET_IFACE (self)->remove_invitation_finish (self, result, error);
}
