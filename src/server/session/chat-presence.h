/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/session/chat-session-service.h"

G_BEGIN_DECLS

/** ChatPresentUser: one user who has come, or gone. */
typedef struct
{
  char *user;
  gboolean bot;
  gboolean connected;
} ChatPresentUser;

#define CHAT_TYPE_PRESENCE (chat_presence_get_type ())
G_DECLARE_FINAL_TYPE (ChatPresence, chat_presence, CHAT, PRESENCE, GObject)

/**
 * ChatPresence:
 *
 * Who is there. A user is there while one of his sessions is; a session is while it is connected to this process, and
 * else while its lease lives: others renew it as long as it is connected to them. When its last connection here ends
 * it is gone shortly after, unless it comes back, or is renewed from elsewhere.
 *
 * Signal `changed (GPtrArray *users)`: (element-type ChatPresentUser): who has come and gone since the last one: within
 * a second for this process's connections, else as often as ChatSessionService asks the store.
 *
 * @lease_ms: of the sessions. @grace_ms: how long after its last connection a session is still there
 */
ChatPresence *chat_presence_new (ChatSessionService *sessions, gint64 lease_ms, guint grace_ms);

/** CHAT_PRESENCE_GRACE_MS: long enough for a reconnect. */
#define CHAT_PRESENCE_GRACE_MS 600

/** chat_presence_list: (transfer full) (element-type ChatPresentUser): who is there, as `changed` has told. */
GPtrArray *chat_presence_list (ChatPresence *self);

/** chat_presence_is_connected: whether this session is there now. */
gboolean chat_presence_is_connected (ChatPresence *self, const ChatSessionInfo *session);

G_END_DECLS
