/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-dialect.h"
#include "core/chat-signature.h"
#include "server/moderator/chat-control-feed.h"
#include "server/moderator/chat-rules-source.h"
#include "server/store/chat-store.h"
#include "transport/chat-forwarder.h"

G_BEGIN_DECLS

/** ChatModeratorOptions: strings are copied. */
typedef struct
{
  guint limit; /* strikes until the block */
  const char
      *language; /* of channels that name none, as chat_languages_check() takes it; NULL: the lists of every language */
  gboolean guests;      /* authors that are not signed are guests of the broker, "ana (kafka)" */
  ChatDialect *dialect; /* (nullable): how records are written that are not signed; NULL: as our own */
} ChatModeratorOptions;

/** ChatModeratorCounters: records since the start, each counted once, when it is forwarded. */
typedef struct
{
  guint64 passed, masked, refused, rejected, repeated;
  guint64 strikes, blocks;
} ChatModeratorCounters;

#define CHAT_TYPE_MODERATOR (chat_moderator_get_type ())
G_DECLARE_FINAL_TYPE (ChatModerator, chat_moderator, CHAT, MODERATOR, ChatForwarder)

/**
 * chat_moderator_new: (implements ChatService)
 * @signer: (transfer none): must outlive it
 *
 * Reads `chat` in the group "moderator"; forwards each batch, masked where a rule says so, to chat_controlled or
 * (private conversations) chat_private, with warnings, blocks and refusals to chat_warnings and what can't be read to
 * chat_rejected. A strike is recorded before the forward, idempotent by the record's id, so a batch can be done again
 * after a crash. While the store can't answer it waits and tries again: no message passes unjudged.
 *
 * Unsigned records are judged like any other, under the name that they give or, with guests, under a guest's; but they
 * can't speak in a private conversation, nor as a bot, nor as the service, nor, without guests, change anything.
 *
 * @feed, @rules: are to be started before it, and stopped after it
 *
 * Signal `rejected (char *position, char *reason)`: for each record that went to chat_rejected.
 */
ChatModerator *chat_moderator_new (ChatTransport *transport, ChatStore *store, ChatControlFeed *feed,
                                   ChatRulesSource *rules, ChatSigner *signer, const ChatModeratorOptions *options);

/** chat_moderator_get_counters: (transfer none) */
const ChatModeratorCounters *chat_moderator_get_counters (ChatModerator *self);

G_END_DECLS
