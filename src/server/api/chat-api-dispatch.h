/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "server/api/chat-api-context.h"
#include "server/api/chat-api-router.h"

G_BEGIN_DECLS

/**
 * chat_api_dispatch_install:
 *
 * Lets @server answer every path: finds the route, checks the token, the role and the body, and hands a ChatApiRequest
 * to the route's handler. What is wrong with a request in general is answered here, in this order: 503 while stopping,
 * 404, 405, 431, 413, 401, 429, 403 `role`, 411, 415, 400.
 */
void chat_api_dispatch_install (SoupServer *server, ChatApiContext *context);

G_END_DECLS
