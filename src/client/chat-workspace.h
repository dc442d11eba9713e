/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "client/chat-channel.h"
#include "client/chat-client-error.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

/** ChatFeedFactory: (transfer full): the transport of the live feed; how the application chooses a back-end without the
 * client knowing any. */
typedef ChatTransport *(*ChatFeedFactory) (SoupSession *session, const char *uri, const char *token, gpointer data);

typedef enum
{
  CHAT_WORKSPACE_OFFLINE, /* not signed in; cached messages can be read, sending is queued */
  CHAT_WORKSPACE_CONNECTING,
  CHAT_WORKSPACE_LIVE,
  CHAT_WORKSPACE_CATCHING_UP,
} ChatWorkspaceState;
#define CHAT_TYPE_WORKSPACE_STATE (chat_workspace_state_get_type ())
GType chat_workspace_state_get_type (void);

#define CHAT_TYPE_WORKSPACE (chat_workspace_get_type ())
G_DECLARE_FINAL_TYPE (ChatWorkspace, chat_workspace, CHAT, WORKSPACE, GObject)

/**
 * ChatWorkspace:
 *
 * One service as one user sees it: the client's whole face to the window. Owns the REST client, the live feed, the
 * outbox, the cache and the channels.
 *
 * Properties (all notify): `name`; `user`; `state`; `status` (a sentence: "WebSocket · live", "Reconnecting in 4 s · 3
 * messages waiting"); `queued` (guint, messages that wait in the outbox); `blocked` (boolean), `block-reason`
 * (nullable), `block-since`, `block-until` (gint64 ms, CHAT_TIME_UNKNOWN); `token` (nullable): of the session: another
 * one when it had to be renewed, to be kept in the keyring; `storage-error` (nullable): why nothing can be kept on this
 * computer right now.
 *
 * Signals: `warned (ChatWarning *)`; `refused (char *message_id, char *reason)`; `signed-out (GError *)`: the session
 * ended and can't be renewed by itself.
 */

/**
 * chat_workspace_new:
 * @uri: (nullable): `http://…` or `https://…`; NULL: not known yet: see chat_workspace_set_uri()
 * @directory: where its cache and outbox are kept (made when missing, 0700): one for each service and user
 */
ChatWorkspace *chat_workspace_new (const char *uri, const char *user, const char *directory, ChatFeedFactory factory,
                                   gpointer factory_data);

/** chat_workspace_open_async: the cache and outbox from the disk: channels, and the messages of @channel (nullable):
 * enough for the first frame, without any network. After a CHAT_CLIENT_ERROR_STORAGE it works all the same, but keeps
 * nothing. */
void chat_workspace_open_async (ChatWorkspace *self, const char *channel, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_workspace_open_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);

/**
 * chat_workspace_sign_in_async:
 * @token: (nullable): from last time, tried first
 *
 * Calls back when signed in, or with an error a person must answer (NAME_TAKEN, NAME_INVALID, BLOCKED never: a blocked
 * user may sign in). While the service can't be reached it tries on and shows it in `status`; cancel to stop.
 * Afterwards it keeps the feed alive by itself.
 */
void chat_workspace_sign_in_async (ChatWorkspace *self, const char *token, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
/** chat_workspace_sign_in_finish: @token: (out) (transfer full): to be kept in the keyring */
gboolean chat_workspace_sign_in_finish (ChatWorkspace *self, GAsyncResult *result, char **token, GError **error);

/** chat_workspace_set_uri: the service moved (an embedded one has another port after a restart); reconnects. */
void chat_workspace_set_uri (ChatWorkspace *self, const char *uri);
void chat_workspace_reconnect_now (ChatWorkspace *self);

/** chat_workspace_close_async: flushes cache and outbox; @sign_out: frees the name at the service too. */
void chat_workspace_close_async (ChatWorkspace *self, gboolean sign_out, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_workspace_close_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);

/** chat_workspace_get_channels: (transfer none): a GListModel of ChatChannel, by name: public ones first, then
 * conversations. */
GListModel *chat_workspace_get_channels (ChatWorkspace *self);
ChatChannel *chat_workspace_find_channel (ChatWorkspace *self, const char *name); /* transfer none, nullable */

const char *chat_workspace_get_uri (ChatWorkspace *self); /* nullable */
const char *chat_workspace_get_user (ChatWorkspace *self);
ChatWorkspaceState chat_workspace_get_state (ChatWorkspace *self);
const char *chat_workspace_get_status (ChatWorkspace *self);
gboolean chat_workspace_get_blocked (ChatWorkspace *self);

/**
 * chat_workspace_send:
 *
 * Writes the message to the outbox on disk and shows it as queued; never waits, sends by itself, in order, once.
 *
 * Returns: TRUE, or FALSE with a CHAT_CORE_ERROR where the text can't be a message
 */
gboolean chat_workspace_send (ChatWorkspace *self, const char *channel, const char *text, GError **error);
void chat_workspace_retry (ChatWorkspace *self, const char *message_id);
void chat_workspace_discard (ChatWorkspace *self, const char *message_id);

/** chat_workspace_set_active: the channel on screen (nullable): its messages are read as they come while @visible. */
void chat_workspace_set_active (ChatWorkspace *self, const char *channel, gboolean visible);

/** chat_workspace_create_channel_async: @topic: (nullable). Joins it. The finish: (transfer full) */
void chat_workspace_create_channel_async (ChatWorkspace *self, const char *name, const char *topic,
                                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
ChatChannel *chat_workspace_create_channel_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);

/** chat_workspace_start_conversation_async: with one other user or bot. */
void chat_workspace_start_conversation_async (ChatWorkspace *self, const char *user, GCancellable *cancellable,
                                              GAsyncReadyCallback callback, gpointer user_data);
ChatChannel *chat_workspace_start_conversation_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);

G_END_DECLS
