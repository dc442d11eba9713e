/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may do what: every route, as everybody who could ask (permissions.c). */
#include <string.h>

#include "api-test.h"
#include "chat-test-call.h"
#include "core/chat-uuid.h"
#include "permissions.h"
#include "server/api/chat-api-routes.h"

#define PASSWORD "correct horse"

static const struct
{
  const char *user;
  ChatRole role;
} callers[N_PERMISSION_CALLERS] = {
  [PERMISSION_NOBODY] = { NULL, CHAT_ROLE_MEMBER },        [PERMISSION_MEMBER] = { "carla", CHAT_ROLE_MEMBER },
  [PERMISSION_MODERATOR] = { "mod", CHAT_ROLE_MODERATOR }, [PERMISSION_ADMIN] = { "root", CHAT_ROLE_ADMIN },
  [PERMISSION_OWNER] = { "ana", CHAT_ROLE_MEMBER },
};

typedef struct
{
  ApiTest api;
  char *tokens[N_PERMISSION_CALLERS];
  char *conversation; /* of the owner and beto */
  gint64 heads[2];    /* of #general, and of the conversation */
  guint names;
} World;

static void
make_account (World *world, const char *user, ChatRole role)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account
      = chat_test_call (chat_account_service_create, world->api.accounts, &error, user, PASSWORD, role);

  g_assert_no_error (error);
}

/* (transfer full): what @member of the answer says */
static char *
sign_in (World *world, const char *user, const char *member)
{
  g_autofree char *body = g_strdup_printf ("{\"user\":\"%s\",\"password\":\"%s\"}", user, PASSWORD);
  g_autoptr (JsonObject) answer = api_test_call (&world->api, "POST", "/v1/sessions", NULL, body);

  g_assert_cmpuint (world->api.status, ==, 201);
  return g_strdup (json_object_get_string_member (answer, member));
}

static void
set_up (World *world, gconstpointer data)
{
  g_autoptr (JsonObject) conversation = NULL;
  g_autofree char *beto = NULL;

  api_test_set_up (&world->api, NULL);
  for (guint i = 0; i < N_PERMISSION_CALLERS; i++)
    if (callers[i].user != NULL)
      {
        make_account (world, callers[i].user, callers[i].role);
        world->tokens[i] = sign_in (world, callers[i].user, "token");
      }
  make_account (world, "eva", CHAT_ROLE_MEMBER);
  g_free (sign_in (world, "eva", "token"));
  beto = api_test_log_in (&world->api, "beto");
  api_test_channel (&world->api, beto, "general");
  conversation
      = api_test_call (&world->api, "POST", "/v1/channels", world->tokens[PERMISSION_OWNER], "{\"with\":[\"beto\"]}");
  world->conversation = g_strdup (json_object_get_string_member (conversation, "name"));
}

static void
tear_down (World *world, gconstpointer data)
{
  for (guint i = 0; i < N_PERMISSION_CALLERS; i++)
    g_free (world->tokens[i]);
  g_free (world->conversation);
  api_test_tear_down (&world->api, NULL);
}

/* (transfer full): the id of a message of the owner that is stored */
static char *
say (World *world, const char *channel)
{
  g_autofree char *id = api_test_post (&world->api, world->tokens[PERMISSION_OWNER], channel, "hola");
  g_autofree char *path = g_strconcat ("/v1/messages/", id, NULL);
  gint64 deadline = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;

  while (g_get_monotonic_time () < deadline)
    {
      g_autoptr (JsonObject) answer = api_test_call (&world->api, "GET", path, world->tokens[PERMISSION_OWNER], NULL);

      if (world->api.status == 200)
        return g_steal_pointer (&id);
    }
  g_error ("waited too long for a message to be stored");
}

/* (transfer full): what stands for @name */
static char *
make (World *world, const char *name, PermissionCaller caller)
{
  if (g_str_equal (name, "id"))
    return chat_uuid_v7 ();
  if (g_str_equal (name, "name"))
    return g_strdup_printf ("nobody-%u", ++world->names);
  if (g_str_equal (name, "conversation"))
    return g_strdup (world->conversation);
  if (g_str_equal (name, "message"))
    return say (world, "general");
  if (g_str_equal (name, "whisper"))
    return say (world, world->conversation);
  if (g_str_equal (name, "other") || (g_str_equal (name, "own") && callers[caller].user == NULL))
    return sign_in (world, "eva", "session");
  if (g_str_equal (name, "own"))
    return sign_in (world, callers[caller].user, "session");
  g_error ("permissions.c: nothing stands for {%s}", name);
}

/* (transfer full) (nullable) */
static char *
fill_in (World *world, const char *template, PermissionCaller caller)
{
  GString *text = g_string_new (NULL);

  for (const char *at = template; at != NULL && *at != '\0';)
    {
      gsize length = *at == '{' ? strspn (at + 1, "abcdefghijklmnopqrstuvwxyz") : 0;

      if (length > 0 && at[length + 1] == '}')
        {
          g_autofree char *name = g_strndup (at + 1, length);
          g_autofree char *value = make (world, name, caller);

          g_string_append (text, value);
          at += length + 2;
        }
      else
        g_string_append_c (text, *at++);
    }
  return g_string_free (text, template == NULL);
}

static void
check (World *world, const Permission *row, PermissionCaller caller)
{
  g_autofree char *path = fill_in (world, row->path, caller);
  g_autofree char *body = fill_in (world, row->body, caller);
  g_autofree char *answer = api_test_call_raw (&world->api, row->method, path, world->tokens[caller],
                                               "application/json", body, body != NULL ? strlen (body) : 0);

  if (world->api.status != row->status[caller])
    {
      g_test_message ("%s %s as %s: %u instead of %u: %s", row->method, path,
                      callers[caller].user != NULL ? callers[caller].user : "nobody", world->api.status,
                      row->status[caller], answer);
      g_test_fail ();
    }
  if (g_str_equal (row->route, "/v1/sessions/current") && g_str_equal (row->method, "DELETE")
      && callers[caller].user != NULL)
    {
      g_free (world->tokens[caller]);
      world->tokens[caller] = sign_in (world, callers[caller].user, "token");
    }
}

static void
test_walk (World *world, gconstpointer data)
{
  for (const Permission *row = permissions; row->method != NULL; row++)
    for (PermissionCaller caller = 0; caller < N_PERMISSION_CALLERS; caller++)
      check (world, row, caller);
}

/* A route that the table does not have is a route that nobody has thought about. */
static void
test_complete (void)
{
  for (const ChatApiRoute *const *table = chat_api_routes_tables (); *table != NULL; table++)
    for (const ChatApiRoute *route = *table; route->method != NULL; route++)
      {
        const Permission *row = permissions;

        while (row->method != NULL
               && !(g_str_equal (row->method, route->method) && g_str_equal (row->route, route->path)))
          row++;
        if (row->method == NULL)
          {
            g_test_message ("%s %s: permissions.c has no row", route->method, route->path);
            g_test_fail ();
            continue;
          }
        g_assert_true (!(route->flags & CHAT_API_OPEN) == (row->status[PERMISSION_NOBODY] == 401));
        if (route->role > CHAT_ROLE_MEMBER)
          g_assert_cmpuint (row->status[PERMISSION_MEMBER], ==, 403);
      }
}

/* What a refusal says. */
static void
test_words (World *world, gconstpointer data)
{
  g_autoptr (JsonObject) answer
      = api_test_call (&world->api, "GET", "/v1/accounts", world->tokens[PERMISSION_MODERATOR], NULL);

  g_assert_cmpuint (world->api.status, ==, 403);
  g_assert_cmpstr (json_object_get_string_member (answer, "type"), ==, "https://tertulia.chat/problems/role");
  g_assert_nonnull (strstr (json_object_get_string_member (answer, "detail"), "\"admin\""));
  g_assert_nonnull (strstr (json_object_get_string_member (answer, "detail"), "\"moderator\""));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/permissions/complete", test_complete);
  g_test_add ("/permissions/walk", World, NULL, set_up, test_walk, tear_down);
  g_test_add ("/permissions/words", World, NULL, set_up, test_words, tear_down);
  return g_test_run ();
}
