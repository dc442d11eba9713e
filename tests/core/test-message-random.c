/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Properties of the codec over messages and texts drawn at random; --seed of the failing run brings them back. */
#include "core/chat-message-codec.h"

#include "core/chat-json.h"
#include "core/chat-time.h"

#include "core-test.h"

#define ROUNDS 3000
#define BROKEN_ROUNDS 20000

static const char *const alphabet[] = { "a", "Z", "0", " ", "\"", "\\",     "/",      "\n", "\t", "{",
                                        "}", "ñ", "€", "𝄞", "👍",  "\u202e", "\u200b", "é",  "<",  "\u2028" };

static char *
random_text (guint longest)
{
  GString *text = g_string_new ("x");
  guint n = (guint)g_test_rand_int_range (0, (gint32)longest);

  while (n-- > 0)
    g_string_append (text, alphabet[g_test_rand_int_range (0, G_N_ELEMENTS (alphabet))]);
  return g_string_free (text, FALSE);
}

static gboolean
maybe (void)
{
  return g_test_rand_bit ();
}

static void
set_random (ChatMessage *message, void (*setter) (ChatMessage *, const char *), const char *const *choices, guint n)
{
  if (maybe ())
    setter (message, choices[g_test_rand_int_range (0, (gint32)n)]);
}

static void
add_note (ChatMessage *message)
{
  g_autoptr (GArray) spans = g_array_new (FALSE, FALSE, sizeof (ChatSpan));
  g_autofree char *rule = maybe () ? random_text (20) : NULL;
  glong chars = g_utf8_strlen (chat_message_get_data (message), -1);

  for (glong i = 0; i + 1 < chars && maybe (); i += 2)
    {
      ChatSpan span = { (guint)i, (guint)g_test_rand_int_range (1, (gint32)(chars - i)) };

      g_array_append_val (spans, span);
    }
  chat_message_take_moderation (message,
                                chat_moderation_note_new (rule, spans, maybe (), (guint)g_test_rand_int_range (0, 9)));
}

static gint64
random_time (void)
{
  return (gint64)g_test_rand_double_range (-62167219200000.0, 253402300799999.0);
}

/* A message with all that any kind needs, and perhaps more. */
static ChatMessage *
random_message (void)
{
  static const char *const ids[] = { "a", "0190a6c2-7c1e-7a44-9d0a-1f2e3d4c5b6a", "A.b_c:d-9" };
  static const char *const channels[] = { "general", "0", "a.b_c-d", "dm.4jc2f3eclfolws7qxwwbzt6fng" };
  static const char *const users[] = { "ana", "Ana María", "李小龍", "ana (kafka)", "\"\\'" };
  ChatMessage *message = chat_message_new ((ChatMessageKind)g_test_rand_int_range (0, CHAT_KIND_UNKNOWN));
  g_autofree char *data = random_text (60);
  g_autofree char *reason = random_text (20);

  chat_message_set_channel (message, channels[g_test_rand_int_range (0, G_N_ELEMENTS (channels))]);
  chat_message_set_target (message, ids[g_test_rand_int_range (0, G_N_ELEMENTS (ids))]);
  chat_message_set_author (message, users[g_test_rand_int_range (0, G_N_ELEMENTS (users))]);
  chat_message_set_user (message, users[g_test_rand_int_range (0, G_N_ELEMENTS (users))]);
  chat_message_set_data (message, data);
  chat_message_set_timestamp (message, random_time ());
  set_random (message, chat_message_set_id, ids, G_N_ELEMENTS (ids));
  set_random (message, chat_message_set_reply_to, ids, G_N_ELEMENTS (ids));
  set_random (message, chat_message_set_reason, (const char *const *)&reason, 1);
  chat_message_set_bot (message, maybe ());
  if (maybe ())
    chat_message_set_sent (message, random_time ());
  if (maybe ())
    chat_message_set_seq (message, g_test_rand_int_range (1, G_MAXINT32));
  if (maybe ())
    add_note (message);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    if (i == 0 || maybe ())
      chat_message_add_receipt (message, ids[i], g_test_rand_int_range (1, G_MAXINT32));
  return message;
}

static void
assert_same_note (const ChatModerationNote *a, const ChatModerationNote *b)
{
  g_assert_cmpint (a == NULL, ==, b == NULL);
  if (a == NULL)
    return;
  g_assert_cmpstr (a->rule, ==, b->rule);
  g_assert_cmpuint (a->strike, ==, b->strike);
  g_assert_cmpuint (a->limit, ==, b->limit);
  g_assert_cmpmem (a->spans->data, a->spans->len * sizeof (ChatSpan), b->spans->data,
                   b->spans->len * sizeof (ChatSpan));
}

/* By the getters: what an encoder forgot, the texts would not show. */
static void
assert_same (const ChatMessage *a, const ChatMessage *b)
{
  GHashTable *receipts = chat_message_get_receipts (b);
  GHashTableIter iter;
  gpointer id, seq;

  g_assert_true (chat_message_equal_content (a, b));
  g_assert_cmpstr (chat_message_get_id (a), ==, chat_message_get_id (b));
  g_assert_cmpstr (chat_message_get_user (a), ==, chat_message_get_user (b));
  g_assert_cmpstr (chat_message_get_reason (a), ==, chat_message_get_reason (b));
  g_assert_cmpint (chat_message_get_timestamp (a), ==, chat_message_get_timestamp (b));
  g_assert_cmpint (chat_message_get_sent (a), ==, chat_message_get_sent (b));
  g_assert_cmpint (chat_message_get_seq (a), ==, chat_message_get_seq (b));
  g_assert_cmpint (chat_message_get_bot (a), ==, chat_message_get_bot (b));
  assert_same_note (chat_message_get_moderation (a), chat_message_get_moderation (b));
  g_assert_cmpint (chat_message_get_receipts (a) == NULL, ==, receipts == NULL);
  if (receipts == NULL)
    return;
  g_assert_cmpuint (g_hash_table_size (chat_message_get_receipts (a)), ==, g_hash_table_size (receipts));
  g_hash_table_iter_init (&iter, chat_message_get_receipts (a));
  while (g_hash_table_iter_next (&iter, &id, &seq))
    g_assert_cmpint (*(gint64 *)seq, ==, *(gint64 *)g_hash_table_lookup (receipts, id));
}

static ChatMessage *
decode (GBytes *bytes, GError **error)
{
  return chat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
}

static void
test_round_trip (void)
{
  for (guint i = 0; i < ROUNDS; i++)
    {
      g_autoptr (ChatMessage) message = random_message ();
      g_autoptr (GBytes) bytes = chat_message_encode (message);
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatMessage) back = decode (bytes, &error);
      g_autoptr (GBytes) again = NULL;

      if (back == NULL)
        g_error ("%.*s: %s", (int)g_bytes_get_size (bytes), (const char *)g_bytes_get_data (bytes, NULL),
                 error->message);
      assert_same (message, back);
      again = chat_message_encode (back);
      g_assert_true (g_bytes_equal (bytes, again));
    }
}

/* The same through json-glib's own parser and generator: what we write, others read, and the reverse. */
static void
test_with_json_glib (void)
{
  for (guint i = 0; i < ROUNDS / 4; i++)
    {
      g_autoptr (ChatMessage) message = random_message ();
      g_autoptr (GBytes) bytes = chat_message_encode (message);
      g_autoptr (JsonParser) parser = json_parser_new ();
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatMessage) back = NULL;
      g_autofree char *theirs = NULL;

      json_parser_load_from_data (parser, g_bytes_get_data (bytes, NULL), (gssize)g_bytes_get_size (bytes), &error);
      g_assert_no_error (error);
      theirs = json_to_string (json_parser_get_root (parser), maybe ());
      back = chat_message_decode (theirs, strlen (theirs), &error);
      g_assert_no_error (error);
      assert_same (message, back);
    }
}

/* A record with a few bytes changed is taken or refused; what was taken can be written and taken again. */
static void
test_broken (void)
{
  static const char bytes_of_interest[] = "{}[]:,\"\\u0019.-e \n\xff\xc3truefalsn";
  guint taken = 0;

  for (guint i = 0; i < BROKEN_ROUNDS; i++)
    {
      g_autoptr (ChatMessage) message = random_message ();
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatMessage) back = NULL;

      chat_message_encode_append (message, text);
      for (guint changes = (guint)g_test_rand_int_range (1, 4); changes > 0; changes--)
        text->str[g_test_rand_int_range (0, (gint32)text->len)]
            = bytes_of_interest[g_test_rand_int_range (0, sizeof bytes_of_interest - 1)];
      back = chat_message_decode (text->str, text->len, &error);
      g_assert_cmpint (back == NULL, ==, error != NULL);
      if (back != NULL)
        {
          g_autoptr (GBytes) bytes = chat_message_encode (back);
          g_autoptr (ChatMessage) again = decode (bytes, &error);

          g_assert_no_error (error);
          assert_same (back, again);
          taken++;
        }
    }
  g_assert_cmpuint (taken, >, 0);
  g_assert_cmpuint (taken, <, BROKEN_ROUNDS);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/random/round-trip", test_round_trip);
  g_test_add_func ("/core/random/with-json-glib", test_with_json_glib);
  g_test_add_func ("/core/random/broken", test_broken);
  return g_test_run ();
}
