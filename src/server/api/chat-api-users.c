/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-time.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sessions = chat_session_service_list_finish (CHAT_SESSION_SERVICE (source), result, &error);
  gint64 now = chat_time_now ();
  JsonArray *users;
  JsonObject *answer;

  if (sessions == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  users = json_array_new ();
  for (guint i = 0; i < sessions->len; i++)
    json_array_add_object_element (users, chat_api_json_user (sessions->pdata[i], now));
  answer = json_object_new ();
  json_object_set_array_member (answer, "users", users);
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

static void
list_users (ChatApiRequest *request)
{
  chat_session_service_list_async (request->context->sessions, request->cancellable, listed_cb,
                                   chat_api_request_ref (request));
}

const ChatApiRoute chat_api_users_routes[] = {
  { "GET", "/v1/users", 0, list_users },
  { 0 },
};
