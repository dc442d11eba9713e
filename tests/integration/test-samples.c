/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sample configurations as somebody uses them who has that broker: only where it is, and who comes, is replaced.
 *
 *   test-samples kafka|rabbitmq
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "chat-test-broker.h"
#include "chat-test-call.h"
#include "chat-test-server.h"
#include "core/chat-json.h"
#include "transport/kafka/chat-kafka-transport.h"
#include "transport/rabbitmq/chat-rabbitmq-transport.h"
#include "wire.h"

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"

static ChatBrokerKind kind;

typedef struct
{
  ChatTestBroker *broker, *postgresql;
  char *directory;
  GPtrArray *command;
  GSubprocess *process;
  char *uri;
  char *prefix;
  char *virtual_host;
} Sample;

static void
write_file (Sample *self, const char *name, const char *contents)
{
  g_autofree char *path = g_build_filename (self->directory, name, NULL);

  g_assert_true (g_file_set_contents (path, contents, -1, NULL));
}

static void
set (Sample *self, const char *key, const char *value)
{
  g_ptr_array_add (self->command, g_strdup ("--set"));
  g_ptr_array_add (self->command, g_strconcat (key, "=", value, NULL));
}

/* The sample and the files that it names, in a directory of the test's own. */
static void
copy_sample (Sample *self)
{
  g_autofree char *name = g_strconcat (chat_broker_kind_to_string (kind), "-postgresql.conf", NULL);
  g_autofree char *from = g_build_filename (g_getenv ("TERTULIA_DATA_DIR"), "configurations", name, NULL);
  g_autofree char *sample = NULL, *ca = NULL;

  g_assert_true (g_file_get_contents (from, &sample, NULL, NULL));
  g_assert_true (g_file_get_contents (chat_test_broker_get (self->broker, "ca"), &ca, NULL, NULL));
  write_file (self, "sample.conf", sample);
  write_file (self, "signing.key", KEY);
  write_file (self, "broker-ca.pem", ca);
  write_file (self, "broker.password", chat_test_broker_get (self->broker, "password"));
  write_file (self, "reader.password", "read\n");
  write_file (self, "store.password", chat_test_broker_get (self->postgresql, "password"));
}

static void
make_command (Sample *self)
{
  ChatBrokerMechanism mechanism = kind == CHAT_BROKER_KAFKA ? CHAT_BROKER_SCRAM_SHA_512 : CHAT_BROKER_PLAIN;
  g_autoptr (ChatBrokerOptions) options = chat_test_broker_dup_options (self->broker, TRUE, mechanism);
  g_autofree char *numeric = g_strjoinv (";", options->addresses);
  g_auto (GStrv) parts = g_strsplit (numeric, "127.0.0.1", -1);
  g_autofree char *addresses = g_strjoinv ("localhost", parts); /* by name, as a site has it */
  g_autofree char *database = chat_test_broker_dup_database (self->postgresql);

  g_ptr_array_add (self->command, g_strdup (chat_test_server_program ()));
  g_ptr_array_add (self->command, g_strdup ("--config"));
  g_ptr_array_add (self->command, g_build_filename (self->directory, "sample.conf", NULL));
  set (self, "server.port", "0");
  set (self, "limits.rates", "false"); /* a test asks more often than people do */
  set (self, "server.data_directory", self->directory);
  set (self, "broker.addresses", addresses);
  set (self, "broker.prefix", options->prefix); /* other tests use this broker too */
  self->prefix = g_strdup (options->prefix);
  self->virtual_host = g_strdup (options->virtual_host);
  set (self, "broker.user", options->user);
  if (kind == CHAT_BROKER_RABBITMQ)
    set (self, "broker.virtual_host", options->virtual_host);
  set (self, "store.uri", database);
  g_ptr_array_add (self->command, NULL);
}

/* In the child: a test that fails leaves nothing behind. */
static void
end_with_test (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static void
start (Sample *self)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) lines = NULL;
  g_autofree char *line = NULL;

  g_subprocess_launcher_set_child_setup (launcher, end_with_test, NULL, NULL);
  self->process = g_subprocess_launcher_spawnv (launcher, (const char *const *)self->command->pdata, &error);
  g_assert_no_error (error);
  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  line = g_data_input_stream_read_line (lines, NULL, NULL, &error);
  g_assert_no_error (error);
  if (line == NULL || !g_str_has_prefix (line, "READY "))
    g_error ("it is not ready, but says %s", line);
  self->uri = g_strdup (line + strlen ("READY "));
}

static void
tell (char *answer)
{
  g_free (answer);
}

/* The rights that the sample says: of the server's user, where the broker's others are allowed what nobody has a right
 * to, and of the desktops'. */
static void
make_reader (Sample *self)
{
  g_autofree char *user = g_strconcat ("User:", chat_test_broker_get (self->broker, "user"), NULL);
  g_autofree char *controlled = g_strconcat (self->prefix, "chat_controlled", NULL);
  g_autofree char *warnings = g_strconcat (self->prefix, "chat_warnings", NULL);
  g_autofree char *streams = g_strdup_printf ("^%s(chat_controlled|chat_warnings)\\.log$", self->prefix);

  if (kind == CHAT_BROKER_KAFKA)
    {
      tell (chat_test_broker_tell (self->broker, "configs", "--alter", "--entity-type", "users", "--entity-name",
                                   "tertulia-reader", "--add-config", "SCRAM-SHA-512=[password=read]", NULL));
      tell (chat_test_broker_tell (self->broker, "acls", "--add", "--allow-principal", "User:tertulia-reader",
                                   "--operation", "Read", "--operation", "Describe", "--topic", controlled, "--topic",
                                   warnings, NULL));
      tell (chat_test_broker_tell (self->broker, "acls", "--add", "--allow-principal", user, "--resource-pattern-type",
                                   "prefixed", "--operation", "All", "--topic", self->prefix, "--group", self->prefix,
                                   "--transactional-id", self->prefix, NULL));
      return;
    }
  tell (chat_test_broker_tell (self->broker, "ctl", "1", "add_user", "tertulia-reader", "read", NULL));
  tell (chat_test_broker_tell (self->broker, "ctl", "1", "set_permissions", "-p", self->virtual_host, "tertulia-reader",
                               "^$", "^$", streams, NULL));
}

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, gpointer user_data)
{
  for (guint i = 0; i < batch->len; i++)
    {
      GBytes *bytes = chat_record_get_bytes (batch->pdata[i]);

      g_string_append_len (user_data, g_bytes_get_data (bytes, NULL), (gssize)g_bytes_get_size (bytes));
    }
}

static gboolean
has_message (gpointer text)
{
  return strstr (((GString *)text)->str, "\"hola\"") != NULL;
}

/* A desktop, with what it was told: it reads what was said, and what is the service's own it may not. */
static void
read_feed (Sample *self, const WireAnswer *feeds)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = chat_json_parse_object (feeds->body, feeds->length, 32, &error);
  JsonObject *feed = json_array_get_object_element (json_object_get_array_member (answer, "feeds"), 0);
  g_autoptr (ChatBrokerOptions) options = chat_broker_options_from_json (feed, &error);
  const char *const public[] = { CHAT_TOPIC_CONTROLLED, NULL }, *const own[] = { CHAT_TOPIC_PRIVATE, NULL };
  const ChatStart earliest = CHAT_START_EARLIEST_INIT, live = CHAT_START_LIVE_INIT;
  g_autoptr (ChatTransport) transport = NULL;
  g_autoptr (ChatSubscription) subscription = NULL, none = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_no_error (error);
  write_file (self, "feed-ca.pem", json_object_get_string_member (feed, "ca"));
  options->ca_file = g_build_filename (self->directory, "feed-ca.pem", NULL);
  transport = kind == CHAT_BROKER_KAFKA ? chat_kafka_transport_new (options) : chat_rabbitmq_transport_new (options);
  g_assert_true (chat_test_call (chat_transport_connect, transport, &error));
  subscription = chat_test_call (chat_transport_subscribe, transport, &error, public, NULL, &earliest);
  g_assert_no_error (error);
  g_signal_connect (subscription, "records", G_CALLBACK (records_cb), text);
  chat_test_wait_until (has_message, text, "what was said");
  none = chat_test_call (chat_transport_subscribe, transport, &error, own, NULL, &live);
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
  g_clear_error (&error);
  g_signal_handlers_disconnect_by_data (subscription, text);
  g_assert_true (chat_test_call (chat_transport_close, transport, &error));
}

static void
talk (Sample *self)
{
  g_autoptr (Wire) wire = wire_connect (self->uri);
  g_autofree char *token = wire_sign_in (wire, "ana");
  g_autoptr (WireAnswer) posted = NULL, feeds = NULL;
  gboolean stored = FALSE;
  gint64 deadline = g_get_monotonic_time () + chat_test_get_deadline_ms () * G_TIME_SPAN_MILLISECOND;

  posted = wire_post_text (wire, "/v1/channels/general/messages", token, "{\"data\":\"hola\"}");
  g_assert_cmpuint (posted->status, ==, 202);
  while (!stored && g_get_monotonic_time () < deadline)
    {
      g_autoptr (WireAnswer) page = wire_request (wire, "GET", "/v1/channels/general/messages", token, NULL, 0);

      stored = strstr (page->body, "\"hola\"") != NULL;
    }
  g_assert_true (stored);

  /* desktops are told of the reader, and of nobody else */
  feeds = wire_request (wire, "GET", "/v1/feeds", token, NULL, 0);
  g_assert_cmpuint (feeds->status, ==, 200);
  g_assert_nonnull (strstr (feeds->body, chat_broker_kind_to_string (kind)));
  g_assert_nonnull (strstr (feeds->body, "tertulia-reader"));
  g_assert_nonnull (strstr (feeds->body, "BEGIN CERTIFICATE"));
  g_assert_null (strstr (feeds->body, chat_test_broker_get (self->broker, "password")));
  read_feed (self, feeds);
}

static void
remove_files (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      g_unlink (path);
    }
  g_rmdir (directory);
}

static void
stop (Sample *self)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_send_signal (self->process, SIGTERM);
  g_assert_true (g_subprocess_wait_check (self->process, NULL, &error));
  g_clear_object (&self->process);
}

static void
test_sample (void)
{
  Sample self = { 0 };

  self.broker = kind == CHAT_BROKER_KAFKA ? chat_test_kafka_new (CHAT_TEST_BROKER_SHARED)
                                          : chat_test_rabbitmq_new (CHAT_TEST_BROKER_SHARED);
  if (self.broker == NULL)
    return;
  self.postgresql = chat_test_postgresql_new (CHAT_TEST_BROKER_SHARED);
  if (self.postgresql != NULL)
    {
      self.directory = g_dir_make_tmp ("tertulia-sample-XXXXXX", NULL);
      self.command = g_ptr_array_new_with_free_func (g_free);
      copy_sample (&self);
      make_command (&self);
      make_reader (&self);
      start (&self);
      talk (&self);
      stop (&self);
      remove_files (self.directory);
      g_ptr_array_unref (self.command);
      g_free (self.directory);
      g_free (self.uri);
      g_free (self.prefix);
      g_free (self.virtual_host);
      chat_test_broker_free (self.postgresql);
    }
  chat_test_broker_free (self.broker);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc != 2 || !chat_broker_kind_from_string (argv[1], &kind))
    g_error ("usage: test-samples kafka|rabbitmq");
  g_test_add_func ("/samples/started", test_sample);
  return g_test_run ();
}
