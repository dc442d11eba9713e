/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/api/chat-api-router.h"
#include "server/api/chat-rate-limiter.h"

G_BEGIN_DECLS

/** ChatApiRates: indexed by ChatApiRate. A sign-in has no user yet: per_user is per name that is asked for. */
typedef struct
{
  ChatRate per_user[CHAT_API_N_RATES];
  ChatRate per_address[CHAT_API_N_RATES];
} ChatApiRates;

/**
 * ChatApiGate:
 *
 * Who may have how much in how long a time, over REST and the live feed together. Refusals are
 * CHAT_API_ERROR_RATE_LIMITED, with the time after which asking again is worth it. A reference-counted value of bounded
 * size; times are monotonic, in µs; addresses and user keys are what chat-api-address.h and the sessions make of them.
 */
typedef struct _ChatApiGate ChatApiGate;

ChatApiGate *chat_api_gate_new (const ChatApiRates *rates);
ChatApiGate *chat_api_gate_ref (ChatApiGate *self);
void chat_api_gate_unref (ChatApiGate *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChatApiGate, chat_api_gate_unref)

/**
 * chat_api_gate_admit:
 * @rate: not DEFAULT
 * @user_key: (nullable): who asks, where that is known. What is over his limit does not count against the address
 * @wait_ms: (out): with RATE_LIMITED
 */
gboolean chat_api_gate_admit (ChatApiGate *self, ChatApiRate rate, const char *address, const char *user_key,
                              gint64 now_us, gint64 *wait_ms, GError **error);

/** chat_api_gate_admit_name: for a sign-in, beside chat_api_gate_admit(): whether this name may be tried. Whoever has
 * got in under it from the same address is not held up by what others try. */
gboolean chat_api_gate_admit_name (ChatApiGate *self, const char *address, const char *name, gint64 now_us,
                                   gint64 *wait_ms, GError **error);
/** chat_api_gate_signed_in: a sign-in under this name has succeeded, and was given @token. */
void chat_api_gate_signed_in (ChatApiGate *self, const char *address, const char *name, const char *token);

/** chat_api_gate_admit_token: whether a token may be tried. Where too many wrong ones have come from an address, only
 * those are looked at that were right before, from there: guessing is slowed, and who is in stays in. */
gboolean chat_api_gate_admit_token (ChatApiGate *self, const char *address, const char *token, gint64 now_us,
                                    gint64 *wait_ms, GError **error);
/** chat_api_gate_judge_token: what has become of it. A wrong one counts as a sign-in from that address. */
void chat_api_gate_judge_token (ChatApiGate *self, const char *address, const char *token, gboolean right,
                                gint64 now_us);

/** chat_api_gate_get_refused: how many were refused so far; names and tokens count as SIGN_IN. */
guint64 chat_api_gate_get_refused (ChatApiGate *self, ChatApiRate rate);

G_END_DECLS
