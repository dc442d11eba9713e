/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"
#include "transport/chat-record.h"

G_BEGIN_DECLS

/* The headers of a record on chat_rejected: why it is there, and where it was (`topic/shard/offset`). */
#define CHAT_REJECTED_REASON_HEADER "tertulia-reason"
#define CHAT_REJECTED_POSITION_HEADER "tertulia-position"

/* Why the second message under one id is refused. */
#define CHAT_REFUSED_CONFLICT "Another message has the same id already."
/* Why one that was accepted and written down is refused, when it comes to be published. */
#define CHAT_REFUSED_BROKER "The broker does not take the message."

/** chat_refusal_new_rejected: (transfer full): for chat_rejected: what can't be passed on, its bytes as they came.
 * @reason: for people. */
ChatRecord *chat_refusal_new_rejected (const ChatRecord *record, const char *reason);

/** chat_refusal_dup_position: (transfer full): where @record was, as in the header. */
char *chat_refusal_dup_position (const ChatRecord *record);

/** chat_refusal_new_refused: (transfer full) (nullable): for chat_warnings: tells the author of @message that it was
 * not taken. The same message gives the same id. NULL where the author is not known. @reason: for people, no text of
 * the message. */
ChatRecord *chat_refusal_new_refused (const ChatMessage *message, const char *reason);

G_END_DECLS
