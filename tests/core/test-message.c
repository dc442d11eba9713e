/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-message.h"

#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"

#include <string.h>

static void
test_kinds (void)
{
  for (guint kind = 0; kind < CHAT_KIND_UNKNOWN; kind++)
    {
      const char *name = chat_message_kind_to_string ((ChatMessageKind)kind);

      g_assert_nonnull (name);
      g_assert_cmpint (chat_message_kind_from_string (name), ==, kind);
      g_assert_cmpint (chat_message_kind_is_of_service (kind), ==,
                       strstr (" warning block unblock refused receipt rules control ", name) != NULL);
    }
  g_assert_null (chat_message_kind_to_string (CHAT_KIND_UNKNOWN));
  g_assert_cmpint (chat_message_kind_from_string ("poll"), ==, CHAT_KIND_UNKNOWN);
  g_assert_cmpint (chat_message_kind_from_string ("Message"), ==, CHAT_KIND_UNKNOWN);
  g_assert_cmpint (chat_message_kind_from_string (""), ==, CHAT_KIND_UNKNOWN);
}

static void
test_empty (void)
{
  g_autoptr (ChatMessage) message = chat_message_new (CHAT_KIND_JOIN);

  g_assert_cmpint (chat_message_get_kind (message), ==, CHAT_KIND_JOIN);
  g_assert_null (chat_message_get_id (message));
  g_assert_null (chat_message_get_author (message));
  g_assert_cmpint (chat_message_get_timestamp (message), ==, CHAT_TIME_UNKNOWN);
  g_assert_cmpint (chat_message_get_sent (message), ==, CHAT_TIME_UNKNOWN);
  g_assert_cmpint (chat_message_get_seq (message), ==, 0);
  g_assert_false (chat_message_get_bot (message));
  g_assert_null (chat_message_get_moderation (message));
  g_assert_null (chat_message_get_receipts (message));
  g_assert_null (chat_message_get_extra (message));
}

static ChatMessage *
full_message (void)
{
  static const char text[]
      = "{\"author\":\"ana\",\"data\":\"hola\",\"timestamp\":1,\"moderation\":{\"x\":1},\"poll\":[1.50]}";
  ChatMessage *message = chat_message_decode (text, strlen (text), NULL);
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (ChatSpan));
  ChatSpan span = { 1, 2 };

  g_array_append_val (spans, span);
  chat_message_set_id (message, "i");
  chat_message_set_channel (message, "general");
  chat_message_set_author (message, "eva");
  chat_message_set_data (message, "adiós");
  chat_message_set_target (message, "t");
  chat_message_set_reply_to (message, "r");
  chat_message_set_user (message, "bob");
  chat_message_set_reason (message, "because");
  chat_message_set_timestamp (message, 1000);
  chat_message_set_sent (message, 2000);
  chat_message_set_seq (message, 3);
  chat_message_set_bot (message, 5);
  chat_message_take_moderation (message, chat_moderation_note_new ("es/x", spans, 1, 3));
  chat_message_add_receipt (message, "a", 4);
  chat_message_add_receipt (message, "b", 6);
  chat_message_add_receipt (message, "a", 5);
  return message;
}

static void
assert_full (const ChatMessage *message)
{
  const ChatModerationNote *note = chat_message_get_moderation (message);
  GHashTable *receipts = chat_message_get_receipts (message);

  g_assert_cmpstr (chat_message_get_id (message), ==, "i");
  g_assert_cmpstr (chat_message_get_channel (message), ==, "general");
  g_assert_cmpstr (chat_message_get_author (message), ==, "eva");
  g_assert_cmpstr (chat_message_get_data (message), ==, "adiós");
  g_assert_cmpstr (chat_message_get_target (message), ==, "t");
  g_assert_cmpstr (chat_message_get_reply_to (message), ==, "r");
  g_assert_cmpstr (chat_message_get_user (message), ==, "bob");
  g_assert_cmpstr (chat_message_get_reason (message), ==, "because");
  g_assert_cmpint (chat_message_get_timestamp (message), ==, 1000);
  g_assert_cmpint (chat_message_get_sent (message), ==, 2000);
  g_assert_cmpint (chat_message_get_seq (message), ==, 3);
  g_assert_cmpint (chat_message_get_bot (message), ==, TRUE);
  g_assert_cmpstr (note->rule, ==, "es/x");
  g_assert_cmpuint (note->spans->len, ==, 1);
  g_assert_cmpuint (g_array_index (note->spans, ChatSpan, 0).length, ==, 2);
  g_assert_cmpuint (note->strike, ==, 1);
  g_assert_cmpuint (note->limit, ==, 3);
  g_assert_cmpuint (g_hash_table_size (receipts), ==, 2);
  g_assert_cmpint (*(gint64 *)g_hash_table_lookup (receipts, "a"), ==, 5);
  g_assert_true (json_object_has_member (chat_message_get_extra (message), "poll"));
}

static void
test_fields (void)
{
  g_autoptr (ChatMessage) message = full_message ();

  assert_full (message);
  chat_message_set_data (message, chat_message_get_data (message));
  g_assert_cmpstr (chat_message_get_data (message), ==, "adiós");
  chat_message_set_data (message, NULL);
  g_assert_null (chat_message_get_data (message));
  chat_message_take_moderation (message, NULL);
  g_assert_null (chat_message_get_moderation (message));
}

static void
test_copy (void)
{
  g_autoptr (ChatMessage) message = full_message ();
  g_autoptr (ChatMessage) copy = chat_message_copy (message);
  g_autoptr (GBytes) a = chat_message_encode (message);
  g_autoptr (GBytes) b = chat_message_encode (copy);

  assert_full (copy);
  g_assert_true (g_bytes_equal (a, b));
  chat_message_set_data (copy, "other");
  chat_message_add_receipt (copy, "c", 9);
  g_array_set_size (chat_message_get_moderation (copy)->spans, 0);
  assert_full (message);
  g_clear_pointer (&message, chat_message_unref);
  g_assert_true (json_object_has_member (chat_message_get_extra (copy), "poll"));
}

/* A note that comes anew does not keep what the record's had beside it. */
static void
test_moderation_replaced (void)
{
  static const char text[] = "{\"kind\":\"control\",\"moderation\":{\"x\":1}}";
  g_autoptr (ChatMessage) message = chat_message_decode (text, strlen (text), NULL);
  g_autoptr (GString) buffer = g_string_new (NULL);

  chat_message_encode_append (message, buffer);
  g_assert_cmpstr (buffer->str, ==, text);
  chat_message_take_moderation (message, chat_moderation_note_new ("es/x", NULL, 0, 0));
  g_string_truncate (buffer, 0);
  chat_message_encode_append (message, buffer);
  g_assert_cmpstr (buffer->str, ==, "{\"kind\":\"control\",\"moderation\":{\"rule\":\"es/x\"}}");
}

static void
test_shared_is_not_changed (void)
{
  g_autoptr (ChatMessage) message = chat_message_new (CHAT_KIND_MESSAGE);
  ChatMessage *other = chat_message_ref (message);

  g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*is_alone*");
  chat_message_set_data (message, "x");
  g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*is_alone*");
  chat_message_set_seq (message, 1);
  g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*is_alone*");
  chat_message_add_receipt (message, "a", 1);
  g_test_assert_expected_messages ();
  g_assert_null (chat_message_get_data (message));
  chat_message_unref (other);
  chat_message_set_data (message, "x");
  g_assert_cmpstr (chat_message_get_data (message), ==, "x");
}

static void
test_only_utf8 (void)
{
  g_autoptr (ChatMessage) message = chat_message_new (CHAT_KIND_MESSAGE);

  g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*g_utf8_validate*");
  chat_message_set_data (message, "\xff");
  g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*chat_time_is_valid*");
  chat_message_set_sent (message, G_MAXINT64);
  g_test_assert_expected_messages ();
  g_assert_null (chat_message_get_data (message));
}

static void
test_equal_content (void)
{
  g_autoptr (ChatMessage) message = full_message ();
  void (*const changes[]) (ChatMessage *, const char *)
      = { chat_message_set_author, chat_message_set_channel, chat_message_set_data, chat_message_set_target,
          chat_message_set_reply_to };
  void (*const others[]) (ChatMessage *, const char *) = { chat_message_set_id, chat_message_set_reason };

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autoptr (ChatMessage) copy = chat_message_copy (message);

      g_assert_true (chat_message_equal_content (message, copy));
      changes[i](copy, "other");
      g_assert_false (chat_message_equal_content (message, copy));
      changes[i](copy, NULL);
      g_assert_false (chat_message_equal_content (message, copy));
    }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr (ChatMessage) copy = chat_message_copy (message);

      others[i](copy, "other");
      chat_message_set_timestamp (copy, 77);
      chat_message_set_seq (copy, 77);
      g_assert_true (chat_message_equal_content (message, copy));
    }
}

static void
test_equal_kinds (void)
{
  static const char *const texts[] = { "{\"kind\":\"poll\"}", "{\"kind\":\"vote\"}", "{\"kind\":\"control\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    for (guint j = 0; j < G_N_ELEMENTS (texts); j++)
      {
        g_autoptr (ChatMessage) a = chat_message_decode (texts[i], strlen (texts[i]), NULL);
        g_autoptr (ChatMessage) b = chat_message_decode (texts[j], strlen (texts[j]), NULL);

        g_assert_cmpint (chat_message_equal_content (a, b), ==, i == j);
      }
}

static void
test_boxed (void)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_autoptr (ChatMessage) message = chat_message_new (CHAT_KIND_MESSAGE);

  g_value_init (&value, CHAT_TYPE_MESSAGE);
  g_value_set_boxed (&value, message);
  g_assert_true (g_value_get_boxed (&value) == message);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/message/kinds", test_kinds);
  g_test_add_func ("/core/message/empty", test_empty);
  g_test_add_func ("/core/message/fields", test_fields);
  g_test_add_func ("/core/message/copy", test_copy);
  g_test_add_func ("/core/message/moderation-replaced", test_moderation_replaced);
  g_test_add_func ("/core/message/shared-is-not-changed", test_shared_is_not_changed);
  g_test_add_func ("/core/message/only-utf8", test_only_utf8);
  g_test_add_func ("/core/message/equal-content", test_equal_content);
  g_test_add_func ("/core/message/equal-kinds", test_equal_kinds);
  g_test_add_func ("/core/message/boxed", test_boxed);
  return g_test_run ();
}
