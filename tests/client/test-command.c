/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-command.h"
#include "core/chat-core-error.h"

#include <locale.h>
#include <string.h>

static void
test_is (void)
{
  static const char *const no[] = { "", "hola", " /join x", "/", "//join x", "/ join", "/1", "/-", "a/b" };

  for (guint i = 0; i < G_N_ELEMENTS (no); i++)
    g_assert_false (chat_command_is (no[i]));
  g_assert_true (chat_command_is ("/join"));
  g_assert_true (chat_command_is ("/usr/bin"));
  g_assert_true (chat_command_is ("/ñu"));
}

static void
test_unescape (void)
{
  g_autofree char *text = chat_command_unescape ("//usr/bin"), *other = chat_command_unescape ("/a"),
                  *plain = chat_command_unescape ("hola //");

  g_assert_cmpstr (text, ==, "/usr/bin");
  g_assert_cmpstr (other, ==, "/a");
  g_assert_cmpstr (plain, ==, "hola //");
}

static void
test_parse (void)
{
  static const struct
  {
    const char *typed;
    ChatCommandId id;
    const char *argument, *text;
  } cases[] = {
    { "/users", CHAT_COMMAND_USERS, NULL, NULL },
    { "/USERS ", CHAT_COMMAND_USERS, NULL, NULL },
    { "/mymsgs", CHAT_COMMAND_MYMSGS, NULL, NULL },
    { "/mymgs", CHAT_COMMAND_MYMSGS, NULL, NULL },
    { "/join #General", CHAT_COMMAND_JOIN, "general", NULL },
    { "/join\tsoporte  ahora", CHAT_COMMAND_JOIN, "soporte", "ahora" },
    { "/leave", CHAT_COMMAND_LEAVE, NULL, NULL },
    { "/leave #", CHAT_COMMAND_LEAVE, NULL, NULL },
    { "/leave soporte", CHAT_COMMAND_LEAVE, "soporte", NULL },
    { "/topic", CHAT_COMMAND_TOPIC, NULL, NULL },
    { "/topic  La  cena del viernes\n", CHAT_COMMAND_TOPIC, NULL, "La  cena del viernes" },
    { "/me está comiendo", CHAT_COMMAND_ME, NULL, "está comiendo" },
    { "/msg @luis", CHAT_COMMAND_MSG, "luis", NULL },
    { "/msg luis hola, ¿qué tal?", CHAT_COMMAND_MSG, "luis", "hola, ¿qué tal?" },
    { "/msg \"Ana María\" hola", CHAT_COMMAND_MSG, "Ana María", "hola" },
    { "/msg @\"Ana María\"", CHAT_COMMAND_MSG, "Ana María", NULL },
    { "/search \"tren de las ocho\" retra*", CHAT_COMMAND_SEARCH, NULL, "\"tren de las ocho\" retra*" },
    { "/goto 3.11.2026 10:30", CHAT_COMMAND_GOTO, "3.11.2026 10:30", NULL },
    { "/help", CHAT_COMMAND_HELP, NULL, NULL },
    { "/help /join", CHAT_COMMAND_HELP, "join", NULL },
    { "/exit", CHAT_COMMAND_EXIT, NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatCommand) command = chat_command_parse (cases[i].typed, &error);

      g_test_message ("%s", cases[i].typed);
      g_assert_no_error (error);
      g_assert_cmpint (command->id, ==, cases[i].id);
      g_assert_cmpstr (command->argument, ==, cases[i].argument);
      g_assert_cmpstr (command->text, ==, cases[i].text);
    }
}

static void
test_parse_errors (void)
{
  static const struct
  {
    const char *typed, *says;
  } cases[] = {
    { "/jion general", "Did you mean /join?" },
    { "/usr/bin/env", "second slash" },
    { "/xyzzy", "/help" },
    { "/join", "/join CHANNEL" },
    { "/join #", "/join CHANNEL" },
    { "/join ¡hola!", "channel" },
    { "/me  ", "/me TEXT" },
    { "/msg", "/msg PERSON" },
    { "/msg a,b", "name" },
    { "/search", "/search TEXT" },
    { "/goto", "/goto DATE" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].typed);
      g_assert_null (chat_command_parse (cases[i].typed, &error));
      g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].says));
    }
}

static void
assert_matches (const char *typed, const char *expected)
{
  g_autoptr (GPtrArray) found = chat_command_match (typed);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < found->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? " " : "", ((ChatCommandInfo *)g_ptr_array_index (found, i))->name);
  g_assert_cmpstr (names->str, ==, expected);
}

static void
test_match (void)
{
  gsize n;
  const ChatCommandInfo *all = chat_command_list (&n);

  g_assert_cmpuint (n, ==, 11);
  for (gsize i = 0; i < n; i++)
    {
      g_assert_cmpint (all[i].id, ==, i);
      g_assert_true (g_str_has_prefix (all[i].usage + 1, all[i].name));
    }
  assert_matches ("/", "users mymsgs join leave topic me msg search goto help exit");
  assert_matches ("/m", "mymsgs me msg");
  assert_matches ("/mym", "mymsgs");
  assert_matches ("/mymg", "mymsgs");
  assert_matches ("/JO", "join");
  assert_matches ("/x", "");
  assert_matches ("hola", "");
}

/* Dates */

static const char *zone_name = "Europe/Madrid";

/* A Friday, in winter time. */
static GDateTime *
make_now (void)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier (zone_name);

  g_assert_nonnull (zone);
  return g_date_time_new (zone, 2026, 11, 20, 15, 40, 30);
}

static void
assert_date (const char *text, const char *expected)
{
  g_autoptr (GDateTime) now = make_now ();
  g_autoptr (GDateTime) utc = NULL, then = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *found = NULL;
  gint64 time = 0;

  g_test_message ("%s", text);
  chat_command_parse_date (text, now, &time, &error);
  g_assert_no_error (error);
  utc = g_date_time_new_from_unix_utc (time / 1000);
  then = g_date_time_to_timezone (utc, g_date_time_get_timezone (now));
  found = g_date_time_format (then, "%Y-%m-%d %H:%M:%S");
  g_assert_cmpstr (found, ==, expected);
  g_assert_cmpint (time % 1000, ==, 0);
}

static void
test_dates (void)
{
  static const char *const cases[][2] = {
    { "2026-11-03", "2026-11-03 00:00:00" },
    { "2026/11/3", "2026-11-03 00:00:00" },
    { "2026-11-03 10:30", "2026-11-03 10:30:00" },
    { "10:30 2026-11-03", "2026-11-03 10:30:00" },
    { "2026-11-03T10:30", "2026-11-03 10:30:00" },
    { "2026-11-03T10:30:15", "2026-11-03 10:30:15" },
    { "2026-11-03T10:30:15Z", "2026-11-03 11:30:15" },
    { "2026-11-03T10:30:15+05:00", "2026-11-03 06:30:15" },
    { "3.11.2026", "2026-11-03 00:00:00" },
    { "3.11.26", "2026-11-03 00:00:00" },
    { "3-11-2026", "2026-11-03 00:00:00" },
    { "13/11/2026", "2026-11-13 00:00:00" },
    { "11/13/2026", "2026-11-13 00:00:00" },
    { "3.11.", "2026-11-03 00:00:00" },
    { "3.11", "2026-11-03 00:00:00" },
    { "24.12.", "2025-12-24 00:00:00" },
    { "29.2.", "2024-02-29 00:00:00" },
    { "15", "2026-11-15 00:00:00" },
    { "25", "2026-10-25 00:00:00" },
    { "31", "2026-10-31 00:00:00" },
    { "2025", "2025-01-01 00:00:00" },
    { "10:30", "2026-11-20 10:30:00" },
    { "15:41", "2026-11-19 15:41:00" },
    { "today", "2026-11-20 00:00:00" },
    { "hoy", "2026-11-20 00:00:00" },
    { "Yesterday", "2026-11-19 00:00:00" },
    { "yesterday 10:30", "2026-11-19 10:30:00" },
    { "yesterday at 10", "2026-11-19 10:00:00" },
    { "yesterday, 10:30 PM", "2026-11-19 22:30:00" },
    { "yesterday 12 a.m.", "2026-11-19 00:00:00" },
    { "ayer a las 10", "2026-11-19 10:00:00" },
    { "ayer a las 10 p. m.", "2026-11-19 22:00:00" },
    { "Anteayer", "2026-11-18 00:00:00" },
    { "Friday", "2026-11-20 00:00:00" },
    { "last friday", "2026-11-13 00:00:00" },
    { "on Monday at 9am", "2026-11-16 09:00:00" },
    { "mon", "2026-11-16 00:00:00" },
    { "saturday", "2026-11-14 00:00:00" },
    { "el miércoles", "2026-11-18 00:00:00" },
    { "Miercoles 8:05", "2026-11-18 08:05:00" },
    { "el viernes pasado", "2026-11-13 00:00:00" },
    { "3 November 2025", "2025-11-03 00:00:00" },
    { "November 3, 2025", "2025-11-03 00:00:00" },
    { "the 3rd of November", "2026-11-03 00:00:00" },
    { "nov. 3", "2026-11-03 00:00:00" },
    { "3 de noviembre de 2025", "2025-11-03 00:00:00" },
    { "el 3 de diciembre", "2025-12-03 00:00:00" },
    { "viernes 13 de noviembre a las 10:30", "2026-11-13 10:30:00" },
    { "noviembre", "2026-11-01 00:00:00" },
    { "mayo de 2024", "2024-05-01 00:00:00" },
    { "3 days ago", "2026-11-17 00:00:00" },
    { "two weeks ago", "2026-11-06 00:00:00" },
    { "hace 3 días", "2026-11-17 00:00:00" },
    { "hace un año", "2025-11-20 00:00:00" },
    { "hace dos horas", "2026-11-20 13:40:30" },
    { "last week", "2026-11-13 00:00:00" },
    { "la semana pasada", "2026-11-13 00:00:00" },
    { "el mes pasado", "2026-10-20 00:00:00" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_date (cases[i][0], cases[i][1]);
}

static void
test_bad_dates (void)
{
  static const char *const cases[] = { "",
                                       " ",
                                       "hola",
                                       "2026-02-30",
                                       "31.4.2026",
                                       "40",
                                       "25:00",
                                       "10:61",
                                       "yesterday 3.11.2026",
                                       "3.11.2026 4.11.2026",
                                       "monday tuesday",
                                       "10:30 11:30",
                                       "13/13/2026",
                                       "13pm",
                                       "2026-13-01",
                                       "/goto",
                                       "3 noviembre diciembre",
                                       "-3",
                                       "week",
                                       "yesterday last year monday" };
  g_autoptr (GDateTime) now = make_now ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 time = 7;

      g_test_message ("%s", cases[i]);
      g_assert_false (chat_command_parse_date (cases[i], now, &time, &error));
      g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, "2026-11-03"));
      g_assert_cmpint (time, ==, 7);
    }
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "C.UTF-8");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/command/is", test_is);
  g_test_add_func ("/command/unescape", test_unescape);
  g_test_add_func ("/command/parse", test_parse);
  g_test_add_func ("/command/parse-errors", test_parse_errors);
  g_test_add_func ("/command/match", test_match);
  g_test_add_func ("/command/dates", test_dates);
  g_test_add_func ("/command/bad-dates", test_bad_dates);
  return g_test_run ();
}
