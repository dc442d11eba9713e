/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"

G_BEGIN_DECLS

/**
 * chat_api_repeat_is_of:
 * @stored: what the store has under the id
 * @message: what was sent under it now
 *
 * Whether the second is a repeat of the first. Moderation may have put asterisks into the stored text, a later edit may
 * have replaced it and a deletion taken it away: what is left of it must fit.
 */
gboolean chat_api_repeat_is_of (const ChatMessage *stored, const ChatMessage *message);

G_END_DECLS
