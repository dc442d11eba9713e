/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the api that are plain values: the router, the memory of recent ids. */
#include <string.h>

#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "server/api/chat-api-error.h"
#include "server/api/chat-api-recents.h"
#include "server/api/chat-api-router.h"
#include "server/session/chat-session-service.h"
#include "server/store/chat-store.h"
#include "transport/chat-transport-error.h"

/*
 * Router
 */

static const ChatApiRoute things[] = {
  { "GET", "/v1/things", 0, NULL },
  { "POST", "/v1/things", CHAT_API_BODY, NULL },
  { "GET", "/v1/things/{t}/parts/{p}", 0, NULL },
  { "GET", "/v1/things/current", CHAT_API_OPEN, NULL },
  { 0 },
};
static const ChatApiRoute others[] = {
  { "DELETE", "/v1/things", 0, NULL },
  { 0 },
};
static const ChatApiRoute *const tables[] = { things, others, NULL };

static void
test_router_finds (void)
{
  g_autoptr (ChatApiRouter) router = chat_api_router_new (tables);
  g_autofree char *allow = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) none = NULL, two = NULL, head = NULL, other = NULL;

  g_assert_true (chat_api_router_find (router, "POST", "/v1/things", &none, &allow, &error) == &things[1]);
  g_assert_cmpuint (g_strv_length (none), ==, 0);
  g_assert_true (chat_api_router_find (router, "GET", "/v1/things/a%2Fb/parts/%C3%B1", &two, &allow, &error)
                 == &things[2]);
  g_assert_cmpstr (two[0], ==, "a/b");
  g_assert_cmpstr (two[1], ==, "ñ");
  g_assert_true (chat_api_router_find (router, "HEAD", "/v1/things/current", &head, &allow, &error) == &things[3]);
  g_assert_true (chat_api_router_find (router, "DELETE", "/v1/things", &other, &allow, &error) == &others[0]);
  g_assert_null (allow);
  g_assert_no_error (error);
}

static void
assert_not_found (const char *method, const char *path, ChatApiError code, const char *allowed)
{
  g_autoptr (ChatApiRouter) router = chat_api_router_new (tables);
  g_autofree char *allow = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) parameters = NULL;

  g_assert_null (chat_api_router_find (router, method, path, &parameters, &allow, &error));
  g_assert_error (error, CHAT_API_ERROR, (int)code);
  g_assert_cmpstr (allow, ==, allowed);
  g_assert_null (parameters);
}

static void
test_router_refuses (void)
{
  static const char *const nowhere[] = { "",
                                         "/",
                                         "/v1",
                                         "/v1/",
                                         "v1/things",
                                         "/v1/things/",
                                         "//v1/things",
                                         "/v1//things",
                                         "/v1/thing",
                                         "/v1/thingss",
                                         "/v1/things/a/parts",
                                         "/v1/things/a/parts/",
                                         "/v1/things//parts/b",
                                         "/v1/things/a/parts/b/c",
                                         "/V1/things",
                                         "/v1/things/{t}" };

  for (guint i = 0; i < G_N_ELEMENTS (nowhere); i++)
    assert_not_found ("GET", nowhere[i], CHAT_API_ERROR_NO_RESOURCE, NULL);
  assert_not_found ("PATCH", "/v1/things", CHAT_API_ERROR_METHOD, "GET, HEAD, POST, DELETE");
  assert_not_found ("get", "/v1/things/current", CHAT_API_ERROR_METHOD, "GET, HEAD");
  assert_not_found ("GET", "/v1/things/%00/parts/b", CHAT_API_ERROR_PARAMETER, NULL);
  assert_not_found ("GET", "/v1/things/%C3%28/parts/b", CHAT_API_ERROR_PARAMETER, NULL);
  assert_not_found ("GET", "/v1/things/%zz/parts/b", CHAT_API_ERROR_PARAMETER, NULL);
}

/*
 * Recent ids
 */

static ChatMessage *
message_new (const char *id, const char *author, const char *data)
{
  ChatMessage *message = chat_message_new (CHAT_KIND_MESSAGE);

  chat_message_set_id (message, id);
  chat_message_set_channel (message, "general");
  chat_message_set_author (message, author);
  chat_message_set_data (message, data);
  chat_message_set_timestamp (message, chat_time_now ());
  return message;
}

/* A UUIDv7 that was made at @time_ms. */
static char *
id_of_time (gint64 time_ms)
{
  return g_strdup_printf ("%08x-%04x-7000-8000-000000000000", (guint)(time_ms >> 16), (guint)(time_ms & 0xffff));
}

static void
test_recents_same (void)
{
  g_autoptr (ChatApiRecents) recents = chat_api_recents_new (10, chat_time_now ());
  g_autofree char *id = chat_uuid_v7 ();
  g_autoptr (ChatMessage) first = message_new (id, "ana", "hola");
  g_autoptr (ChatMessage) other_text = message_new (id, "ana", "hola!");
  g_autoptr (ChatMessage) other_author = message_new (id, "luis", "hola");
  g_autoptr (ChatMessage) shifted = message_new (id, "an", "ahola");
  ChatApiRecent *recent;

  g_assert_null (chat_api_recents_find (recents, id));
  recent = chat_api_recents_add (recents, first, "ana");
  g_assert_true (chat_api_recents_find (recents, id) == recent);
  g_assert_cmpint (recent->timestamp, ==, chat_message_get_timestamp (first));
  g_assert_false (recent->accepted);
  g_assert_true (chat_api_recent_is_same (recent, first));
  g_assert_false (chat_api_recent_is_same (recent, other_text));
  g_assert_false (chat_api_recent_is_same (recent, other_author));
  g_assert_false (chat_api_recent_is_same (recent, shifted));
  chat_message_set_reply_to (first, "x");
  g_assert_false (chat_api_recent_is_same (recent, first));
  chat_api_recents_remove (recents, id);
  g_assert_null (chat_api_recents_find (recents, id));
}

static void
test_recents_bounded (void)
{
  gint64 start = chat_time_now () - 100000;
  g_autoptr (ChatApiRecents) recents = chat_api_recents_new (2, start);
  g_autofree char *old = id_of_time (start + 50000);

  g_assert_true (chat_api_recents_covers (recents, old, chat_time_now ()));
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *id = g_strdup_printf ("id-%u", i);
      g_autoptr (ChatMessage) message = message_new (id, "ana", "hola");

      /* The first two wait for the broker, so none of them goes. */
      chat_api_recents_add (recents, message, "ana")->accepted = i > 0;
    }
  g_assert_nonnull (chat_api_recents_find (recents, "id-0"));
  chat_api_recents_find (recents, "id-0")->accepted = TRUE;
  {
    g_autoptr (ChatMessage) message = message_new ("id-3", "ana", "hola");

    chat_api_recents_add (recents, message, "ana");
  }
  g_assert_null (chat_api_recents_find (recents, "id-0"));
  g_assert_nonnull (chat_api_recents_find (recents, "id-3"));
  /* It has forgotten something, and that may have been of then. */
  g_assert_false (chat_api_recents_covers (recents, old, chat_time_now ()));
}

static void
test_recents_covers (void)
{
  gint64 start = 1700000000000, now = start + 60000;
  g_autoptr (ChatApiRecents) recents = chat_api_recents_new (10, start);
  const struct
  {
    gint64 made;
    gboolean covered;
  } cases[] = {
    { start - 1, FALSE },   { start + 500, FALSE }, /* a clock may go a little ahead */
    { start + 1500, TRUE }, { now, TRUE },
    { now + 500, TRUE },    { now + 3600000, FALSE }, /* a clock that is an hour ahead proves nothing */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *id = id_of_time (cases[i].made);

      g_assert_cmpint (chat_api_recents_covers (recents, id, now), ==, cases[i].covered);
    }
  g_assert_false (chat_api_recents_covers (recents, "018bcfe5-0000-4000-8000-000000000000", now)); /* another version */
}

/*
 * Problems
 */

static void
test_problems (void)
{
  const struct
  {
    GQuark domain;
    int code;
    guint status;
    const char *name;
    gboolean told; /* the error's own message */
  } cases[] = {
    { CHAT_API_ERROR, CHAT_API_ERROR_JSON, 400, "json-invalid", TRUE },
    { CHAT_API_ERROR, CHAT_API_ERROR_STOPPING, 503, "stopping", FALSE },
    { CHAT_API_ERROR, CHAT_API_ERROR_INTERNAL, 500, "internal", FALSE },
    { CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_TAKEN, 409, "name-taken", TRUE },
    { CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NAME_INVALID, 422, "name-invalid", TRUE },
    { CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_TOKEN, 401, "unauthorized", TRUE },
    { CHAT_STORE_ERROR, CHAT_STORE_ERROR_FULL, 503, "store-unavailable", FALSE },
    { CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND, 404, "not-found", TRUE },
    { CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, 503, "broker-unavailable", FALSE },
    { CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED, 422, "rejected", TRUE },
    { G_IO_ERROR, G_IO_ERROR_CANCELLED, 503, "stopping", FALSE },
    { G_FILE_ERROR, G_FILE_ERROR_NOENT, 500, "internal", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (cases[i].domain, cases[i].code, "/secret/path");
      guint status;
      g_autoptr (JsonObject) problem = chat_api_problem_new (error, NULL, &status);
      const char *type = json_object_get_string_member (problem, "type");

      g_assert_cmpuint (status, ==, cases[i].status);
      g_assert_cmpint (json_object_get_int_member (problem, "status"), ==, status);
      g_assert_true (g_str_has_prefix (type, "https://tertulia.chat/problems/"));
      g_assert_true (g_str_has_suffix (type, cases[i].name));
      g_assert_cmpint (g_str_equal (json_object_get_string_member (problem, "detail"), "/secret/path"), ==,
                       cases[i].told);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/api/router/finds", test_router_finds);
  g_test_add_func ("/api/router/refuses", test_router_refuses);
  g_test_add_func ("/api/recents/same", test_recents_same);
  g_test_add_func ("/api/recents/bounded", test_recents_bounded);
  g_test_add_func ("/api/recents/covers", test_recents_covers);
  g_test_add_func ("/api/problems", test_problems);
  return g_test_run ();
}
