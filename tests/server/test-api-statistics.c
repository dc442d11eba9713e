/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counters over REST: what is counted, who may ask, as JSON and as CSV, and counting anew. */
#include "api-test.h"

#include <string.h>

#include "chat-test-call.h"

#define PASSWORD "correct horse"

static char *
log_in (ApiTest *self, const char *user, ChatRole role)
{
  g_autoptr (ChatAccount) account
      = chat_test_call (chat_account_service_create, self->accounts, NULL, user, PASSWORD, role);
  g_autofree char *body = g_strdup_printf ("{\"user\":\"%s\",\"password\":\"%s\"}", user, PASSWORD);
  g_autoptr (JsonObject) answer = api_test_call (self, "POST", "/v1/sessions", NULL, body);

  g_assert_cmpuint (self->status, ==, 201);
  return g_strdup (json_object_get_string_member (answer, "token"));
}

/* GROUP=VALUE of the rows, joined by spaces. */
static void
check (ApiTest *self, const char *token, const char *query, const char *group, const char *expected)
{
  g_autofree char *path = g_strconcat ("/v1/statistics/", query, NULL);
  g_autoptr (JsonObject) answer = api_test_call (self, "GET", path, token, NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  JsonArray *rows;

  g_assert_cmpuint (self->status, ==, 200);
  rows = json_object_get_array_member (answer, "rows");
  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      JsonObject *row = json_array_get_object_element (rows, i);

      g_string_append_printf (text, "%s%s=%d", i > 0 ? " " : "",
                              group != NULL ? json_object_get_string_member (row, group) : "",
                              (int)json_object_get_int_member (row, "value"));
    }
  g_assert_cmpstr (text->str, ==, expected);
}

static void
refuse (ApiTest *self, const char *token, const char *query, guint status, const char *problem)
{
  g_autofree char *path = g_strconcat ("/v1/statistics/", query, NULL);

  api_test_expect (self, "GET", path, token, NULL, status, problem);
}

/* ana says two things in general, one of them no good, and one in otro; luis one in general, and one to ana alone. */
static char *
talk (ApiTest *self, const char *ana, const char *luis)
{
  g_autoptr (JsonObject) made = NULL;
  char *private;

  api_test_channel (self, ana, "general");
  api_test_channel (self, ana, "otro");
  g_free (api_test_post (self, ana, "general", "hola"));
  g_free (api_test_post (self, ana, "general", "mierda"));
  g_free (api_test_post (self, luis, "general", "hola"));
  g_free (api_test_post (self, ana, "otro", "hola"));
  api_test_wait_head (self, ana, "general", 3);
  api_test_wait_head (self, ana, "otro", 1);
  made = api_test_call (self, "POST", "/v1/channels", luis, "{\"with\":[\"ana\"]}");
  private = g_strdup (json_object_get_string_member (made, "name"));
  g_free (api_test_post (self, luis, private, "entre nosotros"));
  api_test_wait_head (self, luis, private, 1);
  return private;
}

static void
check_all (ApiTest *self, const char *ana, const char *luis, const char *mona)
{
  check (self, luis, "messages?step=total", NULL, "=4");
  check (self, luis, "messages?step=total&by=channel", "channel", "general=3 otro=1");
  check (self, luis, "messages?step=day&by=channel&limit=1", "channel", "general=3");
  check (self, luis, "messages?step=hour&channel=otro", NULL, "=1");
  check (self, luis, "users?step=total", NULL, "=2");
  check (self, luis, "messages?step=total&author=luis&by=channel", "channel", "general=1");
  check (self, ana, "warnings?step=total&author=ana", NULL, "=1");
  check (self, mona, "warnings?step=total&by=author", "author", "ana=1");
  check (self, mona, "messages?step=total&by=author", "author", "ana=3 luis=1");
  check (self, mona, "blocks?step=total&by=channel", "channel", "");
  check (self, mona, "messages?since=2999-01-01T00:00:00Z", NULL, "");
}

static void
test_counts (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *mona = log_in (self, "mona", CHAT_ROLE_MODERATOR);
  g_autofree char *private = talk (self, ana, luis);
  g_autofree char *own = g_strdup_printf ("messages?step=total&channel=%s", private);

  check_all (self, ana, luis, mona);
  check (self, luis, own, NULL, "=1");
  refuse (self, mona, own, 404, "channel-unknown");

  refuse (self, luis, "messages?by=author", 403, "role");
  refuse (self, luis, "messages?author=ana", 403, "role");
  refuse (self, luis, "warnings", 403, "role");
  refuse (self, luis, "blocks?author=ana", 403, "role");
  refuse (self, mona, "users?by=author", 400, "parameter-invalid");
  refuse (self, mona, "words", 404, "not-found");
  refuse (self, mona, "messages?step=week", 400, "parameter-invalid");
  refuse (self, mona, "messages?by=rule", 400, "parameter-invalid");
  refuse (self, mona, "messages?limit=0", 400, "parameter-invalid");
  refuse (self, mona, "messages?limit=10001", 400, "parameter-invalid");
  refuse (self, mona, "messages?format=xml", 400, "parameter-invalid");
  refuse (self, mona, "messages?channel=%27", 422, "member-invalid");
  refuse (self, mona, "messages?author=%0A", 400, "parameter-invalid");
  refuse (self, mona, "messages?color=7", 400, "parameter-invalid");
}

static void
test_csv (ApiTest *self, gconstpointer data)
{
  g_autofree char *odd = api_test_log_in (self, "=1+1");
  g_autofree char *mona = log_in (self, "mona", CHAT_ROLE_MODERATOR);
  g_autofree char *authors = NULL, *channels = NULL;

  api_test_channel (self, odd, "general");
  g_free (api_test_post (self, odd, "general", "hola"));
  api_test_wait_head (self, odd, "general", 1);
  authors
      = api_test_call_raw (self, "GET", "/v1/statistics/messages?step=total&by=author&format=csv", mona, NULL, NULL, 0);
  g_assert_cmpstr (self->content_type, ==, "text/csv; charset=utf-8");
  g_assert_cmpstr (authors, ==, "time,author,value\r\n,\"'=1+1\",1\r\n");
  channels = api_test_call_raw (self, "GET", "/v1/statistics/messages?format=csv", mona, NULL, NULL, 0);
  g_assert_true (
      g_regex_match_simple ("^time,value\r\n[0-9]{4}-[0-9]{2}-[0-9]{2}T00:00:00.000Z,1\r\n$", channels, 0, 0));
}

static void
test_rebuild (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *mona = log_in (self, "mona", CHAT_ROLE_MODERATOR);
  g_autofree char *jefa = log_in (self, "jefa", CHAT_ROLE_ADMIN);
  gint64 deadline = g_get_monotonic_time () + chat_test_get_deadline_ms () * G_TIME_SPAN_MILLISECOND;
  const char *state = "";
  g_autoptr (JsonObject) answer = NULL;

  g_free (talk (self, ana, luis));
  api_test_expect (self, "POST", "/v1/statistics/rebuild", mona, NULL, 403, "role");
  answer = api_test_call (self, "GET", "/v1/statistics/rebuild", jefa, NULL);
  g_assert_cmpstr (json_object_get_string_member (answer, "state"), ==, "idle");
  api_test_expect (self, "POST", "/v1/statistics/rebuild", jefa, NULL, 202, NULL);
  api_test_expect (self, "POST", "/v1/statistics/rebuild", jefa, NULL, 202, NULL); /* that one, or another behind it */
  while (!g_str_equal (state, "done"))
    {
      json_object_unref (answer);
      answer = api_test_call (self, "GET", "/v1/statistics/rebuild", jefa, NULL);
      state = json_object_get_string_member (answer, "state");
      g_assert_true (g_str_equal (state, "done") || g_str_equal (state, "running"));
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
  g_assert_cmpint (json_object_get_int_member (answer, "counted"), >, 0);
  check_all (self, ana, luis, mona);
  api_test_expect (self, "DELETE", "/v1/statistics/rebuild", jefa, NULL, 204, NULL);
}

#define ADD(path, function) g_test_add (path, ApiTest, NULL, api_test_set_up, function, api_test_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/api/statistics/counts", test_counts);
  ADD ("/api/statistics/csv", test_csv);
  ADD ("/api/statistics/rebuild", test_rebuild);
  return g_test_run ();
}
