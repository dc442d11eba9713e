/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-dispatch.h"

#include <string.h>

#include "core/chat-json.h"
#include "server/api/chat-api-listener.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

#define BODY_MAX_DEPTH 32

typedef struct
{
  ChatApiContext *context;
  ChatApiRouter *router;
} Dispatcher;

/* A request between the token's check and its handler. */
typedef struct
{
  ChatApiRequest *request;
  const ChatApiRoute *route;
  const char *token; /* in the message's headers */
} Arrival;

static void
dispatcher_free (gpointer data)
{
  Dispatcher *self = data;

  chat_api_router_free (self->router);
  chat_api_context_unref (self->context);
  g_free (self);
}

static gboolean
check_length (SoupMessageHeaders *headers, GError **error)
{
  if (soup_message_headers_get_encoding (headers) != SOUP_ENCODING_NONE
      || soup_message_headers_get_one (headers, "Content-Length") != NULL)
    return TRUE;
  g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_LENGTH_REQUIRED,
                       "A body is needed here: send it with Content-Length, or in chunks");
  return FALSE;
}

static gboolean
check_type (SoupMessageHeaders *headers, GError **error)
{
  const char *type = soup_message_headers_get_content_type (headers, NULL);

  if (type != NULL && (g_ascii_strcasecmp (type, "application/json") == 0))
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEDIA_TYPE,
               "The body is %s; send JSON with Content-Type: application/json",
               type != NULL ? type : "of no type that is told");
  return FALSE;
}

static gboolean
read_body (ChatApiRequest *request, GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (request->message);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) reason = NULL;
  gconstpointer data;
  gsize length;

  if (!check_length (headers, error) || !check_type (headers, error))
    return FALSE;
  bytes = soup_message_body_flatten (soup_server_message_get_request_body (request->message));
  data = g_bytes_get_data (bytes, &length);
  request->body = chat_json_parse_object (data != NULL ? data : "", length, BODY_MAX_DEPTH, &reason);
  if (request->body == NULL)
    g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_JSON, "The body can't be read: %s", reason->message);
  return request->body != NULL;
}

/* A name can be tried so often, whoever tries it. */
static gboolean
admit_name (ChatApiRequest *request, gint64 *wait_ms, GError **error)
{
  const char *user = NULL;

  /* where it is none, the handler says so */
  if (!chat_json_get_string (request->body, "user", FALSE, &user, NULL) || user == NULL)
    return TRUE;
  return chat_api_gate_admit_name (request->context->gate, request->address, user, g_get_monotonic_time (), wait_ms,
                                   error);
}

static gboolean
admit (ChatApiRequest *request, const ChatApiRoute *route, gint64 *wait_ms, GError **error)
{
  ChatApiRate rate = chat_api_route_get_rate (route);
  const char *user_key = request->session != NULL ? request->session->user_key : NULL;

  return rate == CHAT_API_RATE_NONE
         || chat_api_gate_admit (request->context->gate, rate, request->address, user_key, g_get_monotonic_time (),
                                 wait_ms, error);
}

static void
handle (ChatApiRequest *request, const ChatApiRoute *route)
{
  g_autoptr (GError) error = NULL;
  gint64 wait_ms;

  if (!admit (request, route, &wait_ms, &error))
    chat_api_request_fail_limited (request, error, wait_ms);
  else if (!(route->flags & CHAT_API_OPEN) && !chat_api_request_check_role (request, route->role, &error))
    chat_api_request_fail (request, error);
  else if ((route->flags & CHAT_API_BODY) && !read_body (request, &error))
    chat_api_request_fail (request, error);
  else if (route->rate == CHAT_API_RATE_SIGN_IN && request->body != NULL && !admit_name (request, &wait_ms, &error))
    chat_api_request_fail_limited (request, error, wait_ms);
  else
    route->handler (request);
}

static void
authenticated_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Arrival *arrival = user_data;
  g_autoptr (ChatApiRequest) request = arrival->request;
  g_autoptr (GError) error = NULL;

  request->session = chat_session_service_authenticate_finish (CHAT_SESSION_SERVICE (source), result, &error);
  if (request->session != NULL || g_error_matches (error, CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_TOKEN))
    chat_api_gate_judge_token (request->context->gate, request->address, arrival->token, request->session != NULL,
                               g_get_monotonic_time ());
  if (request->session == NULL)
    chat_api_request_fail (request, error);
  else
    handle (request, arrival->route);
}

static const char *
find_token (SoupServerMessage *message, GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *value = soup_message_headers_get_one (headers, "Authorization");

  if (value != NULL && g_ascii_strncasecmp (value, "Bearer ", strlen ("Bearer ")) == 0)
    return value + strlen ("Bearer ");
  g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_UNAUTHORIZED,
                       "Send \"Authorization: Bearer TOKEN\" with a token from POST /v1/sessions");
  return NULL;
}

static void
authenticate (ChatApiRequest *request, const ChatApiRoute *route)
{
  g_autoptr (GError) error = NULL;
  const char *token = find_token (request->message, &error);
  gint64 wait_ms;
  Arrival *arrival;

  if (token == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  if (!chat_api_gate_admit_token (request->context->gate, request->address, token, g_get_monotonic_time (), &wait_ms,
                                  &error))
    {
      chat_api_request_fail_limited (request, error, wait_ms);
      return;
    }
  arrival = g_new0 (Arrival, 1);
  arrival->token = token;
  arrival->request = chat_api_request_ref (request);
  arrival->route = route;
  chat_session_service_authenticate_async (request->context->sessions, token, request->cancellable, authenticated_cb,
                                           arrival);
}

static gboolean
read_query (ChatApiRequest *request, GError **error)
{
  const char *query = g_uri_get_query (soup_server_message_get_uri (request->message));
  g_autoptr (GError) reason = NULL;

  if (query == NULL)
    return TRUE;
  request->query = g_uri_parse_params (query, -1, "&", G_URI_PARAMS_WWW_FORM, &reason);
  if (request->query != NULL)
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER, "The query is not percent-encoded UTF-8: %s",
               reason->message);
  return FALSE;
}

/* What can be said against a request before anybody looks at who sends it. */
static const ChatApiRoute *
find_route (Dispatcher *self, ChatApiRequest *request, GError **error)
{
  SoupServerMessage *message = request->message;
  const char *path = g_uri_get_path (soup_server_message_get_uri (message));
  g_autofree char *allow = NULL;
  const ChatApiRoute *route;

  if (self->context->stopping)
    {
      g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_STOPPING, "The service is stopping");
      return NULL;
    }
  route = chat_api_router_find (self->router, soup_server_message_get_method (message), path, &request->parameters,
                                &allow, error);
  request->route = route;
  if (allow != NULL)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "Allow", allow);
  if (route == NULL || !chat_api_listener_check_request (message, error) || !read_query (request, error))
    return NULL;
  return route;
}

static void
request_cb (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  Dispatcher *self = user_data;
  g_autoptr (ChatApiRequest) request = chat_api_request_new (self->context, message);
  g_autoptr (GError) error = NULL;
  const ChatApiRoute *route = find_route (self, request, &error);

  if (route == NULL)
    chat_api_request_fail (request, error);
  else if (route->flags & CHAT_API_OPEN)
    handle (request, route);
  else
    authenticate (request, route);
}

void
chat_api_dispatch_install (SoupServer *server, ChatApiContext *context)
{
  Dispatcher *self = g_new0 (Dispatcher, 1);

  self->context = chat_api_context_ref (context);
  self->router = chat_api_router_new (chat_api_routes_tables ());
  soup_server_add_handler (server, NULL, request_cb, self, dispatcher_free);
}
