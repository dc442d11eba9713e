/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define CHAT_TYPE_API_LIVE_STREAM (chat_api_live_stream_get_type ())
G_DECLARE_FINAL_TYPE (ChatApiLiveStream, chat_api_live_stream, CHAT, API_LIVE_STREAM, GIOStream)

/**
 * chat_api_live_stream_new:
 * @base: its streams must be pollable
 * @message_bytes: reads fail once so much has come without chat_api_live_stream_message_done()
 *
 * What lies between a SoupWebsocketConnection and its socket. libsoup 3.2 queues frames without a bound and puts
 * fragments together without one, and tells nobody how much there is; this stream knows, because the bytes pass it.
 *
 * Signal `written`: one data frame has gone to the socket as a whole.
 */
GIOStream *chat_api_live_stream_new (GIOStream *base, gsize message_bytes);

/** chat_api_live_stream_message_done: a whole message has been taken from what came. */
void chat_api_live_stream_message_done (ChatApiLiveStream *self);
/** chat_api_live_stream_uncount: @bytes of what came were no part of a message (a pong). */
void chat_api_live_stream_uncount (ChatApiLiveStream *self, gsize bytes);

G_END_DECLS
