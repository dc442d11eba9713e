/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tertulia-server account and invitation, on a service that stands still and on one that runs. */
#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <pty.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chat-test-server.h"
#include "core/chat-json.h"

#define PASSWORD "correct horse"
#define LEASE_MS 1500

static const char *const settings[] = { "sessions.mode=password", "sessions.password_memory=8MiB",
                                        "sessions.registration=invitation", "sessions.lease=1500ms", NULL };

typedef struct
{
  ChatTestServer *server;
  SoupSession *http;
  char *setting; /* where it keeps its files */
  char *output, *errors;
} World;

static void
world_start (World *world)
{
  *world = (World){ .server = chat_test_server_new (settings) };
  world->http = soup_session_new_with_options ("timeout", 10, NULL);
  world->setting = g_strconcat ("server.data_directory=", chat_test_server_get_directory (world->server), NULL);
}

static void
world_end (World *world)
{
  chat_test_server_free (world->server);
  g_object_unref (world->http);
  g_free (world->setting);
  g_free (world->output);
  g_free (world->errors);
}

/* Runs the command @words, with @input; returns its exit status. */
static int
run (World *world, const char *input, const char *words)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) split = g_strsplit (words, " ", -1);
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;

  g_strv_builder_add_many (builder, chat_test_server_program (), "--set", world->setting, NULL);
  for (char **word = split; *word != NULL; word++)
    g_strv_builder_add (builder, *word);
  g_strv_builder_add_many (builder, "--set", "sessions.password_memory=8MiB", NULL);
  arguments = g_strv_builder_end (builder);
  process = g_subprocess_newv ((const char *const *)arguments,
                               G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                   | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                               &error);
  g_assert_no_error (error);
  g_clear_pointer (&world->output, g_free);
  g_clear_pointer (&world->errors, g_free);
  g_subprocess_communicate_utf8 (process, input, NULL, &world->output, &world->errors, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (process));
  return g_subprocess_get_exit_status (process);
}

static void
assert_said (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("\"%s\" is not in \"%s\"", part, text);
}

static guint
call (World *world, const char *method, const char *path, const char *token, const char *body, JsonObject **answer)
{
  g_autofree char *uri = g_strconcat (chat_test_server_get_uri (world->server), path + 1, NULL);
  g_autoptr (SoupMessage) message = soup_message_new (method, uri);
  g_autoptr (GBytes) bytes = body != NULL ? g_bytes_new (body, strlen (body)) : NULL;
  g_autoptr (GBytes) got = NULL;
  g_autoptr (GError) error = NULL;

  if (token != NULL)
    {
      g_autofree char *bearer = g_strconcat ("Bearer ", token, NULL);

      soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization", bearer);
    }
  if (bytes != NULL)
    soup_message_set_request_body_from_bytes (message, "application/json", bytes);
  got = soup_session_send_and_read (world->http, message, NULL, &error);
  g_assert_no_error (error);
  if (answer != NULL)
    *answer = chat_json_parse_object (g_bytes_get_data (got, NULL), g_bytes_get_size (got), 32, NULL);
  return soup_message_get_status (message);
}

/* (transfer full) (nullable): a token */
static char *
sign_in (World *world, const char *user, const char *password)
{
  g_autofree char *body = g_strdup_printf ("{\"user\":\"%s\",\"password\":\"%s\"}", user, password);
  g_autoptr (JsonObject) answer = NULL;
  guint status = call (world, "POST", "/v1/sessions", NULL, body, &answer);

  if (status == 401)
    return NULL;
  g_assert_cmpuint (status, ==, 201);
  return g_strdup (json_object_get_string_member (answer, "token"));
}

/* The first admin of a site: made before the service has ever run. */
static void
test_first_admin (void)
{
  World world;
  g_autofree char *log = NULL;
  g_autofree char *token = NULL;

  world_start (&world);
  chat_test_server_start (world.server);
  chat_test_server_stop (world.server);
  log = chat_test_server_dup_log (world.server);
  assert_said (log, "tertulia-server account create NAME --role admin");
  g_free (g_steal_pointer (&log));
  g_assert_cmpint (run (&world, PASSWORD "\n", "account create ana --role admin"), ==, 0);
  assert_said (world.output, "ana has an account now, with the role admin");
  g_assert_null (strstr (world.output, PASSWORD));
  g_assert_cmpint (run (&world, NULL, "account list"), ==, 0);
  assert_said (world.output, "admin      enabled ");
  assert_said (world.output, "  ana\n");
  chat_test_server_start (world.server);
  token = sign_in (&world, "ana", PASSWORD);
  g_assert_nonnull (token);
  g_assert_cmpuint (call (&world, "GET", "/v1/accounts", token, NULL, NULL), ==, 200);
  chat_test_server_stop (world.server);
  log = chat_test_server_dup_log (world.server);
  g_assert_null (strstr (strstr (log, "--role admin") + 1, "--role admin")); /* said once, at the first start */
  g_assert_null (strstr (log, PASSWORD));
  world_end (&world);
}

static void
wait_for_end (World *world, const char *token, const char *what)
{
  gint64 deadline = g_get_monotonic_time () + LEASE_MS * 1000;

  /* the other process is asked: nothing comes from it by itself */
  while (call (world, "GET", "/v1/sessions/current", token, NULL, NULL) != 401)
    if (g_get_monotonic_time () > deadline)
      g_error ("waited too long for %s", what);
}

/* Beside a service that runs, which notices within a third of a lease. */
static void
test_running (void)
{
  World world;
  g_autofree char *token = NULL, *again = NULL, *body = NULL;

  world_start (&world);
  chat_test_server_start (world.server);
  g_assert_cmpint (run (&world, PASSWORD "\n", "account create root --role admin"), ==, 0);
  g_assert_cmpint (run (&world, PASSWORD "\n", "account create eva"), ==, 0);
  token = sign_in (&world, "eva", PASSWORD);
  g_assert_cmpuint (call (&world, "GET", "/v1/accounts", token, NULL, NULL), ==, 403);
  g_assert_cmpint (run (&world, "battery staple\n", "account password eva"), ==, 0);
  wait_for_end (&world, token, "the end of a session whose password was changed");
  g_assert_null (sign_in (&world, "eva", PASSWORD));
  again = sign_in (&world, "eva", "battery staple");
  g_assert_nonnull (again);
  g_assert_cmpint (run (&world, NULL, "account disable eva"), ==, 0);
  wait_for_end (&world, again, "the end of a disabled account's session");
  g_assert_null (sign_in (&world, "eva", "battery staple"));
  g_assert_cmpint (run (&world, NULL, "account enable eva"), ==, 0);
  g_free (sign_in (&world, "eva", "battery staple"));

  g_assert_cmpint (run (&world, NULL, "invitation create --role moderator --days 3"), ==, 0);
  g_strchomp (world.output);
  g_assert_cmpuint (strlen (world.output), ==, 43); /* the token alone, for scripts */
  body = g_strdup_printf ("{\"user\":\"iva\",\"password\":\"" PASSWORD "\",\"invitation\":\"%s\"}", world.output);
  g_assert_cmpuint (call (&world, "POST", "/v1/accounts", NULL, body, NULL), ==, 201);
  g_assert_cmpint (run (&world, NULL, "account list"), ==, 0);
  assert_said (world.output, "moderator  enabled ");
  chat_test_server_stop (world.server);
  world_end (&world);
}

static void
test_refused (void)
{
  static const struct
  {
    const char *words, *input;
    int status;
    const char *said;
  } cases[] = {
    { "account create Ana", PASSWORD "\n", 3, "taken" },
    { "account create eva", "short\n", 3, "too short" },
    { "account create eva", "", 3, "No password came" },
    { "account create eva", "\n", 3, "too short" },
    { "account create eva --role boss", PASSWORD "\n", 2, "boss" },
    { "account create ../eva@x", PASSWORD "\n", 3, NULL },
    { "account create", "", 2, "--help" },
    { "account create eva now", "", 2, "--help" },
    { "account list --role admin", "", 2, "--help" },
    { "account role ana member", "", 3, "last admin" },
    { "account role ana", "", 2, "--help" },
    { "account disable ana", "", 3, "last admin" },
    { "account disable nobody", "", 3, "no account" },
    { "account password nobody", PASSWORD "\n", 3, "no account" },
    { "account destroy ana", "", 2, "no command \"account destroy\"" },
    { "invitation create --days 366", "", 2, "--help" },
    { "invitation create --days x", "", 2, "days" },
    { "account", "", 2, "--help" },
    { "--set server.port=x account list", "", 2, "port" },
  };
  World world;

  world_start (&world);
  g_assert_cmpint (run (&world, PASSWORD "\n", "account create ana --role admin"), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      int status = run (&world, cases[i].input, cases[i].words);

      if (status != cases[i].status)
        g_error ("%s: %d: %s", cases[i].words, status, world.errors);
      g_assert_cmpstr (world.output, ==, "");
      g_assert_true (g_str_has_prefix (world.errors, "tertulia-server: "));
      if (cases[i].said != NULL)
        assert_said (world.errors, cases[i].said);
      g_assert_null (strstr (world.errors, PASSWORD));
    }
  world_end (&world);
}

/* A store that is no store, and one that a later version has written: nothing is touched. */
static void
test_store (void)
{
  World world;
  g_autofree char *path = NULL;
  g_autofree char *whole = NULL;
  gsize length;

  world_start (&world);
  g_assert_cmpint (run (&world, PASSWORD "\n", "account create ana --role admin"), ==, 0);
  path = g_build_filename (chat_test_server_get_directory (world.server), "store.db", NULL);
  g_assert_true (g_file_get_contents (path, &whole, &length, NULL));
  /* https://www.sqlite.org/fileformat.html: the user version, big-endian */
  whole[60] = 0x7f;
  g_assert_true (g_file_set_contents (path, whole, (gssize)length, NULL));
  g_assert_cmpint (run (&world, PASSWORD "\n", "account create eva"), ==, 1);
  assert_said (world.errors, "later version");
  g_assert_true (g_file_set_contents (path, "nonsense", -1, NULL));
  g_assert_cmpint (run (&world, NULL, "account list"), ==, 1);
  assert_said (world.errors, "not a database");
  world_end (&world);
}

static void
read_until (int terminal, GString *shown, const char *what)
{
  while (strstr (shown->str, what) == NULL)
    {
      char buffer[256];
      gssize got = read (terminal, buffer, sizeof buffer);

      if (got <= 0)
        g_error ("\"%s\" never came, only \"%s\"", what, shown->str);
      g_string_append_len (shown, buffer, got);
    }
}

/* On a terminal it is asked for twice, and not shown. */
static void
test_terminal (void)
{
  World world;
  int terminal, status;
  g_autoptr (GString) shown = g_string_new (NULL);
  pid_t child;

  world_start (&world);
  for (guint same = 0; same < 2; same++)
    {
      g_string_truncate (shown, 0);
      child = forkpty (&terminal, NULL, NULL, NULL);
      g_assert_cmpint (child, >=, 0);
      if (child == 0)
        {
          execl (chat_test_server_program (), "tertulia-server", "--set", world.setting, "--set",
                 "sessions.password_memory=8MiB", "account", "create", "ana", NULL);
          _exit (127);
        }
      read_until (terminal, shown, "Password: ");
      g_assert_cmpint (write (terminal, PASSWORD "\n", strlen (PASSWORD) + 1), >, 0);
      read_until (terminal, shown, "Again: ");
      g_assert_cmpint (write (terminal, same ? PASSWORD "\n" : "another one\n", same ? strlen (PASSWORD) + 1 : 12), >,
                       0);
      read_until (terminal, shown, same ? "has an account" : "not the same");
      g_assert_cmpint (waitpid (child, &status, 0), ==, child);
      g_assert_cmpint (WEXITSTATUS (status), ==, same ? 0 : 3);
      g_assert_null (strstr (shown->str, "horse"));
      close (terminal);
    }
  world_end (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/command/first-admin", test_first_admin);
  g_test_add_func ("/command/running", test_running);
  g_test_add_func ("/command/refused", test_refused);
  g_test_add_func ("/command/store", test_store);
  g_test_add_func ("/command/terminal", test_terminal);
  return g_test_run ();
}
