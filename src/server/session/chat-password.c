/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/session/chat-password.h"

#include <gio/gio.h>
#include <sodium.h>
#include <string.h>

#include "server/session/chat-session-error.h"

#define DECOY_SALT_BYTES 16
#define DECOY_HASH_BYTES 32
#define BASE64 sodium_base64_VARIANT_ORIGINAL_NO_PADDING

static char *
refuse (GError **error, const char *what)
{
  g_set_error (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_PASSWORD_WEAK,
               "%s. A password has %d to %d bytes of any characters that can be typed, and is not the name", what,
               CHAT_PASSWORD_MIN_BYTES, CHAT_PASSWORD_MAX_BYTES);
  return NULL;
}

/* RFC 8264 §4.3.2: what is no character, or controls something. */
static gboolean
is_typed (gunichar character)
{
  static const GUnicodeType never[] = { G_UNICODE_CONTROL,   G_UNICODE_UNASSIGNED,     G_UNICODE_PRIVATE_USE,
                                        G_UNICODE_SURROGATE, G_UNICODE_LINE_SEPARATOR, G_UNICODE_PARAGRAPH_SEPARATOR };

  for (guint i = 0; i < G_N_ELEMENTS (never); i++)
    if (g_unichar_type (character) == never[i])
      return FALSE;
  return TRUE;
}

/* (nullable): with every kind of space as U+0020 */
static char *
map_spaces (const char *password)
{
  GString *mapped = g_string_sized_new (CHAT_PASSWORD_MAX_BYTES + 1);

  for (const char *at = password; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar character = g_utf8_get_char (at);

      if (!is_typed (character))
        {
          chat_password_free (g_string_free (mapped, FALSE));
          return NULL;
        }
      if (g_unichar_type (character) == G_UNICODE_SPACE_SEPARATOR)
        character = ' ';
      g_string_append_unichar (mapped, character);
    }
  return g_string_free (mapped, FALSE);
}

static gboolean
is_name (const char *password, const char *user)
{
  g_autofree char *a = g_utf8_casefold (password, -1);
  g_autofree char *b = g_utf8_casefold (user, -1);
  gboolean same = g_str_equal (a, b);

  sodium_memzero (a, strlen (a));
  return same;
}

char *
chat_password_prepare (const char *password, const char *user, GError **error)
{
  char *mapped, *normal;
  gsize length;

  /* no normal form is so much shorter, and what is longer costs time */
  if (strnlen (password, 4 * CHAT_PASSWORD_MAX_BYTES + 1) > 4 * CHAT_PASSWORD_MAX_BYTES)
    return refuse (error, "The password is too long");
  if (!g_utf8_validate (password, -1, NULL) || (mapped = map_spaces (password)) == NULL)
    return refuse (error, "The password has control characters, or others that can't be typed");
  normal = g_utf8_normalize (mapped, -1, G_NORMALIZE_NFC);
  chat_password_free (mapped);
  length = strlen (normal);
  if (length >= CHAT_PASSWORD_MIN_BYTES && length <= CHAT_PASSWORD_MAX_BYTES
      && (user == NULL || !is_name (normal, user)))
    return normal;
  chat_password_free (normal);
  if (length < CHAT_PASSWORD_MIN_BYTES)
    return refuse (error, "The password is too short");
  return refuse (error, length > CHAT_PASSWORD_MAX_BYTES ? "The password is too long" : "The password is the name");
}

void
chat_password_free (char *password)
{
  if (password != NULL)
    sodium_memzero (password, strlen (password));
  g_free (password);
}

char *
chat_password_hash (const char *prepared, const ChatPasswordCost *cost, GError **error)
{
  char hash[crypto_pwhash_STRBYTES];

  if (sodium_init () >= 0
      && crypto_pwhash_str_alg (hash, prepared, strlen (prepared), cost->passes, cost->memory_bytes,
                                crypto_pwhash_ALG_ARGON2ID13)
             == 0)
    return g_strdup (hash);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
               "There is no memory for the hash of a password (%" G_GSIZE_FORMAT
               " MiB: [sessions] password_memory, times password_threads)",
               cost->memory_bytes / 1024 / 1024);
  return NULL;
}

gboolean
chat_password_verify (const char *prepared, const char *hash)
{
  return sodium_init () >= 0 && strlen (hash) < crypto_pwhash_STRBYTES
         && crypto_pwhash_str_verify (hash, prepared, strlen (prepared)) == 0;
}

/* https://github.com/P-H-C/phc-winner-argon2: the encoded form; libsodium counts memory in KiB and has one lane. */
char *
chat_password_decoy (const ChatPasswordCost *cost)
{
  guint8 salt[DECOY_SALT_BYTES], hash[DECOY_HASH_BYTES];
  char salt_text[sodium_base64_ENCODED_LEN (DECOY_SALT_BYTES, BASE64)];
  char hash_text[sodium_base64_ENCODED_LEN (DECOY_HASH_BYTES, BASE64)];

  if (sodium_init () < 0)
    g_error ("libsodium can't be initialised: this system gives no random numbers");
  randombytes_buf (salt, sizeof salt);
  randombytes_buf (hash, sizeof hash);
  sodium_bin2base64 (salt_text, sizeof salt_text, salt, sizeof salt, BASE64);
  sodium_bin2base64 (hash_text, sizeof hash_text, hash, sizeof hash, BASE64);
  return g_strdup_printf ("$argon2id$v=19$m=%" G_GSIZE_FORMAT ",t=%u,p=1$%s$%s", cost->memory_bytes / 1024,
                          cost->passes, salt_text, hash_text);
}

gboolean
chat_password_is_outdated (const char *hash, const ChatPasswordCost *cost)
{
  return crypto_pwhash_str_needs_rehash (hash, cost->passes, cost->memory_bytes) != 0;
}
