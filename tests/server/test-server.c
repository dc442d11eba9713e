/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tertulia-server as whoever starts it sees it: starting, stopping, being in the way, and what it keeps. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <libsoup/soup.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "chat-test-server.h"
#include "core/chat-json.h"
#include "core/chat-uuid.h"

#define SENDERS 4

/*
 * A client without a main loop
 */

typedef struct
{
  ChatTestServer *server;
  SoupSession *http;
  guint status; /* of the last answer; 0: none came */
} Client;

static void
client_init (Client *self, ChatTestServer *server)
{
  self->server = server;
  self->http = soup_session_new_with_options ("timeout", 25, NULL);
}

static void
client_clear (Client *self)
{
  g_clear_object (&self->http);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Client, client_clear)

static JsonObject *
call (Client *self, const char *method, const char *path, const char *token, const char *body)
{
  g_autofree char *uri = g_strconcat (chat_test_server_get_uri (self->server), path + 1, NULL);
  g_autofree char *bearer = g_strconcat ("Bearer ", token, NULL);
  g_autoptr (SoupMessage) message = soup_message_new (method, uri);
  g_autoptr (GBytes) answer = NULL;

  soup_message_add_flags (message, SOUP_MESSAGE_IDEMPOTENT);
  if (token != NULL)
    soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization", bearer);
  if (body != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));

      soup_message_set_request_body_from_bytes (message, "application/json", bytes);
    }
  answer = soup_session_send_and_read (self->http, message, NULL, NULL);
  self->status = answer != NULL ? soup_message_get_status (message) : 0;
  if (answer == NULL || g_bytes_get_size (answer) == 0)
    return NULL;
  return chat_json_parse_object (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), 32, NULL);
}

static char *
log_in (Client *self, const char *user)
{
  g_autofree char *body = g_strdup_printf ("{\"user\":\"%s\"}", user);
  g_autoptr (JsonObject) answer = call (self, "POST", "/v1/sessions", NULL, body);

  g_assert_cmpuint (self->status, ==, 201);
  return g_strdup (json_object_get_string_member (answer, "token"));
}

/* Returns: the status; *id: (out) (transfer full): of what was sent, whatever became of it */
static guint
post (Client *self, const char *token, const char *text, char **id)
{
  g_autofree char *body = NULL;
  g_autoptr (JsonObject) answer = NULL;

  *id = chat_uuid_v7 ();
  body = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"%s\"}", *id, text);
  answer = call (self, "POST", "/v1/channels/general/messages", token, body);
  return self->status;
}

static gint64
get_head (Client *self, const char *token)
{
  g_autoptr (JsonObject) channel = call (self, "GET", "/v1/channels/general", token, NULL);

  g_assert_cmpuint (self->status, ==, 200);
  return json_object_get_int_member (channel, "head");
}

/* Asks until it is so: another process is at work, which tells nobody. */
static void
wait_head (Client *self, const char *token, gint64 head)
{
  gint64 deadline = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  while (get_head (self, token) < head)
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
}

static guint
permissions (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  GStatBuf info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  return info.st_mode & 0777;
}

/*
 * Starting
 */

/* That the two bots are there, and @people besides. */
static void
check_bots (JsonArray *users, guint people)
{
  guint bots = 0;

  g_assert_cmpuint (json_array_get_length (users), ==, people + 2);
  for (guint i = 0; i < json_array_get_length (users); i++)
    {
      JsonObject *user = json_array_get_object_element (users, i);
      const char *name = json_object_get_string_member (user, "user");

      if (!json_object_get_boolean_member (user, "bot"))
        continue;
      bots++;
      g_assert_true (g_str_equal (name, "eco") || g_str_equal (name, "ayuda"));
      g_assert_true (json_object_get_boolean_member (user, "connected"));
    }
  g_assert_cmpuint (bots, ==, 2);
}

static void
test_embedded (void)
{
  g_autoptr (ChatTestServer) server = chat_test_server_new (NULL);
  g_auto (Client) client = { 0 };
  g_autofree char *token = NULL, *log = NULL;
  g_autoptr (JsonObject) workspace = NULL, users = NULL, members = NULL, channels = NULL, ready = NULL;
  JsonObject *general;

  chat_test_server_start (server);
  g_assert_true (g_str_has_prefix (chat_test_server_get_uri (server), "http://127.0.0.1:"));
  g_assert_cmpint (permissions (chat_test_server_get_directory (server), ""), ==, 0700);
  g_assert_cmpint (permissions (chat_test_server_get_directory (server), "signing.key"), ==, 0600);
  g_assert_cmpint (permissions (chat_test_server_get_directory (server), "store.db"), ==, 0600);
  g_assert_cmpint (permissions (chat_test_server_get_directory (server), "broker.db"), ==, 0600);

  client_init (&client, server);
  ready = call (&client, "GET", "/readyz", NULL, NULL);
  g_assert_cmpuint (client.status, ==, 200);
  workspace = call (&client, "GET", "/v1/workspace", NULL, NULL);
  g_assert_cmpuint (client.status, ==, 200);
  token = log_in (&client, "ana");
  channels = call (&client, "GET", "/v1/channels", token, NULL);
  general = json_array_get_object_element (json_object_get_array_member (channels, "channels"), 0);
  g_assert_cmpstr (json_object_get_string_member (general, "name"), ==, "general");
  users = call (&client, "GET", "/v1/users", token, NULL);
  check_bots (json_object_get_array_member (users, "users"), 1);
  members = call (&client, "GET", "/v1/channels/general/members", token, NULL);
  check_bots (json_object_get_array_member (members, "members"), 0);

  chat_test_server_stop (server);
  log = chat_test_server_dup_log (server);
  g_assert_nonnull (strstr (log, " message=Ready uri=http://127.0.0.1:"));
  g_assert_null (strstr (log, "level=warning"));
}

static void
check_language (const char *locale, const char *setting, const char *expected)
{
  const char *const settings[] = { setting, NULL };
  g_autoptr (ChatTestServer) server = chat_test_server_new (setting != NULL ? settings : NULL);
  g_auto (Client) client = { 0 };
  g_autofree char *token = NULL;
  g_autoptr (JsonObject) channel = NULL;

  g_setenv ("LC_ALL", locale, TRUE);
  chat_test_server_start (server);
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  client_init (&client, server);
  token = log_in (&client, "ana");
  channel = call (&client, "GET", "/v1/channels/general", token, NULL);
  g_assert_cmpstr (json_object_get_string_member (channel, "language"), ==, expected);
}

static void
test_language (void)
{
  check_language ("es_ES.UTF-8", NULL, "es");
  check_language ("es", NULL, "es");
  check_language ("de_DE.UTF-8", NULL, "en");
  check_language ("C", NULL, "en");
  check_language ("de_DE.UTF-8", "channels.language=de", "de");
}

/* What it is asked to do that it can't: one sentence, which names it, and 1. */
static void
expect_refusal (const char *const *has, const char *directory, const char *setting)
{
  g_autofree char *output = NULL, *errors = NULL;

  g_assert_cmpint (chat_test_server_run (&output, &errors, "--set", "server.log_level=error", "--embedded", directory,
                                         "--set", setting, NULL),
                   ==, 1);
  g_assert_cmpstr (output, ==, "");
  g_assert_true (g_str_has_prefix (errors, "tertulia-server: "));
  g_assert_cmpint (strchr (errors, '\n') - errors, ==, strlen (errors) - 1);
  for (; *has != NULL; has++)
    if (strstr (errors, *has) == NULL)
      g_error ("\"%s\" does not say \"%s\"", errors, *has);
}

/* A directory is what the command line says, whatever is in its name: a home may be that of DOMAIN\\user. */
static void
test_odd_directory (void)
{
  static const char *const names[] = { "CORP\\ana", "a\\tb", "with end \\", "blank " };
  g_autoptr (ChatTestServer) server = chat_test_server_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *directory = chat_test_server_dup_path (server, names[i]);

      expect_refusal ((const char *const[]){ "192.0.2.1", NULL }, directory, "server.address=192.0.2.1");
      g_assert_true (g_file_test (directory, G_FILE_TEST_IS_DIR));
    }
}

static void
test_in_the_way (void)
{
  g_autoptr (ChatTestServer) server = chat_test_server_new (NULL);
  g_autofree char *other = g_dir_make_tmp ("tertulia-other-XXXXXX", NULL);
  g_autofree char *inside = g_build_filename (other, "data", NULL);
  g_autofree char *file = g_build_filename (other, "file", NULL);
  g_autofree char *below = g_build_filename (file, "data", NULL);
  g_autofree char *key = g_build_filename (inside, "signing.key", NULL);
  g_autofree char *pid = NULL, *port = NULL, *command = NULL;

  chat_test_server_start (server);
  pid = g_strdup_printf ("process %d", (int)chat_test_server_get_pid (server));
  port = g_strdup_printf ("server.port=%d", atoi (strrchr (chat_test_server_get_uri (server), ':') + 1));

  expect_refusal ((const char *[]){ chat_test_server_get_directory (server), "in use", pid, NULL },
                  chat_test_server_get_directory (server), "server.port=0");
  expect_refusal ((const char *[]){ strchr (port, '=') + 1, "127.0.0.1", "taken", "server.port", NULL }, inside, port);
  expect_refusal ((const char *[]){ "203.0.113.1", "Can't listen", NULL }, inside, "server.address=203.0.113.1");
  expect_refusal ((const char *[]){ "/nowhere/lists", "word lists", NULL }, inside, "moderation.lists=/nowhere/lists");
  g_assert_true (g_file_set_contents (file, "", -1, NULL));
  expect_refusal ((const char *[]){ file, "data directory", NULL }, file, "server.port=0");
  expect_refusal ((const char *[]){ below, "data directory", NULL }, below, "server.port=0");
  expect_refusal ((const char *[]){ "/proc/tertulia", "data directory", NULL }, "/proc/tertulia", "server.port=0");
  g_assert_true (g_file_set_contents (key, "short", -1, NULL));
  expect_refusal ((const char *[]){ key, "5 bytes", "32", NULL }, inside, "server.port=0");

  /* The one that was there first has not noticed. */
  chat_test_server_stop (server);
  command = g_strdup_printf ("rm -rf '%s'", other);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
}

/*
 * Stopping, and what is kept
 */

static void
test_input (void)
{
  g_autoptr (ChatTestServer) server = chat_test_server_new (NULL);

  chat_test_server_start_with_input (server);
  chat_test_server_close_input (server);
}

/* Asked twice, it does not take its time. */
static void
test_two_signals (void)
{
  g_autoptr (ChatTestServer) server = chat_test_server_new (NULL);

  chat_test_server_start (server);
  /* While it stands still both arrive. */
  chat_test_server_signal (server, SIGSTOP);
  chat_test_server_signal (server, SIGTERM);
  chat_test_server_signal (server, SIGINT);
  chat_test_server_signal (server, SIGCONT);
  g_assert_cmpint (chat_test_server_wait (server), ==, 1);
  chat_test_server_start (server);
  chat_test_server_signal (server, SIGINT);
  g_assert_cmpint (chat_test_server_wait (server), ==, 0);
}

static void
test_restart (void)
{
  g_autoptr (ChatTestServer) server = chat_test_server_new (NULL);
  g_auto (Client) client = { 0 };
  g_autofree char *token = NULL, *id = NULL, *path = NULL, *first = NULL;

  chat_test_server_start (server);
  first = g_strdup (chat_test_server_get_uri (server));
  client_init (&client, server);
  token = log_in (&client, "ana");
  g_assert_cmpuint (post (&client, token, "hola", &id), ==, 202);
  path = g_strdup_printf ("/v1/messages/%s", id);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (JsonObject) session = NULL, message = NULL, taken = NULL;

      if (i == 0)
        chat_test_server_stop (server);
      else
        chat_test_server_kill (server);
      chat_test_server_start (server);
      g_assert_cmpstr (chat_test_server_get_uri (server), ==, first);
      session = call (&client, "GET", "/v1/sessions/current", token, NULL);
      g_assert_cmpuint (client.status, ==, 200);
      wait_head (&client, token, 1);
      message = call (&client, "GET", path, token, NULL);
      g_assert_cmpuint (client.status, ==, 200);
      g_assert_cmpstr (json_object_get_string_member (message, "data"), ==, "hola");
    }
}

/* One of several that post without a pause until nobody answers. */
typedef struct
{
  Client client;
  char *token;
  GPtrArray *accepted; /* ids */
} Sender;

static gpointer
sender_thread (gpointer data)
{
  Sender *self = data;
  guint status;

  do
    {
      g_autofree char *id = NULL;

      status = post (&self->client, self->token, "bajo carga", &id);
      if (status == 202)
        g_ptr_array_add (self->accepted, g_steal_pointer (&id));
    }
  while (status == 202);
  /* Refused in words, or the door is shut: nothing in between. */
  g_assert_true (status == 503 || status == 0);
  return NULL;
}

/* All of the channel: id → how often. */
static GHashTable *
read_history (Client *client, const char *token)
{
  GHashTable *seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gint64 after = 0;
  gboolean more = TRUE;

  while (more)
    {
      g_autofree char *path = g_strdup_printf ("/v1/channels/general/messages?after=%d&limit=200", (int)after);
      g_autoptr (JsonObject) page = call (client, "GET", path, token, NULL);
      JsonArray *messages = json_object_get_array_member (page, "messages");

      for (guint i = 0; i < json_array_get_length (messages); i++)
        {
          JsonObject *message = json_array_get_object_element (messages, i);
          const char *id = json_object_get_string_member (message, "id");

          g_assert_cmpint (json_object_get_int_member (message, "seq"), ==, ++after);
          g_assert_true (g_hash_table_add (seen, g_strdup (id)));
        }
      more = json_object_get_boolean_member (page, "more_after");
    }
  return seen;
}

static void
check_under_load (int signal)
{
  g_autoptr (ChatTestServer) server = chat_test_server_new (NULL);
  Sender senders[SENDERS] = { 0 };
  GThread *threads[SENDERS];
  g_auto (Client) client = { 0 };
  g_autoptr (GHashTable) history = NULL;
  guint accepted = 0;

  chat_test_server_start (server);
  client_init (&client, server);
  for (guint i = 0; i < SENDERS; i++)
    {
      g_autofree char *user = g_strdup_printf ("user-%u", i);

      client_init (&senders[i].client, server);
      senders[i].token = log_in (&client, user);
      senders[i].accepted = g_ptr_array_new_with_free_func (g_free);
      threads[i] = g_thread_new ("sender", sender_thread, &senders[i]);
    }
  wait_head (&client, senders[0].token, 300);
  chat_test_server_signal (server, signal);
  g_assert_cmpint (chat_test_server_wait (server), ==, signal == SIGTERM ? 0 : -1);
  for (guint i = 0; i < SENDERS; i++)
    {
      g_thread_join (threads[i]);
      accepted += senders[i].accepted->len;
    }
  chat_test_server_start (server);
  wait_head (&client, senders[0].token, accepted);
  history = read_history (&client, senders[0].token);
  for (guint i = 0; i < SENDERS; i++)
    for (guint j = 0; j < senders[i].accepted->len; j++)
      g_assert_true (g_hash_table_contains (history, senders[i].accepted->pdata[j]));
  g_test_message ("%u accepted, %u kept", accepted, g_hash_table_size (history));
  /* What was not confirmed may be there or not; of each sender at most one was on its way. */
  g_assert_cmpuint (g_hash_table_size (history), >=, accepted);
  g_assert_cmpuint (g_hash_table_size (history), <=, accepted + (signal == SIGTERM ? 0 : SENDERS));
  for (guint i = 0; i < SENDERS; i++)
    {
      client_clear (&senders[i].client);
      g_free (senders[i].token);
      g_ptr_array_unref (senders[i].accepted);
    }
}

static void
test_stop_under_load (void)
{
  check_under_load (SIGTERM);
}

static void
test_kill_under_load (void)
{
  check_under_load (SIGKILL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/embedded", test_embedded);
  g_test_add_func ("/server/odd-directory", test_odd_directory);
  g_test_add_func ("/server/language", test_language);
  g_test_add_func ("/server/in-the-way", test_in_the_way);
  g_test_add_func ("/server/input", test_input);
  g_test_add_func ("/server/two-signals", test_two_signals);
  g_test_add_func ("/server/restart", test_restart);
  g_test_add_func ("/server/stop-under-load", test_stop_under_load);
  g_test_add_func ("/server/kill-under-load", test_kill_under_load);
  return g_test_run ();
}
