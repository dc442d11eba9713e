/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What later records made of a message: the `state` and `moderator` members, and roles. */
#include "core/chat-core-error.h"
#include "core/chat-message-codec.h"
#include "core/chat-role.h"
#include "core/chat-time.h"

#include <string.h>

#define NEEDED "\"author\":\"ana\",\"data\":\"hola\",\"timestamp\":\"2026-11-20T10:10:10.000Z\""

static ChatMessage *
decode (const char *text)
{
  g_autoptr (GError) error = NULL;
  ChatMessage *message = chat_message_decode (text, strlen (text), &error);

  g_assert_no_error (error);
  return message;
}

static void
assert_same_text (const ChatMessage *message, const char *expected)
{
  g_autoptr (GString) buffer = g_string_new (NULL);

  chat_message_encode_append (message, buffer);
  g_assert_cmpstr (buffer->str, ==, expected);
}

static void
test_round_trip (void)
{
  static const char text[] = "{\"kind\":\"message\"," NEEDED ",\"moderator\":true,"
                             "\"state\":{\"edited\":\"2026-11-20T10:11:00.000Z\",\"deleted\":\"2026-11-20T10:12:"
                             "00.500Z\",\"deleted_by\":\"eva\",\"reactions\":[{\"id\":\"r1\",\"author\":\"luis\","
                             "\"emoji\":\"👍\"},{\"id\":\"r2\",\"author\":\"eva\",\"emoji\":\"❤️\"}],\"seq\":9}}";
  g_autoptr (ChatMessage) message = decode (text), copy = NULL;
  const ChatMessageState *state;
  const ChatReaction *reaction;

  copy = chat_message_copy (message);
  assert_same_text (message, text);
  assert_same_text (copy, text);
  chat_message_take_state (message, NULL);
  g_assert_null (chat_message_get_state (message));
  state = chat_message_get_state (copy);
  reaction = g_ptr_array_index (state->reactions, 1);
  g_assert_true (chat_message_get_moderator (copy));
  g_assert_cmpint (state->deleted - state->edited, ==, 60500);
  g_assert_cmpstr (state->deleted_by, ==, "eva");
  g_assert_cmpint (state->seq, ==, 9);
  g_assert_cmpuint (state->reactions->len, ==, 2);
  g_assert_cmpstr (reaction->id, ==, "r2");
  g_assert_cmpstr (reaction->author, ==, "eva");
  g_assert_cmpstr (reaction->emoji, ==, "❤️");
}

static void
test_absent (void)
{
  g_autoptr (ChatMessage) message = decode ("{" NEEDED ",\"moderator\":false,\"state\":null}");
  g_autoptr (ChatMessage) empty = decode ("{" NEEDED ",\"state\":{}}");

  g_assert_false (chat_message_get_moderator (message));
  g_assert_null (chat_message_get_state (message));
  g_assert_cmpint (chat_message_get_state (empty)->edited, ==, CHAT_TIME_UNKNOWN);
  g_assert_cmpint (chat_message_get_state (empty)->deleted, ==, CHAT_TIME_UNKNOWN);
  g_assert_cmpuint (chat_message_get_state (empty)->reactions->len, ==, 0);
}

/* A text may be missing only where the state says that it was deleted. */
static void
test_deleted (void)
{
  static const char gone[] = "{\"author\":\"ana\",\"data\":\"\",\"timestamp\":1,\"state\":{\"deleted\":"
                             "\"2026-11-20T10:12:00Z\"}}";
  static const char edited[] = "{\"author\":\"ana\",\"data\":\"\",\"timestamp\":1,\"state\":{\"edited\":"
                               "\"2026-11-20T10:12:00Z\"}}";
  g_autoptr (ChatMessage) message = decode (gone);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (chat_message_get_data (message), ==, "");
  g_assert_null (chat_message_decode (edited, strlen (edited), &error));
  g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID);
}

static void
test_wrong (void)
{
  static const char *const wrong[] = {
    "\"state\":1",
    "\"state\":[]",
    "\"moderator\":1",
    "\"state\":{\"edited\":\"yesterday\"}",
    "\"state\":{\"edited\":5}",
    "\"state\":{\"seq\":-1}",
    "\"state\":{\"seq\":\"1\"}",
    "\"state\":{\"deleted_by\":\"\"}",
    "\"state\":{\"reactions\":{}}",
    "\"state\":{\"reactions\":[1]}",
    "\"state\":{\"reactions\":[{\"id\":\"r\",\"author\":\"ana\"}]}",
    "\"state\":{\"reactions\":[{\"id\":\"r\",\"author\":\"\",\"emoji\":\"x\"}]}",
    "\"state\":{\"reactions\":[{\"author\":\"ana\",\"emoji\":\"x\"}]}",
    "\"state\":{\"reactions\":[{\"id\":\"r\",\"author\":\"ana\",\"emoji\":\"\"}]}",
    "\"state\":{},\"state\":{}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *text = g_strdup_printf ("{%s,%s}", NEEDED, wrong[i]);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", wrong[i]);
      g_assert_null (chat_message_decode (text, strlen (text), &error));
      g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, strstr (wrong[i], "moderator") ? "“moderator”" : "“state”"));
    }
}

static void
test_too_many (void)
{
  for (guint n = CHAT_REACTIONS_MAX; n <= CHAT_REACTIONS_MAX + 1; n++)
    {
      g_autoptr (GString) text = g_string_new ("{" NEEDED ",\"state\":{\"reactions\":[");
      g_autoptr (ChatMessage) message = NULL;
      g_autoptr (GError) error = NULL;

      for (guint i = 0; i < n; i++)
        g_string_append_printf (text, "%s{\"id\":\"r%u\",\"author\":\"ana\",\"emoji\":\"x\"}", i > 0 ? "," : "", i);
      g_string_append (text, "]}}");
      message = chat_message_decode (text->str, text->len, &error);
      g_assert_cmpint (message != NULL, ==, n == CHAT_REACTIONS_MAX);
      g_assert_cmpint (error == NULL, ==, n == CHAT_REACTIONS_MAX);
    }
}

static void
test_roles (void)
{
  ChatRole role = CHAT_ROLE_MEMBER;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < CHAT_N_ROLES; i++)
    {
      g_assert_true (chat_role_from_string (chat_role_to_string ((ChatRole)i), &role, NULL));
      g_assert_cmpint (role, ==, i);
    }
  g_assert_false (chat_role_from_string ("Admin", &role, &error));
  g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "“Admin”"));
  g_assert_cmpint (role, ==, CHAT_ROLE_ADMIN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/message-state/round-trip", test_round_trip);
  g_test_add_func ("/core/message-state/absent", test_absent);
  g_test_add_func ("/core/message-state/deleted", test_deleted);
  g_test_add_func ("/core/message-state/wrong", test_wrong);
  g_test_add_func ("/core/message-state/too-many", test_too_many);
  g_test_add_func ("/core/role", test_roles);
  return g_test_run ();
}
