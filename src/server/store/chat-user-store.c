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

void
chat_user_store_open_session_async (ChatUserStore *self, const ChatSessionInfo *session, gint64 now,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_USER_STORE (self));

  if (chat_store_accepts (self, CHAT_USER_STORE_GET_IFACE (self)->open_session_async != NULL, session_problem (session),
                          callback, user_data))
    CHAT_USER_STORE_GET_IFACE (self)->open_session_async (self, session, now, cancellable, callback, user_data);
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
