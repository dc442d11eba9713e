/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-moderation.h"
#include "server/api/chat-api-routes.h"

typedef struct
{
  ChatApiRequest *request;     /* owned */
  ChatApiModerationPage *page; /* owned */
} Listing;

static void
listing_free (Listing *self)
{
  chat_api_request_unref (self->request);
  chat_api_moderation_page_free (self->page);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Listing, listing_free)

static JsonObject *
entry_to_json (const ChatAuditEntry *entry)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "number", entry->number);
  chat_api_json_set_time (object, "time", entry->time);
  chat_api_json_set_text (object, "actor", entry->actor);
  json_object_set_string_member (object, "action", entry->action);
  chat_api_json_set_text (object, "user", entry->user_key);
  chat_api_json_set_text (object, "target", entry->record_id);
  chat_api_json_set_text (object, "detail", entry->detail);
  return object;
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Listing) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries
      = chat_moderation_store_list_audit_finish (CHAT_MODERATION_STORE (source), result, &error);
  g_autofree char *next = NULL;
  JsonArray *array;
  JsonObject *answer;

  if (entries == NULL)
    {
      chat_api_request_fail (self->request, error);
      return;
    }
  if (chat_api_moderation_page_cut (self->page, entries))
    {
      const ChatAuditEntry *last = g_ptr_array_index (entries, entries->len - 1);
      next = g_strdup_printf ("%" G_GINT64_FORMAT, last->number);
    }
  array = json_array_new ();
  for (guint i = 0; i < entries->len; i++)
    json_array_add_object_element (array, entry_to_json (g_ptr_array_index (entries, i)));
  answer = json_object_new ();
  json_object_set_array_member (answer, "entries", array);
  chat_api_json_set_text (answer, "next", next);
  chat_api_request_reply (self->request, SOUP_STATUS_OK, answer);
}

static void
list_audit (ChatApiRequest *request)
{
  static const char *const names[] = { "user", "cursor", "limit", NULL };
  g_autoptr (GError) error = NULL;
  ChatApiModerationPage *page = chat_api_moderation_page_new (request, names, &error);
  ChatModerationList list;
  Listing *self;
  gint64 number;

  if (page != NULL && page->cursor != NULL
      && !g_ascii_string_to_signed (page->cursor, 10, 1, G_MAXINT64, &number, NULL))
    {
      g_clear_pointer (&page, chat_api_moderation_page_free);
      error = g_error_new_literal (CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER,
                                   "cursor must be what \"next\" of the page before says");
    }
  if (page == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  self = g_new0 (Listing, 1);
  self->request = chat_api_request_ref (request);
  self->page = page;
  list = chat_api_moderation_page_get_list (page, page->user_key);
  chat_moderation_store_list_audit_async (chat_store_get_moderation (request->context->store), &list,
                                          request->cancellable, listed_cb, self);
}

const ChatApiRoute chat_api_moderation_audit_routes[] = {
  { "GET", "/v1/moderation/audit", 0, list_audit, CHAT_ROLE_MODERATOR },
  { 0 },
};
