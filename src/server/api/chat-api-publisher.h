/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/chat-signature.h"
#include "server/api/chat-api-directory.h"
#include "server/api/chat-api-outbox.h"
#include "server/api/chat-api-post.h"
#include "server/moderator/chat-block-list.h"
#include "server/store/chat-store.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

#define CHAT_TYPE_API_PUBLISHER (chat_api_publisher_get_type ())
G_DECLARE_FINAL_TYPE (ChatApiPublisher, chat_api_publisher, CHAT, API_PUBLISHER, GObject)

/** ChatApiReceipt: what a post is answered with. */
typedef struct
{
  char *id;
  gint64 timestamp;   /* ms: for a repeat that of the first */
  gboolean unchanged; /* nothing was published: all is so already */
} ChatApiReceipt;

void chat_api_receipt_free (ChatApiReceipt *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiReceipt, chat_api_receipt_free)

/**
 * ChatApiPublisher:
 *
 * The way of a record into the broker, the same for REST and for the live connection: checked, stamped with author,
 * channel and the server's clock, signed, published to `chat`. Idempotent by id; the records of one author are
 * published in the order in which they came. A message that was posted a moment ago can be replied to, changed and
 * reacted to before the store has it.
 *
 * @outbox: (nullable): where it is written to, rather than published at once
 * @alone: whether this is the only process that publishes what users send: else it learns from the broker what others
 * have published
 *
 * Every call returns when the broker has confirmed the record (or the store has written it down for the broker), or
 * with an error that says why not: CHAT_CORE_ERROR or CHAT_API_ERROR_MEMBER for what is wrong with it, NO_CHANNEL,
 * NO_MESSAGE, NOT_YOURS, MESSAGE_DELETED, BLOCKED, ID_CONFLICT, or what broker or store say. @cancellable counts only
 * until it is on its way.
 */
ChatApiPublisher *chat_api_publisher_new (ChatTransport *transport, ChatStore *store, ChatApiDirectory *directory,
                                          ChatBlockList *blocks, ChatSigner *signer, ChatApiOutbox *outbox,
                                          gboolean alone);

/**
 * chat_api_publisher_post_async:
 * @session: whose message it is
 * @channel: (nullable): where it goes; NULL: where its own `channel` says
 * @record: what came from outside; it is changed
 */
void chat_api_publisher_post_async (ChatApiPublisher *self, const ChatSessionInfo *session, const char *channel,
                                    JsonObject *record, GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data);
/** chat_api_publisher_edit_async: another text for the message @target: its author's, or by a moderator (the audit log
 * has it first). @record: `id`, `data`, `sent`; it is changed. */
void chat_api_publisher_edit_async (ChatApiPublisher *self, const ChatSessionInfo *session, const char *target,
                                    JsonObject *record, GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data);
/** chat_api_publisher_change_async: DELETE, likewise; REACT and UNREACT: the caller's own @emoji, as
 * chat_emoji_normalize() writes it. @id: (nullable): of the record. */
void chat_api_publisher_change_async (ChatApiPublisher *self, const ChatSessionInfo *session, ChatApiPostKind kind,
                                      const char *id, const char *target, const char *emoji, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
/** chat_api_publisher_announce_async: JOIN, LEAVE, or TOPIC with the new one in @data. */
void chat_api_publisher_announce_async (ChatApiPublisher *self, const ChatSessionInfo *session, ChatMessageKind kind,
                                        const char *channel, const char *data, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data);
/** chat_api_publisher_post_finish: of all of them; (transfer full) */
ChatApiReceipt *chat_api_publisher_post_finish (ChatApiPublisher *self, GAsyncResult *result, GError **error);

/** chat_api_publisher_learn: @message has passed the moderator, whoever published it: it can be changed and reacted to
 * before the store has it. */
void chat_api_publisher_learn (ChatApiPublisher *self, const ChatMessage *message);

/** chat_api_publisher_get_accepted: how many were accepted so far; a repeat is none. */
guint64 chat_api_publisher_get_accepted (ChatApiPublisher *self);

G_END_DECLS
