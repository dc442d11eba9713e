/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "client/chat-local-database.h"
#include "client/chat-message-item.h"
#include "client/chat-sender.h"

G_BEGIN_DECLS

#define CHAT_TYPE_OUTBOX (chat_outbox_get_type ())
G_DECLARE_FINAL_TYPE (ChatOutbox, chat_outbox, CHAT, OUTBOX, GObject)

/**
 * ChatOutbox:
 *
 * Own messages from the moment they are written until others have seen them. A message is on the disk before it is
 * sent; it is sent in order within its channel, one at a time, again and again with back-off while the service can't be
 * reached, always with the same id, so that it arrives once. It stays here after the service accepted it, until
 * chat_outbox_settle(): what is accepted and not yet seen is shown again after a restart.
 *
 * Where the disk can't keep a message it is sent all the same, and its reason says that it would be lost with the
 * program.
 *
 * Property `waiting` (guint, notify): messages that are not accepted yet.
 *
 * Signals: `delivery (ChatMessage *message, ChatDelivery delivery, char *reason)`: one came a step further; `stopped
 * (GError *error)`: the session ended (CHAT_CLIENT_ERROR_TOKEN): it sends nothing until it is started again; `blocked
 * (char *reason)`: the service says that the user may not post; `written (GError *error)`: (nullable): how a write to
 * the disk went.
 */
ChatOutbox *chat_outbox_new (ChatLocalDatabase *database, ChatSender *sender, const char *user);

/** chat_outbox_load_async: what @user left behind last time. */
void chat_outbox_load_async (ChatOutbox *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean chat_outbox_load_finish (ChatOutbox *self, GAsyncResult *result, GError **error);

/** chat_outbox_add: @message: with id, channel, data and sent; or an edit, a deletion or a reaction, with its target:
 * sent in order with the messages of its channel. A `delivery` of STORED says of such a one that it was so already.
 * Emits `delivery` with QUEUED once it is on the disk. */
void chat_outbox_add (ChatOutbox *self, ChatMessage *message);
/** chat_outbox_start: sends what waits, at once: signed in, or the network came back. */
void chat_outbox_start (ChatOutbox *self);
void chat_outbox_stop (ChatOutbox *self);
/** chat_outbox_retry: one that failed or was refused. */
void chat_outbox_retry (ChatOutbox *self, const char *id);
/** chat_outbox_send_again: one that was accepted and that the service does not know: it looks accepted until there is
 * another answer. */
void chat_outbox_send_again (ChatOutbox *self, const char *id);
/** chat_outbox_discard: one that is not on its way right now. TRUE where it went. */
gboolean chat_outbox_discard (ChatOutbox *self, const char *id);
/** chat_outbox_settle: others have seen it: it is no longer kept here. TRUE where it was. */
gboolean chat_outbox_settle (ChatOutbox *self, const char *id);
/** chat_outbox_refuse: the service accepted it, and then would not have it after all. */
void chat_outbox_refuse (ChatOutbox *self, const char *id, const char *reason);

guint chat_outbox_get_waiting (ChatOutbox *self);
/** chat_outbox_get_error: (transfer none) (nullable): why the last one could not be sent and is tried again. */
const char *chat_outbox_get_error (ChatOutbox *self);
/** chat_outbox_find: (transfer none) (nullable): @delivery: (out) */
ChatMessage *chat_outbox_find (ChatOutbox *self, const char *id, ChatDelivery *delivery);
/** chat_outbox_foreach: in the order in which they were written; @func must not change the outbox. */
void chat_outbox_foreach (ChatOutbox *self,
                          void (*func) (ChatMessage *message, ChatDelivery delivery, const char *reason, gpointer data),
                          gpointer data);

G_END_DECLS
