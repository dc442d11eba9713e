/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-workspace-private.h"

#include <glib/gi18n-lib.h>

#include "core/chat-names.h"

/* What the window asks of the service, one call each. */

static void
called_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatWorkspace *self = g_task_get_source_object (task);
  ChatWorkspaceTake take = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = chat_rest_call_finish (CHAT_REST (source), result, NULL, &error);

  if (answer == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (take != NULL)
    take (self, answer);
  g_task_return_boolean (task, TRUE);
}

/* @path: (transfer full); @body: (transfer full) (nullable); @take: (nullable): gets the answer */
static void
call (ChatWorkspace *self, gpointer tag, const char *method, char *path, JsonObject *body, ChatWorkspaceTake take,
      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, take, NULL);
  chat_rest_call_async (self->rest, method, path, body, cancellable, called_cb, task);
  g_free (path);
  g_clear_pointer (&body, json_object_unref);
}

static gboolean
finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* (transfer full): an object with one string */
static JsonObject *
object_with (const char *member, const char *value)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, member, value);
  return object;
}

/* (transfer full): @name goes into a path */
static char *
channel_path (const char *name, const char *rest)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);

  return g_strconcat ("v1/channels/", escaped, rest, NULL);
}

/* Joining and leaving */

typedef struct
{
  char *channel;
  gboolean join;
} Join;

static void
join_free (Join *join)
{
  g_free (join->channel);
  g_free (join);
}

static void
joined_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatWorkspace *self = g_task_get_source_object (task);
  Join *join = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = chat_rest_call_finish (CHAT_REST (source), result, NULL, &error);
  ChatChannel *channel = chat_channel_list_find (self->channels, join->channel);

  if (answer == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (channel == NULL)
    {
      chat_workspace_sync_channels_soon (self);
    }
  else
    {
      chat_channel_set_joined (channel, join->join);
      chat_cache_put_channel (self->cache, channel);
      chat_workspace_sync_people (self, channel);
    }
  g_task_return_boolean (task, TRUE);
}

void
chat_workspace_join_async (ChatWorkspace *self, const char *channel, gboolean join, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  Join *data;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_workspace_join_async);
  if (!chat_channel_name_check (channel, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  data = g_new (Join, 1);
  *data = (Join){ g_strdup (channel), join };
  g_task_set_task_data (task, data, (GDestroyNotify)join_free);
  path = channel_path (channel, join ? "/join" : "/leave");
  chat_rest_call_async (self->rest, SOUP_METHOD_POST, path, NULL, cancellable, joined_cb, g_steal_pointer (&task));
}

gboolean
chat_workspace_join_finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  return finish (self, result, error);
}

static void
take_changed_channel (ChatWorkspace *self, JsonObject *answer)
{
  chat_workspace_take_channel (self, answer);
}

void
chat_workspace_set_topic_async (ChatWorkspace *self, const char *channel, const char *topic, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  call (self, chat_workspace_set_topic_async, "PATCH", channel_path (channel, ""),
        object_with ("topic", topic != NULL ? topic : ""), take_changed_channel, cancellable, callback, user_data);
}

gboolean
chat_workspace_set_topic_finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  return finish (self, result, error);
}

void
chat_workspace_report_async (ChatWorkspace *self, const char *message_id, const char *reason, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  call (self, chat_workspace_report_async, SOUP_METHOD_POST, g_strdup_printf ("v1/messages/%s/report", message_id),
        object_with ("reason", reason), NULL, cancellable, callback, user_data);
}

gboolean
chat_workspace_report_finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  return finish (self, result, error);
}

static void
take_appeal (ChatWorkspace *self, JsonObject *answer)
{
  /* the warning has its appeal from here on, as the service words it */
  chat_workspace_sync_block (self);
}

void
chat_workspace_appeal_async (ChatWorkspace *self, const char *warning_id, const char *text, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  JsonObject *body;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  body = object_with ("warning", warning_id);
  json_object_set_string_member (body, "text", text);
  call (self, chat_workspace_appeal_async, SOUP_METHOD_POST, g_strdup ("v1/moderation/appeals"), body, take_appeal,
        cancellable, callback, user_data);
}

gboolean
chat_workspace_appeal_finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  return finish (self, result, error);
}

void
chat_workspace_register_async (ChatWorkspace *self, const char *user, const char *password, const char *invitation,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  JsonObject *body;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  body = object_with ("user", user);
  json_object_set_string_member (body, "password", password);
  if (invitation != NULL)
    json_object_set_string_member (body, "invitation", invitation);
  call (self, chat_workspace_register_async, SOUP_METHOD_POST, g_strdup ("v1/accounts"), body, NULL, cancellable,
        callback, user_data);
}

gboolean
chat_workspace_register_finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  return finish (self, result, error);
}

void
chat_workspace_change_password_async (ChatWorkspace *self, const char *old, const char *password,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  JsonObject *body;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  body = object_with ("old", old);
  json_object_set_string_member (body, "new", password);
  call (self, chat_workspace_change_password_async, SOUP_METHOD_PUT, g_strdup ("v1/accounts/me/password"), body, NULL,
        cancellable, callback, user_data);
}

gboolean
chat_workspace_change_password_finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  return finish (self, result, error);
}

ChatFoundList *
chat_workspace_search (ChatWorkspace *self, const ChatFoundQuery *query)
{
  ChatFoundList *found;

  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), NULL);
  g_return_val_if_fail (query != NULL, NULL);

  found = chat_found_list_new (self->rest, query, self->user);
  chat_found_list_load_more (found);
  return found;
}

/* Making channels and conversations */

/* The channel that the service made, or NULL: then @task has the error. (transfer none) */
static ChatChannel *
take_made (GTask *task, GObject *source, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = chat_rest_call_finish (CHAT_REST (source), result, NULL, &error);
  ChatChannel *channel = NULL;

  if (answer != NULL)
    channel = chat_workspace_take_channel (g_task_get_source_object (task), answer);
  if (answer == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (channel == NULL)
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_PROTOCOL,
                             _ ("The service did not say which channel it made"));
  return channel;
}

static void
made_conversation_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatChannel *channel = take_made (task, source, result);

  if (channel != NULL)
    g_task_return_pointer (task, g_object_ref (channel), g_object_unref);
}

static void
made_joined_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = chat_rest_call_finish (CHAT_REST (source), result, NULL, &error);
  ChatChannel *channel = g_task_get_task_data (task);

  if (answer == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  chat_channel_set_joined (channel, TRUE);
  g_task_return_pointer (task, g_object_ref (channel), g_object_unref);
}

static void
made_channel_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatChannel *channel = take_made (task, source, result);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autofree char *path = NULL;

  if (channel == NULL)
    return;
  path = g_strdup_printf ("v1/channels/%s/join", chat_channel_get_name (channel));
  g_task_set_task_data (task, g_object_ref (channel), g_object_unref);
  chat_rest_call_async (CHAT_REST (source), SOUP_METHOD_POST, path, NULL, cancellable, made_joined_cb,
                        g_steal_pointer (&task));
}

/* On a broker without a service. */
static void
added_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  ChatChannel *channel = g_task_propagate_pointer (G_TASK (result), &error);

  if (channel != NULL)
    g_task_return_pointer (task, channel, g_object_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
chat_workspace_create_channel_async (ChatWorkspace *self, const char *name, const char *topic,
                                     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (JsonObject) body = json_object_new ();
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_workspace_create_channel_async);
  if (self->site != NULL)
    {
      chat_workspace_site_add_channel_async (self, name, cancellable, added_cb, g_steal_pointer (&task));
      return;
    }
  if (!chat_channel_name_check (name, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  json_object_set_string_member (body, "name", name);
  if (topic != NULL)
    json_object_set_string_member (body, "topic", topic);
  chat_rest_call_async (self->rest, SOUP_METHOD_POST, "v1/channels", body, cancellable, made_channel_cb,
                        g_steal_pointer (&task));
}

ChatChannel *
chat_workspace_create_channel_finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
chat_workspace_start_conversation_async (ChatWorkspace *self, const char *user, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (JsonObject) body = json_object_new ();
  JsonArray *with = json_array_new ();
  GTask *task;

  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_workspace_start_conversation_async);
  json_array_add_string_element (with, user);
  json_object_set_array_member (body, "with", with);
  chat_rest_call_async (self->rest, SOUP_METHOD_POST, "v1/channels", body, cancellable, made_conversation_cb, task);
}

ChatChannel *
chat_workspace_start_conversation_finish (ChatWorkspace *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
