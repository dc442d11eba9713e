/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-json.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "moderation/chat-skeleton.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-moderation.h"
#include "server/api/chat-api-routes.h"

#define REASON "a moderator has decided so"

static ChatModerationStore *
get_store (ChatApiRequest *request)
{
  return chat_store_get_moderation (request->context->store);
}

static JsonObject *
block_to_json (const ChatBlock *block)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "user", block->user);
  chat_api_json_set_time (object, "since", block->since);
  chat_api_json_set_time (object, "until", block->until);
  chat_api_json_set_text (object, "reason", block->reason);
  chat_api_json_set_text (object, "target", block->record_id);
  return object;
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) blocks
      = chat_moderation_store_list_blocks_finish (CHAT_MODERATION_STORE (source), result, &error);
  JsonObject *answer;
  JsonArray *array;

  if (blocks == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  array = json_array_new ();
  for (guint i = 0; i < blocks->len; i++)
    json_array_add_object_element (array, block_to_json (g_ptr_array_index (blocks, i)));
  answer = json_object_new ();
  json_object_set_array_member (answer, "blocks", array);
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

static void
list_blocks (ChatApiRequest *request)
{
  chat_moderation_store_list_blocks_async (get_store (request), chat_time_now (), request->cancellable, listed_cb,
                                           chat_api_request_ref (request));
}

/*
 * Blocking by hand: nobody blocks himself, nor whose role is above his own
 */

typedef struct
{
  ChatApiRequest *request; /* owned */
  ChatBlock *block;        /* owned */
} Blocking;

static void
blocking_free (Blocking *self)
{
  chat_api_request_unref (self->request);
  chat_block_free (self->block);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Blocking, blocking_free)

/* What the store made of it: a block that was there keeps its beginning. */
static void
read_back_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Blocking) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) blocks
      = chat_moderation_store_list_blocks_finish (CHAT_MODERATION_STORE (source), result, &error);
  const ChatBlock *found = self->block;

  if (blocks == NULL)
    {
      chat_api_request_fail (self->request, error);
      return;
    }
  for (guint i = 0; i < blocks->len; i++)
    {
      const ChatBlock *block = g_ptr_array_index (blocks, i);
      if (g_str_equal (block->user_key, self->block->user_key))
        found = block;
    }
  chat_api_request_reply (self->request, SOUP_STATUS_OK, block_to_json (found));
}

static void
set_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Blocking) self = user_data;
  ChatModerationStore *store = CHAT_MODERATION_STORE (source);
  g_autoptr (GError) error = NULL;

  if (!chat_moderation_store_set_block_finish (store, result, &error))
    {
      chat_api_request_fail (self->request, error);
      return;
    }
  chat_control_feed_announce_block (self->request->context->control, self->block->user, TRUE, NULL);
  chat_moderation_store_list_blocks_async (store, self->block->since, NULL, read_back_cb, self);
  self = NULL;
}

static void
got_account_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Blocking) self = user_data;
  ChatApiRequest *request = self->request;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account = chat_user_store_get_account_finish (CHAT_USER_STORE (source), result, &error);

  if (account == NULL && !g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    {
      chat_api_request_fail (request, error);
      return;
    }
  g_clear_error (&error);
  if (account != NULL && !chat_api_request_check_role (request, account->role, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  chat_moderation_store_set_block_async (get_store (request), self->block, request->session->user, self->block->since,
                                         NULL, set_cb, self);
  self = NULL;
}

static gboolean
read_until (ChatApiRequest *request, gint64 now, gint64 *until, GError **error)
{
  const char *text = NULL;

  if (!chat_json_get_string (request->body, "until", FALSE, &text, error))
    return FALSE;
  if (text == NULL)
    return TRUE;
  if (!chat_time_parse (text, until, error))
    {
      g_prefix_error (error, "\"until\": ");
      return FALSE;
    }
  if (*until > now)
    return TRUE;
  g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER,
               "\"until\" is \"%s\", which is over: give a time to come, or null for a block until it is lifted", text);
  return FALSE;
}

/* (transfer full): NULL with an error. */
static ChatBlock *
read_block (ChatApiRequest *request, GError **error)
{
  g_autoptr (ChatBlock) block = g_new0 (ChatBlock, 1);
  const char *reason = REASON;

  block->since = chat_time_now ();
  block->until = CHAT_TIME_UNKNOWN;
  if (!chat_user_name_check (request->parameters[0], error) || !read_until (request, block->since, &block->until, error)
      || !chat_api_moderation_get_remark (request, "reason", &reason, error))
    return NULL;
  block->user = g_strdup (request->parameters[0]);
  block->user_key = chat_skeleton (block->user);
  block->reason = g_strdup (reason);
  if (!g_str_equal (block->user_key, request->session->user_key))
    return g_steal_pointer (&block);
  g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "Nobody can block himself");
  return NULL;
}

static void
set_block (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  ChatBlock *block = read_block (request, &error);
  Blocking *self;

  if (block == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  self = g_new0 (Blocking, 1);
  self->request = chat_api_request_ref (request);
  self->block = block;
  chat_user_store_get_account_async (chat_store_get_users (request->context->store), block->user_key,
                                     request->cancellable, got_account_cb, self);
}

/*
 * Lifting one
 */

static void
lifted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  const char *user = request->parameters[0];
  g_autoptr (GError) error = NULL;
  g_autofree char *missing = NULL;

  if (chat_moderation_store_lift_block_finish (CHAT_MODERATION_STORE (source), result, &error))
    {
      chat_control_feed_announce_block (request->context->control, user, FALSE, NULL);
      chat_api_request_reply_empty (request);
      return;
    }
  missing = g_strdup_printf ("%s is not blocked", user);
  chat_api_moderation_fail (request, error, CHAT_API_ERROR_NO_BLOCK, missing);
}

static void
lift_block (ChatApiRequest *request)
{
  g_autofree char *user_key = NULL;
  g_autoptr (GError) error = NULL;

  if (!chat_user_name_check (request->parameters[0], &error))
    {
      g_autoptr (GError) unknown
          = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_PARAMETER, "The name: %s", error->message);
      chat_api_request_fail (request, unknown);
      return;
    }
  user_key = chat_skeleton (request->parameters[0]);
  if (!chat_api_moderation_check_judge (request, user_key, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  chat_moderation_store_lift_block_async (get_store (request), user_key, request->session->user, chat_time_now (), NULL,
                                          lifted_cb, chat_api_request_ref (request));
}

const ChatApiRoute chat_api_moderation_blocks_routes[] = {
  { "GET", "/v1/moderation/blocks", 0, list_blocks, CHAT_ROLE_MODERATOR },
  { "PUT", "/v1/moderation/blocks/{u}", CHAT_API_BODY, set_block, CHAT_ROLE_MODERATOR },
  { "DELETE", "/v1/moderation/blocks/{u}", 0, lift_block, CHAT_ROLE_MODERATOR },
  { 0 },
};
