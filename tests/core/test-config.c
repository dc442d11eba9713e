/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-config.h"

#include "core-test.h"

#include <glib/gstdio.h>

#define DAY G_GINT64_CONSTANT (86400000)

static const char *const roles[] = { "api", "moderator", "archiver", NULL };
static const char *const brokers[] = { "log", "kafka", "rabbitmq", NULL };

static const ChatConfigKey keys[] = {
  { "server", "port", CHAT_CONFIG_INT, "8085", 1, 65535, NULL, "The port that it listens on." },
  { "server", "name", CHAT_CONFIG_STRING, NULL, 0, 0, NULL, "What people see." },
  { "server", "roles", CHAT_CONFIG_LIST, "api;moderator", 0, 0, roles, "What this process does." },
  { "server", "origins", CHAT_CONFIG_LIST, "", 0, 0, NULL, "Who may ask." },
  { "server", "verbose", CHAT_CONFIG_BOOLEAN, "false", 0, 0, NULL, "Whether it talks much." },
  { "server", "offset", CHAT_CONFIG_INT, "-5", -10, 10, NULL, "A number that may be negative." },
  { "transport", "broker", CHAT_CONFIG_CHOICE, "log", 0, 0, brokers, "Which broker." },
  { "transport", "retention", CHAT_CONFIG_DURATION, "7d", 1000, 365 * DAY, NULL, "How long it keeps records." },
  { "transport", "segment", CHAT_CONFIG_SIZE, "64MiB", 4096, G_MAXINT64, NULL, "How large a segment is." },
  { "store", "path", CHAT_CONFIG_PATH, "data/tertulia.db", 0, 0, NULL, "Where the messages are." },
  { "store", "key_file", CHAT_CONFIG_PATH, NULL, 0, 0, NULL, "Where the key is." },
  { 0 },
};

static gboolean
load (ChatConfig *config, const char *data, GError **error)
{
  gsize length = strlen (data);
  g_autofree char *exact = g_memdup2 (data, length);

  return chat_config_load_data (config, exact, length, "/etc/t/t.conf", error);
}

static void
assert_loads (ChatConfig *config, const char *data)
{
  g_autoptr (GError) error = NULL;

  load (config, data, &error);
  g_assert_no_error (error);
}

static void
assert_wrong_code (const char *data, ChatCoreError code, const char *part)
{
  g_autoptr (ChatConfig) config = chat_config_new (keys);
  g_autoptr (GError) error = NULL;

  if (load (config, data, &error))
    g_error ("“%s” was taken", data);
  assert_says (&error, code, part);
}

static void
assert_wrong (const char *data, const char *part)
{
  assert_wrong_code (data, CHAT_CORE_ERROR_INVALID, part);
}

static void
test_fallbacks (void)
{
  g_autoptr (ChatConfig) config = chat_config_new (keys);
  g_autofree char *directory = g_get_current_dir ();
  g_autofree char *path = g_build_filename (directory, "data/tertulia.db", NULL);

  g_assert_cmpint (chat_config_get_int (config, "server", "port"), ==, 8085);
  g_assert_null (chat_config_get_string (config, "server", "name"));
  g_assert_true (g_strv_equal (chat_config_get_list (config, "server", "roles"),
                               (const char *const[]){ "api", "moderator", NULL }));
  g_assert_cmpuint (g_strv_length ((char **)chat_config_get_list (config, "server", "origins")), ==, 0);
  g_assert_false (chat_config_get_boolean (config, "server", "verbose"));
  g_assert_cmpint (chat_config_get_int (config, "server", "offset"), ==, -5);
  g_assert_cmpstr (chat_config_get_string (config, "transport", "broker"), ==, "log");
  g_assert_cmpint (chat_config_get_int (config, "transport", "retention"), ==, 7 * DAY);
  g_assert_cmpint (chat_config_get_int (config, "transport", "segment"), ==, 64 << 20);
  g_assert_cmpstr (chat_config_get_string (config, "store", "path"), ==, path);
  g_assert_null (chat_config_get_string (config, "store", "key_file"));
}

static void
test_values (void)
{
  g_autoptr (ChatConfig) config = chat_config_new (keys);

  assert_loads (config, "# a comment\r\n"
                        "  [server]  \r\n"
                        "port=+9000\r\n"
                        "\tname =  Café = \\s\\\\x\\t  \r\n"
                        "roles = archiver ; api;\n"
                        "origins=a\\;b;\\sc\n"
                        "verbose = true\n"
                        "\n"
                        "[transport]\n"
                        "broker = kafka\n"
                        "retention = 250min\n"
                        "segment=4096");
  g_assert_cmpint (chat_config_get_int (config, "server", "port"), ==, 9000);
  g_assert_cmpstr (chat_config_get_string (config, "server", "name"), ==, "Café =  \\x\t");
  g_assert_true (g_strv_equal (chat_config_get_list (config, "server", "roles"),
                               (const char *const[]){ "archiver", "api", NULL }));
  g_assert_true (
      g_strv_equal (chat_config_get_list (config, "server", "origins"), (const char *const[]){ "a;b", "c", NULL }));
  g_assert_true (chat_config_get_boolean (config, "server", "verbose"));
  g_assert_cmpstr (chat_config_get_string (config, "transport", "broker"), ==, "kafka");
  g_assert_cmpint (chat_config_get_int (config, "transport", "retention"), ==, 250 * 60000);
  g_assert_cmpint (chat_config_get_int (config, "transport", "segment"), ==, 4096);
}

static void
test_empty_file (void)
{
  g_autoptr (ChatConfig) config = chat_config_new (keys);

  assert_loads (config, "");
  assert_loads (config, "\n# nothing\n[server]\n[store]\n");
  assert_loads (config, "[server]\nname =\norigins =\n");
  g_assert_cmpstr (chat_config_get_string (config, "server", "name"), ==, "");
}

static void
test_units (void)
{
  static const struct
  {
    const char *text;
    gint64 ms;
  } durations[] = { { "1000ms", 1000 }, { "30s", 30000 }, { "10min", 600000 }, { "24h", DAY }, { "7d", 7 * DAY } };
  static const struct
  {
    const char *text;
    gint64 bytes;
  } sizes[] = { { "4096", 4096 },
                { "64KiB", 65536 },
                { "10MiB", 10485760 },
                { "8589934591GiB", G_GINT64_CONSTANT (8589934591) << 30 } };
  g_autoptr (ChatConfig) config = chat_config_new (keys);

  for (guint i = 0; i < G_N_ELEMENTS (durations); i++)
    {
      g_assert_true (chat_config_set (config, "transport", "retention", durations[i].text, NULL));
      g_assert_cmpint (chat_config_get_int (config, "transport", "retention"), ==, durations[i].ms);
    }
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_assert_true (chat_config_set (config, "transport", "segment", sizes[i].text, NULL));
      g_assert_cmpint (chat_config_get_int (config, "transport", "segment"), ==, sizes[i].bytes);
    }
}

static void
test_paths (void)
{
  g_autoptr (ChatConfig) config = chat_config_new (keys);
  g_autofree char *home = g_build_filename (g_get_home_dir (), "k/e y", NULL);
  g_autofree char *directory = g_get_current_dir ();
  g_autofree char *here = g_build_filename (directory, "x.db", NULL);

  assert_loads (config, "[store]\nkey_file = ~/k/e y\n");
  g_assert_cmpstr (chat_config_get_string (config, "store", "key_file"), ==, home);
  /* What the file does not say is as if it stood there. */
  g_assert_cmpstr (chat_config_get_string (config, "store", "path"), ==, "/etc/t/data/tertulia.db");
  assert_loads (config, "[store]\npath = ../x.db\n");
  g_assert_cmpstr (chat_config_get_string (config, "store", "path"), ==, "/etc/x.db");
  assert_loads (config, "[store]\npath = /var/lib/./x.db\n");
  g_assert_cmpstr (chat_config_get_string (config, "store", "path"), ==, "/var/lib/x.db");
  assert_loads (config, "[server]\n");
  g_assert_cmpstr (chat_config_get_string (config, "store", "path"), ==, "/var/lib/x.db");
  g_assert_true (chat_config_set (config, "store", "path", "x.db", NULL));
  g_assert_cmpstr (chat_config_get_string (config, "store", "path"), ==, here);
}

static void
test_wrong_values (void)
{
  static const struct
  {
    const char *line;
    const char *part;
  } cases[] = {
    { "port = 0",
      "/etc/t/t.conf:2: [server] port: found “0”, which is too small; it should be a whole number from 1 to 65535" },
    { "port = 65536", "found “65536”, which is too large" },
    { "port = 99999999999999999999999", "which is too large" },
    { "port = -99999999999999999999999", "which is too small" },
    { "port =", "found “”, which is empty" },
    { "port = http", "found “http”, which is no number" },
    { "port = 80 # web", "a comment stands on a line of its own" },
    { "port = 80.5", "found “80.5”" },
    { "port = 0x50", "found “0x50”" },
    { "port = - 5", "found “- 5”" },
    { "verbose = yes", "found “yes”; it should be true or false" },
    { "verbose = True", "found “True”" },
    { "verbose =", "which is empty" },
    { "roles = api;moderater",
      "found “moderater”, perhaps meant as “moderator”; it should be any of api, moderator, archiver" },
    { "roles = api;;moderator", "with an empty entry" },
    { "roles = ;", "with an empty entry" },
    { "roles = chef", "found “chef”; it should be any of" },
    { "name = a\\x", "a backslash begins no known escape" },
    { "name = a\\", "a backslash begins no known escape" },
    { "name = a\\;", "a backslash begins no known escape" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *data = g_strconcat ("[server]\n", cases[i].line, "\n", NULL);

      assert_wrong (data, cases[i].part);
    }
}

static void
test_wrong_values_with_units (void)
{
  static const struct
  {
    const char *line;
    const char *part;
  } cases[] = {
    { "broker = kafca",
      "[transport] broker: found “kafca”, perhaps meant as “kafka”; it should be one of log, kafka, rabbitmq" },
    { "broker = Kafka", "perhaps meant as “kafka”" },
    { "broker =", "which is empty" },
    { "retention = 30",
      "found “30”, which has no unit; it should be a time from 1s to 365d, with its unit (ms, s, min, h, d)" },
    { "retention = 30 s", "which has an unknown unit" },
    { "retention = 5m", "which has an unknown unit" },
    { "retention = 999ms", "which is too small" },
    { "retention = 0", "which is too small" },
    { "retention = 366d", "which is too large" },
    { "retention = -1s", "out of range" },
    { "retention = 9223372036854775807d", "out of range" },
    { "retention = s", "which is no number" },
    { "segment = 64KB", "found “64KB”, which has an unknown unit; it should be a size from 4KiB" },
    { "segment = 99999999999GiB", "out of range" },
    { "segment = 1", "which is too small" },
    { "segment = ", "which is empty" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *data = g_strconcat ("[transport]\n", cases[i].line, "\n", NULL);

      assert_wrong (data, cases[i].part);
    }
  assert_wrong ("[store]\npath =\n", "[store] path: found “”, which is empty");
  assert_wrong ("[store]\npath = ~ana/x\n", "another user");
}

static void
test_wrong_names (void)
{
  assert_wrong ("[server]\n\nprot = 80\n", "/etc/t/t.conf:3: [server] prot: an unknown key; perhaps meant as “port”");
  assert_wrong ("[server]\nPORT = 80\n", "perhaps meant as “port”");
  assert_wrong ("[server]\nbroker = log\n", "[server] broker: an unknown key; it belongs in [transport]");
  assert_wrong ("[server]\nname[es] = x\n", "an unknown key");
  assert_wrong ("[store]\nx = 80\n", "[store] x: an unknown key; it should be one of path, key_file");
  assert_wrong ("# first\n[sever]\nport = 80\n",
                "/etc/t/t.conf:2: [sever]: an unknown group; perhaps meant as “server”");
  assert_wrong ("[desktop]\n", "[desktop]: an unknown group; it should be one of server, transport, store");
  assert_wrong ("[server]\na\u202eb = 80\n", "a<U+202E>b");
}

static void
test_twice (void)
{
  assert_wrong ("[server]\nport = 80\nname = x\nport = 80\n",
                "/etc/t/t.conf:4: [server] port: is there twice, first in line 2");
  assert_wrong ("[server]\n[store]\n[server]\nport = 1\n",
                "/etc/t/t.conf:3: [server]: is there twice, first in line 1");
}

static void
test_wrong_lines (void)
{
  assert_wrong ("port = 80\n", "/etc/t/t.conf:1: found “port = 80”; a [group] should come before");
  assert_wrong ("[server]\nport 80\n", "/etc/t/t.conf:2: found “port 80”; a line should be");
  assert_wrong ("[server]\n= 80\n", "the name of a key should stand before the =");
  assert_wrong ("[server\nport = 80\n", "found “[server”; a group should look like [group]");
  assert_wrong ("[server] # x\n", "a group should look like [group]");
  assert_wrong ("[ser]ver]\n", "a group should look like [group]");
  assert_wrong ("[]\n", "a group should look like [group]");
  assert_wrong ("[server]\n; port = 80\n", "a comment should begin with #");
  assert_wrong ("[server]\nname = a\n b\n", "/etc/t/t.conf:3: found “b”");
}

static void
test_wrong_encoding (void)
{
  g_autoptr (ChatConfig) config = chat_config_new (keys);
  g_autoptr (GError) error = NULL;

  assert_wrong ("\xef\xbb\xbf[server]\n", "/etc/t/t.conf:1: a byte order mark");
  assert_wrong_code ("[server]\n# caf\xe9\n", CHAT_CORE_ERROR_NOT_UTF8,
                     "/etc/t/t.conf:2: the byte 0xE9 is not valid UTF-8");
  assert_wrong ("[server]\nname = a\x1b[31m\n", "/etc/t/t.conf:2: found the control character U+001B");
  g_assert_false (chat_config_load_data (config, "[server]\n\0", 10, "t.conf", &error));
  assert_says (&error, CHAT_CORE_ERROR_NOT_UTF8, "t.conf:2: a NUL byte");
}

static void
test_error_changes_nothing (void)
{
  g_autoptr (ChatConfig) config = chat_config_new (keys);
  g_autoptr (GError) error = NULL;

  assert_loads (config, "[server]\nport = 1\n");
  g_assert_false (load (config, "[server]\nport = 2\nname = x\n[store]\npath = a\nport = 3\n", &error));
  g_assert_cmpint (chat_config_get_int (config, "server", "port"), ==, 1);
  g_assert_null (chat_config_get_string (config, "server", "name"));
  g_assert_cmpstr (chat_config_get_string (config, "store", "path"), ==, "/etc/t/data/tertulia.db");
  g_clear_error (&error);
  g_assert_false (chat_config_set (config, "server", "port", "x", &error));
  g_assert_cmpint (chat_config_get_int (config, "server", "port"), ==, 1);
}

static void
test_set (void)
{
  g_autoptr (ChatConfig) config = chat_config_new (keys);
  g_autoptr (GError) error = NULL;

  g_assert_true (chat_config_set (config, "server", "port", " 81 ", &error));
  g_assert_cmpint (chat_config_get_int (config, "server", "port"), ==, 81);
  assert_loads (config, "[server]\nname = x\n");
  g_assert_cmpint (chat_config_get_int (config, "server", "port"), ==, 81);

  g_assert_false (chat_config_set (config, "server", "port", "0", &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "[server] port: found “0”");
  g_assert_false (chat_config_set (config, "server", "prt", "0", &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "[server] prt: an unknown key; perhaps meant as “port”");
  g_assert_false (chat_config_set (config, "srver", "port", "0", &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "[srver]: an unknown group; perhaps meant as “server”");
  g_assert_false (chat_config_set (config, "server", "name", "\xff", &error));
  assert_says (&error, CHAT_CORE_ERROR_NOT_UTF8, "[server] name");
}

/* Runs itself again, as such a mistake ends a program under test. */
static void
test_programming_errors (void)
{
  static const ChatConfigKey wrong[] = { { "a", "b", CHAT_CONFIG_INT, "x", 0, 1, NULL, "" }, { 0 } };
  static const struct
  {
    const char *path;
    const char *says;
  } cases[] = {
    { "/core/config/programming-errors/subprocess/name", "*the table of keys has no [server] prot of this type*" },
    { "/core/config/programming-errors/subprocess/type", "*the table of keys has no [server] port of this type*" },
    { "/core/config/programming-errors/subprocess/fallback", "*a wrong fallback: [a] b: found *" },
  };
  g_autoptr (ChatConfig) config = NULL;

  if (g_test_subprocess ())
    {
      const char *path = g_test_get_path ();

      config = chat_config_new (g_str_has_suffix (path, "fallback") ? wrong : keys);
      if (g_str_has_suffix (path, "name"))
        chat_config_get_int (config, "server", "prot");
      else
        chat_config_get_string (config, "server", "port");
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_trap_subprocess (cases[i].path, 0, 0);
      g_test_trap_assert_failed ();
      g_test_trap_assert_stderr (cases[i].says);
    }
}

/* What the sample says is what there is without it. */
static void
test_sample (void)
{
  g_autoptr (ChatConfig) config = chat_config_new (keys);
  g_autoptr (ChatConfig) loaded = chat_config_new (keys);
  g_autofree char *sample = chat_config_sample (config);
  g_autofree char *again = NULL;

  assert_loads (config, "");
  assert_loads (loaded, sample);
  for (guint i = 0; keys[i].group != NULL; i++)
    {
      g_assert_nonnull (strstr (sample, keys[i].key));
      g_assert_nonnull (strstr (sample, keys[i].summary));
    }
  g_assert_nonnull (strstr (sample, "\n# name =\n"));
  g_assert_nonnull (strstr (sample, "\nretention = 7d\n"));
  g_assert_cmpint (chat_config_get_int (loaded, "transport", "segment"), ==,
                   chat_config_get_int (config, "transport", "segment"));
  g_assert_cmpstr (chat_config_get_string (loaded, "store", "path"), ==,
                   chat_config_get_string (config, "store", "path"));
  g_assert_true (g_strv_equal (chat_config_get_list (loaded, "server", "roles"),
                               chat_config_get_list (config, "server", "roles")));
  again = chat_config_sample (loaded);
  g_assert_cmpstr (sample, ==, again);
}

typedef struct
{
  char *directory;
  char *path;
  ChatConfig *config;
} File;

static void
set_up (File *self, gconstpointer data)
{
  self->directory = g_dir_make_tmp ("tertulia-config-XXXXXX", NULL);
  g_assert_nonnull (self->directory);
  self->path = g_build_filename (self->directory, "t.conf", NULL);
  self->config = chat_config_new (keys);
}

static void
tear_down (File *self, gconstpointer data)
{
  g_remove (self->path);
  g_rmdir (self->directory);
  g_free (self->path);
  g_free (self->directory);
  g_object_unref (self->config);
}

static void
test_file (File *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = g_build_filename (self->directory, "x.db", NULL);
  g_autofree char *part = g_strdup_printf ("%s:2: [store] path", self->path);

  g_assert_true (g_file_set_contents (self->path, "[store]\npath = x.db\n", -1, NULL));
  g_assert_true (chat_config_load_file (self->config, self->path, &error));
  g_assert_cmpstr (chat_config_get_string (self->config, "store", "path"), ==, expected);
  g_assert_true (g_file_set_contents (self->path, "[store]\npath =\n", -1, NULL));
  g_assert_false (chat_config_load_file (self->config, self->path, &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, part);
}

static void
test_no_file (File *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (chat_config_load_file (self->config, self->path, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, self->path));
  g_clear_error (&error);
  g_assert_false (chat_config_load_file (self->config, self->directory, &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "found a directory; it should be a text file");
  g_assert_false (chat_config_load_file (self->config, "/dev/zero", &error));
  assert_says (&error, CHAT_CORE_ERROR_INVALID, "/dev/zero: found something that is no file");
}

static void
test_large_file (File *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *large = g_strnfill (1024 * 1024 + 1, '#');

  g_assert_true (g_file_set_contents (self->path, large, -1, NULL));
  g_assert_false (chat_config_load_file (self->config, self->path, &error));
  assert_says (&error, CHAT_CORE_ERROR_TOO_LARGE, "at most 1048576");
  large[1024 * 1024] = '\0';
  g_assert_true (g_file_set_contents (self->path, large, -1, NULL));
  g_assert_true (chat_config_load_file (self->config, self->path, &error));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/config/fallbacks", test_fallbacks);
  g_test_add_func ("/core/config/values", test_values);
  g_test_add_func ("/core/config/empty-file", test_empty_file);
  g_test_add_func ("/core/config/units", test_units);
  g_test_add_func ("/core/config/paths", test_paths);
  g_test_add_func ("/core/config/wrong-values", test_wrong_values);
  g_test_add_func ("/core/config/wrong-values-with-units", test_wrong_values_with_units);
  g_test_add_func ("/core/config/wrong-names", test_wrong_names);
  g_test_add_func ("/core/config/twice", test_twice);
  g_test_add_func ("/core/config/wrong-lines", test_wrong_lines);
  g_test_add_func ("/core/config/wrong-encoding", test_wrong_encoding);
  g_test_add_func ("/core/config/error-changes-nothing", test_error_changes_nothing);
  g_test_add_func ("/core/config/set", test_set);
  g_test_add_func ("/core/config/programming-errors", test_programming_errors);
  g_test_add_func ("/core/config/programming-errors/subprocess/name", test_programming_errors);
  g_test_add_func ("/core/config/programming-errors/subprocess/type", test_programming_errors);
  g_test_add_func ("/core/config/programming-errors/subprocess/fallback", test_programming_errors);
  g_test_add_func ("/core/config/sample", test_sample);
  g_test_add ("/core/config/file", File, NULL, set_up, test_file, tear_down);
  g_test_add ("/core/config/no-file", File, NULL, set_up, test_no_file, tear_down);
  g_test_add ("/core/config/large-file", File, NULL, set_up, test_large_file, tear_down);
  return g_test_run ();
}
