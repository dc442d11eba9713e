/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-feed.h"

#include <glib/gi18n-lib.h>

#include "core/chat-time.h"
#include "transport/chat-backoff.h"

typedef struct
{
  char **topics;
  char **channels; /* nullable */
} Wanted;

struct _ChatFeed
{
  GObject parent_instance;

  /* Borrowed */
  ChatFeedMake make;
  gpointer make_data;

  /* Owned */
  ChatTransport *transport; /* nullable */
  GCancellable *cancellable;
  GPtrArray *wanted;        /* Wanted */
  ChatPosition *position;   /* nullable: where what is wanted begins */
  GPtrArray *coming;        /* ChatSubscription: of what is wanted, until it is all */
  GPtrArray *subscriptions; /* ChatSubscription */
  char *name;               /* nullable */
  char *error;              /* nullable */

  ChatBackoff backoff;
  guint retry_source;
  guint generation; /* of what is wanted: an answer about an earlier one is dropped */
  gint64 since;
  gboolean started;
  gboolean connected;
  gboolean placed;
  gboolean online;
};

G_DEFINE_FINAL_TYPE (ChatFeed, chat_feed, G_TYPE_OBJECT)

enum
{
  RECORDS,
  GAP,
  PLACED,
  CHANGED,
  DENIED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void connect_transport (ChatFeed *self);
static void subscribe_all (ChatFeed *self);

static void
wanted_free (Wanted *wanted)
{
  g_strfreev (wanted->topics);
  g_strfreev (wanted->channels);
  g_free (wanted);
}

/* What is asked of a transport: an answer counts while that is still the transport, and about what is still wanted. */
typedef struct
{
  GWeakRef feed;
  guint generation;
} Call;

static Call *
call_new (ChatFeed *self)
{
  Call *call = g_new0 (Call, 1);

  g_weak_ref_init (&call->feed, self);
  call->generation = self->generation;
  return call;
}

/* (transfer full) (nullable) */
static ChatFeed *
call_end (Call *call, GObject *source, gboolean of_generation)
{
  ChatFeed *self = g_weak_ref_get (&call->feed);

  if (self != NULL
      && (self->transport != (ChatTransport *)source || (of_generation && call->generation != self->generation)))
    g_clear_object (&self);
  g_weak_ref_clear (&call->feed);
  g_free (call);
  return self;
}

static void
update (ChatFeed *self)
{
  ChatTransportState state
      = self->transport != NULL ? chat_transport_get_state (self->transport) : CHAT_TRANSPORT_OFFLINE;
  /* a feed only reads: where it is degraded, something does not come */
  gboolean online = self->subscriptions->len > 0 && state == CHAT_TRANSPORT_ONLINE;

  if (self->online != online)
    {
      self->online = online;
      self->since = chat_time_now ();
    }
  if (online)
    chat_backoff_reset (&self->backoff);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
set_error (ChatFeed *self, const GError *error)
{
  g_free (self->error);
  self->error = g_strdup (error->message);
}

/* Subscriptions */

static void
records_cb (ChatFeed *self, GPtrArray *batch)
{
  g_signal_emit (self, signals[RECORDS], 0, batch);
}

static void
gap_cb (ChatFeed *self, const char *topic, const char *shard, gint64 from, gint64 to)
{
  g_signal_emit (self, signals[GAP], 0, topic, shard, from, to);
}

static gboolean
take_receipt (ChatRecord *record, gpointer receipts)
{
  if (g_str_equal (chat_record_get_topic (record), CHAT_TOPIC_RECEIPTS))
    g_ptr_array_add (receipts, chat_record_ref (record));
  return TRUE;
}

/* (transfer full) (element-type ChatRecord): the receipts that came for @subscriptions and were not told of yet.
 * Records are repeated to those that come after them, from where they begin; receipts are not. */
static GPtrArray *
take_receipts (GPtrArray *subscriptions)
{
  GPtrArray *receipts = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);

  for (guint i = 0; i < subscriptions->len; i++)
    chat_subscription_drop_queued (g_ptr_array_index (subscriptions, i), take_receipt, receipts);
  return receipts;
}

/* Dropping the last reference closes it. */
static void
drop_all (ChatFeed *self, GPtrArray *subscriptions)
{
  for (guint i = 0; i < subscriptions->len; i++)
    g_signal_handlers_disconnect_by_data (g_ptr_array_index (subscriptions, i), self);
  g_ptr_array_set_size (subscriptions, 0);
}

static void
drop_transport (ChatFeed *self)
{
  g_clear_handle_id (&self->retry_source, g_source_remove);
  self->generation++;
  drop_all (self, self->coming);
  drop_all (self, self->subscriptions);
  self->connected = self->placed = FALSE;
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->transport != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->transport, self);
      chat_transport_close_async (self->transport, NULL, NULL, NULL);
    }
  g_clear_object (&self->transport);
}

static gboolean
retry_cb (gpointer user_data)
{
  ChatFeed *self = user_data;

  self->retry_source = 0;
  connect_transport (self);
  return G_SOURCE_REMOVE;
}

static void
fail (ChatFeed *self, const GError *error)
{
  g_autoptr (ChatFeed) alive = g_object_ref (self);

  if (!self->started)
    return;
  set_error (self, error);
  drop_transport (self);
  /* what was to begin at a place is too late for it: whoever wanted that is told that it is placed anew */
  g_clear_pointer (&self->position, chat_position_free);
  if (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED))
    {
      self->started = FALSE;
      update (self);
      g_signal_emit (self, signals[DENIED], 0, error);
      return;
    }
  self->retry_source = g_timeout_add (chat_backoff_next (&self->backoff), retry_cb, self);
  g_source_set_name_by_id (self->retry_source, "ChatFeed retry");
  update (self);
}

static void
closed_cb (ChatFeed *self, const GError *error)
{
  if (error != NULL)
    fail (self, error);
}

static void
take_subscription (ChatFeed *self, ChatSubscription *subscription)
{
  g_autoptr (GPtrArray) receipts = NULL;
  GPtrArray *old;

  g_signal_connect_object (subscription, "records", G_CALLBACK (records_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (subscription, "gap", G_CALLBACK (gap_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (subscription, "closed", G_CALLBACK (closed_cb), self, G_CONNECT_SWAPPED);
  g_ptr_array_add (self->coming, subscription);
  if (self->coming->len < self->wanted->len)
    return;
  old = self->subscriptions;
  self->subscriptions = self->coming;
  self->coming = old;
  receipts = take_receipts (self->coming);
  drop_all (self, self->coming);
  g_clear_pointer (&self->position, chat_position_free);
  self->placed = TRUE;
  if (receipts->len > 0)
    g_signal_emit (self, signals[RECORDS], 0, receipts);
  update (self);
  /* who is told that it is online may want something else */
  if (self->placed)
    g_signal_emit (self, signals[PLACED], 0);
}

static void
subscribed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatFeed) self = call_end (user_data, source, TRUE);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatSubscription) subscription = chat_transport_subscribe_finish (CHAT_TRANSPORT (source), result, &error);

  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (subscription != NULL)
    {
      take_subscription (self, g_steal_pointer (&subscription));
    }
  else if (self->position != NULL
           && (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST)
               || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED)))
    {
      set_error (self, error);
      g_clear_pointer (&self->position, chat_position_free);
      subscribe_all (self);
    }
  else
    {
      fail (self, error);
    }
}

static void
subscribe_all (ChatFeed *self)
{
  const ChatStart start = { self->position != NULL ? CHAT_START_POSITION : CHAT_START_LIVE, self->position, 0, NULL };

  self->generation++;
  self->placed = FALSE;
  drop_all (self, self->coming);
  for (guint i = 0; i < self->wanted->len; i++)
    {
      const Wanted *wanted = g_ptr_array_index (self->wanted, i);

      chat_transport_subscribe_async (self->transport, (const char *const *)wanted->topics,
                                      (const char *const *)wanted->channels, &start, self->cancellable, subscribed_cb,
                                      call_new (self));
    }
}

/* The transport */

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatFeed) self = call_end (user_data, source, FALSE);
  g_autoptr (GError) error = NULL;

  chat_transport_connect_finish (CHAT_TRANSPORT (source), result, &error);
  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (error != NULL)
    {
      fail (self, error);
      return;
    }
  self->connected = TRUE;
  subscribe_all (self);
}

static void
connect_transport (ChatFeed *self)
{
  self->cancellable = g_cancellable_new ();
  self->transport = self->make (self->make_data);
  if (self->transport == NULL)
    {
      g_autoptr (GError) error = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_DENIED,
                                                      _ ("This program was built without that broker"));

      fail (self, error);
      return;
    }
  g_free (self->name);
  self->name = g_strdup (chat_transport_get_name (self->transport));
  g_signal_connect_object (self->transport, "notify::state", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->transport, "notify::status", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  chat_transport_connect_async (self->transport, self->cancellable, connected_cb, call_new (self));
  update (self);
}

/* Overrides */

static void
chat_feed_dispose (GObject *object)
{
  drop_transport (CHAT_FEED (object));
  G_OBJECT_CLASS (chat_feed_parent_class)->dispose (object);
}

static void
chat_feed_finalize (GObject *object)
{
  ChatFeed *self = CHAT_FEED (object);

  g_ptr_array_unref (self->wanted);
  g_ptr_array_unref (self->coming);
  g_ptr_array_unref (self->subscriptions);
  g_clear_pointer (&self->position, chat_position_free);
  g_free (self->name);
  g_free (self->error);
  G_OBJECT_CLASS (chat_feed_parent_class)->finalize (object);
}

static void
chat_feed_class_init (ChatFeedClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = chat_feed_dispose;
  G_OBJECT_CLASS (klass)->finalize = chat_feed_finalize;

  signals[RECORDS] = g_signal_new ("records", CHAT_TYPE_FEED, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                   G_TYPE_PTR_ARRAY | G_SIGNAL_TYPE_STATIC_SCOPE);
  signals[GAP] = g_signal_new ("gap", CHAT_TYPE_FEED, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4,
                               G_TYPE_STRING, G_TYPE_STRING, G_TYPE_INT64, G_TYPE_INT64);
  signals[PLACED] = g_signal_new ("placed", CHAT_TYPE_FEED, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[CHANGED] = g_signal_new ("changed", CHAT_TYPE_FEED, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[DENIED] = g_signal_new ("denied", CHAT_TYPE_FEED, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                  G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
chat_feed_init (ChatFeed *self)
{
  self->wanted = g_ptr_array_new_with_free_func ((GDestroyNotify)wanted_free);
  self->coming = g_ptr_array_new_with_free_func (g_object_unref);
  self->subscriptions = g_ptr_array_new_with_free_func (g_object_unref);
  self->backoff = (ChatBackoff)CHAT_BACKOFF_INIT;
  self->since = chat_time_now ();
}

ChatFeed *
chat_feed_new (ChatFeedMake make, gpointer data)
{
  ChatFeed *self;

  g_return_val_if_fail (make != NULL, NULL);

  self = g_object_new (CHAT_TYPE_FEED, NULL);
  self->make = make;
  self->make_data = data;
  return self;
}

void
chat_feed_start (ChatFeed *self)
{
  g_return_if_fail (CHAT_IS_FEED (self));

  if (self->started)
    return;
  self->started = TRUE;
  connect_transport (self);
}

void
chat_feed_stop (ChatFeed *self)
{
  g_return_if_fail (CHAT_IS_FEED (self));

  self->started = self->online = FALSE;
  drop_transport (self);
}

void
chat_feed_retry (ChatFeed *self)
{
  g_return_if_fail (CHAT_IS_FEED (self));

  if (!self->started)
    {
      chat_feed_start (self);
    }
  else if (self->transport != NULL)
    {
      /* idempotent; and a transport that waits for its next try tries at once */
      chat_transport_connect_async (self->transport, NULL, NULL, NULL);
    }
  else
    {
      g_clear_handle_id (&self->retry_source, g_source_remove);
      connect_transport (self);
    }
}

void
chat_feed_want (ChatFeed *self, const ChatFeedTopics *topics, guint n_topics, const ChatPosition *position,
                gboolean break_first)
{
  g_return_if_fail (CHAT_IS_FEED (self));
  g_return_if_fail (n_topics > 0);

  g_ptr_array_set_size (self->wanted, 0);
  for (guint i = 0; i < n_topics; i++)
    {
      Wanted *wanted = g_new0 (Wanted, 1);

      wanted->topics = g_strdupv ((char **)topics[i].topics);
      wanted->channels = g_strdupv ((char **)topics[i].channels);
      g_ptr_array_add (self->wanted, wanted);
    }
  g_clear_pointer (&self->position, chat_position_free);
  self->position = position != NULL ? chat_position_copy (position) : NULL;
  self->placed = FALSE;
  if (break_first)
    drop_all (self, self->subscriptions);
  if (self->connected)
    subscribe_all (self);
  if (break_first && self->online)
    update (self);
}

gboolean
chat_feed_is_online (ChatFeed *self)
{
  g_return_val_if_fail (CHAT_IS_FEED (self), FALSE);
  return self->online;
}

gboolean
chat_feed_is_placed (ChatFeed *self)
{
  g_return_val_if_fail (CHAT_IS_FEED (self), FALSE);
  return self->placed;
}

ChatTransport *
chat_feed_get_transport (ChatFeed *self)
{
  g_return_val_if_fail (CHAT_IS_FEED (self), NULL);
  return self->transport;
}

const char *
chat_feed_get_name (ChatFeed *self)
{
  g_return_val_if_fail (CHAT_IS_FEED (self), NULL);
  return self->name != NULL ? self->name : "";
}

const char *
chat_feed_get_title (ChatFeed *self)
{
  static const struct
  {
    const char *name, *title;
  } names[] = { { "websocket", "WebSocket" }, { "kafka", "Kafka" }, { "rabbitmq", "RabbitMQ" } };

  g_return_val_if_fail (CHAT_IS_FEED (self), NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i].name, chat_feed_get_name (self)))
      return names[i].title;
  return chat_feed_get_name (self);
}

gboolean
chat_feed_is_degraded (ChatFeed *self)
{
  g_return_val_if_fail (CHAT_IS_FEED (self), FALSE);
  return self->transport != NULL && chat_transport_get_state (self->transport) == CHAT_TRANSPORT_DEGRADED;
}

char *
chat_feed_dup_status (ChatFeed *self)
{
  g_return_val_if_fail (CHAT_IS_FEED (self), NULL);

  if (self->transport != NULL)
    return chat_transport_dup_status (self->transport);
  return g_strdup (self->error != NULL ? self->error : _ ("Not connected"));
}

const char *
chat_feed_get_error (ChatFeed *self)
{
  g_return_val_if_fail (CHAT_IS_FEED (self), NULL);
  return self->error;
}

gint64
chat_feed_get_since (ChatFeed *self)
{
  g_return_val_if_fail (CHAT_IS_FEED (self), CHAT_TIME_UNKNOWN);
  return self->since;
}

void
chat_feed_get_lag (ChatFeed *self, gint64 *records, gint64 *milliseconds)
{
  g_return_if_fail (CHAT_IS_FEED (self));

  *records = *milliseconds = -1;
  if (self->subscriptions->len > 0)
    chat_subscription_get_lag (g_ptr_array_index (self->subscriptions, 0), records, milliseconds);
}

ChatPosition *
chat_feed_dup_position (ChatFeed *self)
{
  g_return_val_if_fail (CHAT_IS_FEED (self), NULL);

  if (self->subscriptions->len == 0)
    return NULL;
  return chat_subscription_dup_position (g_ptr_array_index (self->subscriptions, 0));
}
