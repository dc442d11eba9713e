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
 * name); `topic`; `language` (nullable); `private` (boolean); `bot` (boolean: a conversation with a bot); `joined`
 * (boolean: a public one that the user has joined; private ones always are); `unread`, `mentions` (guint, of others'
 * messages after the read marker, also while the channel is not loaded); `people` (guint); `active` (gint64, ms);
 * `draft` (string, writable); `muted` (boolean, writable): no badge, no notification; `notify` (ChatNotify, writable).
 * Draft, muted and notify are kept on this computer.
 */
typedef enum
{
  CHAT_NOTIFY_DEFAULT, /* as the application is set */
  CHAT_NOTIFY_ALL,
  CHAT_NOTIFY_MENTIONS,
  CHAT_NOTIFY_NONE,
} ChatNotify;
#define CHAT_TYPE_NOTIFY (chat_notify_get_type ())
GType chat_notify_get_type (void);

const char *chat_channel_get_name (ChatChannel *self);
const char *chat_channel_get_title (ChatChannel *self);
const char *chat_channel_get_topic (ChatChannel *self);
gboolean chat_channel_get_private (ChatChannel *self);
gboolean chat_channel_get_bot (ChatChannel *self);
gboolean chat_channel_get_joined (ChatChannel *self);
gboolean chat_channel_get_muted (ChatChannel *self);
void chat_channel_set_muted (ChatChannel *self, gboolean muted);
ChatNotify chat_channel_get_notify (ChatChannel *self);
void chat_channel_set_notify (ChatChannel *self, ChatNotify notify);
guint chat_channel_get_unread (ChatChannel *self);
guint chat_channel_get_mentions (ChatChannel *self);
gint64 chat_channel_get_active (ChatChannel *self);
const char *chat_channel_get_draft (ChatChannel *self);
void chat_channel_set_draft (ChatChannel *self, const char *draft);

/** chat_channel_get_timeline: (transfer none): made and filled (cache, then history) at the first call. */
ChatTimeline *chat_channel_get_timeline (ChatChannel *self);

G_END_DECLS
