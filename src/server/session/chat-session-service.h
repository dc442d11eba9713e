/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "server/session/chat-session-error.h"
#include "server/store/chat-user-store.h"

G_BEGIN_DECLS

/** ChatSessionOptions: times in milliseconds. */
typedef struct
{
  gint64 lease_ms;  /* how long a name is held after its last sign of life */
  gint64 expiry_ms; /* how long a session lasts in all */
  guint per_user;   /* sessions of one account at once, of which the oldest goes; 0: no limit */
} ChatSessionOptions;

#define CHAT_TYPE_SESSION_SERVICE (chat_session_service_get_type ())
G_DECLARE_FINAL_TYPE (ChatSessionService, chat_session_service, CHAT, SESSION_SERVICE, GObject)

/**
 * ChatSessionService:
 *
 * Sessions with unique names (case folding and confusables skeleton): whoever comes first has a name without an
 * account while the lease lives; an account may have several at once. Tokens are 256 random bits (libsodium), kept as
 * hashes, compared in constant time. Known tokens are cached for at most a lease, so that authenticating costs next to
 * no query. Every third of a lease the leases are renewed of the sessions that are connected or have been authenticated
 * since, and what the store has is compared with what is known here: what another process of the service has ended, or
 * has given another role, has so here too then.
 *
 * Signals:
 * `opened (ChatSessionInfo *session)`
 * `ended (char *session_id, char *reason)`: closed, expired, or its name taken over: whatever is connected with it is
 *   to be closed, with that sentence
 * `changed (char *session_id)`: its role is another
 * `connection (ChatSessionInfo *session, gboolean connected)`: the first connection here, or the end of the last
 * `listed (GPtrArray *sessions)`: (element-type ChatSessionInfo): all that the store has, every third of a lease
 */
ChatSessionService *chat_session_service_new (ChatUserStore *users, const ChatSessionOptions *options);

/** chat_session_service_open_async: takes the name @user: NAME_INVALID, NAME_TAKEN, or what the store says. @account:
 * (nullable): the caller has shown that it is his: there may be several at once, and who sits on the name without it
 * has to go. (Built-in bots hold theirs by ChatBotSession.) */
void chat_session_service_open_async (ChatSessionService *self, const char *user, const ChatAccount *account,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/** chat_session_service_open_finish: @token: (out) (transfer full). @held_ms: (out): with NAME_TAKEN: how long the
 * lease of whoever has the name still runs; -1 where that is not known, or for ever. (transfer full) */
ChatSessionInfo *chat_session_service_open_finish (ChatSessionService *self, GAsyncResult *result, char **token,
                                                   gint64 *held_ms, GError **error);

/** chat_session_service_authenticate_async: @token: whatever came; CHAT_SESSION_ERROR_TOKEN where it is of no session.
 * The finish: (transfer full) */
void chat_session_service_authenticate_async (ChatSessionService *self, const char *token, GCancellable *cancellable,
                                              GAsyncReadyCallback callback, gpointer user_data);
ChatSessionInfo *chat_session_service_authenticate_finish (ChatSessionService *self, GAsyncResult *result,
                                                           GError **error);

/** chat_session_service_close_async: frees the name at once and emits `ended`; idempotent. */
void chat_session_service_close_async (ChatSessionService *self, const char *session_id, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_session_service_close_finish (ChatSessionService *self, GAsyncResult *result, GError **error);

/** chat_session_service_close_user_async: all of this user's, here and elsewhere, but @except (nullable). @reason: for
 * whoever is connected here. */
void chat_session_service_close_user_async (ChatSessionService *self, const char *user_key, const char *except,
                                            const char *reason, GCancellable *cancellable, GAsyncReadyCallback callback,
                                            gpointer user_data);
gboolean chat_session_service_close_user_finish (ChatSessionService *self, GAsyncResult *result, GError **error);

/** chat_session_service_refresh: compares with the store now, not only at the next third of a lease. */
void chat_session_service_refresh (ChatSessionService *self);

/** chat_session_service_connected: one more live connection of this session (or, FALSE, one less): while there is one
 * its lease is renewed. */
void chat_session_service_connected (ChatSessionService *self, const char *session_id, gboolean connected);

/** chat_session_service_list_async: who is there; the finish: (transfer full) (element-type ChatSessionInfo) */
void chat_session_service_list_async (ChatSessionService *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data);
GPtrArray *chat_session_service_list_finish (ChatSessionService *self, GAsyncResult *result, GError **error);

G_END_DECLS
