/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-role.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/** ChatSessionInfo: one session. A session lives while its lease does; the store never reads a clock, every call says
 * what time it is. */
typedef struct
{
  char *id;         /* UUID */
  char *user;       /* the name as its owner writes it */
  char *user_key;   /* its skeleton: unique among live sessions and accounts */
  char *token_hash; /* hex; the token itself is never stored */
  gboolean bot;
  gboolean account; /* of an account: there may be several with its user_key at once */
  ChatRole role;    /* as it is now: the account's; CHAT_ROLE_MEMBER without one. Given by the store, not to it */
  gint64 since;     /* ms */
  gint64 lease;     /* until when it is held without being renewed, ms; G_MAXINT64: for ever (built-in bots) */
  gint64 expires;   /* when it ends whatever is renewed, ms */
} ChatSessionInfo;

ChatSessionInfo *chat_session_info_copy (const ChatSessionInfo *self);
void chat_session_info_free (ChatSessionInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatSessionInfo, chat_session_info_free)

/** ChatAccount: a name that belongs to somebody who knows its password. */
typedef struct
{
  char *user;
  char *user_key;      /* unique */
  char *password_hash; /* Argon2id, in its own text form; given by get alone, never by list */
  ChatRole role;
  gboolean disabled; /* can't sign in */
  gint64 created;    /* ms */
} ChatAccount;

ChatAccount *chat_account_copy (const ChatAccount *self);
void chat_account_free (ChatAccount *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatAccount, chat_account_free)

/** ChatInvitation: makes an account where registration is by invitation, once. */
typedef struct
{
  char *id;         /* UUID */
  char *token_hash; /* hex; the token itself is never stored */
  char *by;
  ChatRole role; /* that the account gets */
  gint64 created, expires;
  char *used_by; /* nullable */
} ChatInvitation;

ChatInvitation *chat_invitation_copy (const ChatInvitation *self);
void chat_invitation_free (ChatInvitation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatInvitation, chat_invitation_free)

/** ChatAccountChange: what is to change; what is NULL or FALSE stays. */
typedef struct
{
  const char *password_hash;
  gboolean set_role, set_disabled;
  ChatRole role;
  gboolean disabled;
} ChatAccountChange;

#define CHAT_TYPE_USER_STORE (chat_user_store_get_type ())
G_DECLARE_INTERFACE (ChatUserStore, chat_user_store, CHAT, USER_STORE, GObject)

struct _ChatUserStoreInterface
{
  GTypeInterface parent_iface;

  void (*open_session_async) (ChatUserStore *self, const ChatSessionInfo *session, guint most, gint64 now,
                              GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*open_session_finish) (ChatUserStore *self, GAsyncResult *result, GError **error);
  void (*find_session_async) (ChatUserStore *self, const char *token_hash, gint64 now, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
  ChatSessionInfo *(*find_session_finish) (ChatUserStore *self, GAsyncResult *result, GError **error);
  void (*renew_sessions_async) (ChatUserStore *self, const char *const *ids, gint64 lease, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*renew_sessions_finish) (ChatUserStore *self, GAsyncResult *result, GError **error);
  void (*close_session_async) (ChatUserStore *self, const char *id, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*close_session_finish) (ChatUserStore *self, GAsyncResult *result, GError **error);
  void (*list_sessions_async) (ChatUserStore *self, gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data);
  GPtrArray *(*list_sessions_finish) (ChatUserStore *self, GAsyncResult *result, GError **error);
  void (*create_account_async) (ChatUserStore *self, const ChatAccount *account, const char *invitation_hash,
                                gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data);
  gboolean (*create_account_finish) (ChatUserStore *self, GAsyncResult *result, ChatRole *role, GError **error);
  void (*get_account_async) (ChatUserStore *self, const char *user_key, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
  ChatAccount *(*get_account_finish) (ChatUserStore *self, GAsyncResult *result, GError **error);
  void (*change_account_async) (ChatUserStore *self, const char *user_key, const ChatAccountChange *change,
                                GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*change_account_finish) (ChatUserStore *self, GAsyncResult *result, GError **error);
  void (*list_accounts_async) (ChatUserStore *self, const char *after_key, guint limit, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
  GPtrArray *(*list_accounts_finish) (ChatUserStore *self, GAsyncResult *result, GError **error);
  void (*add_invitation_async) (ChatUserStore *self, const ChatInvitation *invitation, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*add_invitation_finish) (ChatUserStore *self, GAsyncResult *result, GError **error);
  void (*list_invitations_async) (ChatUserStore *self, gint64 now, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
  GPtrArray *(*list_invitations_finish) (ChatUserStore *self, GAsyncResult *result, GError **error);
  void (*remove_invitation_async) (ChatUserStore *self, const char *id, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*remove_invitation_finish) (ChatUserStore *self, GAsyncResult *result, GError **error);
};

/** chat_user_store_open_session_async: one atomic step: CONFLICT where another session whose lease lies after @now has
 * the same user_key; one that has lapsed or expired is replaced, and so is the same session (its id). With
 * session->account there is no such conflict, sessions of nobody's account with that key are replaced, and where the
 * key has more than @most sessions then that have not expired, the oldest go (0: no limit). */
void chat_user_store_open_session_async (ChatUserStore *self, const ChatSessionInfo *session, guint most, gint64 now,
                                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_user_store_open_session_finish (ChatUserStore *self, GAsyncResult *result, GError **error);

/** chat_user_store_find_session_async: NOT_FOUND where there is none, it has expired, or it was replaced. A lapsed
 * lease alone does not end a session: its owner comes back to it, as long as nobody took the name. */
void chat_user_store_find_session_async (ChatUserStore *self, const char *token_hash, gint64 now,
                                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
ChatSessionInfo *chat_user_store_find_session_finish (ChatUserStore *self, GAsyncResult *result, GError **error);

/** chat_user_store_renew_sessions_async: @lease: the new end, ms. Unknown ids are passed over. */
void chat_user_store_renew_sessions_async (ChatUserStore *self, const char *const *ids, gint64 lease,
                                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_user_store_renew_sessions_finish (ChatUserStore *self, GAsyncResult *result, GError **error);

/** chat_user_store_close_session_async: frees the name; idempotent. */
void chat_user_store_close_session_async (ChatUserStore *self, const char *id, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_user_store_close_session_finish (ChatUserStore *self, GAsyncResult *result, GError **error);

/** chat_user_store_list_sessions_async: those that have not expired, by name; whether one is connected shows in its
 * lease. (transfer full) (element-type ChatSessionInfo) */
void chat_user_store_list_sessions_async (ChatUserStore *self, gint64 now, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *chat_user_store_list_sessions_finish (ChatUserStore *self, GAsyncResult *result, GError **error);

/** chat_user_store_create_account_async: CONFLICT where the key has one. @invitation_hash: (nullable): uses that
 * invitation up in the same transaction, and the account gets its role; NOT_FOUND where there is none that is unused
 * and lasts. The finish: @role: (out): what it got. */
void chat_user_store_create_account_async (ChatUserStore *self, const ChatAccount *account, const char *invitation_hash,
                                           gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                                           gpointer user_data);
gboolean chat_user_store_create_account_finish (ChatUserStore *self, GAsyncResult *result, ChatRole *role,
                                                GError **error);
/** chat_user_store_get_account_async: NOT_FOUND; with its password hash. (transfer full) */
void chat_user_store_get_account_async (ChatUserStore *self, const char *user_key, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data);
ChatAccount *chat_user_store_get_account_finish (ChatUserStore *self, GAsyncResult *result, GError **error);
/** chat_user_store_change_account_async: NOT_FOUND; CONFLICT where it would leave no admin who can sign in. */
void chat_user_store_change_account_async (ChatUserStore *self, const char *user_key, const ChatAccountChange *change,
                                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_user_store_change_account_finish (ChatUserStore *self, GAsyncResult *result, GError **error);
/** chat_user_store_list_accounts_async: by key, those after @after_key (nullable). (transfer full) (element-type
 * ChatAccount) */
void chat_user_store_list_accounts_async (ChatUserStore *self, const char *after_key, guint limit,
                                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *chat_user_store_list_accounts_finish (ChatUserStore *self, GAsyncResult *result, GError **error);

void chat_user_store_add_invitation_async (ChatUserStore *self, const ChatInvitation *invitation,
                                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_user_store_add_invitation_finish (ChatUserStore *self, GAsyncResult *result, GError **error);
/** chat_user_store_list_invitations_async: those that last and those that were used, newest first; without their
 * hashes. (transfer full) (element-type ChatInvitation) */
void chat_user_store_list_invitations_async (ChatUserStore *self, gint64 now, GCancellable *cancellable,
                                             GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *chat_user_store_list_invitations_finish (ChatUserStore *self, GAsyncResult *result, GError **error);
/** chat_user_store_remove_invitation_async: idempotent. */
void chat_user_store_remove_invitation_async (ChatUserStore *self, const char *id, GCancellable *cancellable,
                                              GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_user_store_remove_invitation_finish (ChatUserStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
