/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-json.h"
#include "moderation/chat-skeleton.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-query.h"
#include "server/api/chat-api-request.h"
#include "server/api/chat-api-routes.h"

#define PAGE_DEFAULT 50
#define PAGE_MAX 200

static ChatUserStore *
users_of (ChatApiRequest *request)
{
  return chat_store_get_users (request->context->store);
}

static JsonObject *
write_account (const ChatAccount *account)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "user", account->user);
  json_object_set_string_member (object, "role", chat_role_to_string (account->role));
  json_object_set_boolean_member (object, "disabled", account->disabled);
  chat_api_json_set_time (object, "created", account->created);
  return object;
}

/* Making one for oneself */

static void
registered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account
      = chat_account_service_register_finish (CHAT_ACCOUNT_SERVICE (source), result, &error);
  JsonObject *answer;

  if (account == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  answer = json_object_new ();
  json_object_set_string_member (answer, "user", account->user);
  json_object_set_string_member (answer, "role", chat_role_to_string (account->role));
  chat_api_request_reply (request, SOUP_STATUS_CREATED, answer);
}

static void
register_account (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  const char *user, *password, *invitation = NULL;

  if (!chat_json_get_string (request->body, "user", TRUE, &user, &error)
      || !chat_json_get_string (request->body, "password", TRUE, &password, &error)
      || !chat_json_get_string (request->body, "invitation", FALSE, &invitation, &error))
    chat_api_request_fail (request, error);
  else
    chat_account_service_register_async (request->context->accounts, user, password, invitation, request->cancellable,
                                         registered_cb, chat_api_request_ref (request));
}

static void
password_set_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;

  if (chat_account_service_set_password_finish (CHAT_ACCOUNT_SERVICE (source), result, &error))
    chat_api_request_reply_empty (request);
  else
    chat_api_request_fail (request, error);
}

static void
set_password (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  const char *old_password, *new_password;

  if (!chat_json_get_string (request->body, "old", TRUE, &old_password, &error)
      || !chat_json_get_string (request->body, "new", TRUE, &new_password, &error))
    chat_api_request_fail (request, error);
  else
    chat_account_service_set_password_async (request->context->accounts, request->session, old_password, new_password,
                                             request->cancellable, password_set_cb, chat_api_request_ref (request));
}

/*
 * What admins see and change
 */

/* A page that is being read. */
typedef struct
{
  ChatApiRequest *request;
  guint limit;
} Page;

static void
page_free (Page *page)
{
  chat_api_request_unref (page->request);
  g_free (page);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Page, page_free)

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Page) page = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) accounts = chat_user_store_list_accounts_finish (CHAT_USER_STORE (source), result, &error);
  JsonArray *array;
  JsonObject *answer;

  if (accounts == NULL)
    {
      chat_api_request_fail (page->request, error);
      return;
    }
  array = json_array_new ();
  for (guint i = 0; i < MIN (accounts->len, page->limit); i++)
    json_array_add_object_element (array, write_account (accounts->pdata[i]));
  answer = json_object_new ();
  json_object_set_array_member (answer, "accounts", array);
  if (accounts->len > page->limit)
    json_object_set_string_member (answer, "next", ((ChatAccount *)accounts->pdata[page->limit - 1])->user_key);
  else
    json_object_set_null_member (answer, "next");
  chat_api_request_reply (page->request, SOUP_STATUS_OK, answer);
}

static void
list_accounts (ChatApiRequest *request)
{
  static const char *const names[] = { "after", "limit", NULL };
  g_autoptr (GError) error = NULL;
  guint limit = PAGE_DEFAULT;
  Page *page;

  if (!chat_api_query_check_names (request, names, &error)
      || !chat_api_query_get_limit (request, PAGE_MAX, &limit, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  page = g_new0 (Page, 1);
  page->request = chat_api_request_ref (request);
  page->limit = limit;
  chat_user_store_list_accounts_async (users_of (request), chat_api_request_get_query (request, "after"), limit + 1,
                                       request->cancellable, listed_cb, page);
}

static void
got_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account = chat_user_store_get_account_finish (CHAT_USER_STORE (source), result, &error);

  if (account != NULL)
    {
      chat_api_request_reply (request, SOUP_STATUS_OK, write_account (account));
      return;
    }
  if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    {
      g_clear_error (&error);
      error = g_error_new (CHAT_SESSION_ERROR, CHAT_SESSION_ERROR_NO_ACCOUNT, "“%s” has no account",
                           request->parameters[0]);
    }
  chat_api_request_fail (request, error);
}

static void
get_account (ChatApiRequest *request)
{
  g_autofree char *key = chat_skeleton (request->parameters[0]);

  chat_user_store_get_account_async (users_of (request), key, request->cancellable, got_cb,
                                     chat_api_request_ref (request));
}

static void
edited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account = chat_account_service_edit_finish (CHAT_ACCOUNT_SERVICE (source), result, &error);

  if (account != NULL)
    chat_api_request_reply (request, SOUP_STATUS_OK, write_account (account));
  else
    chat_api_request_fail (request, error);
}

static gboolean
is_given (JsonObject *body, const char *member)
{
  return json_object_has_member (body, member) && !json_object_get_null_member (body, member);
}

static void
edit_account (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  const char *role_name = NULL;
  ChatRole role = CHAT_ROLE_MEMBER;
  gboolean disabled = FALSE;
  ChatAccountEdit edit = { 0 };

  if (!chat_json_get_string (request->body, "role", FALSE, &role_name, &error)
      || !chat_json_get_boolean (request->body, "disabled", FALSE, &disabled, &error)
      || !chat_json_get_string (request->body, "password", FALSE, &edit.password, &error)
      || (role_name != NULL && !chat_role_from_string (role_name, &role, &error)))
    {
      chat_api_request_fail (request, error);
      return;
    }
  edit.role = role_name != NULL ? &role : NULL;
  edit.disabled = is_given (request->body, "disabled") ? &disabled : NULL;
  if (edit.role == NULL && edit.disabled == NULL && edit.password == NULL)
    {
      error = g_error_new_literal (CHAT_API_ERROR, CHAT_API_ERROR_MEMBER,
                                   "Nothing to change: send \"role\", \"disabled\" or \"password\"");
      chat_api_request_fail (request, error);
      return;
    }
  chat_account_service_edit_async (request->context->accounts, request->parameters[0], &edit, request->cancellable,
                                   edited_cb, chat_api_request_ref (request));
}

const ChatApiRoute chat_api_accounts_routes[] = {
  { "POST", "/v1/accounts", CHAT_API_OPEN | CHAT_API_BODY, register_account, .rate = CHAT_API_RATE_CREATE },
  { "PUT", "/v1/accounts/me/password", CHAT_API_BODY, set_password, .rate = CHAT_API_RATE_SIGN_IN },
  { "GET", "/v1/accounts", 0, list_accounts, CHAT_ROLE_ADMIN },
  { "GET", "/v1/accounts/{u}", 0, get_account, CHAT_ROLE_ADMIN },
  { "PATCH", "/v1/accounts/{u}", CHAT_API_BODY, edit_account, CHAT_ROLE_ADMIN },
  { 0 },
};
