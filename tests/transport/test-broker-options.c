/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reaches a broker over the network: as people type it, as the service offers it, and what does not fit. */
#include <string.h>

#include "core/chat-core-error.h"
#include "core/chat-json.h"
#include "transport/chat-broker-options.h"
#include "transport/chat-record.h"

static char *
join (ChatBrokerOptions *options)
{
  return g_strjoinv (" ", options->addresses);
}

static void
test_kafka (void)
{
  static const struct
  {
    const char *text, *addresses;
  } cases[] = {
    { "broker1", "broker1:9092" },
    { " broker1:9093 , broker2 ", "broker1:9093 broker2:9092" },
    { "kafka://broker1,broker2:1", "broker1:9092 broker2:1" },
    { "KAFKA://[::1]:9092", "[::1]:9092" },
    { "[::1]", "[::1]:9092" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatBrokerOptions) options = chat_broker_options_parse (cases[i].text, &error);
      g_autofree char *addresses = NULL;

      g_assert_no_error (error);
      addresses = join (options);
      g_assert_cmpint (options->kind, ==, CHAT_BROKER_KAFKA);
      g_assert_cmpstr (addresses, ==, cases[i].addresses);
      g_assert_cmpint (options->mechanism, ==, CHAT_BROKER_ANONYMOUS);
      g_assert_false (options->tls);
    }
}

static void
test_amqp (void)
{
  static const struct
  {
    const char *text, *addresses, *host, *user, *password;
    gboolean tls;
  } cases[] = {
    { "amqp://rabbit1", "rabbit1:5672", "/", NULL, NULL, FALSE },
    { "amqps://rabbit1", "rabbit1:5671", "/", NULL, NULL, TRUE },
    { "amqp://ana@rabbit1:1/", "rabbit1:1", "", "ana", NULL, FALSE },
    { "amqp://ana:s%40cret%3A@rabbit1,rabbit2:5673/planta%2F2", "rabbit1:5672 rabbit2:5673", "planta/2", "ana",
      "s@cret:", FALSE },
    { "amqp://ana:p@ss@rabbit1/%2F", "rabbit1:5672", "/", "ana", "p@ss", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatBrokerOptions) options = chat_broker_options_parse (cases[i].text, &error);
      g_autofree char *addresses = NULL;

      g_assert_no_error (error);
      addresses = join (options);
      g_assert_cmpint (options->kind, ==, CHAT_BROKER_RABBITMQ);
      g_assert_cmpstr (addresses, ==, cases[i].addresses);
      g_assert_cmpstr (options->virtual_host, ==, cases[i].host);
      g_assert_cmpstr (options->user, ==, cases[i].user);
      g_assert_cmpstr (options->password, ==, cases[i].password);
      g_assert_cmpint (options->tls, ==, cases[i].tls);
    }
}

static void
test_wrong (void)
{
  static const struct
  {
    const char *text, *says;
  } cases[] = {
    { "", "No address" },
    { " , ", "No address" },
    { "http://secreto@broker1", "“http://” is not the address of a broker" },
    { "broker1:puerto", "“broker1:puerto” is not the address" },
    { "broker1:0", "HOST:PORT" },
    { ":9092", "HOST:PORT" },
    { "broker one:9092", "HOST:PORT" },
    { "amqp://", "No address" },
    { "amqp://ana:secreto@rabbit1/a/b", "%2F" },
    { "amqp://ana:secreto@rabbit1/?heartbeat=1", "virtual host" },
    { "amqp://ana:secreto%2@rabbit1", "%40" },
    { "amqp://ana:secreto@rabbit1/%zz", "%2F" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (chat_broker_options_parse (cases[i].text, &error));
      g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, cases[i].says));
      g_assert_null (strstr (error->message, "secreto"));
    }
}

/* What fits each by itself and not together. */
static void
test_together (void)
{
  static const struct
  {
    ChatBrokerKind kind;
    ChatBrokerMechanism mechanism;
    const char *user, *password, *certificate, *key, *prefix;
    gboolean tls;
    const char *says; /* nullable: it fits */
  } cases[] = {
    { CHAT_BROKER_KAFKA, CHAT_BROKER_ANONYMOUS, NULL, NULL, NULL, NULL, "site1.", FALSE, NULL },
    { CHAT_BROKER_KAFKA, CHAT_BROKER_ANONYMOUS, NULL, NULL, "a.pem", "a.key", "", TRUE, NULL },
    { CHAT_BROKER_KAFKA, CHAT_BROKER_SCRAM_SHA_512, "ana", "x", NULL, NULL, "", FALSE, NULL },
    { CHAT_BROKER_KAFKA, CHAT_BROKER_SCRAM_SHA_256, "ana", NULL, NULL, NULL, "", FALSE, "needs a user and a password" },
    { CHAT_BROKER_KAFKA, CHAT_BROKER_EXTERNAL, NULL, NULL, "a.pem", "a.key", "", TRUE, "external" },
    { CHAT_BROKER_KAFKA, CHAT_BROKER_ANONYMOUS, NULL, NULL, "a.pem", NULL, "", TRUE, "its key" },
    { CHAT_BROKER_KAFKA, CHAT_BROKER_ANONYMOUS, NULL, NULL, "a.pem", "a.key", "", FALSE, "needs TLS" },
    { CHAT_BROKER_KAFKA, CHAT_BROKER_ANONYMOUS, NULL, "x", NULL, NULL, "", FALSE, "no user" },
    { CHAT_BROKER_KAFKA, CHAT_BROKER_ANONYMOUS, NULL, NULL, NULL, NULL, "a b", FALSE, "prefix" },
    { CHAT_BROKER_RABBITMQ, CHAT_BROKER_PLAIN, "ana", "x", NULL, NULL, "", FALSE, NULL },
    { CHAT_BROKER_RABBITMQ, CHAT_BROKER_EXTERNAL, NULL, NULL, "a.pem", "a.key", "", TRUE, NULL },
    { CHAT_BROKER_RABBITMQ, CHAT_BROKER_EXTERNAL, NULL, NULL, NULL, NULL, "", TRUE, "client certificate" },
    { CHAT_BROKER_RABBITMQ, CHAT_BROKER_SCRAM_SHA_256, "ana", "x", NULL, NULL, "", FALSE, "plain" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (ChatBrokerOptions) options = chat_broker_options_new (cases[i].kind);
      g_autoptr (GError) error = NULL;
      gboolean fits;

      options->mechanism = cases[i].mechanism;
      options->user = g_strdup (cases[i].user);
      options->password = g_strdup (cases[i].password);
      options->certificate_file = g_strdup (cases[i].certificate);
      options->key_file = g_strdup (cases[i].key);
      options->tls = cases[i].tls;
      g_free (options->prefix);
      options->prefix = g_strdup (cases[i].prefix);
      fits = chat_broker_options_check (options, &error);
      g_assert_cmpint (fits, ==, cases[i].says == NULL);
      if (!fits)
        g_assert_nonnull (strstr (error->message, cases[i].says));
    }
}

static void
test_json (void)
{
  g_autoptr (ChatBrokerOptions) options = chat_broker_options_parse ("amqps://ana:x@rabbit1,rabbit2:1/planta", NULL);
  g_autoptr (ChatBrokerOptions) copy = NULL, again = NULL;
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *title = NULL, *addresses = NULL;

  g_free (options->prefix);
  options->prefix = g_strdup ("site1.");
  copy = chat_broker_options_copy (options);
  object = chat_broker_options_to_json (copy);
  again = chat_broker_options_from_json (object, &error);
  g_assert_no_error (error);
  addresses = join (again);
  g_assert_cmpstr (addresses, ==, "rabbit1:5671 rabbit2:1");
  g_assert_cmpstr (again->virtual_host, ==, "planta");
  g_assert_cmpstr (again->prefix, ==, "site1.");
  g_assert_cmpstr (again->user, ==, "ana");
  g_assert_cmpstr (again->password, ==, "x");
  g_assert_true (again->tls);
  title = chat_broker_options_dup_title (again);
  g_assert_cmpstr (title, ==, "RabbitMQ at rabbit1:5671");
}

static void
test_json_wrong (void)
{
  static const char *const texts[] = {
    "{}",
    "{\"kind\":\"zeromq\",\"addresses\":[\"a:1\"]}",
    "{\"kind\":\"kafka\"}",
    "{\"kind\":\"kafka\",\"addresses\":[]}",
    "{\"kind\":\"kafka\",\"addresses\":[1]}",
    "{\"kind\":\"kafka\",\"addresses\":[null]}",
    "{\"kind\":\"kafka\",\"addresses\":[\"a\"]}",
    "{\"kind\":\"kafka\",\"addresses\":[\"a:1\"],\"mechanism\":\"gssapi\"}",
    "{\"kind\":\"kafka\",\"addresses\":[\"a:1\"],\"tls\":\"yes\"}",
    "{\"kind\":\"kafka\",\"addresses\":[\"a:1\"],\"prefix\":7}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (JsonObject) object = chat_json_parse_object (texts[i], strlen (texts[i]), 4, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_nonnull (object);
      g_assert_null (chat_broker_options_from_json (object, &error));
      g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID);
    }
}

static void
test_names (void)
{
  g_autoptr (ChatBrokerOptions) options = chat_broker_options_new (CHAT_BROKER_KAFKA);
  g_autofree char *name = NULL;

  g_free (options->prefix);
  options->prefix = g_strdup ("site1.");
  options->shards = 8;
  name = chat_broker_options_dup_name (options, CHAT_TOPIC_CONTROLLED);
  g_assert_cmpstr (name, ==, "site1.chat_controlled");
  g_assert_cmpstr (chat_broker_options_strip (options, name), ==, CHAT_TOPIC_CONTROLLED);
  g_assert_null (chat_broker_options_strip (options, "site2.chat"));
  g_assert_cmpuint (chat_broker_options_get_shards (options, CHAT_TOPIC_CHAT), ==, 8);
  g_assert_cmpuint (chat_broker_options_get_shards (options, CHAT_TOPIC_CONTROL), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/broker-options/kafka", test_kafka);
  g_test_add_func ("/broker-options/amqp", test_amqp);
  g_test_add_func ("/broker-options/wrong", test_wrong);
  g_test_add_func ("/broker-options/together", test_together);
  g_test_add_func ("/broker-options/json", test_json);
  g_test_add_func ("/broker-options/json-wrong", test_json_wrong);
  g_test_add_func ("/broker-options/names", test_names);
  return g_test_run ();
}
