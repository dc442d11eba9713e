/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-time.h"
#include "moderation/chat-skeleton.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

/* One user, of whatever many sessions. */
typedef struct
{
  const ChatSessionInfo *first; /* the oldest */
  gboolean connected;
} User;

/* (element-type utf8 User): by their keys, which are borrowed from @sessions */
static GHashTable *
gather (ChatApiRequest *request, GPtrArray *sessions)
{
  GHashTable *users = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);

  for (guint i = 0; i < sessions->len; i++)
    {
      const ChatSessionInfo *info = sessions->pdata[i];
      User *user = g_hash_table_lookup (users, info->user_key);

      if (user == NULL)
        {
          user = g_new0 (User, 1);
          user->first = info;
          g_hash_table_insert (users, info->user_key, user);
        }
      if (info->since < user->first->since)
        user->first = info;
      user->connected |= chat_presence_is_connected (request->context->presence, info);
    }
  return users;
}

static JsonObject *
write_user (const User *user)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "user", user->first->user);
  json_object_set_boolean_member (object, "bot", user->first->bot);
  json_object_set_boolean_member (object, "connected", user->connected);
  chat_api_json_set_time (object, "since", user->first->since);
  json_object_set_string_member (object, "role", chat_role_to_string (user->first->role));
  return object;
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sessions = chat_session_service_list_finish (CHAT_SESSION_SERVICE (source), result, &error);
  g_autoptr (GHashTable) users = NULL;
  JsonArray *array;
  JsonObject *answer;

  if (sessions == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  users = gather (request, sessions);
  array = json_array_new ();
  for (guint i = 0; i < sessions->len; i++) /* in the order of their names */
    {
      User *user = g_hash_table_lookup (users, ((ChatSessionInfo *)sessions->pdata[i])->user_key);

      if (user->first == sessions->pdata[i])
        json_array_add_object_element (array, write_user (user));
    }
  answer = json_object_new ();
  json_object_set_array_member (answer, "users", array);
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

static void
list_users (ChatApiRequest *request)
{
  chat_session_service_list_async (request->context->sessions, request->cancellable, listed_cb,
                                   chat_api_request_ref (request));
}

/* One of them: who has an account is known also when he is not here */

static void
got_account_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account = chat_user_store_get_account_finish (CHAT_USER_STORE (source), result, &error);

  if (account != NULL)
    {
      const ChatSessionInfo nobody = { .user = account->user, .role = account->role, .since = CHAT_TIME_UNKNOWN };

      chat_api_request_reply (request, SOUP_STATUS_OK, write_user (&(User){ .first = &nobody }));
      return;
    }
  if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    {
      g_clear_error (&error);
      error
          = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_NO_RESOURCE, "There is no user \"%s\"", request->parameters[0]);
    }
  chat_api_request_fail (request, error);
}

static void
listed_for_one_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sessions = chat_session_service_list_finish (CHAT_SESSION_SERVICE (source), result, &error);
  g_autofree char *key = chat_skeleton (request->parameters[0]);
  g_autoptr (GHashTable) users = sessions != NULL ? gather (request, sessions) : NULL;
  const User *user = users != NULL ? g_hash_table_lookup (users, key) : NULL;

  if (sessions == NULL)
    chat_api_request_fail (request, error);
  else if (user != NULL)
    chat_api_request_reply (request, SOUP_STATUS_OK, write_user (user));
  else
    chat_user_store_get_account_async (chat_store_get_users (request->context->store), key, request->cancellable,
                                       got_account_cb, chat_api_request_ref (request));
}

static void
get_user (ChatApiRequest *request)
{
  chat_session_service_list_async (request->context->sessions, request->cancellable, listed_for_one_cb,
                                   chat_api_request_ref (request));
}

const ChatApiRoute chat_api_users_routes[] = {
  { "GET", "/v1/users", 0, list_users },
  { "GET", "/v1/users/{u}", 0, get_user },
  { 0 },
};
