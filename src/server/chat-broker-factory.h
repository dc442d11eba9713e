/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-config.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

/** chat_broker_factory_new_transport: (transfer full): what [broker] of a checked configuration names; not connected.
 */
ChatTransport *chat_broker_factory_new_transport (ChatConfig *config);

G_END_DECLS
