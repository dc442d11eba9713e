/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may come in, and what is said to who may not: a real broker with TLS, SASL and ACLs. */
#include <string.h>

#include "chat-test-broker.h"
#include "chat-test-call.h"
#include "transport/kafka/chat-kafka-transport.h"

static ChatTransport *
connect_with (const ChatBrokerOptions *options, GError **error)
{
  ChatTransport *transport = chat_kafka_transport_new (options);

  chat_test_call (chat_transport_connect, transport, error);
  return transport;
}

static void
drop (ChatTransport *transport)
{
  chat_test_call (chat_transport_close, transport, NULL);
  g_assert_finalize_object (transport);
}

static gboolean
publish (ChatTransport *transport, const char *topic, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (ChatRecord) record = chat_record_new (topic, "general", bytes);

  return chat_test_call (chat_transport_publish, transport, error, record);
}

static void
set_path (char **path, ChatTestBroker *broker, const char *name)
{
  g_free (*path);
  *path = g_strdup (chat_test_broker_get (broker, name));
}

static void
set_addresses (ChatBrokerOptions *options, ChatTestBroker *broker, const char *name)
{
  g_strfreev (options->addresses);
  options->addresses = g_strsplit (chat_test_broker_get (broker, name), ",", -1);
}

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, guint *count)
{
  *count += batch->len;
}

static void
check_works (const ChatBrokerOptions *options)
{
  const char *topics[] = { "chat", NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  g_autoptr (ChatSubscription) subscription = NULL;
  g_autoptr (GError) error = NULL;
  ChatTransport *transport = connect_with (options, &error);
  guint count = 0;

  g_assert_no_error (error);
  subscription = chat_test_call (chat_transport_subscribe, transport, &error, topics, NULL, &live);
  g_assert_no_error (error);
  g_signal_connect (subscription, "records", G_CALLBACK (records_cb), &count);
  g_assert_true (publish (transport, "chat", &error));
  g_assert_no_error (error);
  chat_test_wait_for_count (&count, 1);
  chat_test_call (chat_subscription_close, subscription, NULL);
  g_clear_object (&subscription);
  drop (transport);
}

/* Every mechanism, with and without TLS. */
static void
test_accepted (void)
{
  static const ChatBrokerMechanism mechanisms[]
      = { CHAT_BROKER_PLAIN, CHAT_BROKER_SCRAM_SHA_256, CHAT_BROKER_SCRAM_SHA_512 };
  g_autoptr (ChatTestBroker) broker = chat_test_kafka_new (CHAT_TEST_BROKER_SHARED);

  if (broker == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    {
      g_autoptr (ChatBrokerOptions) options = chat_test_broker_dup_options (broker, i > 0, mechanisms[i]);

      check_works (options);
    }
}

static void
test_certificate (void)
{
  g_autoptr (ChatTestBroker) broker = chat_test_kafka_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (ChatBrokerOptions) options = NULL;

  if (broker == NULL)
    return;
  options = chat_test_broker_dup_options (broker, TRUE, CHAT_BROKER_ANONYMOUS);
  set_addresses (options, broker, "mutual_tls_addresses");
  set_path (&options->certificate_file, broker, "certificate");
  set_path (&options->key_file, broker, "key");
  check_works (options);
}

static gboolean
is_offline (gpointer transport)
{
  return chat_transport_get_state (transport) == CHAT_TRANSPORT_OFFLINE;
}

/* @word: what the sentence has to name. */
static void
check_denied (const ChatBrokerOptions *options, const char *word)
{
  g_autoptr (GError) error = NULL;
  ChatTransport *transport = connect_with (options, &error);
  g_autofree char *status = NULL;

  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
  if (strstr (error->message, word) == NULL)
    g_error ("“%s” does not say “%s”", error->message, word);
  chat_test_wait_until (is_offline, transport, "the state to be offline");
  status = chat_transport_dup_status (transport);
  g_assert_cmpstr (status, ==, error->message);
  g_assert_null (strstr (error->message, options->password != NULL ? options->password : "\n"));
  g_clear_error (&error);
  g_assert_false (publish (transport, "chat", &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
  drop (transport);
}

static void
test_wrong_password (void)
{
  g_autoptr (ChatTestBroker) broker = chat_test_kafka_new (CHAT_TEST_BROKER_SHARED);

  if (broker == NULL)
    return;
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ChatBrokerOptions) options
          = chat_test_broker_dup_options (broker, i > 0, i > 0 ? CHAT_BROKER_SCRAM_SHA_512 : CHAT_BROKER_PLAIN);

      g_free (options->password);
      options->password = g_strdup ("not-the-password");
      check_denied (options, "password");
    }
}

static void
test_untrusted (void)
{
  g_autoptr (ChatTestBroker) broker = chat_test_kafka_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (ChatBrokerOptions) options = NULL;

  if (broker == NULL)
    return;
  options = chat_test_broker_dup_options (broker, TRUE, CHAT_BROKER_PLAIN);
  set_path (&options->ca_file, broker, "other_ca");
  check_denied (options, "not trusted");

  g_free (options->ca_file);
  options->ca_file = g_strdup ("/nowhere/ca.pem");
  check_denied (options, "ca");
}

/* A client that is to have a certificate and has none, or an old one. */
static void
test_client_certificate (void)
{
  g_autoptr (ChatTestBroker) broker = chat_test_kafka_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (ChatBrokerOptions) options = NULL;

  if (broker == NULL)
    return;
  options = chat_test_broker_dup_options (broker, TRUE, CHAT_BROKER_ANONYMOUS);
  set_addresses (options, broker, "mutual_tls_addresses");
  check_denied (options, "certificate");
  set_path (&options->certificate_file, broker, "expired_certificate");
  set_path (&options->key_file, broker, "expired_key");
  check_denied (options, "certificate");
}

static void
test_expired (void)
{
  g_autoptr (ChatTestBroker) broker = chat_test_kafka_new (CHAT_TEST_BROKER_EXPIRED);
  g_autoptr (ChatBrokerOptions) options = NULL;

  if (broker == NULL)
    return;
  options = chat_test_broker_dup_options (broker, TRUE, CHAT_BROKER_PLAIN);
  check_denied (options, "expired");
}

static void
allow (ChatTestBroker *broker, const char *operation, const char *kind, const char *name)
{
  g_autofree char *answer = chat_test_broker_tell (broker, "acls", "--add", "--allow-principal", "User:admin",
                                                   "--operation", operation, kind, name, NULL);
}

/* What an ACL keeps from this user. */
static void
test_permissions (void)
{
  const char *topics[] = { "secret", NULL };
  const ChatStart live = CHAT_START_LIVE_INIT, group = { CHAT_START_GROUP, NULL, 0, "closed" };
  g_autoptr (ChatTestBroker) broker = chat_test_kafka_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (ChatBrokerOptions) options = NULL;
  g_autofree char *topic = NULL, *closed = NULL;
  g_autoptr (GError) error = NULL;
  ChatTransport *transport;

  if (broker == NULL)
    return;
  options = chat_test_broker_dup_options (broker, FALSE, CHAT_BROKER_PLAIN);
  topic = chat_broker_options_dup_name (options, "secret");
  closed = chat_broker_options_dup_name (options, "closed");
  transport = connect_with (options, &error);
  g_assert_no_error (error);
  g_assert_true (publish (transport, "open", &error));
  allow (broker, "All", "--topic", topic);
  allow (broker, "All", "--group", closed);

  g_assert_false (publish (transport, "secret", &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
  g_clear_error (&error);
  g_assert_null (chat_test_call (chat_transport_subscribe, transport, &error, topics, NULL, &live));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
  g_assert_nonnull (strstr (error->message, "secret"));
  g_clear_error (&error);
  topics[0] = "open";
  g_assert_null (chat_test_call (chat_transport_subscribe, transport, &error, topics, NULL, &group));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED);
  g_assert_nonnull (strstr (error->message, "closed"));
  g_clear_error (&error);
  /* and it goes on */
  g_assert_true (publish (transport, "open", &error));
  drop (transport);
}

static void
set_password (ChatTestBroker *broker, const char *password)
{
  g_autofree char *config = g_strdup_printf ("SCRAM-SHA-256=[password=%s]", password);
  g_autofree char *answer
      = chat_test_broker_tell (broker, "configs", "--alter", "--add-config", config, "--entity-type", "users",
                               "--entity-name", chat_test_broker_get (broker, "user"), NULL);
}

static gboolean
names_password (gpointer transport)
{
  g_autofree char *status = chat_transport_dup_status (transport);

  return strstr (status, "password") != NULL;
}

static gboolean
is_online (gpointer transport)
{
  return chat_transport_get_state (transport) == CHAT_TRANSPORT_ONLINE;
}

/* A password that was good and is no longer: it is said, and tried again; a reader goes on where it was. */
static void
test_changed_password (void)
{
  const char *topics[] = { "chat", NULL };
  const ChatStart live = CHAT_START_LIVE_INIT;
  g_autoptr (ChatTestBroker) broker = NULL;
  g_autoptr (ChatBrokerOptions) options = NULL;
  g_autoptr (ChatSubscription) subscription = NULL;
  g_autoptr (GError) error = NULL;
  ChatTransport *transport;
  guint count = 0;

  if (g_getenv ("TERTULIA_TEST_FULL") == NULL)
    {
      g_test_skip ("only in full runs: the broker is started again");
      return;
    }
  broker = chat_test_kafka_new (CHAT_TEST_BROKER_PRIVATE);
  if (broker == NULL)
    return;
  options = chat_test_broker_dup_options (broker, FALSE, CHAT_BROKER_SCRAM_SHA_256);
  transport = connect_with (options, &error);
  g_assert_no_error (error);
  subscription = chat_test_call (chat_transport_subscribe, transport, &error, topics, NULL, &live);
  g_assert_no_error (error);
  g_signal_connect (subscription, "records", G_CALLBACK (records_cb), &count);
  set_password (broker, "another");
  chat_test_broker_kill (broker, 1);
  chat_test_broker_restart (broker, 1);
  chat_test_wait_until (names_password, transport, "the password to be named");
  g_assert_cmpint (chat_transport_get_state (transport), ==, CHAT_TRANSPORT_CONNECTING);
  g_assert_false (publish (transport, "chat", &error));
  g_assert_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE);
  g_clear_error (&error);
  set_password (broker, options->password);
  chat_test_wait_until (is_online, transport, "the state to be online");
  g_assert_true (publish (transport, "chat", &error));
  g_assert_no_error (error);
  chat_test_wait_for_count (&count, 1);
  chat_test_call (chat_subscription_close, subscription, NULL);
  g_clear_object (&subscription);
  drop (transport);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kafka/security/accepted", test_accepted);
  g_test_add_func ("/kafka/security/certificate", test_certificate);
  g_test_add_func ("/kafka/security/wrong-password", test_wrong_password);
  g_test_add_func ("/kafka/security/untrusted", test_untrusted);
  g_test_add_func ("/kafka/security/client-certificate", test_client_certificate);
  g_test_add_func ("/kafka/security/expired", test_expired);
  g_test_add_func ("/kafka/security/permissions", test_permissions);
  g_test_add_func ("/kafka/security/changed-password", test_changed_password);
  return g_test_run ();
}
