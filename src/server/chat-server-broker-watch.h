/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/chat-transport.h"

G_BEGIN_DECLS

/** chat_server_broker_watch: logs what becomes of the connection to the broker: each state when it changes, and each
 * reason why not all of it is there, once until it is. It goes on by itself: nobody has to do anything but what the
 * reason says. */
void chat_server_broker_watch (ChatTransport *transport);

G_END_DECLS
