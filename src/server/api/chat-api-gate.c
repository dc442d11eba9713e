/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-gate.h"

#include <string.h>

#include "core/chat-lru.h"
#include "moderation/chat-skeleton.h"
#include "server/api/chat-api-error.h"

/* Keys that each limiter remembers, of some 100 bytes; and who has got in from where. */
#define KEYS 16384
#define KNOWN 16384

struct _ChatApiGate
{
  ChatRateLimiter *per_user[CHAT_API_N_RATES];
  ChatRateLimiter *per_address[CHAT_API_N_RATES];
  guint64 refused[CHAT_API_N_RATES];
  ChatLru *names;  /* "address name" */
  ChatLru *tokens; /* hash of both */
  gboolean guards_tokens;
};

ChatApiGate *
chat_api_gate_new (const ChatApiRates *rates)
{
  ChatApiGate *self = g_rc_box_new0 (ChatApiGate);

  for (guint i = 0; i < CHAT_API_N_RATES; i++)
    {
      self->per_user[i] = chat_rate_limiter_new (&rates->per_user[i], KEYS);
      self->per_address[i] = chat_rate_limiter_new (&rates->per_address[i], KEYS);
    }
  self->guards_tokens = rates->per_address[CHAT_API_RATE_SIGN_IN].burst > 0;
  self->names = chat_lru_new (KNOWN, NULL);
  self->tokens = chat_lru_new (KNOWN, NULL);
  return self;
}

ChatApiGate *
chat_api_gate_ref (ChatApiGate *self)
{
  return g_rc_box_acquire (self);
}

static void
gate_clear (gpointer data)
{
  ChatApiGate *self = data;

  for (guint i = 0; i < CHAT_API_N_RATES; i++)
    {
      chat_rate_limiter_free (self->per_user[i]);
      chat_rate_limiter_free (self->per_address[i]);
    }
  chat_lru_free (self->names);
  chat_lru_free (self->tokens);
}

void
chat_api_gate_unref (ChatApiGate *self)
{
  g_rc_box_release_full (self, gate_clear);
}

static gboolean
refuse (ChatApiGate *self, ChatApiRate rate, gint64 wait_us, const char *whose, gint64 *wait_ms, GError **error)
{
  self->refused[rate]++;
  *wait_ms = (wait_us + G_TIME_SPAN_MILLISECOND - 1) / G_TIME_SPAN_MILLISECOND;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_RATE_LIMITED,
               "Too many of these have come %s: wait %" G_GINT64_FORMAT ".%" G_GINT64_FORMAT " s, then send it again",
               whose, *wait_ms / 1000, *wait_ms % 1000 / 100);
  return FALSE;
}

gboolean
chat_api_gate_admit (ChatApiGate *self, ChatApiRate rate, const char *address, const char *user_key, gint64 now_us,
                     gint64 *wait_ms, GError **error)
{
  gint64 wait;

  if (user_key != NULL && (wait = chat_rate_limiter_take (self->per_user[rate], user_key, now_us)) > 0)
    return refuse (self, rate, wait, "from you", wait_ms, error);
  if ((wait = chat_rate_limiter_take (self->per_address[rate], address, now_us)) > 0)
    return refuse (self, rate, wait, "from your address", wait_ms, error);
  return TRUE;
}

static char *
make_name_key (const char *address, const char *name)
{
  g_autofree char *skeleton = chat_skeleton (name);

  return g_strconcat (address, " ", skeleton, NULL);
}

gboolean
chat_api_gate_admit_name (ChatApiGate *self, const char *address, const char *name, gint64 now_us, gint64 *wait_ms,
                          GError **error)
{
  g_autofree char *known = make_name_key (address, name);
  gint64 wait;

  if (chat_lru_get (self->names, known) != NULL)
    return TRUE;
  wait = chat_rate_limiter_take (self->per_user[CHAT_API_RATE_SIGN_IN], known + strlen (address) + 1, now_us);
  return wait == 0 || refuse (self, CHAT_API_RATE_SIGN_IN, wait, "for this name", wait_ms, error);
}

/* No token is kept as it is. */
static char *
make_token_key (const char *address, const char *token)
{
  g_autofree char *both = g_strconcat (address, " ", token, NULL);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, both, -1);
}

gboolean
chat_api_gate_admit_token (ChatApiGate *self, const char *address, const char *token, gint64 now_us, gint64 *wait_ms,
                           GError **error)
{
  gint64 wait = chat_rate_limiter_peek (self->per_address[CHAT_API_RATE_SIGN_IN], address, now_us);
  g_autofree char *key = wait > 0 ? make_token_key (address, token) : NULL;

  if (wait == 0 || chat_lru_get (self->tokens, key) != NULL)
    return TRUE;
  return refuse (self, CHAT_API_RATE_SIGN_IN, wait, "from your address", wait_ms, error);
}

void
chat_api_gate_judge_token (ChatApiGate *self, const char *address, const char *token, gboolean right, gint64 now_us)
{
  g_autofree char *key = NULL;

  if (!self->guards_tokens)
    return;
  if (!right)
    {
      chat_rate_limiter_take (self->per_address[CHAT_API_RATE_SIGN_IN], address, now_us);
      return;
    }
  key = make_token_key (address, token);
  if (chat_lru_get (self->tokens, key) == NULL)
    chat_lru_put (self->tokens, key, self);
}

void
chat_api_gate_signed_in (ChatApiGate *self, const char *address, const char *name, const char *token)
{
  g_autofree char *known = make_name_key (address, name);

  chat_lru_put (self->names, known, self);
  chat_api_gate_judge_token (self, address, token, TRUE, 0);
}

guint64
chat_api_gate_get_refused (ChatApiGate *self, ChatApiRate rate)
{
  return self->refused[rate];
}
