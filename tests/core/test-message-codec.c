/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-message-codec.h"

#include "core/chat-json.h"
#include "core/chat-time.h"

#include "core-test.h"

#define NEEDED "\"author\":\"ana\",\"data\":\"hola\",\"timestamp\":1000"

static ChatMessage *
decode (const char *text, GError **error)
{
  gsize length = strlen (text);
  g_autofree char *exact = g_memdup2 (text, length);

  return chat_message_decode (exact, length, error);
}

static char *
encode (const ChatMessage *message)
{
  g_autoptr (GString) buffer = g_string_new (NULL);
  g_autoptr (GBytes) bytes = chat_message_encode (message);

  chat_message_encode_append (message, buffer);
  g_assert_cmpmem (buffer->str, buffer->len, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  return g_strdup (buffer->str);
}

static void
assert_becomes (const char *text, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessage) message = decode (text, &error);
  g_autofree char *written = NULL;

  if (message == NULL)
    g_error ("%s: %s", text, error->message);
  written = encode (message);
  g_assert_cmpstr (written, ==, expected);
}

/* What is written in our own form comes back as it is. */
static void
assert_kept (const char *text)
{
  assert_becomes (text, text);
}

static void
assert_wrong (const char *text, ChatCoreError code, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessage) message = decode (text, &error);

  if (message != NULL)
    g_error ("%s was taken for a record", text);
  assert_says (&error, code, part);
}

static void
assert_invalid (const char *text, const char *part)
{
  assert_wrong (text, CHAT_CORE_ERROR_INVALID, part);
}

static void
test_smallest (void)
{
  g_autoptr (ChatMessage) message
      = decode ("{\"author\": \"ana\", \"data\": \"hola\", \"timestamp\": \"2021-10-10 10:10:10\"}", NULL);

  g_assert_cmpint (chat_message_get_kind (message), ==, CHAT_KIND_MESSAGE);
  g_assert_cmpstr (chat_message_get_author (message), ==, "ana");
  g_assert_cmpstr (chat_message_get_data (message), ==, "hola");
  g_assert_cmpint (chat_message_get_timestamp (message), ==, G_GINT64_CONSTANT (1633860610000));
  g_assert_null (chat_message_get_id (message));
  g_assert_null (chat_message_get_channel (message));
}

static void
test_every_member (void)
{
  assert_kept ("{\"id\":\"0190a6c2-7c1e-7a44-9d0a-1f2e3d4c5b6a\",\"channel\":\"general\",\"kind\":\"message\","
               "\"author\":\"ana\",\"data\":\"h\\\"o\\nla\",\"timestamp\":\"2021-10-10T10:10:10.123Z\","
               "\"sent\":\"2021-10-10T10:10:09.000Z\",\"seq\":7,\"target\":\"t\",\"reply_to\":\"r\",\"user\":\"bob\","
               "\"reason\":\"because\",\"bot\":true,\"moderation\":{\"rule\":\"es/x\",\"spans\":[[0,1],[2,3]],"
               "\"strike\":1,\"limit\":3},\"receipts\":{\"a\":1}}");
}

static void
test_every_kind (void)
{
  assert_kept ("{\"kind\":\"notice\",\"author\":\"ana\",\"data\":\"x\",\"timestamp\":\"1970-01-01T00:00:00.000Z\"}");
  assert_kept ("{\"kind\":\"edit\",\"data\":\"x\",\"target\":\"t\"}");
  assert_kept ("{\"kind\":\"delete\",\"target\":\"t\"}");
  assert_kept ("{\"kind\":\"reaction\",\"data\":\"👍\",\"target\":\"t\"}");
  assert_kept ("{\"kind\":\"attribute\",\"author\":\"ana\",\"target\":\"t\"}");
  assert_kept ("{\"kind\":\"join\",\"author\":\"ana\"}");
  assert_kept ("{\"kind\":\"leave\",\"author\":\"ana\"}");
  assert_kept ("{\"kind\":\"topic\",\"author\":\"ana\",\"data\":\"x\"}");
  assert_kept ("{\"kind\":\"topic\",\"author\":\"ana\",\"data\":\"\"}");
  assert_kept ("{\"kind\":\"read\",\"author\":\"ana\",\"seq\":0}");
  assert_kept ("{\"kind\":\"warning\",\"target\":\"t\",\"user\":\"ana\"}");
  assert_kept ("{\"kind\":\"block\",\"target\":\"t\",\"user\":\"ana\"}");
  assert_kept ("{\"kind\":\"unblock\",\"target\":\"t\",\"user\":\"ana\"}");
  assert_kept ("{\"kind\":\"refused\",\"target\":\"t\",\"user\":\"ana\"}");
  assert_kept ("{\"channel\":\"general\",\"kind\":\"receipt\","
               "\"receipts\":{\"d\":1,\"a\":2,\"c\":3,\"b\":4,\"f\":5,\"e\":6,\"h\":7,\"g\":8}}");
  assert_kept ("{\"kind\":\"rules\"}");
  assert_kept ("{\"kind\":\"control\"}");
}

static void
test_needs (void)
{
  static const struct
  {
    const char *text;
    const char *missing;
  } cases[] = {
    { "{}", "author" },
    { "{\"data\":\"x\",\"timestamp\":1}", "author" },
    { "{\"author\":\"a\",\"timestamp\":1}", "data" },
    { "{\"author\":\"a\",\"data\":\"x\"}", "timestamp" },
    { "{\"author\":\"a\",\"data\":null,\"timestamp\":1}", "data" },
    { "{\"author\":\"a\",\"data\":\"x\",\"timestamp\":null}", "timestamp" },
    { "{\"kind\":\"notice\",\"author\":\"a\",\"data\":\"x\"}", "timestamp" },
    { "{\"kind\":\"edit\",\"data\":\"x\"}", "target" },
    { "{\"kind\":\"edit\",\"target\":\"t\"}", "data" },
    { "{\"kind\":\"delete\"}", "target" },
    { "{\"kind\":\"reaction\",\"target\":\"t\"}", "data" },
    { "{\"kind\":\"reaction\",\"data\":\"x\"}", "target" },
    { "{\"kind\":\"attribute\",\"target\":\"t\"}", "author" },
    { "{\"kind\":\"attribute\",\"target\":\"t\",\"author\":null}", "author" },
    { "{\"kind\":\"attribute\",\"author\":\"a\"}", "target" },
    { "{\"kind\":\"join\"}", "author" },
    { "{\"kind\":\"leave\"}", "author" },
    { "{\"kind\":\"topic\",\"data\":\"x\"}", "author" },
    { "{\"kind\":\"topic\",\"author\":\"a\"}", "data" },
    { "{\"kind\":\"read\",\"seq\":1}", "author" },
    { "{\"kind\":\"read\",\"author\":\"a\"}", "seq" },
    { "{\"kind\":\"warning\",\"user\":\"a\"}", "target" },
    { "{\"kind\":\"block\",\"target\":\"t\"}", "user" },
    { "{\"kind\":\"unblock\",\"target\":\"t\"}", "user" },
    { "{\"kind\":\"refused\",\"user\":\"a\"}", "target" },
    { "{\"kind\":\"receipt\",\"channel\":\"general\"}", "receipts" },
    { "{\"kind\":\"receipt\",\"receipts\":{\"a\":1}}", "channel" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *part = g_strdup_printf ("the member “%s” is missing", cases[i].missing);

      assert_invalid (cases[i].text, part);
    }
}

static void
test_unknown_author (void)
{
  const char *text = "{\"kind\":\"message\",\"author\":null,\"data\":\"x\",\"timestamp\":\"1970-01-01T00:00:00.000Z\"}";
  g_autoptr (ChatMessage) message = decode (text, NULL);

  g_assert_null (chat_message_get_author (message));
  assert_kept (text);
}

static void
test_times (void)
{
  static const struct
  {
    const char *json;
    const char *written;
  } cases[] = {
    { "\"2021-10-10T12:10:10.5+02:00\"", "2021-10-10T10:10:10.500Z" },
    { "\"2021-10-10 10:10:10\"", "2021-10-10T10:10:10.000Z" },
    { "1633860610", "2021-10-10T10:10:10.000Z" },
    { "1633860610.25", "2021-10-10T10:10:10.250Z" },
    { "1.63386061e9", "2021-10-10T10:10:10.000Z" },
    { "1633860610123", "2021-10-10T10:10:10.123Z" },
    { "0", "1970-01-01T00:00:00.000Z" },
    { "-0", "1970-01-01T00:00:00.000Z" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text
          = g_strdup_printf ("{\"kind\":\"control\",\"timestamp\":%s,\"sent\":%s}", cases[i].json, cases[i].json);
      g_autofree char *expected = g_strdup_printf ("{\"kind\":\"control\",\"timestamp\":\"%s\",\"sent\":\"%s\"}",
                                                   cases[i].written, cases[i].written);

      assert_becomes (text, expected);
    }
}

static void
test_times_wrong (void)
{
  static const char *const cases[]
      = { "-1", "1e300", "99999999999999999999", "\"\"", "\"now\"", "\"1633860610\"", "true",
          "[]", "{}",    "\"2021-10-10\"" };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *timestamp = g_strdup_printf ("{\"kind\":\"control\",\"timestamp\":%s}", cases[i]);
      g_autofree char *sent = g_strdup_printf ("{\"kind\":\"control\",\"sent\":%s}", cases[i]);

      assert_invalid (timestamp, "“timestamp”");
      assert_invalid (sent, "“sent”");
    }
  assert_invalid ("{\"kind\":\"control\",\"timestamp\":1e400}", "1e400");
  assert_wrong ("{\"kind\":\"control\",\"timestamp\":NaN}", CHAT_CORE_ERROR_NOT_JSON, "not JSON");
}

static void
test_types (void)
{
  static const char *const strings[]
      = { "id", "channel", "kind", "author", "data", "target", "reply_to", "user", "reason" };
  static const char *const wrong[] = { "1", "1.5", "true", "[]", "{}" };

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    for (guint j = 0; j < G_N_ELEMENTS (wrong); j++)
      {
        g_autofree char *text = g_strdup_printf ("{\"%s\":%s}", strings[i], wrong[j]);
        g_autofree char *part = g_strdup_printf ("the member “%s” is a", strings[i]);

        assert_invalid (text, part);
      }
  assert_invalid ("{\"seq\":\"1\"}", "“seq” is a string; it should be an integer");
  assert_invalid ("{\"seq\":1.0}", "“seq” is a number; it should be an integer");
  assert_invalid ("{\"bot\":1}", "“bot” is an integer; it should be a boolean");
  assert_invalid ("{\"bot\":\"true\"}", "“bot” is a string; it should be a boolean");
  assert_invalid ("{\"moderation\":[]}", "“moderation” is an array; it should be an object");
  assert_invalid ("{\"receipts\":[]}", "“receipts” is an array; it should be an object");
}

static void
test_values (void)
{
  assert_invalid ("{\"id\":\"\"}", "“id” should have 1–64");
  assert_invalid ("{\"id\":\"a b\"}", "“id”");
  assert_invalid ("{\"id\":\"a/b\"}", "“id”");
  assert_invalid ("{\"target\":\"\xc3\xb1\"}", "“target”");
  assert_invalid ("{\"reply_to\":\"01234567890123456789012345678901234567890123456789012345678901234\"}", "“reply_to”");
  assert_invalid ("{\"channel\":\"General\"}", "“channel”");
  assert_invalid ("{\"channel\":\"\"}", "“channel”");
  assert_invalid ("{\"kind\":\"\"}", "“kind” is empty");
  assert_invalid ("{\"author\":\"\"}", "“author”");
  assert_invalid ("{\"author\":\"a\u202e\"}", "U+202E");
  assert_invalid ("{\"user\":\"a\\nb\"}", "U+000A");
  assert_invalid ("{\"author\":\"a\",\"data\":\"\",\"timestamp\":1}", "“data” is empty");
  assert_invalid ("{\"data\":\"a\\u001bb\"}", "U+001B");
  assert_invalid ("{\"data\":\"a\\rb\"}", "U+000D");
  assert_invalid ("{\"reason\":\"\"}", "“reason”");
  assert_invalid ("{\"seq\":-1}", "“seq” should be from 0");
  assert_invalid ("{\"seq\":9007199254740993}", "“seq”");
  assert_invalid ("{\"seq\":18446744073709551617}", "“seq”");
  assert_becomes (
      "{" NEEDED ",\"seq\":0,\"bot\":false,\"id\":null,\"moderation\":null}",
      "{\"kind\":\"message\",\"author\":\"ana\",\"data\":\"hola\",\"timestamp\":\"1970-01-01T00:16:40.000Z\"}");
}

/* Text is people's own: only what a terminal would obey is kept out. */
static void
test_text_is_free (void)
{
  assert_kept (
      "{\"kind\":\"edit\",\"data\":\"\u202egnp.exe \u200b\ufeff 👨‍👩‍👧 \\t\\n <b>\",\"target\":\"t\"}");
}

static void
test_limits (void)
{
  g_autoptr (GString) text = g_string_new ("{\"kind\":\"edit\",\"target\":\"t\",\"data\":\"");
  g_autoptr (ChatMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  gsize start = text->len;

  for (guint i = 0; i < 8000; i++)
    g_string_append (text, "👍");
  g_string_append (text, "\"}");
  message = decode (text->str, &error);
  g_assert_no_error (error);
  g_string_insert (text, (gssize)start, "x");
  assert_wrong (text->str, CHAT_CORE_ERROR_TOO_LARGE, "the member “data”: a text has at most 8000");
  g_string_truncate (text, start);
  for (guint i = 0; i < CHAT_RECORD_GROWN_BYTES; i++)
    g_string_append_c (text, 'x');
  assert_wrong (text->str, CHAT_CORE_ERROR_TOO_LARGE, "131072");
}

static void
test_moderation (void)
{
  g_autoptr (ChatMessage) message
      = decode ("{" NEEDED ",\"moderation\":{\"rule\":\"es/x\",\"spans\":[[0,1],[1,3]],\"strike\":2,\"limit\":3}}",
                NULL);
  const ChatModerationNote *note = chat_message_get_moderation (message);

  g_assert_cmpstr (note->rule, ==, "es/x");
  g_assert_cmpuint (note->spans->len, ==, 2);
  g_assert_cmpuint (g_array_index (note->spans, ChatSpan, 1).start, ==, 1);
  g_assert_cmpuint (g_array_index (note->spans, ChatSpan, 1).length, ==, 3);
  g_assert_cmpuint (note->strike, ==, 2);
  g_assert_cmpuint (note->limit, ==, 3);
  assert_kept ("{\"kind\":\"warning\",\"target\":\"t\",\"user\":\"a\",\"moderation\":{}}");
  assert_kept ("{\"kind\":\"warning\",\"target\":\"t\",\"user\":\"a\",\"moderation\":{\"strike\":1,\"limit\":3,"
               "\"appeal\":{\"open\":[1,2.5]},\"x\":null}}");
}

static void
test_moderation_wrong (void)
{
  static const char *const cases[] = {
    "{\"rule\":1}",
    "{\"spans\":{}}",
    "{\"spans\":[1]}",
    "{\"spans\":[[]]}",
    "{\"spans\":[[1]]}",
    "{\"spans\":[[1,2,3]]}",
    "{\"spans\":[[-1,1]]}",
    "{\"spans\":[[0,0]]}",
    "{\"spans\":[[0,1.5]]}",
    "{\"spans\":[[0,\"1\"]]}",
    "{\"spans\":[[0,8001]]}",
    "{\"spans\":[[8000,1]]}",
    "{\"spans\":[[3,2]]}",
    "{\"strike\":-1}",
    "{\"strike\":\"1\"}",
    "{\"limit\":3000000000}",
    "{\"limit\":null,\"limit\":1}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("{" NEEDED ",\"moderation\":%s}", cases[i]);

      assert_invalid (text, "“moderation”");
    }
  assert_invalid ("{" NEEDED ",\"moderation\":{\"spans\":[[3,2]]}}", "beyond the 4 characters of “data”");
}

static void
test_receipts (void)
{
  g_autoptr (ChatMessage) message
      = decode ("{\"kind\":\"receipt\",\"channel\":\"general\",\"receipts\":{\"a\":1,\"b\":9007199254740992}}", NULL);
  GHashTable *receipts = chat_message_get_receipts (message);

  g_assert_cmpuint (g_hash_table_size (receipts), ==, 2);
  g_assert_cmpint (*(gint64 *)g_hash_table_lookup (receipts, "b"), ==, G_GINT64_CONSTANT (9007199254740992));
  assert_invalid ("{\"receipts\":{}}", "“receipts” is empty");
  assert_invalid ("{\"receipts\":{\"a\":0}}", "“receipts”");
  assert_invalid ("{\"receipts\":{\"a\":-1}}", "“receipts”");
  assert_invalid ("{\"receipts\":{\"a\":null}}", "“receipts”");
  assert_invalid ("{\"receipts\":{\"a\":\"1\"}}", "“receipts”");
  assert_invalid ("{\"receipts\":{\"\":1}}", "“receipts”");
  assert_invalid ("{\"receipts\":{\"a b\":1}}", "“receipts”");
  assert_invalid ("{\"receipts\":{\"a\":1,\"a\":2}}", "twice");
}

static void
test_twice (void)
{
  assert_invalid ("{" NEEDED ",\"author\":\"bob\"}", "the member “author” is there twice");
  assert_invalid ("{" NEEDED ",\"\\u0061uthor\":\"bob\"}", "the member “author” is there twice");
  assert_invalid ("{" NEEDED ",\"data\":null}", "the member “data” is there twice");
  assert_invalid ("{" NEEDED ",\"x\":1,\"x\":1}", "the member “x” is there twice");
  assert_invalid ("{" NEEDED ",\"x\":1,\"\\u0078\":1}", "the member “x” is there twice");
  assert_invalid ("{" NEEDED ",\"x\":[{\"y\":1,\"y\":1}]}", "the member “y” is there twice");
  assert_invalid ("{\"kind\":\"a\",\"kind\":\"b\"}", "the member “kind” is there twice");
}

static void
test_escaped_names (void)
{
  assert_becomes ("{\"\\u006bind\":\"\\u0063ontrol\",\"i\\u0064\":\"x\"}", "{\"id\":\"x\",\"kind\":\"control\"}");
}

/* Unknown members keep every digit and escape; only white space goes. */
static void
test_unknown_members (void)
{
  assert_becomes ("{ \"x\" : [ 1 , 1.50, 1E5 ,-0.0, { \"y z\" : \" a b \\\" \\u00e9 \" } ],\n\"kind\":\"control\", "
                  "\"n\\u006f\" : 123456789012345678901234567890 , \"z\": null }",
                  "{\"kind\":\"control\",\"x\":[1,1.50,1E5,-0.0,{\"y z\":\" a b \\\" \\u00e9 \"}],"
                  "\"n\\u006f\":123456789012345678901234567890,\"z\":null}");
  assert_becomes ("{\"kind\":\"control\",\"x\":\"\\\\\",\"y\":[\"\\\\\", \"]\"]}",
                  "{\"kind\":\"control\",\"x\":\"\\\\\",\"y\":[\"\\\\\",\"]\"]}");
}

static void
test_unknown_kind (void)
{
  g_autoptr (ChatMessage) message = decode ("{\"kind\":\"poll\",\"id\":\"i\",\"options\":[\"a\"]}", NULL);
  const char *name = NULL;

  g_assert_cmpint (chat_message_get_kind (message), ==, CHAT_KIND_UNKNOWN);
  g_assert_cmpstr (chat_message_get_id (message), ==, "i");
  g_assert_true (chat_json_get_string (chat_message_get_extra (message), "kind", TRUE, &name, NULL));
  g_assert_cmpstr (name, ==, "poll");
  assert_kept ("{\"id\":\"i\",\"kind\":\"poll\",\"options\":[\"a\"]}");
  assert_kept ("{\"kind\":\"\\u00e9\"}");
}

static void
test_not_a_record (void)
{
  g_autoptr (GError) error = NULL;

  assert_wrong ("", CHAT_CORE_ERROR_NOT_JSON, "it ends");
  assert_wrong ("hola", CHAT_CORE_ERROR_NOT_JSON, "byte 0");
  assert_wrong ("[]", CHAT_CORE_ERROR_NOT_JSON, "an object");
  assert_wrong ("{" NEEDED "}{}", CHAT_CORE_ERROR_NOT_JSON, "the end");
  assert_wrong ("{" NEEDED ",}", CHAT_CORE_ERROR_NOT_JSON, "a member");
  assert_wrong ("{\"author\":1,\"data\":", CHAT_CORE_ERROR_NOT_JSON, "it ends");
  assert_wrong ("{\"data\":\"\xff\"}", CHAT_CORE_ERROR_NOT_UTF8, "byte 9");
  assert_invalid ("{\"data\":\"\\u0000\"}", "NUL");
  assert_invalid ("{\"data\":\"\\ud800\"}", "surrogate");
  g_assert_null (chat_message_decode ("{}\0", 3, &error));
  assert_says (&error, CHAT_CORE_ERROR_NOT_UTF8, "NUL");
  g_assert_null (chat_message_decode (NULL, 0, &error));
  assert_says (&error, CHAT_CORE_ERROR_NOT_JSON, "it ends");
}

static void
test_deep (void)
{
  g_autoptr (GString) text = g_string_new ("{\"x\":");

  for (guint i = 0; i < 65000; i++)
    g_string_append_c (text, '[');
  assert_invalid (text->str, "nested more than 32 deep");
  g_string_assign (text, "{\"kind\":\"control\",\"x\":");
  for (guint i = 1; i < CHAT_RECORD_MAX_DEPTH; i++)
    g_string_append_c (text, '[');
  for (guint i = 1; i < CHAT_RECORD_MAX_DEPTH; i++)
    g_string_append_c (text, ']');
  g_string_append_c (text, '}');
  assert_kept (text->str);
}

static ChatMessage *
decode_foreign (const char *text, GError **error)
{
  ChatMessageHints hints = { .channel = "random", .id = "hinted", .timestamp = 5 };

  return chat_message_decode_foreign (text, strlen (text), &hints, error);
}

static void
test_foreign_hints (void)
{
  g_autoptr (ChatMessage) silent = decode_foreign ("{\"author\":\"ana\",\"data\":\"x\"}", NULL);
  g_autoptr (ChatMessage) telling = decode_foreign ("{" NEEDED ",\"id\":\"own\",\"channel\":\"general\"}", NULL);

  g_assert_cmpstr (chat_message_get_id (silent), ==, "hinted");
  g_assert_cmpstr (chat_message_get_channel (silent), ==, "random");
  g_assert_cmpint (chat_message_get_timestamp (silent), ==, 5);
  g_assert_cmpstr (chat_message_get_id (telling), ==, "own");
  g_assert_cmpstr (chat_message_get_channel (telling), ==, "general");
  g_assert_cmpint (chat_message_get_timestamp (telling), ==, 1000000);
}

static void
test_foreign_without_hints (void)
{
  static const gint64 no_times[] = { CHAT_TIME_UNKNOWN, G_MAXINT64 };
  const char *text = "{\"author\":\"ana\",\"data\":\"x\"}";

  for (guint i = 0; i < G_N_ELEMENTS (no_times); i++)
    {
      ChatMessageHints hints = { .timestamp = no_times[i] };
      gint64 before = chat_time_now ();
      g_autoptr (ChatMessage) message = chat_message_decode_foreign (text, strlen (text), &hints, NULL);

      g_assert_null (chat_message_get_id (message));
      g_assert_cmpstr (chat_message_get_channel (message), ==, "general");
      g_assert_cmpint (chat_message_get_timestamp (message), >=, before);
    }
}

static void
test_foreign_wrong_hints (void)
{
  ChatMessageHints channel = { .channel = "Chat Topic", .timestamp = 1 };
  ChatMessageHints id = { .id = "a b", .timestamp = 1 };
  g_autoptr (GError) error = NULL;

  g_assert_null (chat_message_decode_foreign ("x", 1, &channel, &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "Chat Topic");
  g_assert_null (chat_message_decode_foreign ("x", 1, &id, &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "“id”");
}

static void
test_foreign_text (void)
{
  static const char *const texts[] = { "hola", "[1,2]", "\"hola\"", "1", "{oops", "{" NEEDED "} trailing", "ñ\tb" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *line = g_strconcat (texts[i], "\r\n", NULL);
      g_autoptr (ChatMessage) message = decode_foreign (line, &error);
      g_autofree char *written = NULL;
      g_autoptr (ChatMessage) again = NULL;

      g_assert_no_error (error);
      g_assert_cmpint (chat_message_get_kind (message), ==, CHAT_KIND_MESSAGE);
      g_assert_null (chat_message_get_author (message));
      g_assert_cmpstr (chat_message_get_data (message), ==, texts[i]);
      g_assert_cmpstr (chat_message_get_id (message), ==, "hinted");
      written = encode (message);
      again = decode (written, &error);
      g_assert_no_error (error);
      g_assert_true (chat_message_equal_content (message, again));
    }
}

static void
test_foreign_wrong (void)
{
  static const struct
  {
    const char *text;
    ChatCoreError code;
    const char *part;
  } cases[] = {
    { "", CHAT_CORE_ERROR_INVALID, "empty" },
    { "\n\n", CHAT_CORE_ERROR_INVALID, "empty" },
    { "a\x1b[0m", CHAT_CORE_ERROR_INVALID, "U+001B" },
    { "a\xff", CHAT_CORE_ERROR_NOT_UTF8, "byte 1" },
    { "{}", CHAT_CORE_ERROR_INVALID, "“author”" },
    { "{\"data\":\"x\"}", CHAT_CORE_ERROR_INVALID, "“author”" },
    { "{\"author\":1,\"data\":\"x\"}", CHAT_CORE_ERROR_INVALID, "“author”" },
    { "{\"author\":\"a\",\"data\":\"x\",\"timestamp\":\"now\"}", CHAT_CORE_ERROR_INVALID, "“timestamp”" },
    { "{\"author\":\"a\",\"data\":\"\\u0000\"}", CHAT_CORE_ERROR_INVALID, "NUL" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (decode_foreign (cases[i].text, &error));
      assert_says (&error, cases[i].code, cases[i].part);
    }
}

static void
test_foreign_size (void)
{
  g_autoptr (GString) text = g_string_new ("{" NEEDED ",\"x\":\"");
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessage) message = NULL;
  g_autofree char *written = NULL;

  while (text->len < CHAT_RECORD_MAX_BYTES - 2)
    g_string_append_c (text, 'x');
  g_string_append (text, "\"}");
  message = decode_foreign (text->str, &error);
  g_assert_no_error (error);
  /* It grows on the way, and is still taken. */
  written = encode (message);
  g_assert_cmpuint (strlen (written), >, CHAT_RECORD_MAX_BYTES);
  g_clear_pointer (&message, chat_message_unref);
  message = decode (written, &error);
  g_assert_no_error (error);

  g_string_append_c (text, ' ');
  g_assert_null (decode_foreign (text->str, &error));
  assert_says (&error, CHAT_CORE_ERROR_TOO_LARGE, "65536");
}

static void
test_object (void)
{
  static const char text[] = "{\"id\":\"i\",\"kind\":\"control\",\"seq\":3,\"x\":[1,2.5]}";
  g_autoptr (JsonObject) object = chat_json_parse_object (text, strlen (text), 8, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessage) message = chat_message_decode_object (object, &error);
  g_autoptr (JsonObject) back = NULL;
  g_autofree char *written = NULL;

  g_assert_no_error (error);
  back = chat_message_encode_object (message);
  written = chat_json_to_string (back);
  g_assert_cmpstr (written, ==, text);
  json_object_set_string_member (object, "seq", "3");
  g_assert_null (chat_message_decode_object (object, &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "“seq”");
}

static void
test_append_many (void)
{
  g_autoptr (ChatMessage) message = decode ("{\"kind\":\"poll\"}", NULL);
  g_autoptr (GString) buffer = g_string_new ("[");

  chat_message_encode_append (message, buffer);
  g_string_append_c (buffer, ',');
  chat_message_encode_append (message, buffer);
  g_string_append_c (buffer, ']');
  g_assert_cmpstr (buffer->str, ==, "[{\"kind\":\"poll\"},{\"kind\":\"poll\"}]");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/codec/smallest", test_smallest);
  g_test_add_func ("/core/codec/every-member", test_every_member);
  g_test_add_func ("/core/codec/every-kind", test_every_kind);
  g_test_add_func ("/core/codec/needs", test_needs);
  g_test_add_func ("/core/codec/unknown-author", test_unknown_author);
  g_test_add_func ("/core/codec/times", test_times);
  g_test_add_func ("/core/codec/times-wrong", test_times_wrong);
  g_test_add_func ("/core/codec/types", test_types);
  g_test_add_func ("/core/codec/values", test_values);
  g_test_add_func ("/core/codec/text-is-free", test_text_is_free);
  g_test_add_func ("/core/codec/limits", test_limits);
  g_test_add_func ("/core/codec/moderation", test_moderation);
  g_test_add_func ("/core/codec/moderation-wrong", test_moderation_wrong);
  g_test_add_func ("/core/codec/receipts", test_receipts);
  g_test_add_func ("/core/codec/twice", test_twice);
  g_test_add_func ("/core/codec/escaped-names", test_escaped_names);
  g_test_add_func ("/core/codec/unknown-members", test_unknown_members);
  g_test_add_func ("/core/codec/unknown-kind", test_unknown_kind);
  g_test_add_func ("/core/codec/not-a-record", test_not_a_record);
  g_test_add_func ("/core/codec/deep", test_deep);
  g_test_add_func ("/core/codec/foreign/hints", test_foreign_hints);
  g_test_add_func ("/core/codec/foreign/without-hints", test_foreign_without_hints);
  g_test_add_func ("/core/codec/foreign/wrong-hints", test_foreign_wrong_hints);
  g_test_add_func ("/core/codec/foreign/text", test_foreign_text);
  g_test_add_func ("/core/codec/foreign/wrong", test_foreign_wrong);
  g_test_add_func ("/core/codec/foreign/size", test_foreign_size);
  g_test_add_func ("/core/codec/object", test_object);
  g_test_add_func ("/core/codec/append-many", test_append_many);
  return g_test_run ();
}
