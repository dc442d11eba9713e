/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-config.h"
#include "server/store/chat-store.h"

G_BEGIN_DECLS

/** chat_store_factory_new_store: (transfer full): what [store] of a checked configuration names; not open. */
ChatStore *chat_store_factory_new_store (ChatConfig *config);

G_END_DECLS
