/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"

G_BEGIN_DECLS

#define CHAT_MESSAGE_DIGEST_BYTES 32

/** chat_message_digest: SHA-256 of what chat_message_equal_content() compares: of two messages with one id it tells a
 * repeat from a conflict, without the text. */
void chat_message_digest (const ChatMessage *self, guint8 digest[CHAT_MESSAGE_DIGEST_BYTES]);

G_END_DECLS
