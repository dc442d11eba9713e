/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration of tertulia-server, as whoever writes it meets it. */
#include <glib/gstdio.h>
#include <string.h>

#include "chat-test-server.h"

static void
test_sample (void)
{
  g_autofree char *output = NULL, *errors = NULL, *sample = NULL, *path = NULL;

  path = g_build_filename (g_getenv ("TERTULIA_DATA_DIR"), "tertulia-server.conf", NULL);
  g_assert_true (g_file_get_contents (path, &sample, NULL, NULL));
  g_assert_cmpint (chat_test_server_run (&output, &errors, "--print-config", NULL), ==, 0);
  if (!g_str_equal (output, sample))
    g_error ("%s is not what `tertulia-server --print-config` prints: write it anew", path);
  g_assert_cmpstr (errors, ==, "");
  g_free (g_steal_pointer (&output));
  g_free (g_steal_pointer (&errors));
  g_assert_cmpint (chat_test_server_run (&output, &errors, "--config", path, "--check-config", NULL), ==, 0);
}

/* A file, what follows on the command line, and what the complaint must have. */
static const struct
{
  const char *file; /* NULL: none */
  const char *setting;
  const char *has[4];
} mistakes[] = {
  { "[server]\nport = many\n", NULL, { ":2:", "[server] port", "many", "0 to 65535" } },
  { "[server]\nport = 65536\n", NULL, { ":2:", "[server] port", "65536" } },
  { "[server]\nport = 1\nport = 2\n", NULL, { ":3:", "[server] port", "twice" } },
  { "[server]\nprot = 1\n", NULL, { ":2:", "prot", "port" } },
  { "[sever]\nport = 1\n", NULL, { ":1:", "sever", "server" } },
  { "port = 1\n", NULL, { ":1:" } },
  { "[server\n", NULL, { ":1:" } },
  { "[server]\nport\n", NULL, { ":2:" } },
  { "[server]\nname = \xff\n", NULL, { "UTF-8" } },
  { "[server]\naddress = localhost\n", NULL, { "[server] address", "localhost", "127.0.0.1" } },
  { "[limits]\nbody_size = 1\n", NULL, { ":2:", "[limits] body_size" } },
  { "[limits]\nidle_timeout = 75\n", NULL, { ":2:", "[limits] idle_timeout" } },
  { "[server]\nroles = api;cook\n", NULL, { ":2:", "[server] roles", "cook" } },
  { "[server]\nroles = api;moderator\n", NULL, { "[server] roles", "archiver", "log", "api;moderator;archiver;bots" } },
  { "[server]\nlog_level = loud\n", NULL, { ":2:", "loud", "debug" } },
  { "[broker]\nkind = carrier-pigeon\n", NULL, { ":2:", "carrier-pigeon", "log" } },
  { "[store]\nkind = stone\n", NULL, { ":2:", "stone", "sqlite" } },
  { "[sessions]\nlease = 2h\nexpiry = 1h\n", NULL, { "[sessions] lease", "expiry" } },
  { "[channels]\ninitial = General\n", NULL, { "[channels] initial", "General" } },
  { "[channels]\ninitial = dm.aaaaaaaaaaaaaaaaaaaaaaaaaa\n", NULL, { "[channels] initial", "private" } },
  { "[channels]\nlanguage = español\n", NULL, { "[channels] language", "español", "es" } },
  { "[moderation]\nlanguage = *\n", NULL, { "[moderation] language", "*" } },
  { "[moderation]\nlimit = 0\n", NULL, { ":2:", "[moderation] limit" } },
  { "[server]\nproxies = ::1;proxy.example\n", NULL, { "[server] proxies", "proxy.example", "127.0.0.1" } },
  { "[metrics]\naccess = token\n", NULL, { "[metrics] token", "16" } },
  { "[metrics]\naccess = token\ntoken = short\n", NULL, { "[metrics] token", "16" } },
  { "[limits]\npost_per_user = many\n", NULL, { "[limits] post_per_user", "many", "60 then 5/s" } },
  { "[limits]\nsign_in_per_name = 5 then 0/s\n", NULL, { "[limits] sign_in_per_name", "5 then 0/s", "from 1" } },
  { "[limits]\nread_per_address = 5 then 3/d\n", NULL, { "[limits] read_per_address", "5 then 3/d", "min" } },
  { "[live]\nbacklog = 1KiB\n", NULL, { ":2:", "[live] backlog" } },
  { NULL, "server.port=x", { "--set server.port=x", "[server] port" } },
  { NULL, "server.prot=1", { "--set server.prot=1", "port" } },
  { NULL, "port=1", { "--set port=1", "GROUP.KEY=VALUE" } },
  { NULL, "server.port", { "--set server.port", "GROUP.KEY=VALUE" } },
  { "[server]\nport = 1\n", "bots.eco=perhaps", { "[bots] eco", "perhaps", "true" } },
};

static void
check_complaint (const char *errors, const char *const *has, const char *path)
{
  g_assert_true (g_str_has_prefix (errors, "tertulia-server: "));
  g_assert_cmpint (strchr (errors, '\n') - errors, ==, strlen (errors) - 1); /* one line */
  for (guint i = 0; i < 4 && has[i] != NULL; i++)
    if (strstr (errors, has[i]) == NULL)
      g_error ("\"%s\" does not say \"%s\"", errors, has[i]);
  if (strchr (has[0], ':') != NULL)
    g_assert_nonnull (strstr (errors, path));
}

static void
test_mistakes (void)
{
  g_autofree char *directory = g_dir_make_tmp ("tertulia-config-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "server.conf", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autofree char *output = NULL, *errors = NULL;
      int status;

      g_assert_true (g_file_set_contents (path, mistakes[i].file != NULL ? mistakes[i].file : "", -1, NULL));
      if (mistakes[i].setting != NULL)
        status = chat_test_server_run (&output, &errors, "--config", path, "--set", mistakes[i].setting, NULL);
      else
        status = chat_test_server_run (&output, &errors, "--config", path, NULL);
      if (status != 2)
        g_error ("%s: ended with %d: %s", mistakes[i].file, status, errors);
      g_assert_cmpstr (output, ==, "");
      check_complaint (errors, mistakes[i].has, mistakes[i].file != NULL ? path : "");
    }
  g_unlink (path);
  g_rmdir (directory);
}

static void
expect (int status, const char *has, const char *first, const char *second)
{
  g_autofree char *output = NULL, *errors = NULL;

  g_assert_cmpint (chat_test_server_run (&output, &errors, first, second, NULL), ==, status);
  if (strstr (status == 0 ? output : errors, has) == NULL)
    g_error ("%s: \"%s%s\" does not say \"%s\"", first, output, errors, has);
}

static void
test_command_line (void)
{
  expect (0, "tertulia-server ", "--version", NULL);
  expect (0, "--exit-with-stdin", "--help", NULL);
  expect (0, "right", "--check-config", NULL);
  expect (2, "--nonsense", "--nonsense", NULL);
  expect (2, "\"nonsense\" is not expected", "nonsense", NULL);
  expect (2, "/nowhere/server.conf", "--config", "/nowhere/server.conf");
  expect (2, "a directory", "--config", "/");
}

/* The word lists are looked at too. */
static void
test_lists (void)
{
  g_autofree char *directory = g_dir_make_tmp ("tertulia-lists-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "mine.txt", NULL);
  g_autofree char *setting = g_strdup_printf ("moderation.lists=%s", directory);
  g_autofree char *output = NULL, *errors = NULL;

  g_assert_true (g_file_set_contents (path, "language: es\nrule: mine\nseverity: harsh\n", -1, NULL));
  g_assert_cmpint (chat_test_server_run (&output, &errors, "--check-config", "--set", setting, NULL), ==, 2);
  g_assert_nonnull (strstr (errors, "mine.txt:3"));
  g_unlink (path);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config-file/sample", test_sample);
  g_test_add_func ("/config-file/mistakes", test_mistakes);
  g_test_add_func ("/config-file/command-line", test_command_line);
  g_test_add_func ("/config-file/lists", test_lists);
  return g_test_run ();
}
