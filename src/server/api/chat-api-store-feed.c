/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-store-feed.h"

#include "core/chat-message-codec.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "core/chat-timer.h"
#include "core/chat-uuid.h"
#include "transport/chat-backoff.h"
#include "transport/chat-record.h"

#define PAGE_ROWS 500

struct _ChatApiStoreFeed
{
  GObject parent_instance;

  /* Owned */
  ChatStore *store;
  GHashTable *places; /* channel → Place */
  GTask *start;       /* until the heads are known */
  GSource *retry;     /* (nullable): after the store could not be read */
  ChatBackoff backoff;

  gulong changed;
  gboolean listing, list_again;
  gboolean started, stopped;
};

/** Place: how far one channel was read. */
typedef struct
{
  gint64 last; /* seq: everything up to it was told */
  gint64 head; /* of the channel, as far as it is known */
  gboolean asking;
} Place;

static void service_iface_init (ChatServiceInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChatApiStoreFeed, chat_api_store_feed, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHAT_TYPE_SERVICE, service_iface_init))

enum
{
  RECORDS,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void list_channels (ChatApiStoreFeed *self);

/*
 * Reading on in one channel
 */

typedef struct
{
  ChatApiStoreFeed *feed;
  char *channel;
} Reading;

static void
reading_free (Reading *self)
{
  g_object_unref (self->feed);
  g_free (self->channel);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reading, reading_free)

static void
add_record (GPtrArray *records, const char *topic, const char *channel, const ChatMessage *message)
{
  g_autoptr (GBytes) bytes = chat_message_encode (message);

  g_ptr_array_add (records, chat_record_new (topic, channel, bytes));
}

static GPtrArray *
make_records (const char *channel, const ChatMessagePage *page)
{
  const char *topic = chat_channel_name_is_private (channel) ? CHAT_TOPIC_PRIVATE : CHAT_TOPIC_CONTROLLED;
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  g_autoptr (ChatMessage) receipt = chat_message_new (CHAT_KIND_RECEIPT);
  g_autofree char *id = chat_uuid_v7 ();

  chat_message_set_id (receipt, id);
  chat_message_set_channel (receipt, channel);
  chat_message_set_timestamp (receipt, chat_time_now ());
  for (guint i = 0; i < page->messages->len; i++)
    {
      g_autoptr (ChatMessage) message = chat_message_copy (page->messages->pdata[i]);

      chat_message_add_receipt (receipt, chat_message_get_id (message), chat_message_get_seq (message));
      chat_message_set_seq (message, 0);
      add_record (records, topic, channel, message);
    }
  add_record (records, CHAT_TOPIC_RECEIPTS, channel, receipt);
  return records;
}

static gboolean
retry_cb (gpointer user_data)
{
  ChatApiStoreFeed *self = user_data;

  chat_timer_clear (&self->retry);
  list_channels (self);
  return G_SOURCE_REMOVE;
}

/* What can't be read now is read when the heads of all channels are looked at again. */
static void
try_later (ChatApiStoreFeed *self, const char *what, const GError *error)
{
  if (self->retry != NULL || self->stopped)
    return;
  g_info ("the live feed can't read %s: %s", what, error->message);
  self->retry = chat_timer_new (chat_backoff_next (&self->backoff), retry_cb, self);
}

static void read_on (ChatApiStoreFeed *self, const char *channel, Place *place);

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Reading) reading = user_data;
  ChatApiStoreFeed *self = reading->feed;
  Place *place = g_hash_table_lookup (self->places, reading->channel);
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatMessagePage) page = chat_message_store_list_finish (CHAT_MESSAGE_STORE (source), result, &error);

  place->asking = FALSE;
  if (self->stopped)
    return;
  if (page == NULL)
    {
      try_later (self, reading->channel, error);
      return;
    }
  chat_backoff_reset (&self->backoff);
  place->head = MAX (place->head, page->head);
  if (page->messages->len > 0)
    {
      place->last = chat_message_get_seq (page->messages->pdata[page->messages->len - 1]);
      records = make_records (reading->channel, page);
      g_signal_emit (self, signals[RECORDS], 0, records);
    }
  if (!page->more_after)
    place->last = MAX (place->last, page->head); /* the last rows may be gone (retention) */
  read_on (self, reading->channel, place);
}

static void
read_on (ChatApiStoreFeed *self, const char *channel, Place *place)
{
  ChatPage page = { .kind = CHAT_PAGE_AFTER, .seq = place->last, .time_ms = CHAT_TIME_UNKNOWN, .limit = PAGE_ROWS };
  Reading *reading;

  if (place->asking || place->last >= place->head || self->stopped || !self->started)
    return;
  reading = g_new0 (Reading, 1);
  reading->feed = g_object_ref (self);
  reading->channel = g_strdup (channel);
  place->asking = TRUE;
  chat_message_store_list_async (chat_store_get_messages (self->store), channel, &page, NULL, read_cb, reading);
}

/* Of a channel that was not there at the start everything is new. */
static void
learn_head (ChatApiStoreFeed *self, const char *channel, gint64 head)
{
  Place *place = g_hash_table_lookup (self->places, channel);

  if (place == NULL)
    {
      place = g_new0 (Place, 1);
      g_hash_table_insert (self->places, g_strdup (channel), place);
    }
  place->head = MAX (place->head, head);
  read_on (self, channel, place);
}

/*
 * The heads of all channels
 */

static void
take_heads (ChatApiStoreFeed *self, GPtrArray *channels)
{
  gboolean first = !self->started;

  for (guint i = 0; i < channels->len; i++)
    {
      const ChatChannelInfo *channel = channels->pdata[i];

      learn_head (self, channel->name, channel->head);
      if (first)
        ((Place *)g_hash_table_lookup (self->places, channel->name))->last = channel->head;
    }
}

/* What the store told of while it was asked. */
static void
catch_up (ChatApiStoreFeed *self)
{
  GHashTableIter iter;
  gpointer channel, place;

  g_hash_table_iter_init (&iter, self->places);
  while (g_hash_table_iter_next (&iter, &channel, &place))
    read_on (self, channel, place);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiStoreFeed) self = user_data;
  g_autoptr (GTask) start = g_steal_pointer (&self->start);
  GError *error = NULL;
  g_autoptr (GPtrArray) channels = chat_channel_store_list_finish (CHAT_CHANNEL_STORE (source), result, &error);

  self->listing = FALSE;
  if (channels != NULL)
    {
      take_heads (self, channels);
      self->started = TRUE;
      catch_up (self);
      if (start != NULL)
        g_task_return_boolean (start, TRUE);
    }
  else if (start != NULL)
    g_task_return_error (start, error);
  else
    {
      try_later (self, "the channels", error);
      g_error_free (error);
    }
  if (self->list_again && !self->stopped)
    list_channels (self);
}

static void
list_channels (ChatApiStoreFeed *self)
{
  self->list_again = self->listing;
  if (self->listing)
    return;
  self->listing = TRUE;
  chat_channel_store_list_async (chat_store_get_channels (self->store), NULL, NULL, listed_cb, g_object_ref (self));
}

static void
changed_cb (ChatStore *store, const char *channel, gint64 head, ChatApiStoreFeed *self)
{
  if (self->stopped)
    return;
  if (channel != NULL)
    learn_head (self, channel, head);
  else
    list_channels (self);
}

/*
 * ChatService
 */

static const char *
chat_api_store_feed_get_name (ChatService *service)
{
  return "store feed";
}

static void
watched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatApiStoreFeed *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (!chat_store_watch_finish (CHAT_STORE (source), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  self->start = g_steal_pointer (&task);
  list_channels (self);
}

static void
chat_api_store_feed_start_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  ChatApiStoreFeed *self = CHAT_API_STORE_FEED (service);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_api_store_feed_start_async);
  self->changed = g_signal_connect (self->store, "changed", G_CALLBACK (changed_cb), self);
  chat_store_watch_async (self->store, cancellable, watched_cb, task);
}

static void
disconnect (ChatApiStoreFeed *self)
{
  if (self->changed != 0)
    g_signal_handler_disconnect (self->store, self->changed);
  self->changed = 0;
  chat_timer_clear (&self->retry);
}

static void
chat_api_store_feed_stop_async (ChatService *service, GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data)
{
  ChatApiStoreFeed *self = CHAT_API_STORE_FEED (service);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_api_store_feed_stop_async);
  self->stopped = TRUE;
  disconnect (self);
  g_task_return_boolean (task, TRUE);
}

static gboolean
chat_api_store_feed_finish (ChatService *service, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, service), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
service_iface_init (ChatServiceInterface *iface)
{
  iface->get_name = chat_api_store_feed_get_name;
  iface->start_async = chat_api_store_feed_start_async;
  iface->start_finish = chat_api_store_feed_finish;
  iface->stop_async = chat_api_store_feed_stop_async;
  iface->stop_finish = chat_api_store_feed_finish;
}

/* GObject */

static void
chat_api_store_feed_dispose (GObject *object)
{
  ChatApiStoreFeed *self = CHAT_API_STORE_FEED (object);

  disconnect (self);
  G_OBJECT_CLASS (chat_api_store_feed_parent_class)->dispose (object);
}

static void
chat_api_store_feed_finalize (GObject *object)
{
  ChatApiStoreFeed *self = CHAT_API_STORE_FEED (object);

  g_hash_table_unref (self->places);
  g_object_unref (self->store);
  G_OBJECT_CLASS (chat_api_store_feed_parent_class)->finalize (object);
}

static void
chat_api_store_feed_class_init (ChatApiStoreFeedClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = chat_api_store_feed_dispose;
  G_OBJECT_CLASS (klass)->finalize = chat_api_store_feed_finalize;
  signals[RECORDS] = g_signal_new ("records", CHAT_TYPE_API_STORE_FEED, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_PTR_ARRAY);
}

static void
chat_api_store_feed_init (ChatApiStoreFeed *self)
{
  const ChatBackoff backoff = CHAT_BACKOFF_INIT;

  self->backoff = backoff;
  self->places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

ChatApiStoreFeed *
chat_api_store_feed_new (ChatStore *store)
{
  ChatApiStoreFeed *self = g_object_new (CHAT_TYPE_API_STORE_FEED, NULL);

  self->store = g_object_ref (store);
  return self;
}
