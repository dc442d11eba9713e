/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-broker-read.h"

#include <glib/gi18n-lib.h>

/* How often it is looked whether the rest are offsets without a record (compaction, the ends of transactions). */
#define LOOK_MS 100
/* Of a log that has nothing more to bring that is known after a while without a record, at the latest. */
#define SILENCE_MS 1500
/* A broker that is silent so long with records to bring has failed. */
#define PATIENCE_MS 10000

typedef struct
{
  ChatBrokerRange *range;
  char *topic;
  gint64 *next, *to;
  ChatSubscription *subscription; /* nullable */
  guint look_source;
  guint silent_ms;
} Read;

void
chat_broker_range_free (ChatBrokerRange *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->records);
  g_free (self->lows);
  g_free (self);
}

static ChatBrokerRange *
range_new (guint shards)
{
  ChatBrokerRange *self = g_new0 (ChatBrokerRange, 1);

  self->shards = shards;
  self->lows = g_new0 (gint64, shards);
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; i < shards; i++)
    g_ptr_array_add (self->records, g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref));
  return self;
}

static void
read_free (Read *read)
{
  g_clear_handle_id (&read->look_source, g_source_remove);
  g_clear_object (&read->subscription);
  chat_broker_range_free (read->range);
  g_free (read->topic);
  g_free (read->next);
  g_free (read->to);
  g_free (read);
}

static gboolean
is_complete (const Read *read)
{
  for (guint i = 0; i < read->range->shards; i++)
    if (read->next[i] < read->to[i])
      return FALSE;
  return TRUE;
}

/* Ends it: (transfer full) @task, nothing more is heard of the subscription. @error: (transfer full) (nullable) */
static void
end (GTask *task, GError *error)
{
  Read *read = g_task_get_task_data (task);

  g_clear_handle_id (&read->look_source, g_source_remove);
  if (read->subscription != NULL)
    {
      g_signal_handlers_disconnect_by_data (read->subscription, task);
      chat_subscription_close_async (read->subscription, NULL, NULL, NULL);
      g_clear_object (&read->subscription);
    }
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, g_steal_pointer (&read->range), (GDestroyNotify)chat_broker_range_free);
  g_object_unref (task);
}

/* Whether the broker has passed what is missing: there was no record in it. */
static gboolean
is_passed (const Read *read)
{
  g_autoptr (ChatPosition) position = chat_subscription_dup_position (read->subscription);

  for (guint i = 0; i < read->range->shards; i++)
    {
      g_autofree char *shard = g_strdup_printf ("%u", i);

      if (read->next[i] < read->to[i] && chat_position_get (position, read->topic, shard) < read->to[i])
        return FALSE;
    }
  return TRUE;
}

static gboolean
look_cb (gpointer user_data)
{
  GTask *task = user_data;
  Read *read = g_task_get_task_data (task);
  gint64 lag = -1, lag_ms = -1;

  read->silent_ms += LOOK_MS;
  chat_subscription_get_lag (read->subscription, &lag, &lag_ms);
  if (is_passed (read) || (read->silent_ms >= SILENCE_MS && lag == 0))
    end (task, NULL);
  else if (read->silent_ms >= PATIENCE_MS)
    end (task, g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                            _ ("The broker did not send its older messages in time")));
  else
    return G_SOURCE_CONTINUE;
  return G_SOURCE_REMOVE;
}

static void
records_cb (ChatSubscription *subscription, GPtrArray *batch, GTask *task)
{
  Read *read = g_task_get_task_data (task);

  for (guint i = 0; i < batch->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (batch, i);
      gint shard = chat_record_get_shard (record);
      gint64 offset = chat_record_get_offset (record);

      if (shard < 0 || (guint)shard >= read->range->shards || offset < read->next[shard])
        continue;
      if (offset < read->to[shard])
        g_ptr_array_add (g_ptr_array_index (read->range->records, shard), chat_record_ref (record));
      read->next[shard] = offset + 1;
    }
  read->silent_ms = 0;
  if (is_complete (read))
    end (task, NULL);
}

static void
gap_cb (ChatSubscription *subscription, const char *topic, const char *shard, gint64 from, gint64 to, GTask *task)
{
  Read *read = g_task_get_task_data (task);
  guint64 number;

  if (!g_ascii_string_to_unsigned (shard, 10, 0, read->range->shards - 1, &number, NULL))
    return;
  read->next[number] = MAX (read->next[number], to);
  read->range->lows[number] = MAX (read->range->lows[number], to);
  if (is_complete (read))
    end (task, NULL);
}

static void
closed_cb (ChatSubscription *subscription, const GError *error, GTask *task)
{
  end (task, error != NULL
                 ? g_error_copy (error)
                 : g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE, _ ("The connection was closed")));
}

static void
subscribed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Read *read = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  read->subscription = chat_transport_subscribe_finish (CHAT_TRANSPORT (source), result, &error);
  if (read->subscription == NULL)
    {
      end (task, g_steal_pointer (&error));
      return;
    }
  g_signal_connect (read->subscription, "records", G_CALLBACK (records_cb), task);
  g_signal_connect (read->subscription, "gap", G_CALLBACK (gap_cb), task);
  g_signal_connect (read->subscription, "closed", G_CALLBACK (closed_cb), task);
  read->look_source = g_timeout_add (LOOK_MS, look_cb, task);
}

void
chat_broker_read_async (ChatTransport *transport, const char *topic, const gint64 *from, const gint64 *to, guint shards,
                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  const char *topics[] = { topic, NULL };
  g_autoptr (ChatPosition) position = chat_position_new ();
  ChatStart start = { CHAT_START_POSITION, position, 0, NULL };
  GTask *task = g_task_new (transport, cancellable, callback, user_data);
  Read *read = g_new0 (Read, 1);

  g_task_set_source_tag (task, chat_broker_read_async);
  g_task_set_task_data (task, read, (GDestroyNotify)read_free);
  read->range = range_new (shards);
  read->topic = g_strdup (topic);
  read->next = g_memdup2 (from, shards * sizeof (gint64));
  read->to = g_memdup2 (to, shards * sizeof (gint64));
  if (is_complete (read))
    {
      end (task, NULL);
      return;
    }
  for (guint i = 0; i < shards; i++)
    {
      g_autofree char *shard = g_strdup_printf ("%u", i);

      if (from[i] < to[i])
        chat_position_set (position, topic, shard, from[i]);
    }
  chat_transport_subscribe_async (transport, topics, NULL, &start, cancellable, subscribed_cb, task);
}

ChatBrokerRange *
chat_broker_read_finish (ChatTransport *transport, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* A subscription knows where it stands before it brings anything. */
static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatSubscription) subscription = chat_transport_subscribe_finish (CHAT_TRANSPORT (source), result, &error);

  if (subscription == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  g_task_return_pointer (task, chat_subscription_dup_position (subscription), (GDestroyNotify)chat_position_free);
  chat_subscription_close_async (subscription, NULL, NULL, NULL);
}

void
chat_broker_find_time_async (ChatTransport *transport, const char *topic, gint64 time_ms, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  const char *topics[] = { topic, NULL };
  const ChatStart start = { CHAT_START_TIME, NULL, time_ms, NULL };
  GTask *task = g_task_new (transport, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_broker_find_time_async);
  chat_transport_subscribe_async (transport, topics, NULL, &start, cancellable, found_cb, task);
}

ChatPosition *
chat_broker_find_time_finish (ChatTransport *transport, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
