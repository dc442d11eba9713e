/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-service.h"
#include "core/chat-signature.h"
#include "moderation/chat-rules.h"
#include "server/store/chat-store.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

/** ChatModeratorOptions: strings are copied. */
typedef struct
{
  guint limit;          /* strikes until the block */
  const char *language; /* of channels that name none */
} ChatModeratorOptions;

#define CHAT_TYPE_MODERATOR (chat_moderator_get_type ())
G_DECLARE_FINAL_TYPE (ChatModerator, chat_moderator, CHAT, MODERATOR, GObject)

/**
 * chat_moderator_new: (implements ChatService)
 *
 * Reads `chat` in the group "moderator"; forwards each batch, masked where a rule says so, to chat_controlled or
 * (private conversations) chat_private, with warnings, blocks and refusals to chat_warnings and what can't be read to
 * chat_rejected. A strike is recorded before the forward, idempotent by the record's id, so a batch can be done again
 * after a crash. While the store can't answer it waits and tries again: no message passes unjudged.
 */
ChatModerator *chat_moderator_new (ChatTransport *transport, ChatStore *store, ChatRules *rules, ChatSigner *signer,
                                   const ChatModeratorOptions *options);

G_END_DECLS
