/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-query.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

/* Searching what the caller may read, newest first. */

#define PAGE_DEFAULT 50
#define PAGE_MAX 200
#define TEXT_MAX_CHARS 200

/* A search that is checked, and kept while its channel is looked up. */
typedef struct
{
  ChatApiRequest *request;
  ChatSearch search;
  char *author;
} Searching;

static void
searching_free (Searching *self)
{
  chat_api_request_unref (self->request);
  g_free (self->author);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Searching, searching_free)

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatSearchPage) page = chat_message_store_search_finish (CHAT_MESSAGE_STORE (source), result, &error);
  gsize length;
  char *text;

  if (page == NULL)
    {
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT))
        {
          g_autoptr (GError) reason = g_steal_pointer (&error);

          error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER, "q: %s", reason->message);
        }
      chat_api_request_fail (request, error);
      return;
    }
  text = chat_api_json_search_page (page, &length);
  chat_api_request_reply_text (request, SOUP_STATUS_OK, text, length);
}

/* Takes @searching. */
static void
search (Searching *searching)
{
  g_autoptr (Searching) owned = searching;
  ChatApiRequest *request = searching->request;

  chat_message_store_search_async (chat_store_get_messages (request->context->store), &searching->search,
                                   request->cancellable, found_cb, chat_api_request_ref (request));
}

static void
found_channel_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Searching) searching = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiChannel) channel = chat_api_directory_lookup_finish (CHAT_API_DIRECTORY (source), result, &error);

  if (channel == NULL)
    chat_api_request_fail (searching->request, error);
  else
    search (g_steal_pointer (&searching));
}

static gboolean
read_text (ChatApiRequest *request, const char **text, GError **error)
{
  *text = chat_api_request_get_query (request, "q");
  if (*text == NULL || g_utf8_strlen (*text, -1) <= TEXT_MAX_CHARS)
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER, "q has more than %d characters", TEXT_MAX_CHARS);
  return FALSE;
}

static gboolean
read_query (Searching *searching, const char *const *names, GError **error)
{
  ChatApiRequest *request = searching->request;
  ChatSearch *found = &searching->search;

  found->channel = chat_api_request_get_query (request, "channel");
  return chat_api_query_check_names (request, names, error) && read_text (request, &found->text, error)
         && chat_api_query_get_user (request, "author", &searching->author, error)
         && chat_api_query_get_time (request, "since", &found->since, error)
         && chat_api_query_get_time (request, "until", &found->until, error)
         && chat_api_query_get_number (request, "cursor", &found->before, error)
         && chat_api_query_get_limit (request, PAGE_MAX, &found->limit, error)
         && (found->channel == NULL || chat_channel_name_check (found->channel, error));
}

static void
begin (ChatApiRequest *request, const char *const *names, const char *author)
{
  g_autoptr (Searching) searching = NULL;
  g_autoptr (GError) error = NULL;
  const char *channel;

  if (!chat_api_request_may_read (request))
    return;
  searching = g_new0 (Searching, 1);
  searching->request = chat_api_request_ref (request);
  searching->author = g_strdup (author);
  searching->search = (ChatSearch){
    .reader = request->session->user_key, .since = CHAT_TIME_UNKNOWN, .until = CHAT_TIME_UNKNOWN, .limit = PAGE_DEFAULT
  };
  if (!read_query (searching, names, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  searching->search.author = searching->author;
  channel = searching->search.channel;
  if (channel == NULL)
    search (g_steal_pointer (&searching));
  else
    chat_api_directory_lookup_async (request->context->directory, channel, request->session->user_key,
                                     request->cancellable, found_channel_cb, g_steal_pointer (&searching));
}

static void
search_messages (ChatApiRequest *request)
{
  static const char *const names[] = { "q", "channel", "author", "since", "until", "cursor", "limit", NULL };

  begin (request, names, NULL);
}

static void
list_own (ChatApiRequest *request)
{
  static const char *const names[] = { "channel", "cursor", "limit", NULL };

  begin (request, names, request->session->user_key);
}

const ChatApiRoute chat_api_search_routes[] = {
  { "GET", "/v1/search", 0, search_messages, .rate = CHAT_API_RATE_SEARCH },
  { "GET", "/v1/users/me/messages", 0, list_own, .rate = CHAT_API_RATE_SEARCH },
  { 0 },
};
