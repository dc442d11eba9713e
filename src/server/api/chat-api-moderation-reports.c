/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-message-codec.h"
#include "core/chat-time.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-moderation.h"
#include "server/api/chat-api-routes.h"

/*
 * The list. Each comes with the message it is about, of a private conversation that one alone: whoever reports it has
 * shown it. They are asked for one after the other.
 */

static void list_next (ChatApiModerationListing *self);

/* @message: (nullable) */
static void
add_answer (ChatApiModerationListing *self, const ChatMessage *message)
{
  JsonObject *report = chat_api_json_report (chat_api_moderation_listing_get_next (self));

  if (message != NULL)
    json_object_set_object_member (report, "message", chat_message_encode_object (message));
  else
    json_object_set_null_member (report, "message");
  json_array_add_object_element (self->answers, report);
}

static void
got_message_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiModerationListing) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessage) message = chat_message_store_get_finish (CHAT_MESSAGE_STORE (source), result, &error);

  if (message == NULL && !g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    {
      chat_api_request_fail (self->request, error);
      return;
    }
  add_answer (self, message);
  list_next (g_steal_pointer (&self));
}

/* @self: (transfer full) */
static void
list_next (ChatApiModerationListing *self)
{
  g_autoptr (ChatApiModerationListing) owned = self;
  const ChatReport *next = chat_api_moderation_listing_get_next (self), *last;

  if (next != NULL)
    {
      chat_message_store_get_async (chat_store_get_messages (self->request->context->store), next->target,
                                    self->request->cancellable, got_message_cb, g_steal_pointer (&owned));
      return;
    }
  last = chat_api_moderation_listing_get_last (self);
  chat_api_request_reply (self->request, SOUP_STATUS_OK,
                          chat_api_moderation_listing_finish (self, "reports", last != NULL ? last->id : NULL));
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiModerationListing) self = user_data;
  g_autoptr (GError) error = NULL;
  GPtrArray *reports = chat_moderation_store_list_reports_finish (CHAT_MODERATION_STORE (source), result, &error);

  if (chat_api_moderation_listing_take (self, reports, error))
    list_next (g_steal_pointer (&self));
}

static void
list_reports (ChatApiRequest *request)
{
  static const char *const names[] = { "open", "cursor", "limit", NULL };
  ChatApiModerationListing *self = chat_api_moderation_listing_new (request, names);
  ChatModerationList list;

  if (self == NULL)
    return;
  list = chat_api_moderation_listing_get_list (self, NULL);
  chat_moderation_store_list_reports_async (chat_store_get_moderation (request->context->store), &list,
                                            request->cancellable, listed_cb, self);
}

/*
 * Closing one
 */

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatReport) report
      = chat_moderation_store_close_report_finish (CHAT_MODERATION_STORE (source), result, &error);

  if (report == NULL)
    {
      chat_api_moderation_fail (request, error, CHAT_API_ERROR_NO_REPORT, "There is no such report");
      return;
    }
  chat_control_feed_announce (request->context->control, CHAT_KIND_CONTROL, NULL, NULL, CHAT_CONTROL_REPORT);
  chat_api_request_reply (request, SOUP_STATUS_OK, chat_api_json_report (report));
}

static void
close_report (ChatApiRequest *request)
{
  const char *remark = NULL;
  g_autoptr (GError) error = NULL;

  if (!chat_api_moderation_get_remark (request, "remark", &remark, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  const ChatReport report = {
    .id = request->parameters[0],
    .by = request->session->user,
    .remark = (char *)remark,
    .closed = chat_time_now (),
  };
  chat_moderation_store_close_report_async (chat_store_get_moderation (request->context->store), &report, NULL,
                                            closed_cb, chat_api_request_ref (request));
}

const ChatApiRoute chat_api_moderation_reports_routes[] = {
  { "GET", "/v1/moderation/reports", 0, list_reports, CHAT_ROLE_MODERATOR },
  { "POST", "/v1/moderation/reports/{id}/close", CHAT_API_BODY, close_report, CHAT_ROLE_MODERATOR },
  { 0 },
};
