/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-excerpt.h"
#include "core/chat-names.h"
#include "moderation/chat-emoji.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-query.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

/* What becomes a record: messages, their edits, deletions and reactions. */

static void
posted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiReceipt) receipt = chat_api_publisher_post_finish (CHAT_API_PUBLISHER (source), result, &error);
  JsonObject *answer;

  if (receipt == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  answer = json_object_new ();
  json_object_set_string_member (answer, "id", receipt->id);
  chat_api_json_set_time (answer, "timestamp", receipt->timestamp);
  json_object_set_string_member (answer, "state", receipt->unchanged ? "unchanged" : "accepted");
  chat_api_request_reply (request, receipt->unchanged ? SOUP_STATUS_OK : SOUP_STATUS_ACCEPTED, answer);
}

static void
post_message (ChatApiRequest *request)
{
  chat_api_publisher_post_async (request->context->publisher, request->session, request->parameters[0], request->body,
                                 request->cancellable, posted_cb, chat_api_request_ref (request));
}

/* What can't be an id is quoted with care. */
static gboolean
check_target (ChatApiRequest *request)
{
  g_autofree char *excerpt = NULL;
  g_autoptr (GError) error = NULL;

  if (chat_api_post_is_id (request->parameters[0]))
    return TRUE;
  excerpt = chat_excerpt (request->parameters[0], -1);
  error = chat_api_post_error_no_message (excerpt);
  chat_api_request_fail (request, error);
  return FALSE;
}

static void
patch_message (ChatApiRequest *request)
{
  if (check_target (request))
    chat_api_publisher_edit_async (request->context->publisher, request->session, request->parameters[0], request->body,
                                   request->cancellable, posted_cb, chat_api_request_ref (request));
}

static void
change (ChatApiRequest *request, ChatApiPostKind kind, const char *emoji)
{
  static const char *const names[] = { "id", NULL };
  g_autoptr (GError) error = NULL;

  if (!check_target (request))
    return;
  if (!chat_api_query_check_names (request, names, &error))
    chat_api_request_fail (request, error);
  else
    chat_api_publisher_change_async (request->context->publisher, request->session, kind,
                                     chat_api_request_get_query (request, "id"), request->parameters[0], emoji,
                                     request->cancellable, posted_cb, chat_api_request_ref (request));
}

static void
delete_message (ChatApiRequest *request)
{
  change (request, CHAT_API_POST_DELETE, NULL);
}

static void
change_reaction (ChatApiRequest *request, ChatApiPostKind kind)
{
  g_autofree char *emoji = chat_emoji_normalize (request->parameters[1]);
  g_autofree char *excerpt = NULL;
  g_autoptr (GError) error = NULL;

  if (emoji != NULL)
    {
      change (request, kind, emoji);
      return;
    }
  excerpt = chat_excerpt (request->parameters[1], -1);
  error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_EMOJI,
                       "\"%s\" is not one emoji: send one that Unicode recommends (UTS #51), percent-encoded", excerpt);
  chat_api_request_fail (request, error);
}

static void
put_reaction (ChatApiRequest *request)
{
  change_reaction (request, CHAT_API_POST_REACT);
}

static void
delete_reaction (ChatApiRequest *request)
{
  change_reaction (request, CHAT_API_POST_UNREACT);
}

const ChatApiRoute chat_api_posting_routes[] = {
  { "POST", "/v1/channels/{c}/messages", CHAT_API_BODY, post_message },
  { "PATCH", "/v1/messages/{id}", CHAT_API_BODY, patch_message },
  { "DELETE", "/v1/messages/{id}", 0, delete_message },
  { "PUT", "/v1/messages/{id}/reactions/{emoji}", 0, put_reaction },
  { "DELETE", "/v1/messages/{id}/reactions/{emoji}", 0, delete_reaction },
  { 0 },
};
