/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-request.h"

G_BEGIN_DECLS

/** chat_api_conversation_begin: answers a POST /v1/channels whose body has `with`: the conversation among those and the
 * caller. They are here, or have an account. */
void chat_api_conversation_begin (ChatApiRequest *request);

G_END_DECLS
