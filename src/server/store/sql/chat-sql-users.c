/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/store/sql/chat-sql-store-private.h"

#define SELECT_SESSION                                                                                                 \
  "SELECT id, \"user\", user_key, token_hash, bot, account, "                                                          \
  "CASE WHEN account THEN coalesce ((SELECT role FROM accounts a WHERE a.user_key = sessions.user_key), 0) ELSE 0 "    \
  "END, "                                                                                                              \
  "since, lease, expires FROM sessions "

typedef struct
{
  ChatSessionInfo *session;
  guint most;
  char *key; /* a session's id or a token's hash */
  char **ids;
  gint64 time; /* now, or the new lease */
} UserCall;

static UserCall *
user_call_new (const char *key, gint64 time)
{
  UserCall *call = g_new0 (UserCall, 1);

  call->key = g_strdup (key);
  call->time = time;
  return call;
}

static void
user_call_free (gpointer data)
{
  UserCall *call = data;

  g_clear_pointer (&call->session, chat_session_info_free);
  g_free (call->key);
  g_strfreev (call->ids);
  g_free (call);
}

static ChatSessionInfo *
read_session (ChatSqlQuery *query)
{
  ChatSessionInfo *session = g_new0 (ChatSessionInfo, 1);
  guint role;

  chat_sql_read (query, "ssssbbuxxx", &session->id, &session->user, &session->user_key, &session->token_hash,
                 &session->bot, &session->account, &role, &session->since, &session->lease, &session->expires);
  session->role = role < CHAT_N_ROLES ? (ChatRole)role : CHAT_ROLE_MEMBER;
  return session;
}

/* open_session */

/* the newest stay; this one, whatever its clock says, is the newest */
static void
limit_sessions (ChatSql *database, const ChatSessionInfo *session, guint most)
{
  if (session->account && most > 0)
    chat_sql_run (database,
                  "DELETE FROM sessions WHERE user_key = ?1 AND number NOT IN (SELECT number FROM sessions "
                  "WHERE user_key = ?1 ORDER BY id = ?2 DESC, since DESC, number DESC LIMIT ?3)",
                  "ssu", session->user_key, session->id, most);
}

static gpointer
open_session (ChatSql *database, gconstpointer arguments)
{
  const UserCall *call = arguments;
  const ChatSessionInfo *session = call->session;

  chat_sql_lock (database, "user", session->user_key);
  chat_sql_post (database, "DELETE FROM sessions WHERE expires <= ?1", "x", call->time);
  if (session->account)
    chat_sql_run (database, "DELETE FROM sessions WHERE user_key = ?1 AND (NOT account OR id = ?2)", "ss",
                  session->user_key, session->id);
  else
    chat_sql_run (database, "DELETE FROM sessions WHERE user_key = ?1 AND (lease <= ?2 OR id = ?3)", "sxs",
                  session->user_key, call->time, session->id);
  if (chat_sql_run (database,
                    "INSERT INTO sessions (id, \"user\", user_key, token_hash, bot, account, since, lease, expires) "
                    "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 "
                    "WHERE ?6 OR NOT EXISTS (SELECT 1 FROM sessions WHERE user_key = ?3) ON CONFLICT DO NOTHING",
                    "ssssbbxxx", session->id, session->user, session->user_key, session->token_hash, session->bot,
                    session->account, session->since, session->lease, session->expires)
      > 0)
    limit_sessions (database, session, call->most);
  else
    chat_sql_fail (database, CHAT_STORE_ERROR_CONFLICT, "“%s” is taken: another session holds that name",
                   session->user);
  return NULL;
}

static void
open_session_async (ChatUserStore *self, const ChatSessionInfo *session, guint most, gint64 now,
                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  UserCall *call = user_call_new (NULL, now);

  call->session = chat_session_info_copy (session);
  call->most = most;
  chat_sql_store_write (self, open_session_async, open_session, call, user_call_free, NULL, cancellable, callback,
                        user_data);
}

static gboolean
open_session_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, open_session_async, result, error) >= 0;
}

/* find_session */

static gpointer
find_session (ChatSql *database, gconstpointer arguments)
{
  const UserCall *call = arguments;
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, SELECT_SESSION "WHERE token_hash = ?1 AND expires > ?2", "sx", call->key, call->time);

  if (chat_sql_next (database, query))
    return read_session (query);
  return chat_sql_fail (database, CHAT_STORE_ERROR_NOT_FOUND, "There is no session with this token");
}

static void
find_session_async (ChatUserStore *self, const char *token_hash, gint64 now, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer user_data)
{
  chat_sql_store_read (self, find_session_async, find_session, user_call_new (token_hash, now), user_call_free,
                       (GDestroyNotify)chat_session_info_free, cancellable, callback, user_data);
}

static ChatSessionInfo *
find_session_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, find_session_async, result, error);
}

/* renew_sessions */

static gpointer
renew_sessions (ChatSql *database, gconstpointer arguments)
{
  const UserCall *call = arguments;

  for (char **id = call->ids; *id != NULL; id++)
    chat_sql_post (database, "UPDATE sessions SET lease = ?2 WHERE id = ?1", "sx", *id, call->time);
  return NULL;
}

static void
renew_sessions_async (ChatUserStore *self, const char *const *ids, gint64 lease, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  UserCall *call = user_call_new (NULL, lease);

  call->ids = g_strdupv ((char **)ids);
  chat_sql_store_write (self, renew_sessions_async, renew_sessions, call, user_call_free, NULL, cancellable, callback,
                        user_data);
}

static gboolean
renew_sessions_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, renew_sessions_async, result, error) >= 0;
}

/* close_session */

static gpointer
close_session (ChatSql *database, gconstpointer arguments)
{
  const UserCall *call = arguments;

  chat_sql_run (database, "DELETE FROM sessions WHERE id = ?1", "s", call->key);
  return NULL;
}

static void
close_session_async (ChatUserStore *self, const char *id, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  chat_sql_store_write (self, close_session_async, close_session, user_call_new (id, 0), user_call_free, NULL,
                        cancellable, callback, user_data);
}

static gboolean
close_session_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish_number (self, close_session_async, result, error) >= 0;
}

/* list_sessions */

static gpointer
list_sessions (ChatSql *database, gconstpointer arguments)
{
  const UserCall *call = arguments;
  GPtrArray *sessions = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_session_info_free);
  g_autoptr (ChatSqlQuery) query
      = chat_sql_query (database, SELECT_SESSION "WHERE expires > ?1 ORDER BY \"user\", number", "x", call->time);

  while (chat_sql_next (database, query))
    g_ptr_array_add (sessions, read_session (query));
  return sessions;
}

static void
list_sessions_async (ChatUserStore *self, gint64 now, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  chat_sql_store_read (self, list_sessions_async, list_sessions, user_call_new (NULL, now), user_call_free,
                       (GDestroyNotify)g_ptr_array_unref, cancellable, callback, user_data);
}

static GPtrArray *
list_sessions_finish (ChatUserStore *self, GAsyncResult *result, GError **error)
{
  return chat_sql_store_finish (self, list_sessions_async, result, error);
}

void
chat_sql_users_iface_init (ChatUserStoreInterface *iface)
{
  iface->open_session_async = open_session_async;
  iface->open_session_finish = open_session_finish;
  iface->find_session_async = find_session_async;
  iface->find_session_finish = find_session_finish;
  iface->renew_sessions_async = renew_sessions_async;
  iface->renew_sessions_finish = renew_sessions_finish;
  iface->close_session_async = close_session_async;
  iface->close_session_finish = close_session_finish;
  iface->list_sessions_async = list_sessions_async;
  iface->list_sessions_finish = list_sessions_finish;
  chat_sql_accounts_iface_init (iface);
}
