/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-live-hub.h"

G_BEGIN_DECLS

/** chat_api_live_marks_moved: the owner of @session has read on in @channel: his other sessions are told where his
 * marker is now. */
void chat_api_live_marks_moved (ChatApiLiveHub *hub, const ChatSessionInfo *session, const char *channel);

/** chat_api_live_marks_heard: the same, of a CHAT_CONTROL_MARK that came from whatever process. */
void chat_api_live_marks_heard (ChatApiLiveHub *hub, const ChatMessage *mark);

G_END_DECLS
