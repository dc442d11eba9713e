/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-rate-limiter.h"

#include "core/chat-core-error.h"
#include "core/chat-lru.h"

#define MOST 1000000

struct _ChatRateLimiter
{
  ChatRate rate;
  gint64 interval; /* µs from one token to the next */
  ChatLru *full;   /* key → gint64: when its bucket is full again, µs */
};

static gint64
find_period (const char *unit)
{
  static const struct
  {
    const char *unit;
    gint64 seconds;
  } units[] = { { "s", 1 }, { "min", 60 }, { "h", 3600 } };

  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (g_str_equal (unit, units[i].unit))
      return units[i].seconds * G_TIME_SPAN_SECOND;
  return 0;
}

static gboolean
parse_number (const char *text, guint *number)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, 1, MOST, &value, NULL))
    return FALSE;
  *number = (guint)value;
  return TRUE;
}

gboolean
chat_rate_parse (const char *text, ChatRate *rate, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  g_auto (GStrv) parts = g_strv_length (words) == 3 ? g_strsplit (words[2], "/", -1) : NULL;

  *rate = (ChatRate){ 0 };
  if (g_str_equal (text, "0"))
    return TRUE;
  if (parts != NULL && g_str_equal (words[1], "then") && g_strv_length (parts) == 2
      && parse_number (words[0], &rate->burst) && parse_number (parts[0], &rate->count)
      && (rate->period_us = find_period (parts[1])) != 0)
    return TRUE;
  *rate = (ChatRate){ 0 };
  g_set_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID,
               "\"%s\" is not a rate: write it like \"60 then 5/s\" (so many at once, then so many in each s, min or "
               "h; numbers from 1 to %d), or 0 for no limit",
               text, MOST);
  return FALSE;
}

ChatRateLimiter *
chat_rate_limiter_new (const ChatRate *rate, guint capacity)
{
  ChatRateLimiter *self = g_new0 (ChatRateLimiter, 1);

  self->rate = *rate;
  self->interval = rate->burst > 0 ? MAX (rate->period_us / rate->count, 1) : 0;
  self->full = chat_lru_new (capacity, g_free);
  return self;
}

void
chat_rate_limiter_free (ChatRateLimiter *self)
{
  chat_lru_free (self->full);
  g_free (self);
}

static gint64
find_full (ChatRateLimiter *self, const char *key, gint64 now_us)
{
  const gint64 *full = chat_lru_get (self->full, key);

  return full != NULL ? MAX (*full, now_us) : now_us;
}

/* With all tokens there the bucket is full now; each that is missing puts that off by an interval. */
static gint64
find_wait (ChatRateLimiter *self, gint64 full, gint64 now_us)
{
  return MAX (full - now_us - (self->rate.burst - 1) * self->interval, 0);
}

gint64
chat_rate_limiter_peek (ChatRateLimiter *self, const char *key, gint64 now_us)
{
  if (self->rate.burst == 0)
    return 0;
  return find_wait (self, find_full (self, key, now_us), now_us);
}

gint64
chat_rate_limiter_take (ChatRateLimiter *self, const char *key, gint64 now_us)
{
  gint64 full, wait;
  gint64 *kept;

  if (self->rate.burst == 0)
    return 0;
  full = find_full (self, key, now_us);
  wait = find_wait (self, full, now_us);
  if (wait > 0)
    return wait;
  full += self->interval;
  kept = chat_lru_get (self->full, key);
  if (kept != NULL)
    *kept = full;
  else
    chat_lru_put (self->full, key, g_memdup2 (&full, sizeof full));
  return 0;
}

guint
chat_rate_limiter_get_size (const ChatRateLimiter *self)
{
  return chat_lru_get_size (self->full);
}
