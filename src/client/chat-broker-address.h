/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-broker-options.h"

G_BEGIN_DECLS

/**
 * ChatBrokerAddress:
 *
 * A broker without a Tertulia server as somebody chose it: how it is reached, how its records are read, and what of it.
 * A plain value. Its key stands for it in settings and the keyring, as a server's URI does, and has no password.
 */
typedef struct
{
  ChatBrokerOptions *options;
  char *dialect; /* "tertulia", "plain-text", or the name of one of the user's own */
  char **topics; /* topics or exchanges; empty: see chat_broker_site_new() */
} ChatBrokerAddress;

/** chat_broker_address_new: @options: (transfer full); @topics: (nullable): names with commas or spaces between them */
ChatBrokerAddress *chat_broker_address_new (ChatBrokerOptions *options, const char *dialect, const char *topics);
void chat_broker_address_free (ChatBrokerAddress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatBrokerAddress, chat_broker_address_free)

char *chat_broker_address_to_key (const ChatBrokerAddress *self);
/** chat_broker_address_is_key: whether @key is one of these at all. */
gboolean chat_broker_address_is_key (const char *key);
/** chat_broker_address_from_key: (transfer full) (nullable): or NULL with CHAT_CORE_ERROR_INVALID */
ChatBrokerAddress *chat_broker_address_from_key (const char *key, GError **error);

G_END_DECLS
