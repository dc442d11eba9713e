/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Too many requests in too short a time, over REST and the live feed: told so, and nobody else notices. */
#include "api-test.h"

#include <string.h>

#include "core/chat-json.h"

#define SECOND G_TIME_SPAN_SECOND

/* From here on the api has these rates. */
static void
set_rate (ApiTest *self, ChatApiRate rate, gboolean per_address, guint burst)
{
  ChatRate *rates = per_address ? self->options.rates.per_address : self->options.rates.per_user;

  api_test_stop_api (self);
  rates[rate] = (ChatRate){ burst, 1, 3600 * SECOND };
  api_test_start_api (self);
}

static void
check_limited (ApiTest *self, const char *method, const char *path, const char *token, const char *body)
{
  g_autoptr (JsonObject) problem = api_test_call (self, method, path, token, body);

  g_assert_cmpuint (self->status, ==, 429);
  g_assert_cmpstr (json_object_get_string_member (problem, "type"), ==, "https://tertulia.chat/problems/rate-limited");
  g_assert_cmpint (json_object_get_int_member (problem, "retry_after_ms"), >, 1000);
  g_assert_nonnull (self->retry_after);
  g_assert_cmpint (g_ascii_strtoll (self->retry_after, NULL, 10), ==,
                   (json_object_get_int_member (problem, "retry_after_ms") + 999) / 1000);
}

static void
test_posts (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *eva = api_test_log_in (self, "eva");
  const char *path = "/v1/channels/general/messages";

  api_test_channel (self, ana, "general");
  set_rate (self, CHAT_API_RATE_POST, FALSE, 3);
  for (guint i = 0; i < 3; i++)
    api_test_expect (self, "POST", path, ana, "{\"data\":\"hola\"}", 202, NULL);
  check_limited (self, "POST", path, ana, "{\"data\":\"hola\"}");
  check_limited (self, "POST", "/v1/channels/general/join", ana, NULL);
  api_test_expect (self, "GET", path, ana, NULL, 200, NULL);
  api_test_expect (self, "POST", path, eva, "{\"data\":\"hola\"}", 202, NULL);
  api_test_expect (self, "GET", "/healthz", NULL, NULL, 200, NULL);
}

static void
test_creations (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");

  set_rate (self, CHAT_API_RATE_CREATE, FALSE, 2);
  api_test_expect (self, "POST", "/v1/channels", ana, "{\"name\":\"one\"}", 201, NULL);
  api_test_expect (self, "POST", "/v1/channels", ana, "{\"name\":\"two\"}", 201, NULL);
  check_limited (self, "POST", "/v1/channels", ana, "{\"name\":\"three\"}");
}

static void
test_reads_of_address (ApiTest *self, gconstpointer data)
{
  const char *const proxies[] = { "127.0.0.1", NULL };

  self->options.limits.proxies = proxies;
  set_rate (self, CHAT_API_RATE_READ, TRUE, 2);
  for (guint i = 0; i < 2; i++)
    api_test_expect (self, "GET", "/v1/workspace", NULL, NULL, 200, NULL);
  check_limited (self, "GET", "/v1/workspace", NULL, NULL);
  /* Behind a proxy each has an address of his own. */
  self->forwarded = "192.0.2.1";
  api_test_expect (self, "GET", "/v1/workspace", NULL, NULL, 200, NULL);
}

/* Signing in: many names from one address, and one name from many. */
static void
test_sign_in (ApiTest *self, gconstpointer data)
{
  const char *const proxies[] = { "127.0.0.1", NULL };
  static const char *const addresses[] = { "192.0.2.1", "192.0.2.2", "192.0.2.3" };

  self->options.limits.proxies = proxies;
  set_rate (self, CHAT_API_RATE_SIGN_IN, TRUE, 3);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *body = g_strdup_printf ("{\"user\":\"ana%u\"}", i);

      api_test_expect (self, "POST", "/v1/sessions", NULL, body, 201, NULL);
    }
  check_limited (self, "POST", "/v1/sessions", NULL, "{\"user\":\"ana4\"}");
  self->options.rates.per_address[CHAT_API_RATE_SIGN_IN] = (ChatRate){ 0 };
  set_rate (self, CHAT_API_RATE_SIGN_IN, FALSE, 2);
  for (guint i = 0; i < 2; i++)
    {
      self->forwarded = addresses[i];
      api_test_expect (self, "POST", "/v1/sessions", NULL, "{\"user\":\"ana1\"}", 409, "name-taken");
    }
  self->forwarded = addresses[2];
  check_limited (self, "POST", "/v1/sessions", NULL, "{\"user\":\"ANA1\"}");
  api_test_expect (self, "POST", "/v1/sessions", NULL, "{\"user\":\"eva\"}", 201, NULL);
}

static void
test_guessed_tokens (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = NULL;

  set_rate (self, CHAT_API_RATE_SIGN_IN, TRUE, 5);
  ana = api_test_log_in (self, "ana");
  for (guint i = 0; i < 4; i++)
    api_test_expect (self, "GET", "/v1/channels", "guess", NULL, 401, "unauthorized");
  check_limited (self, "GET", "/v1/channels", "guess", NULL);
  check_limited (self, "POST", "/v1/sessions", NULL, "{\"user\":\"eva\"}");
  api_test_expect (self, "GET", "/v1/channels", ana, NULL, 200, NULL);
}

static void
read_metrics (ApiTest *self)
{
  g_autofree char *text = api_test_call_raw (self, "GET", "/metrics", "0123456789abcdef", NULL, NULL, 0);

  g_assert_cmpuint (self->status, ==, 200);
}

/* Who reads the figures goes on to, and whoever guesses from the same address gets no more tries for that. */
static void
test_guessed_metrics (ApiTest *self, gconstpointer data)
{
  self->options.metrics_access = CHAT_API_METRICS_TOKEN;
  self->options.metrics_token = "0123456789abcdef";
  set_rate (self, CHAT_API_RATE_SIGN_IN, TRUE, 4);
  read_metrics (self);
  for (guint i = 0; i < 4; i++)
    api_test_expect (self, "GET", "/metrics", "0123456789abcdeg", NULL, 401, "unauthorized");
  check_limited (self, "GET", "/metrics", "0123456789abcdeg", NULL);
  check_limited (self, "GET", "/metrics", NULL, NULL);
  read_metrics (self);
}

static void
test_live (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (ApiLive) live = NULL;
  g_autoptr (JsonObject) refused = NULL;
  JsonObject *problem;

  api_test_channel (self, ana, "general");
  soup_session_abort (self->http);
  set_rate (self, CHAT_API_RATE_POST, FALSE, 3);
  api_test_expect (self, "POST", "/v1/channels/general/messages", ana, "{\"data\":\"hola\"}", 202, NULL);
  live = api_live_open (self, ana);
  for (guint i = 0; i < 3; i++)
    api_live_send (live, "{\"op\":\"publish\",\"ref\":1,\"record\":{\"channel\":\"general\",\"data\":\"hola\"}}");
  /* The refusal overtakes those that wait for the broker. */
  refused = api_live_expect (live, "problem");
  problem = json_object_get_object_member (refused, "problem");
  g_assert_cmpint (json_object_get_int_member (problem, "status"), ==, 429);
  g_assert_cmpstr (json_object_get_string_member (problem, "type"), ==, "https://tertulia.chat/problems/rate-limited");
  g_assert_cmpint (json_object_get_int_member (problem, "retry_after_ms"), >, 1000);
  for (guint i = 0; i < 2; i++)
    json_object_unref (api_live_expect (live, "accepted"));
}

#define ADD(path, function) g_test_add (path, ApiTest, NULL, api_test_set_up, function, api_test_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/api/abuse/posts", test_posts);
  ADD ("/api/abuse/creations", test_creations);
  ADD ("/api/abuse/reads-of-address", test_reads_of_address);
  ADD ("/api/abuse/sign-in", test_sign_in);
  ADD ("/api/abuse/guessed-tokens", test_guessed_tokens);
  ADD ("/api/abuse/guessed-metrics", test_guessed_metrics);
  ADD ("/api/abuse/live", test_live);
  return g_test_run ();
}
