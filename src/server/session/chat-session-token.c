/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/session/chat-session-token.h"

#include <sodium.h>
#include <string.h>

#define TOKEN_BYTES 32
#define TOKEN_VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define TOKEN_SIZE sodium_base64_ENCODED_LEN (TOKEN_BYTES, TOKEN_VARIANT)
#define HASH_SIZE (crypto_hash_sha256_BYTES * 2 + 1)

char *
chat_session_token_new (void)
{
  guint8 random[TOKEN_BYTES];
  char *token = g_malloc (TOKEN_SIZE);

  /* idempotent; without it randombytes_buf() may be neither fast nor fork-safe */
  if (sodium_init () < 0)
    g_error ("libsodium can't be initialised: this system gives no random numbers");
  randombytes_buf (random, sizeof random);
  sodium_bin2base64 (token, TOKEN_SIZE, random, sizeof random, TOKEN_VARIANT);
  sodium_memzero (random, sizeof random);
  return token;
}

char *
chat_session_token_hash (const char *token)
{
  guint8 hash[crypto_hash_sha256_BYTES];

  if (token == NULL || strnlen (token, TOKEN_SIZE) != TOKEN_SIZE - 1)
    return NULL;
  crypto_hash_sha256 (hash, (const guint8 *)token, TOKEN_SIZE - 1);
  char *hex = g_malloc (HASH_SIZE);
  return sodium_bin2hex (hex, HASH_SIZE, hash, sizeof hash);
}

gboolean
chat_session_token_hash_equal (const char *a, const char *b)
{
  return a != NULL && b != NULL && strlen (a) == HASH_SIZE - 1 && strlen (b) == HASH_SIZE - 1
         && sodium_memcmp (a, b, HASH_SIZE - 1) == 0;
}
