/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-forwarder.h"

G_BEGIN_DECLS

/** chat_server_waits_watch: from here on the log says what this role waits for, each reason once, and that it goes on.
 * What the broker is in the way of it says of the broker: chat_server_broker_watch(). */
void chat_server_waits_watch (ChatForwarder *role);

G_END_DECLS
