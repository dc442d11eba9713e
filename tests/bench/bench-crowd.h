/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Crowd:
 *
 * Many readers of the live feed, in a thread of their own: non-blocking sockets, epoll, and of what comes no more is
 * looked at than the ids of messages. None of the product's code is in it.
 */
typedef struct _Crowd Crowd;

/** crowd_new: @uri: "http://127.0.0.1:PORT/"; @tokens: (element-type utf8): one reader of @channel for each. All have
 * subscribed when it returns. */
Crowd *crowd_new (const char *uri, GPtrArray *tokens, const char *channel);
void crowd_free (Crowd *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Crowd, crowd_free)

/** crowd_expect: from here on @messages are noted, whose ids end with their number in 12 hexadecimal digits. */
void crowd_expect (Crowd *self, guint messages);

/** crowd_wait: until every reader has had every one of them. Returns: (transfer none): when each came (µs, monotonic):
 * reader by reader, message by message; until the next crowd_expect() */
const gint64 *crowd_wait (Crowd *self);

G_END_DECLS
