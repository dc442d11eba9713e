/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"

G_BEGIN_DECLS

/** chat_test_message_new: (transfer full): a message of ana's. */
ChatMessage *chat_test_message_new (const char *channel, const char *id, const char *data, gint64 timestamp);

/** chat_test_messages_new: (transfer full) (element-type ChatMessage): none yet. */
GPtrArray *chat_test_messages_new (void);

G_END_DECLS
