/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-context.h"

G_BEGIN_DECLS

/** ChatApiHealth: what the last look at the store said, for GET /readyz: however often that is asked for, the store is
 * asked once a second at most. */
ChatApiHealth *chat_api_health_new (void);
void chat_api_health_free (ChatApiHealth *self);

G_END_DECLS
