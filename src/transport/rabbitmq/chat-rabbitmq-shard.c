/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-member-private.h"

static void
delivered_free (ChatRabbitmqDelivered *delivered)
{
  chat_record_unref (delivered->record);
  g_free (delivered);
}

guint64
chat_rabbitmq_shard_take (ChatRabbitmqShard *shard)
{
  ChatRabbitmqDelivered *delivered = g_queue_pop_head (&shard->delivered);
  guint64 tag = delivered->tag;

  delivered_free (delivered);
  return tag;
}

static void
forget (ChatRabbitmqShard *shard)
{
  g_queue_clear_full (&shard->delivered, (GDestroyNotify)delivered_free);
  g_queue_init (&shard->delivered);
  shard->taken = 0;
}

void
chat_rabbitmq_shard_free (ChatRabbitmqShard *shard)
{
  forget (shard);
  g_free (shard->topic);
  g_free (shard->queue);
  g_free (shard->owner);
  g_free (shard);
}

gboolean
chat_rabbitmq_shard_has (ChatRecord *record, gpointer data)
{
  const ChatRabbitmqShard *shard = data;

  return record != NULL && chat_record_get_shard (record) == shard->number
         && g_str_equal (chat_record_get_topic (record), shard->topic);
}

void
chat_rabbitmq_shard_close (ChatRabbitmqShard *shard, ChatRabbitmqReply done, gpointer data)
{
  ChatRabbitmqChannel *channel = g_steal_pointer (&shard->channel);

  chat_rabbitmq_subscription_drop (CHAT_RABBITMQ_SUBSCRIPTION (shard->member), chat_rabbitmq_shard_has, shard);
  forget (shard);
  if (channel != NULL)
    chat_rabbitmq_channel_close (channel, done, data);
}

static void
delivered_cb (gpointer data, const ChatRabbitmqDelivery *delivery)
{
  ChatRabbitmqShard *shard = data;
  ChatRabbitmqDelivered *delivered;

  if (shard->stopping)
    return;
  shard->held = TRUE;
  delivered = g_new (ChatRabbitmqDelivered, 1);
  delivered->record = chat_rabbitmq_codec_decode (shard->topic, delivery, shard->number, -1);
  delivered->tag = delivery->tag;
  g_queue_push_tail (&shard->delivered, delivered);
  chat_rabbitmq_subscription_push (CHAT_RABBITMQ_SUBSCRIPTION (shard->member), chat_record_ref (delivered->record));
}

static void
cancelled_cb (gpointer data)
{
  ChatRabbitmqShard *shard = data;
  g_autoptr (GError) error = g_error_new (CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_OFFLINE,
                                          _ ("The queue “%s” is gone or has moved"), shard->queue);

  chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (shard->member), error);
}

static void
closed_cb (gpointer data, const GError *error)
{
  ChatRabbitmqShard *shard = data;

  shard->channel = NULL;
  chat_rabbitmq_subscription_repair (CHAT_RABBITMQ_SUBSCRIPTION (shard->member), error);
}

static const ChatRabbitmqChannelFuncs shard_funcs = {
  .delivered = delivered_cb,
  .cancelled = cancelled_cb,
  .closed = closed_cb,
};

void
chat_rabbitmq_shard_open (ChatRabbitmqShard *shard, ChatRabbitmqReply reply, gpointer data)
{
  const ChatRabbitmqSite *site = chat_rabbitmq_subscription_get_site (CHAT_RABBITMQ_SUBSCRIPTION (shard->member));
  amqp_basic_qos_t qos = { .prefetch_count = CHAT_RABBITMQ_SHARD_WINDOW };
  amqp_basic_consume_t consume = { .queue = amqp_cstring_bytes (shard->queue) };

  if (shard->channel == NULL && site != NULL)
    shard->channel = chat_rabbitmq_channel_new (site->consuming, &shard_funcs, shard);
  if (shard->channel == NULL)
    return;
  chat_rabbitmq_channel_call (shard->channel, AMQP_BASIC_QOS_METHOD, &qos, AMQP_BASIC_QOS_OK_METHOD, NULL, NULL);
  chat_rabbitmq_channel_call (shard->channel, AMQP_BASIC_CONSUME_METHOD, &consume, AMQP_BASIC_CONSUME_OK_METHOD, reply,
                              data);
}

static void
found_cb (gpointer decoded, gpointer data)
{
  const amqp_queue_declare_ok_t *found = decoded;

  ((ChatRabbitmqMember *)data)->others |= found->consumer_count > 0;
}

gboolean
chat_rabbitmq_shard_look (ChatRabbitmqShard *shard)
{
  amqp_queue_declare_t look = { .queue = amqp_cstring_bytes (shard->queue), .passive = 1 };
  const ChatRabbitmqSite *site = chat_rabbitmq_subscription_get_site (CHAT_RABBITMQ_SUBSCRIPTION (shard->member));

  shard->channel = chat_rabbitmq_channel_new (site->consuming, &shard_funcs, shard);
  if (shard->channel == NULL)
    return FALSE;
  chat_rabbitmq_channel_call (shard->channel, AMQP_QUEUE_DECLARE_METHOD, &look, AMQP_QUEUE_DECLARE_OK_METHOD, found_cb,
                              shard->member);
  return TRUE;
}

void
chat_rabbitmq_member_take_queues (ChatRabbitmqMember *self, GPtrArray *by_topic)
{
  g_ptr_array_set_size (self->shards, 0);
  g_clear_pointer (&self->queues, g_ptr_array_unref);
  self->queues = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < by_topic->len; i++)
    {
      GPtrArray *queues = g_ptr_array_index (by_topic, i);

      for (guint j = 0; j < queues->len; j++)
        {
          ChatRabbitmqShard *shard = g_new0 (ChatRabbitmqShard, 1);

          shard->member = self;
          shard->topic = g_strdup (self->wish->topics[i]);
          shard->queue = g_strdup (g_ptr_array_index (queues, j));
          shard->number = (gint)j;
          g_queue_init (&shard->delivered);
          g_ptr_array_add (self->shards, shard);
          g_ptr_array_add (self->queues, g_strdup (shard->queue));
        }
    }
}

ChatRabbitmqShard *
chat_rabbitmq_member_find_shard (ChatRabbitmqMember *self, const ChatRecord *record)
{
  for (guint i = 0; i < self->shards->len; i++)
    {
      ChatRabbitmqShard *shard = g_ptr_array_index (self->shards, i);

      if (shard->number == chat_record_get_shard (record) && g_str_equal (shard->topic, chat_record_get_topic (record)))
        return shard;
    }
  return NULL;
}
