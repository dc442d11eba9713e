/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "transport/rabbitmq/chat-rabbitmq-error.h"
#include "transport/rabbitmq/chat-rabbitmq-member-private.h"

/* A tenth of what is on its way: the broker is to go on meanwhile. */
#define UNSENT_MOST (CHAT_RABBITMQ_SHARD_WINDOW / 10)

static void
delivered_free (ChatRabbitmqDelivered *delivered)
{
  chat_record_unref (delivered->record);
  g_free (delivered);
}

static void ask_heeded (ChatRabbitmqShard *shard);

static void
send_acknowledged (ChatRabbitmqShard *shard)
{
  if (shard->unsent > 0 && shard->channel != NULL)
    chat_rabbitmq_channel_ack (shard->channel, shard->unsent_tag, TRUE);
  shard->unsent = 0;
}

static void
forget (ChatRabbitmqShard *shard)
{
  g_queue_clear_full (&shard->delivered, (GDestroyNotify)delivered_free);
  g_queue_clear_full (&shard->settled, (GDestroyNotify)chat_record_unref);
  shard->taken = shard->heeding = shard->unsent = 0;
}

static void
forget_echoes (ChatRabbitmqShard *shard)
{
  g_queue_clear_full (&shard->echoes, (GDestroyNotify)chat_record_unref);
}

void
chat_rabbitmq_shard_free (ChatRabbitmqShard *shard)
{
  forget (shard);
  forget_echoes (shard);
  g_free (shard->topic);
  g_free (shard->queue);
  g_free (shard->owner);
  g_free (shard);
}

/* Acknowledging. It is not waited for: that would hold up the next forward until all that is on its way here is read.
 * An acknowledgement has no answer, but a call behind it in the same channel has one; until that one comes, more of
 * them are sent as one, for each costs a quorum queue an entry of its log. */

static void
heeded_cb (gpointer decoded, gpointer data)
{
  ChatRabbitmqShard *shard = data;

  for (; shard->heeding > 0; shard->heeding--)
    chat_record_unref (g_queue_pop_head (&shard->settled));
  send_acknowledged (shard);
  ask_heeded (shard);
}

static void
ask_heeded (ChatRabbitmqShard *shard)
{
  amqp_basic_qos_t qos = { .prefetch_count = CHAT_RABBITMQ_SHARD_WINDOW };

  if (shard->heeding > 0 || shard->channel == NULL || g_queue_is_empty (&shard->settled))
    return;
  shard->heeding = g_queue_get_length (&shard->settled);
  chat_rabbitmq_channel_call (shard->channel, AMQP_BASIC_QOS_METHOD, &qos, AMQP_BASIC_QOS_OK_METHOD, heeded_cb, shard);
}

void
chat_rabbitmq_shard_acknowledge (ChatRabbitmqShard *shard)
{
  for (; shard->taken > 0; shard->taken--)
    {
      ChatRabbitmqDelivered *delivered = g_queue_pop_head (&shard->delivered);

      shard->unsent_tag = delivered->tag;
      shard->unsent++;
      g_queue_push_tail (&shard->settled, chat_record_ref (delivered->record));
      delivered_free (delivered);
    }
  if (shard->heeding > 0 && shard->unsent < UNSENT_MOST)
    return;
  send_acknowledged (shard);
  ask_heeded (shard);
}

/* Whether it was acknowledged before a break. The broker delivers in the old order: whatever is before it was heeded,
 * and with the first that is something else all of them were. */
static gboolean
is_echo (ChatRabbitmqShard *shard, ChatRecord *record, gboolean redelivered)
{
  g_autofree char *id = NULL;

  if (g_queue_is_empty (&shard->echoes))
    return FALSE;
  id = redelivered ? chat_record_dup_id (record, "rabbitmq") : NULL;
  while (id != NULL && !g_queue_is_empty (&shard->echoes))
    {
      g_autoptr (ChatRecord) echo = g_queue_pop_head (&shard->echoes);
      g_autofree char *other = chat_record_dup_id (echo, "rabbitmq");

      if (g_str_equal (id, other))
        return TRUE;
    }
  forget_echoes (shard);
  return FALSE;
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
  ChatRabbitmqChannel *channel;

  send_acknowledged (shard);
  channel = g_steal_pointer (&shard->channel);
  chat_rabbitmq_subscription_drop (CHAT_RABBITMQ_SUBSCRIPTION (shard->member), chat_rabbitmq_shard_has, shard);
  forget (shard);
  shard->lining = FALSE;
  if (channel != NULL)
    chat_rabbitmq_channel_close (channel, done, data);
}

void
chat_rabbitmq_shard_lose (ChatRabbitmqShard *shard)
{
  while (!g_queue_is_empty (&shard->settled))
    g_queue_push_tail (&shard->echoes, g_queue_pop_head (&shard->settled));
  chat_rabbitmq_shard_close (shard, NULL, NULL);
}

static void
delivered_cb (gpointer data, const ChatRabbitmqDelivery *delivery)
{
  ChatRabbitmqShard *shard = data;
  g_autoptr (ChatRecord) record = NULL;
  ChatRabbitmqDelivered *delivered;

  if (shard->stopping)
    return;
  shard->held = TRUE;
  record = chat_rabbitmq_codec_decode (shard->topic, delivery, shard->number, -1);
  if (is_echo (shard, record, delivery->redelivered))
    {
      chat_rabbitmq_channel_ack (shard->channel, delivery->tag, FALSE);
      return;
    }
  delivered = g_new (ChatRabbitmqDelivered, 1);
  delivered->record = g_steal_pointer (&record);
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

static void
lined_cb (gpointer decoded, gpointer data)
{
  ChatRabbitmqShard *shard = data;

  shard->lining = FALSE;
  if (shard->member->claims)
    chat_rabbitmq_member_claim (shard->member);
}

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
  shard->lining = reply == NULL;
  chat_rabbitmq_channel_call (shard->channel, AMQP_BASIC_CONSUME_METHOD, &consume, AMQP_BASIC_CONSUME_OK_METHOD,
                              reply != NULL ? reply : lined_cb, reply != NULL ? data : shard);
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

/* The queue of old @shards that has the name of @shard's. */
static void
take_echoes (ChatRabbitmqShard *shard, GPtrArray *shards)
{
  for (guint i = 0; i < shards->len; i++)
    {
      ChatRabbitmqShard *old = g_ptr_array_index (shards, i);

      if (!g_str_equal (old->queue, shard->queue))
        continue;
      shard->echoes = old->echoes;
      g_queue_init (&old->echoes);
    }
}

void
chat_rabbitmq_member_take_queues (ChatRabbitmqMember *self, GPtrArray *by_topic)
{
  g_autoptr (GPtrArray) old = g_steal_pointer (&self->shards);

  self->shards = g_ptr_array_new_with_free_func ((GDestroyNotify)chat_rabbitmq_shard_free);
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
          g_queue_init (&shard->settled);
          take_echoes (shard, old);
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
