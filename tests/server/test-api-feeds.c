/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The broker that desktops may read themselves: who learns what of it. */
#include "api-test.h"

#include <string.h>

#define CA "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"

/* Restarts the api with a Kafka that it offers. */
static void
offer_kafka (ApiTest *self, const char *ca)
{
  g_autoptr (ChatBrokerOptions) kafka = chat_broker_options_new (CHAT_BROKER_KAFKA);

  kafka->prefix[0] = '\0';
  kafka->tls = ca != NULL;
  kafka->mechanism = CHAT_BROKER_SCRAM_SHA_256;
  kafka->user = g_strdup ("reader");
  kafka->password = g_strdup ("read me");
  kafka->ca_file = g_strdup ("/somewhere/ca.pem");
  self->options.feed = kafka;
  self->options.feed_ca = ca;
  api_test_stop_api (self);
  api_test_start_api (self);
  self->options.feed = NULL;
  self->options.feed_ca = NULL;
}

static char *
list_kinds (JsonObject *answer)
{
  JsonArray *feeds = json_object_get_array_member (answer, "feeds");
  GString *kinds = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (feeds); i++)
    {
      JsonObject *feed = json_array_get_object_element (feeds, i);

      g_string_append_printf (kinds, "%s%s", i > 0 ? " " : "", json_object_get_string_member (feed, "kind"));
    }
  return g_string_free (kinds, FALSE);
}

static void
test_none (ApiTest *self, gconstpointer data)
{
  g_autofree char *token = api_test_log_in (self, "ana");
  g_autoptr (JsonObject) feeds = api_test_call (self, "GET", "/v1/feeds", token, NULL);
  g_autoptr (JsonObject) workspace = api_test_call (self, "GET", "/v1/workspace", NULL, NULL);
  g_autofree char *kinds = list_kinds (workspace);

  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (feeds, "feeds")), ==, 0);
  g_assert_cmpstr (kinds, ==, "websocket");
}

/* A member is told all that a desktop needs; the options that it reads back are those that were put in. */
static void
test_member (ApiTest *self, gconstpointer data)
{
  g_autofree char *token = NULL;
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (ChatBrokerOptions) options = NULL;
  JsonObject *feed;

  offer_kafka (self, CA);
  token = api_test_log_in (self, "ana");
  answer = api_test_call (self, "GET", "/v1/feeds", token, NULL);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (answer, "feeds")), ==, 1);
  feed = json_array_get_object_element (json_object_get_array_member (answer, "feeds"), 0);
  options = chat_broker_options_from_json (feed, NULL);
  g_assert_nonnull (options);
  g_assert_cmpint (options->kind, ==, CHAT_BROKER_KAFKA);
  g_assert_cmpstr (options->addresses[0], ==, "localhost:9092");
  g_assert_cmpint (options->mechanism, ==, CHAT_BROKER_SCRAM_SHA_256);
  g_assert_cmpstr (options->user, ==, "reader");
  g_assert_cmpstr (options->password, ==, "read me");
  g_assert_true (options->tls);
  g_assert_cmpstr (json_object_get_string_member (feed, "ca"), ==, CA);
  g_assert_false (json_object_has_member (feed, "ca_file"));
}

/* Others learn that there is one, and nothing of how to get there. */
static void
test_anybody (ApiTest *self, gconstpointer data)
{
  g_autofree char *text = NULL;
  g_autofree char *kinds = NULL;
  g_autoptr (JsonObject) workspace = NULL;

  offer_kafka (self, NULL);
  api_test_expect (self, "GET", "/v1/feeds", NULL, NULL, 401, NULL);
  workspace = api_test_call (self, "GET", "/v1/workspace", NULL, NULL);
  kinds = list_kinds (workspace);
  g_assert_cmpstr (kinds, ==, "websocket kafka");
  text = api_test_call_raw (self, "GET", "/v1/workspace", NULL, NULL, NULL, 0);
  g_assert_null (strstr (text, "reader"));
  g_assert_null (strstr (text, "9092"));
}

/* Where the blocked may not read, they are not told where else they could. */
static void
test_blocked (ApiTest *self, gconstpointer data)
{
  g_autofree char *token = NULL;

  self->options.blocked_may_read = FALSE;
  offer_kafka (self, NULL);
  token = api_test_log_in (self, "ana");
  api_test_expect (self, "GET", "/v1/feeds", token, NULL, 200, NULL);
  api_test_channel (self, token, "general");
  for (guint i = 0; i < 3; i++)
    g_free (api_test_post (self, token, "general", "mierda"));
  api_test_wait_status (self, "GET", "/v1/feeds", token, NULL, 403);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, ApiTest, NULL, api_test_set_up, func, api_test_tear_down)
  ADD ("/api-feeds/none", test_none);
  ADD ("/api-feeds/member", test_member);
  ADD ("/api-feeds/anybody", test_anybody);
  ADD ("/api-feeds/blocked", test_blocked);
  return g_test_run ();
}
