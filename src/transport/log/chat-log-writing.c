/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Publishing, forwarding, and retention: all that the writer's thread is asked for. */
#include <string.h>

#include "transport/log/chat-log-transport-private.h"

#define NAME_MOST 255
#define HEADERS_MOST 65536

/* ChatLogWriting */

void
chat_log_writing_free (ChatLogWriting *writing)
{
  g_ptr_array_unref (writing->write.records);
  g_ptr_array_unref (writing->write.placed);
  g_clear_pointer (&writing->write.cursors, g_ptr_array_unref);
  g_clear_pointer (&writing->acks, g_array_unref);
  g_clear_object (&writing->forwarding);
  g_clear_object (&writing->call);
  g_clear_object (&writing->self);
  g_free (writing);
}

ChatLogWriting *
chat_log_writing_new (ChatLogTransport *self, GTask *call)
{
  ChatLogWriting *writing = g_new0 (ChatLogWriting, 1);

  writing->self = g_object_ref (self);
  writing->call = g_object_ref (call);
  writing->write.records = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  writing->write.placed = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  return writing;
}

void
chat_log_writing_add_cursor (ChatLogWriting *writing, const char *group, const char *topic, gint shard, gint64 next)
{
  if (writing->write.cursors == NULL)
    writing->write.cursors = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_log_cursor_free);
  g_ptr_array_add (writing->write.cursors, chat_log_cursor_new (group, topic, shard, next));
}

gboolean
chat_log_writing_finish (ChatLogWriting *writing, GAsyncResult *result, GError **error)
{
  ChatLogTransport *self = writing->self;
  GError *failure = NULL;

  g_task_propagate_boolean (G_TASK (result), &failure);
  chat_log_transport_note_result (self, failure);
  if (failure == NULL)
    {
      chat_log_hub_announce (self->hub, writing->write.placed);
      return TRUE;
    }
  self->unconfirmed += self->phase == CHAT_LOG_PHASE_CLOSING;
  g_propagate_error (error, failure);
  return FALSE;
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ChatLogWriting *writing = user_data;
  GError *error = NULL;

  if (chat_log_writing_finish (writing, result, &error) && writing->acks != NULL)
    chat_local_acknowledge (writing->acks);
  if (writing->forwarding != NULL)
    chat_subscription_end_forward (writing->forwarding);
  if (error != NULL)
    g_task_return_error (writing->call, error);
  else
    g_task_return_boolean (writing->call, TRUE);
  chat_log_writing_free (writing);
}

void
chat_log_writing_push (ChatLogWriting *writing, GAsyncReadyCallback callback)
{
  GTask *task = g_task_new (NULL, NULL, callback, writing);

  g_task_set_source_tag (task, chat_log_writing_push);
  g_task_set_task_data (task, &writing->write, NULL);
  chat_worker_push_batchable (writing->self->writer, task, chat_log_writer_write,
                              MAX (writing->self->options.batch, 1));
}

static gsize
get_headers_size (const ChatRecord *record)
{
  GHashTable *headers = chat_record_get_headers (record);
  GHashTableIter iter;
  gpointer name, value;
  gsize size = 0;

  if (headers == NULL)
    return 0;
  g_hash_table_iter_init (&iter, headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    size += strlen (name) + strlen (value) + 2;
  return size;
}

static gboolean
check_record (const ChatRecord *record, GError **error)
{
  const char *topic = chat_record_get_topic (record);
  const char *key = chat_record_get_key (record);
  gsize size = g_bytes_get_size (chat_record_get_bytes (record));
  gsize headers = get_headers_size (record);

  if (*topic == '\0' || strlen (topic) > NAME_MOST)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                 "The name of a topic has 1 to %d bytes, not %" G_GSIZE_FORMAT, NAME_MOST, strlen (topic));
  else if (key != NULL && strlen (key) > NAME_MOST)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                 "The key of a record has at most %d bytes, not %" G_GSIZE_FORMAT, NAME_MOST, strlen (key));
  else if (headers > HEADERS_MOST)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                 "The headers of a record have at most %d bytes, not %" G_GSIZE_FORMAT, HEADERS_MOST, headers);
  else if (size > CHAT_LOG_RECORD_MOST)
    g_set_error (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED,
                 "A record for %s has %" G_GSIZE_FORMAT " bytes; at most %d are taken", topic, size,
                 CHAT_LOG_RECORD_MOST);
  else
    return TRUE;
  return FALSE;
}

void
chat_log_transport_publish_async (ChatTransport *transport, ChatRecord *record, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  ChatLogTransport *self = CHAT_LOG_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;
  ChatLogWriting *writing;

  g_task_set_source_tag (task, chat_log_transport_publish_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  g_task_set_check_cancellable (task, FALSE);
  error = chat_log_transport_dup_obstacle (self);
  if (error != NULL || !check_record (record, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  writing = chat_log_writing_new (self, task);
  g_ptr_array_add (writing->write.records, chat_record_ref (record));
  chat_log_writing_push (writing, written_cb);
}

/* Why @subscription can't forward this; ABORTED where it is to begin again at what is acknowledged. */
static GArray *
check_forward (ChatLogTransport *self, ChatSubscription *subscription, GPtrArray *inputs, GPtrArray *outputs,
               GError **error)
{
  ChatLocalSubscription *member = CHAT_LOCAL_SUBSCRIPTION (subscription);
  g_autoptr (GArray) acks = NULL;
  GError *obstacle = chat_log_transport_dup_obstacle (self);

  if (obstacle != NULL)
    {
      g_propagate_error (error, obstacle);
      return NULL;
    }
  if (!chat_subscription_is_closed (subscription) && !chat_local_subscription_has_group (member))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           "Only a member of a group can forward: this subscription has none");
      return NULL;
    }
  for (guint i = 0; i < outputs->len; i++)
    {
      if (!check_record (g_ptr_array_index (outputs, i), error))
        return NULL;
    }
  if (!chat_subscription_begin_forward (subscription, error))
    return NULL;
  acks = chat_local_subscription_check (member, inputs, error);
  if (acks == NULL)
    chat_subscription_end_forward (subscription);
  return g_steal_pointer (&acks);
}

void
chat_log_transport_forward_async (ChatTransport *transport, ChatSubscription *subscription, GPtrArray *inputs,
                                  GPtrArray *outputs, GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  ChatLogTransport *self = CHAT_LOG_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GArray) acks = NULL;
  GError *error = NULL;
  ChatLogWriting *writing;

  g_task_set_source_tag (task, chat_log_transport_forward_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  g_task_set_check_cancellable (task, FALSE);
  acks = check_forward (self, subscription, inputs, outputs, &error);
  if (acks == NULL)
    {
      if (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_ABORTED))
        {
          chat_subscription_hold (subscription, task);
          chat_local_subscription_rewind (CHAT_LOCAL_SUBSCRIPTION (subscription));
        }
      g_task_return_error (task, error);
      return;
    }

  writing = chat_log_writing_new (self, task);
  for (guint i = 0; i < outputs->len; i++)
    g_ptr_array_add (writing->write.records, chat_record_ref (g_ptr_array_index (outputs, i)));
  for (guint i = 0; i < acks->len; i++)
    {
      const ChatLocalAck *ack = &g_array_index (acks, ChatLocalAck, i);

      chat_log_writing_add_cursor (writing, ack->group->name, ack->group->topic, ack->shard, ack->next);
    }
  writing->acks = g_steal_pointer (&acks);
  writing->forwarding = g_object_ref (subscription);
  chat_log_writing_push (writing, written_cb);
}

/* Retention */

static void retain (ChatLogTransport *self, GTask *task);

static void
retained_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatLogTransport *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (GPtrArray) moved = g_task_propagate_pointer (G_TASK (result), &error);

  chat_log_transport_note_result (self, error);
  for (guint i = 0; moved != NULL && i < moved->len; i++)
    {
      const ChatLogPlace *place = g_ptr_array_index (moved, i);

      chat_log_topic_trim (chat_log_hub_get_topic (self->hub, place->topic), place->shard, place->first);
    }
  if (error != NULL)
    g_task_return_error (task, error);
  else if (moved->len == 0 || self->phase != CHAT_LOG_PHASE_OPEN)
    g_task_return_boolean (task, TRUE);
  else
    retain (self, task);
}

static void
retain (ChatLogTransport *self, GTask *task)
{
  chat_log_transport_push_job (self, chat_log_writer_retain, retained_cb, g_object_ref (task));
}

void
chat_log_transport_retain_async (ChatLogTransport *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error;

  g_return_if_fail (CHAT_IS_LOG_TRANSPORT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, chat_log_transport_retain_async);
  error = chat_log_transport_dup_obstacle (self);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    retain (self, task);
}

gboolean
chat_log_transport_retain_finish (ChatLogTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
