/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/chat-time.h"
#include "core/chat-timer.h"
#include "transport/kafka/chat-kafka-error.h"
#include "transport/kafka/chat-kafka-subscription-private.h"

/* How often a topic that can't be read is looked at; every LOOK_TICKS of these all are, for new partitions. */
#define TICK_MS 2000
#define LOOK_TICKS 15
/* Events that are handled at once; few ever wait. */
#define EVENTS_MOST 64

G_DEFINE_FINAL_TYPE (ChatKafkaSubscription, chat_kafka_subscription, CHAT_TYPE_SUBSCRIPTION)

enum
{
  FAILED,
  TROUBLED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* Cursors */

static void
cursor_free (gpointer data)
{
  ChatKafkaCursor *cursor = data;

  g_free (cursor->topic);
  g_array_unref (cursor->unacked);
  g_free (cursor);
}

ChatKafkaCursor *
chat_kafka_subscription_find (ChatKafkaSubscription *self, const char *topic, gint shard)
{
  for (guint i = 0; i < self->cursors->len; i++)
    {
      ChatKafkaCursor *cursor = g_ptr_array_index (self->cursors, i);

      if (cursor->shard == shard && g_str_equal (cursor->topic, topic))
        return cursor;
    }
  return NULL;
}

ChatKafkaCursor *
chat_kafka_subscription_add_cursor (ChatKafkaSubscription *self, const char *topic, gint shard, gint64 next)
{
  ChatKafkaCursor *cursor = g_new0 (ChatKafkaCursor, 1);

  cursor->topic = g_strdup (topic);
  cursor->shard = shard;
  cursor->unacked = g_array_new (FALSE, FALSE, sizeof (gint64));
  cursor->acked = -1;
  cursor->first = next;
  chat_kafka_cursor_move (cursor, next);
  g_ptr_array_add (self->cursors, cursor);
  return cursor;
}

void
chat_kafka_cursor_move (ChatKafkaCursor *cursor, gint64 next)
{
  cursor->next = cursor->delivered = next;
  cursor->queued = 0;
  g_array_set_size (cursor->unacked, 0);
  cursor->head = 0;
}

gboolean
chat_kafka_cursor_owns (ChatRecord *record, gpointer data)
{
  const ChatKafkaCursor *cursor = data;

  return record != NULL && chat_record_get_shard (record) == cursor->shard
         && g_str_equal (chat_record_get_topic (record), cursor->topic);
}

/* A reader stands after what was delivered; where nothing waits for it, also after what it did not want. */
static gint64
get_position (const ChatKafkaCursor *cursor)
{
  return cursor->queued == 0 ? cursor->next : cursor->delivered;
}

GPtrArray *
chat_kafka_subscription_dup_places (ChatKafkaSubscription *self)
{
  GPtrArray *places = chat_kafka_places_new ();

  for (guint i = 0; i < self->cursors->len; i++)
    {
      const ChatKafkaCursor *cursor = g_ptr_array_index (self->cursors, i);

      chat_kafka_places_add (places, cursor->topic, cursor->shard, cursor->next, cursor->acked);
    }
  return places;
}

void
chat_kafka_subscription_note_end (ChatKafkaSubscription *self, const char *topic, gint shard, gint64 end)
{
  ChatKafkaCursor *cursor = chat_kafka_subscription_find (self, topic, shard);

  if (cursor != NULL)
    cursor->end = MAX (cursor->end, end);
}

/* Jobs */

void
chat_kafka_subscription_push (ChatKafkaSubscription *self, ChatWorkerFunc job, gpointer data, GDestroyNotify free,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_source_tag (task, chat_kafka_subscription_push);
  g_task_set_task_data (task, data, free);
  chat_worker_push (self->worker, task, job);
}

void
chat_kafka_subscription_ask (ChatKafkaSubscription *self, ChatWorkerFunc job, gpointer data,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_source_tag (task, chat_kafka_subscription_ask);
  g_task_set_task_data (task, data, NULL);
  chat_worker_push (self->asker, task, job);
}

void
chat_kafka_subscription_moved (ChatKafkaSubscription *self)
{
  self->moving--;
  chat_subscription_refill (CHAT_SUBSCRIPTION (self));
}

/* Trouble */

void
chat_kafka_subscription_set_trouble (ChatKafkaSubscription *self, const char *what, const char *sentence)
{
  if (g_strcmp0 (g_hash_table_lookup (self->troubles, what), sentence) == 0)
    return;
  if (sentence != NULL)
    g_hash_table_insert (self->troubles, g_strdup (what), g_strdup (sentence));
  else
    g_hash_table_remove (self->troubles, what);
  g_signal_emit (self, signals[TROUBLED], 0);
}

void
chat_kafka_subscription_fail (ChatKafkaSubscription *self, rd_kafka_resp_err_t code, const char *detail)
{
  g_signal_emit (self, signals[FAILED], 0, (int)code, detail);
}

/* Messages */

/* A few are taken while it is paused too: so it is known how old what waits is. The rest stays with librdkafka, which
 * fetches no more than some megabytes ahead. */
static gboolean
messages_cb (gpointer user_data)
{
  g_autoptr (ChatKafkaSubscription) self = g_object_ref (user_data);

  if (chat_subscription_get_queued (CHAT_SUBSCRIPTION (self)) < CHAT_SUBSCRIPTION_LOW_WATER)
    chat_kafka_subscription_take (self, CHAT_SUBSCRIPTION_LOW_WATER);
  chat_subscription_refill (CHAT_SUBSCRIPTION (self));
  return FALSE;
}

static void
chat_kafka_subscription_hungry (ChatSubscription *subscription)
{
  if (chat_kafka_subscription_take (CHAT_KAFKA_SUBSCRIPTION (subscription), CHAT_KAFKA_TAKE))
    chat_subscription_refill (subscription);
}

static void
chat_kafka_subscription_delivering (ChatSubscription *subscription, GPtrArray *batch)
{
  ChatKafkaSubscription *self = CHAT_KAFKA_SUBSCRIPTION (subscription);
  ChatKafkaCursor *cursor = NULL;

  for (guint i = 0; i < batch->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (batch, i);
      gint64 offset = chat_record_get_offset (record);

      if (cursor == NULL || !chat_kafka_cursor_owns (record, cursor))
        cursor = chat_kafka_subscription_find (self, chat_record_get_topic (record), chat_record_get_shard (record));
      if (cursor == NULL)
        continue;
      cursor->delivered = offset + 1;
      cursor->queued--;
      if (self->wish->start.group != NULL)
        chat_kafka_member_delivering (self, cursor, offset);
    }
  self->last_time = chat_record_get_time (g_ptr_array_index (batch, batch->len - 1));
}

/* Events */

/* librdkafka goes on trying to join the group. */
static void
note_denial (ChatKafkaSubscription *self, rd_kafka_resp_err_t code)
{
  const char *group = self->wish->start.group;
  g_autoptr (GError) error = chat_kafka_error_new (code, group, NULL);

  chat_kafka_subscription_set_trouble (self, group, error->message);
}

static void
take_event (ChatKafkaSubscription *self, rd_kafka_event_t *event)
{
  rd_kafka_resp_err_t code = rd_kafka_event_error (event);
  g_autoptr (GPtrArray) batch = NULL;
  const rd_kafka_message_t *message;

  switch (rd_kafka_event_type (event))
    {
    case RD_KAFKA_EVENT_REBALANCE:
      chat_kafka_member_rebalance (self, event);
      break;
    case RD_KAFKA_EVENT_ERROR:
      /* a reader joins no group, whether it might or not */
      if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED && self->wish->start.group == NULL)
        break;
      if (self->opening != NULL && chat_kafka_error_get_code (code) == CHAT_TRANSPORT_ERROR_DENIED)
        chat_kafka_subscription_answer_open (self, chat_kafka_error_new (code, self->wish->start.group, NULL));
      else if (code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
        note_denial (self, code);
      else
        chat_kafka_subscription_fail (self, code, rd_kafka_event_error_string (event));
      break;
    case RD_KAFKA_EVENT_FETCH:
      batch = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
      while ((message = rd_kafka_event_message_next (event)) != NULL)
        chat_kafka_subscription_take_message (self, message, batch);
      chat_subscription_queue_records (CHAT_SUBSCRIPTION (self), batch);
      break;
    default:
      break;
    }
}

static gboolean
control_cb (gpointer user_data)
{
  g_autoptr (ChatKafkaSubscription) self = g_object_ref (user_data);

  for (guint i = 0; i < EVENTS_MOST; i++)
    {
      g_autoptr (rd_kafka_event_t) event = NULL;

      if (self->control == NULL || (event = rd_kafka_queue_poll (self->consumer->control, 0)) == NULL)
        return FALSE;
      take_event (self, event);
    }
  return TRUE;
}

static void
tried_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatKafkaSubscription) self = user_data;

  g_task_propagate_boolean (G_TASK (result), NULL);
  chat_kafka_subscription_moved (self);
}

/* That a topic can be read again is told by a record, or by its end; and that librdkafka tells once for each place
 * where somebody begins to read. */
static void
try_denied (ChatKafkaSubscription *self)
{
  g_autoptr (GPtrArray) places = chat_kafka_places_new ();

  if (self->moving > 0 || self->suspended || self->rewinding)
    return;
  for (guint i = 0; i < self->cursors->len; i++)
    {
      const ChatKafkaCursor *cursor = g_ptr_array_index (self->cursors, i);

      if (cursor->denied && g_hash_table_contains (self->troubles, cursor->topic))
        chat_kafka_places_add (places, cursor->topic, cursor->shard, cursor->next, cursor->acked);
    }
  if (places->len == 0)
    return;
  self->moving++;
  chat_kafka_subscription_push (self, chat_kafka_consumer_rewind, g_steal_pointer (&places),
                                (GDestroyNotify)g_ptr_array_unref, tried_cb, g_object_ref (self));
}

static gboolean
tick_cb (gpointer user_data)
{
  ChatKafkaSubscription *self = user_data;
  gboolean due = ++self->ticks % LOOK_TICKS == 0;

  /* librdkafka takes a consumer for hung that is not asked for long, though nothing comes */
  if (due)
    control_cb (self);
  if (self->wish->start.group != NULL)
    chat_kafka_member_look (self);
  else if (due || self->look_soon || g_hash_table_size (self->troubles) > 0)
    chat_kafka_reader_look (self);
  if (g_hash_table_size (self->troubles) > 0)
    try_denied (self);
  return G_SOURCE_CONTINUE;
}

void
chat_kafka_subscription_listen (ChatKafkaSubscription *self)
{
  if (self->stopped || self->control != NULL)
    return;
  self->control = chat_kafka_source_new (self->consumer->control, control_cb, self);
  self->messages = chat_kafka_source_new (self->consumer->messages, messages_cb, self);
  self->tick = chat_timer_new (TICK_MS, tick_cb, self);
}

/* Opening */

void
chat_kafka_subscription_answer_open (ChatKafkaSubscription *self, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->opening);

  if (task == NULL)
    g_clear_error (&error);
  else if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatKafkaSubscription) self = user_data;
  GError *error = NULL;

  if (self->wish->start.group != NULL)
    {
      /* it is in place once the group has given it its shards */
      if (g_task_propagate_boolean (G_TASK (result), &error))
        chat_kafka_subscription_listen (self);
      else
        chat_kafka_subscription_answer_open (self, error);
    }
  else
    {
      g_autoptr (GPtrArray) places = g_task_propagate_pointer (G_TASK (result), &error);

      if (places != NULL)
        chat_kafka_reader_opened (self, places);
      chat_kafka_subscription_answer_open (self, error);
    }
}

void
chat_kafka_subscription_open_async (ChatKafkaSubscription *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (self->opening == NULL);

  self->opening = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (self->opening, chat_kafka_subscription_open_async);
  if (self->wish->start.group != NULL)
    chat_kafka_subscription_push (self, chat_kafka_consumer_open_member, NULL, NULL, opened_cb, g_object_ref (self));
  else
    chat_kafka_subscription_push (self, chat_kafka_consumer_open_reader, self->wish, NULL, opened_cb,
                                  g_object_ref (self));
}

gboolean
chat_kafka_subscription_open_finish (ChatKafkaSubscription *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Closing */

/* The main context is done with the consumer. */
static void
stop (ChatKafkaSubscription *self)
{
  if (self->stopped)
    return;
  self->stopped = TRUE;
  g_clear_pointer (&self->control, chat_kafka_source_free);
  g_clear_pointer (&self->messages, chat_kafka_source_free);
  chat_timer_clear (&self->tick);
  chat_kafka_member_stop (self);
  g_hash_table_remove_all (self->troubles);
  g_signal_emit (self, signals[TROUBLED], 0);
  chat_kafka_subscription_answer_open (self, g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_CLOSED,
                                                                  _ ("The connection was closed")));
}

static void
worker_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  chat_worker_close_finish (CHAT_WORKER (source), result, NULL);
  g_task_return_boolean (task, TRUE);
}

static void
chat_kafka_subscription_close_async (ChatSubscription *subscription, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data)
{
  ChatKafkaSubscription *self = CHAT_KAFKA_SUBSCRIPTION (subscription);
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, chat_kafka_subscription_close_async);
  stop (self);
  chat_worker_drop_queued (self->worker);
  chat_worker_close_async (self->worker, NULL, worker_closed_cb, task);
}

static gboolean
chat_kafka_subscription_close_finish (ChatSubscription *subscription, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Overrides */

static ChatPosition *
chat_kafka_subscription_dup_position (ChatSubscription *subscription)
{
  ChatKafkaSubscription *self = CHAT_KAFKA_SUBSCRIPTION (subscription);
  ChatPosition *position = chat_position_new ();

  for (guint i = 0; i < self->cursors->len; i++)
    {
      const ChatKafkaCursor *cursor = g_ptr_array_index (self->cursors, i);
      g_autofree char *name = g_strdup_printf ("%d", cursor->shard);

      /* a member of a new group does not know yet where the first record is */
      if (get_position (cursor) >= 0)
        chat_position_set (position, cursor->topic, name, get_position (cursor));
    }
  return position;
}

static gint64
get_end (ChatKafkaSubscription *self, const ChatKafkaCursor *cursor)
{
  g_autofree char *name = chat_broker_options_dup_name (self->options, cursor->topic);
  int64_t low, end = -1;

  /* as of the last answer to a fetch: no question to the broker */
  if (self->control != NULL)
    rd_kafka_get_watermark_offsets (self->consumer->handle, name, cursor->shard, &low, &end);
  return MAX (end, cursor->end);
}

static void
chat_kafka_subscription_get_lag (ChatSubscription *subscription, gint64 *records, gint64 *milliseconds)
{
  ChatKafkaSubscription *self = CHAT_KAFKA_SUBSCRIPTION (subscription);
  ChatRecord *head = chat_subscription_peek (subscription);
  gint64 time_ms = head != NULL ? chat_record_get_time (head) : self->last_time;

  *records = *milliseconds = 0;
  for (guint i = 0; i < self->cursors->len; i++)
    {
      const ChatKafkaCursor *cursor = g_ptr_array_index (self->cursors, i);

      *records += MAX (get_end (self, cursor) - MAX (get_position (cursor), 0), 0);
    }
  if (*records > 0)
    *milliseconds = time_ms != CHAT_TIME_UNKNOWN ? MAX (chat_time_now () - time_ms, 0) : -1;
}

static void
chat_kafka_subscription_forward_ended (ChatSubscription *subscription)
{
  chat_kafka_member_forward_ended (CHAT_KAFKA_SUBSCRIPTION (subscription));
}

static void
chat_kafka_subscription_dispose (GObject *object)
{
  ChatKafkaSubscription *self = CHAT_KAFKA_SUBSCRIPTION (object);

  if (!self->stopped)
    {
      stop (self);
      chat_worker_drop_queued (self->worker);
      chat_worker_close_async (self->worker, NULL, NULL, NULL);
    }
  G_OBJECT_CLASS (chat_kafka_subscription_parent_class)->dispose (object);
}

static void
chat_kafka_subscription_finalize (GObject *object)
{
  ChatKafkaSubscription *self = CHAT_KAFKA_SUBSCRIPTION (object);

  g_clear_object (&self->worker);
  g_clear_object (&self->asker);
  g_clear_pointer (&self->options, chat_broker_options_free);
  g_clear_pointer (&self->wish, chat_wish_free);
  g_clear_pointer (&self->channels, g_hash_table_unref);
  g_clear_pointer (&self->troubles, g_hash_table_unref);
  g_clear_pointer (&self->cursors, g_ptr_array_unref);
  g_clear_pointer (&self->offered, rd_kafka_topic_partition_list_destroy);
  g_free (self->transactional_id);
  G_OBJECT_CLASS (chat_kafka_subscription_parent_class)->finalize (object);
}

static void
chat_kafka_subscription_class_init (ChatKafkaSubscriptionClass *klass)
{
  ChatSubscriptionClass *subscription_class = CHAT_SUBSCRIPTION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = chat_kafka_subscription_dispose;
  G_OBJECT_CLASS (klass)->finalize = chat_kafka_subscription_finalize;
  subscription_class->hungry = chat_kafka_subscription_hungry;
  subscription_class->delivering = chat_kafka_subscription_delivering;
  subscription_class->forward_ended = chat_kafka_subscription_forward_ended;
  subscription_class->dup_position = chat_kafka_subscription_dup_position;
  subscription_class->get_lag = chat_kafka_subscription_get_lag;
  subscription_class->close_async = chat_kafka_subscription_close_async;
  subscription_class->close_finish = chat_kafka_subscription_close_finish;

  signals[FAILED] = g_signal_new ("failed", CHAT_TYPE_KAFKA_SUBSCRIPTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[TROUBLED]
      = g_signal_new ("troubled", CHAT_TYPE_KAFKA_SUBSCRIPTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
chat_kafka_subscription_init (ChatKafkaSubscription *self)
{
  self->cursors = g_ptr_array_new_with_free_func (cursor_free);
  self->troubles = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->last_time = CHAT_TIME_UNKNOWN;
}

static void
take_channels (ChatKafkaSubscription *self, char **channels)
{
  if (channels == NULL)
    return;
  self->channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (char **channel = channels; *channel != NULL; channel++)
    g_hash_table_add (self->channels, g_strdup (*channel));
}

ChatKafkaSubscription *
chat_kafka_subscription_new (const ChatBrokerOptions *options, ChatWorker *asker, const ChatWish *wish,
                             const char *transactional_id)
{
  ChatKafkaSubscription *self = g_object_new (CHAT_TYPE_KAFKA_SUBSCRIPTION, NULL);
  g_autofree char *group = wish->start.group != NULL ? chat_broker_options_dup_name (options, wish->start.group) : NULL;

  self->options = chat_broker_options_copy (options);
  self->wish = chat_wish_new ((const char *const *)wish->topics, (const char *const *)wish->channels, &wish->start);
  self->transactional_id = g_strdup (transactional_id);
  self->asker = g_object_ref (asker);
  take_channels (self, wish->channels);
  self->consumer = chat_kafka_consumer_new (options, (const char *const *)wish->topics, group, transactional_id);
  self->worker = chat_worker_new ("kafka-consumer", self->consumer, (GDestroyNotify)chat_kafka_consumer_free);
  chat_subscription_set_budget (CHAT_SUBSCRIPTION (self), options->budget_us);
  return self;
}

void
chat_kafka_subscription_set_asker (ChatKafkaSubscription *self, ChatWorker *asker)
{
  g_set_object (&self->asker, asker);
}

gboolean
chat_kafka_subscription_has_group (ChatKafkaSubscription *self)
{
  return self->wish->start.group != NULL;
}

const char *
chat_kafka_subscription_get_trouble (ChatKafkaSubscription *self)
{
  gpointer sentence = NULL;
  GHashTableIter iter;

  g_hash_table_iter_init (&iter, self->troubles);
  g_hash_table_iter_next (&iter, NULL, &sentence);
  return sentence;
}

const char *
chat_kafka_subscription_get_transactional_id (ChatKafkaSubscription *self)
{
  return self->transactional_id;
}
