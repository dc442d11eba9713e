/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-moderation.h"
#include "server/api/chat-api-query.h"
#include "server/api/chat-api-routes.h"

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
  g_autoptr (ChatApiModerationListing) self = user_data;
  g_autoptr (GError) error = NULL;
  GPtrArray *entries = chat_moderation_store_list_audit_finish (CHAT_MODERATION_STORE (source), result, &error);
  const ChatAuditEntry *entry;
  g_autofree char *next = NULL;

  if (!chat_api_moderation_listing_take (self, entries, error))
    return;
  while ((entry = chat_api_moderation_listing_get_next (self)) != NULL)
    json_array_add_object_element (self->answers, entry_to_json (entry));
  entry = chat_api_moderation_listing_get_last (self);
  if (entry != NULL)
    next = g_strdup_printf ("%" G_GINT64_FORMAT, entry->number);
  chat_api_request_reply (self->request, SOUP_STATUS_OK, chat_api_moderation_listing_finish (self, "entries", next));
}

static void
list_audit (ChatApiRequest *request)
{
  static const char *const names[] = { "user", "cursor", "limit", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatApiModerationListing) self = chat_api_moderation_listing_new (request, names);
  ChatModerationList list;
  gint64 number = 0;

  if (self == NULL)
    return;
  if (!chat_api_query_get_number (request, "cursor", &number, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  list = chat_api_moderation_listing_get_list (self, self->page->user_key);
  chat_moderation_store_list_audit_async (chat_store_get_moderation (request->context->store), &list,
                                          request->cancellable, listed_cb, self);
  self = NULL;
}

const ChatApiRoute chat_api_moderation_audit_routes[] = {
  { "GET", "/v1/moderation/audit", 0, list_audit, CHAT_ROLE_MODERATOR },
  { 0 },
};
