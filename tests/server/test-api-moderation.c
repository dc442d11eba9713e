/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /v1/moderation, as members and moderators see it; the verdict on the audit log is an independent reader's. */
#include <sqlite3.h>
#include <string.h>

#include "api-test.h"
#include "chat-test-call.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "server/moderator/chat-moderation-keeper.h"

#define PASSWORD "correct horse"
#define SECOND_US G_TIME_SPAN_SECOND

typedef struct
{
  ApiTest api;
  char *mod, *ana, *luis; /* tokens */
} World;

static char *
make_account (World *world, const char *user, ChatRole role)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account
      = chat_test_call (chat_account_service_create, world->api.accounts, &error, user, PASSWORD, role);
  g_autofree char *body = g_strdup_printf ("{\"user\":\"%s\",\"password\":\"" PASSWORD "\"}", user);
  g_autoptr (JsonObject) answer = NULL;

  g_assert_no_error (error);
  answer = api_test_call (&world->api, "POST", "/v1/sessions", NULL, body);
  g_assert_cmpuint (world->api.status, ==, 201);
  return g_strdup (json_object_get_string_member (answer, "token"));
}

static void
set_up (World *world, gconstpointer data)
{
  api_test_set_up (&world->api, NULL);
  world->mod = make_account (world, "mod", CHAT_ROLE_MODERATOR);
  world->ana = api_test_log_in (&world->api, "ana");
  world->luis = api_test_log_in (&world->api, "luis");
  api_test_channel (&world->api, world->ana, "general");
}

static void
tear_down (World *world, gconstpointer data)
{
  g_free (world->mod);
  g_free (world->ana);
  g_free (world->luis);
  api_test_tear_down (&world->api, NULL);
}

/* (transfer full): the answer, which must have this status */
static JsonObject *
call (World *world, const char *method, const char *path, const char *token, const char *body, guint status)
{
  JsonObject *answer = api_test_call (&world->api, method, path, token, body);

  if (world->api.status != status && answer != NULL)
    g_test_message ("%s %s: %s", method, path, json_object_get_string_member_with_default (answer, "detail", ""));
  g_assert_cmpuint (world->api.status, ==, status);
  return answer;
}

static JsonObject *
get_row (JsonObject *answer, const char *list, guint i)
{
  JsonArray *array = json_object_get_array_member (answer, list);

  g_assert_cmpuint (i, <, json_array_get_length (array));
  return json_array_get_object_element (array, i);
}

static guint
count_rows (JsonObject *answer, const char *list)
{
  return json_array_get_length (json_object_get_array_member (answer, list));
}

/* (transfer full): the text of a message once it is stored */
static char *
read_message (World *world, const char *token, const char *id)
{
  g_autofree char *path = g_strconcat ("/v1/messages/", id, NULL);
  gint64 deadline = g_get_monotonic_time () + chat_test_get_deadline_ms () * G_TIME_SPAN_MILLISECOND;

  while (g_get_monotonic_time () < deadline)
    {
      g_autoptr (JsonObject) answer = api_test_call (&world->api, "GET", path, token, NULL);
      if (world->api.status == 200)
        return g_strdup (json_object_get_string_member (answer, "data"));
    }
  g_error ("waited too long for message %s", id);
}

/* (transfer full): the id of a message of ana's that was masked and is stored */
static char *
swear (World *world)
{
  char *id = api_test_post (&world->api, world->ana, "general", "mierda");
  g_autofree char *text = read_message (world, world->ana, id);

  g_assert_cmpstr (text, ==, "******");
  return id;
}

/* Whether a post of @token's in general is answered with @status within a second. */
static void
wait_for_post (World *world, const char *token, guint status)
{
  gint64 deadline = g_get_monotonic_time () + SECOND_US;

  do
    {
      g_autofree char *id = chat_uuid_v7 ();
      g_autofree char *body = g_strdup_printf ("{\"id\":\"%s\",\"data\":\"hola\"}", id);
      g_autoptr (JsonObject) answer = api_test_call (&world->api, "POST", "/v1/channels/general/messages", token, body);
      if (world->api.status == status)
        return;
    }
  while (g_get_monotonic_time () < deadline);
  g_error ("no post was answered with %u within a second, but with %u", status, world->api.status);
}

/* (transfer full): what @sql selects, rows separated by spaces */
static char *
ask (World *world, const char *sql)
{
  g_autofree char *path = g_build_filename (world->api.role.directory, "store.sqlite", NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  sqlite3 *database;
  sqlite3_stmt *query;

  g_assert_cmpint (sqlite3_open_v2 (path, &database, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (database, sql, -1, &query, NULL), ==, SQLITE_OK);
  while (sqlite3_step (query) == SQLITE_ROW)
    g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", (const char *)sqlite3_column_text (query, 0));
  sqlite3_finalize (query);
  sqlite3_close (database);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
check_audit (World *world, const char *expected)
{
  g_autofree char *found
      = ask (world, "SELECT action || ':' || coalesce(actor, '-') FROM audit WHERE action <> 'account' AND action <> "
                    "'role' ORDER BY number");

  g_assert_cmpstr (found, ==, expected);
}

/* (transfer full): the id of the warning for a message of ana's */
static char *
find_warning (World *world, const char *target)
{
  g_autoptr (JsonObject) answer = call (world, "GET", "/v1/moderation/warnings", world->ana, NULL, 200);

  for (guint i = 0; i < count_rows (answer, "warnings"); i++)
    {
      JsonObject *warning = get_row (answer, "warnings", i);
      if (g_str_equal (json_object_get_string_member (warning, "target"), target))
        return g_strdup (json_object_get_string_member (warning, "id"));
    }
  g_error ("there is no warning for %s", target);
}

/* (transfer full): its id */
static char *
appeal (World *world, const char *warning, guint status)
{
  g_autofree char *body = g_strdup_printf ("{\"warning\":\"%s\",\"text\":\"porque sí\"}", warning);
  g_autoptr (JsonObject) answer = call (world, "POST", "/v1/moderation/appeals", world->ana, body, status);

  g_assert_true (json_object_get_null_member (answer, "verdict"));
  g_assert_cmpstr (json_object_get_string_member (answer, "warning"), ==, warning);
  return g_strdup (json_object_get_string_member (answer, "id"));
}

/* Three words, a block, an appeal, a verdict: and she may post again, within a second. */
static void
test_appeal (World *world, gconstpointer data)
{
  g_autofree char *first = swear (world), *second = swear (world), *third = swear (world);
  g_autofree char *warning = find_warning (world, third), *id = NULL, *again = NULL, *path = NULL;
  g_autoptr (JsonObject) others = NULL, open = NULL, granted = NULL, repeated = NULL, own = NULL, none = NULL;

  wait_for_post (world, world->ana, 403);
  id = appeal (world, warning, 201);
  again = appeal (world, warning, 200);
  g_assert_cmpstr (id, ==, again);
  api_test_expect (&world->api, "POST", "/v1/moderation/appeals", world->luis,
                   "{\"warning\":\"01932b5e-6c7d-7000-8000-0123456789ab\"}", 404, "warning-unknown");
  api_test_expect (&world->api, "POST", "/v1/moderation/appeals", world->ana, "{\"warning\":\"x\"}", 422,
                   "member-invalid");

  others = call (world, "GET", "/v1/moderation/appeals", world->luis, NULL, 200);
  g_assert_cmpuint (count_rows (others, "appeals"), ==, 0);
  open = call (world, "GET", "/v1/moderation/appeals?open=true", world->mod, NULL, 200);
  g_assert_cmpuint (count_rows (open, "appeals"), ==, 1);
  g_assert_cmpstr (json_object_get_string_member (get_row (open, "appeals", 0), "original"), ==, "mierda");
  g_assert_cmpint (json_object_get_int_member (get_row (open, "appeals", 0), "strike"), ==, 3);

  path = g_strdup_printf ("/v1/moderation/appeals/%s/verdict", id);
  api_test_expect (&world->api, "POST", path, world->luis, "{\"verdict\":\"granted\"}", 403, "role");
  api_test_expect (&world->api, "POST", path, world->mod, "{\"verdict\":\"maybe\"}", 422, "member-invalid");
  granted = call (world, "POST", path, world->mod, "{\"verdict\":\"granted\",\"remark\":\"vale\"}", 200);
  g_assert_cmpstr (json_object_get_string_member (granted, "by"), ==, "mod");
  wait_for_post (world, world->ana, 202);
  repeated = call (world, "POST", path, world->mod, "{\"verdict\":\"granted\"}", 200);
  api_test_expect (&world->api, "POST", path, world->mod, "{\"verdict\":\"rejected\"}", 409, "decided");
  api_test_expect (&world->api, "POST", "/v1/moderation/appeals/none/verdict", world->mod, "{\"verdict\":\"rejected\"}",
                   404, "appeal-unknown");

  own = call (world, "GET", "/v1/moderation/warnings", world->ana, NULL, 200);
  g_assert_cmpuint (count_rows (own, "warnings"), ==, 3);
  g_assert_true (json_object_get_null_member (own, "block"));
  JsonObject *newest = get_row (own, "warnings", 0);
  g_assert_nonnull (json_object_get_string_member (newest, "forgiven"));
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (newest, "appeal"), "remark"), ==,
                   "vale");
  none = call (world, "GET", "/v1/moderation/appeals?open=true", world->mod, NULL, 200);
  g_assert_cmpuint (count_rows (none, "appeals"), ==, 0);

  g_autofree char *strikes = ask (world, "SELECT count(*) FROM audit WHERE action = 'strike' AND actor IS NULL");
  g_autofree char *appealed = ask (world, "SELECT count(*) FROM audit WHERE action = 'appeal' AND actor = 'ana'");
  g_autofree char *decided = ask (world, "SELECT count(*) FROM audit WHERE action = 'grant' AND actor = 'mod'");
  g_assert_cmpstr (strikes, ==, "3");
  g_assert_cmpstr (appealed, ==, "1");
  g_assert_cmpstr (decided, ==, "1");
}

/* Others' warnings are for moderators; pages of them. */
static void
test_warnings (World *world, gconstpointer data)
{
  g_autofree char *first = swear (world), *second = swear (world);
  g_autoptr (JsonObject) none = NULL, all = NULL, page = NULL, rest = NULL;
  g_autofree char *path = NULL;

  none = call (world, "GET", "/v1/moderation/warnings?user=luis", world->luis, NULL, 200);
  g_assert_cmpuint (count_rows (none, "warnings"), ==, 0);
  api_test_expect (&world->api, "GET", "/v1/moderation/warnings?user=ana", world->luis, NULL, 403, "role");
  api_test_expect (&world->api, "GET", "/v1/moderation/warnings?all=true", world->luis, NULL, 403, "role");
  api_test_expect (&world->api, "GET", "/v1/moderation/warnings?all=perhaps", world->mod, NULL, 400,
                   "parameter-invalid");
  all = call (world, "GET", "/v1/moderation/warnings?all=true", world->mod, NULL, 200);
  g_assert_cmpuint (count_rows (all, "warnings"), ==, 2);
  g_assert_cmpstr (json_object_get_string_member (get_row (all, "warnings", 0), "user"), ==, "ana");
  page = call (world, "GET", "/v1/moderation/warnings?user=ana&limit=1", world->mod, NULL, 200);
  g_assert_cmpuint (count_rows (page, "warnings"), ==, 1);
  g_assert_cmpstr (json_object_get_string_member (get_row (page, "warnings", 0), "target"), ==, second);
  path = g_strdup_printf ("/v1/moderation/warnings?user=ana&limit=1&cursor=%s",
                          json_object_get_string_member (page, "next"));
  rest = call (world, "GET", path, world->mod, NULL, 200);
  g_assert_cmpstr (json_object_get_string_member (get_row (rest, "warnings", 0), "target"), ==, first);
  g_assert_true (json_object_get_null_member (rest, "next"));
}

/* By hand, with an end and a reason; another end; lifted; run out. */
static void
test_blocks (World *world, gconstpointer data)
{
  g_autofree char *root = make_account (world, "root", CHAT_ROLE_ADMIN);
  g_autofree char *until = chat_time_format (chat_time_now () + G_TIME_SPAN_HOUR);
  g_autofree char *body = g_strdup_printf ("{\"until\":\"%s\",\"reason\":\"ruido\"}", until);
  g_autoptr (JsonObject) block = NULL, list = NULL, current = NULL;
  ChatModerationKeeper *keeper
      = chat_moderation_keeper_new (world->api.role.control, chat_store_get_moderation (world->api.role.sqlite), 0);

  role_test_start (&world->api.role, keeper);
  block = call (world, "PUT", "/v1/moderation/blocks/ana", world->mod, body, 200);
  g_assert_cmpstr (json_object_get_string_member (block, "until"), ==, until);
  wait_for_post (world, world->ana, 403);
  current = call (world, "GET", "/v1/sessions/current", world->ana, NULL, 200);
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (current, "block"), "reason"), ==,
                   "ruido");
  list = call (world, "GET", "/v1/moderation/blocks", world->mod, NULL, 200);
  g_assert_cmpuint (count_rows (list, "blocks"), ==, 1);
  api_test_expect (&world->api, "PUT", "/v1/moderation/blocks/luis", world->ana, "{}", 403, "role");
  api_test_expect (&world->api, "PUT", "/v1/moderation/blocks/mod", world->mod, "{}", 422, "member-invalid");
  api_test_expect (&world->api, "PUT", "/v1/moderation/blocks/root", world->mod, "{}", 403, "role");
  api_test_expect (&world->api, "PUT", "/v1/moderation/blocks/ana", world->mod, "{\"until\":\"2001-01-01T00:00:00Z\"}",
                   422, "member-invalid");
  api_test_expect (&world->api, "PUT", "/v1/moderation/blocks/ana", world->mod, "{\"until\":\"tomorrow\"}", 422,
                   "member-invalid");
  api_test_expect (&world->api, "DELETE", "/v1/moderation/blocks/ana", world->mod, NULL, 204, NULL);
  wait_for_post (world, world->ana, 202);
  api_test_expect (&world->api, "DELETE", "/v1/moderation/blocks/ana", world->mod, NULL, 404, "block-unknown");

  g_free (until);
  until = chat_time_format (chat_time_now () + 300);
  g_free (body);
  body = g_strdup_printf ("{\"until\":\"%s\"}", until);
  api_test_expect (&world->api, "PUT", "/v1/moderation/blocks/ana", world->mod, body, 200, NULL);
  role_test_wait (&world->api.role, CHAT_TOPIC_WARNINGS, 4); /* block, unblock, block, unblock */
  wait_for_post (world, world->ana, 202);
  check_audit (world, "block:mod lift:mod block:mod expire:-");
  role_test_stop (&world->api.role, keeper);
}

/* Who moderates is not the judge of himself, but for an admin: there may be nobody above him. */
static void
test_own_case (World *world, gconstpointer data)
{
  g_autofree char *root = make_account (world, "root", CHAT_ROLE_ADMIN);
  g_autofree char *chief = make_account (world, "chief", CHAT_ROLE_ADMIN);
  g_autofree char *posted = api_test_post (&world->api, world->mod, "general", "mierda");
  g_autofree char *text = read_message (world, world->mod, posted);
  g_autofree char *warning = chat_uuid_v5 ("warning", posted, strlen (posted));
  g_autofree char *body = g_strdup_printf ("{\"warning\":\"%s\"}", warning);
  g_autoptr (JsonObject) appealed = call (world, "POST", "/v1/moderation/appeals", world->mod, body, 201);
  g_autofree char *path
      = g_strdup_printf ("/v1/moderation/appeals/%s/verdict", json_object_get_string_member (appealed, "id"));

  api_test_expect (&world->api, "POST", path, world->mod, "{\"verdict\":\"granted\"}", 403, "role");
  api_test_expect (&world->api, "POST", path, root, "{\"verdict\":\"granted\"}", 200, NULL);

  api_test_expect (&world->api, "PUT", "/v1/moderation/blocks/mod", root, "{}", 200, NULL);
  api_test_expect (&world->api, "DELETE", "/v1/moderation/blocks/Mod", world->mod, NULL, 403, "role");
  api_test_expect (&world->api, "DELETE", "/v1/moderation/blocks/mod", root, NULL, 204, NULL);
  api_test_expect (&world->api, "PUT", "/v1/moderation/blocks/root", chief, "{}", 200, NULL);
  api_test_expect (&world->api, "DELETE", "/v1/moderation/blocks/root", root, NULL, 204, NULL);
}

/* What is reported in private is shown to the moderators, that one message alone. */
static void
test_reports (World *world, gconstpointer data)
{
  g_autoptr (JsonObject) conversation = call (world, "POST", "/v1/channels", world->ana, "{\"with\":[\"luis\"]}", 201);
  const char *name = json_object_get_string_member (conversation, "name");
  g_autofree char *id = api_test_post (&world->api, world->ana, name, "un secreto");
  g_autofree char *text = read_message (world, world->luis, id);
  g_autofree char *path = g_strdup_printf ("/v1/messages/%s/report", id), *close = NULL;
  g_autofree char *history = g_strdup_printf ("/v1/channels/%s/messages", name);
  g_autoptr (JsonObject) report = NULL, list = NULL, closed = NULL, open = NULL;

  report = call (world, "POST", path, world->luis, "{\"reason\":\"feo\"}", 201);
  list = call (world, "GET", "/v1/moderation/reports?open=true", world->mod, NULL, 200);
  g_assert_cmpuint (count_rows (list, "reports"), ==, 1);
  g_assert_cmpstr (
      json_object_get_string_member (json_object_get_object_member (get_row (list, "reports", 0), "message"), "data"),
      ==, "un secreto");
  api_test_expect (&world->api, "GET", history, world->mod, NULL, 404, "channel-unknown");
  api_test_expect (&world->api, "GET", "/v1/moderation/reports", world->luis, NULL, 403, "role");
  close = g_strdup_printf ("/v1/moderation/reports/%s/close", json_object_get_string_member (report, "id"));
  closed = call (world, "POST", close, world->mod, "{\"remark\":\"visto\"}", 200);
  g_assert_cmpstr (json_object_get_string_member (closed, "by"), ==, "mod");
  open = call (world, "GET", "/v1/moderation/reports?open=true", world->mod, NULL, 200);
  g_assert_cmpuint (count_rows (open, "reports"), ==, 0);
  api_test_expect (&world->api, "POST", "/v1/moderation/reports/none/close", world->mod, "{}", 404, "report-unknown");
  check_audit (world, "report:luis close:mod");
}

/* In force within a second; nobody overwrites another's; what is wrong is named. */
static void
test_rules (World *world, gconstpointer data)
{
  const char *text = "language: *\\nrule: site/fruit\\npatata\\n";
  g_autofree char *publish = g_strdup_printf ("{\"revision\":1,\"text\":\"%s\",\"remark\":\"fruta\"}", text);
  g_autofree char *try = g_strdup_printf ("{\"data\":\"una patata\",\"text\":\"%s\"}", text);
  g_autoptr (JsonObject) before = call (world, "GET", "/v1/moderation/rules", world->mod, NULL, 200);
  g_autoptr (JsonObject) tried = NULL, now = NULL, published = NULL, after = NULL;
  gint64 deadline;

  g_assert_cmpint (json_object_get_int_member (before, "revision"), ==, 0);
  g_assert_cmpuint (count_rows (before, "lists"), ==, 3);
  tried = call (world, "POST", "/v1/moderation/rules/test", world->mod, try, 200);
  g_assert_cmpstr (json_object_get_string_member (tried, "masked"), ==, "una ******");
  g_assert_cmpstr (json_object_get_string_member (get_row (tried, "hits", 0), "rule"), ==, "site/fruit");
  now = call (world, "POST", "/v1/moderation/rules/test", world->mod, "{\"data\":\"una patata\"}", 200);
  g_assert_cmpuint (count_rows (now, "hits"), ==, 0);
  api_test_expect (&world->api, "PUT", "/v1/moderation/rules", world->mod,
                   "{\"revision\":1,\"text\":\"language: *\\nrule: a b c:\\n\\n\"}", 422, "rules-invalid");
  api_test_expect (&world->api, "PUT", "/v1/moderation/rules", world->mod,
                   "{\"revision\":1,\"text\":\"language: es\\nrule: x\\n-nowhere\\n\"}", 422, "rules-invalid");
  api_test_expect (&world->api, "PUT", "/v1/moderation/rules", world->ana, publish, 403, "role");

  deadline = g_get_monotonic_time () + SECOND_US;
  published = call (world, "PUT", "/v1/moderation/rules", world->mod, publish, 200);
  g_assert_cmpuint (count_rows (published, "lists"), ==, 4);
  for (gboolean masked = FALSE; !masked;)
    {
      g_autofree char *id = api_test_post (&world->api, world->luis, "general", "una patata");
      g_autofree char *seen = read_message (world, world->luis, id);

      masked = g_str_equal (seen, "una ******");
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
  api_test_expect (&world->api, "PUT", "/v1/moderation/rules", world->mod, publish, 409, "rules-changed");
  after = call (world, "GET", "/v1/moderation/rules?revision=1", world->mod, NULL, 200);
  g_assert_cmpstr (json_object_get_string_member (after, "by"), ==, "mod");
  g_assert_cmpstr (json_object_get_string_member (after, "version"), ==,
                   json_object_get_string_member (published, "version"));
  api_test_expect (&world->api, "GET", "/v1/moderation/rules?revision=9", world->mod, NULL, 404, "not-found");
}

static void
test_rehearsal (World *world, gconstpointer data)
{
  g_autofree char *first = api_test_post (&world->api, world->luis, "general", "una patata");
  g_autofree char *seen = read_message (world, world->luis, first), *path = NULL;
  const char *body = "{\"text\":\"language: *\\nrule: site/fruit\\npatata\\n\",\"days\":2,\"channel\":\"general\"}";
  g_autoptr (JsonObject) begun = call (world, "POST", "/v1/moderation/rehearsals", world->mod, body, 202);
  g_autoptr (JsonObject) found = NULL, list = NULL;
  const char *state = "running";

  path = g_strdup_printf ("/v1/moderation/rehearsals/%s", json_object_get_string_member (begun, "id"));
  while (g_str_equal (state, "running"))
    {
      g_clear_pointer (&found, json_object_unref);
      found = call (world, "GET", path, world->mod, NULL, 200);
      state = json_object_get_string_member (found, "state");
    }
  g_assert_cmpstr (state, ==, "done");
  g_assert_cmpint (json_object_get_int_member (found, "masked"), ==, 1);
  g_assert_cmpstr (json_object_get_string_member (get_row (found, "results", 0), "after"), ==, "una ******");
  list = call (world, "GET", "/v1/moderation/rehearsals", world->mod, NULL, 200);
  g_assert_cmpuint (count_rows (list, "rehearsals"), ==, 1);
  api_test_expect (&world->api, "GET", path, world->luis, NULL, 403, "role");
  api_test_expect (&world->api, "DELETE", path, world->mod, NULL, 204, NULL);
  api_test_expect (&world->api, "DELETE", path, world->mod, NULL, 404, "not-found");
  api_test_expect (&world->api, "POST", "/v1/moderation/rehearsals", world->mod, "{\"text\":\"\",\"days\":0}", 422,
                   "member-invalid");
  api_test_expect (&world->api, "POST", "/v1/moderation/rehearsals", world->mod,
                   "{\"text\":\"\",\"channel\":\"nowhere\"}", 404, "channel-unknown");
  api_test_expect (&world->api, "POST", "/v1/moderation/rehearsals", world->mod, "{\"text\":\"nonsense\"}", 422,
                   "rules-invalid");
}

static void
check_told (ApiLive *live, const char *what)
{
  g_autoptr (JsonObject) frame = api_live_expect (live, "moderation");

  g_assert_cmpstr (json_object_get_string_member (frame, "what"), ==, what);
}

/* Moderators who are there are told what there is to look at; nobody else. */
static void
test_live (World *world, gconstpointer data)
{
  g_autoptr (ApiLive) live = api_live_open (&world->api, world->mod);
  g_autoptr (ApiLive) other = api_live_open (&world->api, world->luis);
  g_autofree char *target = swear (world), *warning = find_warning (world, target), *id = NULL;
  g_autofree char *path = g_strdup_printf ("/v1/messages/%s/report", target);
  g_autoptr (JsonObject) refused = NULL;

  api_live_subscribe (live, 1, "\"moderation\"", "");
  api_live_send (other, "{\"op\":\"subscribe\",\"ref\":1,\"topics\":[\"moderation\"]}");
  refused = api_live_expect (other, "problem");
  id = appeal (world, warning, 201);
  check_told (live, "appeal");
  api_test_expect (&world->api, "POST", path, world->luis, "{}", 201, NULL);
  check_told (live, "report");
  api_test_expect (&world->api, "PUT", "/v1/moderation/blocks/ana", world->mod, "{}", 200, NULL);
  check_told (live, "block");
  api_test_expect (&world->api, "PUT", "/v1/moderation/rules", world->mod, "{\"revision\":1,\"text\":\"\"}", 200, NULL);
  check_told (live, "rules");
  api_live_check_quiet (other);
}

/* Every decision has its actor; by user, in pages. */
static void
test_audit (World *world, gconstpointer data)
{
  g_autofree char *target = swear (world), *path = NULL;
  g_autoptr (JsonObject) page = NULL, rest = NULL, luis = NULL;

  api_test_expect (&world->api, "PUT", "/v1/moderation/blocks/luis", world->mod, "{\"reason\":\"x\"}", 200, NULL);
  api_test_expect (&world->api, "DELETE", "/v1/moderation/blocks/luis", world->mod, NULL, 204, NULL);
  check_audit (world, "strike:- block:mod lift:mod");
  page = call (world, "GET", "/v1/moderation/audit?limit=1", world->mod, NULL, 200);
  g_assert_cmpstr (json_object_get_string_member (get_row (page, "entries", 0), "action"), ==, "lift");
  path = g_strdup_printf ("/v1/moderation/audit?cursor=%s", json_object_get_string_member (page, "next"));
  rest = call (world, "GET", path, world->mod, NULL, 200);
  g_assert_cmpstr (json_object_get_string_member (get_row (rest, "entries", 0), "action"), ==, "block");
  luis = call (world, "GET", "/v1/moderation/audit?user=luis", world->mod, NULL, 200);
  g_assert_cmpuint (count_rows (luis, "entries"), ==, 2);
  api_test_expect (&world->api, "GET", "/v1/moderation/audit?cursor=x", world->mod, NULL, 400, "parameter-invalid");
  api_test_expect (&world->api, "GET", "/v1/moderation/audit", world->ana, NULL, 403, "role");
}

/* The moderators of two processes, each with its own connection, feed, rules and blocks. */
typedef struct
{
  ChatTransport *transport;
  ChatControlFeed *feed;
  ChatRulesSource *rules;
  ChatModerator *moderator;
} Process;

static void
process_start (World *world, Process *self)
{
  const ChatModeratorOptions options = { .limit = 3 };
  RoleTest *role = &world->api.role;

  self->transport = chat_loopback_transport_new (role->broker);
  g_assert_true (chat_test_call (chat_transport_connect, self->transport, NULL));
  self->feed = chat_control_feed_new (self->transport, role->signer);
  self->rules = chat_rules_source_new (self->feed, chat_store_get_moderation (role->sqlite), role->lists);
  role_test_start (role, self->feed);
  role_test_start (role, self->rules);
  self->moderator = chat_moderator_new (self->transport, role->sqlite, self->feed, self->rules, role->signer, &options);
  role_test_start (role, self->moderator);
}

static void
process_stop (World *world, Process *self)
{
  RoleTest *role = &world->api.role;

  role_test_stop (role, self->moderator);
  role_test_stop (role, self->rules);
  role_test_stop (role, self->feed);
  g_assert_true (chat_test_call (chat_transport_close, self->transport, NULL));
  g_assert_finalize_object (self->transport);
}

/* Published while no moderator lives: the next one begins with them. */
static void
test_rules_while_dead (World *world, gconstpointer data)
{
  g_autofree char *id = NULL, *seen = NULL;
  Process next;

  api_test_stop_moderator (&world->api);
  id = api_test_post (&world->api, world->luis, "general", "una patata");
  api_test_expect (&world->api, "PUT", "/v1/moderation/rules", world->mod,
                   "{\"revision\":1,\"text\":\"language: *\\nrule: site/fruit\\npatata\\n\"}", 200, NULL);
  process_start (world, &next);
  seen = read_message (world, world->luis, id);
  g_assert_cmpstr (seen, ==, "una ******");
  process_stop (world, &next);
  api_test_start_moderator (&world->api);
}

static gboolean
both_know (gpointer data)
{
  Process *processes = data;

  return chat_rules_source_get_revision (processes[0].rules) == 1
         && chat_rules_source_get_revision (processes[1].rules) == 1;
}

static void
test_two_processes (World *world, gconstpointer data)
{
  Process processes[2];
  gint64 began;

  api_test_stop_moderator (&world->api);
  for (guint i = 0; i < G_N_ELEMENTS (processes); i++)
    process_start (world, &processes[i]);
  began = g_get_monotonic_time ();
  api_test_expect (&world->api, "PUT", "/v1/moderation/rules", world->mod,
                   "{\"revision\":1,\"text\":\"language: *\\nrule: site/fruit\\npatata\\n\"}", 200, NULL);
  chat_test_wait_until (both_know, processes, "the rules in both processes");
  g_assert_cmpint (g_get_monotonic_time () - began, <, SECOND_US);
  for (guint i = 0; i < G_N_ELEMENTS (processes); i++) /* whichever has the shard: then the other */
    {
      g_autofree char *id = api_test_post (&world->api, world->luis, "general", "una patata");
      g_autofree char *seen = read_message (world, world->luis, id);

      g_assert_cmpstr (seen, ==, "una ******");
      process_stop (world, &processes[i]);
    }
  api_test_start_moderator (&world->api);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/api-moderation/" name, World, NULL, set_up, func, tear_down)
  ADD ("appeal", test_appeal);
  ADD ("warnings", test_warnings);
  ADD ("blocks", test_blocks);
  ADD ("own-case", test_own_case);
  ADD ("reports", test_reports);
  ADD ("rules", test_rules);
  ADD ("rules-while-dead", test_rules_while_dead);
  ADD ("rehearsal", test_rehearsal);
  ADD ("live", test_live);
  ADD ("audit", test_audit);
  ADD ("two-processes", test_two_processes);
  return g_test_run ();
}
