/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-time.h"

#include "core-test.h"

#include <math.h>

#define FIRST G_GINT64_CONSTANT (-62167219200000)
#define LAST G_GINT64_CONSTANT (253402300799999)

static void
test_format (void)
{
  static const struct
  {
    gint64 time;
    const char *text;
  } cases[] = {
    { 0, "1970-01-01T00:00:00.000Z" },
    { G_GINT64_CONSTANT (1633860610000), "2021-10-10T10:10:10.000Z" },
    { G_GINT64_CONSTANT (1709164799999), "2024-02-28T23:59:59.999Z" },
    { G_GINT64_CONSTANT (1709164800000), "2024-02-29T00:00:00.000Z" },
    { G_GINT64_CONSTANT (951782400001), "2000-02-29T00:00:00.001Z" },
    { -1, "1969-12-31T23:59:59.999Z" },
    { FIRST, "0000-01-01T00:00:00.000Z" },
    { LAST, "9999-12-31T23:59:59.999Z" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = chat_time_format (cases[i].time);
      g_autoptr (GError) error = NULL;
      gint64 back;

      g_assert_cmpstr (text, ==, cases[i].text);
      g_assert_true (chat_time_parse (text, &back, &error));
      g_assert_cmpint (back, ==, cases[i].time);
    }
}

/* Against GLib's own calendar, over all the years that both know. */
static void
test_against_glib (void)
{
  for (guint i = 0; i < 20000; i++)
    {
      gint64 second = (gint64)(g_test_rand_double_range (-62135596800.0, 253402300799.0));
      g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (second);
      g_autofree char *expected = g_date_time_format (date, "%Y-%m-%dT%H:%M:%S.000Z");
      g_autofree char *text = chat_time_format (second * 1000);
      gint64 back = 0;

      g_assert_cmpstr (text + 4, ==, expected + strlen (expected) - 20); /* %Y does not pad the year */
      g_assert_true (chat_time_parse (text, &back, NULL));
      g_assert_cmpint (back, ==, second * 1000);
    }
}

static void
test_append (void)
{
  g_autoptr (GString) buffer = g_string_new ("at ");

  chat_time_append (buffer, 0);
  g_assert_cmpstr (buffer->str, ==, "at 1970-01-01T00:00:00.000Z");
}

static void
test_valid (void)
{
  g_assert_true (chat_time_is_valid (FIRST));
  g_assert_false (chat_time_is_valid (FIRST - 1));
  g_assert_true (chat_time_is_valid (LAST));
  g_assert_false (chat_time_is_valid (LAST + 1));
  g_assert_false (chat_time_is_valid (CHAT_TIME_UNKNOWN));
  g_assert_true (chat_time_is_valid (chat_time_now ()));
  g_test_expect_message (NULL, G_LOG_LEVEL_CRITICAL, "*chat_time_is_valid*");
  g_assert_null (chat_time_format (CHAT_TIME_UNKNOWN));
  g_test_assert_expected_messages ();
}

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    gint64 time;
  } cases[] = {
    { "2021-10-10 10:10:10", G_GINT64_CONSTANT (1633860610000) },
    { "2021-10-10 10:10:10.5", G_GINT64_CONSTANT (1633860610500) },
    { "2021-10-10 10:10:10Z", G_GINT64_CONSTANT (1633860610000) },
    { "2021-10-10t10:10:10z", G_GINT64_CONSTANT (1633860610000) },
    { "2021-10-10T10:10:10.123456789Z", G_GINT64_CONSTANT (1633860610123) },
    { "2021-10-10T10:10:10.9999Z", G_GINT64_CONSTANT (1633860610999) },
    { "2021-10-10T12:10:10+02:00", G_GINT64_CONSTANT (1633860610000) },
    { "2021-10-10T04:40:10-05:30", G_GINT64_CONSTANT (1633860610000) },
    { "2021-10-10T10:10:10-00:00", G_GINT64_CONSTANT (1633860610000) },
    { "2016-12-31T23:59:60Z", G_GINT64_CONSTANT (1483228800000) },
    { "2017-01-01T00:59:60.5+01:00", G_GINT64_CONSTANT (1483228800500) },
    { "0000-02-29T00:00:00Z", FIRST + G_GINT64_CONSTANT (59) * 86400000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 time = 0;

      chat_time_parse (cases[i].text, &time, &error);
      g_assert_no_error (error);
      g_assert_cmpint (time, ==, cases[i].time);
    }
}

static void
test_parse_wrong (void)
{
  static const char *const cases[] = {
    "",
    "now",
    "1633860610",
    "2021-10-10",
    "2021-10-10T10:10:10",   /* no zone: only the form with a space means UTC by itself */
    "2021-10-10T10:10Z",     /* no seconds */
    "2021-10-10T10:10:10.Z", /* no digits */
    "2021-10-10T10:10:10.1234567890Z",
    "2021-10-10T10:10:10Z ",
    " 2021-10-10T10:10:10Z",
    "2021-10-10  10:10:10",
    "2021-10-10T10:10:10+2",
    "2021-10-10T10:10:10+0200",
    "2021-10-10T10:10:10+24:00",
    "2021-10-10T10:10:10+02:60",
    "2021-13-10T10:10:10Z",
    "2021-00-10T10:10:10Z",
    "2021-10-00T10:10:10Z",
    "2021-10-32T10:10:10Z",
    "2021-02-29T10:10:10Z",
    "1900-02-29T10:10:10Z",
    "2021-10-10T24:00:00Z",
    "2021-10-10T10:60:00Z",
    "2021-10-10T10:10:61Z",
    "2021-10-10T10:10:60Z",      /* no leap second then */
    "2016-12-31T23:59:60+01:00", /* nor there */
    "9999-12-31T23:59:59-00:01", /* the year 10000 in UTC */
    "0000-01-01T00:00:00+00:01",
    "-001-01-01T00:00:00Z",
    "+2021-10-10T10:10:10Z",
    "12021-10-10T10:10:10Z",
    "2021/10/10 10:10:10",
    "10.10.2021 10:10:10",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 time = 42;

      if (chat_time_parse (cases[i], &time, &error))
        g_error ("“%s” was taken for a time", cases[i]);
      g_assert_cmpint (time, ==, 42);
      assert_says (&error, CHAT_CORE_ERROR_INVALID, "2021-10-10T10:10:10.000Z");
    }
}

static void
test_number (void)
{
  static const struct
  {
    double number;
    gint64 time;
  } cases[] = {
    { 0, 0 },
    { 1633860610, G_GINT64_CONSTANT (1633860610000) },
    { 1633860610.123, G_GINT64_CONSTANT (1633860610123) },
    { 1633860610123.0, G_GINT64_CONSTANT (1633860610123) },
    { 99999999999.0, G_GINT64_CONSTANT (99999999999000) },
    { 100000000000.0, G_GINT64_CONSTANT (100000000000) },
    { (double)LAST, LAST },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 time = -1;

      chat_time_from_number (cases[i].number, &time, &error);
      g_assert_no_error (error);
      g_assert_cmpint (time, ==, cases[i].time);
    }
}

static void
test_number_wrong (void)
{
  const double cases[] = { -1, -0.001, (double)LAST + 1, 1e300, NAN, INFINITY, -INFINITY };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 time = 42;

      g_assert_false (chat_time_from_number (cases[i], &time, &error));
      g_assert_cmpint (time, ==, 42);
      assert_says (&error, CHAT_CORE_ERROR_INVALID, "since 1970");
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/time/format", test_format);
  g_test_add_func ("/core/time/against-glib", test_against_glib);
  g_test_add_func ("/core/time/append", test_append);
  g_test_add_func ("/core/time/valid", test_valid);
  g_test_add_func ("/core/time/parse", test_parse);
  g_test_add_func ("/core/time/parse-wrong", test_parse_wrong);
  g_test_add_func ("/core/time/number", test_number);
  g_test_add_func ("/core/time/number-wrong", test_number_wrong);
  return g_test_run ();
}
