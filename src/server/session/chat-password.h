/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CHAT_PASSWORD_MIN_BYTES 8
#define CHAT_PASSWORD_MAX_BYTES 1024

/** ChatPasswordCost: what one hash costs (Argon2id, RFC 9106). */
typedef struct
{
  guint passes;
  gsize memory_bytes;
} ChatPasswordCost;

/**
 * chat_password_prepare:
 * @password: as it was typed; need not be UTF-8
 * @user: (nullable): whose it is to be: it must not be the name
 * @error: CHAT_SESSION_ERROR_PASSWORD_WEAK: what is wrong with it
 *
 * The OpaqueString profile (RFC 8265 §4.2): spaces of any kind become U+0020, and it is put into normal form C, so that
 * the same keys pressed on another system are the same password. What no keyboard types (control characters, code
 * points without a character) is refused, and so is what is too short or too long then.
 *
 * Returns: (transfer full) (nullable): free with chat_password_free()
 */
char *chat_password_prepare (const char *password, const char *user, GError **error);

/** chat_password_free: overwrites it first. */
void chat_password_free (char *password);

/* These block for as long as the hash costs: not on a main loop. @prepared: of chat_password_prepare(). */

/** chat_password_hash: (transfer full) (nullable): in its own text form, with its salt and cost; NULL with a G_IO_ERROR
 * where there is no memory for it. */
char *chat_password_hash (const char *prepared, const ChatPasswordCost *cost, GError **error);

/** chat_password_verify: whether @hash is of this password. Compares in constant time. */
gboolean chat_password_verify (const char *prepared, const char *hash);

/** chat_password_decoy: (transfer full): what looks like a hash, costs as much to check, and is of no password. */
char *chat_password_decoy (const ChatPasswordCost *cost);

/** chat_password_is_outdated: whether @hash was made at another cost. */
gboolean chat_password_is_outdated (const char *hash, const ChatPasswordCost *cost);

G_END_DECLS
