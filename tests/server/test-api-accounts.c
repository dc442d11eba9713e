/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts, invitations, sessions and users over REST, and what the live feed says of them. */
#include <string.h>

#include "api-test.h"
#include "chat-test-call.h"

#define PASSWORD "correct horse"
#define OTHER_PASSWORD "battery staple"

static void
make_account (ApiTest *self, const char *user, ChatRole role)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account
      = chat_test_call (chat_account_service_create, self->accounts, &error, user, PASSWORD, role);

  g_assert_no_error (error);
}

static JsonObject *
sign_in (ApiTest *self, const char *user, const char *password)
{
  g_autofree char *body = g_strdup_printf ("{\"user\":\"%s\",\"password\":\"%s\"}", user, password);

  return api_test_call (self, "POST", "/v1/sessions", NULL, body);
}

/* (transfer full): a token */
static char *
get_in (ApiTest *self, const char *user, const char *password)
{
  g_autoptr (JsonObject) answer = sign_in (self, user, password);

  g_assert_cmpuint (self->status, ==, 201);
  return g_strdup (json_object_get_string_member (answer, "token"));
}

static const char *
member (JsonObject *object, const char *name)
{
  return json_object_get_string_member (object, name);
}

static void
test_sign_in (ApiTest *self, gconstpointer data)
{
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (JsonObject) current = NULL;

  make_account (self, "Ana", CHAT_ROLE_MODERATOR);
  answer = sign_in (self, "ana", PASSWORD);
  g_assert_cmpuint (self->status, ==, 201);
  g_assert_cmpstr (member (answer, "user"), ==, "Ana");
  g_assert_cmpstr (member (answer, "role"), ==, "moderator");
  current = api_test_call (self, "GET", "/v1/sessions/current", member (answer, "token"), NULL);
  g_assert_cmpstr (member (current, "role"), ==, "moderator");
  g_assert_cmpstr (member (current, "session"), ==, member (answer, "session"));
  api_test_expect (self, "POST", "/v1/sessions", NULL, "{\"user\":\"ana\"}", 401, "password-wrong");
  api_test_expect (self, "POST", "/v1/sessions", NULL, "{\"user\":\"ana\",\"password\":\"wrong one\"}", 401,
                   "password-wrong");
  api_test_expect (self, "POST", "/v1/sessions", NULL, "{\"user\":\"ana\",\"password\":7}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/sessions", NULL, "{\"user\":\"beto\"}", 201, NULL);
}

static void
test_mode_password (ApiTest *self, gconstpointer data)
{
  g_autoptr (JsonObject) workspace = NULL;

  api_test_stop_api (self);
  self->account_options = (ChatAccountOptions){ TRUE, CHAT_REGISTRATION_CLOSED };
  api_test_start_api (self);
  workspace = api_test_call (self, "GET", "/v1/workspace", NULL, NULL);
  g_assert_cmpstr (member (workspace, "mode"), ==, "password");
  g_assert_cmpstr (member (workspace, "registration"), ==, "closed");
  make_account (self, "ana", CHAT_ROLE_MEMBER);
  api_test_expect (self, "POST", "/v1/sessions", NULL, "{\"user\":\"beto\"}", 401, "password-wrong");
  api_test_expect (self, "POST", "/v1/accounts", NULL, "{\"user\":\"eva\",\"password\":\"" PASSWORD "\"}", 403,
                   "registration-closed");
  g_free (get_in (self, "ana", PASSWORD));
}

static void
test_register (ApiTest *self, gconstpointer data)
{
  g_autoptr (JsonObject) answer = NULL;
  g_autofree char *beto = api_test_log_in (self, "beto");

  answer = api_test_call (self, "POST", "/v1/accounts", NULL, "{\"user\":\"ana\",\"password\":\"" PASSWORD "\"}");
  g_assert_cmpuint (self->status, ==, 201);
  g_assert_cmpstr (member (answer, "user"), ==, "ana");
  g_assert_cmpstr (member (answer, "role"), ==, "member");
  g_assert_cmpuint (json_object_get_size (answer), ==, 2); /* and nothing of its hash */
  api_test_expect (self, "POST", "/v1/accounts", NULL, "{\"user\":\"ANA\",\"password\":\"" PASSWORD "\"}", 409,
                   "name-taken");
  api_test_expect (self, "POST", "/v1/accounts", NULL, "{\"user\":\"beto\",\"password\":\"" PASSWORD "\"}", 409,
                   "name-taken");
  api_test_expect (self, "POST", "/v1/accounts", NULL, "{\"user\":\"eva\",\"password\":\"short\"}", 422,
                   "password-weak");
  api_test_expect (self, "POST", "/v1/accounts", NULL, "{\"user\":\"\",\"password\":\"" PASSWORD "\"}", 422,
                   "name-invalid");
  api_test_expect (self, "POST", "/v1/accounts", NULL, "{\"user\":\"eva\"}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/accounts", NULL,
                   "{\"user\":\"eva\",\"password\":\"" PASSWORD "\",\"invitation\":\"x\"}", 403, "invitation-invalid");
}

static void
test_invitations (ApiTest *self, gconstpointer data)
{
  g_autofree char *root = NULL, *body = NULL, *path = NULL;
  g_autoptr (JsonObject) invitation = NULL, list = NULL, account = NULL;
  JsonObject *listed;

  api_test_stop_api (self);
  self->account_options = (ChatAccountOptions){ FALSE, CHAT_REGISTRATION_INVITATION };
  api_test_start_api (self);
  make_account (self, "root", CHAT_ROLE_ADMIN);
  root = get_in (self, "root", PASSWORD);
  api_test_expect (self, "POST", "/v1/accounts", NULL, "{\"user\":\"eva\",\"password\":\"" PASSWORD "\"}", 403,
                   "invitation-invalid");
  api_test_expect (self, "POST", "/v1/invitations", root, "{\"role\":\"boss\"}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/invitations", root, "{\"days\":0}", 422, "member-invalid");
  api_test_expect (self, "POST", "/v1/invitations", root, "{\"days\":9223372036854775807}", 422, "member-invalid");
  invitation = api_test_call (self, "POST", "/v1/invitations", root, "{\"role\":\"moderator\",\"days\":1}");
  g_assert_cmpuint (self->status, ==, 201);
  g_assert_cmpstr (member (invitation, "role"), ==, "moderator");
  body = g_strdup_printf ("{\"user\":\"eva\",\"password\":\"%s\",\"invitation\":\"%s\"}", PASSWORD,
                          member (invitation, "token"));
  account = api_test_call (self, "POST", "/v1/accounts", NULL, body);
  g_assert_cmpuint (self->status, ==, 201);
  g_assert_cmpstr (member (account, "role"), ==, "moderator");
  list = api_test_call (self, "GET", "/v1/invitations", root, NULL);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (list, "invitations")), ==, 1);
  listed = json_array_get_object_element (json_object_get_array_member (list, "invitations"), 0);
  g_assert_cmpstr (member (listed, "id"), ==, member (invitation, "id"));
  g_assert_cmpstr (member (listed, "by"), ==, "root");
  g_assert_cmpstr (member (listed, "used_by"), ==, "eva");
  g_assert_false (json_object_has_member (listed, "token"));
  path = g_strconcat ("/v1/invitations/", member (invitation, "id"), NULL);
  api_test_expect (self, "DELETE", path, root, NULL, 204, NULL);
  api_test_expect (self, "DELETE", path, root, NULL, 204, NULL);                         /* again */
  api_test_expect (self, "POST", "/v1/accounts", NULL, body, 403, "invitation-invalid"); /* once */
}

static void
test_accounts (ApiTest *self, gconstpointer data)
{
  g_autofree char *root = NULL, *eva = NULL;
  g_autoptr (JsonObject) first = NULL, second = NULL, changed = NULL;
  g_autofree char *next = NULL;
  JsonArray *accounts;

  make_account (self, "root", CHAT_ROLE_ADMIN);
  make_account (self, "Eva María", CHAT_ROLE_MEMBER);
  make_account (self, "ana", CHAT_ROLE_MEMBER);
  root = get_in (self, "root", PASSWORD);
  eva = get_in (self, "eva maría", PASSWORD);

  first = api_test_call (self, "GET", "/v1/accounts?limit=2", root, NULL);
  accounts = json_object_get_array_member (first, "accounts");
  g_assert_cmpuint (json_array_get_length (accounts), ==, 2);
  g_assert_cmpstr (member (json_array_get_object_element (accounts, 0), "user"), ==, "ana");
  g_assert_cmpuint (json_object_get_size (json_array_get_object_element (accounts, 0)), ==, 4);
  next = g_uri_escape_string (member (first, "next"), NULL, FALSE);
  {
    g_autofree char *path = g_strconcat ("/v1/accounts?limit=2&after=", next, NULL);

    second = api_test_call (self, "GET", path, root, NULL);
  }
  accounts = json_object_get_array_member (second, "accounts");
  g_assert_cmpuint (json_array_get_length (accounts), ==, 1);
  g_assert_true (json_object_get_null_member (second, "next"));
  api_test_expect (self, "GET", "/v1/accounts?limit=0", root, NULL, 400, "parameter-invalid");
  api_test_expect (self, "GET", "/v1/accounts?user=x", root, NULL, 400, "parameter-invalid");
  api_test_expect (self, "GET", "/v1/accounts/EVA%20MAR%C3%8DA", root, NULL, 200, NULL);
  api_test_expect (self, "GET", "/v1/accounts/nobody", root, NULL, 404, "not-found");

  changed = api_test_call (self, "PATCH", "/v1/accounts/eva%20mar%C3%ADa", root, "{\"role\":\"moderator\"}");
  g_assert_cmpuint (self->status, ==, 200);
  g_assert_cmpstr (member (changed, "role"), ==, "moderator");
  api_test_expect (self, "PATCH", "/v1/accounts/eva%20mar%C3%ADa", root, "{}", 422, "member-invalid");
  api_test_expect (self, "PATCH", "/v1/accounts/eva%20mar%C3%ADa", root, "{\"role\":\"boss\"}", 422, "member-invalid");
  api_test_expect (self, "PATCH", "/v1/accounts/eva%20mar%C3%ADa", root, "{\"disabled\":\"yes\"}", 422,
                   "member-invalid");
  api_test_expect (self, "PATCH", "/v1/accounts/eva%20mar%C3%ADa", root, "{\"password\":\"short\"}", 422,
                   "password-weak");
  api_test_expect (self, "PATCH", "/v1/accounts/nobody", root, "{\"role\":\"member\"}", 404, "not-found");
  api_test_expect (self, "PATCH", "/v1/accounts/root", root, "{\"role\":\"member\"}", 409, "last-admin");
  api_test_expect (self, "PATCH", "/v1/accounts/root", root, "{\"disabled\":true}", 409, "last-admin");
  api_test_expect (self, "GET", "/v1/sessions/current", eva, NULL, 200, NULL);
  api_test_expect (self, "PATCH", "/v1/accounts/eva%20mar%C3%ADa", root, "{\"disabled\":true}", 200, NULL);
  api_test_expect (self, "GET", "/v1/sessions/current", eva, NULL, 401, "unauthorized");
  sign_in (self, "eva maría", PASSWORD);
  g_assert_cmpuint (self->status, ==, 401);
  api_test_expect (self, "PATCH", "/v1/accounts/eva%20mar%C3%ADa", root,
                   "{\"disabled\":false,\"password\":\"" OTHER_PASSWORD "\"}", 200, NULL);
  g_free (get_in (self, "eva maría", OTHER_PASSWORD));
}

static void
test_own_password (ApiTest *self, gconstpointer data)
{
  g_autofree char *one = NULL, *other = NULL;
  g_autofree char *guest = api_test_log_in (self, "beto");
  g_autoptr (ApiLive) live = NULL;

  make_account (self, "ana", CHAT_ROLE_MEMBER);
  one = get_in (self, "ana", PASSWORD);
  other = get_in (self, "ana", PASSWORD);
  live = api_live_open (self, other);
  api_test_expect (self, "PUT", "/v1/accounts/me/password", one, "{\"old\":\"x\",\"new\":\"" OTHER_PASSWORD "\"}", 401,
                   "password-wrong");
  api_test_expect (self, "PUT", "/v1/accounts/me/password", one, "{\"old\":\"" PASSWORD "\",\"new\":\"x\"}", 422,
                   "password-weak");
  api_test_expect (self, "PUT", "/v1/accounts/me/password", one, "{\"old\":\"" PASSWORD "\"}", 422, "member-invalid");
  api_test_expect (self, "PUT", "/v1/accounts/me/password", guest,
                   "{\"old\":\"" PASSWORD "\",\"new\":\"" OTHER_PASSWORD "\"}", 404, "not-found");
  api_test_expect (self, "PUT", "/v1/accounts/me/password", one,
                   "{\"old\":\"" PASSWORD "\",\"new\":\"" OTHER_PASSWORD "\"}", 204, NULL);
  api_live_check_closed (live, 1008, "password was changed");
  api_test_expect (self, "GET", "/v1/sessions/current", other, NULL, 401, "unauthorized");
  api_test_expect (self, "GET", "/v1/sessions/current", one, NULL, 200, NULL);
}

static void
test_sessions (ApiTest *self, gconstpointer data)
{
  g_autofree char *one = NULL, *path = NULL, *stranger = NULL, *last = NULL;
  g_autoptr (JsonObject) other = NULL, list = NULL;
  g_autoptr (ApiLive) live = NULL;
  JsonArray *sessions;
  guint current = 0;

  make_account (self, "ana", CHAT_ROLE_MEMBER);
  one = get_in (self, "ana", PASSWORD);
  other = sign_in (self, "ana", PASSWORD);
  stranger = api_test_log_in (self, "beto");
  list = api_test_call (self, "GET", "/v1/sessions", one, NULL);
  sessions = json_object_get_array_member (list, "sessions");
  g_assert_cmpuint (json_array_get_length (sessions), ==, 2);
  for (guint i = 0; i < 2; i++)
    current += json_object_get_boolean_member (json_array_get_object_element (sessions, i), "current");
  g_assert_cmpuint (current, ==, 1);

  api_test_expect (self, "PUT", "/v1/sessions/current", one, "{}", 405, "method-not-allowed");
  g_assert_cmpstr (self->allow, ==, "GET, HEAD, DELETE"); /* each once, though two routes fit */

  path = g_strconcat ("/v1/sessions/", member (other, "session"), NULL);
  api_test_expect (self, "DELETE", path, stranger, NULL, 403, "role");
  api_test_expect (self, "DELETE", "/v1/sessions/nonsense", stranger, NULL, 403, "role"); /* nothing to learn */
  api_test_expect (self, "DELETE", path, one, NULL, 204, NULL);
  api_test_expect (self, "GET", "/v1/sessions/current", member (other, "token"), NULL, 401, "unauthorized");

  /* of more than there may be, the oldest goes, and is told why */
  live = api_live_open (self, one);
  for (guint i = 0; i < 3; i++)
    {
      g_free (last);
      last = get_in (self, "ana", PASSWORD);
    }
  api_live_check_closed (live, 1008, "newer");
  api_test_expect (self, "GET", "/v1/sessions/current", one, NULL, 401, "unauthorized");
  api_test_expect (self, "GET", "/v1/sessions/current", last, NULL, 200, NULL);
}

static void
test_users (ApiTest *self, gconstpointer data)
{
  g_autofree char *one = NULL, *two = NULL, *beto = NULL;
  g_autoptr (JsonObject) list = NULL, ana = NULL, absent = NULL;
  JsonArray *users;

  make_account (self, "ana", CHAT_ROLE_MODERATOR);
  make_account (self, "eva", CHAT_ROLE_ADMIN);
  one = get_in (self, "ana", PASSWORD);
  two = get_in (self, "ana", PASSWORD);
  beto = api_test_log_in (self, "beto");
  list = api_test_call (self, "GET", "/v1/users", beto, NULL);
  users = json_object_get_array_member (list, "users");
  g_assert_cmpuint (json_array_get_length (users), ==, 2); /* ana once */
  ana = api_test_call (self, "GET", "/v1/users/ANA", beto, NULL);
  g_assert_cmpstr (member (ana, "user"), ==, "ana");
  g_assert_cmpstr (member (ana, "role"), ==, "moderator");
  g_assert_true (json_object_get_boolean_member (ana, "connected"));
  absent = api_test_call (self, "GET", "/v1/users/eva", beto, NULL);
  g_assert_cmpuint (self->status, ==, 200);
  g_assert_false (json_object_get_boolean_member (absent, "connected"));
  g_assert_true (json_object_get_null_member (absent, "since"));
  api_test_expect (self, "GET", "/v1/users/nobody", beto, NULL, 404, "not-found");
}

/* The topics that the live feed has of itself */

static void
check_presence (ApiLive *live, gboolean all, const char *user, gboolean connected)
{
  g_autoptr (JsonObject) frame = api_live_expect (live, "presence");
  JsonArray *users = json_object_get_array_member (frame, "users");
  JsonObject *last = json_array_get_object_element (users, json_array_get_length (users) - 1);

  g_assert_cmpint (json_object_get_int_member (frame, "ref"), ==, 5);
  g_assert_cmpint (json_object_get_boolean_member_with_default (frame, "all", FALSE), ==, all);
  if (all)
    return;
  g_assert_cmpuint (json_array_get_length (users), ==, 1);
  g_assert_cmpstr (member (last, "user"), ==, user);
  g_assert_cmpint (json_object_get_boolean_member (last, "connected"), ==, connected);
  g_assert_false (json_object_get_boolean_member (last, "bot"));
}

static void
test_presence (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = api_test_log_in (self, "ana");
  g_autofree char *beto = NULL;
  g_autoptr (ApiLive) live = api_live_open (self, ana);
  g_autoptr (ApiLive) other = NULL;
  gint64 start;

  chat_test_run_for (250); /* until ana's own coming has been told to those who are there */
  api_live_subscribe (live, 5, "\"presence\"", "");
  check_presence (live, TRUE, NULL, TRUE);
  beto = api_test_log_in (self, "beto");
  check_presence (live, FALSE, "beto", TRUE);
  other = api_live_open (self, beto);
  start = g_get_monotonic_time ();
  g_clear_pointer (&other, api_live_free);
  check_presence (live, FALSE, "beto", FALSE);
  g_assert_cmpint (g_get_monotonic_time () - start, <, G_TIME_SPAN_SECOND * 3 / 2);
  other = api_live_open (self, beto);
  check_presence (live, FALSE, "beto", TRUE);
  api_test_expect (self, "DELETE", "/v1/sessions/current", beto, NULL, 204, NULL);
  check_presence (live, FALSE, "beto", FALSE);
  api_live_send (live, "{\"op\":\"unsubscribe\",\"ref\":5}");
  json_object_unref (api_live_expect (live, "unsubscribed"));
  g_free (api_test_log_in (self, "carla"));
  api_live_check_quiet (live);
}

static void
test_marks (ApiTest *self, gconstpointer data)
{
  g_autofree char *one = NULL, *two = NULL, *beto = NULL;
  g_autoptr (ApiLive) reader = NULL, other = NULL, stranger = NULL;
  g_autoptr (JsonObject) frame = NULL;

  make_account (self, "ana", CHAT_ROLE_MEMBER);
  one = get_in (self, "ana", PASSWORD);
  two = get_in (self, "ana", PASSWORD);
  beto = api_test_log_in (self, "beto");
  api_test_channel (self, beto, "general");
  g_free (api_test_post (self, beto, "general", "hola"));
  api_test_wait_head (self, beto, "general", 1);
  reader = api_live_open (self, one);
  other = api_live_open (self, two);
  stranger = api_live_open (self, beto);
  api_live_subscribe (reader, 5, "\"marks\"", "");
  api_live_subscribe (other, 6, "\"marks\"", "");
  api_live_subscribe (stranger, 7, "\"marks\"", "");
  api_test_expect (self, "PUT", "/v1/channels/general/read", one, "{\"seq\":999}", 204, NULL);
  frame = api_live_expect (other, "mark");
  g_assert_cmpint (json_object_get_int_member (frame, "ref"), ==, 6);
  g_assert_cmpstr (member (frame, "channel"), ==, "general");
  g_assert_cmpint (json_object_get_int_member (frame, "seq"), ==, 1); /* not past the head */
  api_live_check_quiet (reader);
  api_live_check_quiet (stranger);
}

static void
test_topic_roles (ApiTest *self, gconstpointer data)
{
  g_autofree char *ana = NULL, *root = NULL;
  g_autoptr (ApiLive) live = NULL;
  g_autoptr (JsonObject) frame = NULL, wrong = NULL;

  make_account (self, "ana", CHAT_ROLE_MEMBER);
  make_account (self, "root", CHAT_ROLE_ADMIN);
  ana = get_in (self, "ana", PASSWORD);
  root = get_in (self, "root", PASSWORD);
  live = api_live_open (self, ana);
  api_live_send (live, "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"moderation\"]}");
  frame = api_live_expect (live, "problem");
  g_assert_cmpstr (member (json_object_get_object_member (frame, "problem"), "type"), ==,
                   "https://tertulia.chat/problems/role");
  api_live_send (live, "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"weather\"]}");
  wrong = api_live_expect (live, "problem");
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (wrong, "problem"), "status"), ==, 422);

  /* a role that changes: who is connected comes again, and may then */
  api_test_expect (self, "PATCH", "/v1/accounts/ana", root, "{\"role\":\"moderator\"}", 200, NULL);
  api_live_check_closed (live, 1001, "role");
  g_clear_pointer (&live, api_live_free);
  live = api_live_open (self, ana);
  api_live_subscribe (live, 1, "\"moderation\"", "");
}

#define ADD(name, func) g_test_add ("/api/accounts/" name, ApiTest, NULL, api_test_set_up, func, api_test_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("sign-in", test_sign_in);
  ADD ("mode-password", test_mode_password);
  ADD ("register", test_register);
  ADD ("invitations", test_invitations);
  ADD ("list-and-change", test_accounts);
  ADD ("own-password", test_own_password);
  ADD ("sessions", test_sessions);
  ADD ("users", test_users);
  ADD ("presence", test_presence);
  ADD ("marks", test_marks);
  ADD ("topic-roles", test_topic_roles);
  return g_test_run ();
}
