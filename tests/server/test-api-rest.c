/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every call of the REST service, with good input and bad. */
#include "api-test.h"

#include <string.h>

#include "core/chat-time.h"
#include "core/chat-uuid.h"

static void
test_workspace (ApiTest *self, gconstpointer data)
{
  g_autoptr (JsonObject) answer = api_test_call (self, "GET", "/v1/workspace", NULL, NULL);
  JsonObject *limits = json_object_get_object_member (answer, "limits");

  g_assert_cmpuint (self->status, ==, 200);
  g_assert_cmpstr (json_object_get_string_member (answer, "name"), ==, "Prueba");
  g_assert_cmpstr (json_object_get_string_member (answer, "version"), ==, "1.2.3");
  g_assert_cmpstr (json_object_get_string_member (answer, "mode"), ==, "open");
  g_assert_cmpint (json_object_get_int_member (limits, "text_chars"), ==, 8000);
  g_assert_cmpint (json_object_get_int_member (limits, "record_bytes"), ==, 65536);
  g_assert_cmpint (json_object_get_int_member (limits, "page"), ==, 200);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (answer, "moderation"), "limit"), ==, 3);
}

static void
test_sessions (ApiTest *self, gconstpointer data)
{
  g_autofree char *token = api_test_log_in (self, "Ana");
  g_autoptr (JsonObject) current = api_test_call (self, "GET", "/v1/sessions/current", token, NULL);
  g_autoptr (JsonObject) taken = NULL;
  g_autofree char *again = NULL;

  g_assert_cmpstr (json_object_get_string_member (current, "user"), ==, "Ana");
  g_assert_false (json_object_get_boolean_member (current, "bot"));
  g_assert_true (json_object_get_null_member (current, "block"));

  /* The name is hers, however it is written. */
  api_test_expect (self, "POST", "/v1/sessions", NULL, "{\"user\":\"ana\"}", 409, "name-taken");
  api_test_expect (self, "POST", "/v1/sessions", NULL, "{\"user\":\"\xd0\xb0na\"}", 409, "name-taken");
  taken = api_test_call (self, "POST", "/v1/sessions", NULL, "{\"user\":\"ana\"}");
  g_assert_true (json_object_has_member (taken, "lease_ms"));
  g_assert_cmpint (json_object_get_int_member (taken, "lease_ms"), <=, self->options.lease_ms);
  api_test_expect (self, "POST", "/v1/sessions", NULL, "{\"user\":\"\"}", 422, NULL);
  api_test_expect (self, "POST", "/v1/sessions", NULL, "{\"user\":\" ana\"}", 422, NULL);
  api_test_expect (self, "POST", "/v1/sessions", NULL, "{\"user\":7}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/sessions", NULL, "{}", 422, "member-invalid");

  api_test_expect (self, "DELETE", "/v1/sessions/current", token, NULL, 204, NULL);
  api_test_expect (self, "GET", "/v1/sessions/current", token, NULL, 401, "unauthorized");
  again = api_test_log_in (self, "ana");
  g_assert_cmpstr (again, !=, token);
}

static void
test_tokens (ApiTest *self, gconstpointer data)
{
  static const char *const calls[][2] = {
    { "GET", "/v1/sessions/current" },
    { "DELETE", "/v1/sessions/current" },
    { "GET", "/v1/channels" },
    { "POST", "/v1/channels" },
    { "GET", "/v1/channels/c" },
    { "GET", "/v1/channels/c/members" },
    { "POST", "/v1/channels/c/join" },
    { "POST", "/v1/channels/c/leave" },
    { "PUT", "/v1/channels/c/read" },
    { "GET", "/v1/channels/c/messages" },
    { "POST", "/v1/channels/c/messages" },
    { "GET", "/v1/messages/x" },
    { "GET", "/v1/users" },
    { "GET", "/v1/moderation/warnings" },
    { "GET", "/v1/live" },
  };
  g_autofree char *token = api_test_log_in (self, "ana");
  g_autofree char *wrong = g_strdup (token);
  g_autofree char *longer = g_strconcat (token, "a", NULL);

  wrong[0] = wrong[0] == 'a' ? 'b' : 'a';
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      api_test_expect (self, calls[i][0], calls[i][1], NULL, NULL, 401, "unauthorized");
      api_test_expect (self, calls[i][0], calls[i][1], wrong, NULL, 401, "unauthorized");
    }
  api_test_expect (self, "GET", "/v1/users", longer, NULL, 401, "unauthorized");
  api_test_expect (self, "GET", "/v1/users", "", NULL, 401, "unauthorized");
  api_test_expect (self, "GET", "/v1/users", "\xc3\xb1", NULL, 401, "unauthorized");
  api_test_expect (self, "GET", "/v1/users", token, NULL, 200, NULL);
}

static void
test_paths (ApiTest *self, gconstpointer data)
{
  g_autofree char *token = api_test_log_in (self, "ana");

  api_test_expect (self, "GET", "/", NULL, NULL, 404, "not-found");
  api_test_expect (self, "GET", "/v1", NULL, NULL, 404, "not-found");
  api_test_expect (self, "GET", "/v1/nothing", token, NULL, 404, "not-found");
  api_test_expect (self, "GET", "/v1/channels/", token, NULL, 404, "not-found");
  api_test_expect (self, "PATCH", "/v1/workspace", NULL, NULL, 405, "method-not-allowed");
  g_assert_cmpstr (self->allow, ==, "GET, HEAD");
  api_test_expect (self, "DELETE", "/v1/channels/general/messages", token, NULL, 405, "method-not-allowed");
  g_assert_cmpstr (self->allow, ==, "GET, HEAD, POST");
  api_test_expect (self, "GET", "/v1/channels/%00", token, NULL, 400, "parameter-invalid");
  api_test_expect (self, "GET", "/v1/channels/general/messages?limit=%C3%28", token, NULL, 400, "parameter-invalid");
  api_test_expect (self, "HEAD", "/v1/workspace", NULL, NULL, 200, NULL);
}

static void
expect_raw (ApiTest *self, const char *token, const char *type, const char *body, gsize length, guint status,
            const char *problem)
{
  g_autofree char *text = api_test_call_raw (self, "POST", "/v1/channels", token, type, body, length);

  g_assert_cmpuint (self->status, ==, status);
  g_assert_nonnull (strstr (text, problem));
  g_assert_cmpstr (self->content_type, ==, "application/problem+json");
}

static void
test_bodies (ApiTest *self, gconstpointer data)
{
  g_autofree char *token = api_test_log_in (self, "ana");
  g_autofree char *deep = g_malloc0 (20001);
  g_autofree char *large = g_strnfill (100001, ' ');

  memset (deep, '[', 20000);
  expect_raw (self, token, "application/json", "{", 1, 400, "json-invalid");
  expect_raw (self, token, "application/json", "[]", 2, 400, "json-invalid");
  expect_raw (self, token, "application/json", "{}{}", 4, 400, "json-invalid");
  expect_raw (self, token, "application/json", "", 0, 400, "json-invalid");
  expect_raw (self, token, "application/json", "{\"name\":\"\xff\"}", 12, 400, "json-invalid");
  expect_raw (self, token, "application/json", "{\"name\":\"a\0b\"}", 14, 400, "json-invalid");
  expect_raw (self, token, "application/json", "{\"name\":\"a\\u0000b\"}", 19, 400, "json-invalid");
  expect_raw (self, token, "application/json", deep, 20000, 400, "json-invalid");
  expect_raw (self, token, "application/json", large, 100001, 413, "too-large");
  expect_raw (self, token, "text/plain", "{}", 2, 415, "media-type");
  expect_raw (self, token, "application/x-www-form-urlencoded", "{}", 2, 415, "media-type");
  api_test_expect (self, "POST", "/v1/channels", token, "{\"name\":\"ok\"}", 201, NULL);
}

static void
test_channels (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *topic = g_strnfill (501, 'a');
  g_autofree char *long_topic = g_strdup_printf ("{\"name\":\"b\",\"topic\":\"%s\"}", topic);
  g_autoptr (JsonObject) made = NULL, all = NULL, members = NULL, one = NULL;
  JsonArray *list;

  made = api_test_call (self, "POST", "/v1/channels", ana,
                        "{\"name\":\"general\",\"topic\":\"de todo\",\"language\":\"es,en\"}");
  g_assert_cmpuint (self->status, ==, 201);
  g_assert_cmpstr (json_object_get_string_member (made, "name"), ==, "general");
  g_assert_cmpstr (json_object_get_string_member (made, "kind"), ==, "public");
  g_assert_cmpstr (json_object_get_string_member (made, "topic"), ==, "de todo");
  g_assert_cmpstr (json_object_get_string_member (made, "language"), ==, "es,en");
  g_assert_cmpint (json_object_get_int_member (made, "head"), ==, 0);
  g_assert_true (json_object_get_boolean_member (made, "joined"));
  api_test_wait_head (self, luis, "general", 1); /* the topic is a record */
  api_test_expect (self, "POST", "/v1/channels", luis, "{\"name\":\"general\",\"topic\":\"otro\"}", 200, NULL);

  api_test_expect (self, "POST", "/v1/channels", ana, "{}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/channels", ana, "{\"name\":\"\"}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/channels", ana, "{\"name\":\"A b\"}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/channels", ana, "{\"name\":\"dm.x\"}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/channels", ana, "{\"name\":\"b\",\"topic\":7}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/channels", ana, "{\"name\":\"b\",\"topic\":\"a\\u0007\"}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/channels", ana, long_topic, 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/channels", ana, "{\"name\":\"b\",\"language\":\"español\"}", 422,
                   "member-invalid");

  api_test_expect (self, "POST", "/v1/channels", ana, "{\"name\":\"b\",\"language\":\"es,\"}", 422, "member-invalid");

  all = api_test_call (self, "GET", "/v1/channels", luis, NULL);
  list = json_object_get_array_member (all, "channels");
  g_assert_cmpuint (json_array_get_length (list), ==, 1);
  one = api_test_call (self, "GET", "/v1/channels/general", luis, NULL);
  g_assert_cmpstr (json_object_get_string_member (one, "topic"), ==, "de todo");
  api_test_expect (self, "GET", "/v1/channels/nada", luis, NULL, 404, "channel-unknown");

  api_test_expect (self, "POST", "/v1/channels/general/join", luis, NULL, 204, NULL);
  api_test_expect (self, "POST", "/v1/channels/general/join", luis, NULL, 204, NULL);
  api_test_expect (self, "POST", "/v1/channels/nada/join", luis, NULL, 404, "channel-unknown");
  members = api_test_call (self, "GET", "/v1/channels/general/members", ana, NULL);
  list = json_object_get_array_member (members, "members");
  g_assert_cmpuint (json_array_get_length (list), ==, 2);
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (list, 1), "user"), ==, "luis");
  g_assert_true (json_object_get_boolean_member (json_array_get_object_element (list, 1), "connected"));
  api_test_expect (self, "POST", "/v1/channels/general/leave", luis, NULL, 204, NULL);
  api_test_expect (self, "GET", "/v1/channels/nada/members", ana, NULL, 404, "channel-unknown");
}

static void
test_read (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *id = NULL;
  g_autoptr (JsonObject) channel = NULL;

  api_test_channel (self, ana, "general");
  id = api_test_post (self, ana, "general", "hola");
  api_test_wait_head (self, ana, "general", 1);
  api_test_expect (self, "PUT", "/v1/channels/general/read", ana, "{\"seq\":1}", 204, NULL);
  channel = api_test_call (self, "GET", "/v1/channels/general", ana, NULL);
  g_assert_cmpint (json_object_get_int_member (channel, "read"), ==, 1);
  api_test_expect (self, "PUT", "/v1/channels/general/read", ana, "{\"seq\":-1}", 422, "member-invalid");
  api_test_expect (self, "PUT", "/v1/channels/general/read", ana, "{\"seq\":\"1\"}", 422, "member-invalid");
  api_test_expect (self, "PUT", "/v1/channels/general/read", ana, "{}", 422, "member-invalid");
  api_test_expect (self, "PUT", "/v1/channels/nada/read", ana, "{\"seq\":1}", 404, "channel-unknown");
}

static void
test_conversations (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "Luis");
  g_autofree char *eva = api_test_log_in (self, "eva");
  g_autoptr (JsonObject) made = NULL, same = NULL, seen = NULL;
  g_autofree char *path = NULL, *messages = NULL, *join = NULL, *read = NULL, *one = NULL, *id = NULL;
  const char *name;
  JsonArray *members;

  made = api_test_call (self, "POST", "/v1/channels", ana, "{\"with\":[\"luis\"]}");
  g_assert_cmpuint (self->status, ==, 201);
  name = json_object_get_string_member (made, "name");
  g_assert_true (g_str_has_prefix (name, "dm."));
  g_assert_cmpstr (json_object_get_string_member (made, "kind"), ==, "private");
  members = json_object_get_array_member (made, "members");
  g_assert_cmpuint (json_array_get_length (members), ==, 2);
  /* The name as its owner writes it. */
  g_assert_cmpstr (json_array_get_string_element (members, 1), ==, "Luis");

  same = api_test_call (self, "POST", "/v1/channels", luis, "{\"with\":[\"ANA\",\"luis\",\"ana\"]}");
  g_assert_cmpuint (self->status, ==, 200);
  g_assert_cmpstr (json_object_get_string_member (same, "name"), ==, name);

  path = g_strdup_printf ("/v1/channels/%s", name);
  messages = g_strdup_printf ("%s/messages", path);
  join = g_strdup_printf ("%s/join", path);
  read = g_strdup_printf ("%s/read", path);
  id = api_test_post (self, ana, name, "entre nosotros");
  api_test_wait_head (self, luis, name, 1);
  one = g_strdup_printf ("/v1/messages/%s", id);
  api_test_expect (self, "GET", one, luis, NULL, 200, NULL);

  /* To others it is not there. */
  api_test_expect (self, "GET", path, eva, NULL, 404, "channel-unknown");
  api_test_expect (self, "GET", messages, eva, NULL, 404, "channel-unknown");
  api_test_expect (self, "POST", messages, eva, "{\"data\":\"hola\"}", 404, "channel-unknown");
  api_test_expect (self, "POST", join, eva, NULL, 404, "channel-unknown");
  api_test_expect (self, "PUT", read, eva, "{\"seq\":1}", 404, "channel-unknown");
  api_test_expect (self, "GET", one, eva, NULL, 404, "message-unknown");
  seen = api_test_call (self, "GET", "/v1/channels", eva, NULL);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (seen, "channels")), ==, 0);

  api_test_expect (self, "POST", join, ana, NULL, 409, "members-fixed");
  api_test_expect (self, "POST", "/v1/channels", ana, "{\"with\":[\"nadie\"]}", 422, "user-unknown");
  api_test_expect (self, "POST", "/v1/channels", ana, "{\"with\":[]}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/channels", ana, "{\"with\":[7]}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/channels", ana, "{\"with\":[\"a:b\"]}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/channels", ana, "{\"with\":\"luis\"}", 422, "member-invalid");
}

static void
test_users (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autoptr (JsonObject) answer = api_test_call (self, "GET", "/v1/users", ana, NULL);
  JsonArray *users = json_object_get_array_member (answer, "users");
  JsonObject *first = json_array_get_object_element (users, 0);

  g_assert_cmpuint (json_array_get_length (users), ==, 2);
  g_assert_cmpstr (json_object_get_string_member (first, "user"), ==, "ana");
  g_assert_false (json_object_get_boolean_member (first, "bot"));
  g_assert_true (json_object_get_boolean_member (first, "connected"));
  g_assert_true (chat_time_parse (json_object_get_string_member (first, "since"), &(gint64){ 0 }, NULL));
}

static void
test_post (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *id = chat_uuid_v7 ();
  g_autofree char *body = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"hola\",\"sent\":\"2021-10-10T10:10:10Z\","
                                           "\"color\":{\"a\":[1]},\"seq\":99,\"bot\":true,\"moderation\":7}",
                                           id);
  g_autofree char *path = g_strdup_printf ("/v1/messages/%s", id);
  g_autoptr (JsonObject) answer = NULL, stored = NULL;

  api_test_channel (self, ana, "general");
  answer = api_test_call (self, "POST", "/v1/channels/general/messages", ana, body);
  g_assert_cmpuint (self->status, ==, 202);
  g_assert_cmpstr (json_object_get_string_member (answer, "id"), ==, id);
  g_assert_cmpstr (json_object_get_string_member (answer, "state"), ==, "accepted");
  api_test_wait_head (self, ana, "general", 1);
  stored = api_test_call (self, "GET", path, ana, NULL);
  g_assert_cmpstr (json_object_get_string_member (stored, "author"), ==, "ana");
  g_assert_cmpstr (json_object_get_string_member (stored, "data"), ==, "hola");
  g_assert_cmpstr (json_object_get_string_member (stored, "channel"), ==, "general");
  g_assert_cmpstr (json_object_get_string_member (stored, "timestamp"), ==,
                   json_object_get_string_member (answer, "timestamp"));
  g_assert_cmpstr (json_object_get_string_member (stored, "sent"), ==, "2021-10-10T10:10:10.000Z");
  g_assert_cmpint (json_object_get_int_member (stored, "seq"), ==, 1);
  g_assert_true (json_object_has_member (stored, "color"));
  g_assert_false (json_object_has_member (stored, "moderation"));
  g_assert_false (json_object_get_boolean_member_with_default (stored, "bot", FALSE));
}

/* A member that is null is one that is not there. */
static void
test_post_nulls (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autoptr (JsonObject) page = NULL;
  JsonObject *message;

  api_test_channel (self, ana, "general");
  api_test_expect (self, "POST", "/v1/channels/general/messages", ana,
                   "{\"data\":\"x\",\"id\":null,\"channel\":null,\"author\":null,\"kind\":null,\"sent\":null,"
                   "\"reply_to\":null,\"timestamp\":null,\"moderation\":null}",
                   202, NULL);
  api_test_wait_head (self, ana, "general", 1);
  page = api_test_call (self, "GET", "/v1/channels/general/messages", ana, NULL);
  message = json_array_get_object_element (json_object_get_array_member (page, "messages"), 0);
  g_assert_cmpstr (json_object_get_string_member (message, "author"), ==, "ana");
  g_assert_cmpstr (json_object_get_string_member (message, "kind"), ==, "message");
}

static void
test_post_refused (ApiTest *self, gconstpointer data)
{
  static const char *const wrong[] = {
    "{}",
    "{\"data\":\"\"}",
    "{\"data\":7}",
    "{\"data\":\"a\\u0007\"}",
    "{\"data\":\"x\",\"id\":\"no\"}",
    "{\"data\":\"x\",\"id\":7}",
    "{\"data\":\"x\",\"kind\":\"receipt\"}",
    "{\"data\":\"x\",\"kind\":\"warning\"}",
    "{\"data\":\"x\",\"kind\":7}",
    "{\"data\":\"x\",\"kind\":\"whatever\"}",
    "{\"data\":\"x\",\"author\":\"luis\"}",
    "{\"data\":\"x\",\"channel\":\"other\"}",
    "{\"data\":\"x\",\"sent\":\"yesterday\"}",
    "{\"data\":\"x\",\"reply_to\":7}",
  };
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *text = g_strnfill (8001, 'a');
  g_autofree char *long_text = g_strdup_printf ("{\"data\":\"%s\"}", text);
  g_autofree char *padding = g_strnfill (70000, 'a');
  g_autofree char *large = g_strdup_printf ("{\"data\":\"x\",\"padding\":\"%s\"}", padding);

  api_test_channel (self, ana, "general");
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    api_test_expect (self, "POST", "/v1/channels/general/messages", ana, wrong[i], 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/channels/general/messages", ana, long_text, 413, NULL);
  api_test_expect (self, "POST", "/v1/channels/general/messages", ana, large, 413, "too-large");
  api_test_expect (self, "POST", "/v1/channels/nada/messages", ana, "{\"data\":\"x\"}", 404, "channel-unknown");
  api_test_expect (self, "POST", "/v1/channels/NADA/messages", ana, "{\"data\":\"x\"}", 422, "member-invalid");
  g_assert_cmpuint (chat_loopback_transport_get_publishes (self->role.loopback), ==, 0);
}

/* The same id with the same content is the same message, whenever and however often it comes. */
static void
test_post_again (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *luis = api_test_log_in (self, "luis");
  g_autofree char *id = chat_uuid_v7 ();
  g_autofree char *upper = g_ascii_strup (id, -1);
  g_autofree char *body = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"vaya mierda de d\xc3\xad"
                                           "a\"}",
                                           id);
  g_autofree char *same = g_strdup_printf ("{\"data\":\"vaya mierda de d\xc3\xad"
                                           "a\",\"id\":\"%s\"}",
                                           upper);
  g_autofree char *other = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"vaya mierda de noche\"}", id);
  g_autofree char *first = NULL;

  api_test_channel (self, ana, "general");
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (JsonObject) answer
          = api_test_call (self, "POST", "/v1/channels/general/messages", ana, i == 1 ? same : body);

      g_assert_cmpuint (self->status, ==, 202);
      g_assert_cmpstr (json_object_get_string_member (answer, "id"), ==, id);
      if (first == NULL)
        first = g_strdup (json_object_get_string_member (answer, "timestamp"));
      g_assert_cmpstr (json_object_get_string_member (answer, "timestamp"), ==, first);
      if (i == 1) /* and when the api remembers nothing, it asks the store, where the text is masked */
        {
          api_test_wait_head (self, ana, "general", 1);
          api_test_stop_api (self);
          api_test_start_api (self);
        }
      api_test_expect (self, "POST", "/v1/channels/general/messages", ana, other, 409, "id-conflict");
      api_test_expect (self, "POST", "/v1/channels/general/messages", luis, body, 409, "id-conflict");
    }
  g_assert_cmpuint (chat_loopback_transport_get_publishes (self->role.loopback), ==, 1);
}

static void
test_pages (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *third = NULL, *before = NULL;
  g_autoptr (JsonObject) all = NULL, some = NULL, empty = NULL;
  JsonArray *messages;
  const char *const wrong[] = { "limit=0",  "limit=201",        "limit=x",           "limit=-1", "before=x",
                                "after=-1", "before=1&after=1", "around=2021-13-01", "befor=1",  "limit=1.5" };

  api_test_channel (self, ana, "general");
  empty = api_test_call (self, "GET", "/v1/channels/general/messages", ana, NULL);
  g_assert_cmpint (json_object_get_int_member (empty, "head"), ==, 0);
  for (guint i = 1; i <= 5; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);
      g_autofree char *id = api_test_post (self, ana, "general", text);

      if (i == 3)
        third = g_steal_pointer (&id);
    }
  api_test_wait_head (self, ana, "general", 5);
  all = api_test_call (self, "GET", "/v1/channels/general/messages", ana, NULL);
  messages = json_object_get_array_member (all, "messages");
  g_assert_cmpuint (json_array_get_length (messages), ==, 5);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpint (json_object_get_int_member (json_array_get_object_element (messages, i), "seq"), ==, i + 1);
  before = g_strdup_printf ("/v1/channels/general/messages?before=%s&limit=1", third);
  some = api_test_call (self, "GET", before, ana, NULL);
  messages = json_object_get_array_member (some, "messages");
  g_assert_cmpuint (json_array_get_length (messages), ==, 1);
  g_assert_cmpstr (json_object_get_string_member (json_array_get_object_element (messages, 0), "data"), ==, "2");
  g_assert_true (json_object_get_boolean_member (some, "more_before"));
  g_assert_true (json_object_get_boolean_member (some, "more_after"));

  api_test_expect (self, "GET", "/v1/channels/general/messages?after=2&limit=2", ana, NULL, 200, NULL);
  api_test_expect (self, "GET", "/v1/channels/general/messages?around=2021-10-10T10:10:10Z", ana, NULL, 200, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *path = g_strdup_printf ("/v1/channels/general/messages?%s", wrong[i]);

      api_test_expect (self, "GET", path, ana, NULL, 400, "parameter-invalid");
    }
  api_test_expect (self, "GET", "/v1/channels/nada/messages", ana, NULL, 404, "channel-unknown");
  api_test_expect (self, "GET", "/v1/channels/general/messages?before=00000000-0000-7000-8000-000000000000", ana, NULL,
                   404, "message-unknown");
  api_test_expect (self, "GET", "/v1/messages/00000000-0000-7000-8000-000000000000", ana, NULL, 404, "message-unknown");
  api_test_expect (self, "GET", "/v1/messages/x", ana, NULL, 404, "message-unknown");
}

static gboolean
is_blocked (gpointer data)
{
  gpointer *pair = data;
  g_autoptr (JsonObject) answer = api_test_call (pair[0], "GET", "/v1/sessions/current", pair[1], NULL);

  return !json_object_get_null_member (answer, "block");
}

static void
test_block (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *again = NULL;
  gpointer pair[] = { self, ana };
  g_autoptr (JsonObject) warnings = NULL, refused = NULL;
  JsonArray *list;
  JsonObject *last, *block;

  api_test_channel (self, ana, "general");
  for (guint i = 0; i < 3; i++)
    g_free (api_test_post (self, ana, "general", "\xc2\xa1mierda!"));
  chat_test_wait_until (is_blocked, pair, "the block");

  warnings = api_test_call (self, "GET", "/v1/moderation/warnings", ana, NULL);
  list = json_object_get_array_member (warnings, "warnings");
  g_assert_cmpuint (json_array_get_length (list), ==, 3);
  last = json_array_get_object_element (list, 0);
  g_assert_cmpint (json_object_get_int_member (last, "strike"), ==, 3);
  g_assert_cmpint (json_object_get_int_member (last, "limit"), ==, 3);
  g_assert_cmpstr (json_object_get_string_member (last, "rule"), ==, "es/insults");
  g_assert_cmpstr (json_object_get_string_member (last, "channel"), ==, "general");
  g_assert_cmpstr (json_array_get_string_element (json_object_get_array_member (last, "words"), 0), ==, "mierda");
  g_assert_false (json_object_get_null_member (warnings, "block"));

  refused = api_test_call (self, "POST", "/v1/channels/general/messages", ana, "{\"data\":\"hola\"}");
  g_assert_cmpuint (self->status, ==, 403);
  block = json_object_get_object_member (refused, "block");
  g_assert_true (json_object_get_null_member (block, "until"));
  g_assert_cmpstr (json_object_get_string_member (block, "reason"), !=, "");
  api_test_expect (self, "GET", "/v1/channels/general/messages", ana, NULL, 200, NULL);

  /* He may come in again, and see why; it does not help. */
  api_test_expect (self, "DELETE", "/v1/sessions/current", ana, NULL, 204, NULL);
  again = api_test_log_in (self, "ANA");
  api_test_expect (self, "POST", "/v1/channels/general/messages", again, "{\"data\":\"hola\"}", 403, "blocked");
  api_test_expect (self, "GET", "/v1/moderation/warnings", again, NULL, 200, NULL);

  /* Where the site says so, the blocked may not even read. */
  api_test_stop_api (self);
  self->options.blocked_may_read = FALSE;
  api_test_start_api (self);
}

static void
test_blocked_reader (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  gpointer pair[] = { self, ana };

  api_test_channel (self, ana, "general");
  for (guint i = 0; i < 3; i++)
    g_free (api_test_post (self, ana, "general", "mierda"));
  chat_test_wait_until (is_blocked, pair, "the block");
  api_test_stop_api (self);
  self->options.blocked_may_read = FALSE;
  api_test_start_api (self);
  api_test_expect (self, "GET", "/v1/channels/general/messages", ana, NULL, 403, "blocked");
  api_test_expect (self, "GET", "/v1/moderation/warnings", ana, NULL, 200, NULL);
}

static void
test_health (ApiTest *self, gconstpointer data)
{
  g_autoptr (JsonObject) ready = NULL;

  api_test_expect (self, "GET", "/healthz", NULL, NULL, 200, NULL);
  api_test_expect (self, "GET", "/readyz", NULL, NULL, 200, NULL);
  chat_loopback_transport_set_reachable (self->role.loopback, FALSE);
  api_test_expect (self, "GET", "/healthz", NULL, NULL, 200, NULL);
  ready = api_test_call (self, "GET", "/readyz", NULL, NULL);
  g_assert_cmpuint (self->status, ==, 503);
  g_assert_false (json_object_get_boolean_member (json_object_get_object_member (ready, "broker"), "ready"));
  g_assert_true (json_object_get_boolean_member (json_object_get_object_member (ready, "store"), "ready"));
  chat_loopback_transport_set_reachable (self->role.loopback, TRUE);
}

/* Whether it was sent is not known, so it may be sent again, and is there once. */
static void
test_broker_fails (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *id = chat_uuid_v7 ();
  g_autofree char *body = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"hola\"}", id);

  api_test_channel (self, ana, "general");
  chat_loopback_transport_refuse_publishes (self->role.loopback, 1, CHAT_TRANSPORT_ERROR_FULL);
  api_test_expect (self, "POST", "/v1/channels/general/messages", ana, body, 503, "broker-unavailable");
  chat_loopback_transport_lose_confirms (self->role.loopback, 1);
  api_test_expect (self, "POST", "/v1/channels/general/messages", ana, body, 503, "broker-unavailable");
  api_test_expect (self, "POST", "/v1/channels/general/messages", ana, body, 202, NULL);
  api_test_wait_head (self, ana, "general", 1);
}

#define ADD(path, function) g_test_add (path, ApiTest, NULL, api_test_set_up, function, api_test_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/api/rest/workspace", test_workspace);
  ADD ("/api/rest/sessions", test_sessions);
  ADD ("/api/rest/tokens", test_tokens);
  ADD ("/api/rest/paths", test_paths);
  ADD ("/api/rest/bodies", test_bodies);
  ADD ("/api/rest/channels", test_channels);
  ADD ("/api/rest/read", test_read);
  ADD ("/api/rest/conversations", test_conversations);
  ADD ("/api/rest/users", test_users);
  ADD ("/api/rest/post", test_post);
  ADD ("/api/rest/post-nulls", test_post_nulls);
  ADD ("/api/rest/post-refused", test_post_refused);
  ADD ("/api/rest/post-again", test_post_again);
  ADD ("/api/rest/pages", test_pages);
  ADD ("/api/rest/block", test_block);
  ADD ("/api/rest/blocked-reader", test_blocked_reader);
  ADD ("/api/rest/health", test_health);
  ADD ("/api/rest/broker-fails", test_broker_fails);
  return g_test_run ();
}
