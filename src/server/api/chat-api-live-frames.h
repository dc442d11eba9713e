/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"
#include "server/api/chat-api-live-tail.h"

G_BEGIN_DECLS

/** ChatApiLiveFrames: `records` frames in the making, as many as the records need: each behind its `ref`, so that the
 * bytes are the same for all who read the same. */
typedef struct _ChatApiLiveFrames ChatApiLiveFrames;

/** chat_api_live_frames_new: @topic: borrowed */
ChatApiLiveFrames *chat_api_live_frames_new (const char *topic);
void chat_api_live_frames_free (ChatApiLiveFrames *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiLiveFrames, chat_api_live_frames_free)

void chat_api_live_frames_add_record (ChatApiLiveFrames *self, const ChatApiLiveRecord *record);
void chat_api_live_frames_add_message (ChatApiLiveFrames *self, const ChatMessage *message);
void chat_api_live_frames_add_json (ChatApiLiveFrames *self, const char *json, gsize length);

/** chat_api_live_frames_finish: (transfer container) (element-type GBytes): the bodies; empty where nothing was added.
 * @self is empty again. */
GPtrArray *chat_api_live_frames_finish (ChatApiLiveFrames *self);

G_END_DECLS
