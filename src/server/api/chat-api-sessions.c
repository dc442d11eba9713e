/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-json.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;
  gint64 held_ms;
  g_autoptr (ChatSessionInfo) session
      = chat_session_service_open_finish (CHAT_SESSION_SERVICE (source), result, &token, &held_ms, &error);
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
  json_object_set_string_member (answer, "session", session->id);
  chat_api_json_set_time (answer, "expires", session->expires);
  json_object_set_int_member (answer, "lease_ms", request->context->lease_ms);
  chat_api_request_reply (request, SOUP_STATUS_CREATED, answer);
}

static void
open_session (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  const char *user;

  if (!chat_json_get_string (request->body, "user", TRUE, &user, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  /* Whoever is blocked comes in too: he can't post, but see why. */
  chat_session_service_open_async (request->context->sessions, user, request->cancellable, opened_cb,
                                   chat_api_request_ref (request));
}

static void
get_session (ChatApiRequest *request)
{
  JsonObject *answer = json_object_new ();

  json_object_set_string_member (answer, "user", request->session->user);
  json_object_set_boolean_member (answer, "bot", request->session->bot);
  json_object_set_member (answer, "block", chat_api_json_block (chat_api_request_find_block (request)));
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

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
close_session (ChatApiRequest *request)
{
  chat_session_service_close_async (request->context->sessions, request->session->id, NULL, closed_cb,
                                    chat_api_request_ref (request));
}

const ChatApiRoute chat_api_sessions_routes[] = {
  { "POST", "/v1/sessions", CHAT_API_OPEN | CHAT_API_BODY, open_session, .rate = CHAT_API_RATE_SIGN_IN },
  { "GET", "/v1/sessions/current", 0, get_session },
  { "DELETE", "/v1/sessions/current", 0, close_session },
  { 0 },
};
