/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-conversation.h"

#include "core/chat-json.h"
#include "core/chat-names.h"
#include "moderation/chat-skeleton.h"
#include "server/api/chat-api-creation.h"

#define CONVERSATION_MAX 32

/* A conversation whose members are being found. */
typedef struct
{
  ChatApiRequest *request;
  GHashTable *members; /* skeletons (unique) → names as their owners write them */
  GQueue unknown;      /* (element-type utf8): names of the body of whom there is no session: perhaps accounts */
} Gathering;

static void
gathering_free (Gathering *self)
{
  g_queue_clear (&self->unknown);
  g_hash_table_unref (self->members);
  chat_api_request_unref (self->request);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Gathering, gathering_free)

static void
make (Gathering *self)
{
  g_autofree const char **keys = (const char **)g_hash_table_get_keys_as_array (self->members, NULL);
  g_autofree char *name = chat_conversation_name (keys);
  ChatChannelInfo *info = chat_api_creation_new_info (name, CHAT_CHANNEL_PRIVATE);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (const char **key = keys; *key != NULL; key++)
    g_strv_builder_add (names, g_hash_table_lookup (self->members, *key));
  info->members = g_strv_builder_end (names);
  chat_api_creation_make (self->request, info, keys);
}

static void find_unknown (Gathering *self);

static void
got_account_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Gathering) self = user_data;
  const char *name = g_queue_pop_head (&self->unknown);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatAccount) account = chat_user_store_get_account_finish (CHAT_USER_STORE (source), result, &error);

  if (account != NULL)
    {
      g_hash_table_insert (self->members, g_strdup (account->user_key), g_strdup (account->user));
      find_unknown (g_steal_pointer (&self));
      return;
    }
  if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    {
      g_clear_error (&error);
      error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_NO_USER,
                           "There is no user \"%s\" here: GET /v1/users lists who is", name);
    }
  chat_api_request_fail (self->request, error);
}

/* Takes @self. */
static void
find_unknown (Gathering *self)
{
  g_autoptr (Gathering) owned = self;
  ChatApiRequest *request = self->request;
  g_autofree char *key = NULL;

  if (g_queue_is_empty (&self->unknown))
    {
      make (self);
      return;
    }
  key = chat_skeleton (g_queue_peek_head (&self->unknown));
  chat_user_store_get_account_async (chat_store_get_users (request->context->store), key, request->cancellable,
                                     got_account_cb, g_steal_pointer (&owned));
}

static void
gather (Gathering *self, JsonArray *with, GPtrArray *sessions)
{
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  const ChatSessionInfo *own = self->request->session;

  for (guint i = 0; i < sessions->len; i++)
    {
      const ChatSessionInfo *session = sessions->pdata[i];

      g_hash_table_insert (known, session->user_key, session->user);
    }
  for (guint i = 0; i < json_array_get_length (with); i++)
    {
      const char *name = json_array_get_string_element (with, i);
      g_autofree char *key = chat_skeleton (name);
      const char *user = g_hash_table_lookup (known, key);

      if (user != NULL)
        g_hash_table_insert (self->members, g_steal_pointer (&key), g_strdup (user));
      else
        g_queue_push_tail (&self->unknown, (gpointer)name);
    }
  g_hash_table_insert (self->members, g_strdup (own->user_key), g_strdup (own->user));
}

static void
listed_users_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sessions = chat_session_service_list_finish (CHAT_SESSION_SERVICE (source), result, &error);
  Gathering *self;

  if (sessions == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  self = g_new0 (Gathering, 1);
  self->request = chat_api_request_ref (request);
  self->members = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  gather (self, json_object_get_array_member (request->body, "with"), sessions);
  find_unknown (self);
}

static gboolean
check_with (JsonArray *with, GError **error)
{
  guint n = json_array_get_length (with);

  if (n == 0 || n > CONVERSATION_MAX)
    {
      g_set_error (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"with\" must name 1 to %d users", CONVERSATION_MAX);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (with, i);

      if (json_node_get_value_type (node) != G_TYPE_STRING)
        {
          g_set_error_literal (error, CHAT_API_ERROR, CHAT_API_ERROR_MEMBER, "\"with\" must hold names only");
          return FALSE;
        }
      if (!chat_user_name_check (json_node_get_string (node), error))
        return FALSE;
    }
  return TRUE;
}

void
chat_api_conversation_begin (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  JsonArray *with = NULL;

  if (!chat_json_get_array (request->body, "with", TRUE, &with, &error) || !check_with (with, &error))
    chat_api_request_fail (request, error);
  else
    chat_session_service_list_async (request->context->sessions, request->cancellable, listed_users_cb,
                                     chat_api_request_ref (request));
}
