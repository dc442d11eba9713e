/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-user-private.h"
#include "client/chat-workspace-private.h"
#include "core/chat-json.h"
#include "core/chat-names.h"

/* Who is in the workspace: the service's list after each connect, and from there on presence. */

gboolean
chat_workspace_is_bot (ChatWorkspace *self, const char *name)
{
  ChatUser *user = chat_user_list_find (self->users, name);

  return user != NULL && chat_user_get_bot (user);
}

/* What tells bots from people is known: conversations say which they are with. */
static void
update_channels (ChatWorkspace *self)
{
  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatChannel *channel = chat_channel_list_get (self->channels, i);
      const char *other = chat_channel_get_other (channel);

      if (other != NULL && chat_user_list_find (self->users, other) != NULL)
        chat_channel_set_bot (channel, chat_workspace_is_bot (self, other));
    }
}

/* @is_presence: who is there is told by @object; else only where no feed tells it. */
static void
take_user (ChatWorkspace *self, JsonObject *object, gboolean is_presence, GHashTable *seen)
{
  const char *name = NULL, *role_name = NULL;
  gboolean bot = FALSE, connected = TRUE;
  ChatRole role;
  ChatUser *user;

  if (!chat_json_get_string (object, "user", TRUE, &name, NULL) || !chat_user_name_check (name, NULL))
    return;
  user = chat_user_list_upsert (self->users, name);
  g_hash_table_add (seen, user);
  if (chat_json_get_boolean (object, "bot", TRUE, &bot, NULL))
    chat_user_set_bot (user, bot);
  chat_json_get_boolean (object, "connected", FALSE, &connected, NULL);
  if (is_presence || !self->present)
    chat_user_set_connected (user, connected);
  if (chat_json_get_string (object, "role", TRUE, &role_name, NULL) && chat_role_from_string (role_name, &role, NULL))
    chat_user_set_role (user, role);
}

static void
disconnect_others (ChatWorkspace *self, GHashTable *seen)
{
  GListModel *users = G_LIST_MODEL (self->users);

  for (guint i = 0; i < g_list_model_get_n_items (users); i++)
    {
      g_autoptr (ChatUser) user = g_list_model_get_item (users, i);

      if (!g_hash_table_contains (seen, user))
        chat_user_set_connected (user, FALSE);
    }
}

static void
take (ChatWorkspace *self, JsonObject *object, gboolean is_presence, gboolean all)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_direct_hash, g_direct_equal);
  JsonArray *array = NULL;

  if (!chat_json_get_array (object, "users", TRUE, &array, NULL))
    return;
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (JSON_NODE_HOLDS_OBJECT (json_array_get_element (array, i)))
      take_user (self, json_array_get_object_element (array, i), is_presence, seen);
  if (all)
    disconnect_others (self, seen);
  update_channels (self);
}

void
chat_workspace_take_users (ChatWorkspace *self, JsonObject *answer)
{
  /* where the feed tells who is there, it knows better than a list that is older */
  take (self, answer, FALSE, !self->present);
}

void
chat_workspace_take_presence (ChatWorkspace *self, JsonObject *frame)
{
  gboolean all = FALSE;

  chat_json_get_boolean (frame, "all", FALSE, &all, NULL);
  self->present = TRUE;
  take (self, frame, TRUE, all);
}
