/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-json.h"

#include "core-test.h"

#define DEPTH 32

static JsonObject *
parse (const char *text, GError **error)
{
  /* Exactly these bytes and no NUL behind them, so that AddressSanitizer sees a read beyond the end. */
  gsize length = strlen (text);
  g_autofree char *exact = g_memdup2 (text, length);

  return chat_json_parse_object (exact, length, DEPTH, error);
}

static void
assert_wrong (const char *text, ChatCoreError code, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = parse (text, &error);

  if (object != NULL)
    g_error ("“%s” was taken for JSON", text);
  assert_says (&error, code, part);
}

static void
assert_written (const char *text, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = parse (text, &error);
  g_autofree char *written = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_assert_no_error (error);
  written = chat_json_to_string (object);
  g_assert_cmpstr (written, ==, expected);
  bytes = chat_json_to_bytes (object);
  g_assert_cmpmem (written, strlen (written), g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
test_round_trip (void)
{
  assert_written ("{}", "{}");
  assert_written (" \t\r\n{ \"b\" : [ ] , \"a\" : { } }\n", "{\"b\":[],\"a\":{}}");
  assert_written ("{\"a\":[null,true,false,\"\",0,-1,1.5]}", "{\"a\":[null,true,false,\"\",0,-1,1.5]}");
  assert_written ("{\"\":{\"\":{}}}", "{\"\":{\"\":{}}}");
  assert_written ("\xef\xbb\xbf{}", "{}");
}

static void
test_strings (void)
{
  assert_written ("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "{\"a\":\"\\\"\\\\/\\u0008\\u000c\\n\\u000d\\t\"}");
  assert_written ("{\"a\":\"\\u00f1\\u20ac\\ud83d\\uDE00\\u001f\"}", "{\"a\":\"ñ€😀\\u001f\"}");
  assert_written ("{\"\\u0061\":\"\xe2\x80\xa8\x7f\"}", "{\"a\":\"\xe2\x80\xa8\x7f\"}");
}

static void
test_numbers (void)
{
  assert_written ("{\"a\":9223372036854775807,\"b\":-9223372036854775808}",
                  "{\"a\":9223372036854775807,\"b\":-9223372036854775808}");
  assert_written ("{\"a\":9223372036854775808}", "{\"a\":9.2233720368547758e+18}");
  assert_written ("{\"a\":1e2,\"b\":1E-2,\"c\":0.1,\"d\":-0,\"e\":-0.0,\"f\":1e-400}",
                  "{\"a\":100.0,\"b\":0.01,\"c\":0.1,\"d\":0,\"e\":-0.0,\"f\":0.0}");
  assert_written ("{\"a\":1.7976931348623157e308}", "{\"a\":1.7976931348623157e+308}");
}

static void
test_not_json (void)
{
  static const char *const cases[] = {
    "",
    " ",
    "null",
    "[]",
    "\"{}\"",
    "1",
    "hola",
    "{",
    "}",
    "{]",
    "{}}",
    "{}{}",
    "{} x",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1;\"b\":2}",
    "{a:1}",
    "{'a':1}",
    "{\"a\":'b'}",
    "{1:1}",
    "{\"a\":[1,]}",
    "{\"a\":[,1]}",
    "{\"a\":[1 2]}",
    "{\"a\":[1}",
    "{\"a\":tru}",
    "{\"a\":True}",
    "{\"a\":nul",
    "{\"a\":nullx}",
    "{\"a\":undefined}",
    "{\"a\":NaN}",
    "{\"a\":Infinity}",
    "{\"a\":-Infinity}",
    "{\"a\":+1}",
    "{\"a\":01}",
    "{\"a\":-}",
    "{\"a\":-01}",
    "{\"a\":.5}",
    "{\"a\":5.}",
    "{\"a\":5.e1}",
    "{\"a\":1e}",
    "{\"a\":1e+}",
    "{\"a\":0x10}",
    "{\"a\":1_000}",
    "{\"a\":\"",
    "{\"a\":\"b",
    "{\"a\":\"\\",
    "{\"a\":\"\\\"",
    "{\"a\":\"\\x41\"}",
    "{\"a\":\"\\'\"}",
    "{\"a\":\"\\u12\"}",
    "{\"a\":\"\\u12g4\"}",
    "{\"a\":\"\\u\"}",
    "{\"a\":\"x\ny\"}",
    "{\"a\":\"x\ty\"}",
    "{\"a\":\"x\x01y\"}",
    "{\"a\":\"x\x1fn\"}",
    "{} // comment",
    "/* comment */ {}",
    "{/* comment */}",
    "{\"a\":1} # comment",
    "var a = {}",
    "{\"a\"\v:1}",
    "{\"a\":1}\f",
    "{\"a\":\xc2\xa0 1}",
    "\xef\xbb\xbf\xef\xbb\xbf{}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_wrong (cases[i], CHAT_CORE_ERROR_NOT_JSON, "not JSON");
}

static void
test_not_json_says_where (void)
{
  assert_wrong ("{\"a\":1 x}", CHAT_CORE_ERROR_NOT_JSON, "at byte 7: “x” where “,” or “}” after a member should be");
  assert_wrong ("{\"a\":", CHAT_CORE_ERROR_NOT_JSON, "it ends where a value");
  assert_wrong ("{\"a\":\"\x1b\"}", CHAT_CORE_ERROR_NOT_JSON, "“<U+001B>”");
  assert_wrong ("{\"a\":ñ}", CHAT_CORE_ERROR_NOT_JSON, "“ñ”");
}

static void
test_not_utf8 (void)
{
  static const char *const cases[] = {
    "{\"a\":\"\xff\"}",
    "{\"a\":\"\xc3\"}",
    "{\"a\":\"\xc0\x80\"}",
    "{\"a\":\"\xed\xa0\x80\"}",
    "{\"a\":\"\xf4\x90\x80\x80\"}",
    "\xff\xfe{",
    "{}\xe2\x82",
  };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_wrong (cases[i], CHAT_CORE_ERROR_NOT_UTF8, "not valid UTF-8 at byte");
  g_assert_null (chat_json_parse_object ("{\"a\":\"b\0c\"}", 11, DEPTH, &error));
  assert_says (&error, CHAT_CORE_ERROR_NOT_UTF8, "NUL byte at byte 7");
  g_assert_null (chat_json_parse_object ("{}\0", 3, DEPTH, &error));
  assert_says (&error, CHAT_CORE_ERROR_NOT_UTF8, "NUL byte at byte 2");
  g_assert_null (chat_json_parse_object (NULL, 0, DEPTH, &error));
  assert_says (&error, CHAT_CORE_ERROR_NOT_JSON, "it ends");
}

static void
test_refused (void)
{
  assert_wrong ("{\"a\":\"\\u0000\"}", CHAT_CORE_ERROR_INVALID, "NUL");
  assert_wrong ("{\"\\u0000\":1}", CHAT_CORE_ERROR_INVALID, "NUL");
  assert_wrong ("{\"a\":\"\\ud83d\"}", CHAT_CORE_ERROR_INVALID, "surrogate");
  assert_wrong ("{\"a\":\"\\ude00\\ud83d\"}", CHAT_CORE_ERROR_INVALID, "\\ude00");
  assert_wrong ("{\"a\":\"\\ud83d\\u0041\"}", CHAT_CORE_ERROR_INVALID, "surrogate");
  assert_wrong ("{\"a\":\"\\ud83d\\ud83d\"}", CHAT_CORE_ERROR_INVALID, "surrogate");
  assert_wrong ("{\"a\":\"\\ud83dx\"}", CHAT_CORE_ERROR_INVALID, "surrogate");
  assert_wrong ("{\"a\":\"\\ud83d\\n\"}", CHAT_CORE_ERROR_INVALID, "surrogate");
  assert_wrong ("{\"a\":1e400}", CHAT_CORE_ERROR_INVALID, "1e400");
  assert_wrong ("{\"a\":[-1e400]}", CHAT_CORE_ERROR_INVALID, "-1e400");
  assert_wrong ("{\"a\":1,\"a\":1}", CHAT_CORE_ERROR_INVALID, "“a” is there twice");
  assert_wrong ("{\"a\":1,\"\\u0061\":1}", CHAT_CORE_ERROR_INVALID, "“a” is there twice");
  assert_wrong ("{\"x\":[{\"b\":{},\"b\":[]}]}", CHAT_CORE_ERROR_INVALID, "“b” is there twice");
  /* What is no JSON at all is so, whatever rule is broken before. */
  assert_wrong ("{\"a\":1e400,\"a\":\"\\u0000\"", CHAT_CORE_ERROR_NOT_JSON, "it ends");
}

static char *
nested (guint depth, const char *open, const char *inner, const char *close)
{
  GString *text = g_string_new ("{\"a\":");

  for (guint i = 1; i < depth; i++)
    g_string_append (text, open);
  g_string_append (text, inner);
  for (guint i = 1; i < depth; i++)
    g_string_append (text, close);
  g_string_append_c (text, '}');
  return g_string_free (text, FALSE);
}

static void
test_depth (void)
{
  g_autofree char *arrays = nested (DEPTH, "[", "1", "]");
  g_autofree char *objects = nested (DEPTH, "{\"a\":", "1", "}");
  g_autofree char *too_many_arrays = nested (DEPTH + 1, "[", "", "]");
  g_autofree char *too_many_objects = nested (DEPTH + 1, "{\"a\":", "1", "}");
  g_autofree char *bottomless = nested (200000, "[", "", "");

  assert_written (arrays, arrays);
  assert_written (objects, objects);
  assert_wrong (too_many_arrays, CHAT_CORE_ERROR_INVALID, "nested more than 32 deep");
  assert_wrong (too_many_objects, CHAT_CORE_ERROR_INVALID, "nested more than 32 deep");
  assert_wrong (bottomless, CHAT_CORE_ERROR_INVALID, "nested more than 32 deep");
}

/* What stands beside one another is not nested. */
static void
test_wide (void)
{
  g_autoptr (GString) text = g_string_new ("{\"a\":[{}");

  for (guint i = 0; i < 10 * DEPTH; i++)
    g_string_append (text, i % 2 == 0 ? ",[]" : ",{\"a\":[]}");
  g_string_append (text, "]}");
  assert_written (text->str, text->str);
}

/* A record full of members must not cost their square. */
static void
test_many_members (void)
{
  g_autoptr (GString) text = g_string_new ("{\"a\":1");
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 50000; i++)
    g_string_append_printf (text, ",\"%u\":1", i);
  g_string_append_c (text, '}');
  object = parse (text->str, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (json_object_get_size (object), ==, 50001);
}

static void
test_append (void)
{
  g_autoptr (GString) buffer = g_string_new (NULL);

  chat_json_append_int (buffer, 0);
  g_string_append_c (buffer, ' ');
  chat_json_append_int (buffer, G_MININT64);
  g_string_append_c (buffer, ' ');
  chat_json_append_int (buffer, G_MAXINT64);
  g_string_append_c (buffer, ' ');
  chat_json_append_string (buffer, "");
  g_string_append_c (buffer, ' ');
  chat_json_append_string (buffer, "a\"\\\x01ñ");
  g_assert_cmpstr (buffer->str, ==, "0 -9223372036854775808 9223372036854775807 \"\" \"a\\\"\\\\\\u0001ñ\"");
}

/* A tree that was built and not read may have what JSON has not. */
static void
test_write_infinity (void)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autofree char *text = NULL;

  json_object_set_double_member (object, "a", 1 / g_ascii_strtod ("0", NULL));
  text = chat_json_to_string (object);
  g_assert_cmpstr (text, ==, "{\"a\":null}");
}

static void
test_get (void)
{
  g_autoptr (JsonObject) object
      = parse ("{\"s\":\"x\",\"i\":7,\"b\":true,\"o\":{\"k\":1},\"a\":[1,2],\"n\":null}", NULL);
  g_autoptr (GError) error = NULL;
  const char *string = NULL;
  gint64 number = 0;
  gboolean boolean = FALSE;
  JsonObject *child = NULL;
  JsonArray *array = NULL;

  g_assert_true (chat_json_get_string (object, "s", TRUE, &string, &error));
  g_assert_cmpstr (string, ==, "x");
  g_assert_true (chat_json_get_int (object, "i", TRUE, &number, &error));
  g_assert_cmpint (number, ==, 7);
  g_assert_true (chat_json_get_boolean (object, "b", TRUE, &boolean, &error));
  g_assert_true (boolean);
  g_assert_true (chat_json_get_object (object, "o", TRUE, &child, &error));
  g_assert_true (json_object_has_member (child, "k"));
  g_assert_true (chat_json_get_array (object, "a", TRUE, &array, &error));
  g_assert_cmpuint (json_array_get_length (array), ==, 2);
}

static void
test_get_absent (void)
{
  g_autoptr (JsonObject) object = parse ("{\"n\":null}", NULL);
  g_autoptr (GError) error = NULL;
  const char *string = "kept";
  gint64 number = 5;

  g_assert_true (chat_json_get_string (object, "x", FALSE, &string, &error));
  g_assert_true (chat_json_get_string (object, "n", FALSE, &string, &error));
  g_assert_cmpstr (string, ==, "kept");
  g_assert_true (chat_json_get_int (object, "x", FALSE, &number, &error));
  g_assert_cmpint (number, ==, 5);
  g_assert_no_error (error);

  g_assert_false (chat_json_get_string (object, "x", TRUE, &string, &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "“x” (a string) is missing");
  g_assert_false (chat_json_get_int (object, "n", TRUE, &number, &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "“n” is null; it should be an integer");
}

static void
test_get_wrong (void)
{
  g_autoptr (JsonObject) object = parse ("{\"s\":\"x\",\"r\":7.0,\"b\":true,\"o\":{},\"a\":[]}", NULL);
  g_autoptr (GError) error = NULL;
  const char *string = NULL;
  gint64 number = 0;
  gboolean boolean = FALSE;
  JsonObject *child = NULL;
  JsonArray *array = NULL;

  g_assert_false (chat_json_get_string (object, "b", FALSE, &string, &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "“b” is a boolean; it should be a string");
  g_assert_false (chat_json_get_int (object, "r", FALSE, &number, &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "“r” is a number; it should be an integer");
  g_assert_false (chat_json_get_boolean (object, "a", FALSE, &boolean, &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "“a” is an array; it should be a boolean");
  g_assert_false (chat_json_get_object (object, "s", FALSE, &child, &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "“s” is a string; it should be an object");
  g_assert_false (chat_json_get_array (object, "o", FALSE, &array, &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "“o” is an object; it should be an array");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/json/round-trip", test_round_trip);
  g_test_add_func ("/core/json/strings", test_strings);
  g_test_add_func ("/core/json/numbers", test_numbers);
  g_test_add_func ("/core/json/not-json", test_not_json);
  g_test_add_func ("/core/json/not-json-says-where", test_not_json_says_where);
  g_test_add_func ("/core/json/not-utf8", test_not_utf8);
  g_test_add_func ("/core/json/refused", test_refused);
  g_test_add_func ("/core/json/depth", test_depth);
  g_test_add_func ("/core/json/wide", test_wide);
  g_test_add_func ("/core/json/many-members", test_many_members);
  g_test_add_func ("/core/json/append", test_append);
  g_test_add_func ("/core/json/write-infinity", test_write_infinity);
  g_test_add_func ("/core/json/get", test_get);
  g_test_add_func ("/core/json/get-absent", test_get_absent);
  g_test_add_func ("/core/json/get-wrong", test_get_wrong);
  return g_test_run ();
}
