/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-json.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

static void
signed_in_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;
  gint64 held_ms;
  g_autoptr (ChatSessionInfo) session
      = chat_account_service_sign_in_finish (CHAT_ACCOUNT_SERVICE (source), result, &token, &held_ms, &error);
  JsonObject *answer;

  if (session == NULL)
    {
      if (held_ms >= 0)
        chat_api_request_fail_taken (request, error, held_ms);
      else
        chat_api_request_fail (request, error);
      return;
    }
  chat_api_gate_signed_in (request->context->gate, request->address, session->user, token);
  answer = json_object_new ();
  json_object_set_string_member (answer, "token", token);
  json_object_set_string_member (answer, "user", session->user);
  json_object_set_string_member (answer, "role", chat_role_to_string (session->role));
  json_object_set_string_member (answer, "session", session->id);
  chat_api_json_set_time (answer, "expires", session->expires);
  json_object_set_int_member (answer, "lease_ms", request->context->lease_ms);
  chat_api_request_reply (request, SOUP_STATUS_CREATED, answer);
}

static void
open_session (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  const char *user, *password = NULL;

  if (!chat_json_get_string (request->body, "user", TRUE, &user, &error)
      || !chat_json_get_string (request->body, "password", FALSE, &password, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  /* Whoever is blocked comes in too: he can't post, but see why. */
  chat_account_service_sign_in_async (request->context->accounts, user, password, request->cancellable, signed_in_cb,
                                      chat_api_request_ref (request));
}

static void
get_session (ChatApiRequest *request)
{
  JsonObject *answer = json_object_new ();

  json_object_set_string_member (answer, "user", request->session->user);
  json_object_set_string_member (answer, "role", chat_role_to_string (request->session->role));
  json_object_set_string_member (answer, "session", request->session->id);
  json_object_set_boolean_member (answer, "bot", request->session->bot);
  json_object_set_member (answer, "block", chat_api_json_block (chat_api_request_find_block (request)));
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

/* The caller's own */

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sessions = chat_session_service_list_finish (CHAT_SESSION_SERVICE (source), result, &error);
  JsonArray *array;
  JsonObject *answer;

  if (sessions == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  array = json_array_new ();
  for (guint i = 0; i < sessions->len; i++)
    {
      const ChatSessionInfo *info = sessions->pdata[i];
      JsonObject *object;

      if (!g_str_equal (info->user_key, request->session->user_key))
        continue;
      object = json_object_new ();
      json_object_set_string_member (object, "session", info->id);
      chat_api_json_set_time (object, "since", info->since);
      json_object_set_boolean_member (object, "connected",
                                      chat_presence_is_connected (request->context->presence, info));
      json_object_set_boolean_member (object, "current", g_str_equal (info->id, request->session->id));
      json_array_add_object_element (array, object);
    }
  answer = json_object_new ();
  json_object_set_array_member (answer, "sessions", array);
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

static void
list_sessions (ChatApiRequest *request)
{
  chat_session_service_list_async (request->context->sessions, request->cancellable, listed_cb,
                                   chat_api_request_ref (request));
}

/* Ending one */

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;

  if (chat_session_service_close_finish (CHAT_SESSION_SERVICE (source), result, &error))
    chat_api_request_reply_empty (request);
  else
    chat_api_request_fail (request, error);
}

static void
close_session (ChatApiRequest *request, const char *id)
{
  chat_session_service_close_async (request->context->sessions, id, NULL, closed_cb, chat_api_request_ref (request));
}

static void
close_current (ChatApiRequest *request)
{
  close_session (request, request->session->id);
}

/* Whether another's session exists is nothing that a member learns: it is refused all the same. */
static void
listed_to_close_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sessions = chat_session_service_list_finish (CHAT_SESSION_SERVICE (source), result, &error);
  gboolean own = FALSE;

  for (guint i = 0; sessions != NULL && i < sessions->len; i++)
    {
      const ChatSessionInfo *info = sessions->pdata[i];

      own |= g_str_equal (info->id, request->parameters[0]) && g_str_equal (info->user_key, request->session->user_key);
    }
  if (sessions == NULL || (!own && !chat_api_request_check_role (request, CHAT_ROLE_ADMIN, &error)))
    chat_api_request_fail (request, error);
  else
    close_session (request, request->parameters[0]);
}

static void
close_one (ChatApiRequest *request)
{
  chat_session_service_list_async (request->context->sessions, request->cancellable, listed_to_close_cb,
                                   chat_api_request_ref (request));
}

const ChatApiRoute chat_api_sessions_routes[] = {
  { "POST", "/v1/sessions", CHAT_API_OPEN | CHAT_API_BODY, open_session, .rate = CHAT_API_RATE_SIGN_IN },
  { "GET", "/v1/sessions", 0, list_sessions },
  { "GET", "/v1/sessions/current", 0, get_session },
  { "DELETE", "/v1/sessions/current", 0, close_current },
  { "DELETE", "/v1/sessions/{id}", 0, close_one },
  { 0 },
};
