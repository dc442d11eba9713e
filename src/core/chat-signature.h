/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"

G_BEGIN_DECLS

/** The record header that carries a signature: "KEY-ID:HEX", HMAC-SHA-256 (RFC 2104). */
#define CHAT_SIGNATURE_HEADER "tertulia-signature"

/**
 * ChatSigner:
 *
 * Signs what the api publishes, over id, channel, author, kind, target, reply_to, data, timestamp, bot and moderator,
 * each length-prefixed, so that a moderator can tell an account of the service from a guest of the broker.
 */
typedef struct _ChatSigner ChatSigner;

/** chat_signer_new: @key_id: 1–32 of [A-Za-z0-9_-]; @secret: at least 32 bytes, copied. */
ChatSigner *chat_signer_new (const char *key_id, GBytes *secret);
void chat_signer_free (ChatSigner *self);
char *chat_signer_sign (ChatSigner *self, const ChatMessage *message);
/** chat_signer_verify: constant-time; FALSE where @signature is NULL, malformed, of another key, or wrong. */
gboolean chat_signer_verify (ChatSigner *self, const ChatMessage *message, const char *signature);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatSigner, chat_signer_free)

G_END_DECLS
