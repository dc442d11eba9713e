/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-excerpt.h"
#include "core/chat-json.h"
#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-query.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

#define REPORT_ID "chat-api-report-id"
#define PAGE_DEFAULT 50
#define PAGE_MAX 200

/* A page that is asked for: checked, and kept while the channel is looked up. */
typedef struct
{
  ChatApiRequest *request;
  ChatPage page;
} Listing;

static void
listing_free (Listing *self)
{
  chat_api_request_unref (self->request);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Listing, listing_free)

static gboolean
read_anchor (ChatPage *page, const char *name, const char *text, GError **error)
{
  guint64 seq;

  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &seq, NULL))
    page->seq = (gint64)seq;
  else if (chat_uuid_is_valid (text))
    page->id = text;
  else if (!chat_time_parse (text, &page->time_ms, NULL))
    {
      g_autofree char *excerpt = chat_excerpt (text, -1);

      g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER,
                   "%s is \"%s\", which is neither a seq, nor the id of a message, nor an RFC 3339 time", name,
                   excerpt);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_page (ChatApiRequest *request, ChatPage *page, GError **error)
{
  static const char *const names[]
      = { [CHAT_PAGE_BEFORE] = "before", [CHAT_PAGE_AFTER] = "after", [CHAT_PAGE_AROUND] = "around" };

  *page = (ChatPage){ .kind = CHAT_PAGE_LATEST, .time_ms = CHAT_TIME_UNKNOWN };
  for (ChatPageKind kind = CHAT_PAGE_BEFORE; kind <= CHAT_PAGE_AROUND; kind++)
    {
      const char *text = chat_api_request_get_query (request, names[kind]);

      if (text == NULL)
        continue;
      if (page->kind != CHAT_PAGE_LATEST)
        {
          g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER, "Use only one of %s and %s", names[page->kind],
                       names[kind]);
          return FALSE;
        }
      page->kind = kind;
      if (!read_anchor (page, names[kind], text, error))
        return FALSE;
    }
  page->limit = PAGE_DEFAULT;
  return chat_api_query_get_limit (request, PAGE_MAX, &page->limit, error);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessagePage) page = chat_message_store_list_finish (CHAT_MESSAGE_STORE (source), result, &error);
  gsize length;
  char *text;

  if (page == NULL)
    {
      if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
        {
          g_clear_error (&error);
          error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_NO_MESSAGE, "There is no message with that id in %s",
                               request->parameters[0]);
        }
      chat_api_request_fail (request, error);
      return;
    }
  text = chat_api_json_page (page, &length);
  chat_api_request_reply_text (request, SOUP_STATUS_OK, text, length);
}

static void
found_channel_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Listing) listing = user_data;
  ChatApiRequest *request = listing->request;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiChannel) channel = chat_api_directory_lookup_finish (CHAT_API_DIRECTORY (source), result, &error);

  if (channel == NULL)
    chat_api_request_fail (request, error);
  else
    chat_message_store_list_async (chat_store_get_messages (request->context->store), channel->name, &listing->page,
                                   request->cancellable, listed_cb, chat_api_request_ref (request));
}

static void
list_messages (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  static const char *const names[] = { "before", "after", "around", "limit", NULL };
  ChatPage page;
  Listing *listing;

  if (!chat_api_request_may_read (request))
    return;
  if (!chat_channel_name_check (request->parameters[0], &error) || !chat_api_query_check_names (request, names, &error)
      || !read_page (request, &page, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  listing = g_new0 (Listing, 1);
  listing->request = chat_api_request_ref (request);
  listing->page = page;
  chat_api_directory_lookup_async (request->context->directory, request->parameters[0], request->session->user_key,
                                   request->cancellable, found_channel_cb, listing);
}

/*
 * One message that the caller may see
 */

typedef struct
{
  ChatApiRequest *request;
  ChatMessage *message; /* NULL until it is found */
  void (*use) (ChatApiRequest *request, ChatMessage *message);
} Reading;

static void
reading_free (Reading *self)
{
  g_clear_pointer (&self->message, chat_message_unref);
  chat_api_request_unref (self->request);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reading, reading_free)

static void
fail_no_message (ChatApiRequest *request)
{
  g_autoptr (GError) error = chat_api_post_error_no_message (request->parameters[0]);

  chat_api_request_fail (request, error);
}

static void
may_see_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Reading) reading = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiChannel) channel = chat_api_directory_lookup_finish (CHAT_API_DIRECTORY (source), result, &error);

  if (g_error_matches (error, CHAT_API_ERROR, CHAT_API_ERROR_NO_CHANNEL))
    fail_no_message (reading->request);
  else if (channel == NULL)
    chat_api_request_fail (reading->request, error);
  else
    reading->use (reading->request, reading->message);
}

static void
got_message_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Reading) reading = user_data;
  ChatApiRequest *request = reading->request;
  const char *channel;
  g_autoptr (GError) error = NULL;

  reading->message = chat_message_store_get_finish (CHAT_MESSAGE_STORE (source), result, &error);
  if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    fail_no_message (request);
  else if (reading->message == NULL)
    chat_api_request_fail (request, error);
  else
    {
      channel = chat_message_get_channel (reading->message);
      chat_api_directory_lookup_async (request->context->directory, channel, request->session->user_key,
                                       request->cancellable, may_see_cb, g_steal_pointer (&reading));
    }
}

static void
find_message (ChatApiRequest *request, void (*use) (ChatApiRequest *request, ChatMessage *message))
{
  Reading *reading;

  if (!chat_api_request_may_read (request))
    return;
  if (!chat_api_post_is_id (request->parameters[0]))
    {
      g_autofree char *excerpt = chat_excerpt (request->parameters[0], -1);
      g_autoptr (GError) error = chat_api_post_error_no_message (excerpt);

      chat_api_request_fail (request, error);
      return;
    }
  reading = g_new0 (Reading, 1);
  reading->request = chat_api_request_ref (request);
  reading->use = use;
  chat_message_store_get_async (chat_store_get_messages (request->context->store), request->parameters[0],
                                request->cancellable, got_message_cb, reading);
}

static void
show_message (ChatApiRequest *request, ChatMessage *message)
{
  chat_api_request_reply (request, SOUP_STATUS_OK, chat_message_encode_object (message));
}

static void
get_message (ChatApiRequest *request)
{
  find_message (request, show_message);
}

/*
 * Telling the moderators of it
 */

static void
reported_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatReport) report
      = chat_moderation_store_add_report_finish (CHAT_MODERATION_STORE (source), result, &error);
  const char *own = g_object_get_data (G_OBJECT (request->message), REPORT_ID);

  if (report != NULL && g_str_equal (report->id, own))
    chat_control_feed_announce (request->context->control, CHAT_KIND_CONTROL, NULL, NULL, CHAT_CONTROL_REPORT);
  if (report == NULL)
    chat_api_request_fail (request, error);
  else
    chat_api_request_reply (request, g_str_equal (report->id, own) ? SOUP_STATUS_CREATED : SOUP_STATUS_OK,
                            chat_api_json_report (report));
}

static void
add_report (ChatApiRequest *request, ChatMessage *message)
{
  char *id = chat_uuid_v7 ();
  const char *reason = NULL;
  const ChatReport report = {
    .id = id,
    .target = (char *)chat_message_get_id (message),
    .channel = (char *)chat_message_get_channel (message),
    .user = request->session->user,
    .user_key = request->session->user_key,
    .reason = chat_json_get_string (request->body, "reason", FALSE, &reason, NULL) ? (char *)reason : NULL,
    .time = chat_time_now (),
    .closed = CHAT_TIME_UNKNOWN,
  };

  g_object_set_data_full (G_OBJECT (request->message), REPORT_ID, id, g_free);
  chat_moderation_store_add_report_async (chat_store_get_moderation (request->context->store), &report, NULL,
                                          reported_cb, chat_api_request_ref (request));
}

static void
report_message (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  const char *reason = NULL;

  if (!chat_json_get_string (request->body, "reason", FALSE, &reason, &error)
      || !chat_api_json_check_remark ("reason", reason, &error))
    chat_api_request_fail (request, error);
  else
    find_message (request, add_report);
}

const ChatApiRoute chat_api_messages_routes[] = {
  { "GET", "/v1/channels/{c}/messages", 0, list_messages },
  { "GET", "/v1/messages/{id}", 0, get_message },
  { "POST", "/v1/messages/{id}/report", CHAT_API_BODY, report_message },
  { 0 },
};
