/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/store/chat-message-store.h"
#include "transport/chat-forwarder.h"

G_BEGIN_DECLS

#define CHAT_TYPE_ARCHIVER (chat_archiver_get_type ())
G_DECLARE_FINAL_TYPE (ChatArchiver, chat_archiver, CHAT, ARCHIVER, ChatForwarder)

/** ChatArchiverCounters: records since the start, each counted once, when it is acknowledged. */
typedef struct
{
  guint64 stored, repeated, conflicting, rejected, passing;
} ChatArchiverCounters;

/**
 * chat_archiver_new: (implements ChatService)
 *
 * Reads chat_controlled and chat_private in the group "archiver", appends each batch to the store, then forwards one
 * receipt per channel of the batch to chat_receipts (and a `refused` to chat_warnings for an id that was known with
 * another text). What can't be read goes to chat_rejected, and so does a private conversation on chat_controlled.
 * `read` records pass: they are no part of a history.
 *
 * A batch whose forward did not happen is appended again, which gives the same seqs and so the same receipts.
 *
 * Signal `rejected (char *position, char *reason)`: for each record that went to chat_rejected.
 */
ChatArchiver *chat_archiver_new (ChatTransport *transport, ChatMessageStore *messages);

/** chat_archiver_get_counters: (transfer none) */
const ChatArchiverCounters *chat_archiver_get_counters (ChatArchiver *self);

G_END_DECLS
