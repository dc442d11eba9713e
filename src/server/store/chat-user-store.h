/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

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
  gint64 since;   /* ms */
  gint64 lease;   /* until when it is held without being renewed, ms; G_MAXINT64: for ever (built-in bots) */
  gint64 expires; /* when it ends whatever is renewed, ms */
} ChatSessionInfo;

ChatSessionInfo *chat_session_info_copy (const ChatSessionInfo *self);
void chat_session_info_free (ChatSessionInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatSessionInfo, chat_session_info_free)

#define CHAT_TYPE_USER_STORE (chat_user_store_get_type ())
G_DECLARE_INTERFACE (ChatUserStore, chat_user_store, CHAT, USER_STORE, GObject)

struct _ChatUserStoreInterface
{
  GTypeInterface parent_iface;

  void (*open_session_async) (ChatUserStore *self, const ChatSessionInfo *session, gint64 now,
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
};

/** chat_user_store_open_session_async: one atomic step: CONFLICT where another session whose lease lies after @now has
 * the same user_key; one that has lapsed or expired is replaced, and so is the same session (its id). */
void chat_user_store_open_session_async (ChatUserStore *self, const ChatSessionInfo *session, gint64 now,
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

G_END_DECLS
