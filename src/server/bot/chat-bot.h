/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"
#include "core/chat-signature.h"
#include "server/store/chat-store.h"
#include "transport/chat-forwarder.h"

G_BEGIN_DECLS

#define CHAT_TYPE_BOT (chat_bot_get_type ())
G_DECLARE_DERIVABLE_TYPE (ChatBot, chat_bot, CHAT, BOT, ChatForwarder)

/**
 * ChatBot: (implements ChatService)
 *
 * What the bots that are built in have in common. It reads chat_controlled and chat_private in a group of its own name
 * and publishes its answers to `chat`, signed, as replies, with ids that are UUIDv5 of the message they answer: an
 * answer is given once, whatever is delivered again. It never answers a bot, and what it says is said by one, so no two
 * of them go on for ever.
 *
 * From its start to its stop it holds its name by a session of its own, so that it is among the users, and is a member
 * of the channels it was given; the start fails with CHAT_STORE_ERROR_CONFLICT where somebody else has the name.
 */
struct _ChatBotClass
{
  ChatForwarderClass parent_class;

  /** answer: @text: what it is told: in a conversation with it everything; elsewhere, where it is addressed, the rest
   * of the text (perhaps empty). Must say the same whenever it is asked the same. Returns: (transfer full) (nullable):
   * NULL: nothing. */
  char *(*answer) (ChatBot *self, const ChatMessage *message, const char *text);

  gboolean listens_within; /* "@name" counts anywhere in a text, not only where it begins */
  guint most_in_a_minute;  /* answers in one public channel; 0: no bound */

  gpointer padding[4];
};

/** ChatBotOptions: what every bot needs. Borrowed for the length of the call but @signer, which must outlive it. */
typedef struct
{
  ChatTransport *transport;
  ChatStore *store;
  ChatSigner *signer;
  const char *const *channels; /* (nullable): in which it is a member; those that are not there are passed over */
} ChatBotOptions;

/** chat_bot_new: (transfer full): for subclasses: @type: theirs; @name: the user it is. */
gpointer chat_bot_new (GType type, const char *name, const ChatBotOptions *options);

G_END_DECLS
