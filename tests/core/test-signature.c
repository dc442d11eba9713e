/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-signature.h"

#include "core/chat-message-codec.h"

#include <string.h>

#define SECRET "0123456789abcdef0123456789abcdef"

static ChatSigner *
signer (const char *key_id, const char *secret)
{
  g_autoptr (GBytes) bytes = g_bytes_new (secret, strlen (secret));

  return chat_signer_new (key_id, bytes);
}

static ChatMessage *
message (void)
{
  ChatMessage *self = chat_message_new (CHAT_KIND_EDIT);

  chat_message_set_id (self, "id");
  chat_message_set_channel (self, "general");
  chat_message_set_author (self, "ana");
  chat_message_set_data (self, "hola");
  chat_message_set_target (self, "target");
  chat_message_set_reply_to (self, "reply");
  chat_message_set_timestamp (self, 1000);
  return self;
}

static void
test_value (void)
{
  g_autoptr (ChatSigner) self = signer ("k-1", SECRET);
  g_autoptr (ChatMessage) signed_one = message ();
  g_autofree char *signature = chat_signer_sign (self, signed_one);

  /* Reckoned with Python's hmac: both ends of a broker must agree for as long as its records live. */
  g_assert_cmpstr (signature, ==, "k-1:ddc51f71ff330d617571e61a1396da8c8f7b39b431542f1766cd1e3307c60f4b");
  g_assert_true (chat_signer_verify (self, signed_one, signature));
}

static void
test_every_field (void)
{
  g_autoptr (ChatSigner) self = signer ("k", SECRET);
  g_autoptr (ChatMessage) original = message ();
  g_autofree char *signature = chat_signer_sign (self, original);
  void (*const setters[]) (ChatMessage *, const char *)
      = { chat_message_set_id,   chat_message_set_channel, chat_message_set_author,
          chat_message_set_data, chat_message_set_target,  chat_message_set_reply_to };
  static const char *const values[] = { "other", "", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (setters); i++)
    for (guint j = 0; j < G_N_ELEMENTS (values); j++)
      {
        g_autoptr (ChatMessage) copy = chat_message_copy (original);

        setters[i](copy, values[j]);
        g_assert_false (chat_signer_verify (self, copy, signature));
      }
}

static void
test_other_fields (void)
{
  g_autoptr (ChatSigner) self = signer ("k", SECRET);
  g_autoptr (ChatMessage) original = message ();
  g_autofree char *signature = chat_signer_sign (self, original);
  g_autoptr (ChatMessage) bot = chat_message_copy (original);
  g_autoptr (ChatMessage) moderator = chat_message_copy (original);
  g_autoptr (ChatMessage) later = chat_message_copy (original);
  g_autoptr (ChatMessage) stored = chat_message_copy (original);

  chat_message_set_bot (bot, TRUE);
  g_assert_false (chat_signer_verify (self, bot, signature));
  chat_message_set_moderator (moderator, TRUE);
  g_assert_false (chat_signer_verify (self, moderator, signature));
  chat_message_set_timestamp (later, 1001);
  g_assert_false (chat_signer_verify (self, later, signature));
  /* What is found out on the way is not signed. */
  chat_message_set_seq (stored, 5);
  g_assert_true (chat_signer_verify (self, stored, signature));
}

static void
test_kind (void)
{
  g_autoptr (ChatSigner) self = signer ("k", SECRET);
  static const char *const texts[] = { "{\"kind\":\"poll\"}", "{\"kind\":\"vote\"}", "{\"kind\":\"control\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    for (guint j = 0; j < G_N_ELEMENTS (texts); j++)
      {
        g_autoptr (ChatMessage) a = chat_message_decode (texts[i], strlen (texts[i]), NULL);
        g_autoptr (ChatMessage) b = chat_message_decode (texts[j], strlen (texts[j]), NULL);
        g_autofree char *signature = chat_signer_sign (self, a);

        g_assert_cmpint (chat_signer_verify (self, b, signature), ==, i == j);
      }
}

/* What is empty is not what is absent. */
static void
test_absent (void)
{
  g_autoptr (ChatSigner) self = signer ("k", SECRET);
  g_autoptr (ChatMessage) absent = message ();
  g_autoptr (ChatMessage) empty = message ();
  g_autofree char *signature = NULL;

  chat_message_set_target (absent, NULL);
  chat_message_set_target (empty, "");
  signature = chat_signer_sign (self, absent);
  g_assert_true (chat_signer_verify (self, absent, signature));
  g_assert_false (chat_signer_verify (self, empty, signature));
}

/* The boundary between two fields is signed too. */
static void
test_boundaries (void)
{
  g_autoptr (ChatSigner) self = signer ("k", SECRET);
  g_autoptr (ChatMessage) a = message ();
  g_autoptr (ChatMessage) b = message ();
  g_autofree char *signature = NULL;

  chat_message_set_target (a, "ab");
  chat_message_set_data (a, "c");
  chat_message_set_target (b, "a");
  chat_message_set_data (b, "bc");
  signature = chat_signer_sign (self, a);
  g_assert_false (chat_signer_verify (self, b, signature));
}

static void
test_keys (void)
{
  g_autoptr (ChatSigner) self = signer ("k", SECRET);
  g_autoptr (ChatSigner) other_key = signer ("l", SECRET);
  g_autoptr (ChatSigner) other_secret = signer ("k", SECRET "x");
  g_autoptr (ChatMessage) signed_one = message ();
  g_autofree char *signature = chat_signer_sign (self, signed_one);

  g_assert_false (chat_signer_verify (other_key, signed_one, signature));
  g_assert_false (chat_signer_verify (other_secret, signed_one, signature));
}

static void
test_malformed (void)
{
  g_autoptr (ChatSigner) self = signer ("k", SECRET);
  g_autoptr (ChatMessage) signed_one = message ();
  g_autofree char *signature = chat_signer_sign (self, signed_one);
  g_autofree char *upper = g_ascii_strup (signature, -1);
  g_autofree char *longer = g_strconcat (signature, "0", NULL);

  g_assert_false (chat_signer_verify (self, signed_one, NULL));
  g_assert_false (chat_signer_verify (self, signed_one, ""));
  g_assert_false (chat_signer_verify (self, signed_one, "k:"));
  g_assert_false (chat_signer_verify (self, signed_one, upper));
  g_assert_false (chat_signer_verify (self, signed_one, longer));
  g_assert_true (chat_signer_verify (self, signed_one, signature));
  for (char *at = signature; *at != '\0'; at++)
    {
      *at ^= 1;
      g_assert_false (chat_signer_verify (self, signed_one, signature));
      *at ^= 1;
    }
  signature[strlen (signature) - 1] = '\0';
  g_assert_false (chat_signer_verify (self, signed_one, signature));
}

static void
test_weak (void)
{
  static const char *const key_ids[] = { "", "a:b", "a b", "ñ", "123456789012345678901234567890123" };

  g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*SECRET_MIN_BYTES*");
  g_assert_null (signer ("k", "too short"));
  for (guint i = 0; i < G_N_ELEMENTS (key_ids); i++)
    {
      g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*key_id_is_valid*");
      g_assert_null (signer (key_ids[i], SECRET));
    }
  g_test_assert_expected_messages ();
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/signature/value", test_value);
  g_test_add_func ("/core/signature/every-field", test_every_field);
  g_test_add_func ("/core/signature/other-fields", test_other_fields);
  g_test_add_func ("/core/signature/kind", test_kind);
  g_test_add_func ("/core/signature/absent", test_absent);
  g_test_add_func ("/core/signature/boundaries", test_boundaries);
  g_test_add_func ("/core/signature/keys", test_keys);
  g_test_add_func ("/core/signature/malformed", test_malformed);
  g_test_add_func ("/core/signature/weak", test_weak);
  return g_test_run ();
}
