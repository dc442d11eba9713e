/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-test-broker.h"

#include <string.h>
#include <unistd.h>

#define STATUS_MISSING 77

/* What is shared with other programs by tests/run is shared within this program by itself when it is run alone. */
static ChatTestBroker *own[3];

typedef enum
{
  KAFKA,
  RABBITMQ,
  POSTGRESQL,
} Kind;

static const char *const kind_names[] = { "kafka", "rabbitmq", "postgresql" };

struct _ChatTestBroker
{
  Kind kind;
  gboolean cluster;
  gboolean shared; /* it ends with whom it belongs to */
  JsonNode *description;
};

/* Reads what `broker start` and `broker share` print. NULL: the test is skipped. */
static JsonNode *
describe (const char *const *arguments)
{
  g_autofree char *output = NULL;
  g_autofree char *errors = NULL;
  g_autoptr (GError) error = NULL;
  JsonNode *description;
  int status;

  if (!g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &errors, &status, &error))
    g_error ("%s: %s", arguments[0], error->message);
  if (g_spawn_check_wait_status (status, &error))
    {
      description = json_from_string (output, &error);
      if (description == NULL)
        g_error ("%s %s: %s: %s", arguments[0], arguments[1], error != NULL ? error->message : "nothing", output);
      return description;
    }
  if (!g_error_matches (error, G_SPAWN_EXIT_ERROR, STATUS_MISSING))
    g_error ("%s %s %s: %s", arguments[0], arguments[1], arguments[2], *errors != '\0' ? errors : error->message);
  g_test_skip (g_strstrip (output));
  return NULL;
}

static ChatTestBroker *
start (Kind kind, ChatTestBrokerFlags flags)
{
  gboolean shared = flags == CHAT_TEST_BROKER_SHARED;
  gboolean cluster = (flags & CHAT_TEST_BROKER_CLUSTER) != 0 || (shared && g_getenv ("TERTULIA_TEST_CLUSTER") != NULL);
  gboolean in_run = shared && !cluster && g_getenv ("TERTULIA_BROKERS") != NULL;
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  g_autofree char *pid = g_strdup_printf ("%d", (int)getpid ());
  JsonNode *description;
  ChatTestBroker *self;

  g_ptr_array_add (arguments, (gpointer)CHAT_TEST_BROKER);
  g_ptr_array_add (arguments, (gpointer)(in_run ? "share" : "start"));
  g_ptr_array_add (arguments, (gpointer)kind_names[kind]);
  if (!in_run)
    {
      g_ptr_array_add (arguments, (gpointer) "--watch");
      g_ptr_array_add (arguments, pid);
    }
  if (cluster)
    g_ptr_array_add (arguments, (gpointer) "--nodes=3");
  if (flags & CHAT_TEST_BROKER_EXPIRED)
    g_ptr_array_add (arguments, (gpointer) "--expired");
  if (flags & CHAT_TEST_BROKER_DURABLE)
    g_ptr_array_add (arguments, (gpointer) "--durable");
  g_ptr_array_add (arguments, NULL);
  description = describe ((const char *const *)arguments->pdata);
  if (description == NULL)
    return NULL;

  self = g_new0 (ChatTestBroker, 1);
  self->kind = kind;
  self->cluster = cluster;
  self->shared = shared;
  self->description = description;
  return self;
}

static ChatTestBroker *
find_or_start (Kind kind, ChatTestBrokerFlags flags)
{
  ChatTestBroker *self;

  if (flags != CHAT_TEST_BROKER_SHARED)
    return start (kind, flags);
  if (own[kind] == NULL)
    own[kind] = start (kind, flags);
  if (own[kind] == NULL)
    return NULL;
  self = g_memdup2 (own[kind], sizeof *own[kind]);
  json_node_ref (self->description);
  return self;
}

ChatTestBroker *
chat_test_kafka_new (ChatTestBrokerFlags flags)
{
  return find_or_start (KAFKA, flags);
}

ChatTestBroker *
chat_test_rabbitmq_new (ChatTestBrokerFlags flags)
{
  return find_or_start (RABBITMQ, flags);
}

ChatTestBroker *
chat_test_postgresql_new (ChatTestBrokerFlags flags)
{
  return find_or_start (POSTGRESQL, flags);
}

void
chat_test_broker_free (ChatTestBroker *self)
{
  if (!self->shared)
    {
      const char *arguments[] = { CHAT_TEST_BROKER, "end", chat_test_broker_get (self, "directory"), NULL };
      g_autoptr (GError) error = NULL;

      if (!g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, NULL, &error))
        g_error ("%s: %s", arguments[0], error->message);
    }
  json_node_unref (self->description);
  g_free (self);
}

const char *
chat_test_broker_get (ChatTestBroker *self, const char *name)
{
  const char *value = json_object_get_string_member_with_default (json_node_get_object (self->description), name, NULL);

  if (value == NULL)
    g_error ("a broker of the kind %s has no \"%s\"", kind_names[self->kind], name);
  return value;
}

guint16
chat_test_broker_get_port (ChatTestBroker *self, const char *addresses, guint node)
{
  g_auto (GStrv) list = g_strsplit (chat_test_broker_get (self, addresses), ",", -1);

  g_assert_cmpuint (node, >=, 1);
  g_assert_cmpuint (node, <=, g_strv_length (list));
  return (guint16)g_ascii_strtoull (strrchr (list[node - 1], ':') + 1, NULL, 10);
}

static const char *
list_of_addresses (ChatTestBroker *self, gboolean tls, ChatBrokerMechanism mechanism)
{
  if (self->kind == KAFKA && mechanism != CHAT_BROKER_ANONYMOUS)
    return tls ? "sasl_tls_addresses" : "sasl_addresses";
  return tls ? "tls_addresses" : "addresses";
}

ChatBrokerOptions *
chat_test_broker_dup_options (ChatTestBroker *self, gboolean tls, ChatBrokerMechanism mechanism)
{
  g_autoptr (ChatBrokerOptions) options
      = chat_broker_options_new (self->kind == KAFKA ? CHAT_BROKER_KAFKA : CHAT_BROKER_RABBITMQ);

  g_assert_cmpint (self->kind, !=, POSTGRESQL);
  if (self->kind == RABBITMQ && mechanism == CHAT_BROKER_ANONYMOUS)
    mechanism = CHAT_BROKER_PLAIN;
  g_strfreev (options->addresses);
  options->addresses = g_strsplit (chat_test_broker_get (self, list_of_addresses (self, tls, mechanism)), ",", -1);
  g_free (options->prefix);
  options->prefix = g_strdup_printf ("t%08x.", g_random_int ());
  if (self->kind == RABBITMQ)
    {
      g_free (options->virtual_host);
      options->virtual_host = g_strdup (chat_test_broker_get (self, "vhost"));
    }
  options->tls = tls;
  if (tls)
    options->ca_file = g_strdup (chat_test_broker_get (self, "ca"));
  options->mechanism = mechanism;
  if (mechanism == CHAT_BROKER_EXTERNAL)
    {
      options->certificate_file = g_strdup (chat_test_broker_get (self, "certificate"));
      options->key_file = g_strdup (chat_test_broker_get (self, "key"));
    }
  else if (mechanism != CHAT_BROKER_ANONYMOUS)
    {
      options->user = g_strdup (chat_test_broker_get (self, "user"));
      options->password = g_strdup (chat_test_broker_get (self, "password"));
    }
  options->declare = TRUE;
  options->replication = self->cluster ? 3 : 1;
  options->min_insync = self->cluster ? 2 : 1;
  return g_steal_pointer (&options);
}

static void
keep_result_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **)data = g_object_ref (result);
}

static char *
run_in_loop (const char *const *arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *errors = NULL;
  char *output = NULL;
  g_autoptr (GSubprocess) process
      = g_subprocess_newv (arguments, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);

  if (process == NULL)
    g_error ("%s: %s", arguments[0], error->message);
  g_subprocess_communicate_utf8_async (process, NULL, NULL, keep_result_cb, &result);
  while (result == NULL)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  if (!g_subprocess_communicate_utf8_finish (process, result, &output, &errors, &error))
    g_error ("%s: %s", arguments[0], error->message);
  if (!g_subprocess_get_successful (process))
    g_error ("%s %s: %s", arguments[0], arguments[3], errors);
  return output;
}

char *
chat_test_broker_tell (ChatTestBroker *self, const char *first, ...)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  va_list words;

  g_ptr_array_add (arguments, (gpointer)CHAT_TEST_BROKER);
  g_ptr_array_add (arguments, (gpointer) "tell");
  g_ptr_array_add (arguments, (gpointer)chat_test_broker_get (self, "directory"));
  va_start (words, first);
  for (const char *word = first; word != NULL; word = va_arg (words, const char *))
    g_ptr_array_add (arguments, (gpointer)word);
  va_end (words);
  g_ptr_array_add (arguments, NULL);
  return run_in_loop ((const char *const *)arguments->pdata);
}

static void
tell_node (ChatTestBroker *self, const char *verb, guint node)
{
  g_autofree char *number = g_strdup_printf ("%u", node);

  g_assert_false (self->shared);
  g_free (chat_test_broker_tell (self, verb, number, NULL));
}

void
chat_test_broker_kill (ChatTestBroker *self, guint node)
{
  tell_node (self, "kill9", node);
}

void
chat_test_broker_stop (ChatTestBroker *self, guint node)
{
  tell_node (self, "stop", node);
}

void
chat_test_broker_pause (ChatTestBroker *self, guint node)
{
  tell_node (self, "pause", node);
}

void
chat_test_broker_resume (ChatTestBroker *self, guint node)
{
  tell_node (self, "resume", node);
}

void
chat_test_broker_restart (ChatTestBroker *self, guint node)
{
  tell_node (self, "restart", node);
}

char *
chat_test_broker_dup_database (ChatTestBroker *self)
{
  g_autofree char *name = g_strdup_printf ("t%08x", g_random_int ());

  g_assert_cmpint (self->kind, ==, POSTGRESQL);
  return chat_test_broker_tell (self, "database", name, NULL);
}
