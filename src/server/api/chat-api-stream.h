/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-request.h"

G_BEGIN_DECLS

/**
 * ChatApiStream:
 *
 * An answer that is made while it goes out, chunk by chunk: the next is asked for when the last has been written, so
 * that it takes no more memory for a slow reader than for a fast one. A reference-counted value.
 */
typedef struct _ChatApiStream ChatApiStream;

/** ChatApiStreamMore: the last chunk is out: write another, end it or cut it, now or later. Not called any more once
 * the client has gone, nor for a HEAD. */
typedef void (*ChatApiStreamMore) (ChatApiStream *stream, gpointer user_data);

/**
 * chat_api_stream_begin:
 * @type: the Content-Type
 * @destroy: (nullable): of @user_data, when the answer is over
 *
 * Begins to answer @request with 200, and calls @more for the first chunk. NULL where it is answered already, or the
 * client has gone; then @user_data is destroyed.
 *
 * Returns: (transfer none) (nullable): lives until @destroy was called
 */
ChatApiStream *chat_api_stream_begin (ChatApiRequest *request, const char *type, ChatApiStreamMore more,
                                      gpointer user_data, GDestroyNotify destroy);
ChatApiStream *chat_api_stream_ref (ChatApiStream *self);
void chat_api_stream_unref (ChatApiStream *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiStream, chat_api_stream_unref)

/** chat_api_stream_get_cancellable: (transfer none): cancelled when the client goes. */
GCancellable *chat_api_stream_get_cancellable (ChatApiStream *self);
/** chat_api_stream_write: @text: (transfer full): not empty. */
void chat_api_stream_write (ChatApiStream *self, char *text, gsize length);
/** chat_api_stream_end: that was all. */
void chat_api_stream_end (ChatApiStream *self);
/** chat_api_stream_cut: it can't go on: cuts the connection, so that nobody takes what came for all. */
void chat_api_stream_cut (ChatApiStream *self);

G_END_DECLS
