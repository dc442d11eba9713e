/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searching: who finds what, page after page, and what can't be smuggled into it. */
#include "api-test.h"

#include <string.h>

static JsonObject *
search (ApiTest *self, const char *token, const char *query)
{
  g_autofree char *path = g_strconcat ("/v1/", query, NULL);
  JsonObject *answer = api_test_call (self, "GET", path, token, NULL);

  if (self->status != 200)
    g_test_message ("%s: %s", path, json_object_get_string_member_with_default (answer, "detail", ""));
  g_assert_cmpuint (self->status, ==, 200);
  return answer;
}

/* The texts that are found, joined by "|", newest first. */
static void
check (ApiTest *self, const char *token, const char *query, const char *expected)
{
  g_autoptr (JsonObject) answer = search (self, token, query);
  JsonArray *messages = json_object_get_array_member (answer, "messages");
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (messages); i++)
    {
      JsonObject *message = json_array_get_object_element (messages, i);

      g_string_append_printf (text, "%s%s", i > 0 ? "|" : "", json_object_get_string_member (message, "data"));
      g_assert_true (json_object_has_member (message, "channel"));
      g_assert_cmpint (json_object_get_int_member (message, "seq"), >, 0);
    }
  g_assert_cmpstr (text->str, ==, expected);
}

/* The problem says what is wrong with the words. */
static void
check_refused (ApiTest *self, const char *token, const char *words, const char *said)
{
  g_autofree char *path = g_strconcat ("/v1/search?q=", words, NULL);
  g_autoptr (JsonObject) answer = api_test_call (self, "GET", path, token, NULL);

  g_assert_cmpuint (self->status, ==, 400);
  g_assert_nonnull (strstr (json_object_get_string_member (answer, "detail"), said));
}

static void
test_finds (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *edited = NULL, *deleted = NULL, *path = NULL, *gone = NULL;

  api_test_channel (self, ana, "general");
  api_test_channel (self, ana, "otro");
  g_free (api_test_post (self, ana, "general", "el café está frío"));
  g_free (api_test_post (self, luis, "general", "otro café, por favor"));
  edited = api_test_post (self, ana, "general", "una errata");
  deleted = api_test_post (self, ana, "general", "un café de más");
  path = g_strconcat ("/v1/messages/", edited, NULL);
  api_test_expect (self, "PATCH", path, ana, "{\"data\":\"café corregido\"}", 202, NULL);
  gone = g_strconcat ("/v1/messages/", deleted, NULL);
  api_test_expect (self, "DELETE", gone, ana, NULL, 202, NULL);
  api_test_wait_head (self, ana, "general", 6);
  g_free (api_test_post (self, ana, "otro", "nada de cafés"));
  api_test_wait_head (self, ana, "otro", 1);

  check (self, ana, "search?q=cafe", "café corregido|otro café, por favor|el café está frío");
  check (self, ana, "search?q=CAFE*&limit=2", "nada de cafés|café corregido");
  check (self, ana, "search?q=%22caf%C3%A9%20est%C3%A1%22", "el café está frío");
  check (self, ana, "search?q=cafe%20favor", "otro café, por favor");
  check (self, ana, "search?q=errata", "");
  check (self, ana, "search?q=cafe&author=Luis", "otro café, por favor");
  check (self, ana, "search?q=caf*&channel=otro", "nada de cafés");
  check (self, ana, "search?q=cafe&until=1999-01-01T00:00:00Z", "");
  check (self, ana, "search?q=cafe&since=2999-01-01T00:00:00Z", "");
  check (self, luis, "search?author=luis", "otro café, por favor");
  check (self, luis, "users/me/messages", "otro café, por favor");
  check (self, ana, "users/me/messages?channel=otro", "nada de cafés");
}

static void
test_pages (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *cursor = g_strdup ("");
  int expected = 10;

  api_test_channel (self, ana, "general");
  for (guint i = 1; i <= 10; i++)
    {
      g_autofree char *text = g_strdup_printf ("hola %u", i);

      g_free (api_test_post (self, ana, "general", text));
    }
  api_test_wait_head (self, ana, "general", 10);
  while (cursor != NULL)
    {
      g_autofree char *query = g_strdup_printf ("search?q=hola&limit=3%s%s", *cursor ? "&cursor=" : "", cursor);
      g_autoptr (JsonObject) answer = search (self, ana, query);
      JsonArray *messages = json_object_get_array_member (answer, "messages");

      g_assert_cmpuint (json_array_get_length (messages), ==, MIN (expected, 3));
      for (guint i = 0; i < json_array_get_length (messages); i++)
        g_assert_cmpint (json_object_get_int_member (json_array_get_object_element (messages, i), "seq"), ==,
                         expected--);
      g_free (cursor);
      cursor = g_strdup (json_object_get_null_member (answer, "next") ? NULL
                                                                      : json_object_get_string_member (answer, "next"));
    }
  g_assert_cmpint (expected, ==, 0);
}

static void
test_private (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *eva = api_test_log_in (self, "eva");
  g_autoptr (JsonObject) made = api_test_call (self, "POST", "/v1/channels", ana, "{\"with\":[\"luis\"]}");
  const char *name = json_object_get_string_member (made, "name");
  g_autofree char *query = g_strdup_printf ("/v1/search?q=secreto&channel=%s", name);

  g_free (api_test_post (self, ana, name, "un secreto"));
  api_test_wait_head (self, ana, name, 1);
  check (self, luis, "search?q=secreto", "un secreto");
  check (self, ana, "users/me/messages", "un secreto");
  check (self, eva, "search?q=secreto", "");
  check (self, eva, "search?author=ana", "");
  api_test_expect (self, "GET", query, eva, NULL, 404, "channel-unknown");
}

/* Whatever is typed is words, and never SQL, an operator of the index or a column of it. */
static void
test_injections (ApiTest *self, gconstpointer data)
{
  static const char *const texts[] = {
    "' OR 1=1 --",
    "\" OR \"",
    "hola\" OR data:\"x",
    "NEAR(hola x)",
    "hola AND",
    "OR",
    "NOT hola",
    "data : hola",
    "{data} : hola",
    "hola ^x",
    "hola + x",
    "a\"b\"c\"",
    "***",
    "(",
    ")",
    "-hola",
    "hola*x*",
    "\"",
    "'; DROP TABLE messages; --",
    "\xe2\x80\xae",
    "%",
    "_",
    "\\",
    "hola\nx",
  };
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *long_text = g_strnfill (201, 'a');
  g_autofree char *longer = g_strconcat ("/v1/search?q=", long_text, NULL);
  g_autoptr (GString) crowd = g_string_new (NULL);

  for (guint i = 0; i < 40; i++)
    g_string_append_printf (crowd, "a%u+", i);
  api_test_channel (self, ana, "general");
  g_free (api_test_post (self, ana, "general", "hola"));
  api_test_wait_head (self, ana, "general", 1);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *escaped = g_uri_escape_string (texts[i], NULL, FALSE);
      g_autofree char *path = g_strconcat ("/v1/search?q=", escaped, NULL);
      g_autoptr (JsonObject) answer = api_test_call (self, "GET", path, ana, NULL);

      if (self->status == 400)
        g_assert_true (g_str_has_suffix (json_object_get_string_member (answer, "type"), "parameter-invalid"));
      else
        g_assert_cmpuint (self->status, ==, 200);
      /* There is nothing that has the other words too: what is found is found by an operator that must be none. */
      if (self->status == 200 && !g_str_equal (texts[i], "-hola"))
        g_assert_cmpuint (json_array_get_length (json_object_get_array_member (answer, "messages")), ==, 0);
    }
  check (self, ana, "search?q=hola", "hola");
  api_test_expect (self, "GET", longer, ana, NULL, 400, "parameter-invalid");
  check_refused (self, ana, "", "There is no word");
  check_refused (self, ana, crowd->str, "at most");
  api_test_expect (self, "GET", "/v1/search?q=", ana, NULL, 400, "parameter-invalid");
  api_test_expect (self, "GET", "/v1/search?q=hola&author=a%0Ab", ana, NULL, 400, "parameter-invalid");
  api_test_expect (self, "GET", "/v1/search?q=hola&cursor=%27", ana, NULL, 400, "parameter-invalid");
  api_test_expect (self, "GET", "/v1/search?q=hola&limit=0", ana, NULL, 400, "parameter-invalid");
  api_test_expect (self, "GET", "/v1/search?q=hola&limit=201", ana, NULL, 400, "parameter-invalid");
  api_test_expect (self, "GET", "/v1/search?q=hola&since=ayer", ana, NULL, 400, "parameter-invalid");
  api_test_expect (self, "GET", "/v1/search?q=hola&color=7", ana, NULL, 400, "parameter-invalid");
  api_test_expect (self, "GET", "/v1/users/me/messages?author=luis", ana, NULL, 400, "parameter-invalid");
}

#define ADD(path, function) g_test_add (path, ApiTest, NULL, api_test_set_up, function, api_test_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/api/search/finds", test_finds);
  ADD ("/api/search/pages", test_pages);
  ADD ("/api/search/private", test_private);
  ADD ("/api/search/injections", test_injections);
  return g_test_run ();
}
