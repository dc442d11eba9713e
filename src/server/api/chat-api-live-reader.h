/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-live-socket.h"
#include "server/store/chat-message-store.h"

G_BEGIN_DECLS

typedef struct _ChatApiLiveChannel ChatApiLiveChannel;

#define CHAT_TYPE_API_LIVE_READER (chat_api_live_reader_get_type ())
G_DECLARE_FINAL_TYPE (ChatApiLiveReader, chat_api_live_reader, CHAT, API_LIVE_READER, GObject)

/** What a reader wants of its channel. */
typedef enum
{
  CHAT_API_LIVE_RECORDS = 1 << 0,
  CHAT_API_LIVE_RECEIPTS = 1 << 1,
} ChatApiLiveWants;

/**
 * ChatApiLiveReader:
 *
 * One subscription's place in one channel: first it pages through the store, then it joins the live feed, without a
 * hole or a double.
 *
 * Signals: `settled ()`: it needs no advancing: it has joined, is closed, or waits for the archiver to catch up;
 * `woken ()`: this has happened, and it needs advancing again.
 *
 * @ref: of the subscription; @after: it has everything up to this seq; @head: the channel's, when it was asked last
 */
ChatApiLiveReader *chat_api_live_reader_new (ChatApiLiveChannel *channel, ChatApiLiveSocket *socket,
                                             ChatMessageStore *messages, gint64 ref, ChatApiLiveWants wants,
                                             gint64 after, gint64 head);

/** chat_api_live_reader_advance: goes on replaying, unless the socket has something to send or the store is being
 * asked. To be called until it is settled: to begin, and whenever the socket is drained. */
void chat_api_live_reader_advance (ChatApiLiveReader *self);
/** chat_api_live_reader_wake: what it may have been waiting for has happened: receipts. */
void chat_api_live_reader_wake (ChatApiLiveReader *self);
/** chat_api_live_reader_close: it leaves its channel and sends nothing more. */
void chat_api_live_reader_close (ChatApiLiveReader *self);

gboolean chat_api_live_reader_takes_records (ChatApiLiveReader *self);
gboolean chat_api_live_reader_takes_receipts (ChatApiLiveReader *self);
gint64 chat_api_live_reader_get_seq (ChatApiLiveReader *self);
/** chat_api_live_reader_send: @bodies: (element-type GBytes): of frames. */
void chat_api_live_reader_send (ChatApiLiveReader *self, GPtrArray *bodies, gboolean live);

G_END_DECLS
