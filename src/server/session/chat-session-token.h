/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** chat_session_token_new: (transfer full): 256 random bits as 43 characters of base64url (RFC 4648 §5). */
char *chat_session_token_new (void);

/** chat_session_token_hash: (transfer full) (nullable): SHA-256 in hex, under which a session is kept; NULL where
 * @token can't be one of ours. The token is random, so a plain hash is enough: there is nothing to guess. */
char *chat_session_token_hash (const char *token);

/** chat_session_token_hash_equal: in constant time. */
gboolean chat_session_token_hash_equal (const char *a, const char *b);

G_END_DECLS
