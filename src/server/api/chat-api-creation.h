/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-request.h"

G_BEGIN_DECLS

/** chat_api_creation_new_info: (transfer full): a channel that is made now. */
ChatChannelInfo *chat_api_creation_new_info (const char *name, ChatChannelKind kind);

/** chat_api_creation_make: makes it, unless it is there, and answers @request with it. @info: (transfer full);
 * @member_keys: in the order of its members. */
void chat_api_creation_make (ChatApiRequest *request, ChatChannelInfo *info, const char *const *member_keys);

G_END_DECLS
