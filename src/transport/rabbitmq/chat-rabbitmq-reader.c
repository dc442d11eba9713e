/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "transport/chat-transport-error.h"
#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-reader-private.h"

/* So long a node's copy of a stream may lag behind; then it is taken for another stream. */
#define COPY_US (4 * G_USEC_PER_SEC)

G_DEFINE_FINAL_TYPE (ChatRabbitmqReader, chat_rabbitmq_reader, CHAT_TYPE_RABBITMQ_SUBSCRIPTION)

static void
close_feeds (ChatRabbitmqReader *self)
{
  for (guint i = 0; i < self->feeds->len; i++)
    chat_rabbitmq_feed_close (g_ptr_array_index (self->feeds, i));
}

static ChatRabbitmqFeed *
find_feed (ChatRabbitmqReader *self, const char *topic)
{
  for (guint i = 0; i < self->feeds->len; i++)
    {
      ChatRabbitmqFeed *feed = g_ptr_array_index (self->feeds, i);

      if (self->feeds->len == 1 || g_str_equal (feed->topic, topic))
        return feed;
    }
  return NULL;
}

void
chat_rabbitmq_reader_feed_in_place (ChatRabbitmqReader *self)
{
  g_autoptr (GTask) seek = NULL;

  if (--self->waiting > 0)
    return;
  self->placed = TRUE;
  seek = g_steal_pointer (&self->seek);
  g_clear_pointer (&self->seek_wish, chat_wish_free);
  chat_rabbitmq_subscription_in_place (CHAT_RABBITMQ_SUBSCRIPTION (self));
  if (seek != NULL)
    g_task_return_boolean (seek, TRUE);
}

static void
open_feeds (ChatRabbitmqReader *self)
{
  self->waiting = self->feeds->len;
  for (guint i = 0; i < self->feeds->len; i++)
    if (!chat_rabbitmq_feed_open (g_ptr_array_index (self->feeds, i)))
      {
        g_autoptr (GError) error = chat_rabbitmq_error_new_channels ();

        chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (self), error);
        return;
      }
}

static void
take_places (ChatRabbitmqReader *self, GPtrArray *places)
{
  for (guint i = 0; i < self->feeds->len; i++)
    {
      ChatRabbitmqFeed *feed = g_ptr_array_index (self->feeds, i);

      chat_rabbitmq_place_free (feed->place);
      feed->place = g_ptr_array_steal_index (places, 0);
    }
}

static gboolean
start_feeds (ChatRabbitmqReader *self, const ChatStart *start, GError **error)
{
  for (guint i = 0; i < self->feeds->len; i++)
    if (!chat_rabbitmq_feed_start (g_ptr_array_index (self->feeds, i), start, error))
      return FALSE;
  return TRUE;
}

/* A node that has just come back may not have the end of a stream yet. TRUE: it is looked at again. */
static gboolean
wait_for_copies (ChatRabbitmqReader *self)
{
  const ChatStart *start = self->placed ? NULL : &self->wish->start;
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;
  ChatRabbitmqFeed *ahead = NULL;

  for (guint i = 0; i < self->feeds->len; i++)
    if (chat_rabbitmq_feed_is_ahead (g_ptr_array_index (self->feeds, i), start))
      ahead = g_ptr_array_index (self->feeds, i);
  if (ahead == NULL || (self->ahead_since > 0 && now - self->ahead_since > COPY_US))
    {
      self->ahead_since = 0;
      return FALSE;
    }
  if (self->ahead_since == 0)
    self->ahead_since = now;
  error = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                       _ ("The stream of “%s” ends before what has come of it"), ahead->topic);
  chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (self), error);
  return TRUE;
}

static void
located_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatRabbitmqReader) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) places = chat_rabbitmq_admin_locate_finish (CHAT_RABBITMQ_ADMIN (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (places == NULL)
    {
      chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (self), error);
      return;
    }
  take_places (self, places);
  if (wait_for_copies (self))
    return;
  if (self->placed)
    {
      for (guint i = 0; i < self->feeds->len; i++)
        chat_rabbitmq_feed_resume (g_ptr_array_index (self->feeds, i));
    }
  else if (!start_feeds (self, &self->wish->start, &error))
    {
      chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (self), error);
      return;
    }
  open_feeds (self);
}

/* Seeking */

static void
fail_seek (ChatRabbitmqReader *self, const GError *error)
{
  g_autoptr (GTask) seek = g_steal_pointer (&self->seek);

  g_clear_pointer (&self->seek_wish, chat_wish_free);
  if (seek != NULL)
    g_task_return_error (seek, g_error_copy (error));
}

static gboolean
check_seek (ChatRabbitmqReader *self, GPtrArray *places, GError **error)
{
  for (guint i = 0; i < self->feeds->len; i++)
    {
      ChatRabbitmqFeed *feed = g_ptr_array_index (self->feeds, i);
      ChatRabbitmqFeed tried = { .topic = feed->topic, .place = g_ptr_array_index (places, i) };

      if (!chat_rabbitmq_feed_start (&tried, &self->seek_wish->start, error))
        return FALSE;
    }
  return TRUE;
}

static void
sought_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatRabbitmqReader) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) places = chat_rabbitmq_admin_locate_finish (CHAT_RABBITMQ_ADMIN (source), result, &error);

  if (self->seek == NULL)
    return;
  if (places == NULL || !check_seek (self, places, &error))
    {
      fail_seek (self, error);
      return;
    }
  chat_subscription_hold (CHAT_SUBSCRIPTION (self), self->seek);
  chat_rabbitmq_subscription_drop (CHAT_RABBITMQ_SUBSCRIPTION (self), NULL, NULL);
  close_feeds (self);
  take_places (self, places);
  start_feeds (self, &self->seek_wish->start, NULL);
  open_feeds (self);
}

void
chat_rabbitmq_reader_seek (ChatRabbitmqReader *self, const ChatStart *start, GTask *task)
{
  ChatRabbitmqSubscription *subscription = CHAT_RABBITMQ_SUBSCRIPTION (self);

  g_return_if_fail (CHAT_IS_RABBITMQ_READER (self));

  if (self->seek != NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING,
                               _ ("Another seek of this subscription is on its way"));
      return;
    }
  if (!chat_rabbitmq_subscription_is_in_place (subscription))
    {
      g_task_return_new_error (task, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                               _ ("There is no connection to the broker"));
      return;
    }
  self->seek = g_object_ref (task);
  self->seek_wish = chat_wish_new ((const char *const *)self->wish->topics, NULL, start);
  chat_rabbitmq_admin_locate_async (chat_rabbitmq_subscription_get_site (subscription)->admin,
                                    (const char *const *)self->wish->topics,
                                    chat_rabbitmq_subscription_get_cancellable (subscription), sought_cb,
                                    g_object_ref (self));
}

/* Overrides */

static void
chat_rabbitmq_reader_attach (ChatRabbitmqSubscription *subscription, const ChatRabbitmqSite *site)
{
  ChatRabbitmqReader *self = CHAT_RABBITMQ_READER (subscription);

  chat_rabbitmq_admin_locate_async (site->admin, (const char *const *)self->wish->topics,
                                    chat_rabbitmq_subscription_get_cancellable (subscription), located_cb,
                                    g_object_ref (self));
}

static void
chat_rabbitmq_reader_detach (ChatRabbitmqSubscription *subscription)
{
  ChatRabbitmqReader *self = CHAT_RABBITMQ_READER (subscription);
  g_autoptr (GError) error = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                                  _ ("The connection to the broker broke"));

  close_feeds (self);
  self->waiting = 0;
  fail_seek (self, error);
}

static void
chat_rabbitmq_reader_delivering (ChatSubscription *subscription, GPtrArray *batch)
{
  ChatRabbitmqReader *self = CHAT_RABBITMQ_READER (subscription);

  for (guint i = 0; i < batch->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (batch, i);

      chat_rabbitmq_feed_delivering (find_feed (self, chat_record_get_topic (record)), record);
    }
}

static void
chat_rabbitmq_reader_get_lag (ChatSubscription *subscription, gint64 *records, gint64 *milliseconds)
{
  ChatRabbitmqReader *self = CHAT_RABBITMQ_READER (subscription);
  guint waiting = chat_rabbitmq_subscription_get_waiting (CHAT_RABBITMQ_SUBSCRIPTION (self), milliseconds);

  *records = waiting;
  /* more may wait than the window lets in */
  for (guint i = 0; i < self->feeds->len; i++)
    {
      ChatRabbitmqFeed *feed = g_ptr_array_index (self->feeds, i);

      if (feed->channel == NULL || feed->received - feed->acked >= CHAT_RABBITMQ_FEED_WINDOW)
        *records = -1;
    }
}

static ChatPosition *
chat_rabbitmq_reader_dup_position (ChatSubscription *subscription)
{
  ChatRabbitmqReader *self = CHAT_RABBITMQ_READER (subscription);
  ChatPosition *position = chat_position_new ();

  for (guint i = 0; i < self->feeds->len; i++)
    {
      ChatRabbitmqFeed *feed = g_ptr_array_index (self->feeds, i);

      if (feed->place != NULL && feed->place->stream != NULL)
        chat_position_set (position, feed->topic, CHAT_RABBITMQ_FEED_SHARD, feed->position);
    }
  return position;
}

static void
chat_rabbitmq_reader_close_async (ChatSubscription *subscription, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (subscription, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_rabbitmq_reader_close_async);
  chat_rabbitmq_subscription_detach (CHAT_RABBITMQ_SUBSCRIPTION (subscription));
  g_signal_emit_by_name (subscription, "gone");
  g_task_return_boolean (task, TRUE);
}

static gboolean
chat_rabbitmq_reader_close_finish (ChatSubscription *subscription, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, subscription), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
chat_rabbitmq_reader_finalize (GObject *object)
{
  ChatRabbitmqReader *self = CHAT_RABBITMQ_READER (object);

  chat_wish_free (self->wish);
  g_ptr_array_unref (self->feeds);
  g_clear_pointer (&self->channels, g_hash_table_unref);
  G_OBJECT_CLASS (chat_rabbitmq_reader_parent_class)->finalize (object);
}

static void
chat_rabbitmq_reader_class_init (ChatRabbitmqReaderClass *klass)
{
  ChatSubscriptionClass *subscription_class = CHAT_SUBSCRIPTION_CLASS (klass);
  ChatRabbitmqSubscriptionClass *rabbitmq_class = CHAT_RABBITMQ_SUBSCRIPTION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = chat_rabbitmq_reader_finalize;
  subscription_class->delivering = chat_rabbitmq_reader_delivering;
  subscription_class->get_lag = chat_rabbitmq_reader_get_lag;
  subscription_class->dup_position = chat_rabbitmq_reader_dup_position;
  subscription_class->close_async = chat_rabbitmq_reader_close_async;
  subscription_class->close_finish = chat_rabbitmq_reader_close_finish;
  rabbitmq_class->attach = chat_rabbitmq_reader_attach;
  rabbitmq_class->detach = chat_rabbitmq_reader_detach;
}

static void
chat_rabbitmq_reader_init (ChatRabbitmqReader *self)
{
  self->feeds = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_rabbitmq_feed_free);
}

ChatRabbitmqReader *
chat_rabbitmq_reader_new (const char *const *topics, const char *const *channels, const ChatStart *start)
{
  ChatRabbitmqReader *self = g_object_new (CHAT_TYPE_RABBITMQ_READER, NULL);

  self->wish = chat_wish_new (topics, channels, start);
  for (guint i = 0; topics[i] != NULL; i++)
    g_ptr_array_add (self->feeds, chat_rabbitmq_feed_new (self, topics[i]));
  if (channels == NULL)
    return self;
  self->channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; channels[i] != NULL; i++)
    g_hash_table_add (self->channels, g_strdup (channels[i]));
  return self;
}
