/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

#define WARNINGS_MAX 100

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) strikes
      = chat_moderation_store_list_strikes_finish (CHAT_MODERATION_STORE (source), result, &error);
  JsonArray *warnings;
  JsonObject *answer;

  if (strikes == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  warnings = json_array_new ();
  for (guint i = 0; i < strikes->len; i++)
    json_array_add_object_element (warnings, chat_api_json_strike (strikes->pdata[i]));
  answer = json_object_new ();
  json_object_set_array_member (answer, "warnings", warnings);
  json_object_set_member (answer, "block", chat_api_json_block (chat_api_request_find_block (request)));
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

static void
list_warnings (ChatApiRequest *request)
{
  chat_moderation_store_list_strikes_async (chat_store_get_moderation (request->context->store),
                                            request->session->user_key, WARNINGS_MAX, request->cancellable, listed_cb,
                                            chat_api_request_ref (request));
}

const ChatApiRoute chat_api_moderation_routes[] = {
  { "GET", "/v1/moderation/warnings", 0, list_warnings },
  { 0 },
};
