/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transport/log/chat-log-subscription.h"

#include "core/chat-time.h"
#include "transport/chat-backoff.h"
#include "transport/log/chat-log-reader.h"

/* Records of one fetch from memory. */
#define FETCH_RECORDS 256

struct _ChatLogSubscription
{
  ChatLocalSubscription parent_instance;

  /* Borrowed */
  ChatLogHub *hub;

  /* Owned */
  ChatTransport *transport;
  char **topics;
  ChatBackoff backoff;
};

G_DEFINE_FINAL_TYPE (ChatLogSubscription, chat_log_subscription, CHAT_TYPE_LOCAL_SUBSCRIPTION)

/* A read that is on its way. */
typedef struct
{
  ChatLogSubscription *self;
  const ChatLocalShard *shard;
  guint ticket;
  ChatLogRead *read;
} Fetch;

static void
fetch_free (Fetch *fetch)
{
  chat_log_read_free (fetch->read);
  g_object_unref (fetch->self);
  g_free (fetch);
}

static gboolean
fetch_again_cb (gpointer user_data)
{
  Fetch *fetch = user_data;

  chat_local_subscription_deliver (CHAT_LOCAL_SUBSCRIPTION (fetch->self), fetch->shard, fetch->ticket,
                                   fetch->read->from, NULL, fetch->read->from);
  return G_SOURCE_REMOVE;
}

static void
fetch_later (Fetch *fetch)
{
  GSource *timer = g_timeout_source_new (chat_backoff_next (&fetch->self->backoff));

  g_source_set_callback (timer, fetch_again_cb, fetch, (GDestroyNotify)fetch_free);
  g_source_attach (timer, g_main_context_get_thread_default ());
  g_source_unref (timer);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fetch *fetch = user_data;
  ChatLogSubscription *self = fetch->self;
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    {
      chat_backoff_reset (&self->backoff);
      chat_local_subscription_deliver (CHAT_LOCAL_SUBSCRIPTION (self), fetch->shard, fetch->ticket, fetch->read->found,
                                       fetch->read->records, fetch->read->next);
    }
  else if (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE)
           || g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_FULL))
    {
      fetch_later (fetch);
      return;
    }
  else if (!chat_subscription_is_closed (CHAT_SUBSCRIPTION (self)))
    chat_local_subscription_end (CHAT_LOCAL_SUBSCRIPTION (self), error);
  fetch_free (fetch);
}

/* Tasks of a worker have no source object: the last reference to one may be dropped on the worker's thread. */
static void
fetch_from_file (ChatLogSubscription *self, const ChatLocalShard *shard, gint64 from, guint ticket)
{
  Fetch *fetch = g_new0 (Fetch, 1);
  GTask *task = g_task_new (NULL, NULL, read_cb, fetch);

  fetch->self = g_object_ref (self);
  fetch->shard = shard;
  fetch->ticket = ticket;
  fetch->read = chat_log_read_new (shard->topic, shard->number, from, shard->end,
                                   chat_local_subscription_get_channels (CHAT_LOCAL_SUBSCRIPTION (self)));
  g_task_set_source_tag (task, fetch_from_file);
  g_task_set_task_data (task, fetch->read, NULL);
  chat_worker_push (chat_log_hub_get_reader (self->hub), task, chat_log_reader_read);
}

static void
chat_log_subscription_fetch (ChatLocalSubscription *local, const ChatLocalShard *shard, gint64 from, guint ticket)
{
  ChatLogSubscription *self = CHAT_LOG_SUBSCRIPTION (local);
  ChatLogTopic *topic = chat_log_hub_get_topic (self->hub, shard->topic);
  GHashTable *channels = chat_local_subscription_get_channels (local);
  ChatRecord *record = chat_log_topic_peek (topic, shard->number, from);
  g_autoptr (GPtrArray) batch = NULL;
  gint64 next = from;

  if (record == NULL)
    {
      fetch_from_file (self, shard, from, ticket);
      return;
    }
  batch = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_record_unref);
  for (; record != NULL && batch->len < FETCH_RECORDS; record = chat_log_topic_peek (topic, shard->number, ++next))
    {
      if (chat_local_channels_want (channels, chat_record_get_key (record)))
        g_ptr_array_add (batch, chat_record_ref (record));
    }
  chat_local_subscription_deliver (local, shard, ticket, from, batch, next);
}

static gint64
chat_log_subscription_get_time (ChatLocalSubscription *local, const ChatLocalShard *shard, gint64 offset)
{
  ChatLogTopic *topic = chat_log_hub_get_topic (CHAT_LOG_SUBSCRIPTION (local)->hub, shard->topic);
  ChatRecord *record = chat_log_topic_peek (topic, shard->number, offset);

  return record != NULL ? chat_record_get_time (record) : CHAT_TIME_UNKNOWN;
}

static void
chat_log_subscription_dispose (GObject *object)
{
  ChatLogSubscription *self = CHAT_LOG_SUBSCRIPTION (object);

  G_OBJECT_CLASS (chat_log_subscription_parent_class)->dispose (object);
  if (self->hub != NULL)
    chat_log_hub_remove (self->hub, CHAT_LOCAL_SUBSCRIPTION (self));
  self->hub = NULL;
  g_clear_object (&self->transport);
}

static void
chat_log_subscription_finalize (GObject *object)
{
  g_strfreev (CHAT_LOG_SUBSCRIPTION (object)->topics);
  G_OBJECT_CLASS (chat_log_subscription_parent_class)->finalize (object);
}

static void
chat_log_subscription_class_init (ChatLogSubscriptionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = chat_log_subscription_dispose;
  G_OBJECT_CLASS (klass)->finalize = chat_log_subscription_finalize;
  CHAT_LOCAL_SUBSCRIPTION_CLASS (klass)->fetch = chat_log_subscription_fetch;
  CHAT_LOCAL_SUBSCRIPTION_CLASS (klass)->get_time = chat_log_subscription_get_time;
}

static void
chat_log_subscription_init (ChatLogSubscription *self)
{
  const ChatBackoff backoff = CHAT_BACKOFF_INIT;

  self->backoff = backoff;
}

static gboolean
chat_log_subscription_add_topic (ChatLogSubscription *self, const char *name, const ChatStart *start, GError **error)
{
  ChatLogTopic *topic = chat_log_hub_get_topic (self->hub, name);
  ChatLocalGroup *group = NULL;

  if (start->kind == CHAT_START_GROUP)
    group = chat_log_hub_find_group (self->hub, start->group, name);
  for (guint i = 0; i < chat_log_hub_get_shards (self->hub); i++)
    {
      if (!chat_local_subscription_add (CHAT_LOCAL_SUBSCRIPTION (self), chat_log_topic_get_shard (topic, (gint)i),
                                        group, start, error))
        return FALSE;
    }
  return TRUE;
}

ChatLogSubscription *
chat_log_subscription_new (ChatTransport *transport, ChatLogHub *hub, const char *const *topics,
                           const char *const *channels, const ChatStart *start, GError **error)
{
  g_autoptr (ChatLogSubscription) self = g_object_new (CHAT_TYPE_LOG_SUBSCRIPTION, NULL);

  self->hub = hub;
  self->transport = g_object_ref (transport);
  self->topics = g_strdupv ((char **)topics);
  chat_log_hub_add (hub, CHAT_LOCAL_SUBSCRIPTION (self));
  chat_local_subscription_set_channels (CHAT_LOCAL_SUBSCRIPTION (self), channels);
  for (guint i = 0; topics[i] != NULL; i++)
    {
      if (!chat_log_subscription_add_topic (self, topics[i], start, error))
        return NULL;
    }
  chat_local_subscription_join (CHAT_LOCAL_SUBSCRIPTION (self));
  return g_steal_pointer (&self);
}

const char *const *
chat_log_subscription_get_topics (ChatLogSubscription *self)
{
  return (const char *const *)self->topics;
}
