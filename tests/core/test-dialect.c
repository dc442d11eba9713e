/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-core-error.h"
#include "core/chat-dialect.h"
#include "core/chat-time.h"

#include <glib/gstdio.h>
#include <string.h>

#define AT G_GINT64_CONSTANT (1633860610500)

static const ChatMessageHints hints = { "sales", "hint-1", AT };

static ChatDialect *
load (const char *text, GError **error)
{
  return chat_dialect_load_data (text, strlen (text), "/d.conf", error);
}

static ChatDialect *
load_good (const char *text)
{
  g_autoptr (GError) error = NULL;
  ChatDialect *dialect = load (text, &error);

  g_assert_no_error (error);
  return dialect;
}

static ChatMessage *
decode (ChatDialect *dialect, const char *record)
{
  g_autoptr (GError) error = NULL;
  ChatMessage *message = chat_dialect_decode (dialect, record, strlen (record), &hints, &error);

  g_assert_no_error (error);
  return message;
}

static void
check_encoded (ChatDialect *dialect, ChatMessage *message, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = chat_dialect_encode (dialect, message, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_assert_cmpstr (text, ==, expected);
}

static ChatMessage *
make_message (void)
{
  ChatMessage *message = chat_message_new (CHAT_KIND_MESSAGE);

  chat_message_set_id (message, "id-7");
  chat_message_set_channel (message, "sales");
  chat_message_set_author (message, "ana");
  chat_message_set_data (message, "hola\n\"dos\"");
  chat_message_set_timestamp (message, AT);
  return message;
}

#define FULL                                                                                                           \
  "[dialect]\nformat = json\nauthor_member = from.username\ntext_member = body\ntime_member = at\n"                    \
  "channel_member = from.room\nid_member = uuid\n"

static void
test_json (void)
{
  g_autoptr (ChatDialect) dialect = load_good (FULL "time_format = epoch-milliseconds\n[channels]\nLa Sala=lounge\n");
  g_autoptr (ChatMessage) message
      = decode (dialect, "{\"uuid\":\"u-1\",\"body\":\"hola\\r\\n\\u0007dos\\n\",\"at\":1633860610500,\"x\":1,"
                         "\"from\":{\"username\":\"ana\",\"room\":\"La Sala\"}}");
  g_autoptr (ChatMessage) other = decode (dialect, "{\"uuid\":17,\"body\":5,\"from\":{\"room\":\"Sales EU\"}}");
  g_autoptr (ChatMessage) own = make_message ();

  g_assert_cmpstr (chat_message_get_id (message), ==, "u-1");
  g_assert_cmpstr (chat_message_get_author (message), ==, "ana");
  g_assert_cmpstr (chat_message_get_data (message), ==, "hola\ndos");
  g_assert_cmpstr (chat_message_get_channel (message), ==, "lounge");
  g_assert_cmpint (chat_message_get_timestamp (message), ==, AT);
  g_assert_null (chat_message_get_extra (message));

  g_assert_cmpstr (chat_message_get_id (other), ==, "17");
  g_assert_null (chat_message_get_author (other));
  g_assert_cmpstr (chat_message_get_data (other), ==, "5");
  g_assert_cmpstr (chat_message_get_channel (other), ==, "sales-eu");
  g_assert_cmpint (chat_message_get_timestamp (other), ==, AT);

  check_encoded (dialect, own,
                 "{\"from\":{\"username\":\"ana\",\"room\":\"sales\"},\"body\":\"hola\\n\\\"dos\\\"\",\"at\":"
                 "1633860610500,\"uuid\":\"id-7\"}");
}

static void
test_least (void)
{
  g_autoptr (ChatDialect) dialect = load_good ("[dialect]\nformat = json\ntext_member = m\n");
  g_autoptr (ChatMessage) message = decode (dialect, "{\"m\":\"hi\",\"id\":\"not asked for\",\"timestamp\":false}");
  g_autoptr (ChatMessage) plain = decode (dialect, "not JSON\n");
  g_autoptr (ChatMessage) own = make_message ();

  g_assert_cmpstr (chat_message_get_id (message), ==, "hint-1");
  g_assert_cmpstr (chat_message_get_channel (message), ==, "sales");
  g_assert_cmpint (chat_message_get_timestamp (message), ==, AT);
  g_assert_cmpstr (chat_message_get_data (plain), ==, "not JSON");
  check_encoded (dialect, own, "{\"m\":\"hola\\n\\\"dos\\\"\"}");
  g_assert_true (chat_dialect_has (dialect, CHAT_DIALECT_TEXT));
  g_assert_false (chat_dialect_has (dialect, CHAT_DIALECT_ID));
  g_assert_false (chat_dialect_has_kinds (dialect));
}

static void
test_times (void)
{
  static const struct
  {
    const char *format, *value, *written;
    gint64 expected; /* 0: refused */
  } cases[] = {
    { "auto", "\"2021-10-10T10:10:10.5Z\"", "\"2021-10-10T10:10:10.500Z\"", AT },
    { "auto", "1633860610.5", "\"2021-10-10T10:10:10.500Z\"", AT },
    { "auto", "1633860610500", "\"2021-10-10T10:10:10.500Z\"", AT },
    { "auto", "\"yesterday\"", NULL, 0 },
    { "auto", "true", NULL, 0 },
    { "rfc3339", "\"2021-10-10T12:10:10.5+02:00\"", "\"2021-10-10T10:10:10.500Z\"", AT },
    { "rfc3339", "1633860610", NULL, 0 },
    { "epoch-seconds", "1633860610.5", "1633860610.5", AT },
    { "epoch-seconds", "\"2021-10-10T10:10:10Z\"", NULL, 0 },
    { "epoch-seconds", "1e300", NULL, 0 },
    { "epoch-milliseconds", "1633860610500", "1633860610500", AT },
    { "epoch-milliseconds", "12", "12", 12 },
    { "epoch-milliseconds", "[]", NULL, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *file
          = g_strdup_printf ("[dialect]\nformat=json\ntext_member=t\ntime_member=a.b\ntime_format=%s", cases[i].format);
      g_autofree char *record = g_strdup_printf ("{\"t\":\"x\",\"a\":{\"b\":%s}}", cases[i].value);
      g_autofree char *written = g_strdup_printf ("{\"t\":\"x\",\"a\":{\"b\":%s}}", cases[i].written);
      g_autoptr (ChatDialect) dialect = load_good (file);
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatMessage) message = chat_dialect_decode (dialect, record, strlen (record), &hints, &error);

      g_test_message ("%s %s", cases[i].format, cases[i].value);
      if (cases[i].expected == 0)
        {
          g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID);
          g_assert_true (g_str_has_prefix (error->message, "“a.b” "));
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpint (chat_message_get_timestamp (message), ==, cases[i].expected);
      check_encoded (dialect, message, written);
    }
}

static void
test_plain (void)
{
  g_autoptr (ChatDialect) dialect = load_good ("[dialect]\nformat = text\ntitle = Lines\n");
  g_autoptr (ChatMessage) message = decode (dialect, "{\"author\":\"ana\",\"data\":\"no\"}\r\n");
  g_autoptr (ChatMessage) own = make_message ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (chat_dialect_get_title (dialect), ==, "Lines");
  g_assert_cmpstr (chat_message_get_data (message), ==, "{\"author\":\"ana\",\"data\":\"no\"}");
  g_assert_null (chat_message_get_author (message));
  g_assert_cmpstr (chat_message_get_id (message), ==, "hint-1");
  check_encoded (dialect, own, "hola\n\"dos\"");

  g_assert_null (chat_dialect_decode (dialect, "a\xff", 2, &hints, &error));
  g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_NOT_UTF8);
  g_clear_error (&error);
  g_assert_null (chat_dialect_decode (dialect, "\n\n", 2, &hints, &error));
  g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID);
}

static void
test_tertulia (void)
{
  g_autoptr (ChatDialect) dialect = chat_dialect_new ();
  g_autoptr (ChatDialect) file = load_good ("[dialect]\nformat = tertulia\n");
  g_autoptr (ChatMessage) message
      = decode (file, "{\"author\":\"ana\",\"data\":\"x\",\"timestamp\":1633860610,\"kind\":\"notice\"}");
  g_autoptr (GBytes) one = chat_dialect_encode (dialect, message, NULL);
  g_autoptr (GBytes) other = chat_message_encode (message);

  g_assert_cmpint (chat_message_get_kind (message), ==, CHAT_KIND_NOTICE);
  g_assert_true (g_bytes_equal (one, other));
  g_assert_true (chat_dialect_has_kinds (dialect));
}

static void
test_refused_records (void)
{
  g_autoptr (ChatDialect) dialect = load_good (FULL);
  static const struct
  {
    const char *record, *message;
  } cases[] = {
    { "{}", "“body” is missing" },
    { "{\"body\":null}", "“body” is missing" },
    { "{\"body\":{}}", "“body” should be a string" },
    { "{\"body\":true}", "“body” should be a string" },
    { "{\"body\":\"x\",\"from\":{\"username\":[]}}", "“from.username” should be a string" },
    { "{\"body\":\"x\",\"uuid\":{}}", "“uuid” should be a string" },
    { "{\"body\":\"x\",\"body\":\"y\"}", NULL },
    { "{\"body\":\"\"}", NULL },
  };
  g_autofree char *large = g_strnfill (CHAT_RECORD_MAX_BYTES + 1, 'x');
  g_autoptr (ChatMessage) edit = chat_message_new (CHAT_KIND_EDIT);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *record = cases[i].record;

      g_test_message ("%s", record);
      g_assert_null (chat_dialect_decode (dialect, record, strlen (record), &hints, &error));
      g_assert_nonnull (error);
      if (cases[i].message != NULL)
        g_assert_cmpstr (error->message, ==, cases[i].message);
      g_clear_error (&error);
    }
  g_assert_null (chat_dialect_decode (dialect, large, CHAT_RECORD_MAX_BYTES + 1, &hints, &error));
  g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_TOO_LARGE);
  g_clear_error (&error);
  chat_message_set_data (edit, "x");
  g_assert_null (chat_dialect_encode (dialect, edit, &error));
  g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "“edit”"));
}

static void
test_refused_files (void)
{
  static const struct
  {
    const char *file, *message;
  } cases[] = {
    { "", "/d.conf:1: the group [dialect] is missing" },
    { "[dialect]\n", "/d.conf:1: [dialect] format: is missing; it should be one of tertulia, json, text" },
    { "\n[dialect]\nformat=jsn\n",
      "/d.conf:3: [dialect] format: found “jsn”; it should be one of tertulia, json, text" },
    { "[dialect]\nformat=json\n",
      "/d.conf:1: [dialect] text_member: is missing; it should name the member that holds the text" },
    { "[dialect]\nformat=json\ntext_membr=x\n",
      "/d.conf:3: [dialect] text_membr: there is no such key; did you mean text_member?" },
    { "[dialect]\nformat=text\nauthor_member=a\n",
      "/d.conf:3: [dialect] author_member: format = text has no members to choose; remove it" },
    { "[dialect]\nformat=json\nformat=json\n", "/d.conf:3: [dialect] format: stands twice; it should stand once" },
    { "[dialect]\nformat=json\ntext_member=a..b\n",
      "/d.conf:3: [dialect] text_member: found “a..b”; it should be the name of a member, or several with dots "
      "between them for one inside another, such as user.name" },
    { "[dialect]\nformat=json\ntext_member=a\nauthor_member=a.b\n",
      "/d.conf:3: [dialect] “a” and “a.b” can't both be members of one record; each should have its own" },
    { "[dialect]\nformat=json\ntext_member=a\ntime_format=never\n",
      "/d.conf:4: [dialect] time_format: found “never”; it should be one of auto, rfc3339, epoch-seconds, "
      "epoch-milliseconds" },
    { "[dialekt]\n", "/d.conf:1: [dialekt]: there is no such group; there are [dialect] and [channels]" },
    { "[dialect]\nformat=text\n[dialect]\n", "/d.conf:3: [dialect]: stands twice; it should stand once" },
    { "[dialect]\nformat=text\n[channels]\nT=a\nT=b\n", "/d.conf:5: [channels] T: stands twice; it should stand once" },
  };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_null (load (cases[i].file, &error));
      g_assert_cmpstr (error->message, ==, cases[i].message);
      g_clear_error (&error);
    }
  g_assert_null (load ("[dialect]\nformat=text\n[channels]\nT=Not Good\n", &error));
  g_assert_true (g_str_has_prefix (error->message, "/d.conf:4: [channels] T: "));
  g_clear_error (&error);
  g_assert_null (chat_dialect_load_file ("/nowhere/d.conf", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_channels (void)
{
  g_autoptr (ChatDialect) dialect = load_good ("[dialect]\nformat=text\n[channels]\nOps.Alerts = alerts\n");
  static const char *const cases[][2] = {
    { "Ops.Alerts", "alerts" },         { "general", "general" }, { "Sales_EU", "sales_eu" },
    { "site 1/floor", "site-1-floor" }, { ".hidden", "0hidden" }, { "ñandú", "0-and--" },
  };
  g_autofree char *longest = g_strnfill (300, 'x');
  g_autofree char *cut = chat_dialect_dup_channel (dialect, longest);
  g_autofree char *conversation = chat_dialect_dup_channel (dialect, "dm.abcdefghijklmnopqrstuvwxyz");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *channel = chat_dialect_dup_channel (dialect, cases[i][0]);

      g_assert_cmpstr (channel, ==, cases[i][1]);
    }
  g_assert_cmpuint (strlen (cut), ==, 63);
  g_assert_true (g_str_has_prefix (conversation, "topic-"));
}

/* The files that are shipped are what their names say; the sample is one that can be copied. */
static void
test_shipped (void)
{
  static const char *const names[] = { "tertulia.conf", "plain-text.conf", "sample.conf.example" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "data", "dialects", names[i], NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatDialect) dialect = chat_dialect_load_file (path, &error);

      g_assert_no_error (error);
      g_assert_nonnull (chat_dialect_get_title (dialect));
      g_assert_cmpint (chat_dialect_has_kinds (dialect), ==, i == 0);
      g_assert_cmpint (chat_dialect_has (dialect, CHAT_DIALECT_AUTHOR), ==, i != 1);
      if (i == 2)
        {
          g_autoptr (ChatMessage) message
              = decode (dialect, "{\"from\": {\"username\": \"ana\"}, \"body\": \"hola\", \"at\": 1633860610, "
                                 "\"room\": \"Sales\", \"uuid\": \"5b1e\"}");

          g_assert_cmpstr (chat_message_get_author (message), ==, "ana");
          g_assert_cmpstr (chat_message_get_channel (message), ==, "sales");
          g_assert_cmpint (chat_message_get_timestamp (message), ==, AT - 500);
        }
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/dialect/json", test_json);
  g_test_add_func ("/core/dialect/least", test_least);
  g_test_add_func ("/core/dialect/times", test_times);
  g_test_add_func ("/core/dialect/plain", test_plain);
  g_test_add_func ("/core/dialect/tertulia", test_tertulia);
  g_test_add_func ("/core/dialect/refused-records", test_refused_records);
  g_test_add_func ("/core/dialect/refused-files", test_refused_files);
  g_test_add_func ("/core/dialect/channels", test_channels);
  g_test_add_func ("/core/dialect/shipped", test_shipped);
  return g_test_run ();
}
