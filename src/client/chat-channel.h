/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "client/chat-timeline.h"

G_BEGIN_DECLS

#define CHAT_TYPE_CHANNEL (chat_channel_get_type ())
G_DECLARE_FINAL_TYPE (ChatChannel, chat_channel, CHAT, CHANNEL, GObject)

/**
 * ChatChannel:
 *
 * One row of the sidebar. Properties (all notify): `name`; `title` (what people call it: "general", or the other one's
 * name); `topic`; `private` (boolean); `bot` (boolean: a conversation with a bot); `unread`, `mentions` (guint);
 * `people` (guint); `active` (gint64, ms); `draft` (string, writable).
 */
const char *chat_channel_get_name (ChatChannel *self);
const char *chat_channel_get_title (ChatChannel *self);
const char *chat_channel_get_topic (ChatChannel *self);
gboolean chat_channel_get_private (ChatChannel *self);
gboolean chat_channel_get_bot (ChatChannel *self);
guint chat_channel_get_unread (ChatChannel *self);
const char *chat_channel_get_draft (ChatChannel *self);
void chat_channel_set_draft (ChatChannel *self, const char *draft);

/** chat_channel_get_timeline: (transfer none): made and filled (cache, then history) at the first call. */
ChatTimeline *chat_channel_get_timeline (ChatChannel *self);

G_END_DECLS
