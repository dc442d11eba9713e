/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-json.h"
#include "core/chat-time.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

#define DAYS_DEFAULT 7
#define DAYS_MAX 365
#define DAY_MS (24 * 60 * 60 * G_GINT64_CONSTANT (1000))

static ChatUserStore *
users_of (ChatApiRequest *request)
{
  return chat_store_get_users (request->context->store);
}

static void
invited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;
  g_autoptr (ChatInvitation) invitation
      = chat_account_service_invite_finish (CHAT_ACCOUNT_SERVICE (source), result, &token, &error);
  JsonObject *answer;

  if (invitation == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  answer = json_object_new ();
  json_object_set_string_member (answer, "id", invitation->id);
  json_object_set_string_member (answer, "token", token);
  json_object_set_string_member (answer, "role", chat_role_to_string (invitation->role));
  chat_api_json_set_time (answer, "expires", invitation->expires);
  chat_api_request_reply (request, SOUP_STATUS_CREATED, answer);
}

static gboolean
read_invitation (JsonObject *body, ChatRole *role, gint64 *days, GError **error)
{
  const char *name = NULL;

  if (!chat_json_get_string (body, "role", FALSE, &name, error) || !chat_json_get_int (body, "days", FALSE, days, error)
      || (name != NULL && !chat_role_from_string (name, role, error)))
    return FALSE;
  if (*days >= 1 && *days <= DAYS_MAX)
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER,
               "\"days\" is %" G_GINT64_FORMAT ", but must be a number from 1 to %d", *days, DAYS_MAX);
  return FALSE;
}

static void
invite (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  ChatRole role = CHAT_ROLE_MEMBER;
  gint64 days = DAYS_DEFAULT;

  if (!read_invitation (request->body, &role, &days, &error))
    chat_api_request_fail (request, error);
  else
    chat_account_service_invite_async (request->context->accounts, request->session->user, role, days * DAY_MS,
                                       request->cancellable, invited_cb, chat_api_request_ref (request));
}

static void
set_text (JsonObject *object, const char *member, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, member, text);
  else
    json_object_set_null_member (object, member);
}

static JsonObject *
write_invitation (const ChatInvitation *invitation)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", invitation->id);
  set_text (object, "by", invitation->by);
  json_object_set_string_member (object, "role", chat_role_to_string (invitation->role));
  chat_api_json_set_time (object, "created", invitation->created);
  chat_api_json_set_time (object, "expires", invitation->expires);
  set_text (object, "used_by", invitation->used_by);
  return object;
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) invitations
      = chat_user_store_list_invitations_finish (CHAT_USER_STORE (source), result, &error);
  JsonArray *array;
  JsonObject *answer;

  if (invitations == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  array = json_array_new ();
  for (guint i = 0; i < invitations->len; i++)
    json_array_add_object_element (array, write_invitation (invitations->pdata[i]));
  answer = json_object_new ();
  json_object_set_array_member (answer, "invitations", array);
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

static void
list_invitations (ChatApiRequest *request)
{
  chat_user_store_list_invitations_async (users_of (request), chat_time_now (), request->cancellable, listed_cb,
                                          chat_api_request_ref (request));
}

static void
removed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;

  if (chat_user_store_remove_invitation_finish (CHAT_USER_STORE (source), result, &error))
    chat_api_request_reply_empty (request);
  else
    chat_api_request_fail (request, error);
}

static void
remove_invitation (ChatApiRequest *request)
{
  chat_user_store_remove_invitation_async (users_of (request), request->parameters[0], NULL, removed_cb,
                                           chat_api_request_ref (request));
}

const ChatApiRoute chat_api_invitations_routes[] = {
  { "POST", "/v1/invitations", CHAT_API_BODY, invite, CHAT_ROLE_ADMIN },
  { "GET", "/v1/invitations", 0, list_invitations, CHAT_ROLE_ADMIN },
  { "DELETE", "/v1/invitations/{id}", 0, remove_invitation, CHAT_ROLE_ADMIN },
  { 0 },
};
