/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

#define PAGE_MAX 200

static void
add_kind (JsonArray *feeds, const char *kind)
{
  JsonObject *feed = json_object_new ();

  json_object_set_string_member (feed, "kind", kind);
  json_array_add_object_element (feeds, feed);
}

/* Anybody may know what there is; how one gets there is for members. */
static JsonArray *
list_feeds (const ChatApiContext *context)
{
  JsonArray *feeds = json_array_new ();

  add_kind (feeds, "websocket");
  if (context->feed != NULL)
    add_kind (feeds, chat_broker_kind_to_string (context->feed->kind));
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
  json_object_set_array_member (answer, "feeds", list_feeds (request->context));
  json_object_set_object_member (answer, "limits", limits);
  json_object_set_object_member (answer, "moderation", moderation);
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

static void
get_feeds (ChatApiRequest *request)
{
  const ChatApiContext *context = request->context;
  JsonObject *answer, *feed;
  JsonArray *feeds;

  if (!chat_api_request_may_read (request))
    return;
  answer = json_object_new ();
  feeds = json_array_new ();
  if (context->feed != NULL)
    {
      feed = chat_broker_options_to_json (context->feed);
      if (context->feed_ca != NULL)
        json_object_set_string_member (feed, "ca", context->feed_ca);
      else
        json_object_set_null_member (feed, "ca");
      json_array_add_object_element (feeds, feed);
    }
  json_object_set_array_member (answer, "feeds", feeds);
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

const ChatApiRoute chat_api_workspace_routes[] = {
  { "GET", "/v1/workspace", CHAT_API_OPEN, get_workspace },
  { "GET", "/v1/feeds", 0, get_feeds },
  { 0 },
};
