/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-uuid.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

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

/* Blocked users may be kept from reading too, where the site says so. */
static gboolean
may_read (ChatApiRequest *request)
{
  const ChatBlock *block = request->context->blocked_may_read ? NULL : chat_api_request_find_block (request);

  if (block != NULL)
    chat_api_request_fail_blocked (request, block, "read messages");
  return block == NULL;
}

static gboolean
read_limit (ChatApiRequest *request, guint *limit, GError **error)
{
  const char *text = chat_api_request_get_query (request, "limit");
  guint64 value;

  *limit = PAGE_DEFAULT;
  if (text == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, 1, PAGE_MAX, &value, NULL))
    {
      g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER,
                   "limit is \"%s\", but must be a number from 1 to %d", text, PAGE_MAX);
      return FALSE;
    }
  *limit = (guint)value;
  return TRUE;
}

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
      g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER,
                   "%s is \"%s\", which is neither a seq, nor the id of a message, nor an RFC 3339 time", name, text);
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
  return read_limit (request, &page->limit, error);
}

static gboolean
check_names (ChatApiRequest *request, GError **error)
{
  GHashTableIter iter;
  gpointer name;

  if (request->query == NULL)
    return TRUE;
  g_hash_table_iter_init (&iter, request->query);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_strv_contains ((const char *const[]){ "before", "after", "around", "limit", NULL }, name))
      {
        g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER,
                     "There is no parameter \"%s\" here, only before, after, around and limit", (char *)name);
        return FALSE;
      }
  return TRUE;
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
  ChatPage page;
  Listing *listing;

  if (!may_read (request))
    return;
  if (!chat_channel_name_check (request->parameters[0], &error) || !check_names (request, &error)
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

static void
posted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  gint64 timestamp;
  JsonObject *answer;

  if (!chat_api_publisher_post_finish (CHAT_API_PUBLISHER (source), result, &id, &timestamp, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  answer = json_object_new ();
  json_object_set_string_member (answer, "id", id);
  chat_api_json_set_time (answer, "timestamp", timestamp);
  json_object_set_string_member (answer, "state", "accepted");
  chat_api_request_reply (request, SOUP_STATUS_ACCEPTED, answer);
}

static void
post_message (ChatApiRequest *request)
{
  chat_api_publisher_post_async (request->context->publisher, request->session, request->parameters[0], request->body,
                                 request->cancellable, posted_cb, chat_api_request_ref (request));
}

/* A message that was found, while its channel is looked up. */
typedef struct
{
  ChatApiRequest *request;
  ChatMessage *message;
} Reading;

static void
fail_no_message (ChatApiRequest *request)
{
  g_autoptr (GError) error
      = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_NO_MESSAGE, "There is no message %s", request->parameters[0]);

  chat_api_request_fail (request, error);
}

static void
may_see_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Reading *reading = user_data;
  g_autoptr (ChatApiRequest) request = reading->request;
  g_autoptr (ChatMessage) message = reading->message;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiChannel) channel = chat_api_directory_lookup_finish (CHAT_API_DIRECTORY (source), result, &error);

  if (g_error_matches (error, CHAT_API_ERROR, CHAT_API_ERROR_NO_CHANNEL))
    fail_no_message (request);
  else if (channel == NULL)
    chat_api_request_fail (request, error);
  else
    chat_api_request_reply (request, SOUP_STATUS_OK, chat_message_encode_object (message));
}

static void
got_message_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessage) message = chat_message_store_get_finish (CHAT_MESSAGE_STORE (source), result, &error);
  Reading *reading;

  if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    fail_no_message (request);
  else if (message == NULL)
    chat_api_request_fail (request, error);
  else
    {
      reading = g_new0 (Reading, 1);
      reading->request = chat_api_request_ref (request);
      reading->message = g_steal_pointer (&message);
      chat_api_directory_lookup_async (request->context->directory, chat_message_get_channel (reading->message),
                                       request->session->user_key, request->cancellable, may_see_cb, reading);
    }
}

static void
get_message (ChatApiRequest *request)
{
  if (!may_read (request))
    return;
  if (!chat_uuid_is_valid (request->parameters[0]))
    {
      fail_no_message (request);
      return;
    }
  chat_message_store_get_async (chat_store_get_messages (request->context->store), request->parameters[0],
                                request->cancellable, got_message_cb, chat_api_request_ref (request));
}

const ChatApiRoute chat_api_messages_routes[] = {
  { "GET", "/v1/channels/{c}/messages", 0, list_messages },
  { "POST", "/v1/channels/{c}/messages", CHAT_API_BODY, post_message },
  { "GET", "/v1/messages/{id}", 0, get_message },
  { 0 },
};
