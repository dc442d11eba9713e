/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chat-loopback-subscription.h"

#define FETCH_MOST 256

struct _ChatLoopbackSubscription
{
  ChatLocalSubscription parent_instance;

  /* Borrowed */
  guint *duplicates;

  /* Owned */
  ChatLoopbackBroker *broker;
  ChatTransport *transport;
  char **topics;
  gboolean flowing;
};

G_DEFINE_FINAL_TYPE (ChatLoopbackSubscription, chat_loopback_subscription, CHAT_TYPE_LOCAL_SUBSCRIPTION)

static void
chat_loopback_subscription_fetch (ChatLocalSubscription *local, const ChatLocalShard *shard, gint64 from, guint ticket)
{
  ChatLoopbackSubscription *self = CHAT_LOOPBACK_SUBSCRIPTION (local);
  GHashTable *channels = chat_local_subscription_get_channels (local);
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  gint64 next = from;

  for (; next < shard->end && batch->len < FETCH_MOST; next++)
    {
      ChatRecord *record = chat_loopback_broker_get_record (self->broker, shard, next);

      if (!chat_local_channels_want (channels, chat_record_get_key (record)))
        continue;
      g_ptr_array_add (batch, chat_record_ref (record));
      if (*self->duplicates > 0)
        {
          (*self->duplicates)--;
          g_ptr_array_add (batch, chat_record_ref (record));
        }
    }
  chat_local_subscription_deliver (local, shard, ticket, from, batch, next);
}

static gint64
chat_loopback_subscription_get_time (ChatLocalSubscription *local, const ChatLocalShard *shard, gint64 offset)
{
  return chat_record_get_time (
      chat_loopback_broker_get_record (CHAT_LOOPBACK_SUBSCRIPTION (local)->broker, shard, offset));
}

static void
chat_loopback_subscription_hungry (ChatSubscription *subscription)
{
  if (CHAT_LOOPBACK_SUBSCRIPTION (subscription)->flowing)
    CHAT_SUBSCRIPTION_CLASS (chat_loopback_subscription_parent_class)->hungry (subscription);
}

static void
appended_cb (ChatLoopbackBroker *broker, ChatSubscription *self)
{
  chat_subscription_refill (self);
}

static void
chat_loopback_subscription_finalize (GObject *object)
{
  ChatLoopbackSubscription *self = CHAT_LOOPBACK_SUBSCRIPTION (object);

  g_clear_pointer (&self->topics, g_strfreev);
  g_clear_object (&self->transport);
  g_clear_object (&self->broker);
  G_OBJECT_CLASS (chat_loopback_subscription_parent_class)->finalize (object);
}

static void
chat_loopback_subscription_class_init (ChatLoopbackSubscriptionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chat_loopback_subscription_finalize;
  CHAT_SUBSCRIPTION_CLASS (klass)->hungry = chat_loopback_subscription_hungry;
  CHAT_LOCAL_SUBSCRIPTION_CLASS (klass)->fetch = chat_loopback_subscription_fetch;
  CHAT_LOCAL_SUBSCRIPTION_CLASS (klass)->get_time = chat_loopback_subscription_get_time;
}

static void
chat_loopback_subscription_init (ChatLoopbackSubscription *self)
{
}

static gboolean
chat_loopback_subscription_add_topic (ChatLoopbackSubscription *self, const char *topic, const ChatStart *start,
                                      GError **error)
{
  ChatLocalGroup *group = NULL;

  if (start->kind == CHAT_START_GROUP)
    group = chat_loopback_broker_get_group (self->broker, start->group, topic);
  for (guint i = 0; i < chat_loopback_broker_get_shards (self->broker); i++)
    {
      if (!chat_local_subscription_add (CHAT_LOCAL_SUBSCRIPTION (self),
                                        chat_loopback_broker_get_shard (self->broker, topic, (gint)i), group, start,
                                        error))
        return FALSE;
    }
  return TRUE;
}

ChatLoopbackSubscription *
chat_loopback_subscription_new (ChatLoopbackBroker *broker, ChatTransport *transport, guint *duplicates,
                                const char *const *topics, const char *const *channels, const ChatStart *start,
                                GError **error)
{
  g_autoptr (ChatLoopbackSubscription) self = g_object_new (CHAT_TYPE_LOOPBACK_SUBSCRIPTION, NULL);
  g_autoptr (ChatPosition) position = NULL;
  ChatStart place = *start;

  if (start->kind == CHAT_START_TIME)
    place = (ChatStart){ CHAT_START_POSITION,
                         position = chat_loopback_broker_find_time (broker, topics, start->time_ms), 0, NULL };
  self->broker = g_object_ref (broker);
  self->transport = g_object_ref (transport);
  self->duplicates = duplicates;
  self->topics = g_strdupv ((char **)topics);
  chat_local_subscription_set_channels (CHAT_LOCAL_SUBSCRIPTION (self), channels);
  for (guint i = 0; topics[i] != NULL; i++)
    {
      if (!chat_loopback_subscription_add_topic (self, topics[i], &place, error))
        return NULL;
    }
  g_signal_connect_object (broker, "appended", G_CALLBACK (appended_cb), self, 0);
  chat_local_subscription_join (CHAT_LOCAL_SUBSCRIPTION (self));
  return g_steal_pointer (&self);
}

const char *const *
chat_loopback_subscription_get_topics (ChatLoopbackSubscription *self)
{
  return (const char *const *)self->topics;
}

void
chat_loopback_subscription_set_flowing (ChatLoopbackSubscription *self, gboolean flowing)
{
  self->flowing = flowing;
  chat_subscription_refill (CHAT_SUBSCRIPTION (self));
}
