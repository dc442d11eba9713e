/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is let in, and what is said to who is not. */
#include <string.h>

#include "rabbitmq-test.h"

static ChatBrokerOptions *
options_new (ChatTestBroker *broker, gboolean tls, ChatBrokerMechanism mechanism)
{
  return chat_test_broker_dup_options (broker, tls, mechanism);
}

static void
replace (char **string, const char *by)
{
  g_free (*string);
  *string = g_strdup (by);
}

static void
assert_says (const GError *error, const char *words)
{
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
works (const ChatBrokerOptions *options)
{
  ChatTransport *transport = rabbitmq_test_connect (options);
  g_autoptr (GError) error = NULL;

  g_assert_true (rabbitmq_test_publish (transport, "chat", "general", "{}", &error));
  g_assert_no_error (error);
  rabbitmq_test_close (transport);
  rabbitmq_plain_delete_all (options);
}

static void
test_tls (void)
{
  g_autoptr (ChatTestBroker) broker = chat_test_rabbitmq_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (ChatBrokerOptions) plain = NULL, external = NULL, unencrypted = NULL;
  ChatTransport *transport;

  if (broker == NULL)
    return;
  plain = options_new (broker, TRUE, CHAT_BROKER_PLAIN);
  unencrypted = options_new (broker, FALSE, CHAT_BROKER_PLAIN);
  transport = rabbitmq_test_connect (plain);
  g_assert_true (rabbitmq_test_publish (transport, "chat", "general", "{}", NULL));
  rabbitmq_test_close (transport);
  replace (&unencrypted->prefix, plain->prefix);
  rabbitmq_plain_delete_all (unencrypted);

  external = options_new (broker, TRUE, CHAT_BROKER_EXTERNAL);
  transport = rabbitmq_test_connect (external);
  g_assert_true (rabbitmq_test_publish (transport, "chat", "general", "{}", NULL));
  rabbitmq_test_close (transport);
  replace (&unencrypted->prefix, external->prefix);
  rabbitmq_plain_delete_all (unencrypted);
}

static void
test_password (void)
{
  g_autoptr (ChatTestBroker) broker = chat_test_rabbitmq_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (ChatBrokerOptions) options = NULL;
  g_autoptr (GError) password = NULL, vhost = NULL;

  if (broker == NULL)
    return;
  options = options_new (broker, FALSE, CHAT_BROKER_PLAIN);
  works (options);
  replace (&options->password, "wrong");
  password = rabbitmq_test_refused (options);
  assert_says (password, "password");
  assert_says (password, "chat");
  g_assert_null (strstr (password->message, "wrong for wrong"));

  replace (&options->password, chat_test_broker_get (broker, "password"));
  replace (&options->virtual_host, "elsewhere");
  vhost = rabbitmq_test_refused (options);
  assert_says (vhost, "elsewhere");
}

static void
test_certificates (void)
{
  g_autoptr (ChatTestBroker) broker = chat_test_rabbitmq_new (CHAT_TEST_BROKER_SHARED);
  g_autoptr (ChatBrokerOptions) options = NULL, external = NULL;
  g_autoptr (GError) authority = NULL, missing = NULL, port = NULL, client = NULL;
  g_autofree char *tls = NULL;

  if (broker == NULL)
    return;
  options = options_new (broker, TRUE, CHAT_BROKER_PLAIN);
  replace (&options->ca_file, chat_test_broker_get (broker, "other_ca"));
  authority = rabbitmq_test_refused (options);
  assert_says (authority, "not trusted");

  replace (&options->ca_file, "/nowhere/ca.pem");
  missing = rabbitmq_test_refused (options);
  assert_says (missing, "/nowhere/ca.pem");

  replace (&options->ca_file, chat_test_broker_get (broker, "ca"));
  replace (&options->addresses[0], chat_test_broker_get (broker, "addresses"));
  port = rabbitmq_test_refused (options);
  assert_says (port, "TLS");

  external = options_new (broker, TRUE, CHAT_BROKER_EXTERNAL);
  replace (&external->certificate_file, chat_test_broker_get (broker, "expired_certificate"));
  replace (&external->key_file, chat_test_broker_get (broker, "expired_key"));
  client = rabbitmq_test_refused (external);
  assert_says (client, "expired");
}

static void
test_expired_server (void)
{
  g_autoptr (ChatTestBroker) broker = chat_test_rabbitmq_new (CHAT_TEST_BROKER_PRIVATE | CHAT_TEST_BROKER_EXPIRED);
  g_autoptr (ChatBrokerOptions) options = NULL;
  g_autoptr (GError) error = NULL;

  if (broker == NULL)
    return;
  options = options_new (broker, TRUE, CHAT_BROKER_PLAIN);
  error = rabbitmq_test_refused (options);
  assert_says (error, "expired");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rabbitmq/security/tls", test_tls);
  g_test_add_func ("/rabbitmq/security/password", test_password);
  g_test_add_func ("/rabbitmq/security/certificates", test_certificates);
  g_test_add_func ("/rabbitmq/security/expired-server", test_expired_server);
  return g_test_run ();
}
