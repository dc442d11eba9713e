/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-moderation.h"
#include "server/api/chat-api-routes.h"

/* Of whom it lists the warnings, most appeals that are looked through for theirs. */
#define APPEALS_MOST 1000

/* One list on its way. */
typedef struct
{
  ChatApiRequest *request;     /* owned */
  ChatApiModerationPage *page; /* owned */
  const char *user_key;        /* (nullable): whose; of the two above */
  GPtrArray *strikes;          /* owned; once they are read */
  gboolean more;
} Listing;

static void
listing_free (Listing *self)
{
  chat_api_request_unref (self->request);
  chat_api_moderation_page_free (self->page);
  g_clear_pointer (&self->strikes, g_ptr_array_unref);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Listing, listing_free)

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

static JsonObject *
answer_new (Listing *self, GPtrArray *appeals)
{
  JsonObject *answer = json_object_new ();
  JsonArray *warnings = json_array_new ();
  const ChatStrike *last = NULL;

  for (guint i = 0; i < self->strikes->len; i++)
    {
      const ChatStrike *strike = last = g_ptr_array_index (self->strikes, i);
      const ChatAppeal *appeal = find_appeal (appeals, strike->record_id);
      JsonObject *warning = chat_api_json_strike (strike);

      if (appeal != NULL)
        json_object_set_object_member (warning, "appeal", chat_api_json_appeal (appeal, NULL));
      else
        json_object_set_null_member (warning, "appeal");
      json_array_add_object_element (warnings, warning);
    }
  json_object_set_array_member (answer, "warnings", warnings);
  json_object_set_member (answer, "block", chat_api_json_block (chat_api_request_find_block (self->request)));
  chat_api_json_set_text (answer, "next", self->more ? last->record_id : NULL);
  return answer;
}

static void
appeals_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Listing) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) appeals
      = chat_moderation_store_list_appeals_finish (CHAT_MODERATION_STORE (source), result, &error);

  if (appeals != NULL)
    chat_api_request_reply (self->request, SOUP_STATUS_OK, answer_new (self, appeals));
  else
    chat_api_request_fail (self->request, error);
}

static void
strikes_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Listing) self = user_data;
  ChatModerationStore *store = CHAT_MODERATION_STORE (source);
  const ChatModerationList list = { .user_key = self->user_key, .limit = APPEALS_MOST };
  g_autoptr (GError) error = NULL;

  self->strikes = chat_moderation_store_list_all_strikes_finish (store, result, &error);
  if (self->strikes == NULL)
    {
      chat_api_request_fail (self->request, error);
      return;
    }
  self->more = chat_api_moderation_page_cut (self->page, self->strikes);
  chat_moderation_store_list_appeals_async (store, &list, self->request->cancellable, appeals_cb, self);
  self = NULL;
}

static void
list_warnings (ChatApiRequest *request)
{
  static const char *const names[] = { "user", "all", "cursor", "limit", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiModerationPage) page = chat_api_moderation_page_new (request, names, &error);
  const char *own = request->session->user_key;
  ChatModerationList list;
  Listing *self;

  if (page == NULL
      || ((page->all || (page->user_key != NULL && !g_str_equal (page->user_key, own)))
          && !chat_api_request_check_role (request, CHAT_ROLE_MODERATOR, &error)))
    {
      chat_api_request_fail (request, error);
      return;
    }
  self = g_new0 (Listing, 1);
  self->request = chat_api_request_ref (request);
  self->page = g_steal_pointer (&page);
  self->user_key = self->page->user_key != NULL ? self->page->user_key : self->page->all ? NULL : own;
  list = chat_api_moderation_page_get_list (self->page, self->user_key);
  chat_moderation_store_list_all_strikes_async (chat_store_get_moderation (request->context->store), &list,
                                                request->cancellable, strikes_cb, self);
}

const ChatApiRoute chat_api_moderation_warnings_routes[] = {
  { "GET", "/v1/moderation/warnings", 0, list_warnings },
  { 0 },
};
