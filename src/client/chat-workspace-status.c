/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "client/chat-workspace-private.h"

#include <glib/gi18n-lib.h>

#include "core/chat-time.h"

/* State and status: what the foot of the window says, and what it says to who asks for more. */

/* So much is under way at any time. */
#define BEHIND_RECORDS 20
#define BEHIND_MS 2000

static gboolean
is_catching_up (ChatWorkspace *self)
{
  if (self->syncing > 0)
    return TRUE;
  for (guint i = 0; i < chat_channel_list_get_length (self->channels); i++)
    {
      ChatTimeline *timeline = chat_channel_peek_timeline (chat_channel_list_get (self->channels, i));

      if (timeline != NULL && chat_timeline_is_resyncing (timeline))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_behind (ChatWorkspace *self)
{
  return self->public != CHAT_PUBLIC_SERVICE
         && (self->lag_records >= BEHIND_RECORDS || (self->lag_records > 0 && self->lag_ms >= BEHIND_MS));
}

/* Whether public channels are on their way to us. */
static gboolean
is_public_live (ChatWorkspace *self)
{
  return self->public == CHAT_PUBLIC_SERVICE ? self->feed_online : chat_feed_is_online (self->broker);
}

static ChatWorkspaceState
find_state (ChatWorkspace *self)
{
  if (self->session == CHAT_SESSION_NONE)
    return CHAT_WORKSPACE_OFFLINE;
  if (!self->feed_online || !is_public_live (self))
    return CHAT_WORKSPACE_CONNECTING;
  return is_catching_up (self) || is_behind (self) ? CHAT_WORKSPACE_CATCHING_UP : CHAT_WORKSPACE_LIVE;
}

/* (transfer full): how the feed that brings public channels does. */
static char *
describe_feed (ChatWorkspace *self, ChatFeed *feed)
{
  /* why a broker is away, in its library's words, is for who asks for more */
  if (feed == self->broker && !chat_feed_is_online (feed) && !chat_feed_is_degraded (feed))
    /* Translators: the name of a feed: "Kafka · reconnecting" */
    return g_strdup_printf (_ ("%s · reconnecting"), chat_workspace_broker_title (self->broker_options->kind));
  if (!chat_feed_is_online (feed) || chat_feed_is_degraded (feed))
    return chat_feed_dup_status (feed);
  if (feed == self->broker && is_behind (self) && self->lag_records > 0)
    /* Translators: the name of a feed, and how many messages it has not shown yet: "Kafka · 42 behind · catching up" */
    return g_strdup_printf (ngettext ("%s · %u behind · catching up", "%s · %u behind · catching up",
                                      (gulong)self->lag_records),
                            chat_feed_get_title (feed), (guint)MIN (self->lag_records, G_MAXUINT));
  if (is_catching_up (self) || (feed == self->broker && is_behind (self)))
    /* Translators: the name of a feed: "WebSocket · catching up" */
    return g_strdup_printf (_ ("%s · catching up"), chat_feed_get_title (feed));
  /* Translators: the name of a feed: "WebSocket · live" */
  return g_strdup_printf (_ ("%s · live"), chat_feed_get_title (feed));
}

/* (transfer full) (nullable): why it is not the one that somebody wants. */
static char *
describe_lack (ChatWorkspace *self)
{
  if (self->public != CHAT_PUBLIC_SERVICE)
    return NULL;
  if (self->broker != NULL && self->unreachable)
    /* Translators: the name of a broker: "Kafka can't be reached · WebSocket · live" */
    return g_strdup_printf (_ ("%s can’t be reached"), chat_workspace_broker_title (self->broker_options->kind));
  if (self->broker == NULL && self->offers != NULL && self->choice == CHAT_FEED_KAFKA)
    return g_strdup_printf (_ ("%s is not offered here"), chat_workspace_broker_title (CHAT_BROKER_KAFKA));
  if (self->broker == NULL && self->offers != NULL && self->choice == CHAT_FEED_RABBITMQ)
    return g_strdup_printf (_ ("%s is not offered here"), chat_workspace_broker_title (CHAT_BROKER_RABBITMQ));
  return NULL;
}

/* (transfer full) */
static char *
describe_state (ChatWorkspace *self, ChatWorkspaceState state)
{
  g_autofree char *text = NULL, *more = NULL;

  if (self->feed == NULL && self->site_transport == NULL && self->session_status != NULL)
    return g_strdup (self->session_status);
  if (state == CHAT_WORKSPACE_OFFLINE)
    return g_strdup (_ ("Offline"));
  if (self->site != NULL && self->site_transport != NULL)
    return chat_workspace_site_describe (self, state);
  if (self->feed == NULL)
    return g_strdup_printf (_ ("Connecting to %s"), self->uri);
  if (!self->feed_online && !is_public_live (self))
    return chat_feed_dup_status (self->feed);
  text = describe_feed (self, self->public == CHAT_PUBLIC_SERVICE ? self->feed : self->broker);
  if (self->public == CHAT_PUBLIC_SERVICE)
    more = describe_lack (self);
  else if (!self->feed_online)
    {
      more = chat_feed_dup_status (self->feed);
      /* Translators: how a broker's feed is doing, and what the service's is, through which messages are sent: "Kafka ·
       * live · can't send now · Reconnecting in 4 s: connection refused" */
      return g_strdup_printf (_ ("%s · can’t send now · %s"), text, more);
    }
  return more != NULL ? g_strdup_printf ("%s · %s", more, text) : g_steal_pointer (&text);
}

/* (transfer full) */
static char *
describe (ChatWorkspace *self, ChatWorkspaceState state)
{
  g_autofree char *text = describe_state (self, state);
  guint waiting = chat_outbox_get_waiting (self->outbox);
  g_autofree char *queue = NULL;

  /* what is accepted within a moment is not worth a word */
  if (waiting == 0 || (state == CHAT_WORKSPACE_LIVE && !self->delayed))
    return g_steal_pointer (&text);
  queue = g_strdup_printf (ngettext ("%u message waiting", "%u messages waiting", waiting), waiting);
  return g_strdup_printf ("%s · %s", text, queue);
}

void
chat_workspace_update_state (ChatWorkspace *self)
{
  ChatWorkspaceState state = find_state (self);
  g_autofree char *status = describe (self, state);

  g_object_freeze_notify (G_OBJECT (self));
  if (self->state != state)
    {
      self->state = state;
      chat_workspace_notify (self, "state");
    }
  if (g_strcmp0 (self->status, status) != 0)
    {
      g_free (self->status);
      self->status = g_steal_pointer (&status);
      chat_workspace_notify (self, "status");
    }
  g_object_thaw_notify (G_OBJECT (self));
}

const char *
chat_workspace_broker_title (ChatBrokerKind kind)
{
  return kind == CHAT_BROKER_KAFKA ? "Kafka" : "RabbitMQ";
}

static void
describe_position (const char *topic, const char *shard, gint64 next, gpointer data)
{
  GString *text = data;

  g_string_append_printf (text, "%s%s: %" G_GINT64_FORMAT, text->len > 0 ? ", " : "", shard, next);
}

/* (transfer full) (nullable): "0: 1200, 1: 1187": shards and offsets. */
static char *
dup_position (ChatFeed *feed)
{
  g_autoptr (ChatPosition) position = chat_feed_dup_position (feed);
  GString *text = g_string_new (NULL);

  if (position != NULL)
    chat_position_foreach (position, describe_position, text);
  return g_string_free (text, text->len == 0);
}

gboolean
chat_workspace_get_stands_in (ChatWorkspace *self)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), FALSE);
  return self->public == CHAT_PUBLIC_SERVICE && self->broker != NULL && self->unreachable;
}

gboolean
chat_workspace_get_delayed (ChatWorkspace *self)
{
  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), FALSE);
  return self->delayed;
}

ChatFeedDetails *
chat_workspace_dup_feed_details (ChatWorkspace *self)
{
  ChatFeedDetails *details;
  gboolean of_service;
  ChatFeed *feed;

  g_return_val_if_fail (CHAT_IS_WORKSPACE (self), NULL);

  details = g_new0 (ChatFeedDetails, 1);
  of_service = self->public == CHAT_PUBLIC_SERVICE;
  feed = of_service ? self->feed : self->broker;
  details->lag_records = details->lag_ms = -1;
  details->since = CHAT_TIME_UNKNOWN;
  details->state = g_strdup (self->status);
  if (self->site != NULL)
    chat_workspace_site_fill_details (self, details);
  if (feed == NULL)
    return details;
  details->feed = g_strdup (chat_feed_get_title (feed));
  details->address = of_service ? g_strdup (self->uri) : g_strjoinv (", ", self->broker_options->addresses);
  details->since = chat_feed_get_since (feed);
  details->error = g_strdup (chat_feed_get_error (self->broker != NULL ? self->broker : feed));
  if (self->delayed)
    details->delay = g_strdup (chat_outbox_get_error (self->outbox));
  if (self->broker != NULL && (of_service || !chat_feed_is_online (self->broker)))
    details->broker = chat_feed_dup_status (self->broker);
  if (of_service)
    return details;
  chat_feed_get_lag (feed, &details->lag_records, &details->lag_ms);
  details->position = dup_position (feed);
  details->service = self->feed_online ? g_strdup_printf (_ ("%s · live"), chat_feed_get_title (self->feed))
                                       : chat_feed_dup_status (self->feed);
  return details;
}
