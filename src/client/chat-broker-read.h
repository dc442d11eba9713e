/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-transport.h"

G_BEGIN_DECLS

/** ChatBrokerRange: @records: for each shard a GPtrArray of ChatRecord, in order; @lows: for each shard from where on
 * the broker has anything, as far as this reading showed it, else 0. */
typedef struct
{
  guint shards;
  GPtrArray *records;
  gint64 *lows;
} ChatBrokerRange;

void chat_broker_range_free (ChatBrokerRange *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatBrokerRange, chat_broker_range_free)

/**
 * chat_broker_read_async:
 * @from, @to: for each of @shards shards: the offset of the first record, and of the one behind the last
 *
 * Reads a piece of a topic's log with a subscription of its own (RESUMABLE), which it closes again. Offsets without a
 * record (compaction, the ends of transactions) are left out.
 */
void chat_broker_read_async (ChatTransport *transport, const char *topic, const gint64 *from, const gint64 *to,
                             guint shards, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/** chat_broker_read_finish: (transfer full): or NULL with a CHAT_TRANSPORT_ERROR */
ChatBrokerRange *chat_broker_read_finish (ChatTransport *transport, GAsyncResult *result, GError **error);

/** chat_broker_find_time_async: the position of the first records of @topic at or after a time (SEEKABLE). */
void chat_broker_find_time_async (ChatTransport *transport, const char *topic, gint64 time_ms,
                                  GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/** chat_broker_find_time_finish: (transfer full) */
ChatPosition *chat_broker_find_time_finish (ChatTransport *transport, GAsyncResult *result, GError **error);

G_END_DECLS
