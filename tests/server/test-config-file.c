/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration of tertulia-server, as whoever writes it meets it. */
#include <glib/gstdio.h>
#include <string.h>

#include "chat-test-server.h"
#include "config.h"

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
  const char *has[5];
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
  { "[server]\naddress = localhost\n", NULL, { ":2:", "[server] address", "localhost", "127.0.0.1" } },
  { "[limits]\nbody_size = 1\n", NULL, { ":2:", "[limits] body_size" } },
  { "[limits]\nidle_timeout = 75\n", NULL, { ":2:", "[limits] idle_timeout" } },
  { "[server]\nroles = api;cook\n", NULL, { ":2:", "[server] roles", "cook" } },
  { "[server]\nroles = api;moderator\n",
    NULL,
    { ":2: [server] roles", "archiver", "log", "api;moderator;archiver;bots" } },
  { "[server]\nlog_level = loud\n", NULL, { ":2:", "loud", "debug" } },
  { "[broker]\nkind = carrier-pigeon\n", NULL, { ":2:", "carrier-pigeon", "log", "kafka", "rabbitmq" } },
  { "[broker]\nprefix = site1.\n", NULL, { ":2: [broker] prefix", "kind = log", "kafka and rabbitmq" } },
  { "[broker]\nslot = a\n", NULL, { ":2: [broker] slot", "kind = log" } },
  { "[feeds]\nuser = reader\n", NULL, { ":2: [feeds] user", "broker = true" } },
  { "[feeds]\nbroker = true\n", NULL, { ":2: [feeds] broker", "kind = log", "kafka and rabbitmq" } },
  { "[store]\nuri = postgresql://db/tertulia\n", NULL, { ":2: [store] uri", "kind = sqlite", "postgresql" } },
  { "[store]\nwrite = both\n", NULL, { ":2:", "both", "topic, direct" } },
  { "[live]\nnotify = me\n", NULL, { ":2:", "me", "broker, store" } },
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

#define KAFKA "[broker]\nkind = kafka\n"
#define RABBITMQ "[broker]\nkind = rabbitmq\n"
#define KAFKA_HERE KAFKA "addresses = kafka1:9092\n"
#define RABBITMQ_HERE RABBITMQ "addresses = rabbit1:5672\nuser = chat\npassword = secret\n"

/* The same, with what is not in every build. */
static const struct
{
  const char *file;
  const char *has[5];
} kafka_mistakes[] = {
  { KAFKA, { ":2: [broker] kind", "addresses", "broker1:9092" } },
  { KAFKA "path = a.db\n", { ":3: [broker] path", "kind = kafka", "only with log" } },
  { KAFKA "virtual_host = /chat\n", { ":3: [broker] virtual_host", "kind = kafka", "only with rabbitmq" } },
  { KAFKA "stream = chat\n", { ":3: [broker] stream", "only with rabbitmq" } },
  { KAFKA "addresses = kafka1\n", { ":3: [broker] addresses", "“kafka1”", "HOST:PORT" } },
  { KAFKA "addresses = kafka1:9092;kafka2:many\n", { ":3: [broker] addresses", "“kafka2:many”", "HOST:PORT" } },
  { KAFKA_HERE "prefix = a b\n", { ":4: [broker] prefix", "digits" } },
  { KAFKA_HERE "ca_file = /nowhere/ca.pem\n", { ":4: [broker] ca_file", "tls = true" } },
  { KAFKA_HERE "tls = true\nca_file = /nowhere/ca.pem\n", { ":5: [broker] ca_file", "/nowhere/ca.pem" } },
  { KAFKA_HERE "tls = true\nkey_file = /dev/null\n", { ":5: [broker] key_file", "certificate" } },
  { KAFKA_HERE "mechanism = external\n", { ":4: [broker] mechanism", "Kafka", "external" } },
  { KAFKA_HERE "mechanism = plain\n", { ":4: [broker] mechanism", "plain", "user and a password" } },
  { KAFKA_HERE "mechanism = plain\nuser = chat\n", { ":4: [broker] mechanism", "password" } },
  { KAFKA_HERE "user = chat\n", { ":4: [broker] user", "mechanism", "scram-sha-256" } },
  { KAFKA_HERE "password = secret\npassword_file = /dev/null\n", { ":5: [broker] password_file", "one of the two" } },
  { KAFKA_HERE "password_file = /nowhere/secret\n", { ":4: [broker] password_file", "/nowhere/secret" } },
  { KAFKA_HERE "password_file = /dev/null\n", { ":4: [broker] password_file", "nothing" } },
  { KAFKA_HERE "min_insync = 2\n", { ":4: [broker] min_insync", "2", "1", "replication" } },
  { KAFKA_HERE "slot = a/b\n", { ":4: [broker] slot", "letters" } },
  { KAFKA_HERE "[server]\nroles = api\n", { ":5: [server] roles", "moderator", "sqlite", "PostgreSQL" } },
  { KAFKA_HERE "[feeds]\ntls = true\n", { ":5: [feeds] tls", "broker = true" } },
  { KAFKA_HERE "[feeds]\nbroker = true\naddresses = far\n", { ":6: [feeds] addresses", "“far”" } },
  { KAFKA_HERE "mechanism = plain\nuser = chat\npassword = secret\n[feeds]\nbroker = true\n",
    { ":8: [feeds] broker", "plain", "user and a password" } },
  { KAFKA_HERE "mechanism = plain\nuser = chat\npassword = secret\n[feeds]\nbroker = true\nuser = chat\n"
               "password = other\n",
    { ":9: [feeds] user", "“chat”", "server's own", "private", "another user" } },
  { KAFKA_HERE "[feeds]\nbroker = true\nmechanism = external\n", { ":6: [feeds] mechanism", "certificates" } },
}, rabbitmq_mistakes[] = {
  { RABBITMQ, { ":2: [broker] kind", "addresses", "broker1:5672" } },
  { RABBITMQ "tls = true\n", { ":2: [broker] kind", "broker1:5671" } },
  { RABBITMQ "min_insync = 2\n", { ":3: [broker] min_insync", "only with kafka" } },
  { RABBITMQ "addresses = rabbit1:5672\n", { ":2: [broker] kind", "plain", "user and a password" } },
  { RABBITMQ_HERE "mechanism = scram-sha-256\n", { ":6: [broker] mechanism", "RabbitMQ", "scram-sha-256", "plain" } },
  { RABBITMQ_HERE "mechanism = external\n", { ":6: [broker] mechanism", "TLS", "certificate" } },
  { RABBITMQ_HERE "[feeds]\nbroker = true\n", { ":7: [feeds] broker", "user and a password" } },
  { RABBITMQ_HERE "[feeds]\nbroker = true\nuser = chat\npassword = secret\n", { ":8: [feeds] user", "own" } },
  { RABBITMQ_HERE "[feeds]\nbroker = true\nca_file = /dev/null\n", { ":8: [feeds] ca_file", "tls = true" } },
};

#define POSTGRESQL "[store]\nkind = postgresql\n"
#define POSTGRESQL_HERE POSTGRESQL "uri = postgresql://tertulia@db/tertulia\n"
#define SPLIT KAFKA_HERE POSTGRESQL_HERE "[server]\nroles = api\n"

static const struct
{
  const char *file;
  const char *has[5];
} postgresql_mistakes[] = {
  { POSTGRESQL, { ":2: [store] kind", "uri" } },
  { POSTGRESQL_HERE "path = a.db\n", { ":4: [store] path", "kind = postgresql", "sqlite" } },
  { POSTGRESQL_HERE "[server]\nroles = api\n", { ":5: [server] roles", "moderator", "kind = log" } },
}, split_mistakes[] = {
  { SPLIT, { ":8: [server] roles", "moderator", "signing_key", "openssl rand -hex 32" } },
};

static const char *const kafka_right[] = {
  KAFKA_HERE,
  KAFKA_HERE "tls = true\nca_file = /dev/null\nmechanism = scram-sha-512\nuser = chat\npassword = secret\n",
  KAFKA_HERE "replication = 3\nmin_insync = 2\nshards = 8\nprefix = site1.\nslot = moderator-1\n",
  KAFKA_HERE "[feeds]\nbroker = true\n",
  KAFKA_HERE "mechanism = plain\nuser = chat\npassword = secret\n"
             "[feeds]\nbroker = true\nuser = reader\npassword = secret\naddresses = kafka.example:9093\n",
}, *const rabbitmq_right[] = {
  RABBITMQ_HERE,
  RABBITMQ_HERE "virtual_host = /chat\nstream = all.log\ndeclare = false\n",
  RABBITMQ "addresses = [::1]:5671\ntls = true\nmechanism = external\ncertificate_file = /dev/null\n"
           "key_file = /dev/null\n[feeds]\nbroker = true\nuser = reader\npassword = read\n",
}, *const split_right[] = {
  SPLIT "signing_key = /nowhere/signing.key\n",
  SPLIT "signing_key = /nowhere/signing.key\n[live]\nnotify = store\n",
};

static void
check_complaint (const char *errors, const char *const *has, const char *path)
{
  g_assert_true (g_str_has_prefix (errors, "tertulia-server: "));
  g_assert_cmpint (strchr (errors, '\n') - errors, ==, strlen (errors) - 1); /* one line */
  for (guint i = 0; i < 5 && has[i] != NULL; i++)
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

/* What a file ends with, and says on standard error. */
static int
try_file (const char *path, const char *text, char **errors)
{
  g_autofree char *output = NULL;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return chat_test_server_run (&output, errors, "--config", path, "--check-config", NULL);
}

static void
check_wrong (const char *path, const char *text, const char *const *has)
{
  g_autofree char *errors = NULL;
  int status = try_file (path, text, &errors);

  if (status != 2)
    g_error ("%s: ended with %d: %s", text, status, errors);
  check_complaint (errors, has, path);
}

static void
check_right (const char *path, const char *text)
{
  g_autofree char *errors = NULL;

  if (try_file (path, text, &errors) != 0)
    g_error ("%s: %s", text, errors);
}

static void
test_brokers (void)
{
  const char *const no_kafka[] = { ":2: [broker] kind", "built without Kafka", NULL, NULL, NULL };
  const char *const no_rabbitmq[] = { ":2: [broker] kind", "built without RabbitMQ", NULL, NULL, NULL };
  g_autofree char *directory = g_dir_make_tmp ("tertulia-config-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "server.conf", NULL);

  for (guint i = 0; CHAT_HAVE_KAFKA && i < G_N_ELEMENTS (kafka_mistakes); i++)
    check_wrong (path, kafka_mistakes[i].file, kafka_mistakes[i].has);
  for (guint i = 0; CHAT_HAVE_KAFKA && i < G_N_ELEMENTS (kafka_right); i++)
    check_right (path, kafka_right[i]);
  for (guint i = 0; CHAT_HAVE_RABBITMQ && i < G_N_ELEMENTS (rabbitmq_mistakes); i++)
    check_wrong (path, rabbitmq_mistakes[i].file, rabbitmq_mistakes[i].has);
  for (guint i = 0; CHAT_HAVE_RABBITMQ && i < G_N_ELEMENTS (rabbitmq_right); i++)
    check_right (path, rabbitmq_right[i]);
  for (guint i = 0; CHAT_HAVE_POSTGRESQL && i < G_N_ELEMENTS (postgresql_mistakes); i++)
    check_wrong (path, postgresql_mistakes[i].file, postgresql_mistakes[i].has);
  for (guint i = 0; CHAT_HAVE_KAFKA && CHAT_HAVE_POSTGRESQL && i < G_N_ELEMENTS (split_mistakes); i++)
    check_wrong (path, split_mistakes[i].file, split_mistakes[i].has);
  for (guint i = 0; CHAT_HAVE_KAFKA && CHAT_HAVE_POSTGRESQL && i < G_N_ELEMENTS (split_right); i++)
    check_right (path, split_right[i]);
  if (!CHAT_HAVE_KAFKA)
    check_wrong (path, KAFKA_HERE, no_kafka);
  if (!CHAT_HAVE_RABBITMQ)
    check_wrong (path, RABBITMQ_HERE, no_rabbitmq);
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
  g_test_add_func ("/config-file/brokers", test_brokers);
  g_test_add_func ("/config-file/command-line", test_command_line);
  g_test_add_func ("/config-file/lists", test_lists);
  return g_test_run ();
}
