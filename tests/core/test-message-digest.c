/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-message-codec.h"
#include "core/chat-message-digest.h"

#include <string.h>

#include "core-test.h"

static ChatMessage *
message (void)
{
  ChatMessage *self = chat_message_new (CHAT_KIND_EDIT);

  chat_message_set_id (self, "id");
  chat_message_set_channel (self, "general");
  chat_message_set_author (self, "ana");
  chat_message_set_data (self, "hola");
  chat_message_set_target (self, "target");
  chat_message_set_timestamp (self, 1000);
  return self;
}

static gboolean
same (const ChatMessage *a, const ChatMessage *b)
{
  guint8 first[CHAT_MESSAGE_DIGEST_BYTES], second[CHAT_MESSAGE_DIGEST_BYTES];

  chat_message_digest (a, first);
  chat_message_digest (b, second);
  g_assert_cmpint (memcmp (first, second, sizeof first) == 0, ==, chat_message_equal_content (a, b));
  return memcmp (first, second, sizeof first) == 0;
}

static void
test_fields (void)
{
  g_autoptr (ChatMessage) original = message ();
  void (*const setters[]) (ChatMessage *, const char *)
      = { chat_message_set_channel, chat_message_set_author, chat_message_set_data, chat_message_set_target,
          chat_message_set_reply_to };
  static const char *const values[] = { "other", "" };

  for (guint i = 0; i < G_N_ELEMENTS (setters); i++)
    for (guint j = 0; j < G_N_ELEMENTS (values); j++)
      {
        g_autoptr (ChatMessage) copy = chat_message_copy (original);

        setters[i](copy, values[j]);
        g_assert_false (same (original, copy));
      }
}

static void
test_rest (void)
{
  g_autoptr (ChatMessage) original = message ();
  g_autoptr (ChatMessage) copy = message ();
  g_autoptr (ChatMessage) shifted = message ();

  chat_message_set_id (copy, "another");
  chat_message_set_timestamp (copy, 2000);
  chat_message_set_seq (copy, 7);
  g_assert_true (same (original, copy));
  chat_message_set_author (shifted, "anag");
  chat_message_set_channel (shifted, "eneral");
  g_assert_false (same (original, shifted));
}

/* Kinds that this version does not know are kept apart too. */
static void
test_unknown_kinds (void)
{
  static const char one[] = "{\"id\":\"a\",\"kind\":\"one\",\"author\":\"ana\"}";
  static const char two[] = "{\"id\":\"a\",\"kind\":\"two\",\"author\":\"ana\"}";
  g_autoptr (ChatMessage) first = chat_message_decode (one, strlen (one), NULL);
  g_autoptr (ChatMessage) second = chat_message_decode (two, strlen (two), NULL);

  g_assert_false (same (first, second));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/message-digest/fields", test_fields);
  g_test_add_func ("/core/message-digest/rest", test_rest);
  g_test_add_func ("/core/message-digest/unknown-kinds", test_unknown_kinds);
  return g_test_run ();
}
