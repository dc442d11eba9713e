/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-broker-options.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

/** chat_test_make_broker: (transfer full) (nullable): a ChatBrokerFactory: of the broker's own library, as the
 * application makes it; NULL: this build has none of that kind. */
ChatTransport *chat_test_make_broker (const ChatBrokerOptions *options, gpointer data);

G_END_DECLS
