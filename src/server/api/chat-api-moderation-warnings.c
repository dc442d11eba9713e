/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-moderation.h"
#include "server/api/chat-api-routes.h"

/* Of whom it lists the warnings, most appeals that are looked through for theirs. */
#define APPEALS_MOST 1000

static const ChatAppeal *
find_appeal (GPtrArray *appeals, const char *record_id)
{
  for (guint i = 0; i < appeals->len; i++)
    {
      const ChatAppeal *appeal = g_ptr_array_index (appeals, i);
      if (g_str_equal (appeal->record_id, record_id))
        return appeal;
    }
  return NULL;
}

static void
reply (ChatApiModerationListing *self, GPtrArray *appeals)
{
  const ChatStrike *strike;
  JsonObject *answer;

  while ((strike = chat_api_moderation_listing_get_next (self)) != NULL)
    {
      const ChatAppeal *appeal = find_appeal (appeals, strike->record_id);
      JsonObject *warning = chat_api_json_strike (strike);

      if (appeal != NULL)
        json_object_set_object_member (warning, "appeal", chat_api_json_appeal (appeal, NULL));
      else
        json_object_set_null_member (warning, "appeal");
      json_array_add_object_element (self->answers, warning);
    }
  strike = chat_api_moderation_listing_get_last (self);
  answer = chat_api_moderation_listing_finish (self, "warnings", strike != NULL ? strike->record_id : NULL);
  json_object_set_member (answer, "block", chat_api_json_block (chat_api_request_find_block (self->request)));
  chat_api_request_reply (self->request, SOUP_STATUS_OK, answer);
}

static void
appeals_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiModerationListing) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) appeals
      = chat_moderation_store_list_appeals_finish (CHAT_MODERATION_STORE (source), result, &error);

  if (appeals != NULL)
    reply (self, appeals);
  else
    chat_api_request_fail (self->request, error);
}

/* (nullable): whose */
static const char *
get_user_key (const ChatApiModerationListing *self)
{
  if (self->page->user_key != NULL)
    return self->page->user_key;
  return self->page->all ? NULL : self->request->session->user_key;
}

static void
strikes_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiModerationListing) self = user_data;
  ChatModerationStore *store = CHAT_MODERATION_STORE (source);
  const ChatModerationList list = { .user_key = get_user_key (self), .limit = APPEALS_MOST };
  g_autoptr (GError) error = NULL;
  GPtrArray *strikes = chat_moderation_store_list_all_strikes_finish (store, result, &error);

  if (!chat_api_moderation_listing_take (self, strikes, error))
    return;
  chat_moderation_store_list_appeals_async (store, &list, self->request->cancellable, appeals_cb, self);
  self = NULL;
}

static void
list_warnings (ChatApiRequest *request)
{
  static const char *const names[] = { "user", "all", "cursor", "limit", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiModerationListing) self = chat_api_moderation_listing_new (request, names);
  ChatModerationList list;

  if (self == NULL)
    return;
  if (g_strcmp0 (get_user_key (self), request->session->user_key) != 0
      && !chat_api_request_check_role (request, CHAT_ROLE_MODERATOR, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  list = chat_api_moderation_listing_get_list (self, get_user_key (self));
  chat_moderation_store_list_all_strikes_async (chat_store_get_moderation (request->context->store), &list,
                                                request->cancellable, strikes_cb, self);
  self = NULL;
}

const ChatApiRoute chat_api_moderation_warnings_routes[] = {
  { "GET", "/v1/moderation/warnings", 0, list_warnings },
  { 0 },
};
