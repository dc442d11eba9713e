/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** ChatRate: so many at once, and from then on @count in every @period_us. A @burst of 0: as many as come. */
typedef struct
{
  guint burst;
  guint count;
  gint64 period_us;
} ChatRate;

/** chat_rate_parse: reads "60 then 5/s" (or /min, /h), or "0"; FALSE with a CHAT_CORE_ERROR_INVALID that says how it is
 * written. */
gboolean chat_rate_parse (const char *text, ChatRate *rate, GError **error);

/**
 * ChatRateLimiter:
 *
 * A token bucket for every key, under one rate. A pure value: the time is an argument. It remembers at most so many
 * keys, and forgets first what was unused for longest, which is full again soonest.
 */
typedef struct _ChatRateLimiter ChatRateLimiter;

/** chat_rate_limiter_new: @capacity: keys, from 1 */
ChatRateLimiter *chat_rate_limiter_new (const ChatRate *rate, guint capacity);
void chat_rate_limiter_free (ChatRateLimiter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatRateLimiter, chat_rate_limiter_free)

/** chat_rate_limiter_take: @now_us: monotonic. Returns: 0 where one was taken; else after how many µs there will be
 * one, and nothing has changed */
gint64 chat_rate_limiter_take (ChatRateLimiter *self, const char *key, gint64 now_us);
/** chat_rate_limiter_peek: what take would return, without taking. */
gint64 chat_rate_limiter_peek (ChatRateLimiter *self, const char *key, gint64 now_us);

/** chat_rate_limiter_get_size: how many keys it remembers. */
guint chat_rate_limiter_get_size (const ChatRateLimiter *self);

G_END_DECLS
