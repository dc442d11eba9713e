/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-workspace-private.h"

#include <glib/gi18n-lib.h>

#include "core/chat-names.h"

/*
 * A workspace without a service. The feed begins where that of the last run ended, so that what came meanwhile is
 * unread; the seqs of its messages are places in the broker's logs (ChatBrokerLog), and so are read markers.
 */

/* With more records missed than this the feed begins live; who wants to see them scrolls up. */
#define MISSED_MOST 5000

/* While there is more to come, partitions are put in order for so long, and so many records at most. */
#define ORDER_MS 200
#define WAITING_MOST 5000

/* What is kept between runs. */
#define CHANNELS_VALUE "broker-channels"
#define POSITION_VALUE "broker-position"

static void subscribe (ChatWorkspace *self);
static void fail (ChatWorkspace *self, const GError *error);

/* Topics of a Tertulia server that are no channels. */
static gboolean
is_of_server (const char *topic)
{
  static const char *const topics[]
      = { CHAT_TOPIC_PRIVATE, CHAT_TOPIC_WARNINGS, CHAT_TOPIC_RECEIPTS, CHAT_TOPIC_REJECTED, CHAT_TOPIC_CONTROL, NULL };

  return g_strv_contains (topics, topic);
}

void
chat_workspace_site_init (ChatWorkspace *self, ChatBrokerSite *site)
{
  self->site = g_object_ref (site);
  self->site_backoff = (ChatBackoff)CHAT_BACKOFF_INIT;
  self->began = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  chat_cache_set_sparse (self->cache, TRUE);
  chat_rest_set_absent (self->rest, _ ("There is no Tertulia server here, and a broker alone can't do this"));
}

void
chat_workspace_site_finalize (ChatWorkspace *self)
{
  g_clear_object (&self->site);
  g_clear_pointer (&self->position, chat_position_free);
  g_clear_pointer (&self->began, g_hash_table_unref);
  g_clear_pointer (&self->told, g_hash_table_unref);
}

/* Channels */

static void
keep_channels (ChatWorkspace *self)
{
  g_autofree char *text = chat_broker_site_to_string (self->site);

  chat_cache_put_value (self->cache, CHANNELS_VALUE, text);
}

static void
show_channels (ChatWorkspace *self)
{
  g_autoptr (GPtrArray) channels = chat_broker_site_get_channels (self->site);
  gboolean made = FALSE;

  for (guint i = 0; i < channels->len; i++)
    if (chat_channel_list_find (self->channels, g_ptr_array_index (channels, i)) == NULL)
      {
        chat_workspace_upsert_channel (self, g_ptr_array_index (channels, i));
        made = TRUE;
      }
  if (made)
    keep_channels (self);
}

void
chat_workspace_site_restore (ChatWorkspace *self, GHashTable *values)
{
  const char *position;

  if (self->site == NULL)
    return;
  chat_workspace_set_name (self, self->uri);
  position = g_hash_table_lookup (values, POSITION_VALUE);
  if (position != NULL)
    self->position = chat_position_from_string (position, NULL);
  chat_broker_site_restore (self->site, g_hash_table_lookup (values, CHANNELS_VALUE));
  show_channels (self);
}

/* Where the feed stands */

static gboolean
is_resumable (ChatWorkspace *self)
{
  return (chat_transport_get_features (self->site_transport) & CHAT_TRANSPORT_RESUMABLE) != 0;
}

/* (transfer full) */
static ChatPosition *
dup_position (ChatWorkspace *self)
{
  GPtrArray *topics = chat_broker_site_get_topics (self->site);
  ChatPosition *position = chat_position_new ();

  for (guint i = 0; i < topics->len; i++)
    {
      const char *topic = g_ptr_array_index (topics, i);
      ChatBrokerLog *log = chat_broker_site_get_topic_log (self->site, topic);

      for (guint j = 0; j < chat_broker_log_get_shards (log); j++)
        {
          g_autofree char *shard = g_strdup_printf ("%u", j);

          chat_position_set (position, topic, shard, chat_broker_log_get_ends (log)[j]);
        }
    }
  return position;
}

static void
keep_position (ChatWorkspace *self)
{
  g_autofree char *text = NULL;

  g_clear_pointer (&self->position, chat_position_free);
  self->position = dup_position (self);
  text = chat_position_to_string (self->position);
  chat_cache_put_value (self->cache, POSITION_VALUE, text);
}

static void
set_seq (GHashTable *table, const char *name, gint64 seq)
{
  g_hash_table_insert (table, g_strdup (name), g_memdup2 (&seq, sizeof seq));
}

/* Of a topic whose feed has just begun. */
static void
begin_channel (ChatWorkspace *self, ChatChannel *channel, ChatBrokerLog *log)
{
  gint64 end = chat_broker_log_get_end (log), head = chat_channel_get_head (channel);

  if (self->site_lost && end < head)
    {
      chat_channel_begin_again (channel);
      if (chat_channel_peek_timeline (channel) != NULL)
        chat_timeline_begin_again (chat_channel_peek_timeline (channel));
      head = 0;
    }
  /* what was written before somebody came here for the first time he has not missed */
  if (head == 0)
    {
      chat_channel_set_head (channel, end);
      chat_channel_set_read (channel, end);
      return;
    }
  if (!self->skip_missed || end <= head)
    return;
  /* so many at most: other records are among them */
  chat_channel_set_head (channel, end);
  chat_unread_take (chat_channel_get_counter (channel), end,
                    (guint)MIN (chat_channel_get_unread (channel) + (end - head), G_MAXINT32), 0);
  chat_channel_update_unread (channel);
}

static void
begin_topic (ChatWorkspace *self, const char *topic, const ChatPosition *position)
{
  ChatBrokerLog *log = chat_broker_site_get_topic_log (self->site, topic);
  gint64 before = chat_broker_log_get_end (log);

  chat_broker_log_begin (log, position);
  if (self->site_lost && chat_broker_log_get_end (log) < before)
    chat_broker_log_forget (log);
  set_seq (self->began, topic, chat_broker_log_get_end (log));
  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatChannel *channel = chat_channel_list_get (self->channels, i);

      if (chat_broker_site_get_log (self->site, chat_channel_get_name (channel)) == log)
        {
          g_hash_table_remove (self->told, chat_channel_get_name (channel));
          begin_channel (self, channel, log);
        }
    }
}

/* A broker that gives its records no place: they are numbered here, on from where the last run ended. */
static ChatPosition *
number_topics (ChatWorkspace *self)
{
  GPtrArray *topics = chat_broker_site_get_topics (self->site);
  ChatPosition *position = chat_position_new ();

  for (guint i = 0; i < topics->len; i++)
    {
      const char *topic = g_ptr_array_index (topics, i);
      ChatBrokerLog *log = chat_broker_site_get_topic_log (self->site, topic);
      gint64 next = self->position != NULL ? MAX (chat_position_get (self->position, topic, "0"), 0) : 0;

      for (guint j = 0; j < chat_channel_list_get_length (self->channels); j++)
        {
          ChatChannel *channel = chat_channel_list_get (self->channels, j);

          if (chat_broker_site_get_log (self->site, chat_channel_get_name (channel)) == log)
            next = MAX (next, chat_channel_get_head (channel));
        }
      chat_position_set (position, topic, "0", next);
    }
  return position;
}

static void
begin_topics (ChatWorkspace *self)
{
  GPtrArray *topics = chat_broker_site_get_topics (self->site);
  g_autoptr (ChatPosition) position
      = is_resumable (self) ? chat_subscription_dup_position (self->site_subscription) : number_topics (self);

  for (guint i = 0; i < topics->len; i++)
    begin_topic (self, g_ptr_array_index (topics, i), position);
  self->skip_missed = self->site_lost = FALSE;
  keep_position (self);
}

/* Records */

/* The messages of one channel in one batch, by the order of their first. */
typedef struct
{
  GHashTable *by_channel; /* name → GPtrArray of ChatMessage (borrowed) */
  GPtrArray *groups;
} Groups;

static void
add_to_group (Groups *groups, ChatMessage *message)
{
  const char *name = chat_message_get_channel (message);
  GPtrArray *group = g_hash_table_lookup (groups->by_channel, name);

  if (group == NULL)
    {
      group = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_message_unref);
      g_ptr_array_add (groups->groups, group);
      g_hash_table_insert (groups->by_channel, (gpointer)name, group);
    }
  g_ptr_array_add (group, message);
}

static void
take_record (ChatWorkspace *self, ChatRecord *record, Groups *groups)
{
  ChatBrokerLog *log = chat_broker_site_get_topic_log (self->site, chat_record_get_topic (record));
  gboolean placed = chat_record_get_offset (record) >= 0 && is_resumable (self);
  gint64 seq;
  ChatMessage *message;

  seq = chat_broker_log_take_live (log, placed ? chat_record_get_shard (record) : 0,
                                   placed ? chat_record_get_offset (record) : chat_broker_log_get_end (log));
  if (seq == 0)
    return;
  /* what can't be read is counted there */
  message = chat_broker_site_decode (self->site, record, NULL);
  if (message == NULL)
    return;
  chat_message_set_seq (message, seq);
  add_to_group (groups, message);
}

static void
take_group (ChatWorkspace *self, GPtrArray *group)
{
  const char *name = chat_message_get_channel (g_ptr_array_index (group, 0));
  ChatChannel *channel = chat_workspace_upsert_channel (self, name);
  ChatBrokerLog *log = chat_broker_site_get_log (self->site, name);
  gint64 *told = g_hash_table_lookup (self->told, name), end = chat_broker_log_get_end (log);
  gint64 *began = g_hash_table_lookup (self->began, chat_broker_log_get_topic (log));
  gint64 from = told != NULL ? *told : began != NULL ? *began : end;

  set_seq (self->told, name, end);
  chat_workspace_take_messages (self, channel, group, from + 1, end);
}

static void
take_batch (ChatWorkspace *self, GPtrArray *batch)
{
  Groups groups = { g_hash_table_new (g_str_hash, g_str_equal),
                    g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref) };

  for (guint i = 0; i < batch->len; i++)
    take_record (self, g_ptr_array_index (batch, i), &groups);
  show_channels (self);
  for (guint i = 0; i < groups.groups->len; i++)
    take_group (self, g_ptr_array_index (groups.groups, i));
  g_hash_table_unref (groups.by_channel);
  g_ptr_array_unref (groups.groups);
  keep_position (self);
}

/* Partitions come one after the other where much is to be brought: then it is put in order by time, as far as that
 * leaves each partition's own order as it is. */

typedef struct
{
  ChatRecord *record; /* borrowed */
  gint64 time_ms;     /* never before that of the record in front of it in its partition */
  guint place;
} Timed;

static int
compare_timed (gconstpointer a, gconstpointer b)
{
  const Timed *one = a, *other = b;

  if (one->time_ms != other->time_ms)
    return one->time_ms < other->time_ms ? -1 : 1;
  return one->place < other->place ? -1 : one->place > other->place;
}

/* (transfer full) */
static GPtrArray *
sort_by_time (GPtrArray *records)
{
  g_autoptr (GHashTable) last = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GArray) timed = g_array_sized_new (FALSE, FALSE, sizeof (Timed), records->len);
  GPtrArray *sorted = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);

  for (guint i = 0; i < records->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (records, i);
      g_autofree char *shard
          = g_strdup_printf ("%d %s", chat_record_get_shard (record), chat_record_get_topic (record));
      gint64 *before = g_hash_table_lookup (last, shard);
      Timed one = { record, chat_record_get_time (record), i };

      if (before != NULL)
        one.time_ms = MAX (one.time_ms, *before);
      g_hash_table_insert (last, g_steal_pointer (&shard), g_memdup2 (&one.time_ms, sizeof one.time_ms));
      g_array_append_val (timed, one);
    }
  g_array_sort (timed, compare_timed);
  for (guint i = 0; i < timed->len; i++)
    g_ptr_array_add (sorted, chat_record_ref (g_array_index (timed, Timed, i).record));
  return sorted;
}

static void
take_waiting (ChatWorkspace *self)
{
  g_autoptr (GPtrArray) records = g_steal_pointer (&self->site_waiting);
  g_autoptr (GPtrArray) sorted = NULL;

  g_clear_handle_id (&self->site_order_source, g_source_remove);
  if (records == NULL)
    return;
  sorted = sort_by_time (records);
  take_batch (self, sorted);
}

static gboolean
order_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;

  self->site_order_source = 0;
  take_waiting (self);
  return G_SOURCE_REMOVE;
}

static gboolean
has_partitions (ChatWorkspace *self)
{
  GPtrArray *topics = chat_broker_site_get_topics (self->site);

  for (guint i = 0; i < topics->len; i++)
    if (chat_broker_log_get_shards (chat_broker_site_get_topic_log (self->site, g_ptr_array_index (topics, i))) > 1)
      return TRUE;
  return FALSE;
}

/* A feed never goes back: where it does the topic was deleted and made again. */
static gboolean
goes_back (ChatWorkspace *self, GPtrArray *batch)
{
  for (guint i = 0; i < batch->len; i++)
    {
      ChatRecord *record = g_ptr_array_index (batch, i);
      ChatBrokerLog *log = chat_broker_site_get_topic_log (self->site, chat_record_get_topic (record));
      gint64 offset = chat_record_get_offset (record);
      gint shard = chat_record_get_shard (record);

      if (offset >= 0 && shard >= 0 && (guint)shard < chat_broker_log_get_shards (log)
          && offset < chat_broker_log_get_ends (log)[shard])
        return TRUE;
    }
  return FALSE;
}

static void
records_cb (ChatWorkspace *self, GPtrArray *batch)
{
  gint64 behind = -1, behind_ms = -1;

  if (is_resumable (self) && goes_back (self, batch))
    {
      g_autoptr (GError) error
          = g_error_new_literal (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST, "The log begins anew");

      fail (self, error);
      return;
    }
  if (!has_partitions (self))
    {
      take_batch (self, batch);
      return;
    }
  if (self->site_waiting == NULL)
    self->site_waiting = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  for (guint i = 0; i < batch->len; i++)
    g_ptr_array_add (self->site_waiting, chat_record_ref (g_ptr_array_index (batch, i)));
  chat_subscription_get_lag (self->site_subscription, &behind, &behind_ms);
  if (behind <= 0 || self->site_waiting->len >= WAITING_MOST)
    take_waiting (self);
  else if (self->site_order_source == 0)
    self->site_order_source = g_timeout_add (ORDER_MS, order_cb, self);
}

/* The broker let go of what this reader had not read. */
static void
gap_cb (ChatWorkspace *self, const char *topic, const char *shard, gint64 from, gint64 to)
{
  ChatBrokerLog *log = chat_broker_site_get_topic_log (self->site, topic);
  g_autoptr (ChatPosition) position = chat_position_new ();

  if (!is_resumable (self))
    return;
  take_waiting (self);
  chat_broker_log_set_low (log, (gint)g_ascii_strtoll (shard, NULL, 10), to);
  chat_position_set (position, topic, shard, to);
  begin_topic (self, topic, position);
  chat_workspace_site_sync (self);
}

/* The feed */

static gboolean
again_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;

  self->site_source = 0;
  chat_workspace_site_start (self);
  return G_SOURCE_REMOVE;
}

static void
fail (ChatWorkspace *self, const GError *error)
{
  gboolean lost = g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_LOST);

  if (self->closing || self->session == CHAT_SESSION_NONE)
    return;
  if (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE) || lost)
    {
      chat_workspace_feed_stop (self);
      /* the broker is another one, or its topic: what was known of it holds no more */
      self->site_lost |= lost;
      if (lost)
        g_clear_pointer (&self->position, chat_position_free);
      self->site_source = g_timeout_add (chat_backoff_next (&self->site_backoff), again_cb, self);
      chat_workspace_update_state (self);
      return;
    }
  chat_workspace_feed_stop (self);
  chat_outbox_stop (self->outbox);
  chat_workspace_session_failed (self,
                                 g_error_new (CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, "%s", error->message));
}

static void
closed_cb (ChatWorkspace *self, const GError *error)
{
  if (error != NULL)
    fail (self, error);
}

static void
go_online (ChatWorkspace *self)
{
  self->feed_online = TRUE;
  chat_backoff_reset (&self->site_backoff);
  if (self->session != CHAT_SESSION_OPEN)
    chat_workspace_session_opened (self);
  else
    chat_outbox_start (self->outbox);
  chat_workspace_site_sync (self);
}

static void
state_cb (ChatWorkspace *self)
{
  ChatTransportState state = chat_transport_get_state (self->site_transport);
  gboolean online = state == CHAT_TRANSPORT_ONLINE || state == CHAT_TRANSPORT_DEGRADED;

  if (self->feed_online && !online)
    self->feed_online = FALSE;
  else if (!self->feed_online && online && (self->site_subscription != NULL || self->site_empty))
    go_online (self);
  chat_workspace_update_state (self);
}

/* An answer about a feed that may have been replaced meanwhile. (transfer full) (nullable) */
static ChatWorkspace *
end_call (gpointer user_data, GObject *source)
{
  ChatWorkspace *self = g_weak_ref_get (user_data);

  if (self != NULL && (self->site_transport != (ChatTransport *)source || self->closing))
    g_clear_object (&self);
  g_weak_ref_clear (user_data);
  g_free (user_data);
  return self;
}

static gpointer
begin_call (ChatWorkspace *self)
{
  GWeakRef *call = g_new0 (GWeakRef, 1);

  g_weak_ref_init (call, self);
  return call;
}

static void
drop_subscription (ChatWorkspace *self)
{
  take_waiting (self);
  if (self->site_subscription == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->site_subscription, self);
  chat_subscription_close_async (self->site_subscription, NULL, NULL, NULL);
  g_clear_object (&self->site_subscription);
}

static void
subscribed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatWorkspace) self = end_call (user_data, source);
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatSubscription) subscription = chat_transport_subscribe_finish (CHAT_TRANSPORT (source), result, &error);
  gint64 missed = -1, missed_ms = -1;

  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (subscription == NULL)
    {
      fail (self, error);
      return;
    }
  drop_subscription (self);
  self->site_subscription = g_steal_pointer (&subscription);
  chat_subscription_get_lag (self->site_subscription, &missed, &missed_ms);
  if (missed > MISSED_MOST && !self->skip_missed)
    {
      self->skip_missed = TRUE;
      drop_subscription (self);
      subscribe (self);
      return;
    }
  g_signal_connect_object (self->site_subscription, "records", G_CALLBACK (records_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->site_subscription, "gap", G_CALLBACK (gap_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->site_subscription, "closed", G_CALLBACK (closed_cb), self, G_CONNECT_SWAPPED);
  begin_topics (self);
  self->feed_online = FALSE;
  state_cb (self);
}

/* From where the last feed stood, in what it read. */
static void
subscribe (ChatWorkspace *self)
{
  GPtrArray *topics = chat_broker_site_get_topics (self->site);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  ChatStart start = CHAT_START_LIVE_INIT;

  self->site_empty = topics->len == 0;
  if (self->site_empty)
    {
      state_cb (self);
      return;
    }
  for (guint i = 0; i < topics->len; i++)
    g_ptr_array_add (names, g_ptr_array_index (topics, i));
  g_ptr_array_add (names, NULL);
  if (self->position != NULL && is_resumable (self) && !self->skip_missed)
    start = (ChatStart){ CHAT_START_POSITION, self->position, 0, NULL };
  chat_transport_subscribe_async (self->site_transport, (const char *const *)names->pdata, NULL, &start,
                                  self->cancellable, subscribed_cb, begin_call (self));
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatWorkspace) self = end_call (user_data, source);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) topics = chat_transport_list_topics_finish (CHAT_TRANSPORT (source), result, &error);

  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (topics == NULL)
    {
      fail (self, error);
      return;
    }
  for (guint i = 0; topics[i] != NULL; i++)
    if (!is_of_server (topics[i]) && chat_broker_site_add_topic (self->site, topics[i]))
      chat_broker_site_add_channel (self->site, topics[i]);
  show_channels (self);
  subscribe (self);
}

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatWorkspace) self = end_call (user_data, source);
  g_autoptr (GError) error = NULL;
  GPtrArray *topics;

  chat_transport_connect_finish (CHAT_TRANSPORT (source), result, &error);
  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (error != NULL)
    {
      fail (self, error);
      return;
    }
  topics = chat_broker_site_get_topics (self->site);
  if (chat_broker_site_wants_list (self->site))
    {
      chat_transport_list_topics_async (self->site_transport, self->cancellable, listed_cb, begin_call (self));
      return;
    }
  for (guint i = 0; i < topics->len && !chat_broker_site_is_keyed (self->site); i++)
    chat_broker_site_add_channel (self->site, g_ptr_array_index (topics, i));
  show_channels (self);
  subscribe (self);
}

void
chat_workspace_site_start (ChatWorkspace *self)
{
  if (self->closing)
    return;
  if (self->site_transport != NULL)
    {
      chat_transport_connect_async (self->site_transport, NULL, NULL, NULL);
      return;
    }
  g_clear_handle_id (&self->site_source, g_source_remove);
  g_free (self->token);
  self->token = g_strdup ("");
  if (!g_set_object (&self->site_transport, chat_broker_site_connect (self->site)))
    {
      chat_workspace_session_failed (
          self, g_error_new (CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, _ ("This Tertulia was built without %s"),
                             chat_workspace_broker_title (chat_broker_site_get_kind (self->site))));
      return;
    }
  g_signal_connect_object (self->site_transport, "notify::state", G_CALLBACK (state_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->site_transport, "notify::status", G_CALLBACK (chat_workspace_update_state), self,
                           G_CONNECT_SWAPPED);
  chat_transport_connect_async (self->site_transport, self->cancellable, connected_cb, begin_call (self));
  chat_workspace_update_state (self);
}

void
chat_workspace_site_stop (ChatWorkspace *self)
{
  g_clear_handle_id (&self->site_source, g_source_remove);
  drop_subscription (self);
  self->site_empty = FALSE;
  if (self->site_transport != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->site_transport, self);
      chat_transport_close_async (self->site_transport, NULL, NULL, NULL);
    }
  g_clear_object (&self->site_transport);
  chat_broker_site_disconnect (self->site);
  self->feed_online = FALSE;
}

char *
chat_workspace_site_describe (ChatWorkspace *self, ChatWorkspaceState state)
{
  const char *name = chat_workspace_broker_title (chat_broker_site_get_kind (self->site));
  ChatTransportState transport = chat_transport_get_state (self->site_transport);

  if (transport == CHAT_TRANSPORT_ONLINE && state == CHAT_WORKSPACE_CONNECTING)
    return g_strdup_printf (_ ("%s · catching up"), name);
  if (transport != CHAT_TRANSPORT_ONLINE)
    return chat_transport_dup_status (self->site_transport);
  if (chat_broker_site_get_topics (self->site)->len == 0)
    /* Translators: the name of a broker: "Kafka · no topics yet" */
    return g_strdup_printf (_ ("%s · no topics yet"), name);
  return g_strdup_printf (state == CHAT_WORKSPACE_CATCHING_UP ? _ ("%s · catching up") : _ ("%s · live"), name);
}

void
chat_workspace_site_fill_details (ChatWorkspace *self, ChatFeedDetails *details)
{
  details->feed = g_strdup (chat_workspace_broker_title (chat_broker_site_get_kind (self->site)));
  details->address = g_strdup (self->uri);
  if (self->site_subscription != NULL)
    chat_subscription_get_lag (self->site_subscription, &details->lag_records, &details->lag_ms);
}

void
chat_workspace_site_sync (ChatWorkspace *self)
{
  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatChannel *channel = chat_channel_list_get (self->channels, i);

      if (chat_channel_peek_timeline (channel) != NULL && !chat_channel_is_asleep (channel))
        chat_timeline_resync (chat_channel_peek_timeline (channel));
    }
}

/* Adding a channel by name */

/* @task: its data is the name of a topic or routing key that is there. */
static void
add_channel (ChatWorkspace *self, GTask *task)
{
  const char *name = g_task_get_task_data (task), *channel;

  channel = chat_broker_site_add_channel (self->site, name);
  if (channel == NULL)
    {
      g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, _ ("There are too many channels"));
      return;
    }
  show_channels (self);
  if (!chat_broker_site_is_keyed (self->site) && chat_broker_site_add_topic (self->site, name) && self->feed_online)
    subscribe (self);
  else
    {
      ChatBrokerLog *log = chat_broker_site_get_log (self->site, channel);

      if (chat_broker_log_has_begun (log))
        begin_channel (self, chat_workspace_upsert_channel (self, channel), log);
    }
  g_task_return_pointer (task, g_object_ref (chat_workspace_upsert_channel (self, channel)), g_object_unref);
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ChatWorkspace *self = g_task_get_source_object (task);
  const char *name = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) topics = chat_transport_list_topics_finish (CHAT_TRANSPORT (source), result, &error);

  if (topics == NULL)
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_OFFLINE, "%s", error->message);
  else if (!g_strv_contains ((const char *const *)topics, name))
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_REFUSED, _ ("The broker has no topic “%s”"),
                             name);
  else
    add_channel (self, task);
}

void
chat_workspace_site_add_channel_async (ChatWorkspace *self, const char *name, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, chat_workspace_site_add_channel_async);
  g_task_set_task_data (task, g_strdup (name), g_free);
  if (*name == '\0')
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_NAME_INVALID, _ ("A name is missing"));
  else if (chat_broker_site_is_keyed (self->site))
    add_channel (self, task);
  else if (self->site_transport == NULL)
    g_task_return_new_error (task, CHAT_CLIENT_ERROR, CHAT_CLIENT_ERROR_OFFLINE, _ ("Not connected to the broker"));
  else if (chat_transport_get_features (self->site_transport) & CHAT_TRANSPORT_LISTABLE)
    chat_transport_list_topics_async (self->site_transport, cancellable, found_cb, g_steal_pointer (&task));
  else
    add_channel (self, task);
}
