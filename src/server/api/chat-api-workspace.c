/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

#define PAGE_MAX 200

static JsonArray *
list_feeds (void)
{
  JsonArray *feeds = json_array_new ();
  JsonObject *websocket = json_object_new ();

  json_object_set_string_member (websocket, "kind", "websocket");
  json_array_add_object_element (feeds, websocket);
  return feeds;
}

static void
get_workspace (ChatApiRequest *request)
{
  static const char *const registrations[] = { "open", "invitation", "closed" };
  const ChatAccountOptions *options = chat_account_service_get_options (request->context->accounts);
  JsonObject *answer = json_object_new (), *limits = json_object_new (), *moderation = json_object_new ();

  json_object_set_int_member (limits, "record_bytes", CHAT_RECORD_MAX_BYTES);
  json_object_set_int_member (limits, "text_chars", CHAT_TEXT_MAX_CHARS);
  json_object_set_int_member (limits, "page", PAGE_MAX);
  json_object_set_int_member (moderation, "limit", request->context->strike_limit);
  json_object_set_string_member (answer, "name", request->context->workspace);
  json_object_set_string_member (answer, "version", request->context->version);
  json_object_set_string_member (answer, "mode", options->accounts_only ? "password" : "open");
  json_object_set_string_member (answer, "registration", registrations[options->registration]);
  json_object_set_array_member (answer, "feeds", list_feeds ());
  json_object_set_object_member (answer, "limits", limits);
  json_object_set_object_member (answer, "moderation", moderation);
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

const ChatApiRoute chat_api_workspace_routes[] = {
  { "GET", "/v1/workspace", CHAT_API_OPEN, get_workspace },
  { 0 },
};
