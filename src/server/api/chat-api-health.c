/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

static void
get_health (ChatApiRequest *request)
{
  JsonObject *answer = json_object_new ();

  json_object_set_string_member (answer, "status", "ok");
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

static gboolean
describe_broker (ChatTransport *transport, JsonObject *answer)
{
  g_autofree char *status = chat_transport_dup_status (transport);
  gboolean ready = chat_transport_get_state (transport) == CHAT_TRANSPORT_ONLINE;
  JsonObject *broker = json_object_new ();

  json_object_set_boolean_member (broker, "ready", ready);
  json_object_set_string_member (broker, "status", status != NULL ? status : "");
  json_object_set_object_member (answer, "broker", broker);
  return ready;
}

static void
checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  gboolean ready = chat_store_check_finish (CHAT_STORE (source), result, &error);
  JsonObject *answer = json_object_new (), *store = json_object_new ();

  json_object_set_boolean_member (store, "ready", ready);
  json_object_set_string_member (store, "status", ready ? "" : error->message);
  ready &= describe_broker (request->context->transport, answer);
  json_object_set_object_member (answer, "store", store);
  json_object_set_string_member (answer, "status", ready ? "ready" : "not ready");
  chat_api_request_reply (request, ready ? SOUP_STATUS_OK : SOUP_STATUS_SERVICE_UNAVAILABLE, answer);
}

static void
get_readiness (ChatApiRequest *request)
{
  chat_store_check_async (request->context->store, request->cancellable, checked_cb, chat_api_request_ref (request));
}

const ChatApiRoute chat_api_health_routes[] = {
  { "GET", "/healthz", CHAT_API_OPEN, get_health, .rate = CHAT_API_RATE_NONE },
  { "GET", "/readyz", CHAT_API_OPEN, get_readiness, .rate = CHAT_API_RATE_NONE },
  { 0 },
};
