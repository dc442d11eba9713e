/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-service.h"
#include "server/api/chat-api-directory.h"
#include "server/api/chat-api-gate.h"
#include "server/api/chat-api-live-client.h"
#include "server/api/chat-api-publisher.h"
#include "server/session/chat-session-service.h"
#include "server/store/chat-store.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

#define CHAT_TYPE_API_LIVE_HUB (chat_api_live_hub_get_type ())
G_DECLARE_FINAL_TYPE (ChatApiLiveHub, chat_api_live_hub, CHAT, API_LIVE_HUB, GObject)

/**
 * ChatApiLiveHub: (implements ChatService)
 *
 * The live feed of all connections: it reads the broker once, writes every record as JSON once, and routes it to those
 * whom it concerns.
 *
 * @backlog: bytes: what may wait for one connection
 * @blocked_may_read: else whoever is blocked gets no messages here either
 */
ChatApiLiveHub *chat_api_live_hub_new (ChatTransport *transport, ChatStore *store, ChatSessionService *sessions,
                                       ChatPresence *presence, ChatApiDirectory *directory, ChatApiPublisher *publisher,
                                       ChatBlockList *blocks, ChatApiGate *gate, gsize backlog,
                                       gboolean blocked_may_read);

/** chat_api_live_hub_read_store: before the start: records and receipts come from the store, and not from the broker.
 */
void chat_api_live_hub_read_store (ChatApiLiveHub *self);

/** chat_api_live_hub_adopt: a WebSocket whose handshake is done; @uri: what it was reached by; @address: whose it is
 * (chat-api-address.h). */
void chat_api_live_hub_adopt (ChatApiLiveHub *self, GIOStream *stream, GUri *uri, const ChatSessionInfo *session,
                              const char *address);

/** ChatApiLiveCounters: @dropped: readers that were too slow, since the start. */
typedef struct
{
  guint connections;
  gsize backlog_bytes;
  guint64 dropped;
} ChatApiLiveCounters;

/** chat_api_live_hub_get_counters: what they are now: looks at all connections. */
ChatApiLiveCounters chat_api_live_hub_get_counters (ChatApiLiveHub *self);

/** chat_api_live_hub_tell: something on a topic that the feed has of itself, to all who are subscribed to it.
 * @user_key: (nullable): only to this user; @except: (nullable): not to this session. @body: of
 * chat_api_live_feed_write_*() */
void chat_api_live_hub_tell (ChatApiLiveHub *self, ChatApiLiveFeeds feed, const char *user_key, const char *except,
                             GBytes *body);

/** chat_api_live_hub_has_others: whether a session of this user is connected here, other than @session_id. */
gboolean chat_api_live_hub_has_others (ChatApiLiveHub *self, const char *user_key, const char *session_id);

/*
 * For its clients.
 */

ChatPresence *chat_api_live_hub_get_presence (ChatApiLiveHub *self);

ChatStore *chat_api_live_hub_get_store (ChatApiLiveHub *self);
ChatApiDirectory *chat_api_live_hub_get_directory (ChatApiLiveHub *self);
ChatApiPublisher *chat_api_live_hub_get_publisher (ChatApiLiveHub *self);
ChatBlockList *chat_api_live_hub_get_blocks (ChatApiLiveHub *self);
ChatApiGate *chat_api_live_hub_get_gate (ChatApiLiveHub *self);
/** chat_api_live_hub_may_read: whether the user with this skeleton gets messages. When that changes his connections are
 * closed: he resumes with what he may have from then on. */
gboolean chat_api_live_hub_may_read (ChatApiLiveHub *self, const char *user_key);

/** chat_api_live_hub_ensure_channel: (transfer none): made where need be, and then offered to all clients. */
ChatApiLiveChannel *chat_api_live_hub_ensure_channel (ChatApiLiveHub *self, ChatApiChannel *access);
/** chat_api_live_hub_list_channels: (transfer container) (element-type ChatApiLiveChannel): those that are there now.
 */
GPtrArray *chat_api_live_hub_list_channels (ChatApiLiveHub *self);

G_END_DECLS
