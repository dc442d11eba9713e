/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "client/chat-broker-site.h"
#include "client/chat-channel.h"
#include "client/chat-client-error.h"
#include "client/chat-feed-choice.h"
#include "client/chat-found-list.h"
#include "client/chat-user.h"
#include "core/chat-role.h"
#include "transport/chat-broker-options.h"
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
 * outbox, the cache and the channels. Where the service offers a broker, public channels come straight from that.
 *
 * Properties (all notify): `name`; `user`; `state`; `status` (a sentence: "Kafka · live", "Kafka · 42 behind · catching
 * up", "Kafka can’t be reached · WebSocket · live", "Reconnecting in 4 s · 3 messages waiting"); `queued` (guint,
 * messages that wait in the outbox); `blocked` (boolean), `block-reason` (nullable), `block-since`, `block-until`
 * (gint64 ms, CHAT_TIME_UNKNOWN); `token` (nullable): of the session: another one when it had to be renewed, to be kept
 * in the keyring; `storage-error` (nullable): why nothing can be kept on this computer right now.
 *
 * `service` (boolean): whether there is a Tertulia server; `role` (ChatRole as guint), `password-mode` (boolean: every
 * name needs a password); `appealable` (nullable): the id of the last warning that counts and has no appeal.
 *
 * Signals: `noteworthy (ChatChannel *, ChatMessage *, gboolean mention)`: somebody else's message that came live, in a
 * channel that the user has joined or in a conversation, once for each message ever, and not when it is caught up with
 * after more than a day: the application decides whether to notify. `warned (ChatWarning *)`; `refused (char
 * *message_id, char *reason)`; `signed-out (GError *)`: the session ended and can't be renewed by itself.
 */

/**
 * chat_workspace_new:
 * @uri: (nullable): `http://…` or `https://…`; NULL: not known yet: see chat_workspace_set_uri()
 * @directory: where its cache and outbox are kept (made when missing, 0700): one for each service and user
 */
ChatWorkspace *chat_workspace_new (const char *uri, const char *user, const char *directory, ChatFeedFactory factory,
                                   gpointer factory_data);

/** chat_workspace_set_broker_factory: @factory: (nullable): without one everything comes from the service. */
void chat_workspace_set_broker_factory (ChatWorkspace *self, ChatBrokerFactory factory, gpointer data);
/** chat_workspace_set_feed_choice: at any time: the feed that is there goes when the other is in place. */
void chat_workspace_set_feed_choice (ChatWorkspace *self, ChatFeedChoice choice);
/** chat_workspace_get_stands_in: whether the service stands in for a broker that can't be reached. */
gboolean chat_workspace_get_stands_in (ChatWorkspace *self);
/** chat_workspace_get_delayed: whether what is to be sent does not go through right now. Changes with `status`. */
gboolean chat_workspace_get_delayed (ChatWorkspace *self);
/** chat_workspace_dup_feed_details: (transfer full): as of now. */
ChatFeedDetails *chat_workspace_dup_feed_details (ChatWorkspace *self);
/**
 * chat_workspace_new_on_broker:
 *
 * A workspace without a service: the broker's topics or routing keys are the channels, its own log their history (see
 * ChatBrokerSite and ChatBrokerHistory). Signing in is connecting; what only a service can do (search, edits,
 * reactions, deletions, private conversations, members, presence, appeals, accounts, export) answers
 * CHAT_CLIENT_ERROR_REFUSED with a sentence that says so, and `service` is FALSE. Whom a message says it is from is
 * what it says: nobody checks it.
 */
ChatWorkspace *chat_workspace_new_on_broker (ChatBrokerSite *site, const char *user, const char *directory);
/** chat_workspace_has_service: property `service`. */
gboolean chat_workspace_has_service (ChatWorkspace *self);

/** chat_workspace_open_async: the cache and outbox from the disk: channels, and the messages of @channel (nullable):
 * enough for the first frame, without any network. After a CHAT_CLIENT_ERROR_STORAGE it works all the same, but keeps
 * nothing. */
void chat_workspace_open_async (ChatWorkspace *self, const char *channel, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_workspace_open_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);

/**
 * chat_workspace_sign_in_async:
 * @token: (nullable): from last time, tried first
 * @password: (nullable): of the name's account; forgotten as soon as there is an answer
 *
 * Calls back when signed in, or with an error a person must answer (NAME_TAKEN, NAME_INVALID, PASSWORD: it needs one,
 * or another; BLOCKED never: a blocked user may sign in). While the service can't be reached it tries on and shows it
 * in `status`; cancel to stop. Afterwards it keeps the feed alive by itself.
 */
void chat_workspace_sign_in_async (ChatWorkspace *self, const char *token, const char *password,
                                   GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/** chat_workspace_sign_in_finish: @token: (out) (transfer full): to be kept in the keyring */
gboolean chat_workspace_sign_in_finish (ChatWorkspace *self, GAsyncResult *result, char **token, GError **error);

/** chat_workspace_register_async: makes an account at the service, which then signs in with its password. @invitation:
 * (nullable). Errors besides: NAME_TAKEN, NAME_INVALID, REFUSED (closed; the invitation; too weak a password). */
void chat_workspace_register_async (ChatWorkspace *self, const char *user, const char *password, const char *invitation,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_workspace_register_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);
/** chat_workspace_change_password_async: of the user's own account; every other session of it ends. PASSWORD: @old is
 * not it. */
void chat_workspace_change_password_async (ChatWorkspace *self, const char *old, const char *password,
                                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_workspace_change_password_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);

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
 * @reply_to: (nullable): the id of the message that it answers
 *
 * Writes the message to the outbox on disk and shows it as queued; never waits, sends by itself, in order, once.
 *
 * Returns: TRUE, or FALSE with a CHAT_CORE_ERROR where the text can't be a message
 */
gboolean chat_workspace_send (ChatWorkspace *self, const char *channel, const char *text, const char *reply_to,
                              GError **error);
/** chat_workspace_send_notice: what the user does rather than says ("/me"): a record of the kind `notice`. */
gboolean chat_workspace_send_notice (ChatWorkspace *self, const char *channel, const char *text, GError **error);
/* Edits, deletions and reactions go the same way as messages: shown at once, kept in the outbox, sent in order, once.
 * Where the service refuses one, what was shown is taken back and `refused` tells. */
gboolean chat_workspace_edit (ChatWorkspace *self, const char *channel, const char *message_id, const char *text,
                              GError **error);
void chat_workspace_delete (ChatWorkspace *self, const char *channel, const char *message_id);
void chat_workspace_react (ChatWorkspace *self, const char *channel, const char *message_id, const char *emoji,
                           gboolean add);
void chat_workspace_retry (ChatWorkspace *self, const char *message_id);
void chat_workspace_discard (ChatWorkspace *self, const char *message_id);

/** chat_workspace_set_active: the channel on screen (nullable): its messages are read as they come while @visible. */
void chat_workspace_set_active (ChatWorkspace *self, const char *channel, gboolean visible);

/** chat_workspace_create_channel_async: @topic: (nullable). Joins it. On a broker without a service @name is a topic
 * that it has, or a routing key. The finish: (transfer full) */
void chat_workspace_create_channel_async (ChatWorkspace *self, const char *name, const char *topic,
                                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
ChatChannel *chat_workspace_create_channel_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);

/** chat_workspace_start_conversation_async: with one other user or bot. */
void chat_workspace_start_conversation_async (ChatWorkspace *self, const char *user, GCancellable *cancellable,
                                              GAsyncReadyCallback callback, gpointer user_data);
ChatChannel *chat_workspace_start_conversation_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);

/* One call of the service each: the finish says whether, or gives a CHAT_CLIENT_ERROR with the service's own words. */
void chat_workspace_join_async (ChatWorkspace *self, const char *channel, gboolean join, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_workspace_join_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);
void chat_workspace_set_topic_async (ChatWorkspace *self, const char *channel, const char *topic,
                                     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_workspace_set_topic_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);
void chat_workspace_mark_read (ChatWorkspace *self, const char *channel);
void chat_workspace_report_async (ChatWorkspace *self, const char *message_id, const char *reason,
                                  GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_workspace_report_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);
void chat_workspace_appeal_async (ChatWorkspace *self, const char *warning_id, const char *text,
                                  GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean chat_workspace_appeal_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);

/** chat_workspace_get_users: (transfer none): a GListModel of ChatUser, by name, kept true by presence. */
GListModel *chat_workspace_get_users (ChatWorkspace *self);

/** chat_workspace_search: (transfer full): messages of the service, newest first; loads its first page by itself. */
ChatFoundList *chat_workspace_search (ChatWorkspace *self, const ChatFoundQuery *query);

/** chat_workspace_export_async: writes a channel to @file, streamed, beside it first and moved over it when it is
 * whole. @format: "jsonl" or "text". @since, @until: ms or CHAT_TIME_UNKNOWN. */
void chat_workspace_export_async (ChatWorkspace *self, const char *channel, const char *format, gint64 since,
                                  gint64 until, GFile *file, GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean chat_workspace_export_finish (ChatWorkspace *self, GAsyncResult *result, GError **error);

G_END_DECLS
