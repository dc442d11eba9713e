/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/chat-message.h"
#include "core/chat-service.h"
#include "core/chat-signature.h"
#include "transport/chat-transport.h"

G_BEGIN_DECLS

/* The `data` of a `control` record: what came for the moderators to look at. */
#define CHAT_CONTROL_APPEAL "appeal"
#define CHAT_CONTROL_REPORT "report"
/* A `control` record whose `user` has moved his read marker in `channel`, in the session `target`. */
#define CHAT_CONTROL_MARK "mark"

/** chat_control_record_new: (transfer full): a signed record for chat_control, all of which lie in one shard.
 * @kind: `rules`, `control`, `block` or `unblock`; @target, @user, @data: (nullable). */
ChatRecord *chat_control_record_new (ChatSigner *signer, ChatMessageKind kind, const char *target, const char *user,
                                     const char *data);

#define CHAT_TYPE_CONTROL_FEED (chat_control_feed_get_type ())
G_DECLARE_FINAL_TYPE (ChatControlFeed, chat_control_feed, CHAT, CONTROL_FEED, GObject)

/**
 * ChatControlFeed: (implements ChatService)
 *
 * What the processes of one service tell each other on chat_control: that the rules or the blocks have changed, that
 * there is an appeal or a report. A record says only that there is something new: the store says what. All processes
 * read it live; records that the service has not signed are passed over.
 *
 * Signals:
 * - `received (ChatMessage *message)`
 * - `refresh ()`: something may have been missed: after a break, and once a minute, for a process may end between what
 * it stores and what it says.
 *
 * @signer: (transfer none): must outlive it
 */
ChatControlFeed *chat_control_feed_new (ChatTransport *transport, ChatSigner *signer);

/** chat_control_feed_announce: publishes in the background, in the order of the calls, until it goes through or the
 * feed is stopped. */
void chat_control_feed_announce (ChatControlFeed *self, ChatMessageKind kind, const char *target, const char *user,
                                 const char *data);
/** chat_control_feed_announce_block: that @user is blocked, or no longer: to every process, and to him on
 * chat_warnings. @record_id: (nullable): what led to it. */
void chat_control_feed_announce_block (ChatControlFeed *self, const char *user, gboolean blocked,
                                       const char *record_id);

/** chat_control_feed_tell_mark: that @user has moved his read marker in @channel: to every process, at once or not at
 * all. @session: its id. */
void chat_control_feed_tell_mark (ChatControlFeed *self, const char *session, const char *user, const char *channel);

G_END_DECLS
