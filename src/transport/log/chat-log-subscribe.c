/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a subscription begins, and is moved to. */
#include "transport/chat-wish.h"
#include "transport/log/chat-log-reader.h"
#include "transport/log/chat-log-subscription.h"
#include "transport/log/chat-log-transport-private.h"

/* In place from here on. */
static void
subscribe_at (ChatLogTransport *self, GTask *task)
{
  const ChatWish *wish = g_task_get_task_data (task);
  GError *error = chat_log_transport_dup_obstacle (self);
  ChatLogSubscription *subscription = NULL;

  if (error == NULL)
    subscription = chat_log_subscription_new (CHAT_TRANSPORT (self), self->hub, (const char *const *)wish->topics,
                                              (const char *const *)wish->channels, &wish->start, &error);
  if (subscription == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  chat_subscription_start (CHAT_SUBSCRIPTION (subscription), task);
  g_task_return_pointer (task, subscription, g_object_unref);
}

static void
group_written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatLogWriting *writing = user_data;
  GError *error = NULL;

  if (!chat_log_writing_finish (writing, result, &error))
    g_task_return_error (writing->call, error);
  else
    {
      for (guint i = 0; i < writing->write.cursors->len; i++)
        {
          const ChatLogCursor *cursor = g_ptr_array_index (writing->write.cursors, i);

          /* Another member may have been quicker, and gone on from there. */
          if (cursor->shard > 0 || chat_log_hub_find_group (writing->self->hub, cursor->group, cursor->topic) == NULL)
            chat_log_hub_move_cursor (writing->self->hub, cursor);
        }
      subscribe_at (writing->self, writing->call);
    }
  chat_log_writing_free (writing);
}

/* A new group is on the disk before its first member is: what retention has to keep for it is known from then on. */
static void
subscribe_group (ChatLogTransport *self, GTask *task)
{
  const ChatWish *wish = g_task_get_task_data (task);
  ChatLogWriting *writing = chat_log_writing_new (self, task);

  for (guint i = 0; wish->topics[i] != NULL; i++)
    {
      ChatLogTopic *topic = chat_log_hub_get_topic (self->hub, wish->topics[i]);

      if (chat_log_hub_find_group (self->hub, wish->start.group, wish->topics[i]) != NULL)
        continue;
      for (guint j = 0; j < chat_log_hub_get_shards (self->hub); j++)
        chat_log_writing_add_cursor (writing, wish->start.group, wish->topics[i], (gint)j,
                                     chat_log_topic_get_shard (topic, (gint)j)->first);
    }
  if (writing->write.cursors != NULL)
    {
      chat_log_writing_push (writing, group_written_cb);
      return;
    }
  chat_log_writing_free (writing);
  subscribe_at (self, task);
}

/* Asks the reader where @time_ms is in @topics; @callback gets @data. */
static void
search_time (ChatLogTransport *self, const char *const *topics, gint64 time_ms, GAsyncReadyCallback callback,
             gpointer data)
{
  GTask *task = g_task_new (NULL, NULL, callback, data);
  ChatLogSearch *search = g_new0 (ChatLogSearch, 1);

  search->time_ms = time_ms;
  search->places = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_log_place_free);
  for (guint i = 0; topics[i] != NULL; i++)
    for (guint j = 0; j < chat_log_hub_get_shards (self->hub); j++)
      {
        const ChatLocalShard *shard = chat_log_topic_get_shard (chat_log_hub_get_topic (self->hub, topics[i]), (gint)j);

        g_ptr_array_add (search->places, chat_log_place_new (topics[i], (gint)j, shard->first, shard->end));
      }
  g_task_set_source_tag (task, search_time);
  g_task_set_task_data (task, search, (GDestroyNotify)chat_log_search_free);
  chat_worker_push (chat_log_hub_get_reader (self->hub), task, chat_log_reader_search);
}

static void
subscribe_found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatWish *wish = g_task_get_task_data (task);
  GError *error = NULL;
  ChatPosition *position;

  position = g_task_propagate_pointer (G_TASK (result), &error);
  if (position == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  chat_wish_set_position (wish, position);
  subscribe_at (g_task_get_source_object (task), task);
}

void
chat_log_transport_subscribe_now (ChatLogTransport *self, GTask *task)
{
  const ChatWish *wish = g_task_get_task_data (task);

  if (wish->start.kind == CHAT_START_TIME)
    search_time (self, (const char *const *)wish->topics, wish->start.time_ms, subscribe_found_cb, g_object_ref (task));
  else if (wish->start.kind == CHAT_START_GROUP)
    subscribe_group (self, task);
  else
    subscribe_at (self, task);
}

void
chat_log_transport_subscribe_async (ChatTransport *transport, const char *const *topics, const char *const *channels,
                                    const ChatStart *start, GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  ChatLogTransport *self = CHAT_LOG_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, chat_log_transport_subscribe_async);
  g_task_set_task_data (task, chat_wish_new (topics, channels, start), (GDestroyNotify)chat_wish_free);
  if (g_task_return_error_if_cancelled (task))
    return;
  error = chat_log_transport_dup_obstacle (self);
  if (error == NULL)
    chat_log_transport_subscribe_now (self, task);
  else if (self->phase == CHAT_LOG_PHASE_OPENING)
    {
      chat_waiters_add (self->subscribes, task);
      g_error_free (error);
    }
  else
    g_task_return_error (task, error);
}

/* Seeking */

static void
seek_to (ChatSubscription *subscription, const ChatStart *start, GTask *task)
{
  GError *error = NULL;

  if (chat_subscription_is_closed (subscription))
    g_task_return_new_error (task, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED, "The subscription is closed");
  else if (!chat_local_subscription_seek (CHAT_LOCAL_SUBSCRIPTION (subscription), start, &error))
    g_task_return_error (task, error);
  else
    {
      chat_subscription_hold (subscription, task);
      g_task_return_boolean (task, TRUE);
    }
}

static void
seek_found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (ChatPosition) position = g_task_propagate_pointer (G_TASK (result), &error);
  const ChatStart start = { CHAT_START_POSITION, position, 0, NULL };

  if (position == NULL)
    g_task_return_error (task, error);
  else if (!g_task_return_error_if_cancelled (task))
    seek_to (g_task_get_task_data (task), &start, task);
}

void
chat_log_transport_seek_async (ChatTransport *transport, ChatSubscription *subscription, const ChatStart *start,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ChatLogTransport *self = CHAT_LOG_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, chat_log_transport_seek_async);
  g_task_set_task_data (task, g_object_ref (subscription), g_object_unref);
  if (g_task_return_error_if_cancelled (task))
    return;
  g_task_set_check_cancellable (task, FALSE);
  error = chat_log_transport_dup_obstacle (self);
  if (error == NULL && chat_local_subscription_has_group (CHAT_LOCAL_SUBSCRIPTION (subscription)))
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                                 "A member of a group can't seek: it begins at what the group has acknowledged");
  if (error != NULL)
    g_task_return_error (task, error);
  else if (start->kind == CHAT_START_TIME)
    search_time (self, chat_log_subscription_get_topics (CHAT_LOG_SUBSCRIPTION (subscription)), start->time_ms,
                 seek_found_cb, g_object_ref (task));
  else
    seek_to (subscription, start, task);
}

/* Forgetting a group */

static void
forgotten_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatLogWriting *writing = user_data;
  GError *error = NULL;

  if (chat_log_writing_finish (writing, result, &error))
    {
      const ChatLogCursor *cursor = g_ptr_array_index (writing->write.cursors, 0);

      chat_log_hub_forget_group (writing->self->hub, cursor->group);
      g_task_return_boolean (writing->call, TRUE);
    }
  else
    g_task_return_error (writing->call, error);
  chat_log_writing_free (writing);
}

void
chat_log_transport_forget_group_async (ChatLogTransport *self, const char *group, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GPtrArray) stands = NULL;
  ChatLogWriting *writing;
  GError *error;

  g_return_if_fail (CHAT_IS_LOG_TRANSPORT (self));
  g_return_if_fail (group != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_log_transport_forget_group_async);
  error = chat_log_transport_dup_obstacle (self);
  stands = error == NULL ? chat_log_hub_list_group (self->hub, group) : g_ptr_array_new ();
  for (guint i = 0; i < stands->len && error == NULL; i++)
    if (chat_shard_group_get_members (((ChatLocalGroup *)g_ptr_array_index (stands, i))->members) > 0)
      error = g_error_new (G_IO_ERROR, G_IO_ERROR_BUSY, "The group “%s” has members: it can’t be forgotten", group);
  if (error != NULL || stands->len == 0)
    {
      if (error != NULL)
        g_task_return_error (task, error);
      else
        g_task_return_boolean (task, FALSE);
      return;
    }
  writing = chat_log_writing_new (self, task);
  chat_log_writing_add_cursor (writing, group, "", 0, CHAT_LOG_FORGOTTEN);
  chat_log_writing_push (writing, forgotten_cb);
}

gboolean
chat_log_transport_forget_group_finish (ChatLogTransport *self, GAsyncResult *result, gboolean *known, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  *known = g_task_propagate_boolean (G_TASK (result), &local_error);
  if (local_error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}
