/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-workspace-private.h"

#include "core/chat-json.h"

/*
 * Who brings public channels: the service's own feed, or a broker that it offers. Nobody lets go before the other is in
 * place, so for a moment both bring them, and ChatFeedMerge sees to it that each record counts once.
 *
 *   SERVICE ── the broker is in place ──► BOTH ── after a moment ──► BROKER
 *      ▲ ◄──────── the broker is lost ──────┘                           │
 *      └── the service's feed is in place again, from where we stood ◄──┘ the broker is lost, or another one is chosen,
 *                                                                         or receipts were missed
 *
 * A broker is always read live: what was missed comes from the service, which knows its seqs.
 */

/* A break shorter than this is the broker's own affair: it resumes where it stood. */
#define PATIENCE_MS 3000
/* How long both go on: what the service still has on its way comes within this. */
#define OVERLAP_MS 2000
#define OVERLAPS_MOST 15
/* How often it is looked how far the broker is behind. */
#define LAG_MS 1000
/* Credentials that were refused may be good again. */
#define DENIED_SECONDS 60

static void take_over (ChatWorkspace *self, gboolean then_sync);

/* What is subscribed to at the service */

static void
want_of_service (ChatWorkspace *self, gboolean public, const ChatPosition *position)
{
  static const char *const whole[] = { CHAT_TOPIC_PRIVATE,
                                       CHAT_TOPIC_WARNINGS,
                                       CHAT_TOPIC_RECEIPTS,
                                       CHAT_TOPIC_PRESENCE,
                                       CHAT_TOPIC_MARKS,
                                       CHAT_TOPIC_CONTROLLED,
                                       NULL };
  static const char *const rest[]
      = { CHAT_TOPIC_PRIVATE, CHAT_TOPIC_WARNINGS, CHAT_TOPIC_RECEIPTS, CHAT_TOPIC_PRESENCE, CHAT_TOPIC_MARKS, NULL };
  const ChatFeedTopics topics = { public ? whole : rest, NULL };

  chat_feed_want (self->feed, &topics, 1, position, FALSE);
}

/* (transfer full): behind what came so far, with its seq. */
static ChatPosition *
dup_position (ChatWorkspace *self)
{
  ChatPosition *position = chat_position_new ();

  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatChannel *channel = chat_channel_list_get (self->channels, i);
      const char *name = chat_channel_get_name (channel);
      gint64 seq = chat_feed_merge_get_delivered (self->merge, name);

      chat_position_set (position, chat_channel_get_private (channel) ? CHAT_TOPIC_PRIVATE : CHAT_TOPIC_CONTROLLED,
                         name, (seq >= 0 ? seq : chat_channel_get_head (channel)) + 1);
    }
  return position;
}

void
chat_workspace_broker_feed_made (ChatWorkspace *self)
{
  self->public = CHAT_PUBLIC_SERVICE;
  want_of_service (self, TRUE, NULL);
}

/* Something breaks. What comes after it may tell of later seqs than the first that is missed. */
static void
remember_place (ChatWorkspace *self)
{
  if (self->public == CHAT_PUBLIC_BROKER && self->resume == NULL)
    self->resume = dup_position (self);
}

/* Nothing is missing any more. */
static void
forget_place (ChatWorkspace *self)
{
  if (self->resume == NULL)
    return;
  g_clear_pointer (&self->resume, chat_position_free);
  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatChannel *channel = chat_channel_list_get (self->channels, i);
      gint64 seq = chat_feed_merge_get_delivered (self->merge, chat_channel_get_name (channel));

      /* what came was told of, or was not worth it */
      chat_channel_set_notified (channel, MAX (seq, 0));
    }
}

void
chat_workspace_broker_service_offline (ChatWorkspace *self)
{
  remember_place (self);
}

/* The broker */

static ChatTransport *
make_broker (gpointer data)
{
  ChatWorkspace *self = data;

  return self->broker_factory (self->broker_options, self->broker_data);
}

static void
want_of_broker (ChatWorkspace *self)
{
  static const char *const controlled[] = { CHAT_TOPIC_CONTROLLED, NULL };
  static const char *const warnings[] = { CHAT_TOPIC_WARNINGS, NULL };
  const char *const user[] = { self->user, NULL };
  const ChatFeedTopics topics[] = { { controlled, NULL }, { warnings, user } };

  chat_feed_merge_begin (self->merge);
  chat_feed_want (self->broker, topics, G_N_ELEMENTS (topics), NULL, TRUE);
}

static gboolean
is_broker_here (ChatWorkspace *self)
{
  return self->broker != NULL && chat_feed_is_online (self->broker) && chat_feed_is_placed (self->broker);
}

static void
set_unreachable (ChatWorkspace *self)
{
  g_clear_handle_id (&self->patience_source, g_source_remove);
  self->unreachable = TRUE;
  if (self->public == CHAT_PUBLIC_BROKER)
    take_over (self, TRUE);
  chat_workspace_update_state (self);
}

static gboolean
patience_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;

  self->patience_source = 0;
  set_unreachable (self);
  return G_SOURCE_REMOVE;
}

static void
have_patience (ChatWorkspace *self)
{
  if (self->patience_source == 0 && !self->unreachable)
    self->patience_source = g_timeout_add (self->patience_ms, patience_cb, self);
}

/* Whether the service has brought all that is known to be stored, live or repeated. */
static gboolean
is_caught_up (ChatWorkspace *self)
{
  g_autoptr (ChatPosition) position = chat_feed_dup_position (self->feed);

  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatChannel *channel = chat_channel_list_get (self->channels, i);
      const char *name = chat_channel_get_name (channel);
      gint64 next = position != NULL ? chat_position_get (position, CHAT_TOPIC_CONTROLLED, name) : -1;

      if (next >= 0 && next <= chat_channel_get_head (channel))
        return FALSE;
    }
  return self->syncing == 0;
}

/* The service leaves public channels to the broker once what it had on its way has come, and it has caught up with what
 * it was asked for. */
static gboolean
overlap_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;
  g_autoptr (ChatPosition) position = NULL;

  if (!self->feed_online || !chat_feed_is_placed (self->feed)
      || (!is_caught_up (self) && ++self->overlaps < OVERLAPS_MOST))
    return G_SOURCE_CONTINUE;
  self->overlap_source = 0;
  self->public = CHAT_PUBLIC_BROKER;
  forget_place (self);
  position = dup_position (self);
  want_of_service (self, FALSE, position);
  chat_workspace_update_state (self);
  return G_SOURCE_REMOVE;
}

/* The service tells of what is stored, and for a while the broker has brought nothing at all: its line may be dead
 * without a word, which its own transport notices later. */
static gboolean
is_silent (ChatWorkspace *self)
{
  guint early = chat_feed_merge_get_early (self->merge);

  if (self->public != CHAT_PUBLIC_BROKER || self->taking_over)
    self->early = early;
  self->silence_ms = early > self->early && !self->broker_heard ? self->silence_ms + LAG_MS : 0;
  self->broker_heard = FALSE;
  return self->silence_ms >= self->patience_ms;
}

static gboolean
lag_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;

  if (is_silent (self))
    {
      set_unreachable (self);
      return G_SOURCE_CONTINUE;
    }

  /* whatever broke resumed by itself, or the service has made up for it */
  if (self->feed_online && !self->taking_over && chat_feed_is_placed (self->feed)
      && ((self->public == CHAT_PUBLIC_BROKER && is_broker_here (self))
          || (self->public == CHAT_PUBLIC_SERVICE && is_caught_up (self))))
    forget_place (self);
  chat_feed_get_lag (self->broker, &self->lag_records, &self->lag_ms);
  chat_workspace_update_state (self);
  return G_SOURCE_CONTINUE;
}

static void
begin_overlap (ChatWorkspace *self)
{
  self->public = CHAT_PUBLIC_BOTH;
  self->overlaps = 0;
  self->overlap_source = g_timeout_add (self->overlap_ms, overlap_cb, self);
  if (self->lag_source == 0)
    self->lag_source = g_timeout_add (LAG_MS, lag_cb, self);
}

static void
end_overlap (ChatWorkspace *self)
{
  g_clear_handle_id (&self->overlap_source, g_source_remove);
  self->public = CHAT_PUBLIC_SERVICE;
}

static void
broker_changed_cb (ChatWorkspace *self)
{
  if (is_broker_here (self))
    {
      g_clear_handle_id (&self->patience_source, g_source_remove);
      self->unreachable = FALSE;
      /* where one can be reached again so may be the other */
      if (!self->feed_online && !self->broker_was_here)
        chat_feed_retry (self->feed);
      self->broker_was_here = TRUE;
      if (self->public == CHAT_PUBLIC_SERVICE)
        begin_overlap (self);
    }
  else
    {
      self->broker_was_here = FALSE;
      if (self->public == CHAT_PUBLIC_BOTH)
        end_overlap (self);
      else
        remember_place (self);
      have_patience (self);
    }
  chat_workspace_update_state (self);
}

/* Its subscriptions are others than those that were read until now. */
static void
broker_placed_cb (ChatWorkspace *self)
{
  if (self->public == CHAT_PUBLIC_BROKER)
    take_over (self, TRUE);
}

static void
broker_gap_cb (ChatWorkspace *self)
{
  if (self->public == CHAT_PUBLIC_BROKER)
    take_over (self, TRUE);
}

static gboolean
denied_again_cb (gpointer user_data)
{
  ChatWorkspace *self = user_data;

  self->denied_source = 0;
  chat_feed_start (self->broker);
  return G_SOURCE_REMOVE;
}

static void
broker_denied_cb (ChatWorkspace *self, const GError *error)
{
  g_clear_handle_id (&self->denied_source, g_source_remove);
  self->denied_source = g_timeout_add_seconds (DENIED_SECONDS, denied_again_cb, self);
  if (self->public == CHAT_PUBLIC_BOTH)
    end_overlap (self);
  set_unreachable (self);
}

static void
broker_records_cb (ChatWorkspace *self, GPtrArray *batch)
{
  chat_workspace_take_records (self, batch, CHAT_CARRIER_BROKER);
  self->broker_heard = TRUE;
  self->early = chat_feed_merge_get_early (self->merge);
}

static void
drop_broker (ChatWorkspace *self)
{
  g_clear_handle_id (&self->patience_source, g_source_remove);
  g_clear_handle_id (&self->overlap_source, g_source_remove);
  g_clear_handle_id (&self->denied_source, g_source_remove);
  g_clear_handle_id (&self->lag_source, g_source_remove);
  self->lag_records = self->lag_ms = -1;
  self->unreachable = FALSE;
  if (self->broker != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->broker, self);
      chat_feed_stop (self->broker);
    }
  g_clear_object (&self->broker);
  g_clear_pointer (&self->broker_options, chat_broker_options_free);
}

/* What is stored by now is history. */
static void
begin_merge (ChatWorkspace *self)
{
  self->merge = chat_feed_merge_new ();
  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatChannel *channel = chat_channel_list_get (self->channels, i);

      chat_feed_merge_set_delivered (self->merge, chat_channel_get_name (channel), chat_channel_get_head (channel));
    }
}

static void
begin_broker (ChatWorkspace *self, const ChatBrokerOptions *options)
{
  self->broker_options = chat_broker_options_copy (options);
  if (self->merge == NULL)
    begin_merge (self);
  self->broker = chat_feed_new (make_broker, self);
  g_signal_connect_object (self->broker, "records", G_CALLBACK (broker_records_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->broker, "gap", G_CALLBACK (broker_gap_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->broker, "placed", G_CALLBACK (broker_placed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->broker, "changed", G_CALLBACK (broker_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->broker, "denied", G_CALLBACK (broker_denied_cb), self, G_CONNECT_SWAPPED);
  want_of_broker (self);
  have_patience (self);
  chat_feed_start (self->broker);
}

/* Which one */

/* (transfer none) (nullable): NULL: the service's own feed */
static const ChatBrokerOptions *
choose (ChatWorkspace *self)
{
  guint length = self->offers != NULL && self->broker_factory != NULL ? self->offers->len : 0;

  for (guint i = 0; i < length && self->choice != CHAT_FEED_WEBSOCKET; i++)
    {
      const ChatBrokerOptions *offer = g_ptr_array_index (self->offers, i);

      if (self->choice == CHAT_FEED_AUTOMATIC
          || (self->choice == CHAT_FEED_KAFKA) == (offer->kind == CHAT_BROKER_KAFKA))
        return offer;
    }
  return NULL;
}

/* The file of a CA is named after what is in it. */
static gboolean
is_same (const ChatBrokerOptions *a, const ChatBrokerOptions *b)
{
  g_autoptr (JsonObject) one = NULL, other = NULL;
  g_autofree char *text = NULL, *other_text = NULL;

  if (a == NULL || b == NULL)
    return a == b;
  one = chat_broker_options_to_json (a);
  other = chat_broker_options_to_json (b);
  text = chat_json_to_string (one);
  other_text = chat_json_to_string (other);
  return g_str_equal (text, other_text) && g_strcmp0 (a->ca_file, b->ca_file) == 0;
}

void
chat_workspace_broker_update (ChatWorkspace *self)
{
  const ChatBrokerOptions *chosen = choose (self);

  if (self->feed == NULL || is_same (chosen, self->broker_options))
    return;
  if (self->public == CHAT_PUBLIC_BROKER)
    {
      /* the service first; then this is asked again */
      take_over (self, TRUE);
      return;
    }
  if (self->public == CHAT_PUBLIC_BOTH)
    end_overlap (self);
  drop_broker (self);
  if (chosen != NULL)
    begin_broker (self, chosen);
  chat_workspace_update_state (self);
}

/* The service takes over */

/* From where we stand; without a connection to it this is done when it is back. */
static void
take_over (ChatWorkspace *self, gboolean then_sync)
{
  remember_place (self);
  if (!self->feed_online || self->taking_over)
    return;
  self->taking_over = TRUE;
  self->then_sync = then_sync;
  want_of_service (self, TRUE, self->resume);
}

void
chat_workspace_broker_service_online (ChatWorkspace *self)
{
  /* receipts were missed meanwhile: seqs come with the records that the service repeats, and with its counts */
  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    chat_unread_miss (chat_channel_get_counter (chat_channel_list_get (self->channels, i)));
  self->taking_over = FALSE;
  if (self->broker != NULL && !chat_feed_is_online (self->broker))
    chat_feed_retry (self->broker);
  if (self->public == CHAT_PUBLIC_BROKER)
    take_over (self, FALSE);
}

void
chat_workspace_broker_service_placed (ChatWorkspace *self)
{
  if (self->public == CHAT_PUBLIC_BROKER && !self->taking_over)
    {
      chat_feed_merge_end (self->merge);
      chat_workspace_sync (self);
      return;
    }
  if (!self->taking_over)
    return;
  self->taking_over = FALSE;
  self->public = CHAT_PUBLIC_SERVICE;
  if (is_same (choose (self), self->broker_options))
    want_of_broker (self);
  else
    chat_workspace_broker_update (self);
  if (self->then_sync)
    chat_workspace_sync (self);
  chat_workspace_update_state (self);
}

void
chat_workspace_broker_retry (ChatWorkspace *self)
{
  if (self->broker != NULL)
    chat_feed_retry (self->broker);
}

void
chat_workspace_broker_stop (ChatWorkspace *self)
{
  drop_broker (self);
  self->public = CHAT_PUBLIC_SERVICE;
  self->taking_over = FALSE;
  g_clear_pointer (&self->merge, chat_feed_merge_free);
  g_clear_pointer (&self->resume, chat_position_free);
  g_clear_pointer (&self->offers, g_ptr_array_unref);
  g_clear_pointer (&self->offers_text, g_free);
}

void
chat_workspace_set_broker_factory (ChatWorkspace *self, ChatBrokerFactory factory, gpointer data)
{
  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  self->broker_factory = factory;
  self->broker_data = data;
  chat_workspace_broker_update (self);
}

void
chat_workspace_set_feed_choice (ChatWorkspace *self, ChatFeedChoice choice)
{
  g_return_if_fail (CHAT_IS_WORKSPACE (self));

  if (self->choice == choice)
    return;
  self->choice = choice;
  chat_workspace_broker_update (self);
  chat_workspace_update_state (self);
}

void
chat_workspace_broker_init (ChatWorkspace *self)
{
  self->patience_ms = PATIENCE_MS;
  self->overlap_ms = OVERLAP_MS;
  self->lag_records = self->lag_ms = -1;
}
