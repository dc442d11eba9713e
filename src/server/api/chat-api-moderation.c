/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-moderation.h"

#include <string.h>

#include "core/chat-json.h"
#include "core/chat-uuid.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-query.h"

#define CURSOR_MOST 200

ChatApiModerationPage *
chat_api_moderation_page_new (ChatApiRequest *request, const char *const *names, GError **error)
{
  static const char *const booleans[] = { "false", "true", NULL };
  g_autoptr (ChatApiModerationPage) self = g_new0 (ChatApiModerationPage, 1);
  const char *cursor = chat_api_request_get_query (request, "cursor");
  guint all = 0, open = 0;

  self->limit = CHAT_API_MODERATION_LIMIT;
  if (!chat_api_query_check_names (request, names, error)
      || !chat_api_query_get_limit (request, CHAT_API_MODERATION_MOST, &self->limit, error)
      || !chat_api_query_get_user (request, "user", &self->user_key, error)
      || !chat_api_query_get_choice (request, "all", booleans, &all, error)
      || !chat_api_query_get_choice (request, "open", booleans, &open, error))
    return NULL;
  if (cursor != NULL && (*cursor == '\0' || strlen (cursor) > CURSOR_MOST))
    {
      g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER,
                           "cursor must be what \"next\" of the page before says");
      return NULL;
    }
  self->all = all;
  self->open = open;
  self->cursor = g_strdup (cursor);
  return g_steal_pointer (&self);
}

void
chat_api_moderation_page_free (ChatApiModerationPage *self)
{
  g_free (self->user_key);
  g_free (self->cursor);
  g_free (self);
}

ChatApiModerationListing *
chat_api_moderation_listing_new (ChatApiRequest *request, const char *const *names)
{
  g_autoptr (GError) error = NULL;
  ChatApiModerationPage *page = chat_api_moderation_page_new (request, names, &error);
  ChatApiModerationListing *self;

  if (page == NULL)
    {
      chat_api_request_fail (request, error);
      return NULL;
    }
  self = g_new0 (ChatApiModerationListing, 1);
  self->request = chat_api_request_ref (request);
  self->page = page;
  self->answers = json_array_new ();
  return self;
}

void
chat_api_moderation_listing_free (ChatApiModerationListing *self)
{
  chat_api_request_unref (self->request);
  chat_api_moderation_page_free (self->page);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  json_array_unref (self->answers);
  g_free (self);
}

ChatModerationList
chat_api_moderation_listing_get_list (const ChatApiModerationListing *self, const char *user_key)
{
  return (ChatModerationList){
    .user_key = user_key,
    .open_only = self->page->open,
    .before = self->page->cursor,
    .limit = self->page->limit + 1,
  };
}

gboolean
chat_api_moderation_listing_take (ChatApiModerationListing *self, GPtrArray *rows, const GError *error)
{
  if (rows == NULL)
    {
      chat_api_request_fail (self->request, error);
      return FALSE;
    }
  self->rows = rows;
  self->more = rows->len > self->page->limit;
  if (self->more)
    g_ptr_array_set_size (rows, (gint)self->page->limit);
  return TRUE;
}

gpointer
chat_api_moderation_listing_get_next (const ChatApiModerationListing *self)
{
  guint next = json_array_get_length (self->answers);

  return next < self->rows->len ? g_ptr_array_index (self->rows, next) : NULL;
}

gpointer
chat_api_moderation_listing_get_last (const ChatApiModerationListing *self)
{
  return self->more ? g_ptr_array_index (self->rows, self->rows->len - 1) : NULL;
}

JsonObject *
chat_api_moderation_listing_finish (ChatApiModerationListing *self, const char *member, const char *next)
{
  JsonObject *answer = json_object_new ();

  json_object_set_array_member (answer, member, json_array_ref (self->answers));
  chat_api_json_set_text (answer, "next", next);
  return answer;
}

gboolean
chat_api_moderation_get_remark (ChatApiRequest *request, const char *member, const char **text, GError **error)
{
  return chat_json_get_string (request->body, member, FALSE, text, error)
         && chat_api_json_check_remark (member, *text, error);
}

gboolean
chat_api_moderation_check_judge (ChatApiRequest *request, const char *user_key, GError **error)
{
  if (!g_str_equal (user_key, request->session->user_key) || request->session->role >= CHAT_ROLE_ADMIN)
    return TRUE;
  g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_ROLE,
                       "A moderator does not decide about his own block or appeal: ask another one, or an admin");
  return FALSE;
}

void
chat_api_moderation_fail (ChatApiRequest *request, const GError *error, ChatApiError missing, const char *detail)
{
  g_autoptr (GError) unknown = NULL;

  if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    unknown = g_error_new_literal (CHAT_API_ERROR, (int)missing, detail);
  chat_api_request_fail (request, unknown != NULL ? unknown : error);
}

char *
chat_api_moderation_dup_warning (const char *record_id)
{
  return chat_uuid_v5 ("warning", record_id, strlen (record_id));
}

void
chat_api_json_set_text (JsonObject *object, const char *member, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, member, text);
  else
    json_object_set_null_member (object, member);
}

JsonObject *
chat_api_json_appeal (const ChatAppeal *appeal, const ChatStrike *strike)
{
  JsonObject *object = json_object_new ();
  g_autofree char *warning = chat_api_moderation_dup_warning (appeal->record_id);

  json_object_set_string_member (object, "id", appeal->id);
  json_object_set_string_member (object, "warning", warning);
  json_object_set_string_member (object, "target", appeal->record_id);
  json_object_set_string_member (object, "user", appeal->user);
  chat_api_json_set_text (object, "text", appeal->text);
  chat_api_json_set_time (object, "time", appeal->time);
  chat_api_json_set_text (object, "verdict", appeal->verdict);
  chat_api_json_set_text (object, "by", appeal->by);
  chat_api_json_set_text (object, "remark", appeal->remark);
  chat_api_json_set_time (object, "decided", appeal->decided);
  if (strike != NULL)
    {
      json_object_set_string_member (object, "channel", strike->channel);
      json_object_set_string_member (object, "rule", strike->rule);
      chat_api_json_set_text (object, "original", strike->original);
      json_object_set_int_member (object, "strike", strike->strike);
    }
  return object;
}
